"""The balance of a delegation, and of a gathering, against the rules of its edition."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select

from delegations.composition.measuring import Measure, Traits, Wanted, measure
from delegations.composition.models import CompositionRule, SelfPortrait
from delegations.composition.rules import NAMES, rules_of
from delegations.lifecycle.umbrella_models import UmbrellaMember
from delegations.models import CURRENT_NOMINATION, Delegation, Nomination, Seat
from delegations.seats.seats import ACTIVE
from events.models import NOBODY_COMES, BadgeRole, Edition, Registration
from network.models import Component, Organisation, Person
from shared.database import db
from shared.i18n import LazyString

_AT_WORK = (BadgeRole.VOLUNTEER, BadgeRole.INTERPRETER)


@dataclass(frozen=True, slots=True)
class Kept:
    """A rule and how it stands."""

    rule: CompositionRule
    measure: Measure

    @property
    def name(self) -> LazyString:
        return NAMES[self.rule.kind]


@dataclass(frozen=True, slots=True)
class Balance:
    """A delegation's people against the rules: `spread` counts them by component, None for not told."""

    kept: tuple[Kept, ...]
    spread: Mapping[Component | None, int]
    people: int
    free: int


def balance_of(delegation: Delegation) -> Balance:
    """How a delegation is made up; an umbrella is measured with its members."""
    members = select(UmbrellaMember.member_id).where(UmbrellaMember.umbrella_id == delegation.id)
    ids = [delegation.id, *db.session.scalars(members)]
    rules = [one for one in rules_of(delegation.edition_id) if not one.together]
    return _balance(rules, traits_of(ids), seats_of(ids))


def balances_of(edition: Edition) -> dict[int, Balance]:
    """Each delegation's balance by its id, in a number of queries that does not grow with them."""
    ids = list(db.session.scalars(select(Delegation.id).where(Delegation.edition_id == edition.id)))
    rules = [one for one in rules_of(edition.id) if not one.together]
    people, seats = traits_of(ids), seats_of(ids)
    return {
        one: _balance(rules, [(key, who) for key, who in people if key == one], {one: seats.get(one, 0)})
        for one in ids
    }


def whole_balance(edition: Edition) -> Balance:
    """The gathering as one: who sits in a seat, and who registered otherwise, but for those at work."""
    ids = list(db.session.scalars(select(Delegation.id).where(Delegation.edition_id == edition.id)))
    seated = (
        select(Nomination.person_id)
        .join(Seat)
        .where(Seat.delegation_id.in_(ids), Nomination.status.in_(CURRENT_NOMINATION))
    )
    guests = db.session.execute(
        select(Person.country, Organisation.component)
        .join(Registration, Registration.person_id == Person.id)
        .outerjoin(Organisation, Organisation.id == Person.organisation_id)
        .where(
            Registration.edition_id == edition.id,
            Registration.status.not_in(NOBODY_COMES),
            Registration.role.not_in(_AT_WORK),
            Person.id.not_in(seated),
        )
    )
    beside = [(0, Traits(component=row.component, country=row.country)) for row in guests]
    return _balance(rules_of(edition.id), [*traits_of(ids), *beside], {**seats_of(ids), 0: len(beside)})


def _balance(
    rules: Sequence[CompositionRule], people: Sequence[tuple[int, Traits]], seats: Mapping[int, int]
) -> Balance:
    who = [one for _key, one in people]
    free = max(0, sum(seats.values()) - len(who))
    kept = tuple(Kept(one, measure(Wanted(one.kind, one.value), who, free)) for one in rules)
    return Balance(kept, Counter(one.component for one in who), len(who), free)


def seats_of(ids: Sequence[int]) -> dict[int, int]:
    """How many seats of each delegation count."""
    rows = db.session.scalars(
        select(Seat.delegation_id).where(Seat.delegation_id.in_(ids), Seat.status.in_(ACTIVE))
    )
    return dict(Counter(rows))


def traits_of(ids: Sequence[int], *, but: int | None = None) -> list[tuple[int, Traits]]:
    """The people of these delegations as they count, each with its delegation; one nomination left out.

    Who told no component counts for their organisation's.
    """
    rows = db.session.execute(
        select(
            Seat.delegation_id,
            SelfPortrait.component,
            Organisation.component.label("body"),
            SelfPortrait.woman,
            SelfPortrait.young,
            Person.country,
        )
        .join(Nomination, Nomination.seat_id == Seat.id)
        .join(Person, Person.id == Nomination.person_id)
        .outerjoin(Organisation, Organisation.id == Person.organisation_id)
        .outerjoin(SelfPortrait, SelfPortrait.nomination_id == Nomination.id)
        .where(
            Seat.delegation_id.in_(ids),
            Seat.status.in_(ACTIVE),
            Nomination.status.in_(CURRENT_NOMINATION),
            Nomination.id != (but or 0),
        )
        .order_by(Nomination.id)
    )
    return [
        (row.delegation_id, Traits(row.component or row.body, row.woman, row.young, row.country))
        for row in rows
    ]
