"""Money promised is no longer available: reserved, consumed by the entry that pays, released, expired."""

from datetime import UTC, date, datetime

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from access.models import User
from outbox import jobs
from shared import clock
from shared.database import db, transaction
from shared.errors import Conflict
from shared.money import Money
from tests.conftest import sign_in
from tests.treasury.conftest import Ask
from treasury import approvals, chart, ledger
from treasury.books import verification
from treasury.funds import commitments, overdrafts, standings
from treasury.funds.commitment_models import Commitment, CommitmentDraft
from treasury.ledger import Leg
from treasury.models import Fund, JournalEntry
from treasury.reports import trails

DAY = date(2005, 11, 14)


def cad(text: str) -> Money:
    return Money.of(text, "CAD")


@pytest.fixture(autouse=True)
def november(receive: Ask) -> None:
    """Outaouais has 750.00, in November 2005."""
    clock.travel_to(clock.DEMO_CLOCKS["S1b"])
    receive("750.00")


def promise(fund: Fund, worth: str, by: User, **more: object) -> Commitment:
    command = {
        "fund_id": fund.id,
        "amount": cad(worth),
        "payee": "Agence fictive du Baobab",
        "purpose": "Tickets",
        "dated_on": DAY,
        **more,
    }
    with transaction():
        return commitments.reserve(commitments.Reserve(**command), by=by)  # type: ignore[arg-type]


def paying(fund: Fund, amount: str, by: User) -> JournalEntry:
    legs = [Leg(chart.TRAVEL, fund.id, cad(amount)), Leg(chart.BANK, fund.id, -cad(amount))]
    with transaction():
        return ledger.draft(DAY, "Tickets", legs, by=by)


def available(fund: Fund) -> Money:
    return standings.standings_of(fund)[0].available


def test_what_is_promised_cannot_be_spent_or_promised_again(
    outaouais: Fund, aristide: User, zoe: User
) -> None:
    promise(outaouais, "600.00", aristide)
    assert available(outaouais) == cad("150.00")
    with pytest.raises(commitments.NotAvailable):
        promise(outaouais, "150.01", aristide)
    entry = paying(outaouais, "150.01", aristide)
    with pytest.raises(overdrafts.FundOverdrawn), transaction():
        ledger.post(entry, by=zoe)
    assert verification.check().sound


def test_the_entry_that_pays_consumes_the_promise(outaouais: Fund, aristide: User, zoe: User) -> None:
    tickets = promise(outaouais, "600.00", aristide)
    entry = paying(outaouais, "580.00", aristide)
    with transaction():
        commitments.intend(entry, tickets)
    assert commitments.intended(entry) == tickets
    with transaction():
        approvals.approve(entry, by=zoe)
    assert (tickets.outstanding, available(outaouais)) == (cad("20.00"), cad("150.00"))
    (paid,) = trails.trail(entry.id).promises
    assert (paid.commitment, paid.amount_minor) == (tickets, 58_000)
    with transaction():
        commitments.release(tickets, cad("20.00"), "The agency gave a discount", by=aristide)
    assert (tickets.outstanding, available(outaouais)) == (cad("0.00"), cad("170.00"))
    assert [one.step for one in tickets.events] == ["reserved", "consumed", "released"]
    assert commitments.payable(entry) == ()
    assert verification.check().sound


def test_an_entry_that_takes_more_consumes_what_was_promised(
    outaouais: Fund, aristide: User, zoe: User
) -> None:
    tickets = promise(outaouais, "500.00", aristide)
    entry = paying(outaouais, "700.00", aristide)
    with transaction():
        commitments.intend(entry, tickets)
        approvals.approve(entry, by=zoe)
    assert (tickets.outstanding, available(outaouais)) == (cad("0.00"), cad("50.00"))


def test_after_its_last_day_a_promise_is_free_again(outaouais: Fund, aristide: User) -> None:
    tickets = promise(outaouais, "600.00", aristide, expires_on=date(2005, 12, 15))
    commitments.expire({"id": tickets.id})  # too early: nothing happens
    assert tickets.outstanding == cad("600.00")
    clock.travel_to(clock.DEMO_CLOCKS["S2"])
    db.session.rollback()
    assert jobs.run_due() == 1
    assert (tickets.outstanding, available(outaouais)) == (cad("0.00"), cad("750.00"))
    commitments.expire({"id": tickets.id})
    assert [one.step for one in tickets.events] == ["reserved", "expired"]


def test_a_promise_is_made_once_and_says_to_whom(outaouais: Fund, aristide: User) -> None:
    first = promise(outaouais, "100.00", aristide, idempotency_key="form:1")
    assert promise(outaouais, "100.00", aristide, idempotency_key="form:1").id == first.id
    for wrong in ({"payee": " "}, {"amount": cad("0.00")}):
        with pytest.raises(commitments.BadCommitment):
            promise(outaouais, "1.00", aristide, **wrong)
    with pytest.raises(commitments.BadCommitment), transaction():
        commitments.release(first, cad("1.00"), " ", by=aristide)
    with pytest.raises(commitments.NothingPromised), transaction():
        commitments.release(first, cad("100.01"), "Too much", by=aristide)


