"""Money that came for the wrong thing, twice or too much: put where it belongs by an entry of two people."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import String, cast, false, func, or_, select, union_all

from access.models import User
from shared import audit
from shared.database import db, hold
from shared.errors import DomainError, NotFound
from shared.i18n import _l
from shared.money import Money
from treasury import chart, ledger, payments
from treasury.books import exchange, rates
from treasury.cards.models import Refund, RefundStatus
from treasury.ledger import Leg
from treasury.models import (
    Account,
    AccountKind,
    EntryStatus,
    JournalEntry,
    Payment,
    PaymentMethod,
    PaymentStatus,
    Posting,
)
from treasury.payments import RecordReceipt, RequestPayment
from treasury.receipt_models import Placement, PlacementKind

REST = "rest"
"""The purpose of a payment that asks for what was missing of another one (its subject)."""


class NotThatMuch(DomainError):
    """Less is left of the payment, or of the credit, than is to be placed."""

    code = "not_that_much"
    message = _l("Only %(left)s is left of it.")


class OtherCurrency(DomainError):
    """Money pays only what is asked for in its own currency; it is changed first."""

    code = "other_currency"
    message = _l("This is in %(currency)s. Change it first, at the rate of the day.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """How much is placed on which day and in what words; `attention_id` is what that settles."""

    amount: Money
    on: date
    narration: str
    attention_id: int | None = None


def received_in(payment: Payment) -> str:
    """The account the payment's money arrived in."""
    code = db.session.scalar(
        select(Account.code)
        .join(Posting, Posting.account_id == Account.id)
        .where(
            Posting.entry_id == payment.entry_id,
            Posting.fund_id == payment.fund_id,
            Account.kind == AccountKind.ASSET,
            Posting.amount_minor > 0,
        )
        .order_by(Posting.id.desc())
        .limit(1)
    )
    return code or chart.BANK


def left_of(payment: Payment) -> Money:
    """What of a payment's money is still where it came in: not given back, taken back or placed elsewhere.

    It is read from the postings of its entries; what is only asked for or drafted counts as gone already.
    """
    return left_of_each([payment])[payment.id]


def left_of_each(some: Sequence[Payment], *, posted_only: bool = False) -> dict[int, Money]:
    """`left_of` for several payments, by id, in a handful of questions however many they are.

    With `posted_only`, what is asked for or drafted is still there.
    """
    by_id = {payment.id: payment for payment in some}
    left = {payment.id: Money.zero(payment.currency) for payment in some}
    owner = entries_of(by_id)
    rows = db.session.execute(
        select(Posting.entry_id, Posting.fund_id, Posting.amount_minor, Posting.currency, Account.code)
        .join(Posting.entry)
        .join(Account, Account.id == Posting.account_id)
        .where(
            Posting.entry_id.in_(owner),
            or_(
                JournalEntry.status == EntryStatus.POSTED,
                false() if posted_only else Posting.amount_minor > 0,
            ),
        )
    )
    for entry_id, fund_id, minor, currency, code in rows:
        payment = by_id[owner[entry_id]]
        if (fund_id, currency, code) == (payment.fund_id, payment.currency, payment.income_code):
            left[payment.id] -= Money(minor, currency)
    if posted_only:
        return left
    for payment_id, minor in db.session.execute(
        select(Refund.payment_id, func.sum(Refund.amount_minor))
        .where(
            Refund.payment_id.in_(by_id),
            Refund.charge_id.is_not(None),
            Refund.entry_id.is_(None),
            Refund.status.in_((RefundStatus.REQUESTED, RefundStatus.APPROVED)),
        )
        .group_by(Refund.payment_id)
    ):
        left[payment_id] -= Money(int(minor), by_id[payment_id].currency)
    return left


