"""Funders' rules for an edition: what each adds, to which delegations in which order, up to where."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from sqlalchemy import select

from delegations.funding.offers import Condition
from delegations.lifecycle.invitations import CODE, BadCode, CodeTaken
from delegations.models import FundingAgreement, FundingKind, FundingServes
from shared import audit
from shared.audit import Actor
from shared.database import db
from shared.errors import Conflict, DomainError
from shared.i18n import _l
from shared.money import Money


class BadAgreement(DomainError):
    """A match has a ratio, a grant or a pledge an amount, all in one currency."""

    code = "bad_agreement"
    status = 422
    message = _l("A match needs a ratio; a grant or a pledge needs an amount, in the currency of its cap.")


@dataclass(frozen=True, slots=True, kw_only=True)
class AddAgreement:
    """A match adds `ratio` × cash received; a grant gives `amount` a seat; a pledge promises `amount`.

    `categories` are the groups of lines it may pay, empty for any; `serves` the ids of delegations in the
    order in which they draw on the `cap`, empty for all (a pledge's only); `blocked` what it waits for.
    """

    edition_id: int
    code: str
    name: str
    kind: FundingKind
    currency: str
    ratio: Fraction = Fraction(0)
    amount: Money | None = None
    cap: Money | None = None
    categories: Sequence[str] = ()
    serves: Sequence[int] = ()
    blocked: Condition | None = None
    is_demo: bool = False
    provenance: str = ""


def add_agreement(command: AddAgreement, *, by: Actor) -> FundingAgreement:
    """Record a funder's rule. Raises `BadAgreement`, `BadCode`, `CodeTaken`."""
    amounts = [amount for amount in (command.amount, command.cap) if amount is not None]
    complete = command.ratio > 0 if command.kind is FundingKind.MATCH else command.amount is not None
    if not complete or any(one.currency != command.currency or one.minor <= 0 for one in amounts):
        raise BadAgreement
    if not CODE.fullmatch(command.code) or len(command.code) > 20:
        raise BadCode(field="code", example="B1")
    if db.session.scalar(select(FundingAgreement.id).where(FundingAgreement.code == command.code)):
        raise CodeTaken(field="code", code=command.code)
    agreement = FundingAgreement(
        code=command.code,
        edition_id=command.edition_id,
        name=command.name,
        kind=command.kind,
        currency=command.currency,
        ratio_numerator=command.ratio.numerator,
        ratio_denominator=command.ratio.denominator,
        amount_minor=0 if command.amount is None else command.amount.minor,
        cap_minor=None if command.cap is None else command.cap.minor,
        categories=list(command.categories),
        blocked_reason=command.blocked.value if command.blocked else "",
        is_demo=command.is_demo,
        provenance=command.provenance,
    )
    db.session.add(agreement)
    db.session.flush()
    for position, delegation_id in enumerate(command.serves):
        db.session.add(
            FundingServes(agreement_id=agreement.id, delegation_id=delegation_id, position=position)
        )
    audit.record("agreement.add", agreement, by=by, code=agreement.code)
    db.session.expire(agreement, ["served"])
    return agreement


def unblock(agreement: FundingAgreement, reason: str, *, by: Actor) -> FundingAgreement:
    """What it waited for is there: from now on it counts. Raises `Conflict` when nothing was missing."""
    if not agreement.blocked_reason:
        raise Conflict
    before, agreement.blocked_reason = agreement.blocked_reason, ""
    audit.record("agreement.unblock", agreement, by=by, reason=reason, condition=before)
    return agreement
