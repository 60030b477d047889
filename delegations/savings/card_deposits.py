"""Instalments taken from the payer's kept card on their due dates, tried again on a stated calendar.

A job is planned for the next instalment when a card is left, and for the one after when it is over. Only what
the instalment still lacks is taken; what was late before the card was left is not.
"""

from collections.abc import Callable
from datetime import datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from flask_babel import force_locale, format_date
from sqlalchemy import select

from access import links
from delegations import messages
from delegations.models import PlanStatus, SavingsPlan
from delegations.savings import plans as savings
from delegations.savings.collection_models import Collection, CollectionState
from delegations.savings.payer_models import Payer
from delegations.savings.payer_standings import standing_of
from delegations.savings.schedule import InstalmentState, InstalmentStatus
from outbox.jobs import HANDLERS, enqueue
from shared.audit import System
from shared.clock import now, today
from shared.database import db, hold, transaction
from shared.i18n import DEFAULT_LOCALE, LOCALES, _
from shared.money import format_money
from treasury.attention import attend, withdraw
from treasury.cards import retries, saved_cards
from treasury.cards.models import AttemptStatus, CardStatus, SavedCard
from treasury.cards.saved_cards import CARD_KEPT, AskCard
from treasury.cards.values import CardNetwork
from treasury.models import Payment, PaymentMethod, PaymentStatus

JOB = "collect-instalment"
_HOUR = time(9)  # in the edition's zone: nobody's card is charged at night
_BY = System("card")
_OVER = (CollectionState.PAID, CollectionState.GIVEN_UP, CollectionState.SKIPPED)


def install(gateway: Callable[[], CardNetwork]) -> None:
    """Fill in the tables of what follows and of jobs; called in `app.py`."""
    CARD_KEPT[savings.PURPOSE] = card_kept
    HANDLERS[JOB] = lambda payload: collect(payload, gateway())


def consent_of(plan: SavingsPlan) -> str:
    """The sentence that a payer agrees to when they leave their card, in the language of their plan."""
    locale = plan.payer.locale if plan.payer.locale in LOCALES else DEFAULT_LOCALE
    asked = _asked(plan)
    amount = asked[0].instalment.amount if asked else plan.target
    with force_locale(locale):
        said: str = _(
            "I agree that each instalment of the plan %(plan)s (%(amount)s and so on, as on its page) is "
            "taken from this card on the day it is due. I can take the card off at any time.",
            plan=plan.code,
            amount=format_money(amount, locale),
        )
    return said


def ask_for_card(
    plan: SavingsPlan, gateway: CardNetwork, *, success_url: str, cancel_url: str, locale: str
) -> str:
    """The address of a page on which the payer leaves a card for the instalments. Raises `PlanClosed`."""
    if plan.status is PlanStatus.CLOSED:
        raise savings.PlanClosed
    command = AskCard(
        purpose=savings.PURPOSE,
        subject_id=plan.id,
        reference=plan.reference,
        currency=plan.currency,
        payer_name=plan.payer.name,
        payer_email=plan.written_to,
        consent=consent_of(plan),
    )
    return saved_cards.ask_card(
        command, gateway, success_url=success_url, cancel_url=cancel_url, locale=locale
    )


def card_kept(card: SavedCard) -> None:
    """A payer left a card: plan the next instalment; that an earlier card failed asks for nobody any more."""
    plan = db.session.get_one(SavingsPlan, card.subject_id)
    given_up = select(Collection.id).where(
        Collection.plan_id == plan.id, Collection.state == CollectionState.GIVEN_UP
    )
    for collection_id in db.session.scalars(given_up):
        withdraw(f"collection:{collection_id}", "another card was left", by=_BY)
    plan_next(plan)


def plan_next(plan: SavingsPlan) -> Collection | None:
    """Plan the next instalment that is not paid and not behind us; None when there is none, or no card.

    One that waits already stays as it is.
    """
    hold(plan)
    waiting = waiting_collection(plan)
    card = saved_cards.card_of(savings.PURPOSE, plan.id)
    if waiting or card is None or card.status is not CardStatus.ACTIVE or plan.status is PlanStatus.CLOSED:
        return waiting
    known = set(db.session.scalars(select(Collection.number).where(Collection.plan_id == plan.id)))
    for part in _asked(plan):
        due, number = part.instalment.due, part.instalment.number
        paid = part.state is InstalmentState.PAID
        if not paid and number not in known and due >= today(plan.delegation.edition.zone):
            made = Collection(plan_id=plan.id, number=number, due_on=due, next_on=due)
            db.session.add(made)
            db.session.flush()
            _plan_try(made)
            return made
    return None


