"""Signed texts that stand for a few numbers: what they open is too small to be kept as a private link."""

from itsdangerous import BadSignature, URLSafeSerializer

from shared.errors import NotFound

_secret = ""


def settle(secret: str) -> None:
    """Take the secret from the settings, once, in `app.py`."""
    global _secret
    _secret = secret


def sign(purpose: str, *numbers: int) -> str:
    """A text for an address, good for ever and for this purpose only."""
    return str(_signer(purpose).dumps(numbers))


def read(purpose: str, text: str) -> list[int]:
    """The numbers that were signed. Raises `NotFound` for what we did not sign."""
    try:
        numbers: list[int] = _signer(purpose).loads(text)
    except BadSignature:
        raise NotFound from None
    return numbers


def _signer(purpose: str) -> URLSafeSerializer:
    return URLSafeSerializer(_secret, salt=purpose)
