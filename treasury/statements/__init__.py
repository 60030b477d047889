"""Bank statements: what a bank's file says, in every format, and how it comes in."""
