"""What a funder is told of its money."""
