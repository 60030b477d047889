"""Closing, opening again with a reason, locking for good; each restricted fund is carried forward."""

from datetime import UTC, date, datetime
from html import unescape

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, text
from sqlalchemy.exc import DatabaseError

from access.models import User
from shared import clock
from shared.database import db, transaction
from shared.errors import Conflict
from shared.money import Money
from tests.conftest import sign_in
from tests.treasury.conftest import Ask
from treasury import approvals, attention, chart, ledger, payments, queries
from treasury.books import open_items, periods, verification, year_end
from treasury.cards import books
from treasury.ledger import Leg
from treasury.models import Fund, JournalEntry, Period

END = date(2005, 12, 31)


def cad(text: str) -> Money:
    return Money.of(text, "CAD")


@pytest.mark.usefixtures("both_databases")
def test_a_closed_period_takes_nothing_until_it_is_opened_again(
    receive: Ask, ask: Ask, aristide: User, zoe: User
) -> None:
    receive("750.00")
    with transaction():
        period = periods.close_until(END, "", by=aristide)
    assert (period.starts_on, period.status, periods.next_start()) == (
        periods.BEGINNING,
        "closed",
        date(2006, 1, 1),
    )
    late = ask("20.00")
    with transaction():
        payments.record_receipt(late, payments.RecordReceipt(received_on=date(2005, 12, 1)), by=aristide)
    with pytest.raises(ledger.PeriodClosed), transaction():
        payments.approve_receipt(late, by=zoe)
    with pytest.raises(periods.ReasonNeeded), transaction():
        periods.reopen(period, " ", by=zoe)
    with transaction():
        periods.reopen(period, "A deposit was forgotten", by=zoe)
    with pytest.raises(periods.StillOpen), transaction():
        periods.close(period, "", by=aristide)
    with transaction():
        payments.approve_receipt(late, by=zoe)
    with transaction():
        periods.close(period, "", by=aristide)
        periods.lock(period, by=zoe)
    for step in (periods.reopen, periods.close):
        with pytest.raises(Conflict), transaction():
            step(period, "Again", by=zoe)
    assert [one.action for one in periods.history(period)] == [
        "period.close",
        "period.reopen",
        "period.close",
        "period.lock",
    ]
    with pytest.raises(periods.NotAfter), transaction():
        periods.close_until(date(2005, 6, 1), "", by=aristide)
    assert verification.check().sound


@pytest.mark.usefixtures("both_databases")
def test_what_is_dated_before_the_first_entry_is_closed_with_it(
    receive: Ask, ask: Ask, aristide: User, zoe: User
) -> None:
    receive("750.00")
    early = ask("20.00")
    with transaction():
        payments.record_receipt(early, payments.RecordReceipt(received_on=date(2002, 1, 1)), by=aristide)
    with pytest.raises(periods.StillOpen), transaction():
        periods.close_until(END, "", by=aristide)
    with transaction():
        assert early.entry
        approvals.discard(early.entry, "Mistyped", by=aristide)
        periods.close_until(END, "", by=aristide)
    with transaction():
        payments.record_receipt(early, payments.RecordReceipt(received_on=date(2002, 1, 1)), by=aristide)
    with pytest.raises(ledger.PeriodClosed), transaction():
        payments.approve_receipt(early, by=zoe)
    with pytest.raises(DatabaseError, match="closed"), transaction():  # nor by another way
        db.session.execute(text("UPDATE journal_entry SET status = 'posted' WHERE status = 'draft'"))


