"""What a delegation should cost and what it did cost."""