def entries_of(ids: Collection[int]) -> dict[int, int]:
    """Every entry that brought a payment's money in or took some of it away, with the payment's id."""
    own_source = func.concat("payment:", cast(Payment.id, String))
    mine = (
        select(Payment.entry_id, Payment.id).where(Payment.entry_id.is_not(None)),
        select(JournalEntry.id, Payment.id).join(Payment, JournalEntry.reverses_id == Payment.entry_id),
        select(JournalEntry.id, Payment.id).join(Payment, JournalEntry.source == own_source),
        select(Refund.entry_id, Payment.id)
        .join(Payment, Refund.payment_id == Payment.id)
        .where(Refund.entry_id.is_not(None)),
        select(Placement.entry_id, Payment.id)
        .join(Payment, Placement.payment_id == Payment.id)
        .where(Placement.from_id.is_(None)),
    )
    rows = db.session.execute(union_all(*(one.where(Payment.id.in_(ids)) for one in mine)))
    return {entry_id: payment_id for entry_id, payment_id in rows if entry_id}


def left_of_credit(credit: Placement) -> Money:
    """What of a credit was not used yet."""
    used = db.session.scalar(
        select(func.coalesce(func.sum(Placement.amount_minor), 0)).where(Placement.from_id == credit.id)
    )
    return credit.amount - Money(int(used or 0), credit.currency)


def open_credits() -> list[tuple[Placement, Money]]:
    """Every posted credit of which something is left, oldest first."""
    rows = db.session.scalars(
        select(Placement)
        .join(Placement.entry)
        .where(Placement.kind == PlacementKind.CREDIT, JournalEntry.status == EntryStatus.POSTED)
        .order_by(Placement.id)
    ).all()
    return [(one, left) for one in rows if (left := left_of_credit(one))]


def find_credit(placement_id: int) -> Placement:
    """A credit, locked. Raises `NotFound`."""
    found = db.session.get(Placement, placement_id, with_for_update=True)
    if found is None or found.kind is not PlacementKind.CREDIT:
        raise NotFound
    return found


def keep_as_credit(payment: Payment, command: Place, *, by: User) -> Placement:
    """Draft that money of a payment is the payer's credit: owed, to be used in this edition or another."""
    return _within_fund(payment, command, PlacementKind.CREDIT, chart.CREDITS, by=by)


def keep_as_gift(payment: Payment, command: Place, *, by: User) -> Placement:
    """Draft that the payer agreed to give it."""
    return _within_fund(payment, command, PlacementKind.GIFT, chart.GIFTS, by=by)


def _within_fund(
    payment: Payment, command: Place, kind: PlacementKind, account: str, *, by: User
) -> Placement:
    hold(payment)
    _enough(left_of(payment), command.amount)
    fund, amount = payment.fund_id, command.amount
    entry = ledger.draft(
        command.on,
        command.narration,
        [
            Leg(payment.income_code, fund, amount, memo=payment.reference),
            Leg(account, fund, -amount, memo=payment.reference),
        ],
        by=by,
    )
    return _placed(payment, entry, command, kind, by=by)


def give_credit_back(credit: Placement, command: Place, *, by: User) -> Placement:
    """Draft that a credit leaves the account it came in on, back to its payer."""
    hold(credit)
    payment = credit.payment
    _enough(left_of_credit(credit), command.amount)
    amount, fund = command.amount, payment.fund_id
    account = db.session.scalar(
        select(Account.code)
        .join(Posting, Posting.account_id == Account.id)
        .where(Posting.entry_id == credit.entry_id, Account.kind == AccountKind.ASSET)
    )
    entry = ledger.draft(
        command.on,
        command.narration,
        [
            Leg(chart.CREDITS, fund, amount, memo=payment.reference),
            Leg(account or received_in(payment), fund, -amount),
        ],
        by=by,
    )
    return _placed(payment, entry, command, PlacementKind.BACK, by=by, credit=credit)


def change_credit(credit: Placement, command: Place, *, by: User) -> Placement:
    """Draft that a credit in another currency pays what it came for, at the rate of the day.

    The money itself is not changed by it: it stays where it is, against the clearing account of exchanges.
    Raises `NoRate`, `NotThatMuch`, `AlreadySettled`.
    """
    hold(credit)
    payment, given = credit.payment, command.amount
    _enough(left_of_credit(credit), given)
    rate = rates.rate_on(given.currency, payment.currency, command.on)
    held = exchange.record_rate(rate.base, rate.quote, rate.value, rate.dated_on, rate.source)
    worth, fund = given.convert(rate.value, payment.currency), payment.fund_id
    payments.record_receipt(
        payment,
        RecordReceipt(
            received_on=command.on, narration=command.narration, method=PaymentMethod.INTERNAL, amount=worth
        ),
        by=by,
        paid_with=[
            Leg(chart.CREDITS, fund, given, memo=payment.reference),
            Leg(chart.CONVERSION, fund, -given, rate_id=held.id),
            Leg(chart.CONVERSION, fund, worth, rate_id=held.id),
        ],
    )
    entry = db.session.get_one(JournalEntry, payment.entry_id)
    return _placed(payment, entry, command, PlacementKind.APPLY, by=by, credit=credit, target=payment)


