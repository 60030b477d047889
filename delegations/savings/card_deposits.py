"""Instalments taken from a payer's kept card on their due dates, tried again on a stated calendar.

A job is planned for the next instalment when a card is left, and for the one after when it is over. Only what
the payer's part of the instalment still lacks is taken; what was late before the card was left is not.
"""

from collections.abc import Callable
from datetime import datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from flask_babel import force_locale, format_date
from sqlalchemy import Select, select

from access import links
from delegations import messages
from delegations.models import PlanStatus, SavingsPlan
from delegations.savings import plans as savings
from delegations.savings.collection_models import Collection, CollectionState
from delegations.savings.payer_models import Payer, PlanPayer
from delegations.savings.payer_queries import payer_of
from delegations.savings.payer_standings import standing_of
from delegations.savings.schedule import InstalmentState, InstalmentStatus
from delegations.sending import spoken
from outbox.jobs import HANDLERS, enqueue
from shared.audit import System
from shared.clock import now, today
from shared.database import db, hold, transaction
from shared.i18n import _
from shared.money import format_money
from treasury.attention import attend, withdraw
from treasury.cards import retries, saved_cards
from treasury.cards.models import AttemptStatus, CardStatus, SavedCard
from treasury.cards.saved_cards import CARD_KEPT, AskCard
from treasury.cards.values import CardNetwork
from treasury.models import Payment, PaymentMethod, PaymentStatus

JOB = "collect-instalment"
FURTHER_PAYER = "savings-payer"
"""The purpose of a further payer's card; the first payer's is kept for the plan, `savings.PURPOSE`."""

_HOUR = time(9)  # in the edition's zone: nobody's card is charged at night
_BY = System("card")
_OVER = (CollectionState.PAID, CollectionState.GIVEN_UP, CollectionState.SKIPPED)


def install(gateway: Callable[[], CardNetwork]) -> None:
    """Fill in the tables of what follows and of jobs; called in `app.py`."""
    CARD_KEPT[savings.PURPOSE] = CARD_KEPT[FURTHER_PAYER] = card_kept
    HANDLERS[JOB] = lambda payload: collect(payload, gateway())


def kept_for(payer: Payer) -> tuple[str, int]:
    """For which purpose and subject a payer's card is kept."""
    return (FURTHER_PAYER, payer.row.id) if payer.row else (savings.PURPOSE, payer.plan.id)


def card_of(payer: Payer) -> SavedCard | None:
    """The payer's card that is charged, or that has failed and is not replaced yet."""
    return saved_cards.card_of(*kept_for(payer))


def consent_of(payer: Payer) -> str:
    """The sentence that a payer agrees to when they leave their card, in their language."""
    plan, locale = payer.plan, spoken(payer.organisation.locale)
    asked = _asked(payer)
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
    payer: Payer, gateway: CardNetwork, *, success_url: str, cancel_url: str, locale: str
) -> str:
    """The address of a page on which the payer leaves a card for their instalments. Raises `PlanClosed`."""
    if payer.plan.status is PlanStatus.CLOSED:
        raise savings.PlanClosed
    purpose, subject_id = kept_for(payer)
    command = AskCard(
        purpose=purpose,
        subject_id=subject_id,
        reference=payer.reference,
        currency=payer.plan.currency,
        payer_name=payer.organisation.name,
        payer_email=payer.written_to,
        consent=consent_of(payer),
    )
    return saved_cards.ask_card(
        command, gateway, success_url=success_url, cancel_url=cancel_url, locale=locale
    )


def card_kept(card: SavedCard) -> None:
    """A payer left a card: plan the next instalment; that an earlier card failed asks for nobody any more."""
    if card.purpose == FURTHER_PAYER:
        row = db.session.get_one(PlanPayer, card.subject_id)
        payer = Payer(row.plan, row)
    else:
        payer = Payer(db.session.get_one(SavingsPlan, card.subject_id))
    given_up = _planned(payer).where(Collection.state == CollectionState.GIVEN_UP)
    for collection in db.session.scalars(given_up):
        withdraw(f"collection:{collection.id}", "another card was left", by=_BY)
    plan_next(payer)


def plan_next(payer: Payer) -> Collection | None:
    """Plan the payer's next instalment that is not paid and not behind us; None without one or a card.

    One that waits already stays as it is.
    """
    plan = payer.plan
    hold(plan)
    waiting, card = waiting_collection(payer), card_of(payer)
    if waiting or card is None or card.status is not CardStatus.ACTIVE or plan.status is PlanStatus.CLOSED:
        return waiting
    known = {one.number for one in db.session.scalars(_planned(payer))}
    for part in _asked(payer):
        due, number = part.instalment.due, part.instalment.number
        paid = part.state is InstalmentState.PAID
        if not paid and number not in known and due >= today(plan.delegation.edition.zone):
            made = Collection(plan_id=plan.id, payer_id=payer.id, number=number, due_on=due, next_on=due)
            db.session.add(made)
            db.session.flush()
            _plan_try(made)
            return made
    return None


def _asked(payer: Payer) -> tuple[InstalmentStatus, ...]:
    status = standing_of(payer).status
    return status.instalments if status else ()


def _planned(payer: Payer) -> Select[Collection]:
    return select(Collection).where(Collection.plan_id == payer.plan.id, Collection.payer_id == payer.id)


def waiting_collection(payer: Payer) -> Collection | None:
    """The instalment that is to be taken from this payer next."""
    return db.session.scalar(_planned(payer).where(Collection.state.not_in(_OVER)))


def last_collection(payer: Payer) -> Collection | None:
    """The instalment that was planned last for this payer, however it ended."""
    return db.session.scalars(_planned(payer).order_by(Collection.number.desc())).first()


def _payer(collection: Collection) -> Payer:
    return payer_of(collection.plan, collection.payer_id)


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
    payer, payment = _payer(collection), collection.payment
    if payment is not None and payment.status is PaymentStatus.SETTLED:  # before a crash
        collection.tries = number
        _paid(collection)
        return None
    card = card_of(payer)
    lacking = next(
        (
            part.instalment.amount - part.paid
            for part in _asked(payer)
            if part.instalment.number == collection.number
        ),
        None,  # a change of the plan took it away
    )
    closed = payer.plan.status is PlanStatus.CLOSED
    off = card is None or card.status is not CardStatus.ACTIVE or closed
    if card is None or off or not lacking:
        collection.state = CollectionState.SKIPPED
        plan_next(payer)
        return None
    if payment is None or payment.amount != lacking or payment.status is not PaymentStatus.REQUESTED:
        payment = savings.request_exactly(payer, lacking, PaymentMethod.CARD, by=_BY)
        db.session.flush()
        collection.payment_id = payment.id
    return payment.id, card.id


def _paid(collection: Collection) -> None:
    collection.state = CollectionState.PAID
    plan_next(_payer(collection))


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
    with force_locale(spoken(_payer(collection).organisation.locale)):
        said: str = _("We try again on %(day)s.", day=format_date(collection.next_on, "long"))
    return said


def _tell(collection: Collection, again: str) -> None:
    payer = _payer(collection)
    token = links.issue_link(*payer.opened_by, now() + savings.LINK_LASTS)
    payment = db.session.get_one(Payment, collection.payment_id)
    messages.tell_card_declined(
        payer, payment.amount, again, token, key=f"{collection.id}-{collection.tries}"
    )
