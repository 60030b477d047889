"""The journal for other programs, judged by readers that are not ours; each judge refuses a spoilt export."""

import csv
import io
import re
from datetime import date
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest
from flask import Flask
from lxml import etree

from access.models import User
from shared.audit import System
from shared.database import db, transaction
from shared.money import Money
from tests.treasury.conftest import Ask
from tests.treasury.desk import Desk
from tests.treasury.judges import bean_check, fec_faults, hledger, hledger_balances, iati_faults
from treasury import chart, expectations, ledger
from treasury.books import exchange
from treasury.books.rates import Rate
from treasury.expectations import Funder
from treasury.funds import commitments, funds
from treasury.ledger import Leg
from treasury.models import Fund, FundKind, Posting
from treasury.reports import exports, journal_queries
from treasury.reports.exports import FORMATS, Span

DAY = date(2005, 11, 14)


def cad(text: str) -> Money:
    return Money.of(text, "CAD")


def written(form: str, year: int | None = None) -> str:
    return "".join(FORMATS[form].write(Span(year=year)))


@pytest.fixture
def books(
    receive: Ask, outaouais: Fund, house: Fund, aristide: User, zoe: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A deposit, one taken back, a ticket, an advance changed in Dakar, awkward words and names."""
    with transaction():
        funds.describe_entity(
            None,
            funds.DescribeEntity(
                name="Réseau <fictif> & Cie", country="FR", registration_number="123 456 789"
            ),
            by=System("tests"),
        )
        twins = [Fund(code=code, name=code, kind=FundKind.RESTRICTED) for code in ("A/B", "A-B")]
        db.session.add_all(twins)
    receive("9000.00", on=date(2004, 12, 15))
    returned = receive("750.00", on=date(2005, 4, 15))
    entries = [
        (date(2005, 4, 20), 'Chèque « retourné »; "sans" provision | banque\\', None),
        (DAY, "Ticket", [(chart.TRAVEL, outaouais, "2050.00"), (chart.BANK, outaouais, "-2050.00")]),
        (DAY, "Advance", [(chart.ADVANCES, outaouais, "2000.00"), (chart.BANK, outaouais, "-2000.00")]),
        (DAY, "Twins", [(chart.BANK, one, "1.01") for one in twins]
         + [(chart.GIFTS, one, "-1.01") for one in twins]),
    ]  # fmt: skip
    for on, words, legs in entries:
        with transaction():
            if legs is None:
                assert returned.entry
                draft = ledger.reverse(returned.entry, on, words, by=aristide)
            else:
                made = [Leg(code, fund.id, cad(amount)) for code, fund, amount in legs]
                draft = ledger.draft(on, words, made, by=aristide)
            ledger.post(draft, by=zoe)
    with transaction():
        reference = Rate("CAD", "XOF", Fraction("655.957") / Fraction("1.5669"), DAY, "demo")
        change = exchange.Conversion(
            fund_id=outaouais.id, given=cad("2000.00"), received=Money(830_000, "XOF"), dated_on=DAY,
            narration="Change", slip="Bordereau", reference=reference, account_code=chart.ADVANCES,
        )  # fmt: skip
        ledger.post(exchange.convert(change, by=aristide), by=zoe)
        promise = commitments.Reserve(
            fund_id=outaouais.id, amount=cad("500.00"), payee="Ondine Exemple", purpose="Hôtel", dated_on=DAY
        )
        commitments.reserve(promise, by=aristide)
    funder = Funder("B1", "Volet Grands-Vents", "2:1", cad("24000.00"), outaouais.id)
    monkeypatch.setattr(expectations, "FUNDERS", {"tests": lambda: [funder]})


def shares() -> dict[tuple[str, str, str], Decimal]:
    """What we say stands on each account, in each fund and currency."""
    rows = journal_queries.shares(journal_queries.Which())
    return {
        (one.account.code, one.fund.code, one.balance.currency): Decimal(one.balance.decimal())
        for one in rows
    }


@pytest.mark.usefixtures("books")
def test_beancount_accepts_the_journal_and_every_balance(tmp_path: Path) -> None:
    journal = written("beancount")
    assert bean_check(journal, tmp_path) == ""
    assert journal.count(" balance ") >= len(shares())
    spoilt = journal.replace("2050.00 CAD", "2050.01 CAD", 1)
    assert "does not balance" in bean_check(spoilt, tmp_path)
    asserted = re.sub(r"(balance Assets:1030.*  |balance Assets:1200.*  )-?\d+", r"\g<1>7", journal)
    assert "Balance failed" in bean_check(asserted, tmp_path)


@pytest.mark.usefixtures("books")
def test_hledger_computes_the_same_balances() -> None:
    computed = hledger_balances(written("hledger"))
    ours = sorted((code, currency, value) for (code, _fund, currency), value in shares().items())
    theirs = sorted(
        (name.split(":")[1].partition("-")[0], currency, value)
        for (name, currency), value in computed.items()
        if value
    )
    assert theirs == ours
    assert {name.rpartition(":")[2] for name, _currency in computed} >= {"A-B", "DKR05-OUT"}


@pytest.mark.usefixtures("books")
def test_hledger_would_see_a_wrong_amount() -> None:
    spoilt = written("hledger").replace("  2050.00 CAD", "  2050.01 CAD", 1)
    with pytest.raises(Exception, match="returned non-zero"):
        hledger(spoilt, "check")


@pytest.mark.usefixtures("books")
def test_the_fec_follows_the_published_rules() -> None:
    text = written("fec", 2005)
    assert fec_faults(text) == []
    rows = list(csv.DictReader(io.StringIO(text, newline=""), delimiter="\t", quoting=csv.QUOTE_NONE))
    assert {row["JournalCode"] for row in rows} >= {"AN", "BQ", "OD"}
    carried = [row for row in rows if row["JournalCode"] == "AN"]
    assert {(row["CompteNum"], row["Montantdevise"]) for row in carried} == {
        ("512", "9000,00"),
        ("110", "-9000,00"),
    }
    assert {row["Idevise"] for row in rows} == {"CAD", "XOF"}
    assert exports.FORMATS["fec"].file_name(Span(year=2005)) == "123456789FEC20051231.txt"
    assert fec_faults(text.replace(",", ".", 1)) != []
    assert fec_faults(text.replace("BQ\tBanque\t2\t", "BQ\tBanque\t99\t")) != []


@pytest.mark.usefixtures("books")
def test_the_fec_takes_the_last_year_when_none_is_said() -> None:
    assert written("fec") == written("fec", 2005)


@pytest.mark.usefixtures("books")
def test_an_export_of_a_year_tells_only_its_promises(outaouais: Fund) -> None:
    with transaction():
        db.session.get_one(Fund, outaouais.id).ends_on = date(2006, 3, 31)
    of_2004 = etree.fromstring(written("iati", 2004).encode())
    assert {one.get("code") for one in of_2004.iter("transaction-type")} == {"1", "11"}
    assert [one.get("iso-date") for one in of_2004.iter("activity-date")] == ["2004-12-15", "2006-03-31"]


def test_the_fec_of_a_first_year_begins_without_openings(receive: Ask, aristide: User) -> None:
    receive("10.00", on=date(2005, 1, 5))
    with transaction():
        funds.describe_entity(None, funds.DescribeEntity(name="Réseau fictif"), by=aristide)
    assert "\r\nAN\t" not in written("fec", 2005)
    assert fec_faults(written("fec", 2005)) == []


def test_the_fec_needs_to_know_whose_books_these_are(receive: Ask) -> None:
    receive("10.00")
    with pytest.raises(Exception, match="legal entity"):
        written("fec")


@pytest.mark.usefixtures("books")
def test_iatis_schema_accepts_the_activities_and_nobody_is_named() -> None:
    text = written("iati")
    assert iati_faults(text) == []
    tree = etree.fromstring(text.encode())
    kinds = {one.get("code") for one in tree.iter("transaction-type")}
    assert kinds == {"1", "2", "3", "4", "11"}
    came = [
        Decimal(one.findtext("value"))
        for one in tree.iter("transaction")
        if one.find("transaction-type").get("code") == "1"
    ]
    income = [value for (code, _f, _c), value in shares().items() if code in (chart.SAVINGS, chart.GIFTS)]
    assert sum(came) == -sum(income)
    assert "Ondine" not in text
    assert "Grand-Héron" not in text
    assert iati_faults(text.replace("iso-date", "date", 1)) != []


@pytest.mark.usefixtures("books")
def test_an_export_may_be_of_one_year(tmp_path: Path) -> None:
    assert bean_check(written("beancount", 2004), tmp_path) == ""
    assert "2005-11-14 *" not in written("beancount", 2004)
    assert written("hledger", 2003) == "\n"


@pytest.mark.usefixtures("books")
def test_the_command_writes_what_the_page_gives(app: Flask, aristide: User) -> None:
    run = app.test_cli_runner()
    from app import main

    for form in FORMATS:
        page = Desk(app, aristide).client.get(f"/treasury/reports/export/{form}?year=2005")
        printed = run.invoke(main, ["ledger", "export", "--format", form, "--year", "2005"])
        assert printed.exit_code == 0, printed.output
        assert _stamped(page.text) == _stamped(printed.output).replace("\n\n", "\n\n")
        assert "attachment" in page.headers["Content-Disposition"]
    for year in ("99999", "-5", "0", "x"):  # no calendar has it
        assert (
            Desk(app, aristide).client.get(f"/treasury/reports/export/hledger?year={year}").status_code == 200
        )
    assert run.invoke(main, ["ledger", "export", "--year", "0"]).exit_code == 2
    assert Desk(app, aristide).client.get("/treasury/reports/export/saft").status_code == 404
    table = run.invoke(main, ["ledger", "export"]).output.splitlines()
    assert len(table) == 1 + db.session.query(Posting).count()


def _stamped(text: str) -> str:
    return re.sub(r"datetime=\"[^\"]*\"", "", text).replace("\r\n", "\n").strip()


def test_every_account_of_the_chart_has_its_place_in_france() -> None:
    from treasury.books.frameworks import frameworks

    assert set(chart.CHART) <= set(frameworks()["france"].places)
