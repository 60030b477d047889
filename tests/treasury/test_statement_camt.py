"""CAMT.053: versions, batches and details, pending entries, returns, XML that attacks or is broken."""

import re
from pathlib import Path

import pytest

from tests.treasury.reading import SAMPLES, amounts, read, reasons, sample
from treasury.statements.values import (
    BrokenMarkup,
    CurrencyUnknown,
    ForbiddenMarkup,
    NoAccount,
    NotFinal,
    TooDeep,
    TooManyRows,
)


def camt(*entries: str, account: str = "<Acct><Ccy>CAD</Ccy></Acct>", balances: str = "") -> str:
    body = "".join(f"<Ntry>{entry}</Ntry>" for entry in entries)
    return f"<Document><BkToCstmrStmt><Stmt>{account}{balances}{body}</Stmt></BkToCstmrStmt></Document>"


def entry(amount: str = "10.00", side: str = "CRDT", dated: str = "2005-01-15", more: str = "") -> str:
    return (
        f"<Amt Ccy='CAD'>{amount}</Amt><CdtDbtInd>{side}</CdtDbtInd><BookgDt><Dt>{dated}</Dt></BookgDt>{more}"
    )


def test_version_two_declared_as_what_it_is_not_with_a_return_and_an_entry_that_waits() -> None:
    assert b'encoding="UTF-8"' in (SAMPLES / "camt053-v02.xml").read_bytes()  # and the letters are Windows'
    found = sample("camt053-v02.xml")
    [account] = found.accounts
    assert (found.format, account.account) == ("camt053", "FR0000000000000000000000000")
    assert (str(account.opening), str(account.closing)) == ("1000.00 EUR", "995.05 EUR")
    assert amounts(found) == ["750.00", "-750.00", "-4.95"]
    first, returned, fee = account.lines
    assert (first.name, first.reference) == ("Réseau fictif du Grand-Héron", "TGHH-HHHH-9")
    assert first.memo == "Versement & cotisation janvier"
    assert (returned.name, returned.reference) == ("Réseau fictif du Grand-Héron", "")
    assert fee.date.isoformat() == "2005-01-31"
    assert reasons(found) == [
        (4, "This movement is still pending at the bank."),
        (5, "The amount “12,5O” could not be read."),
        (6, "The date “2005-02-31” does not exist."),
    ]


def test_a_batch_whose_details_add_up_is_told_apart_and_another_stays_whole() -> None:
    found = sample("camt053-v08.xml")
    [account] = found.accounts
    assert (str(account.opening), str(account.closing)) == ("100000 XOF", "988000 XOF")
    assert amounts(found) == ["25000", "25000", "40000", "828000", "-30000"]
    one, other, third, advance, paid = account.lines
    assert (one.name, one.reference, other.reference) == ("Fatou Modèle", "AAAA-1", "AAAA-2")
    assert len({one.identity, other.identity, third.identity}) == 3
    assert (third.name, third.reference) == ("Boubacar Échantillon", "RF18000000")
    assert advance.amount.decimal() == "828000"  # what was booked, not what the detail says was sent
    assert paid.name == "Salle fictive · Taxi fictif"
    assert reasons(found) == [(4, "This movement is for information only; the bank has not booked it.")]


def test_statements_of_several_days_are_one_account_and_a_bare_ampersand_is_one() -> None:
    found = sample("camt053-v13.xml")
    [account] = found.accounts
    assert (str(account.opening), str(account.closing), account.gap_start) == (
        "-50.00 CHF",
        "35.00 CHF",
        None,
    )
    assert [line.memo for line in account.lines] == ["Dépôt & intérêts", "Salle"]


@pytest.mark.parametrize("version", range(2, 14))
def test_every_version_is_read_with_and_without_a_prefix(version: int) -> None:
    text = (SAMPLES / "camt053-v08.xml").read_text().replace("053.001.08", f"053.001.{version:02}")
    prefixed = re.sub(r"<(/?)([A-Z])", r"<\1n:\2", text.replace("xmlns=", "xmlns:n="))
    assert amounts(read(text)) == amounts(read(prefixed)) == amounts(sample("camt053-v08.xml"))


@pytest.mark.parametrize("written", ["", "abc", "1e3", "-5.00", "12.345", "1 2", "NaN"])
def test_an_amount_that_cannot_be_read_is_rejected_and_never_zero(written: str) -> None:
    found = read(camt(entry("10.00"), entry(written)))
    assert amounts(found) == ["10.00"]
    assert [row for row, _reason in reasons(found)] == [2]


