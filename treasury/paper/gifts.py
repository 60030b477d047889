"""Gifts, and the official donation receipts that a registered charity may give for them.

Sources: the Canada Revenue Agency's rules on official donation receipts (what a receipt says; services,
pledges and money directed to a chosen person are not receipted; an advantage is deducted, and beyond 80 % of
the value nobody meant to give; goods worth more than a thousand dollars are appraised by somebody else).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import ClassVar

from sqlalchemy import Select, select
from sqlalchemy.orm import joinedload

from shared import audit
from shared.audit import Actor
from shared.database import db, hold
from shared.errors import Conflict, DomainError, NotFound
from shared.i18n import DEFAULT_LOCALE, _l
from shared.money import Money, exponent
from treasury import chart, payments
from treasury.funds.models import LegalEntity
from treasury.models import Payment, PaymentMethod, PaymentStatus
from treasury.paper import papers
from treasury.paper.models import Gift, GiftNature, Paper, PaperKind
from treasury.paper.papers import Content
from treasury.paper.printing import as_fact
from treasury.payments import RequestPayment
from treasury.placing import left_of

PURPOSE = "gift"
"""The purpose of payments that are gifts."""

APPRAISED_ABOVE = 1000
"""In whole units of currency: goods worth more need somebody's appraisal."""


class BadGift(DomainError):
    """A gift has a donor and a value above zero, and no advantage greater than it."""

    code = "bad_gift"
    status = 422
    message = _l("Say who gives, and a value above zero that is more than the advantage.")


class GiftDay(DomainError):
    """Goods and services were given on a day."""

    code = "gift_day"
    status = 422
    message = _l("Say on which day it was received.")


class NoReceipt(DomainError):
    """No official donation receipt may be given; each kind says why."""

    code = "no_receipt"
    message = _l("No official donation receipt may be given for this.")
    lacks: ClassVar[str] = ""
    """What of the gift, once it is told, takes this reason away."""


class NotRegistered(NoReceipt):
    """Only a registered charity gives official receipts."""

    code = "not_registered"
    message = _l(
        "%(holder)s has no charity registration number on record: it may not give official donation receipts."
    )


class ServiceGiven(NoReceipt):
    """Time and skill are not property."""

    code = "service_given"
    message = _l(
        "A service is not a gift of property: thank for it, but no official donation receipt is given."
    )


class OnlyPledged(NoReceipt):
    """A promise is not a gift yet."""

    code = "only_pledged"
    message = _l("This is promised, not received: a receipt can be given once it is paid.")


class GivenBack(NoReceipt):
    """What is with the donor again is no gift."""

    code = "given_back"
    message = _l("It was given or taken back: what is left, %(left)s, is not more than the advantage.")


class Directed(NoReceipt):
    """The donor chose who is helped."""

    code = "directed_gift"
    message = _l(
        "The donor chose whom it helps (%(person)s): it is no gift to the charity, so no official donation "
        "receipt is given. Acknowledge it as a deposit."
    )


class NoIntention(NoReceipt):
    """What came back is worth nearly as much."""

    code = "no_intention"
    message = _l(
        "The advantage is worth more than four fifths of the value: this counts as a purchase, not as a gift."
    )


class AppraiserWanted(NoReceipt):
    """Goods of great worth are appraised."""

    code = "appraiser_wanted"
    lacks = "appraiser"
    message = _l("Goods worth more than %(above)s need an appraisal: name the appraiser, with the address.")


class DonorIncomplete(NoReceipt):
    """A receipt names the donor with the address."""

    code = "donor_incomplete"
    lacks = "donor_address"
    message = _l("The donor’s address is missing: an official receipt must show it.")


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordGift:
    """What a donor gives or promises to `fund_id`; see `Gift` for the rest."""

    nature: GiftNature
    fund_id: int
    donor_name: str
    value: Money
    donor_address: str = ""
    donor_email: str = ""
    locale: str = DEFAULT_LOCALE
    advantage: Money | None = None
    advantage_for: str = ""
    directed_to: str = ""
    description: str = ""
    appraiser: str = ""
    given_on: date | None = None
    method: PaymentMethod = PaymentMethod.TRANSFER
    is_demo: bool = False
    provenance: str = ""


def record_gift(command: RecordGift, *, by: Actor) -> Gift:
    """Record a gift or a pledge. Money is asked for as a payment, and given once that is settled.

    Raises `BadGift`, `GiftDay`.
    """
    advantage = command.advantage or Money.zero(command.value.currency)
    if not command.donor_name.strip() or advantage.minor < 0 or command.value <= advantage:
        raise BadGift(field="value")
    money = command.nature is GiftNature.MONEY
    if not money and command.given_on is None:
        raise GiftDay(field="given_on")
    gift = Gift(
        nature=command.nature,
        fund_id=command.fund_id,
        donor_name=command.donor_name.strip(),
        value=command.value,
        donor_address=command.donor_address.strip(),
        donor_email=command.donor_email.strip(),
        locale=command.locale,
        advantage_minor=advantage.minor,
        advantage_for=command.advantage_for.strip(),
        directed_to=command.directed_to.strip(),
        description=command.description.strip(),
        appraiser=command.appraiser.strip(),
        given_on=None if money else command.given_on,
        payment_id=_asked(command, by).id if money else None,
        is_demo=command.is_demo,
        provenance=command.provenance,
    )
    db.session.add(gift)
    audit.record("gift.record", gift, by=by, nature=gift.nature.value, value=str(gift.value))
    if gift.payment_id:
        db.session.get_one(Payment, gift.payment_id).subject_id = gift.id
    return gift


