"""Money advanced to a head of delegation: given, changed into another currency, what is left, returned.

Nothing here says what is left: the advance's own postings on the account of advances do.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, or_, select
from sqlalchemy.orm import joinedload, selectinload

from access.models import User
from delegations.budgets.claim_models import Advance, AdvanceEntry
from delegations.models import Delegation
from shared import audit
from shared.database import db, hold
from shared.errors import Conflict, DomainError
from shared.i18n import DEFAULT_LOCALE, _l
from shared.money import Money, format_money
from treasury import chart, ledger
from treasury.books import exchange
from treasury.books.rates import Rate
from treasury.ledger import Leg, SamePerson
from treasury.models import Account, EntryStatus, JournalEntry, Posting


class BadAdvance(DomainError):
    """An advance is more than nothing, for a purpose, from a fund of the delegation."""

    code = "bad_advance"
    status = 422
    message = _l("Say for what, and an amount above zero.")


class NotSoMuchLeft(DomainError):
    """The holder has less than that of the advance, in that currency."""

    code = "not_so_much_left"
    message = _l("Of this advance %(left)s is left.")


@dataclass(frozen=True, slots=True, kw_only=True)
class AskAdvance:
    """Advance `amount` of a fund to `holder_id` for a delegation."""

    fund_id: int
    holder_id: int
    amount: Money
    purpose: str
    given_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeAdvance:
    """The holder changed `given` and got `received`, as the `slip` says; `reference` as in `Conversion`."""

    given: Money
    received: Money
    changed_on: date
    slip: str
    reference: Rate | None = None


def ask_advance(delegation: Delegation, command: AskAdvance, *, by: User) -> Advance:
    """Write down an advance; a third person gives it. The same one sent twice before that is one.

    Raises `BadAdvance`, `SamePerson` (one records no advance to oneself).
    """
    purpose = command.purpose.strip()
    if command.amount.minor <= 0 or not purpose:
        raise BadAdvance(field="amount" if purpose else "purpose")
    if by.id == command.holder_id:
        raise SamePerson
    hold(delegation)
    if (known := _asked_before(delegation, command, purpose)) is not None:
        return known
    advance = Advance(
        delegation_id=delegation.id,
        fund_id=command.fund_id,
        holder_id=command.holder_id,
        recorder_id=by.id,
        amount=command.amount,
        purpose=purpose,
        given_on=command.given_on,
    )
    db.session.add(advance)
    db.session.flush()
    audit.record("advance.ask", advance, by=by, amount=str(command.amount))
    return advance


def give_advance(advance: Advance, *, by: User) -> JournalEntry:
    """Hand it over: its entry is posted. Raises `SamePerson`, `Conflict`, and as `ledger.post`."""
    hold(advance)
    if advance.approver_id is not None:
        raise Conflict
    if by.id in (advance.holder_id, advance.recorder_id):
        raise SamePerson
    advance.approver_id = by.id
    recorder = db.session.get_one(User, advance.recorder_id)
    legs = [
        Leg(chart.ADVANCES, advance.fund_id, advance.amount, memo=advance.holder.name),
        Leg(chart.BANK, advance.fund_id, -advance.amount),
    ]
    entry = ledger.draft(advance.given_on, advance.purpose, legs, by=recorder)
    belongs(entry, advance, "given")
    audit.record("advance.give", advance, by=by, entry=entry.id)
    return ledger.post(entry, by=by)


def change_advance(advance: Advance, command: ChangeAdvance, *, by: User) -> JournalEntry:
    """Draft what the holder changed into another currency; another person approves it.

    The same one sent twice before that is one. Raises `NotSoMuchLeft`, `SameCurrency`.
    """
    hold(advance)
    if (known := _drafted(advance, "changed", command.changed_on, command.slip)) is not None:
        return known
    enough(advance, command.given)
    conversion = exchange.Conversion(
        fund_id=advance.fund_id,
        given=command.given,
        received=command.received,
        dated_on=command.changed_on,
        narration=command.slip,
        slip=command.slip,
        reference=command.reference,
        account_code=chart.ADVANCES,
    )
    return belongs(exchange.convert(conversion, by=by), advance, "changed")


def return_advance(
    advance: Advance, amount: Money, on: date, *, by: User, into: str = chart.CASH
) -> JournalEntry:
    """Draft what the holder gave back into the account `into`; another person approves it.

    The same one sent twice before that is one. Raises `NotSoMuchLeft`, `BadAdvance`.
    """
    if amount.minor <= 0:
        raise BadAdvance(field="amount")
    hold(advance)
    narration = f"{advance.purpose} – {format_money(amount, DEFAULT_LOCALE)}"
    if (known := _drafted(advance, "returned", on, narration)) is not None:
        return known
    enough(advance, amount)
    legs = [
        Leg(into, advance.fund_id, amount),
        Leg(chart.ADVANCES, advance.fund_id, -amount, memo=advance.holder.name),
    ]
    return belongs(ledger.draft(on, narration, legs, by=by), advance, "returned")


def belongs(entry: JournalEntry, advance: Advance, step: str) -> JournalEntry:
    """Say that an entry is a step of this advance's life."""
    db.session.add(AdvanceEntry(entry_id=entry.id, advance_id=advance.id, step=step))
    db.session.flush()
    db.session.expire(advance, ["entries"])
    return entry


