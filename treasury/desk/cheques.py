"""Cheques: received, brought to the bank together, and now and then returned by it."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from access.models import User
from shared import audit
from shared.audit import System
from shared.database import db
from shared.errors import Conflict, DomainError
from shared.i18n import _l
from shared.money import Money
from treasury import chart, ledger, payments
from treasury.cards.books import open_day
from treasury.desk.models import Cheque, ChequeDeposit
from treasury.ledger import Leg
from treasury.models import EntryStatus, JournalEntry, Payment, PaymentMethod
from treasury.payments import RecordReceipt
from treasury.receipt_models import Placement, PlacementKind

_LATEST = 10


class NotApprovedYet(DomainError):
    """A cheque goes to the bank once its receipt is in the books, and once."""

    code = "cheque_not_ready"
    message = _l("Only cheques that are approved and not deposited yet go to the bank, of one currency.")


def receive_cheque(payment: Payment, command: RecordReceipt, *, by: User) -> Cheque:
    """Record a cheque for a payment, in hand until it is brought to the bank; somebody else approves it.

    One in another currency is the payer's credit, like any other money. Raises what
    `payments.record_receipt` raises.
    """
    received = replace(command, account_code=chart.CHEQUES, method=PaymentMethod.CHEQUE)
    payments.record_receipt(payment, received, by=by)
    db.session.flush()
    cheque = Cheque(
        payment_id=payment.id,
        entry_id=payment.entry_id or _credited(payment),
        amount=payment.amount if command.amount is None else command.amount,
        received_on=command.received_on,
    )
    db.session.add(cheque)
    db.session.flush()
    return cheque


def _credited(payment: Payment) -> int:
    """The entry of the credit that a payment's money became last."""
    return db.session.scalars(
        select(Placement.entry_id)
        .where(Placement.payment_id == payment.id, Placement.kind == PlacementKind.CREDIT)
        .order_by(Placement.id.desc())
        .limit(1)
    ).one()


def in_hand() -> list[Cheque]:
    """Cheques that are not at the bank, the first first."""
    return list(
        db.session.scalars(
            select(Cheque)
            .where(Cheque.deposit_id.is_(None), Cheque.returned_on.is_(None))
            .order_by(Cheque.currency, Cheque.id)
            .options(joinedload(Cheque.payment), joinedload(Cheque.entry))
        )
    )


def latest_deposits() -> list[tuple[ChequeDeposit, list[Cheque]]]:
    """What was brought to the bank lately, the last first, with its cheques."""
    deposits = db.session.scalars(
        select(ChequeDeposit)
        .order_by(ChequeDeposit.id.desc())
        .limit(_LATEST)
        .options(joinedload(ChequeDeposit.entry))
    ).all()
    held: dict[int, list[Cheque]] = defaultdict(list)
    for cheque in db.session.scalars(
        select(Cheque)
        .where(Cheque.deposit_id.in_([one.id for one in deposits]))
        .order_by(Cheque.id)
        .options(joinedload(Cheque.payment))
    ):
        held[cheque.deposit_id or 0].append(cheque)
    return [(one, held[one.id]) for one in deposits]


def deposit_cheques(cheques: Sequence[Cheque], on: date, slip: str, *, by: User) -> ChequeDeposit:
    """Draft that these cheques are brought to the bank together; somebody else approves it.

    Raises `NotApprovedYet`.
    """
    _lock(cheques)
    ready = all(
        one.deposit_id is None and one.returned_on is None and one.entry.status is EntryStatus.POSTED
        for one in cheques
    )
    if not cheques or not ready or len({one.currency for one in cheques}) > 1:
        raise NotApprovedYet
    shares: dict[int, Money] = defaultdict(lambda: Money.zero(cheques[0].currency))
    for cheque in cheques:
        shares[cheque.payment.fund_id] += cheque.amount
    legs = []
    for fund_id, share in sorted(shares.items()):
        legs += [Leg(chart.BANK, fund_id, share, memo=slip), Leg(chart.CHEQUES, fund_id, -share)]
    entry = ledger.draft(on, f"Cheques {slip}".strip(), legs, by=by)
    deposit = ChequeDeposit(deposited_on=on, slip=slip, entry_id=entry.id)
    db.session.add(deposit)
    db.session.flush()
    for cheque in cheques:
        cheque.deposit_id = deposit.id
    audit.record("cheques.deposit", deposit, by=by, count=len(cheques))
    return deposit


def _lock(cheques: Sequence[Cheque]) -> None:
    """Hold the cheques, in order, and read them as they are now."""
    ids = [one.id for one in cheques]
    db.session.scalars(
        select(Cheque)
        .where(Cheque.id.in_(ids))
        .order_by(Cheque.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()


def undo_deposit(entry: JournalEntry) -> None:
    """The draft of a deposit is thrown away: its cheques are in hand again.

    One that was taken back meanwhile never was at the bank, so it does not leave it either.
    """
    deposit = db.session.scalar(select(ChequeDeposit).where(ChequeDeposit.entry_id == entry.id))
    if deposit is None:
        return
    for cheque in db.session.scalars(select(Cheque).where(Cheque.deposit_id == deposit.id)):
        cheque.deposit_id = None
        if cheque.returned_on is not None:
            _unfollow(cheque)
    db.session.flush()
    db.session.delete(deposit)
    db.session.flush()


def follow_return(payment: Payment, mirror: JournalEntry) -> None:
    """A receipt was taken back: a deposited cheque of it leaves the bank too, by an entry that follows.

    The mirror took it from the cheques in hand, where it no longer was.
    """
    cheque = db.session.scalar(select(Cheque).where(Cheque.entry_id == mirror.reverses_id).with_for_update())
    if cheque is None:
        return
    cheque.returned_on = mirror.dated_on
    if cheque.deposit_id is None:
        return
    legs = [
        Leg(chart.CHEQUES, payment.fund_id, cheque.amount, memo=payment.reference),
        Leg(chart.BANK, payment.fund_id, -cheque.amount, memo=payment.reference),
    ]
    ledger.post_now(
        open_day(mirror.dated_on),
        mirror.narration,
        legs,
        source=f"cheque:{cheque.id}",
        idempotency_key=_followed(cheque),
    )


def _followed(cheque: Cheque) -> str:
    """The key of the entry by which a returned cheque leaves the bank."""
    return f"cheque-returned:{cheque.id}"


def _unfollow(cheque: Cheque) -> None:
    """Take back that the cheque left the bank."""
    left = db.session.scalars(
        select(JournalEntry).where(JournalEntry.idempotency_key == _followed(cheque))
    ).one()
    machine = System()
    mirror = ledger.reverse(left, open_day(left.dated_on), left.narration, by=machine)
    ledger.post(mirror, by=machine)


def must_be_known(ids: Sequence[int]) -> list[Cheque]:
    """Cheques by their ids. Raises `Conflict` when one is not there."""
    found = list(db.session.scalars(select(Cheque).where(Cheque.id.in_(ids)).order_by(Cheque.id)))
    if len(found) != len(set(ids)):
        raise Conflict
    return found