@pytest.mark.usefixtures("both_databases")
def test_the_database_keeps_periods_apart_and_in_order(receive: Ask, aristide: User) -> None:
    receive("750.00")
    with transaction():
        periods.close_until(END, "", by=aristide)
    for attack in (
        "INSERT INTO period (starts_on, ends_on, status) VALUES ('2005-12-31', '2006-01-31', 'open')",
        "INSERT INTO period (starts_on, ends_on, status) VALUES ('2006-02-02', '2006-02-01', 'open')",
        "UPDATE period SET ends_on = '2005-12-30'",
    ):
        with pytest.raises(DatabaseError), transaction():
            db.session.execute(text(attack))
    with transaction():
        db.session.execute(text("UPDATE period SET status = 'open', reopened_for = 'A forgotten fee'"))
    with pytest.raises(DatabaseError), transaction():
        db.session.execute(text("UPDATE period SET status = 'locked'"))
    on = " ON period" if db.engine.dialect.name == "postgresql" else ""
    with transaction():
        db.session.execute(text(f"DROP TRIGGER period_born{on}"))
        db.session.add(Period(starts_on=date(2005, 11, 1), ends_on=date(2005, 11, 2)))
    assert [one.problem for one in verification.check().findings] == ["covers days of another one"]


UNEXPLAINED = (
    "UPDATE period SET status = 'open'",
    "UPDATE period SET status = 'open', reopened_for = '  '",
    "DELETE FROM period",
)


@pytest.mark.usefixtures("both_databases")
def test_the_database_opens_no_period_without_a_reason(receive: Ask, aristide: User, zoe: User) -> None:
    receive("750.00")
    with transaction():
        period = periods.close_until(END, "", by=aristide)
    replacing = "INSERT OR REPLACE INTO period (id, starts_on, ends_on, status) "
    replacing += f"VALUES ({period.id}, '{period.starts_on}', '{period.ends_on}', 'open')"
    sqlite = db.engine.dialect.name == "sqlite"
    for attack in (*UNEXPLAINED, *([replacing] if sqlite else [])):
        with pytest.raises(DatabaseError, match="for a reason"), transaction():
            db.session.execute(text(attack))
    with transaction():
        assert periods.reopen(period, " A forgotten fee ", by=zoe).reopened_for == "A forgotten fee"
    with transaction():
        assert periods.close(period, "", by=aristide).reopened_for is None  # the next opening says why anew
    with transaction():
        db.session.execute(text(f"DROP TRIGGER period_explained{'' if sqlite else ' ON period'}"))
        db.session.execute(text(UNEXPLAINED[0]))  # the control: nothing else held it


def test_a_period_is_locked_after_the_ones_before_it(receive: Ask, aristide: User, zoe: User) -> None:
    receive("750.00")
    with transaction():
        first = periods.close_until(date(2005, 10, 31), "", by=aristide)
        second = periods.close_until(END, "", by=aristide)
        periods.reopen(first, "A look", by=zoe)
    with pytest.raises(Conflict), transaction():
        periods.lock(second, by=zoe)
    with transaction():
        periods.close(first, "", by=aristide)
        periods.lock(second, by=zoe)
    assert [one.status for one in periods.periods()] == ["locked", "locked"]


def test_what_is_open_is_counted_and_closing_with_it_needs_a_reason(
    receive: Ask, outaouais: Fund, aristide: User, zoe: User
) -> None:
    receive("750.00")
    hundred = cad("100.00")
    with transaction():
        legs = [Leg(chart.ADVANCES, outaouais.id, hundred), Leg(chart.BANK, outaouais.id, -hundred)]
        ledger.post(ledger.draft(END, "Advance", legs, by=aristide), by=zoe)
        legs = [Leg(chart.STAY, outaouais.id, hundred), Leg(chart.BANK, outaouais.id, -hundred)]
        ledger.post(ledger.draft(END, "Hotel", legs, by=aristide), by=zoe)
        attention.attend("late", "1", details="")
    found = {one.kind: one.count for one in open_items.open_items(END)}
    assert found == {"advances": 1, "attention": 1, "no_document": 1}
    with pytest.raises(periods.ReasonNeeded), transaction():
        periods.close_until(END, "", by=aristide)
    with transaction():
        period = periods.close_until(END, "She settles it in January", by=aristide)
    assert periods.history(period)[0].details["still_open"] == found


