"""Bytes of a statement's file to text: the bytes decide the encoding, whatever the header claims."""

import codecs
import re
import unicodedata

from treasury.statement_values import BinaryContent, EmptyFile, FileTooLarge

MAX_BYTES = 40 * 1024 * 1024

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_PRINTABLE_ASCII = re.compile(r"[ -~]*+")
_INVISIBLE = re.compile(  # control, direction and zero-width characters, lone surrogates
    r"[\x00-\x1f\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff]"
)
_RUNS_OF_SPACE = re.compile(r"\s\s+")


def decode(data: bytes) -> str:
    """The text of `data` with ``\\n`` line ends: UTF-8, UTF-16 (with or without a mark), else Windows-1252.

    Bytes without meaning become U+FFFD, so that the digits beside them do not pass for a whole amount.
    Raises `EmptyFile`, `FileTooLarge`, `BinaryContent`.
    """
    if len(data) > MAX_BYTES:
        raise FileTooLarge(megabytes=MAX_BYTES // 1024 // 1024)
    text = _decoded(data)
    if "\0" in text:
        raise BinaryContent
    if not text.strip():
        raise EmptyFile
    return text.replace("\r\n", "\n").replace("\r", "\n")


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


def tidy(text: str) -> str:
    """`text` on one line: composed accents, single spaces, no control or direction characters."""
    if _PRINTABLE_ASCII.fullmatch(text):
        plain = text.strip()
        return _RUNS_OF_SPACE.sub(" ", plain) if "  " in plain else plain
    return " ".join(_INVISIBLE.sub(" ", unicodedata.normalize("NFC", text)).split())
