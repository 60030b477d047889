"""Saying what an edition wants of its delegations, and keeping what people choose to say of themselves."""

from collections.abc import Mapping, Sequence

from sqlalchemy import select

from delegations.composition.measuring import Traits, Wanted
from delegations.composition.models import CompositionRule, RuleKind, SelfPortrait
from delegations.models import Nomination
from events.models import Edition
from shared import audit
from shared.audit import Actor
from shared.clock import now
from shared.database import db, hold
from shared.errors import DomainError, NotFound
from shared.i18n import LazyString, _l

NAMES: Mapping[RuleKind, LazyString] = {
    RuleKind.COMPONENTS: _l("Components"),
    RuleKind.WOMEN: _l("Women"),
    RuleKind.YOUTH: _l("People under 30"),
    RuleKind.SOUTH: _l("South and North"),
}
MOST = {RuleKind.COMPONENTS: 5, RuleKind.WOMEN: 100, RuleKind.YOUTH: 100, RuleKind.SOUTH: 20}
"""The largest value of each kind of rule."""


class BadRule(DomainError):
    """A rule's value is from one to what its kind allows."""

    code = "bad_rule"
    status = 422
    message = _l("Write a number from 1 to %(most)s.")


def set_rule(edition: Edition, rule: Wanted, *, binds: bool, together: bool, by: Actor) -> CompositionRule:
    """Say what is wanted; said again, it replaces. Raises `BadRule`."""
    if not 1 <= rule.value <= MOST[rule.kind]:
        raise BadRule(field="value", most=MOST[rule.kind])
    hold(edition)
    found = db.session.scalar(
        select(CompositionRule).where(
            CompositionRule.edition_id == edition.id, CompositionRule.kind == rule.kind
        )
    )
    if found is None:
        found = CompositionRule(edition_id=edition.id, kind=rule.kind, value=rule.value)
        db.session.add(found)
    found.value, found.binds, found.together = rule.value, binds, together
    audit.record(
        "composition.set",
        found,
        by=by,
        kind=rule.kind.value,
        value=rule.value,
        binds=binds,
        together=together,
    )
    return found


def lift_rule(edition: Edition, rule_id: int, *, by: Actor) -> None:
    """Want it no more. Raises `NotFound`."""
    rule = db.session.get(CompositionRule, rule_id)
    if rule is None or rule.edition_id != edition.id:
        raise NotFound
    audit.record("composition.lift", rule, by=by, kind=rule.kind.value)
    db.session.delete(rule)


def tell(nomination: Nomination, told: Traits, *, by: Actor) -> None:
    """Keep what a person chose to say for the balance; saying nothing takes it away."""
    known = db.session.get(SelfPortrait, nomination.id)
    if known is None:
        known = SelfPortrait(nomination_id=nomination.id)
        db.session.add(known)
    known.component, known.woman, known.young = told.component, told.woman, told.young
    known.told_at = now()
    audit.record("composition.tell", nomination, by=by)


def rules_of(edition_id: int) -> Sequence[CompositionRule]:
    """The edition's rules, in the order of their kinds."""
    found = db.session.scalars(select(CompositionRule).where(CompositionRule.edition_id == edition_id)).all()
    order = list(RuleKind)
    return sorted(found, key=lambda one: order.index(one.kind))
