"""Reminders: before, on and after the day, once each, never to who has just paid, and stoppable."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select

from access import links
from access.models import User
from delegations import messages
from delegations.models import Delegation, SavingsPlan
from delegations.savings import plans as savings
from delegations.savings import reminders as plan_reminders
from delegations.savings.models import PlanReminder, ReminderKind
from delegations.savings.payer_models import Payer
from delegations.savings.plans import RecordDeposit
from delegations.savings.reminders import RemindersStopped, due_reminder
from delegations.savings.schedule import Deposit, replay
from delegations.seats.linking import LinkJustSent
from outbox.jobs import Job
from shared import clock
from shared.database import db, transaction
from tests.conftest import sign_in
from tests.delegations.conftest import BY, cad, deposit, plan_of
from treasury.models import PaymentStatus


def on(day: str) -> None:
    clock.travel_to(datetime.fromisoformat(day).replace(hour=12, tzinfo=UTC))


def run() -> None:
    plan_reminders.plan_reminders({"day": clock.now().date().isoformat()})


def reminders() -> list[tuple[date, str]]:
    return [(one.due, one.kind.value) for one in db.session.scalars(select(PlanReminder).order_by("id"))]


def mails() -> list[dict[str, str]]:
    wanted = select(Job).where(Job.key.like("plan-reminder-%")).order_by(Job.id)
    return [job.payload for job in db.session.scalars(wanted)]


def test_each_instalment_is_told_before_on_and_after_unless_it_is_paid(plan: SavingsPlan) -> None:
    standing = savings.schedule_of(plan)
    told: set[tuple[date, ReminderKind]] = set()
    left: list[tuple[date, str]] = []
    for days in range(60):
        today = date(2003, 1, 1) + timedelta(days=days)
        if found := due_reminder(replay(standing, [], today), told):
            told.add((found[0].instalment.due, found[1]))
            left.append((today, found[1].value))
    assert left == [
        (date(2003, 1, 8), "before"), (date(2003, 1, 15), "on"), (date(2003, 1, 22), "after"),
    ]  # fmt: skip


def test_nobody_is_reminded_who_paid_yesterday(plan: SavingsPlan) -> None:
    parts, today = savings.schedule_of(plan), date(2003, 1, 22)
    part_paid = Deposit(today - timedelta(days=1), cad("100.00"))
    assert due_reminder(replay(parts, [part_paid], today), ()) is None
    found = due_reminder(replay(parts, [part_paid], today + timedelta(days=2)), ())
    assert found
    assert found[0].instalment.amount - found[0].paid == cad("650.00")


@pytest.mark.usefixtures("both_databases")
def test_the_job_writes_each_reminder_once_in_the_payer_s_language(
    plan: SavingsPlan, monkeypatch: pytest.MonkeyPatch
) -> None:
    on("2003-01-08")
    for _twice in range(2):
        run()
    assert reminders() == [(date(2003, 1, 15), "before")]
    [mail] = mails()
    assert mail["to"] == "p1@example.org"
    assert mail["subject"].startswith("Bientôt") and "/reminders" in mail["text"]
    assert (
        mail["stop_at"].endswith(plan_reminders.stop_token(Payer(plan))) and mail["stop_at"] in mail["text"]
    )
    jobs = db.session.scalars(select(Job).where(Job.kind == plan_reminders.JOB)).all()
    assert [job.key for job in jobs] == ["plan-reminders:2003-01-09"]
    monkeypatch.setattr(plan_reminders, "_claim", lambda *_given: False)  # another worker was first
    on("2003-01-15")
    run()
    assert len(mails()) == 1


@pytest.mark.usefixtures("both_databases")
def test_killed_midway_and_run_again_nobody_is_told_twice(
    outaouais: Delegation, monkeypatch: pytest.MonkeyPatch
) -> None:
    with transaction():
        for number in range(5):
            plan_of(outaouais, f"P{number}", "9000.00", 12)
    on("2003-01-08")
    monkeypatch.setattr(plan_reminders, "_BATCH", 2)
    real: Any = messages.tell_due
    calls: list[Any] = []

    def dies(*given: Any) -> None:
        calls.append(given)
        if len(calls) == 4:
            raise KeyboardInterrupt
        real(*given)

    monkeypatch.setattr(messages, "tell_due", dies)
    with pytest.raises(KeyboardInterrupt):
        run()
    assert len(mails()) == len(reminders()) == 2  # the batch that died left no half of it
    run()
    assert len(mails()) == len(reminders()) == 5
    assert len({mail["to"] for mail in mails()}) == 5


def test_money_that_waits_for_approval_is_money_that_came(plan: SavingsPlan, aristide: User) -> None:
    with transaction():
        payment = savings.record_deposit(
            plan, RecordDeposit(amount=cad("750.00"), received_on=date(2003, 1, 2)), by=aristide
        )
    assert payment.status is PaymentStatus.RECORDED
    on("2003-01-15")
    run()
    assert reminders() == []


def test_who_has_paid_hears_of_the_next_one_only(plan: SavingsPlan, aristide: User, zoe: User) -> None:
    with transaction():
        deposit(plan, "750.00", date(2003, 1, 10), aristide, zoe)
    on("2003-01-15")
    run()
    assert reminders() == []
    on("2003-04-08")
    run()
    assert reminders() == [(date(2003, 4, 15), "before")]


def test_a_payer_stops_the_reminders_by_link_and_wants_them_again(
    client: FlaskClient, plan: SavingsPlan, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("flask_wtf.csrf.validate_csrf", lambda *_given, **_options: None)
    on("2003-01-08")
    with transaction():
        token = links.issue_link("plan", plan.id, clock.now() + timedelta(days=9))
    page = client.get(f"/plan/{token}/reminders").headers["Location"]
    assert client.get(page).status_code == 200
    assert plan_reminders.stopped(Payer(plan)) is None  # looking stops nothing
    for _twice in range(2):
        assert client.post(page, data={"wanted": "no"}).status_code == 302
    run()
    assert reminders() == []
    assert client.get(f"/plan/{token}").status_code == 200
    assert client.post(page, data={"wanted": "yes"}).status_code == 302
    run()
    assert reminders() == [(date(2003, 1, 15), "before")]


@pytest.mark.parametrize("content_type", ["application/x-www-form-urlencoded", "multipart/form-data"])
def test_a_mail_program_stops_them_with_one_click_and_nothing_else(
    client: FlaskClient, plan: SavingsPlan, content_type: str
) -> None:
    """RFC 8058: a form without session or CSRF token, answered without a redirect, years later too."""
    page = f"/reminders/{plan_reminders.stop_token(Payer(plan))}"
    on("2029-01-08")
    stopping = client.post(page, data={"List-Unsubscribe": "One-Click"}, content_type=content_type)
    assert stopping.status_code == 200
    assert plan_reminders.stopped(Payer(plan))
    assert client.post(page[:-1] + "A", data={"List-Unsubscribe": "One-Click"}).status_code == 404
    assert client.get("/plan/" + page.removeprefix("/reminders/")).status_code == 404  # it opens nothing else
    assert client.post(page, data={"wanted": "yes"}).status_code == 302
    assert plan_reminders.stopped(Payer(plan)) is None


def test_a_day_is_planned_once(plan: SavingsPlan) -> None:
    with transaction():
        savings.close_plan(plan, "Édition close", by=BY)
    for _twice in range(2):
        plan_reminders.plan_a_day(date(2003, 1, 8))
    assert db.session.scalar(select(func.count(Job.id)).where(Job.kind == plan_reminders.JOB)) == 1
    on("2003-01-08")
    run()
    assert reminders() == []


def test_a_reminder_sends_a_link_that_opens_the_plan(plan: SavingsPlan, ondine: User) -> None:
    with pytest.raises(LinkJustSent), transaction():  # the plan was opened a moment ago
        plan_reminders.remind(Payer(plan), by=ondine)
    clock.travel_to(clock.now() + timedelta(minutes=5))
    with transaction():
        token = plan_reminders.remind(Payer(plan), by=ondine)
    assert links.open_link("plan", token) == plan.id
    sent = [job.payload for job in db.session.scalars(select(Job)) if "to" in job.payload]
    [mail] = [one for one in sent if "où il en est" in one["subject"]]
    assert mail["stop_at"].endswith(plan_reminders.stop_token(Payer(plan)))
    assert mail["stop_at"] in mail["text"]
    assert all(one.get("stop_at") is None for one in sent if one is not mail)  # opened: no reminder


def test_who_stopped_reminders_gets_none_by_hand_either(
    client: FlaskClient, outaouais: Delegation, plan: SavingsPlan, ondine: User
) -> None:
    clock.travel_to(clock.now() + timedelta(minutes=5))
    sign_in(client, ondine)
    page = f"/delegations/{outaouais.code}/plans/{plan.code}"
    assert f"{page}/remind" in client.get(page).get_data(as_text=True)
    with transaction():
        plan_reminders.stop(Payer(plan), by=BY)
    assert f"{page}/remind" not in client.get(page).get_data(as_text=True)
    with pytest.raises(RemindersStopped), transaction():
        plan_reminders.remind(Payer(plan), by=ondine)