def _asked(command: RecordGift, by: Actor) -> Payment:
    payment = payments.request(
        RequestPayment(
            purpose=PURPOSE,
            subject_id=0,  # the gift's, in a moment
            amount=command.value,
            fund_id=command.fund_id,
            income_code=chart.GIFTS,
            method=command.method,
            description=command.description or command.donor_name,
            payer_name=command.donor_name,
            payer_email=command.donor_email,
        ),
        by=by,
    )
    db.session.flush()
    return payment


def gift_settled(payment: Payment) -> None:
    """The money of a gift is there. Nothing more happens by itself: a person decides about the receipt."""


def kept(gift: Gift) -> Money:
    """What of a gift is still with us: what was given or taken back is no gift."""
    return gift.value if gift.payment is None else min(gift.value, left_of(gift.payment))


def eligible(gift: Gift) -> Money:
    """What an official receipt is for: what exceeds the advantage, of what is kept or still promised."""
    there = gift.value if gift.received_on is None else kept(gift)
    return max(there - gift.advantage, Money.zero(gift.currency))


def refusal(gift: Gift) -> NoReceipt | None:
    """Why no official donation receipt may be given for a gift; None when one may."""
    entity = papers.holder_of(gift.fund)
    if not entity.charity_number:
        return NotRegistered(holder=entity.name)
    if gift.nature is GiftNature.SERVICE:
        return ServiceGiven()
    if gift.directed_to:
        return Directed(person=gift.directed_to)
    if gift.payment is not None and gift.payment.status is not PaymentStatus.SETTLED:
        return OnlyPledged()
    left = kept(gift)
    if left <= gift.advantage:
        return GivenBack(left=left)
    if gift.advantage * 5 > left * 4:
        return NoIntention()
    above = Money(APPRAISED_ABOVE * 10 ** exponent(gift.currency), gift.currency)
    if gift.nature is GiftNature.KIND and gift.value > above and not gift.appraiser:
        return AppraiserWanted(above=above)
    return None if gift.donor_address else DonorIncomplete()


def complete(gift: Gift, told: str, *, by: Actor) -> None:
    """Write what alone kept an official receipt back: who appraised the goods, or where the donor lives.

    Raises `Conflict` when nothing is lacking that can be told.
    """
    hold(gift)
    refused = refusal(gift)
    if refused is None or not refused.lacks:
        raise Conflict
    setattr(gift, refused.lacks, told.strip())
    audit.record("gift.complete", gift, by=by, told=refused.lacks)


def receipt(gift: Gift, *, by: Actor, signatory: str) -> Paper:
    """Issue the official donation receipt of a gift, for what exceeds the advantage.

    Raises the `NoReceipt` that says why not, or `AlreadyIssued`.
    """
    hold(gift)
    if refused := refusal(gift):
        raise refused
    entity = papers.holder_of(gift.fund)
    received_on, value = gift.received_on, kept(gift)
    assert received_on is not None, "a gift that may be receipted was received"
    return papers.issue(
        Content(
            kind=PaperKind.DONATION,
            entity_id=entity.id,
            locale=gift.locale,
            addressee=gift.donor_name,
            email=gift.donor_email,
            amount=value - gift.advantage,
            template="donation_1",
            facts={
                "holder": papers.holder_facts(entity),
                "address": gift.donor_address,
                "place": _place(entity),
                "received_on": received_on.isoformat(),
                "in_kind": gift.nature is GiftNature.KIND,
                "description": gift.description,
                "appraiser": gift.appraiser,
                "value": as_fact(value),
                "advantage": as_fact(gift.advantage),
                "advantage_for": gift.advantage_for,
                "signatory": signatory,
            },
            payment_id=gift.payment_id,
            gift_id=gift.id,
        ),
        by=by,
    )


def _place(entity: LegalEntity) -> str:
    """Where the receipt is made: the last line of the charity's address."""
    return entity.address.strip().rpartition("\n")[2].strip()


def find_gift(gift_id: int) -> Gift:
    """A gift by its id. Raises `NotFound`."""
    found = db.session.get(Gift, gift_id)
    if found is None:
        raise NotFound
    return found


def listed() -> Select[Gift]:
    """Every gift and pledge, the latest first."""
    return select(Gift).order_by(Gift.id.desc()).options(joinedload(Gift.payment), joinedload(Gift.fund))


def receipts_of(gifts: Sequence[Gift]) -> dict[int, Paper]:
    """The official receipt that holds of each gift, by the gift's id."""
    rows = db.session.scalars(
        select(Paper).where(Paper.gift_id.in_([one.id for one in gifts]), Paper.voided_at.is_(None))
    )
    return {one.gift_id: one for one in rows if one.gift_id}
