"""Instalments from a kept card: on their day, tried again on the stated days, then a person is told.

P1, Outaouais: twelve times 750.00, quarterly from 15 January 2005; the payer leaves a card on 1 January.
"""

import re
from datetime import UTC, date, datetime
from fractions import Fraction
from html import unescape

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from access import links
from access.models import User
from delegations.models import Delegation, SavingsPlan
from delegations.savings import card_deposits, payers
from delegations.savings import plans as savings
from delegations.savings.collection_models import Collection, CollectionState
from delegations.savings.payer_models import Payer
from delegations.savings.payers import AddPayer
from delegations.savings.plans import OpenPlan
from outbox import jobs
from shared import clock
from shared.database import db, transaction
from tests.conftest import sign_in
from tests.delegations.conftest import BY, cad
from tests.simulator.fixtures import KEY, PAYS, SECRET, SimulatedStripe
from treasury import payments
from treasury.cards import retries, saved_cards
from treasury.cards.gateway import StripeGateway
from treasury.cards.models import CardStatus, SavedCard
from treasury.models import Attention

NEEDS_ITS_HOLDER = "4000002760003184"
REFUSED_LATER = "4000000000000341"


@pytest.fixture
def gateway(app: Flask, stripe_simulator: SimulatedStripe) -> StripeGateway:
    clock.travel_to(datetime(2005, 1, 1, 12, tzinfo=UTC))
    found = StripeGateway(secret_key=KEY, webhook_secret=SECRET, api_base=stripe_simulator.base_url)
    app.extensions["teranga.gateway"] = found
    return found


@pytest.fixture
def plan(outaouais: Delegation, gateway: StripeGateway) -> SavingsPlan:
    with transaction():
        payer = savings.payer_named("Réseau fictif du Grand-Héron", "payeuse@example.org", "fr", by=BY)
        return savings.open_plan(
            OpenPlan(
                delegation_id=outaouais.id,
                payer_id=payer.id,
                code="P1",
                target=cad("9000.00"),
                count=12,
                first_due=date(2005, 1, 15),
                every_months=3,
            ),
            by=BY,
        )


def leave_card(payer: Payer, stripe: SimulatedStripe, gateway: StripeGateway, number: str) -> SavedCard:
    home = "http://localhost/"
    url = card_deposits.ask_for_card(payer, gateway, success_url=home, cancel_url=home, locale="fr")
    page = url.rsplit("/", 1)[1]
    stripe.pay(page, number)
    card = saved_cards.look_at_page(page, gateway)
    assert card
    return card


def on(day: str) -> None:
    """The worker wakes on this day at ten."""
    clock.travel_to(datetime.fromisoformat(f"{day}T10:00:00+00:00"))
    while jobs.run_due():
        pass
    db.session.expire_all()


def saved(plan: SavingsPlan) -> str:
    return savings.plan_status(plan).saved.decimal()


def mails() -> list[str]:
    found = db.session.scalars(select(jobs.Job).where(jobs.Job.kind == "mail").order_by(jobs.Job.id))
    return [one.payload["subject"] for one in found]


@pytest.mark.usefixtures("both_databases")
def test_each_instalment_is_taken_on_its_day_once(
    plan: SavingsPlan, stripe_simulator: SimulatedStripe, gateway: StripeGateway
) -> None:
    leave_card(Payer(plan), stripe_simulator, gateway, PAYS)
    on("2005-01-14")
    assert saved(plan) == "0.00"
    on("2005-01-15")
    assert saved(plan) == "750.00"
    on("2005-01-16")
    assert saved(plan) == "750.00"
    on("2005-04-15")
    assert saved(plan) == "1500.00"
    following = card_deposits.waiting_collection(Payer(plan))
    assert following is not None
    assert following.due_on == date(2005, 7, 15)


def test_only_what_the_instalment_lacks_is_taken(
    plan: SavingsPlan,
    stripe_simulator: SimulatedStripe,
    gateway: StripeGateway,
    aristide: User,
    zoe: User,
) -> None:
    leave_card(Payer(plan), stripe_simulator, gateway, PAYS)
    with transaction():
        part = savings.RecordDeposit(amount=cad("700.00"), received_on=date(2005, 1, 1))
        payments.approve_receipt(savings.record_deposit(plan, part, by=aristide), by=zoe)
    on("2005-01-15")
    assert saved(plan) == "750.00"


def test_a_refused_card_is_tried_on_the_stated_days_and_then_a_person_is_told(
    plan: SavingsPlan, stripe_simulator: SimulatedStripe, gateway: StripeGateway
) -> None:
    card = leave_card(Payer(plan), stripe_simulator, gateway, REFUSED_LATER)
    for day, tries in (("2005-01-15", 1), ("2005-01-17", 1), ("2005-01-18", 2), ("2005-01-22", 3)):
        on(day)
        collection = card_deposits.waiting_collection(Payer(plan))
        assert collection is not None
        assert (collection.tries, collection.state) == (tries, CollectionState.RETRYING)
    on("2005-01-29")
    [collection] = db.session.scalars(select(Collection)).all()
    assert (collection.state, collection.tries) == (CollectionState.GIVEN_UP, 4)
    assert card.status is CardStatus.FAILING
    assert saved(plan) == "0.00"
    assert db.session.scalars(select(Attention.kind)).all() == ["card_failing"]
    assert sum("carte" in subject for subject in mails()) >= 4
    on("2005-04-15")
    assert len(stripe_simulator.client.v1.charges.list().data) == 4  # nothing more is tried
    leave_card(Payer(plan), stripe_simulator, gateway, PAYS)
    assert db.session.scalars(select(Attention).where(Attention.resolved_at.is_(None))).all() == []
    on("2005-07-15")
    assert saved(plan) == "1500.00"  # April, on the day the new card was left, and July