def test_a_draft_pays_a_promise_of_a_fund_it_takes_from(
    outaouais: Fund, sorel: Fund, receive: Ask, aristide: User, zoe: User
) -> None:
    receive("50.00", fund=sorel)
    other = promise(sorel, "50.00", aristide)
    mine = promise(outaouais, "50.00", aristide)
    entry = paying(outaouais, "50.00", aristide)
    assert commitments.payable(entry) == [mine]
    with pytest.raises(commitments.OtherFund), transaction():
        commitments.intend(entry, other)
    with transaction():
        commitments.release(mine, cad("50.00"), "Cancelled", by=aristide)
    with pytest.raises(commitments.NothingPromised), transaction():
        commitments.intend(entry, mine)
    again = promise(outaouais, "50.00", aristide)
    with transaction():
        commitments.intend(entry, again)
    with pytest.raises(Conflict), transaction():
        commitments.intend(entry, again)
    with transaction():
        approvals.discard(entry, "No", by=zoe)
    assert db.session.scalars(select(CommitmentDraft)).all() == []


def test_a_promise_given_back_before_the_draft_is_approved_consumes_nothing(
    outaouais: Fund, aristide: User, zoe: User
) -> None:
    tickets, entry = promise(outaouais, "50.00", aristide), paying(outaouais, "50.00", aristide)
    with transaction():
        commitments.intend(entry, tickets)
        commitments.release(tickets, cad("50.00"), "Cancelled", by=aristide)
        approvals.approve(entry, by=zoe)
    assert [one.step for one in tickets.events] == ["reserved", "released"]


@pytest.mark.usefixtures("without_tokens")
def test_on_the_pages_money_is_promised_paid_and_given_back(
    client: FlaskClient, outaouais: Fund, aristide: User
) -> None:
    sign_in(client, aristide)
    assert "Rien n’est engagé" in client.get("/treasury/commitments").text
    form = {
        "fund": outaouais.id,
        "currency": "CAD",
        "amount": "900,00",
        "payee": "Agence",
        "purpose": "Quatre billets",
        "dated_on": "2005-11-14",
    }
    refused = client.post("/treasury/commitments/new", data=form)
    assert (refused.status_code, "750,00\u00a0CAD" in refused.text) == (422, True)
    made = client.post("/treasury/commitments/new", data=form | {"amount": "400,00"}, follow_redirects=True)
    assert "Quatre billets" in made.text
    assert "350,00" in client.get(f"/treasury/funds/{outaouais.code}").text
    entry = paying(outaouais, "400.00", aristide).id
    assert "Quatre billets" in client.get(f"/treasury/entries/{entry}").text
    one = db.session.scalars(select(Commitment.id)).one()
    page = client.post(
        f"/treasury/entries/{entry}/commitment", data={"commitment": one}, follow_redirects=True
    )
    assert "reste engagé" in page.text
    assert client.post(f"/treasury/entries/{entry}/commitment", data={}).status_code == 404
    assert client.post("/treasury/commitments/new", data=form | {"payee": ""}).status_code == 422
    twice = client.post(
        f"/treasury/entries/{entry}/commitment", data={"commitment": one}, follow_redirects=True
    )
    assert "Cela a changé entre-temps" in twice.text
    wrong = client.post(f"/treasury/commitments/{one}/release", data={"amount": "500,00", "reason": "Trop"})
    assert (wrong.status_code, "400,00\u00a0CAD" in wrong.text) == (422, True)
    done = client.post(
        f"/treasury/commitments/{one}/release",
        data={"amount": "400,00", "reason": "Annulé"},
        follow_redirects=True,
    )
    assert "Annulé" in done.text


def test_a_promise_cannot_end_before_it_is_made(outaouais: Fund, aristide: User) -> None:
    with pytest.raises(commitments.EndsBeforeItBegins):
        promise(outaouais, "50.00", aristide, expires_on=date(2005, 11, 1))
    assert available(outaouais) == cad("750.00")
    assert promise(outaouais, "50.00", aristide, expires_on=DAY).outstanding == cad("50.00")


def test_a_promise_lasts_until_its_last_day_is_over_where_the_house_is(
    outaouais: Fund, aristide: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clock, "house", "America/Toronto")
    promise(outaouais, "600.00", aristide, expires_on=date(2005, 12, 15))
    job = db.session.scalars(select(jobs.Job).where(jobs.Job.kind == "commitment-expires")).one()
    assert job.due_at == datetime(2005, 12, 16, 5, 0, tzinfo=UTC)  # midnight in Gatineau
    clock.travel_to(job.due_at)
    commitments.expire(job.payload)
    assert commitments.outstanding() == []
