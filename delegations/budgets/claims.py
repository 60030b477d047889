"""What somebody spent for a delegation: claimed with vouchers, approved by a second person, paid by a third.

Paying writes the entry: the costs by budget line, taken from the advance as far as it goes and for the rest
from the bank. Who pays records it, and who approved the claim stands as its approver: nobody who approves
ever records. The vouchers are sealed with it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, select
from sqlalchemy.orm import joinedload, selectinload

from access.models import User
from delegations.budgets import advances, group_spending
from delegations.budgets.claim_models import Advance, ClaimLine, ClaimStatus, ClaimVoucher, ExpenseClaim
from delegations.budgets.spending import account_of
from delegations.models import Delegation
from delegations.seats.seats import reason_of
from documents.uploads import Upload, harmless
from shared import audit
from shared.database import db, hold
from shared.errors import DomainError
from shared.i18n import _l
from shared.money import Money
from treasury import attachments, chart, ledger
from treasury.ledger import Leg, SamePerson
from treasury.models import JournalEntry

MOST_LINES = attachments.MOST
"""One voucher a line, and an entry has so many documents at the most."""


class BadClaim(DomainError):
    """A claim has lines, each with words and an amount above zero in the claim's currency."""

    code = "bad_claim"
    status = 422
    message = _l("Say what was paid, on which day, and an amount above zero; 20 lines at the most.")


class OtherAdvance(DomainError):
    """A claim against an advance is its holder's, for the same delegation."""

    code = "other_advance"
    status = 422
    message = _l("This advance belongs to another delegation or person.")


class NotHandedOver(DomainError):
    """Nothing is spent of an advance before somebody gives it."""

    code = "not_handed_over"
    message = _l("This advance is not handed over yet: once somebody gives it, it can pay a claim.")


class NotThatFar(DomainError):
    """A claim goes from draft to submitted, approved and paid, one step at a time."""

    code = "not_that_far"
    message = _l("This claim has moved on. Look at it again.")


class SentBefore(DomainError):
    """A form was sent, then changed and sent again."""

    code = "sent_before"
    message = _l("This form was sent before with other words. Open the claim again and add it as a new line.")


class NotYours(DomainError):
    """Only whoever spent the money writes the claim."""

    code = "not_yours"
    status = 403
    message = _l("Only the person who spent the money may change this claim.")


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenClaim:
    """A claim in one `currency`, against an advance (and then on its fund) or to be paid back.

    What carries the same `key` is the same claim, however it is called by then.
    """

    title: str
    currency: str
    advance_id: int | None = None
    key: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AddLine:
    """One thing paid. Without `voucher` (the uploaded bytes) say why in `missing_reason`.

    `seat_ids` are the seats it was paid for, in equal parts; none means the delegation. `key` is the form's:
    the same words sent again with it are the same line.
    """

    spent_on: date
    description: str
    amount: Money
    category: str = ""
    voucher: bytes | None = None
    voucher_name: str = ""
    missing_reason: str = ""
    seat_ids: Sequence[int] = ()
    key: str = ""


def open_claim(delegation: Delegation, command: OpenClaim, *, by: User) -> ExpenseClaim:
    """Begin a claim of `by`; the same one, by its key or still empty, is begun once.

    Raises `BadClaim`, `OtherAdvance`, `NotHandedOver`.
    """
    if (sent := _sent_claim(delegation, command, by)) is not None:
        return sent
    title, fund_id = command.title.strip(), delegation.fund_id
    if not title:
        raise BadClaim(field="title")
    if command.advance_id is not None:
        advance = db.session.get_one(Advance, command.advance_id)
        if advance.delegation_id != delegation.id or advance.holder_id != by.id:
            raise OtherAdvance(field="advance")
        if advance.approver_id is None:
            raise NotHandedOver(field="advance")
        fund_id = advance.fund_id
    if not command.key and (known := _begun_already(delegation, command, title, by)) is not None:
        return known
    claim = ExpenseClaim(
        delegation_id=delegation.id,
        fund_id=fund_id,
        claimant_id=by.id,
        currency=command.currency,
        title=title,
        advance_id=command.advance_id,
        sent_key=command.key or None,
    )
    db.session.add(claim)
    db.session.flush()
    audit.record("claim.open", claim, by=by, title=title)
    return claim


