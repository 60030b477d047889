"""When the people of a delegation come and go, and where they sleep: told by each, seen together."""