@pytest.mark.parametrize(
    ("broken", "told"),
    [
        (entry(side="X"), "does not tell which"),
        (entry(dated=""), "no date"),
        (entry().replace("CAD", "EUR"), "in EUR"),
        (entry(more="<Sts>FUTR</Sts>"), "future"),
    ],
)
def test_an_entry_that_is_not_clear_is_rejected(broken: str, told: str) -> None:
    found = read(camt(entry(), broken))
    assert amounts(found) == ["10.00"]
    assert told in reasons(found)[0][1]


def test_a_currency_that_is_not_kept_is_said_and_one_may_stand_in_a_balance_alone() -> None:
    other = camt(entry().replace("CAD", "ZZZ"), account="<Acct><Ccy>ZZZ</Ccy></Acct>")
    assert reasons(read(other)) == [(1, "The currency ZZZ is not one that is kept here.")]
    amount = "<Amt Ccy='XOF'>5</Amt><CdtDbtInd>CRDT</CdtDbtInd>"
    opening = f"<Bal><Tp><CdOrPrtry><Cd>OPBD</Cd></CdOrPrtry></Tp>{amount}</Bal>"
    bare = camt(entry("10").replace("CAD", "XOF"), account="", balances=opening)
    assert str(read(bare).accounts[0].opening) == "5 XOF"


def test_the_decimal_comma_of_some_banks_is_read() -> None:
    assert amounts(read(camt(entry("10,50")))) == ["10.50"]


def test_details_in_another_currency_or_without_amounts_leave_the_entry_whole() -> None:
    detail = "<TxDtls><Amt Ccy='EUR'>5.00</Amt></TxDtls>"
    assert amounts(read(camt(entry(more=f"<NtryDtls>{detail}{detail}</NtryDtls>")))) == ["10.00"]
    empty = "<TxDtls><RmtInf><Ustrd>a</Ustrd></RmtInf></TxDtls>"
    [line] = read(camt(entry(more=f"<NtryDtls>{empty}{empty}</NtryDtls>"))).accounts[0].lines
    assert (line.amount.decimal(), line.memo) == ("10.00", "a")


def test_details_may_go_both_ways_as_long_as_they_add_up() -> None:
    fee = "<TxDtls><Amt Ccy='CAD'>0.50</Amt><CdtDbtInd>DBIT</CdtDbtInd></TxDtls>"
    gift = "<TxDtls><AmtDtls><TxAmt><Amt Ccy='CAD'>10.50</Amt></TxAmt></AmtDtls></TxDtls>"
    assert amounts(read(camt(entry(more=f"<NtryDtls>{gift}{fee}</NtryDtls>")))) == ["10.50", "-0.50"]


@pytest.mark.parametrize(
    "start",
    [
        '<!DOCTYPE Document SYSTEM "file:///canary">',
        '<!DOCTYPE d [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>',
    ],
)
def test_declarations_are_refused(start: str) -> None:
    with pytest.raises(ForbiddenMarkup):
        read(start + camt(entry()))


def test_what_is_no_whole_statement_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(BrokenMarkup, match="line 1"):
        read(camt(entry()).replace("</Stmt>", ""))
    with pytest.raises(BrokenMarkup):
        read(camt(entry())[:-40])
    with pytest.raises(TooDeep):
        read(f"<Document><BkToCstmrStmt>{'<a>' * 200}")
    with pytest.raises(NotFinal, match=r"CAMT\.052"):
        read("<Document><BkToCstmrAcctRpt><Rpt/></BkToCstmrAcctRpt></Document>")
    with pytest.raises(NoAccount):
        read("<Document><BkToCstmrStmt><GrpHdr/></BkToCstmrStmt></Document>")
    with pytest.raises(CurrencyUnknown):
        read(camt(entry().replace(" Ccy='CAD'", ""), account=""), currency=None)
    monkeypatch.setattr("treasury.statements.camt.MAX_ROWS", 2)
    with pytest.raises(TooManyRows):
        read(camt(entry(), entry(), entry()))


def test_a_million_levels_stop_at_once(tmp_path: Path) -> None:
    with pytest.raises(TooDeep):
        read("<BkToCstmrStmt>" + "<a>" * 1_000_000)
