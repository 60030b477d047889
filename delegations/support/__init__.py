"""The pooled support fund and its committee."""