@pytest.fixture
def year(receive: Ask, outaouais: Fund, house: Fund, aristide: User, zoe: User) -> None:
    """2005: Outaouais saves 750.00 and advances 100.00 of it; the house gets 200.00 and spends 50.00."""
    receive("750.00")
    receive("200.00", fund=house)
    hundred, fifty = cad("100.00"), cad("50.00")
    with transaction():
        legs = [Leg(chart.ADVANCES, outaouais.id, hundred), Leg(chart.BANK, outaouais.id, -hundred)]
        ledger.post(ledger.draft(END, "Advance", legs, by=aristide), by=zoe)
        legs = [Leg(chart.STAY, house.id, fifty), Leg(chart.BANK, house.id, -fifty)]
        ledger.post(ledger.draft(END, "Rent", legs, by=aristide), by=zoe)


def carried() -> dict[str, tuple[Money, Money]]:
    return {one.fund.code: (one.carried, one.to_carry) for one in year_end.at_year_end(END)}


@pytest.mark.usefixtures("year")
def test_the_year_end_carries_each_fund_for_itself(
    outaouais: Fund, house: Fund, aristide: User, zoe: User
) -> None:
    assert carried() == {
        "DKR05-OUT": (cad("0.00"), cad("750.00")),
        "SECR": (cad("0.00"), cad("150.00")),
    }
    with transaction():
        entry = year_end.carry_forward(END, "Year’s end 2005", by=aristide)
    with pytest.raises(year_end.DraftWaits), transaction():
        year_end.carry_forward(END, "Again", by=aristide)
    with transaction():
        ledger.post(entry, by=zoe)
    lines = {(one.account.code, one.fund.code): one.amount for one in entry.postings}
    assert lines[chart.CARRIED_RESTRICTED, "DKR05-OUT"] == cad("-750.00")
    assert lines[chart.CARRIED, "SECR"] == cad("-150.00")
    with pytest.raises(year_end.NothingToCarry), transaction():
        year_end.carry_forward(END, "Again", by=aristide)
    # What is saved and what can be spent stay as they were.
    assert queries.received([outaouais.id], chart.SAVINGS, "CAD") == {outaouais.id: cad("750.00")}
    assert queries.fund_balance(outaouais.id, "CAD") == cad("650.00")
    assert verification.check().sound


@pytest.mark.usefixtures("year")
def test_a_year_that_is_closed_is_opened_before_it_is_carried(aristide: User) -> None:
    with transaction():
        periods.close_until(END, "She settles it in January", by=aristide)
    with pytest.raises(ledger.PeriodClosed), transaction():
        year_end.carry_forward(END, "Year's end", by=aristide)


@pytest.mark.usefixtures("year")
def test_after_a_correction_the_year_end_carries_the_rest(receive: Ask, aristide: User, zoe: User) -> None:
    with transaction():
        ledger.post(year_end.carry_forward(END, "Year’s end", by=aristide), by=zoe)
    receive("10.00", on=date(2005, 12, 30))
    assert carried()["DKR05-OUT"] == (cad("750.00"), cad("10.00"))
    with transaction():
        ledger.post(year_end.carry_forward(END, "The rest", by=aristide), by=zoe)
    assert carried()["DKR05-OUT"] == (cad("760.00"), cad("0.00"))


