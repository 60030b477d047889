"""Funders' rules for an edition: agreed, changed (each change is a version), freed of what blocks them."""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime

from sqlalchemy import delete, func, select

from access.models import User
from delegations.funding import terms as wording
from delegations.funding.agreement_models import AgreementVersion
from delegations.funding.receiving import fund_of
from delegations.funding.terms import Terms, terms_of
from delegations.lifecycle.invitations import CODE, BadCode
from delegations.models import FundingAgreement, FundingServes
from delegations.seats.seats import reason_of
from events.models import Edition
from network.editing import ChangedMeanwhile
from shared import audit
from shared.audit import Actor
from shared.database import db, hold
from shared.errors import Conflict, DomainError
from shared.i18n import _l


class BadAgreement(DomainError):
    """A match has a ratio, a grant or a pledge an amount, all in one currency."""

    code = "bad_agreement"
    status = 422
    message = _l(
        "A match needs a ratio; a grant or a pledge needs an amount, in the currency of its cap; a window "
        "opens before it closes."
    )


class AgreementCodeTaken(DomainError):
    """The code is an agreement's of this gathering."""

    code = "code_taken"
    message = _l("%(code)s is %(name)s (%(edition)s) already. Choose another code.")


class NothingChanged(DomainError):
    """The terms are what they were."""

    code = "nothing_changed"
    status = 422
    message = _l("Nothing is changed: the agreement says this already.")


@dataclass(frozen=True, slots=True, kw_only=True)
class AddAgreement(Terms):
    """A funder's rule: its terms, and the `code` it goes by."""

    edition_id: int
    code: str
    is_demo: bool = False
    provenance: str = ""

    @property
    def terms(self) -> Terms:
        """What was agreed."""
        found = {one.name: getattr(self, one.name) for one in fields(Terms)}
        return Terms(**found | {"categories": tuple(self.categories), "serves": tuple(self.serves)})


def add_agreement(command: AddAgreement, *, by: Actor) -> FundingAgreement:
    """Record a funder's rule, its first version. Raises `BadAgreement`, `BadCode`, `AgreementCodeTaken`."""
    if not command.sound:
        raise BadAgreement
    if not CODE.fullmatch(command.code) or len(command.code) > 20:
        raise BadCode(field="code", example="B1")
    edition = db.session.get_one(Edition, command.edition_id)
    hold(edition)
    known = db.session.scalar(
        select(FundingAgreement).where(
            FundingAgreement.code == command.code, FundingAgreement.edition_id == edition.id
        )
    )
    if known:
        raise AgreementCodeTaken(field="code", code=known.code, name=known.name, edition=edition.name)
    agreement = FundingAgreement(
        code=command.code,
        edition_id=command.edition_id,
        name=command.name,
        kind=command.kind,
        currency=command.currency,
        is_demo=command.is_demo,
        provenance=command.provenance,
    )
    db.session.add(agreement)
    db.session.flush()
    audit.record("agreement.add", agreement, by=by, code=agreement.code)
    _now(agreement, command.terms, "", by)
    return agreement


def change_agreement(
    agreement: FundingAgreement, terms: Terms, reason: str, *, seen: int | None = None, by: Actor
) -> None:
    """From now on these terms hold; what held before stays readable. `seen` is the version they begin from.

    Raises `BadAgreement`, `NothingChanged`, `ReasonMissing`, `ChangedMeanwhile`.
    """
    reason = reason_of(reason)
    hold(agreement)
    if seen is not None and seen != versions_of(agreement)[-1].number:
        raise ChangedMeanwhile
    before = terms_of(agreement)
    if not terms.sound or terms.currency != before.currency:
        raise BadAgreement
    if terms == before:
        raise NothingChanged
    audit.record("agreement.change", agreement, by=by, reason=reason,
                 changed=list(wording.changed(before, terms)))  # fmt: skip
    _now(agreement, terms, reason, by)


def unblock(agreement: FundingAgreement, reason: str, *, by: Actor) -> FundingAgreement:
    """What it waited for is there: from now on it counts. Raises `Conflict` when nothing was missing."""
    hold(agreement)
    if not agreement.blocked_reason:
        raise Conflict
    audit.record("agreement.unblock", agreement, by=by, reason=reason, condition=agreement.blocked_reason)
    _now(agreement, replace(terms_of(agreement), blocked=None), reason, by)
    return agreement


def _now(agreement: FundingAgreement, terms: Terms, reason: str, by: Actor) -> None:
    """Put terms into force and keep them as the next version; what counts has a fund for its money."""
    agreement.name, agreement.kind, agreement.through = terms.name, terms.kind, terms.through
    agreement.ratio_numerator, agreement.ratio_denominator = terms.ratio.numerator, terms.ratio.denominator
    agreement.amount_minor = terms.amount.minor if terms.amount else 0
    agreement.cap_minor = terms.cap.minor if terms.cap else None
    agreement.categories = list(terms.categories)
    agreement.blocked_reason = terms.blocked.value if terms.blocked else ""
    agreement.basis, agreement.sharing, agreement.stacks = (
        terms.basis.value,
        terms.sharing.value,
        terms.stacks,
    )
    agreement.opens, agreement.closes = terms.opens, terms.closes
    if not agreement.blocked_reason:
        fund_of(agreement, by=by).purpose = " ".join(terms.categories)
    db.session.execute(delete(FundingServes).where(FundingServes.agreement_id == agreement.id))
    for position, delegation_id in enumerate(terms.serves):
        db.session.add(
            FundingServes(agreement_id=agreement.id, delegation_id=delegation_id, position=position)
        )
    number = db.session.scalar(
        select(func.max(AgreementVersion.number)).where(AgreementVersion.agreement_id == agreement.id)
    )
    db.session.add(
        AgreementVersion(
            agreement_id=agreement.id,
            number=(number or 0) + 1,
            terms=wording.written(terms),
            reason=reason,
            by_id=by.id if isinstance(by, User) else None,
        )
    )
    db.session.flush()
    db.session.expire(agreement, ["served"])


def versions_of(agreement: FundingAgreement) -> Sequence[AgreementVersion]:
    """Every version of an agreement, the first one first."""
    return db.session.scalars(
        select(AgreementVersion)
        .where(AgreementVersion.agreement_id == agreement.id)
        .order_by(AgreementVersion.number)
    ).all()


def terms_at(agreement: FundingAgreement, moment: datetime) -> Terms | None:
    """The terms that held at a moment; None before there was an agreement."""
    held = [one for one in versions_of(agreement) if one.at <= moment]
    return wording.read(held[-1].terms) if held else None