def add_line(claim: ExpenseClaim, command: AddLine, *, by: User) -> ClaimLine:
    """Write one thing that was paid, with its voucher; what is sent twice is one line.

    Raises `BadClaim`, `NotYours`, `NotThatFar`, `TooLarge`, `NotADocument`.
    """
    _in_hands_of(claim, by, *ClaimStatus)
    if (known := _sent_before(claim, command)) is not None:
        return known
    _in_hands_of(claim, by, ClaimStatus.DRAFT)
    words = _said(claim, command)
    last = db.session.scalar(select(func.max(ClaimLine.number)).where(ClaimLine.claim_id == claim.id)) or 0
    if last >= MOST_LINES:
        raise BadClaim
    line = ClaimLine(
        claim_id=claim.id,
        number=last + 1,
        spent_on=command.spent_on,
        description=words,
        amount=command.amount,
        category=command.category,
        missing_reason=command.missing_reason.strip(),
        sent_key=command.key or None,
    )
    db.session.add(line)
    db.session.flush()
    group_spending.share(line, claim.delegation, command.seat_ids)
    if command.voucher is not None:
        _keep(line, command.voucher, command.voucher_name)
    db.session.expire(claim, ["lines"])
    return line


def change_line(line: ClaimLine, command: AddLine, *, by: User) -> None:
    """Say a line of a draft anew; its voucher stays unless another one comes. Raises as `add_line`."""
    claim = line.claim
    _in_hands_of(claim, by, ClaimStatus.DRAFT)
    line.description, line.amount = _said(claim, command), command.amount
    line.spent_on, line.category = command.spent_on, command.category
    if command.voucher is not None:
        line.voucher = None
        db.session.flush()
        _keep(line, command.voucher, command.voucher_name)
    line.missing_reason = "" if line.voucher else command.missing_reason.strip()
    line.shares.clear()
    db.session.flush()
    group_spending.share(line, claim.delegation, command.seat_ids)


def add_voucher(line: ClaimLine, content: bytes, name: str, *, by: User) -> ClaimVoucher:
    """A missing voucher turned up: it may come until the claim is paid; the same one sent twice is one.

    Raises `NotYours`, `NotThatFar` (paid, or there is one), `TooLarge`, `NotADocument`.
    """
    claim = line.claim
    known = line.voucher if claim.claimant_id == by.id else None
    if known is not None and known.sha256 == harmless(content).sha256:
        return known
    _in_hands_of(claim, by, *(status for status in ClaimStatus if status is not ClaimStatus.PAID))
    if line.voucher is not None:
        raise NotThatFar
    return _keep(line, content, name)


def remove_line(line: ClaimLine, *, by: User) -> None:
    """Take a line out of a draft. Raises `NotYours`, `NotThatFar`."""
    claim = line.claim
    _in_hands_of(claim, by, ClaimStatus.DRAFT)
    db.session.delete(line)
    db.session.flush()
    db.session.expire(claim, ["lines"])


def submit_claim(claim: ExpenseClaim, *, by: User) -> ExpenseClaim:
    """Hand it in: its lines stay as they are. Raises `BadClaim` (no line), `NotYours`, `NotThatFar`."""
    _in_hands_of(claim, by, ClaimStatus.DRAFT)
    if not claim.lines:
        raise BadClaim
    claim.status, claim.reason = ClaimStatus.SUBMITTED, ""
    audit.record("claim.submit", claim, by=by, amount=str(claim.total), missing=len(claim.without_voucher))
    return claim


def send_back(claim: ExpenseClaim, reason: str, *, by: User) -> ExpenseClaim:
    """Give it back to the claimant, with why. Raises `ReasonMissing`, `NotThatFar`, `SamePerson`."""
    _decides(claim, ClaimStatus.SUBMITTED, by)
    claim.reason, claim.status = reason_of(reason), ClaimStatus.DRAFT
    audit.record("claim.send_back", claim, by=by, reason=claim.reason)
    return claim


def approve_claim(claim: ExpenseClaim, *, by: User) -> ExpenseClaim:
    """Say that it is right, missing vouchers included. Raises `NotThatFar`, `SamePerson`."""
    _decides(claim, ClaimStatus.SUBMITTED, by)
    claim.approver_id, claim.status = by.id, ClaimStatus.APPROVED
    audit.record("claim.approve", claim, by=by, amount=str(claim.total), missing=len(claim.without_voucher))
    return claim


def pay_claim(claim: ExpenseClaim, on: date, *, by: User) -> JournalEntry:
    """Record and post the entry: written by who pays, approved by who approved the claim.

    Raises `NotThatFar`, `SamePerson` (three people), and as `ledger.post`.
    """
    _decides(claim, ClaimStatus.APPROVED, by)
    if by.id == claim.approver_id:
        raise SamePerson
    approver = db.session.get_one(User, claim.approver_id)
    entry = ledger.draft(
        on,
        claim.title,
        _legs(claim),
        by=by,
        idempotency_key=f"claim:{claim.id}",
    )
    for line in claim.lines:
        if line.voucher is not None:
            upload = Upload(line.voucher.content, line.voucher.media_type)
            attachments.keep(entry, upload, line.description, by=by)
    if claim.advance is not None:
        advances.belongs(entry, claim.advance, "claimed")
    ledger.post(entry, by=by, approved_by=approver)
    claim.payer_id, claim.entry_id, claim.status = by.id, entry.id, ClaimStatus.PAID
    audit.record("claim.pay", claim, by=by, entry=entry.id, amount=str(claim.total))
    db.session.flush()
    return entry


