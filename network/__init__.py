"""Organisations, people, the relations between them, and the registry of actions."""
