"""A plan's versions: previewed, chosen, kept for good, replayed to the same plan on both databases."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from access.models import User
from delegations.models import SavingsPlan
from delegations.savings import changes as plan_changes
from delegations.savings import plans as savings
from delegations.savings import versions as plan_versions
from delegations.savings.changes import ChangePlan, NothingChanges, PlanMoved
from delegations.savings.models import Cause, PlanChange
from delegations.savings.plans import PlanClosed
from delegations.savings.replanning import Policy
from delegations.seats import seats
from delegations.seats.seats import ReasonMissing
from outbox.jobs import Job
from shared import clock
from shared.database import db, transaction
from shared.money import Money
from tests.conftest import sign_in
from tests.delegations.conftest import BY, cad, deposit
from treasury.models import Attention

NOVEMBER = datetime(2004, 11, 1, 15, 0, tzinfo=UTC)


@pytest.fixture
def late(plan: SavingsPlan, aristide: User, zoe: User) -> SavingsPlan:
    """P1 on 1 November 2004: July and October 2004 missed, 1,500.00 behind, four instalments to come."""
    with transaction():
        for on in (date(year, month, 15) for year, month in _QUARTERS):
            deposit(plan, "750.00", on, aristide, zoe)
    clock.travel_to(NOVEMBER)
    return plan


_QUARTERS = ((2003, 1), (2003, 4), (2003, 7), (2003, 10), (2004, 1), (2004, 4))


def command(plan: SavingsPlan, policy: Policy, need: str = "9000.00", seats: int = 1) -> ChangePlan:
    key = plan_changes.situation(plan).key(cad(need))
    return ChangePlan(
        cause=Cause.DEPOSITS, policy=policy, seats=seats, need=cad(need), reason="Trésorerie basse", key=key
    )


def asked(plan: SavingsPlan) -> list[str]:
    return [part.amount.decimal() for part in savings.schedule_of(plan)]


@pytest.mark.usefixtures("both_databases")
def test_what_was_missed_is_spread_and_the_plan_is_on_time_again(late: SavingsPlan, ondine: User) -> None:
    stands = plan_changes.situation(late)
    assert (stands.arrears, stands.difference(stands.need)) == (cad("1500.00"), cad("1500.00"))
    ways = dict(plan_changes.ways(late, stands, stands.need))
    assert list(ways) == [*Policy]
    with transaction():
        change = plan_changes.change_plan(late, command(late, Policy.SPREAD), by=ondine)
    assert (change.number, change.actor, change.reason) == (2, ondine.actor_label, "Trésorerie basse")
    assert asked(late) == ["750.00"] * 6 + ["1125.00"] * 4
    assert list(ways[Policy.SPREAD].instalments) == savings.schedule_of(late)  # the preview's
    assert not savings.plan_status(late).late_amount
    told = [job.payload for job in db.session.scalars(select(Job)) if "modifié" in job.payload["subject"]]
    assert "1 125,00" in told[0]["text"].replace("\u202f", " ").replace("\xa0", " ")


@pytest.mark.parametrize(("paid", "told"), [(False, "15 octobre 2004"), (True, "15 janvier 2005")])
def test_the_payer_is_told_of_what_falls_due_on_the_very_day(
    late: SavingsPlan, aristide: User, zoe: User, paid: bool, told: str
) -> None:
    """On 15 October 2004 the plan is changed: that day's instalment is still to come, unless it was paid."""
    clock.travel_to(datetime(2004, 10, 15, 15, 0, tzinfo=UTC))
    if paid:
        with transaction():
            deposit(late, "1500.00", date(2004, 10, 15), aristide, zoe)
    with transaction():
        plan_changes.change_plan(late, command(late, Policy.SPREAD, "9400.00"), by=BY)
    [text] = [job.payload["text"] for job in db.session.scalars(select(Job)) if "modifié" in str(job.payload)]
    assert f"La prochaine est le {told}" in " ".join(text.split())


@pytest.mark.usefixtures("both_databases")
def test_the_database_keeps_every_version_and_the_first_terms(late: SavingsPlan) -> None:
    with transaction():
        plan_changes.change_plan(late, command(late, Policy.NEXT), by=BY)
        plan_changes.change_plan(late, command(late, Policy.EXTEND, "10500.00", seats=7), by=BY)
    agreed = plan_versions.agreed(late)
    assert (agreed.target, agreed.instalments[-1].due) == (cad("10500.00"), date(2006, 4, 15))
    for statement in (
        "UPDATE plan_change SET need_minor = 1",
        "DELETE FROM plan_change",
        "UPDATE savings_plan SET target_minor = 1",
        "UPDATE savings_plan SET first_due = '2003-01-16'",
    ):
        with pytest.raises(DBAPIError), transaction():
            db.session.execute(text(statement))
    db.session.expire_all()
    assert plan_versions.agreed(late) == agreed
    with transaction():  # the control: what is no term of it may change
        db.session.execute(text("UPDATE savings_plan SET payer_email = 'caisse@example.org'"))


def test_a_choice_is_of_what_was_seen(late: SavingsPlan, aristide: User, zoe: User) -> None:
    seen = command(late, Policy.SPREAD)
    with transaction():
        deposit(late, "750.00", date(2004, 10, 30), aristide, zoe)
    with pytest.raises(PlanMoved), transaction():
        plan_changes.change_plan(late, seen, by=BY)
    with pytest.raises(PlanMoved), transaction():  # another amount than the one previewed
        plan_changes.change_plan(late, replace(command(late, Policy.SPREAD), need=cad("9100.00")), by=BY)
    with pytest.raises(ReasonMissing), transaction():
        plan_changes.change_plan(late, replace(command(late, Policy.SPREAD), reason=" "), by=BY)
    assert db.session.scalars(select(PlanChange)).all() == []


