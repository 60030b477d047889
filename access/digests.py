"""Secrets that are shown once: only their digest is kept, so that a stolen database opens nothing."""

import hashlib
import secrets


def new_secret(prefix: str = "") -> str:
    """A text that nobody guesses (256 bits), safe in an address and in a header."""
    return prefix + secrets.token_urlsafe(32)


def digest(secret: str) -> str:
    """What is kept of it."""
    return hashlib.sha256(secret.encode()).hexdigest()
