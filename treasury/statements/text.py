"""Bytes of a statement's file to text: the bytes decide the encoding, whatever the header claims."""

import codecs
import html
import re
import unicodedata

from treasury.statements.values import BinaryContent, EmptyFile, FileTooLarge

ENCODINGS = ("utf-8", "cp1252", "cp850", "mac-roman", "utf-16")
"""What a person may say a file is written in."""

MAX_BYTES = 40 * 1024 * 1024

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_ENTITY = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
# What Windows-1252 shows of the two or three bytes of a Latin letter or of punctuation in UTF-8: É as Ã‰.
_SECOND = "\x80-\xbf€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ"
_MANGLED = re.compile(rf"[ÂÃÅ][{_SECOND}]|â€[{_SECOND}]|â‚¬|â€š|ï»¿")
_PRINTABLE_ASCII = re.compile(r"[ -~]*+")
_INVISIBLE = re.compile(  # control, direction and zero-width characters, lone surrogates
    r"[\x00-\x1f\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff]"
)
_NOT_OF_AN_ACCOUNT = re.compile(r"[^A-Z0-9]")
_LONGEST_ACCOUNT = 40
_RUNS_OF_SPACE = re.compile(r"\s\s+")


def decode(data: bytes, encoding: str | None = None) -> str:
    """The text of `data` with ``\\n`` line ends: UTF-8, UTF-16 (with or without a mark), else Windows-1252.

    `encoding` (of `ENCODINGS`) is what a person said it is, and is believed.

    Bytes without meaning become U+FFFD, so that the digits beside them do not pass for a whole amount.
    Raises `EmptyFile`, `FileTooLarge`, `BinaryContent`.
    """
    if len(data) > MAX_BYTES:
        raise FileTooLarge(megabytes=MAX_BYTES // 1024 // 1024)
    text = data.decode(encoding, "replace") if encoding else _decoded(data)
    if "\0" in text:
        raise BinaryContent
    if not text.strip():
        raise EmptyFile
    return _repaired(text.replace("\r\n", "\n").replace("\r", "\n"))


def _decoded(data: bytes) -> str:
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return data[len(mark) :].decode(encoding, "replace")
    start = data[:200]
    if len(start) >= 4 and start.count(0) * 3 >= len(start):
        return data.decode("utf-16-le" if start[1] == 0 else "utf-16-be", "replace")
    text = data.decode("utf-8", "replace")
    damaged = text.count("\ufffd")
    sound = len(text) - len(text.encode("ascii", "ignore")) - damaged
    # A name cut inside a letter damages UTF-8 here and there; other encodings are damaged throughout.
    return data.decode("cp1252", "replace") if damaged > sound else text


def _repaired(text: str) -> str:
    """UTF-8 that somebody took for Latin letters and saved again, mended line by line.

    A line is mended only if every letter of it beyond ASCII is part of such a pair: « CAFÉ » is not one.
    """
    if not _MANGLED.search(text):
        return text
    return "\n".join(
        _MANGLED.sub(_mended, line) if not line.isascii() and _MANGLED.sub("", line).isascii() else line
        for line in text.split("\n")
    )


def _mended(pair: re.Match[str]) -> str:
    octets = b"".join(
        letter.encode("latin-1") if ord(letter) < 256 else letter.encode("cp1252") for letter in pair[0]
    )
    return octets.decode("utf-8", "replace").lstrip("\ufeff")


def unescaped(text: str) -> str:
    """`text` on one line without entities; ``&amp;amp;`` is a bank that escaped twice."""
    for _round in range(3):
        if "&" not in text or ";" not in text:
            break
        text = _ENTITY.sub(lambda entity: html.unescape(entity[0]), text)
    return tidy(text)


def tidy(text: str) -> str:
    """`text` on one line: composed accents, single spaces, no control or direction characters."""
    if _PRINTABLE_ASCII.fullmatch(text):
        plain = text.strip()
        return _RUNS_OF_SPACE.sub(" ", plain) if "  " in plain else plain
    return " ".join(_INVISIBLE.sub(" ", unicodedata.normalize("NFC", text)).split())


def account_number(text: str) -> str:
    """The number of an account as it is compared: capitals and figures; empty if `text` holds no figure."""
    number = _NOT_OF_AN_ACCOUNT.sub("", text.upper())
    return number[:_LONGEST_ACCOUNT] if any(map(str.isdigit, number)) else ""
