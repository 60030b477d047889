"""Registration told as worked examples, on both databases."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from access import links
from access.models import User
from events import places, registration
from events.models import Edition, Registration, RegistrationStatus
from network.people import PersonDetails
from outbox.jobs import Job
from shared import clock
from shared.database import db, transaction
from shared.errors import DomainError
from shared.money import Money
from tests.events.gathering import BY, dakar, somebody, summer_university
from treasury import payments
from treasury.models import Attention, Payment, PaymentMethod, PaymentStatus
from treasury.payments import RecordReceipt

pytestmark = pytest.mark.usefixtures("both_databases")


@pytest.fixture(autouse=True)
def settled(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(payments.SETTLED, "registration", registration.fee_settled)


def join(edition: Edition, number: int = 1, **changes: object) -> Registration:
    with transaction():
        return registration.register(edition, somebody(number, **changes), by=BY)


def messages() -> list[str]:
    jobs = db.session.scalars(select(Job).where(Job.kind == "registration-message").order_by(Job.id))
    return [job.payload["about"] for job in jobs]


def attention() -> list[str]:
    return list(db.session.scalars(select(Attention.kind).order_by(Attention.id)))


def pay(payment: Payment, recorder: User, approver: User) -> None:
    with transaction():
        payments.record_receipt(payment, RecordReceipt(received_on=clock.today()), by=recorder)
    with transaction():
        payments.approve_receipt(payment, by=approver)


def test_a_fee_is_asked_for_and_settled_by_two_people(app: Flask, aristide: User, zoe: User) -> None:
    joined = join(dakar())
    assert (joined.status, joined.fee, joined.edition.places_taken) == (
        RegistrationStatus.UNPAID,
        Money.of("60.00", "CAD"),
        1,
    )
    payment = joined.payment
    assert payment is not None
    assert payment.reference.startswith("TG") and payment.fund_id == joined.edition.fund_id
    pay(payment, aristide, zoe)
    assert joined.status is RegistrationStatus.CONFIRMED
    assert messages() == ["unpaid", "paid"]


def test_the_free_tier_is_confirmed_at_once(app: Flask) -> None:
    joined = join(summer_university(), tier_code="gratuit")
    assert (joined.status, joined.fee, joined.payment) == (
        RegistrationStatus.CONFIRMED,
        Money.zero("CAD"),
        None,
    )
    assert messages() == ["confirmed"]


def test_a_fee_must_be_chosen_where_there_are_several(app: Flask) -> None:
    edition = summer_university()
    for chosen in (None, "gold"):
        with pytest.raises(registration.UnknownTier), transaction():
            registration.register(edition, somebody(tier_code=chosen), by=BY)


def test_a_fee_of_zero_decided_by_the_house_is_not_the_full_fee(app: Flask) -> None:
    assert join(dakar(), fee=Money.zero("CAD")).status is RegistrationStatus.CONFIRMED


def test_the_same_form_posted_twice_is_one_registration(app: Flask) -> None:
    edition = dakar()
    assert join(edition, 1).id == join(edition, 1).id
    assert (edition.places_taken, len(messages())) == (1, 1)


def test_the_same_person_on_two_forms_is_registered_once(app: Flask) -> None:
    edition = dakar()
    first = join(edition, 1)
    with pytest.raises(registration.AlreadyRegistered) as twice:
        join(edition, 1, submission_key="another form")
    assert twice.value.details["registration_id"] == first.id
    assert edition.places_taken == 1


def test_after_cancelling_one_may_register_again(app: Flask) -> None:
    edition = dakar()
    first = join(edition, 1)
    with transaction():
        registration.cancel(first, "cannot come", by=BY)
    assert join(edition, 1, submission_key="another form").status is RegistrationStatus.UNPAID
    assert edition.places_taken == 1


def test_a_full_edition_offers_the_waiting_list(app: Flask) -> None:
    edition = dakar(capacity=1)
    join(edition, 1)
    with pytest.raises(registration.EditionFull):
        join(edition, 2)
    waiting = join(edition, 2, waitlist_ok=True)
    assert (waiting.status, waiting.payment, edition.places_taken) == (RegistrationStatus.WAITLISTED, None, 1)


def test_a_place_given_back_is_offered_to_the_first_who_waits(app: Flask) -> None:
    edition = dakar(capacity=1)
    first = join(edition, 1)
    waiting = [join(edition, number, waitlist_ok=True) for number in (2, 3)]
    with transaction():
        registration.cancel(first, "cannot come", by=BY)
    assert [one.status for one in waiting] == [RegistrationStatus.OFFERED, RegistrationStatus.WAITLISTED]
    assert waiting[0].offered_until is not None and edition.places_taken == 1
    with pytest.raises(registration.EditionFull):
        join(edition, 4)
    with transaction():
        places.accept_offer(waiting[0], by=BY)
    assert (waiting[0].status, edition.places_taken) == (RegistrationStatus.UNPAID, 1)
    assert waiting[0].payment is not None


def test_an_offer_nobody_took_goes_to_the_next_and_then_comes_back(app: Flask) -> None:
    edition = dakar(capacity=1)
    first = join(edition, 1)
    second, third = (join(edition, number, waitlist_ok=True) for number in (2, 3))
    with transaction():
        registration.cancel(first, "cannot come", by=BY)
        places.end_offer(second, by=BY)
    assert second.status is RegistrationStatus.OFFERED, "three days are not over"
    clock.travel_to(clock.now() + timedelta(days=3, hours=1))
    with pytest.raises(DomainError), transaction():
        places.accept_offer(second, by=BY)
    with transaction():
        places.end_offer(second, by=BY)
    assert (second.status, third.status) == (RegistrationStatus.WAITLISTED, RegistrationStatus.OFFERED)
    assert edition.places_taken == 1
    with transaction():
        registration.cancel(third, "cannot come", by=BY)
    assert second.status is RegistrationStatus.OFFERED


def test_money_for_a_cancelled_registration_goes_to_the_attention_list(
    app: Flask, aristide: User, zoe: User
) -> None:
    joined = join(dakar())
    payment = joined.payment
    assert payment is not None
    with transaction():
        payments.record_receipt(payment, RecordReceipt(received_on=clock.today()), by=aristide)
    with transaction():
        registration.cancel(joined, "cannot come", by=BY)
    with transaction():
        payments.approve_receipt(payment, by=zoe)
    assert (joined.status, payment.status) == (RegistrationStatus.CANCELLED, PaymentStatus.SETTLED)
    assert attention() == ["cancelled_after_payment"]  # said once


def test_cancelling_an_unpaid_registration_asks_for_no_more_money(app: Flask) -> None:
    joined = join(dakar())
    for _again in range(2):
        with transaction():
            registration.cancel(joined, "cannot come", by=BY)
    assert joined.payment is not None and joined.payment.status is PaymentStatus.CANCELLED
    assert (joined.edition.places_taken, attention()) == (0, [])
    with pytest.raises(registration.ReasonMissing), transaction():
        registration.cancel(joined, "  ", by=BY)


@pytest.mark.parametrize(
    "moment", [datetime(2005, 1, 14, 23, 59, tzinfo=UTC), datetime(2005, 10, 15, tzinfo=UTC)]
)
def test_before_the_opening_and_after_the_deadline_registration_is_closed(
    app: Flask, moment: datetime
) -> None:
    edition = dakar()
    clock.travel_to(moment)
    with pytest.raises(registration.RegistrationClosed):
        join(edition)


def test_an_accredited_seat_registers_after_the_publics_deadline(app: Flask) -> None:
    edition = dakar()
    clock.travel_to(datetime(2005, 11, 1, tzinfo=UTC))
    joined = join(edition, seat_code="DKR05-OUT-1", party_code="DKR05-OUT", party_name="Outaouais")
    assert joined.status is RegistrationStatus.UNPAID


def test_admission_although_unpaid_has_a_reason_and_leaves_the_fee_due(app: Flask) -> None:
    joined = join(dakar())
    with pytest.raises(registration.ReasonMissing), transaction():
        registration.admit_unpaid(joined, "", by=BY)
    with transaction():
        registration.admit_unpaid(joined, "The bank is slow", by=BY)
    assert joined.admit_unpaid and joined.status is RegistrationStatus.UNPAID


def test_somebody_else_comes_instead_and_the_money_stays(app: Flask) -> None:
    joined = join(dakar())
    before = joined.id, joined.payment_id
    code = joined.code
    with transaction():
        text = registration.private_link(joined)
    with transaction():
        registration.replace_person(
            joined, PersonDetails(name="Lison Substitut", email="lison@example.org"), by=BY
        )
    assert (joined.id, joined.payment_id) == before
    assert joined.person.name == "Lison Substitut" and joined.code != code
    with pytest.raises(DomainError) as closed:
        links.open_link("registration", text)
    assert closed.value.status == 410


@pytest.mark.parametrize("paid", [False, True])
def test_what_is_still_due_is_asked_of_whoever_comes_instead(
    app: Flask, aristide: User, zoe: User, paid: bool
) -> None:
    joined = join(dakar())
    payment, first = joined.payment, joined.person.email
    assert payment is not None
    if paid:
        pay(payment, aristide, zoe)
    with transaction():
        registration.replace_person(
            joined, PersonDetails(name="Lison Substitut", email="lison@example.org"), by=BY
        )
    assert payment.payer_email == (first if paid else "lison@example.org")


def rush(app: Flask, edition: Edition, attempts: int, threads: int, command: Callable[[int], object]) -> int:
    """`attempts` registrations by `threads` at once; how many were refused as full."""
    key, refused, lock = edition.id, [], threading.Lock()
    db.session.remove()

    def work(start: int) -> None:
        with app.app_context():
            for number in range(start, attempts, threads):
                try:
                    with transaction():
                        registration.register(db.session.get_one(Edition, key), command(number), by=BY)  # type: ignore[arg-type]
                except registration.EditionFull:
                    with lock:
                        refused.append(number)

    crowd = [threading.Thread(target=work, args=(start,)) for start in range(threads)]
    for one in crowd:
        one.start()
    for one in crowd:
        one.join()
    return len(refused)


def count(edition_id: int) -> int:
    found = db.session.scalars(select(Registration).where(Registration.edition_id == edition_id))
    return len(found.all())


def test_two_hundred_attempts_at_fifty_places_fill_exactly_fifty(app: Flask) -> None:
    edition = dakar(capacity=50)
    key = edition.id
    refused = rush(app, edition, 200, 8, somebody)
    assert (count(key), refused) == (50, 150)
    assert db.session.get_one(Edition, key).places_taken == 50


def test_twenty_posts_of_one_form_at_once_are_one_registration(app: Flask) -> None:
    edition = dakar()
    key = edition.id
    rush(app, edition, 20, 10, lambda number: somebody(1))
    assert (count(key), db.session.get_one(Edition, key).places_taken, messages()) == (1, 1, ["unpaid"])


@pytest.mark.parametrize(
    "both_databases", [pytest.param("postgresql", marks=pytest.mark.postgres)], indirect=True
)
def test_without_the_lock_the_rush_oversells(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """The control: the guard keeps the promise, not luck. On SQLite the guard is BEGIN IMMEDIATE itself."""
    edition = dakar(capacity=5)
    key, meeting = edition.id, threading.Barrier(8, timeout=10)

    def unlocked(edition: Edition) -> None:
        db.session.refresh(edition)
        if meeting.n_waiting < 8 and not meeting.broken:
            meeting.wait()

    monkeypatch.setattr(registration, "lock", unlocked)
    refused = rush(app, edition, 8, 8, somebody)
    assert count(key) > 5 and refused < 3


def test_a_card_chosen_on_the_form_is_noted_on_the_payment(app: Flask) -> None:
    payment = join(dakar(), method=PaymentMethod.CARD).payment
    assert payment is not None and payment.method is PaymentMethod.CARD