def _asked(plan: SavingsPlan) -> tuple[InstalmentStatus, ...]:
    """What is asked of the first payer, whose card it is."""
    status = standing_of(Payer(plan)).status
    return status.instalments if status else ()


def waiting_collection(plan: SavingsPlan) -> Collection | None:
    """The instalment that is to be taken next."""
    return db.session.scalar(
        select(Collection).where(Collection.plan_id == plan.id, Collection.state.not_in(_OVER))
    )


def last_collection(plan: SavingsPlan) -> Collection | None:
    """The instalment that was planned last, however it ended."""
    return db.session.scalars(
        select(Collection).where(Collection.plan_id == plan.id).order_by(Collection.number.desc())
    ).first()


def _plan_try(collection: Collection) -> None:
    zone = ZoneInfo(collection.plan.delegation.edition.zone)
    at = datetime.combine(collection.next_on, _HOUR, zone)
    number = collection.tries + 1
    enqueue(
        JOB,
        {"collection": collection.id, "try": number},
        key=f"{JOB}:{collection.id}:{number}",
        due_at=max(at, now()),
    )


def collect(payload: dict[str, Any], gateway: CardNetwork) -> None:
    """The job: take one instalment from the card, as try ``payload["try"]``. Run again, it takes it once.

    Opens and ends its own transactions; raises `GatewayUnavailable` so that the job is run again later.
    """
    collection_id, number = payload["collection"], payload["try"]
    with transaction():
        asked = _ask(collection_id, number)
    if asked is None:
        return
    payment_id, card_id = asked
    attempt = saved_cards.charge_card(payment_id, card_id, number, gateway)
    status, reason = attempt.status, attempt.reason
    with transaction():
        collection = db.session.get_one(Collection, collection_id, with_for_update=True)
        if collection.tries < number:
            collection.tries, collection.reason = number, reason
            _paid(collection) if status is AttemptStatus.PAID else _declined(collection, card_id)


def _ask(collection_id: int, number: int) -> tuple[int, int] | None:
    """The payment to charge and the card, if there is anything to take; what is over is closed."""
    collection = db.session.get_one(Collection, collection_id, with_for_update=True)
    if collection.tries >= number or collection.state in _OVER:
        return None
    plan, payment = collection.plan, collection.payment
    if payment is not None and payment.status is PaymentStatus.SETTLED:  # before a crash
        collection.tries = number
        _paid(collection)
        return None
    card = saved_cards.card_of(savings.PURPOSE, plan.id)
    lacking = next(
        (
            part.instalment.amount - part.paid
            for part in _asked(plan)
            if part.instalment.number == collection.number
        ),
        None,  # a change of the plan took it away
    )
    off = card is None or card.status is not CardStatus.ACTIVE or plan.status is PlanStatus.CLOSED
    if card is None or off or not lacking:
        collection.state = CollectionState.SKIPPED
        plan_next(plan)
        return None
    if payment is None or payment.amount != lacking or payment.status is not PaymentStatus.REQUESTED:
        payment = savings.request_exactly(Payer(plan), lacking, PaymentMethod.CARD, by=_BY)
        db.session.flush()
        collection.payment_id = payment.id
    return payment.id, card.id


def _paid(collection: Collection) -> None:
    collection.state = CollectionState.PAID
    plan_next(collection.plan)


def _declined(collection: Collection, card_id: int) -> None:
    plan = collection.plan
    day = retries.next_try(
        collection.due_on, collection.tries, collection.reason, today(plan.delegation.edition.zone)
    )
    if day is not None:
        collection.state, collection.next_on = CollectionState.RETRYING, day
        _plan_try(collection)
        _tell(collection, _retry_words(collection))
        return
    collection.state = CollectionState.GIVEN_UP
    card = db.session.get_one(SavedCard, card_id)
    card.status = CardStatus.FAILING
    payment = db.session.get_one(Payment, collection.payment_id)
    attend(
        "card_failing",
        f"collection:{collection.id}",
        payment_id=payment.id,
        details=f"{plan.code} – {collection.tries} × {collection.reason}",
        amount=payment.amount,
    )
    _tell(collection, "")


def _retry_words(collection: Collection) -> str:
    with force_locale(_locale(collection.plan)):
        said: str = _("We try again on %(day)s.", day=format_date(collection.next_on, "long"))
    return said


def _tell(collection: Collection, again: str) -> None:
    plan = collection.plan
    token = links.issue_link("plan", plan.id, now() + savings.LINK_LASTS)
    payment = db.session.get_one(Payment, collection.payment_id)
    messages.tell_card_declined(plan, payment.amount, again, token, key=f"{collection.id}-{collection.tries}")


def _locale(plan: SavingsPlan) -> str:
    return plan.payer.locale if plan.payer.locale in LOCALES else DEFAULT_LOCALE
