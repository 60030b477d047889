"""Funders, their rules, and which money pays what."""
