"""Signed badge codes that a desk verifies with the network down, and short codes that people can type.

The text of a code, exactly (a browser verifies the same with WebCrypto):

    text      = "TG1-" + base32(payload + signature)      RFC 4648 alphabet A-Z2-7, upper case, no padding
    payload   = length of edition (1 byte) + edition (that many ASCII bytes, 1 to 20)
              + serial (4 bytes) + expiry (4 bytes) + token (8 bytes)
    signature = Ed25519 (RFC 8032, 64 bytes) over the ASCII bytes "TG1-" followed by payload

Integers are unsigned and big-endian; the expiry is in seconds since 1970-01-01 UTC. Every character belongs
to the alphanumeric mode of QR codes. One claim has one text under a key: the unused low bits of the last
character are zero, and anything else is refused. Each edition has a key pair of its own, so a code of another
edition is refused even before its edition is read.

A verified code says "we issued this badge", never "it is still good": whether it was revoked is known by
the list of revoked tokens that a desk carries.
"""

import base64
import binascii
import hashlib
import re
import secrets
import struct
from dataclasses import dataclass
from datetime import UTC, datetime

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from shared.errors import DomainError
from shared.i18n import _l

PREFIX = "TG1-"
SHORT_ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
"""31 characters, none of which looks like another (no 0 and O, no 1, I and L); 31 is prime, see `_check`."""

_NUMBERS = struct.Struct(">II8s")
_SIGNATURE = 64
_EDITION = re.compile(r"[A-Z0-9-]{1,20}")
_TOKEN = re.compile(r"[0-9a-f]{16}")
_SHORT_LENGTH = 8
_WEIGHTS = range(1, _SHORT_LENGTH)


class ForgedCode(DomainError):
    """Not a code that this edition's key signed: another edition's, damaged, or made up."""

    code = "forged_badge_code"
    status = 422
    message = _l("This is not a badge of this gathering.")


class MistypedCode(DomainError):
    """The short code cannot be right: a character is missing, exchanged or not of its alphabet."""

    code = "mistyped_badge_code"
    status = 422
    message = _l("This code has a typing mistake. It has eight characters, like %(example)s.")


@dataclass(frozen=True, slots=True)
class BadgeClaim:
    """What a badge's code states.

    `edition` is the edition's code (up to 20 of A-Z, 0-9 and hyphen), `serial` counts its badges, copies
    included, `token` is the opaque name of the badge (16 hexadecimal digits), `expires` is in whole seconds.
    """

    edition: str
    serial: int
    token: str
    expires: datetime

    def __post_init__(self) -> None:
        if not _EDITION.fullmatch(self.edition) or not _TOKEN.fullmatch(self.token):
            raise ValueError(f"not an edition's code and a token: {self.edition!r}, {self.token!r}")
        if self.expires.tzinfo is None or self.expires.microsecond:
            raise ValueError("the expiry is an aware moment in whole seconds")
        if not 0 <= self.serial < 1 << 32 or not 0 <= self.expires.timestamp() < 1 << 32:
            raise ValueError("the serial and the expiry are 32 bits each")

    def expired(self, at: datetime) -> bool:
        """Whether the badge is of the past at the moment `at`."""
        return at >= self.expires


@dataclass(frozen=True, slots=True)
class KeyPair:
    """An edition's keys, 32 bytes each. The private one never leaves the server."""

    private: bytes
    public: bytes


def new_key_pair() -> KeyPair:
    """A fresh Ed25519 key pair, for one edition."""
    key = Ed25519PrivateKey.generate()
    return KeyPair(key.private_bytes_raw(), key.public_key().public_bytes_raw())


def public_key_of(private_key: bytes) -> bytes:
    """The public key (32 bytes) that belongs to a private one."""
    return Ed25519PrivateKey.from_private_bytes(private_key).public_key().public_bytes_raw()


def new_token() -> str:
    """A fresh token: 64 random bits as 16 hexadecimal digits."""
    return secrets.token_hex(8)


def public_key_jwk(public_key: bytes) -> dict[str, str | list[str]]:
    """The public key for ``crypto.subtle.importKey("jwk", …, {name: "Ed25519"}, false, ["verify"])``."""
    x = base64.urlsafe_b64encode(public_key).rstrip(b"=").decode()
    return {"kty": "OKP", "crv": "Ed25519", "x": x, "key_ops": ["verify"]}


