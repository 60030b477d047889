"""Bank statements: bytes of a file to accounts, lines and rejected rows; nothing is stored here."""

import re
from pathlib import PurePath
from typing import Any

from treasury.statement_csv import read_csv
from treasury.statement_ofx import is_ofx, read_ofx
from treasury.statement_text import decode
from treasury.statement_values import Assumptions, FormatNotRead, StatementFile, UnknownFormat

_OTHER_FORMATS = (
    ("XLSX", re.compile(r"PK\x03\x04")),
    ("XLS", re.compile(r"\xd0\xcf\x11\xe0")),
    ("PDF", re.compile(r"%PDF-")),
    ("QIF", re.compile(r"\s*!(?:type|account|option)", re.IGNORECASE)),
    ("CAMT", re.compile(r"\s*<(?s:.*)camt\.05[234]")),
    ("MT940", re.compile(r"(?s:.*)^:20:(?s:.*)^:(?:25|28C?|60[FM]):", re.MULTILINE)),
)
_SUFFIXES = {".qif": "QIF", ".sta": "MT940", ".mt940": "MT940", ".940": "MT940"}
_HEAD = 4000  # bytes in which a file says what it is


def inspect(data: bytes, filename: str = "", assume: Assumptions | None = None) -> StatementFile:
    """What a statement's file says. Its bytes decide what it is; `filename` helps to name what is not read.

    `assume` answers what the file leaves open. Raises subclasses of `StatementRefused` when nothing can be
    read; a row that cannot be read is listed in `rejected` and does not stop the others.
    """
    head = data[:_HEAD].removeprefix(b"\xef\xbb\xbf").decode("latin-1")
    for kind, shape in _OTHER_FORMATS:
        if shape.match(head):
            raise FormatNotRead(kind=kind)
    text = decode(data)
    try:
        return (read_ofx if is_ofx(text) else read_csv)(text, assume or Assumptions())
    except UnknownFormat:
        kind = _SUFFIXES.get(PurePath(filename).suffix.lower(), "")
        if kind:
            raise FormatNotRead(kind=kind) from None
        raise


def as_json(statement_file: StatementFile) -> dict[str, Any]:
    """The public form: amounts are decimal strings, dates ISO, absent balances null."""
    return {
        "format": statement_file.format,
        "accounts": [
            {
                "account": account.account,
                "currency": account.currency,
                "opening": account.opening.decimal() if account.opening is not None else None,
                "closing": account.closing.decimal() if account.closing is not None else None,
                "lines": [
                    {
                        "date": line.date.isoformat(),
                        "amount": line.amount.decimal(),
                        "reference": line.reference,
                        "name": line.name,
                    }
                    for line in account.lines
                ],
            }
            for account in statement_file.accounts
        ],
        "rejected": [{"row": row.row, "reason": str(row.reason)} for row in statement_file.rejected],
    }
