"""What follows from facts: jobs committed with them, messages to people, the worker that does both."""