def enough(advance: Advance, wanted: Money) -> None:
    """See that so much of the advance, which is held, is free. Raises `NotSoMuchLeft`."""
    left = free(advance, wanted.currency)
    if left < wanted:
        raise NotSoMuchLeft(field="amount", left=left)


def in_hand(advance: Advance) -> dict[str, Money]:
    """What the holder still has of it, by currency; what was settled in full stands as zero."""
    return _sums(advance, chart.ADVANCES)


def free(advance: Advance, currency: str) -> Money:
    """What the holder has of it less what drafts take already: they would find nothing once approved."""
    drafted = db.session.scalar(
        select(func.sum(Posting.amount_minor))
        .join(JournalEntry, JournalEntry.id == Posting.entry_id)
        .join(Account, Account.id == Posting.account_id)
        .join(AdvanceEntry, AdvanceEntry.entry_id == JournalEntry.id)
        .where(
            AdvanceEntry.advance_id == advance.id,
            Account.code == chart.ADVANCES,
            JournalEntry.status == EntryStatus.DRAFT,
            Posting.currency == currency,
            Posting.amount_minor < 0,
        )
    )
    return in_hand(advance).get(currency, Money.zero(currency)) + Money(int(drafted or 0), currency)


def all_free(advance: Advance) -> dict[str, Money]:
    """`free` in every currency that the holder has some of."""
    left = in_hand(advance)
    if not any(one.entry.status is EntryStatus.DRAFT for one in advance.entries):
        return left
    return {currency: free(advance, currency) for currency in left}


def difference(advance: Advance) -> dict[str, Money]:
    """What changing it cost against the rates of reference (negative: brought), by currency."""
    return {code: amount for code, amount in _sums(advance, chart.EXCHANGE).items() if amount}


def settled(advance: Advance) -> bool:
    """It was given, and nothing of it is left in any currency."""
    return advance.approver_id is not None and not any(in_hand(advance).values())


def advances_of(delegation: Delegation) -> Sequence[Advance]:
    """The delegation's advances with their entries, the last first."""
    chosen = select(Advance).where(Advance.delegation_id == delegation.id).order_by(Advance.id.desc())
    loaded = chosen.options(
        joinedload(Advance.holder), selectinload(Advance.entries).joinedload(AdvanceEntry.entry)
    )
    return db.session.scalars(loaded).all()


def _asked_before(delegation: Delegation, command: AskAdvance, purpose: str) -> Advance | None:
    return db.session.scalars(
        select(Advance).where(
            Advance.delegation_id == delegation.id,
            Advance.fund_id == command.fund_id,
            Advance.holder_id == command.holder_id,
            Advance.amount_minor == command.amount.minor,
            Advance.currency == command.amount.currency,
            Advance.purpose == purpose,
            Advance.given_on == command.given_on,
            Advance.approver_id.is_(None),
        )
    ).first()


def _drafted(advance: Advance, step: str, on: date, narration: str) -> JournalEntry | None:
    """The draft of this step, day and words, which a form sent twice finds again."""
    return db.session.scalars(
        select(JournalEntry)
        .join(AdvanceEntry, AdvanceEntry.entry_id == JournalEntry.id)
        .where(
            AdvanceEntry.advance_id == advance.id,
            AdvanceEntry.step == step,
            JournalEntry.status == EntryStatus.DRAFT,
            JournalEntry.dated_on == on,
            JournalEntry.narration == narration,
        )
    ).first()


def _sums(advance: Advance, code: str) -> dict[str, Money]:
    """What its posted entries, and the reversals of those, add up to on one account."""
    ours = select(AdvanceEntry.entry_id).where(AdvanceEntry.advance_id == advance.id)
    rows = db.session.execute(
        select(Posting.currency, func.sum(Posting.amount_minor))
        .join(JournalEntry, JournalEntry.id == Posting.entry_id)
        .join(Account, Account.id == Posting.account_id)
        .where(
            or_(JournalEntry.id.in_(ours), JournalEntry.reverses_id.in_(ours)),
            Account.code == code,
            JournalEntry.status == EntryStatus.POSTED,
        )
        .group_by(Posting.currency)
        .order_by(Posting.currency)
    )
    return {currency: Money(int(minor), currency) for currency, minor in rows}
