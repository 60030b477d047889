"""Cards: the payment network, what it moves, and the books of its account."""