def test_a_card_that_no_other_day_changes_is_tried_once_and_its_delegation_told(
    client: FlaskClient,
    plan: SavingsPlan,
    stripe_simulator: SimulatedStripe,
    gateway: StripeGateway,
    aristide: User,
) -> None:
    with transaction():
        plan.delegation.contact_email = "tete@example.org"
    leave_card(Payer(plan), stripe_simulator, gateway, NEEDS_ITS_HOLDER)
    on("2005-01-15")
    [collection] = db.session.scalars(select(Collection)).all()
    assert (collection.state, collection.tries) == (CollectionState.GIVEN_UP, 1)
    assert "La carte de Réseau fictif du Grand-Héron a été refusée" in mails()  # not “your card”
    sign_in(client, aristide)
    page = client.get("/delegations/DKR05-OUT/plans/P1").get_data(as_text=True)
    assert "aucun autre jour ne changera" in page


def test_a_card_taken_off_is_charged_no_more(
    plan: SavingsPlan, stripe_simulator: SimulatedStripe, gateway: StripeGateway, client: FlaskClient
) -> None:
    leave_card(Payer(plan), stripe_simulator, gateway, PAYS)
    with transaction():
        token = links.issue_link("plan", plan.id, datetime(2006, 1, 1, tzinfo=UTC))
    with client.session_transaction() as session:
        session["locale"] = "en"
    page = unescape(client.get(f"/plan/{token}").text)
    assert "Visa ···· " in page
    assert "we try again 3, 7 and 14 days after the day it was due" in page
    csrf = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert csrf
    client.post(f"/plan/{token}/card/remove", data={"csrf_token": csrf[1]})
    on("2005-01-15")
    assert saved(plan) == "0.00"
    assert stripe_simulator.client.v1.charges.list().data == []


def test_a_card_is_left_through_the_payers_page(
    plan: SavingsPlan, stripe_simulator: SimulatedStripe, gateway: StripeGateway, client: FlaskClient
) -> None:
    with transaction():
        token = links.issue_link("plan", plan.id, datetime(2006, 1, 1, tzinfo=UTC))
    page = unescape(client.get(f"/plan/{token}").text)
    assert "J’accepte que chaque échéance du plan P1" in page
    csrf = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert csrf
    unwilling = client.post(f"/plan/{token}/card", data={"csrf_token": csrf[1]})
    assert unwilling.headers["Location"].endswith("#card")
    sent = client.post(f"/plan/{token}/card", data={"csrf_token": csrf[1], "agreed": "yes"})
    left = stripe_simulator.pay(sent.headers["Location"].rsplit("/", 1)[1])
    back = left.headers["Location"].removeprefix("http://localhost")
    assert client.get(back).status_code == 303
    card = saved_cards.card_of(savings.PURPOSE, plan.id)
    assert card is not None
    assert "J’accepte" in card.consent


@pytest.mark.usefixtures("both_databases")
def test_each_payer_leaves_a_card_of_their_own_for_their_share(
    plan: SavingsPlan, stripe_simulator: SimulatedStripe, gateway: StripeGateway, client: FlaskClient
) -> None:
    with transaction():
        body = savings.payer_named("Atelier fictif des Îles", "atelier@example.org", "fr", by=BY)
        third = AddPayer(organisation_id=body.id, share=Fraction(1, 3), since=date(2005, 1, 15))
        atelier = payers.add_payer(plan, third, by=BY)
        token = links.issue_link(*atelier.opened_by, datetime(2006, 1, 1, tzinfo=UTC))
    page = unescape(client.get(f"/plan/{token}").text)
    assert "(250,00 CAD et ainsi de suite" in page.replace("\u00a0", " ")
    leave_card(Payer(plan), stripe_simulator, gateway, PAYS)
    card = leave_card(atelier, stripe_simulator, gateway, REFUSED_LATER)
    on("2005-01-15")
    assert saved(plan) == "500.00"
    assert mails()[-1] == "Votre carte a été refusée pour le plan P1"
    leave_card(atelier, stripe_simulator, gateway, PAYS)
    assert card.status is CardStatus.REMOVED
    on("2005-01-18")
    assert saved(plan) == "750.00"
    on("2005-04-15")
    assert saved(plan) == "1500.00"
    csrf = re.search(r'name="csrf_token" value="([^"]+)"', client.get(f"/plan/{token}").text)
    assert csrf
    client.post(f"/plan/{token}/card/remove", data={"csrf_token": csrf[1]})
    on("2005-07-15")
    assert saved(plan) == "2000.00"  # the first payer's card goes on


@pytest.mark.parametrize(
    ("tries", "reason", "day"),
    [(1, "generic_decline", "2005-01-18"), (3, "insufficient_funds", "2005-01-29"), (4, "x", None),
     (1, "stolen_card", None), (1, "authentication_required", None)],
)  # fmt: skip
def test_the_calendar(tries: int, reason: str, day: str | None) -> None:
    found = retries.next_try(date(2005, 1, 15), tries, reason, date(2005, 1, 15))
    assert (found and found.isoformat()) == day


def test_a_day_that_has_passed_is_today() -> None:
    assert retries.next_try(date(2005, 1, 15), 1, "x", date(2005, 2, 1)) == date(2005, 2, 1)