@pytest.mark.usefixtures("year", "without_tokens")
def test_on_the_pages_books_are_closed_opened_and_carried_forward(
    client: FlaskClient, aristide: User, zoe: User
) -> None:
    sign_in(client, aristide)
    assert "750,00" in client.get("/treasury/year-end?day=2005-12-31").text
    drafted = client.post("/treasury/year-end", data={"day": "2005-12-31"}, follow_redirects=True)
    assert "report de chaque fonds" in drafted.text
    again = client.post("/treasury/year-end", data={"day": "2005-12-31"})
    assert (again.status_code, "attend d’être approuvée" in again.text) == (422, True)
    assert client.post("/treasury/year-end", data={"day": ""}).status_code == 422
    before = client.get("/treasury/periods?day=2005-12-31").text
    assert "à faire d’abord" in before
    assert "brouillon à approuver" in before  # one, not "brouillon(s)"
    refused = client.post("/treasury/periods/close", data={"day": "2005-12-31", "reason": ""})
    assert (refused.status_code, "brouillons" in refused.text.lower()) == (422, True)
    assert client.post("/treasury/periods/close", data={"day": ""}).status_code == 422
    entry = db.session.scalars(select(JournalEntry).order_by(JournalEntry.id.desc())).first()
    assert entry
    with transaction():
        ledger.post(entry, by=zoe)
    closing = {"day": "2005-12-31", "reason": "L’avance se règle en janvier"}
    closed = client.post("/treasury/periods/close", data=closing, follow_redirects=True)
    assert "L’avance se règle en janvier" in closed.text
    period = db.session.scalars(select(Period.id)).one()
    late = {"amount": "5,00", "currency": "CAD", "dated_on": "2005-12-01", "narration": "Trop tard"}
    funds = {"source": str(entry.postings[0].fund_id), "target": str(entry.postings[-1].fund_id)}
    unwritten = client.post("/treasury/transfers/new", data=late | funds)
    assert (unwritten.status_code, "clos jusqu’au 31 décembre 2005" in unescape(unwritten.text)) == (
        409,
        True,
    )
    sign_in(client, zoe)
    assert client.get(f"/treasury/periods/{period}/reopen").status_code == 200
    assert client.get("/treasury/periods/99/reopen").status_code == 404
    opened = client.post(
        f"/treasury/periods/{period}/reopen", data={"reason": "Oubli"}, follow_redirects=True
    )
    assert "rouverte" in opened.text
    sign_in(client, aristide)
    with transaction():
        fund, five = entry.postings[0].fund_id, cad("5.00")
        legs = [Leg(chart.BANK_FEES, fund, five), Leg(chart.BANK, fund, -five)]
        forgotten = ledger.draft(date(2005, 12, 30), "Frais oubliés", legs, by=aristide)
    refused = client.post(
        f"/treasury/periods/{period}/close", data={"reason": "L’avance"}, follow_redirects=True
    )
    assert "Brouillons datés d’avant ce jour" in refused.text
    assert "Encore ouvert au 31 décembre 2005" in refused.text
    with transaction():
        approvals.discard(forgotten, "Déjà saisis", by=aristide)
    client.post(f"/treasury/periods/{period}/close", data={"reason": "L’avance"})
    sign_in(client, zoe)
    locked = client.post(f"/treasury/periods/{period}/lock", follow_redirects=True)
    assert "verrouillée pour de bon" in locked.text


def test_empty_books_have_nothing_to_close(client: FlaskClient, aristide: User) -> None:
    sign_in(client, aristide)
    assert "Il n’y a encore rien à clore" in client.get("/treasury/periods").text
    assert "Aucun fonds" in client.get("/treasury/year-end?day=never").text


def test_the_last_evening_of_the_year_is_still_the_old_year_where_the_house_is(
    receive: Ask, aristide: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At nine in the evening of 31 December in Gatineau it is January already in Greenwich."""
    clock.travel_to(datetime(2006, 1, 1, 2, 0, tzinfo=UTC))
    receive("750.00")
    assert books.open_day() == date(2006, 1, 1)  # where nothing is set
    monkeypatch.setattr(clock, "house", "America/Toronto")
    assert books.open_day() == date(2005, 12, 31)
    with transaction():
        periods.close_until(date(2005, 12, 31), "Year end", by=aristide)
    assert books.open_day() == date(2006, 1, 1)
