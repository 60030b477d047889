"""What any bank, or anybody, writes as OFX is read back or refused."""

from datetime import date

from hypothesis import given, settings
from hypothesis import strategies as st

from shared.errors import DomainError
from shared.money import Money
from treasury.statements.reading import as_json, inspect
from treasury.statements.values import (
    Assumptions,
)

texts = st.text(st.characters(exclude_categories=("Cs", "Cc", "Cf")), max_size=20)
movements = st.tuples(
    st.dates(date(1970, 1, 1), date(2099, 12, 31)), st.integers(-(10**9), 10**9), texts, texts
)


@given(st.lists(movements, max_size=8), st.booleans(), st.booleans(), st.sampled_from(["utf-8", "utf-16"]))
@settings(deadline=None)
def test_what_is_written_is_read_back(
    written: list[tuple[date, int, str, str]], closed: bool, comma: bool, encoding: str
) -> None:
    def value(tag: str, text: str) -> str:
        safe = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
        return f"<{tag}>{safe}" + (f"</{tag}>" if closed else "\n")

    body = "".join(
        "<STMTTRN>"
        + value("DTPOSTED", f"{day:%Y%m%d}")
        + value("TRNAMT", Money(minor, "CAD").decimal().replace(".", "," if comma else "."))
        + value("NAME", name)
        + value("MEMO", memo)
        + "</STMTTRN>"
        for day, minor, name, memo in written
    )
    data = f"<OFX><STMTRS><CURDEF>CAD<ACCTID>1{body}</STMTRS></OFX>".encode(encoding)
    found = inspect(data)
    lines = found.accounts[0].lines
    assert [(line.date, line.amount.minor) for line in lines] == [(day, minor) for day, minor, *_ in written]
    assert found.rejected == ()
    assert len({line.identity for line in lines}) == len(lines)


@given(st.binary(max_size=400))
@settings(deadline=None)
def test_arbitrary_bytes_are_read_or_refused(data: bytes) -> None:
    for prefix in (b"", b"OFXHEADER:100\n<OFX><CURDEF>CAD<STMTTRN>"):
        try:
            found = inspect(prefix + data)
        except DomainError:
            continue
        assert as_json(found)


pieces = st.sampled_from(
    [
        "<STMTTRN>",
        "</STMTTRN>",
        "<STMTTRNP>",
        "<STMTRS>",
        "</STMTRS>",
        "<CURDEF>CAD",
        "<CURDEF>",
        "<TRNAMT>1.00",
        "<TRNAMT>x",
        "<TRNAMT>",
        "<DTPOSTED>20050115",
        "<DTPOSTED>20050231",
        "<FITID>1",
        "<NAME>a & <b",
        "<![CDATA[",
        "]]>",
        "<!--",
        "-->",
        "<LEDGERBAL>",
        "<BALAMT>5",
        "<CURRENCY>",
        "<CURSYM>EUR",
        "&amp;amp;",
        "<",
        ">",
        "<?",
    ]
)


@given(st.lists(pieces, max_size=40))
@settings(deadline=None)
def test_any_order_of_tags_gives_one_line_or_one_rejection_for_each_movement(parts: list[str]) -> None:
    text = "<OFX><CURDEF>CAD<ACCTID>1" + "".join(parts) + "</OFX>"
    found = inspect(text.encode(), assume=Assumptions(currency="CAD"))
    counted = sum(len(account.lines) for account in found.accounts) + len(found.rejected)
    if not {"<![CDATA[", "<!--", "<?", "<", ">", "&amp;amp;", "<NAME>a & <b"} & set(parts):
        assert counted == parts.count("<STMTTRN>") + parts.count("<STMTTRNP>")
    assert all(str(one.reason) for one in found.rejected)