def test_nothing_to_change_is_no_version(plan: SavingsPlan) -> None:
    clock.travel_to(datetime(2003, 1, 2, 12, 0, tzinfo=UTC))
    assert plan_changes.ways(plan, plan_changes.situation(plan), plan.target) == []
    with pytest.raises(NothingChanges), transaction():
        plan_changes.change_plan(plan, command(plan, Policy.SPREAD), by=BY)
    with transaction():
        savings.close_plan(plan, "Édition close", by=BY)
    with pytest.raises(PlanClosed), transaction():
        plan_changes.change_plan(plan, command(plan, Policy.SPREAD), by=BY)


def test_a_withdrawn_seat_asks_for_less(late: SavingsPlan, aristide: User, zoe: User) -> None:
    with transaction():
        first = command(late, Policy.ACCEPT, seats=6)
        plan_changes.change_plan(late, replace(first, cause=Cause.SEATS), by=BY)
        seats.withdraw_seat(late.delegation.seats[5], "Départ", date(2004, 11, 1), by=BY)
    stands = plan_changes.situation(late)
    assert (stands.seats, plan_changes.seats_now(late)) == (6, 5)
    assert plan_changes.scaled(stands, 5) == cad("7500.00")
    with transaction():
        plan_changes.change_plan(late, command(late, Policy.SPREAD, "7500.00", seats=5), by=BY)
    assert plan_versions.agreed(late).gap == cad("0.00")
    with transaction():  # more than is needed is shown, against what is needed now
        deposit(late, "3000.01", date(2004, 11, 1), aristide, zoe)
    assert [one.kind for one in db.session.scalars(select(Attention))] == ["surplus"]


def test_a_seat_s_share_is_rounded_half_up(plan: SavingsPlan) -> None:
    stands = replace(plan_changes.situation(plan), need=Money(100, "XOF"), seats=3)
    assert [plan_changes.scaled(stands, wanted).minor for wanted in (1, 2, 3, 4)] == [33, 67, 100, 133]


# --- the page ---


@pytest.fixture(autouse=True)
def _no_csrf(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("flask_wtf.csrf.validate_csrf", lambda *_given, **_options: None)


PAGE = "/delegations/DKR05-OUT/plans/P1/change"


def test_the_head_previews_every_way_and_chooses_one(
    client: FlaskClient, late: SavingsPlan, ondine: User
) -> None:
    sign_in(client, ondine)
    page = client.get(PAGE + "?seats=1").get_data(as_text=True)
    assert page.count('name="policy"') == 4
    key = page.split('name="key" value="')[1].split('"')[0]
    sent = {"cause": "deposits", "seats": "1", "need": "", "reason": "Accord du bureau", "key": key}
    looked = client.post(PAGE, data=sent | {"need": "10 500,00", "look": "1"})
    assert looked.status_code == 200
    assert "750,00" in looked.get_data(as_text=True)
    assert "9\u202f000,00\u00a0CAD en tout" in looked.get_data(as_text=True)  # by seats
    assert client.post(PAGE, data=sent).status_code == 422  # no way chosen
    assert client.post(PAGE, data=sent | {"need": "0", "look": "1"}).status_code == 422
    stale = client.post(PAGE, data=sent | {"policy": "next", "need": "10 500,00"})
    assert stale.status_code == 422 and "Accord du bureau" in stale.get_data(as_text=True)
    assert client.post(PAGE, data=sent | {"policy": "next", "seats": "0"}).status_code == 422
    assert client.post(PAGE, data=sent | {"policy": "next", "reason": ""}).status_code == 422
    assert client.post(PAGE, data=sent | {"policy": "next"}).status_code == 302
    assert "Accord du bureau · Ondine Exemple" in client.get(PAGE.removesuffix("/change")).get_data(
        as_text=True
    )
    book = client.get(PAGE.replace("/change", "/passbook.pdf"))
    assert book.status_code == 200 and book.data.startswith(b"%PDF")
    assert asked(late)[6:] == ["2250.00", "750.00", "750.00", "750.00"]


def test_no_number_of_seats_breaks_the_page(client: FlaskClient, late: SavingsPlan, ondine: User) -> None:
    sign_in(client, ondine)
    sent = {"cause": "deposits", "reason": "Accord", "look": "1"}
    for typed in ("9" * 25, "-3", "0", "deux"):
        assert f'value="{typed}"' not in client.get(f"{PAGE}?seats={typed}").get_data(as_text=True)
        answer = client.post(PAGE, data=sent | {"seats": typed})
        assert answer.status_code == 422
        assert f'value="{typed}"' in answer.get_data(as_text=True), "what was typed stands in its field"


@pytest.mark.usefixtures("both_databases")
def test_no_payer_in_an_address_breaks_the_passbook(
    client: FlaskClient, late: SavingsPlan, ondine: User
) -> None:
    sign_in(client, ondine)
    for payer in ("9" * 25, "-1", "x"):
        book = client.get(PAGE.replace("/change", f"/passbook.pdf?payer={payer}"))
        assert book.data.startswith(b"%PDF")


def test_a_closed_plan_is_not_changed(client: FlaskClient, plan: SavingsPlan, ondine: User) -> None:
    with transaction():
        savings.close_plan(plan, "Édition close", by=BY)
    sign_in(client, ondine)
    assert client.get(PAGE).status_code == 302
