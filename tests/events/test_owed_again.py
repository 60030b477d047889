"""A fee of 60.00 CAD that came and went again: the place stays, the fee is owed and says why."""

from datetime import date

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from access.models import User
from events import owed_again, registration
from events.models import Registration, RegistrationStatus
from outbox.jobs import Job, run_due
from shared import clock
from shared.database import db, transaction
from shared.money import Money
from tests.events.gathering import BY, dakar, somebody
from tests.simulator.fixtures import SimulatedStripe
from tests.treasury.card_money import desk_of
from tests.treasury.desk import Desk
from treasury import approvals, attention_actions, payments
from treasury.books import verification
from treasury.models import Attention, Payment, PaymentMethod, PaymentStatus
from treasury.payments import RecordReceipt

CAD60 = Money.of("60.00", "CAD")


def join(method: PaymentMethod = PaymentMethod.TRANSFER) -> Registration:
    edition = dakar()
    with transaction():
        return registration.register(edition, somebody(method=method), by=BY)


def owed(made: Registration) -> Payment:
    db.session.expire_all()
    assert made.payment is not None
    return made.payment


def settle(payment: Payment, recorder: User, approver: User) -> None:
    """The fee is recorded by one and approved by another."""
    with transaction():
        payments.record_receipt(payment, RecordReceipt(received_on=clock.today()), by=recorder)
    approve_all(approver)


def approve_all(by: User) -> None:
    for waiting in approvals.waiting():
        with transaction():
            approvals.approve(waiting.entry, by=by)


def take_back(payment: Payment, recorder: User, approver: User) -> None:
    """The bank sends the cheque back."""
    with transaction():
        payments.return_receipt(payment, date(2005, 5, 4), "sans provision", by=recorder)
    approve_all(approver)


def open_attention() -> list[str]:
    return list(db.session.scalars(select(Attention.kind).where(Attention.resolved_at.is_(None))))


def mails() -> list[tuple[str, str]]:
    run_due()
    jobs = db.session.scalars(select(Job).where(Job.kind == "mail").order_by(Job.id))
    return [(one.payload["subject"], " ".join(one.payload["text"].split())) for one in jobs]


@pytest.mark.usefixtures("both_databases")
def test_a_cheque_that_came_back_leaves_the_place_and_the_fee_is_owed(
    app: Flask, aristide: User, zoe: User, fatou: User
) -> None:
    made = join(PaymentMethod.CHEQUE)
    first = owed(made)
    settle(first, aristide, zoe)
    take_back(first, aristide, zoe)
    again = owed(made)
    assert (made.status, made.edition.places_taken) == (RegistrationStatus.UNPAID, 1)
    assert (again.amount, again.status, first.status) == (
        CAD60,
        PaymentStatus.REQUESTED,
        PaymentStatus.RETURNED,
    )
    assert open_attention() == ["owed_again"]
    assert [item.offers[0].label for item in attention_actions.listed()] == ["Leave it as it is"]
    subject, text = mails()[-1]
    assert subject.startswith("Dakar 2005") and "la banque a repris votre paiement" in text.lower()
    assert again.reference in text
    organiser = Desk(app, fatou)
    assert "Payments that came back" in organiser.see("/manage/events/DKR05")
    page = organiser.see(f"/manage/events/DKR05/registrations/{made.id}")
    assert "Place taken, fee due · the bank took the payment back" in page and first.reference in page
    settle(again, aristide, zoe)
    assert (owed(made), made.status) == (again, RegistrationStatus.CONFIRMED)
    assert open_attention() == [] and "c’est payé" in mails()[-1][0]
    assert "Payments that came back" not in organiser.see("/manage/events/DKR05")
    assert verification.check().sound


def test_a_lost_dispute_asks_for_what_went_once_however_often_told(
    app: Flask, client: FlaskClient, stripe_simulator: SimulatedStripe
) -> None:
    made: list[Registration] = []

    def ask(*_amount: str, method: PaymentMethod, currency: str) -> Payment:
        made.append(join(method))
        return owed(made[0])

    card = desk_of(app, client, stripe_simulator, ask)
    first = card.paid()
    assert made[0].status is RegistrationStatus.CONFIRMED
    for outcome in ("", "lost"):
        card.stripe.control.dispute(card.charge(first), *filter(None, [outcome]))
    for packet in (told := card.packets()) + told:
        card.tell(packet)
    again = owed(made[0])
    assert (again.amount, first.status, made[0].status) == (
        CAD60,
        PaymentStatus.RETURNED,
        RegistrationStatus.UNPAID,
    )
    assert len(owed_again.earlier_payments(made[0])) == 1
    assert "owed_again" in open_attention() and "dispute_lost" not in open_attention()
    with transaction():
        link = registration.private_link(made[0])
    page = client.get(f"/registration/{link}", headers={"Accept-Language": "en"}).text
    assert "Your card payment was disputed" in page and again.reference in page
    with transaction():
        registration.cancel(made[0], "cannot come", by=BY)
    assert again.status is PaymentStatus.CANCELLED and "owed_again" not in open_attention()


def test_money_that_went_after_the_registration_was_cancelled_is_owed_by_nobody(
    app: Flask, aristide: User, zoe: User
) -> None:
    made = join()
    paid = owed(made)
    settle(paid, aristide, zoe)
    with transaction():
        registration.cancel(made, "cannot come", by=BY)
    take_back(paid, aristide, zoe)
    assert owed(made) == paid and made.status is RegistrationStatus.CANCELLED
    assert open_attention() == ["cancelled_after_payment", "taken_back"]
