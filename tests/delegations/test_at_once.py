"""What several fingers press at the same moment happens once."""

import threading
from collections.abc import Callable
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from access.models import User
from delegations.funding import agreements
from delegations.funding.agreements import AddAgreement
from delegations.funding.offers import Condition
from delegations.lifecycle import invitations
from delegations.lifecycle.invitations import InviteDelegation
from delegations.models import Delegation, FundingAgreement, FundingKind, SavingsPlan
from delegations.savings import payers, plans
from delegations.savings import reminders as plan_reminders
from delegations.savings.payer_models import Payer, PlanPayer
from delegations.savings.payers import AddPayer
from network import directory
from network.models import Organisation
from shared import clock
from shared.database import db, transaction
from shared.errors import DomainError
from tests.conftest import sign_in
from tests.crowd import at_once
from tests.delegations.conftest import BY, cad, deposit
from tests.events.browsing import press
from treasury.cards import refunds
from treasury.cards.refunds import RequestRefund
from treasury.models import Payment

FINGERS = 6
postgresql = pytest.mark.parametrize(
    "both_databases", [pytest.param("postgresql", marks=pytest.mark.postgres)], indirect=True
)


@pytest.fixture
def key(both_databases: str, plan: SavingsPlan) -> int:
    """The plan P1, whose link left a while ago."""
    clock.travel_to(clock.now() + timedelta(minutes=5))
    return plan.id


def rush(app: Flask, act: Callable[[], object]) -> int:
    """How many of the fingers were heard."""

    def press_once(_number: int) -> bool:
        try:
            with transaction():
                act()
        except DomainError:
            return False
        return True

    heard = sum(at_once(app, press_once, FINGERS))
    db.session.rollback()  # what this thread read before is past
    return heard


def name_a_payer(plan_id: int) -> None:
    body = plans.payer_named("Caisse fictive", "caisse@example.org", "fr", by=BY)
    command = AddPayer(organisation_id=body.id, share=Fraction(1, 10), since=date(2004, 1, 15))
    payers.add_payer(db.session.get_one(SavingsPlan, plan_id), command, by=BY)


def count(kind: type[Any]) -> int:
    return db.session.scalar(select(func.count()).select_from(kind)) or 0


def test_one_reminder_leaves(app: Flask, key: int) -> None:
    assert rush(app, lambda: plan_reminders.remind(Payer(db.session.get_one(SavingsPlan, key)), by=BY)) == 1


def test_a_new_payer_is_one_body_that_pays_once(app: Flask, key: int) -> None:
    before = count(Organisation)
    assert rush(app, lambda: name_a_payer(key)) == 1
    assert (count(Organisation), count(PlanPayer)) == (before + 1, 1)


@postgresql
def test_without_the_lock_on_names_the_directory_doubles(
    app: Flask, key: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: on SQLite `BEGIN IMMEDIATE` is the guard, here it is the lock on names."""
    before, all_look, looked = (
        count(Organisation),
        threading.Barrier(FINGERS, timeout=10),
        directory.find_organisation,
    )

    def look_together(name: str) -> Organisation | None:
        found = looked(name)
        if not found:
            all_look.wait()
        return found

    monkeypatch.setattr(directory, "hold_names", lambda: None)
    monkeypatch.setattr(directory, "find_organisation", look_together)
    rush(app, lambda: name_a_payer(key))
    assert count(Organisation) > before + 1


def pledge(
    delegations: tuple[int, ...], edition_id: int, code: str, blocked: Condition | None
) -> FundingAgreement:
    command = AddAgreement(
        edition_id=edition_id, code=code, name="Arc-en-Rive", kind=FundingKind.PLEDGE, currency="CAD",
        amount=cad("5000.00"), cap=cad("9000.00"), categories=("T",), serves=delegations, blocked=blocked,
    )  # fmt: skip
    with transaction():
        return agreements.add_agreement(command, by=BY)


def test_a_pledge_is_freed_once(app: Flask, both_databases: str, outaouais: Delegation) -> None:
    made = pledge((outaouais.id,), outaouais.edition_id, "B4", Condition.SIGNATURE).id
    freed = rush(app, lambda: agreements.unblock(db.session.get_one(FundingAgreement, made), "Signé", by=BY))
    again = db.session.get_one(FundingAgreement, made)
    assert (freed, [one.number for one in agreements.versions_of(again)]) == (1, [1, 2])


def test_a_pledge_whose_order_contradicts_another_is_not_freed_and_every_page_goes_on(
    client: FlaskClient, outaouais: Delegation, fatou: User
) -> None:
    edition = outaouais.edition_id
    invited = InviteDelegation(
        edition_id=edition, code="DKR05-MAU", name="Mauricie", contact_email="m@example.org"
    )
    with transaction():
        mauricie = invitations.invite(invited, by=BY)
    pledge((outaouais.id, mauricie.id), edition, "B1", None)
    made = pledge((mauricie.id, outaouais.id), edition, "B4", Condition.SIGNATURE)
    sign_in(client, fatou)
    page = "/delegations/funders/DKR05/B4"
    press(client, page, f"{page}/unblock", proof="Signé")
    assert "ordre" in client.get(page).text
    db.session.expire_all()
    assert made.blocked_reason
    assert client.get("/delegations/funders/DKR05").status_code == 200


@pytest.mark.usefixtures("both_databases")
def test_a_deposit_given_back_is_saved_no_more(plan: SavingsPlan, aristide: User, zoe: User) -> None:
    """It is no reversal of an entry, and comes back all the same."""
    on = date(2003, 1, 15)
    with transaction():
        deposit(plan, "750.00", on, aristide, zoe)
    [paid] = db.session.scalars(select(Payment))
    with transaction():
        asked = RequestRefund(amount=cad("200.00"), reason="Payé en trop", on=on)
        refunds.approve_refund(refunds.request_refund(paid, asked, by=aristide), by=zoe)
    assert plans.plan_status(plan, on).saved == cad("550.00")