def apply(
    payment: Payment, target: Payment, command: Place, *, by: User, credit: Placement | None = None
) -> Placement:
    """Draft that money of a payment (or of the `credit` it became) pays another, in whatever edition.

    The target is recorded as paid from the house; approving the entry settles it. Raises `OtherCurrency`,
    `NotThatMuch`, `AlreadySettled`.
    """
    hold(payment)
    if command.amount.currency != target.currency:
        raise OtherCurrency(currency=command.amount.currency)
    _enough(left_of_credit(credit) if credit else left_of(payment), command.amount)
    source, amount = payment.fund_id, command.amount
    origin = chart.CREDITS if credit else payment.income_code
    paid_with = [Leg(origin, source, amount, memo=payment.reference)]
    if target.fund_id != source:
        account = received_in(payment)
        paid_with += [Leg(account, source, -amount), Leg(account, target.fund_id, amount)]
    payments.record_receipt(
        target,
        RecordReceipt(
            received_on=command.on, narration=command.narration, method=PaymentMethod.INTERNAL, amount=amount
        ),
        by=by,
        paid_with=paid_with,
    )
    entry = db.session.get_one(JournalEntry, target.entry_id)
    return _placed(payment, entry, command, PlacementKind.APPLY, by=by, credit=credit, target=target)


def ask_for_rest(payment: Payment, missing: Money, *, by: User) -> Payment:
    """Ask the payer for what was missing, by a payment of its own; asked once."""
    hold(payment)
    known = db.session.scalar(
        select(Payment).where(
            Payment.purpose == REST,
            Payment.subject_id == payment.id,
            Payment.amount_minor == missing.minor,
            Payment.status.in_((PaymentStatus.REQUESTED, PaymentStatus.RECORDED)),
        )
    )
    return known or payments.request(
        RequestPayment(
            purpose=REST,
            subject_id=payment.id,
            amount=missing,
            fund_id=payment.fund_id,
            income_code=payment.income_code,
            method=PaymentMethod.TRANSFER,
            description=payment.description,
            payer_id=payment.payer_id,
            payer_name=payment.payer_name,
            payer_email=payment.payer_email,
        ),
        by=by,
    )


def asked_first(payment: Payment) -> Payment | None:
    """The payment of which this one asks for what was missing."""
    return db.session.get(Payment, payment.subject_id) if payment.purpose == REST else None


def rest_settled(payment: Payment) -> None:
    """What was missing has come. The first payment was settled by what came first: nothing more follows."""


def _enough(left: Money, wanted: Money) -> None:
    if wanted.currency != left.currency or not 0 < wanted.minor <= left.minor:
        raise NotThatMuch(field="amount", left=left)


def see_enough(payment: Payment, wanted: Money) -> None:
    """What was asked of a payment (`wanted`, counted as gone) can still be given. Raises `NotThatMuch`.

    Facts come in between: a bank takes a cheque back, a card's holder wins a dispute.
    """
    hold(payment)
    left = left_of(payment)
    if left.minor < 0:
        raise NotThatMuch(left=max(left + wanted, Money.zero(left.currency)))


def _placed(
    payment: Payment,
    entry: JournalEntry,
    command: Place,
    kind: PlacementKind,
    *,
    by: User,
    credit: Placement | None = None,
    target: Payment | None = None,
) -> Placement:
    made = Placement(
        kind=kind,
        payment_id=payment.id,
        amount=command.amount,
        entry_id=entry.id,
        from_id=credit.id if credit else None,
        target_id=target.id if target else None,
        attention_id=command.attention_id,
    )
    db.session.add(made)
    audit.record(f"payment.{kind.value}", payment, by=by, amount=str(command.amount), entry=entry.id)
    return made
