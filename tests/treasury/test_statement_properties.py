"""What a bank writes is read back, in every format; what is damaged on the way never changes an amount.

A damaged file may lose lines to the rejected rows or be refused, but each line that is read says what the
whole file said, and nothing but a sentence ever comes out.
"""

import contextlib
import random
from collections.abc import Callable
from datetime import date
from xml.sax.saxutils import escape

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.errors import DomainError
from shared.money import Money
from tests.treasury.reading import SAMPLES
from treasury.statements.reading import as_json, inspect, sketch
from treasury.statements.values import Assumptions, StatementFile

CAD = Assumptions(currency="CAD")
DAY_FIRST = Assumptions(currency="CAD", date_order="dmy")
Written = list[tuple[date, int, str]]

words = st.text(
    st.characters(min_codepoint=32, max_codepoint=0x24F, exclude_characters="\x7f^:?+/\\")
    | st.sampled_from("éàŋ"),
    max_size=20,
).map(lambda text: " ".join(text.split()))
movements = st.lists(
    st.tuples(st.dates(date(1970, 1, 1), date(2069, 12, 31)), st.integers(-(10**11), 10**11), words),
    min_size=1,
    max_size=8,
)


def plain(minor: int, sign: str = ".") -> str:
    return Money(abs(minor), "CAD").decimal().replace(".", sign)


def qif(written: Written) -> str:
    return "!Type:Bank\n" + "".join(
        f"D{day:%d/%m/%Y}\nT{'-' if minor < 0 else ''}{plain(minor, ',')}\nP{name}\n^\n"
        for day, minor, name in written
    )


def mt940(written: Written) -> str:
    return ":20:X\n:25:1\n:28C:1\n:60F:C050101CAD0,00\n" + "".join(
        f":61:{day:%y%m%d%m%d}{'D' if minor < 0 else 'C'}{plain(minor, ',')}NTRFNONREF\n:86:{name}\n"
        for day, minor, name in written
    )


def camt(written: Written) -> str:
    return (
        "<Document><BkToCstmrStmt><Stmt><Acct><Ccy>CAD</Ccy></Acct>"
        + "".join(
            f"<Ntry><Amt Ccy='CAD'>{plain(minor)}</Amt>"
            f"<CdtDbtInd>{'DBIT' if minor < 0 else 'CRDT'}</CdtDbtInd><Sts>BOOK</Sts>"
            f"<BookgDt><Dt>{day}</Dt></BookgDt><AddtlNtryInf>{escape(name)}</AddtlNtryInf></Ntry>"
            for day, minor, name in written
        )
        + "</Stmt></BkToCstmrStmt></Document>"
    )


def ofx(written: Written) -> str:
    return (
        "OFXHEADER:100\n\n<OFX><STMTRS><CURDEF>CAD<ACCTID>1"
        + "".join(
            f"<STMTTRN><DTPOSTED>{day:%Y%m%d}<TRNAMT>{'-' if minor < 0 else ''}{plain(minor)}"
            f"<NAME>{escape(name)}"
            for day, minor, name in written
        )
        + "</STMTRS></OFX>"
    )


@pytest.mark.parametrize("write", [qif, mt940, camt, ofx])
@given(movements)
@settings(deadline=None, max_examples=40)
def test_what_is_written_is_read_back(write: Callable[[Written], str], written: Written) -> None:
    found = inspect(write(written).encode(), assume=DAY_FIRST)
    assert found.rejected == ()
    lines = found.accounts[0].lines
    assert [(line.date, line.amount.minor) for line in lines] == [
        (day, minor) for day, minor, _name in written
    ]
    assert len({line.identity for line in lines}) == len(written)


FILES = sorted(path.name for path in SAMPLES.iterdir())
TOLD_BY_LATER_ROWS = {"corrections.ofx", "sans-titres.csv", "signes-retournes.csv"}
"""What a row of these means is said further down, or nowhere."""


def damaged(data: bytes, draw: random.Random) -> bytes:
    """The file after one accident: a byte lost, doubled or changed, a piece cut out, the end lost."""
    at = draw.randrange(len(data))
    kind = draw.randrange(5)
    if kind == 0:
        return data[:at]
    if kind == 1:
        return data[:at] + data[at + draw.randrange(1, 40) :]
    if kind == 2:
        return data[:at] + bytes([draw.randrange(256)]) + data[at + 1 :]
    if kind == 3:
        return data[:at] + data[at : at + draw.randrange(1, 60)] + data[at:]
    return data[:at] + draw.choice([b"<", b"&", b'"', b"\n", b"\0", b";", b":61:", b"^"]) + data[at:]


def said(data: bytes) -> StatementFile | None:
    with contextlib.suppress(DomainError):
        return inspect(data, assume=CAD)
    return None


@pytest.mark.parametrize("name", FILES)
def test_a_damaged_file_is_read_or_refused_and_never_breaks_the_reader(name: str) -> None:
    draw = random.Random(name)
    data = (SAMPLES / name).read_bytes()
    for _time in range(60):
        broken = damaged(data, draw)
        found = said(broken)
        assert found is None or as_json(found)
        with contextlib.suppress(DomainError):
            sketch(broken)


@pytest.mark.parametrize("name", [one for one in FILES if one not in TOLD_BY_LATER_ROWS])
def test_a_file_that_stops_early_says_nothing_that_the_whole_does_not_say(name: str) -> None:
    data = (SAMPLES / name).read_bytes()
    whole = said(data)
    assert whole is not None
    told = {(line.date, line.amount) for account in whole.accounts for line in account.lines}
    draw = random.Random(name)
    for _time in range(40):
        start = said(data[: draw.randrange(len(data))])
        lines = [line for account in start.accounts for line in account.lines] if start else []
        assert {(line.date, line.amount) for line in lines} <= told
