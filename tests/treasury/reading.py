"""What the tests of statements share: a sample read, what it says as plain text."""

from pathlib import Path
from typing import Any

from treasury.statements.reading import inspect
from treasury.statements.values import Assumptions, StatementFile

SAMPLES = Path(__file__).parent / "samples"


def sample(name: str, **assume: Any) -> StatementFile:
    """A sample file, in Canadian dollars unless it says its currency."""
    data = (SAMPLES / name).read_bytes()
    return inspect(data, name, Assumptions(**{"currency": "CAD", **assume}))


def read(text: str, **assume: Any) -> StatementFile:
    """A text, in Canadian dollars unless it says its currency."""
    return inspect(text.encode(), assume=Assumptions(**{"currency": "CAD", **assume}))


def amounts(found: StatementFile) -> list[str]:
    """Every amount, account after account."""
    return [line.amount.decimal() for account in found.accounts for line in account.lines]


def days(found: StatementFile) -> list[str]:
    """Every date, account after account."""
    return [line.date.isoformat() for account in found.accounts for line in account.lines]


def reasons(found: StatementFile) -> list[tuple[int, str]]:
    """The rejected rows, each with its reason."""
    return [(one.row, str(one.reason)) for one in found.rejected]


def ofx(*movements: str, currency: str = "<CURDEF>CAD", balance: str = "", end: str = "</OFX>") -> bytes:
    body = "".join(f"<STMTTRN>{movement}</STMTTRN>" for movement in movements)
    return (
        f"OFXHEADER:100\n\n<OFX><STMTRS>{currency}<BANKACCTFROM><ACCTID>815</BANKACCTFROM>"
        f"<BANKTRANLIST>{body}</BANKTRANLIST>{balance}</STMTRS>{end}"
    ).encode()


def deposit(amount: str, dated: str = "20050115", more: str = "") -> str:
    return f"<DTPOSTED>{dated}<TRNAMT>{amount}{more}"