def claims_of(delegation: Delegation) -> Sequence[ExpenseClaim]:
    """The delegation's claims, the last first, with their lines."""
    chosen = select(ExpenseClaim).where(ExpenseClaim.delegation_id == delegation.id)
    loaded = chosen.order_by(ExpenseClaim.id.desc()).options(
        joinedload(ExpenseClaim.claimant),
        selectinload(ExpenseClaim.lines).joinedload(ClaimLine.voucher),
    )
    return db.session.scalars(loaded).all()


def from_advance(claim: ExpenseClaim) -> Money:
    """What of the claim the advance still pays; the rest comes from the bank."""
    zero = Money.zero(claim.currency)
    left = advances.free(claim.advance, claim.currency) if claim.advance else zero
    return max(zero, min(left, claim.total))


def _legs(claim: ExpenseClaim) -> list[Leg]:
    legs = [
        Leg(
            account_of(claim.delegation.edition_id, line.category),
            claim.fund_id,
            part,
            category=line.category,
            memo=memo,
        )
        for line in claim.lines
        for memo, part in group_spending.parts(line)
    ]
    advanced = from_advance(claim)
    for account, part in ((chart.ADVANCES, advanced), (chart.BANK, claim.total - advanced)):
        if part:
            legs.append(Leg(account, claim.fund_id, -part, memo=claim.claimant.name))
    return legs


def _sent_claim(delegation: Delegation, command: OpenClaim, by: User) -> ExpenseClaim | None:
    """The claim that a phone began with this key."""
    if not command.key:
        return None
    hold(by)  # two lines of one claim may arrive together
    return db.session.scalar(
        select(ExpenseClaim).where(
            ExpenseClaim.claimant_id == by.id,
            ExpenseClaim.sent_key == command.key,
            ExpenseClaim.delegation_id == delegation.id,
        )
    )


def _begun_already(delegation: Delegation, command: OpenClaim, title: str, by: User) -> ExpenseClaim | None:
    """A draft of the same person, words, currency and advance that has no line yet."""
    has_lines = select(ClaimLine.id).where(ClaimLine.claim_id == ExpenseClaim.id).exists()
    return db.session.scalars(
        select(ExpenseClaim).where(
            ExpenseClaim.delegation_id == delegation.id,
            ExpenseClaim.claimant_id == by.id,
            ExpenseClaim.title == title,
            ExpenseClaim.currency == command.currency,
            ExpenseClaim.advance_id.is_not_distinct_from(command.advance_id),
            ExpenseClaim.status == ClaimStatus.DRAFT,
            ~has_lines,
        )
    ).first()


def _sent_before(claim: ExpenseClaim, command: AddLine) -> ClaimLine | None:
    """The line that came with this key, where it says the same."""
    known = db.session.scalar(
        select(ClaimLine).where(ClaimLine.claim_id == claim.id, ClaimLine.sent_key == command.key)
    )
    if known is None or not command.key:
        return None
    told = (known.description, known.amount, known.spent_on, known.category)
    said = (command.description.strip(), command.amount, command.spent_on, command.category)
    if told != said:
        raise SentBefore(field="description")
    return known


def _said(claim: ExpenseClaim, command: AddLine) -> str:
    """The words of a line that says what was paid, and more than nothing. Raises `BadClaim`."""
    words = command.description.strip()
    if not words or command.amount.minor <= 0 or command.amount.currency != claim.currency:
        raise BadClaim(field="amount" if words else "description")
    return words


def _keep(line: ClaimLine, content: bytes, name: str) -> ClaimVoucher:
    upload = harmless(content)
    voucher = ClaimVoucher(
        line_id=line.id,
        media_type=upload.media_type,
        sha256=upload.sha256,
        size=len(upload.content),
        label=attachments.shown_name(name),
        content=upload.content,
    )
    db.session.add(voucher)
    db.session.flush()
    db.session.expire(line, ["voucher"])
    return voucher


def _in_hands_of(claim: ExpenseClaim, by: User, *statuses: ClaimStatus) -> None:
    hold(claim)
    if by.id != claim.claimant_id:
        raise NotYours
    if claim.status not in statuses:
        raise NotThatFar


def _decides(claim: ExpenseClaim, status: ClaimStatus, by: User) -> None:
    hold(claim)
    if claim.advance is not None:
        hold(claim.advance)
    if claim.status is not status:
        raise NotThatFar
    if by.id == claim.claimant_id:
        raise SamePerson
