"""A delegation for the next gathering, begun from this one: people in charge, seats, budget, savings plans.

The past is read and never written. What would be made is a value first (`proposal`), so that it can be shown
and corrected; `clone` then makes exactly that.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from sqlalchemy import select

from access.models import User
from delegations.budgets.models import Budget
from delegations.budgets.versions import CreateBudget, as_lines, create_budget, seat_budgets
from delegations.lifecycle import focal_points, handing_over, invitations
from delegations.lifecycle.descent_models import Descent
from delegations.lifecycle.focal_models import FocalRank
from delegations.lifecycle.handing_over import HandOver
from delegations.lifecycle.invitations import InviteDelegation
from delegations.models import Delegation, SavingsPlan
from delegations.savings import plans as savings
from delegations.savings.payer_models import Payer
from delegations.savings.payer_standings import who_pays_on
from delegations.savings.payers import AddPayer, add_payer
from delegations.savings.plans import OpenPlan
from delegations.savings.schedule import Instalment, Remainder, months_after, portions
from delegations.savings.versions import all_agreed
from delegations.seats.seats import ACTIVE
from events.models import Edition
from shared import audit
from shared.clock import today
from shared.database import db, hold
from shared.errors import DomainError
from shared.i18n import _l
from shared.money import Money


class AlreadyCloned(DomainError):
    """A delegation has one successor in a gathering."""

    code = "already_cloned"
    message = _l("%(name)s was begun from it already.")


class NotLater(DomainError):
    """A successor comes to a later gathering."""

    code = "not_later"
    status = 422
    message = _l("%(edition)s does not come after this gathering.")


@dataclass(frozen=True, slots=True)
class PlanProposal:
    """A savings plan as it would be begun again; `before` is the old one's schedule.

    `payers` are those who did not stop, each with their share; the first opens it.
    """

    plan: SavingsPlan
    payers: Sequence[tuple[Payer, Fraction]]
    before: Sequence[Instalment]
    code: str
    target: Money
    count: int
    first_due: date

    @property
    def last_due(self) -> date:
        return months_after(self.first_due, self.plan.every_months * (self.count - 1))

    @property
    def each(self) -> Money:
        """The first instalment."""
        return portions(self.target, self.count, Remainder(self.plan.remainder))[0]


@dataclass(frozen=True, slots=True)
class Proposal:
    """What would be made: `budget` is what a seat costs now, None where there is none to take over.

    `foreign` is where the gathering does not count in the old currency: money is then not taken over.
    """

    delegation: Delegation
    edition: Edition
    code: str
    seats: int
    budget: Budget | None
    plans: tuple[PlanProposal, ...]
    foreign: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Clone:
    """What is wanted of a proposal; `plans` are the ids of those to begin again."""

    code: str
    name: str
    seats: int
    budget: bool
    plans: frozenset[int]


def proposal(delegation: Delegation, edition: Edition, seats: int | None = None) -> Proposal:
    """What a successor in `edition` would be, for so many seats (as many as now). Raises `NotLater`."""
    if edition.starts_on <= delegation.edition.starts_on:
        raise NotLater(field="edition", edition=edition.name)
    had = sum(one.status in ACTIVE for one in delegation.seats) or delegation.seats_requested or 1
    count = seats or had
    approved = seat_budgets(delegation.edition_id)
    budget = approved.get(delegation.id) or approved.get(None)
    foreign = delegation.edition.currency not in {edition.currency, *edition.currencies}
    agreed, payers = all_agreed(delegation.plans), who_pays_on(delegation.plans)
    plans = () if foreign else tuple(
        _plan(one, payers[one.id], agreed[one.id].instalments, edition, _share(one.target, count, had))
        for one in delegation.plans
    )  # fmt: skip
    return Proposal(
        delegation,
        edition,
        code=_code(delegation, edition),
        seats=count,
        budget=None if foreign else budget,
        plans=plans,
        foreign=foreign,
    )


def _code(delegation: Delegation, edition: Edition) -> str:
    """The old code under the new gathering: DKR05-OUT becomes RIP-2009-OUT."""
    return f"{edition.code}-{delegation.code.removeprefix(f'{delegation.edition.code}-')}"


def _plan(
    plan: SavingsPlan,
    payers: Sequence[tuple[Payer, Fraction]],
    before: Sequence[Instalment],
    edition: Edition,
    target: Money,
) -> PlanProposal:
    """The plan shifted by the months between the gatherings, or begun now for what is left of that time."""
    old = plan.delegation.edition.starts_on
    shift = (edition.starts_on.year - old.year) * 12 + edition.starts_on.month - old.month
    first, last = months_after(plan.first_due, shift), months_after(before[-1].due, shift)
    while first <= today() and first < last:
        first = months_after(first, plan.every_months)
    count = 1
    while months_after(first, plan.every_months * count) <= last:
        count += 1
    return PlanProposal(plan, payers, before, f"{plan.code}-{edition.starts_on.year}", target, count, first)


def _share(target: Money, seats: int, before: int) -> Money:
    """A target for another number of seats, to the nearest minor unit."""
    return Money((2 * target.minor * seats + before) // (2 * before), target.currency)


def clone(delegation: Delegation, edition: Edition, command: Clone, *, by: User) -> Delegation:
    """Begin the successor: invited, its seats asked for, a budget drafted, plans opened, payers told.

    Nothing of `delegation` changes. Raises `NotLater`, `AlreadyCloned`, what `invite`, `request_seats`,
    `create_budget` and `open_plan` raise.
    """
    hold(delegation)
    begun = db.session.scalar(
        select(Delegation.name)
        .join(Descent, Descent.delegation_id == Delegation.id)
        .where(Descent.parent_id == delegation.id, Delegation.edition_id == edition.id)
    )
    if begun:
        raise AlreadyCloned(name=begun)
    draft = proposal(delegation, edition, command.seats)
    made = _invite(delegation, edition, command, by=by)
    db.session.add(Descent(delegation_id=made.id, parent_id=delegation.id))
    if command.budget and draft.budget:
        lines = as_lines(draft.budget, reasons=False, payers=True)
        title = draft.budget.title
        create_budget(
            CreateBudget(edition_id=edition.id, delegation_id=made.id, lines=lines, title=title), by=by
        )
    for one in draft.plans:
        if one.plan.id in command.plans:
            _open(one, made, command.seats, by=by)
    audit.record("delegation.clone", made, by=by, parent=delegation.code, seats=command.seats)
    return made


def _invite(delegation: Delegation, edition: Edition, command: Clone, *, by: User) -> Delegation:
    focal = focal_points.current(delegation)
    primary, backup = focal.get(FocalRank.PRIMARY), focal.get(FocalRank.BACKUP)
    made = invitations.invite(
        InviteDelegation(
            edition_id=edition.id,
            code=command.code,
            name=command.name,
            organisation_id=delegation.organisation_id,
            contact_email=primary.user.email if primary else delegation.contact_email,
            locale=primary.user.locale if primary else "fr",
            is_demo=delegation.is_demo,
            provenance=delegation.provenance,
        ),
        by=by,
    )
    if backup:
        person = backup.user
        handing_over.hand_over(
            made,
            FocalRank.BACKUP,
            HandOver(email=person.email, name=person.name, locale=person.locale),
            by=by,
        )
    invitations.request_seats(made, command.seats, "", by=by)
    return made


def _open(one: PlanProposal, made: Delegation, seats: int, *, by: User) -> None:
    (first, _its_share), *others = one.payers
    plan = savings.open_plan(
        OpenPlan(
            delegation_id=made.id,
            payer_id=first.id,
            code=one.code,
            target=one.target,
            count=one.count,
            first_due=one.first_due,
            every_months=one.plan.every_months,
            remainder=Remainder(one.plan.remainder),
            seats=seats,
            payer_email=first.own_address,
            is_demo=made.is_demo,
            provenance=made.provenance,
        ),
        by=by,
    )
    for payer, share in others:
        asked = AddPayer(organisation_id=payer.id, share=share, since=one.first_due, email=payer.own_address)
        add_payer(plan, asked, by=by)


def parent_of(delegation: Delegation) -> Delegation | None:
    """The delegation it was begun from, if there is one."""
    return db.session.scalar(
        select(Delegation)
        .join(Descent, Descent.parent_id == Delegation.id)
        .where(Descent.delegation_id == delegation.id)
    )