def sign(claim: BadgeClaim, private_key: bytes) -> str:
    """The code's text: at most 166 characters, all of the QR alphanumeric mode and safe in a URL."""
    payload = _payload(claim)
    signature = Ed25519PrivateKey.from_private_bytes(private_key).sign(PREFIX.encode() + payload)
    return _text(payload + signature)


def verify(text: str, public_key: bytes) -> BadgeClaim:
    """The claim that `text` carries. Raises `ForgedCode` unless the owner of the key signed exactly this.

    Does not look at the expiry (`BadgeClaim.expired`), which deserves an answer of its own.
    """
    payload, signature = _parts(text)
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, PREFIX.encode() + payload)
    except InvalidSignature:
        raise ForgedCode from None
    return _claim(payload)


def unverified_claim(text: str) -> BadgeClaim:
    """What `text` pretends, for choosing the key to verify it with and for a polite answer; never proof.

    Raises `ForgedCode` when it does not even have the form of a code.
    """
    return _claim(_parts(text)[0])


def short_code(edition: str, token: str) -> str:
    """The badge's short code, e.g. ``7K4M92QD``: derived from its token, so it is not to be guessed.

    Two badges of an edition of ten thousand share one with probability below 0.2 %: a unique constraint
    and another token settle that.
    """
    digest = hashlib.sha256(f"teranga short code\0{edition}\0{token}".encode()).digest()
    number = int.from_bytes(digest[:16])
    digits = []
    for _ in _WEIGHTS:
        number, digit = divmod(number, len(SHORT_ALPHABET))
        digits.append(digit)
    return "".join(SHORT_ALPHABET[digit] for digit in (*digits, _check(digits)))


def spaced(code: str) -> str:
    """A short code as it is printed and read aloud: ``7K4M 92QD``."""
    return f"{code[:4]} {code[4:]}"


def read_short_code(text: str) -> str:
    """What a person typed, as a short code: spaces, hyphens and lower case do not matter.

    Raises `MistypedCode`: one wrong character and two exchanged neighbours are always noticed.
    """
    code = re.sub(r"[\s-]", "", text).upper()
    if len(code) == _SHORT_LENGTH and set(code) <= set(SHORT_ALPHABET):
        digits = [SHORT_ALPHABET.index(character) for character in code]
        if _check(digits[:-1]) == digits[-1]:
            return code
    raise MistypedCode(example="7K4M 92QD")


def _check(digits: list[int]) -> int:
    """Weighted sum modulo a prime: the weights differ and none is zero, which is what finds both mistakes."""
    return -sum(weight * digit for weight, digit in zip(_WEIGHTS, digits, strict=True)) % len(SHORT_ALPHABET)


def _payload(claim: BadgeClaim) -> bytes:
    edition = claim.edition.encode("ascii")
    numbers = _NUMBERS.pack(claim.serial, int(claim.expires.timestamp()), bytes.fromhex(claim.token))
    return bytes([len(edition)]) + edition + numbers


def _claim(payload: bytes) -> BadgeClaim:
    serial, expires, token = _NUMBERS.unpack(payload[-_NUMBERS.size :])
    edition = payload[1 : -_NUMBERS.size]
    try:
        return BadgeClaim(edition.decode("ascii"), serial, token.hex(), datetime.fromtimestamp(expires, UTC))
    except ValueError:
        raise ForgedCode from None


def _text(body: bytes) -> str:
    return PREFIX + base64.b32encode(body).decode().rstrip("=")


def _parts(text: str) -> tuple[bytes, bytes]:
    """Payload and signature of a well-formed text. Raises `ForgedCode`."""
    encoded = text.removeprefix(PREFIX)
    try:
        body = base64.b32decode(encoded + "=" * (-len(encoded) % 8))
    except (binascii.Error, ValueError):
        raise ForgedCode from None
    payload, signature = body[:-_SIGNATURE], body[-_SIGNATURE:]
    whole = len(payload) > 1 + _NUMBERS.size and len(payload) == 1 + payload[0] + _NUMBERS.size
    if not whole or _text(body) != text:
        raise ForgedCode
    return payload, signature
