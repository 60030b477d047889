"""Rules of composition that bind: no word that makes one impossible, no lock before they are kept."""

from delegations.composition.balance import balance_of, seats_of, traits_of
from delegations.composition.measuring import State, Wanted, measure
from delegations.composition.rules import NAMES, rules_of
from delegations.models import Delegation, Nomination
from shared.errors import DomainError
from shared.i18n import _l


class OutOfBalance(DomainError):
    """A rule that binds could not be kept any more."""

    code = "out_of_balance"
    message = _l(
        "With this person the rule “%(rule)s” can no longer be kept: %(missing)s more are needed, "
        "and %(left)s places are left for them."
    )


class NotBalanced(DomainError):
    """A delegation is locked once the rules that bind are kept."""

    code = "not_balanced"
    message = _l("The rule “%(rule)s” binds and is not kept yet: %(missing)s more are needed.")


def must_leave_room(nomination: Nomination) -> None:
    """See that the rules that bind can be kept with this person, where they could without.

    Raises `OutOfBalance`.
    """
    delegation = nomination.seat.delegation
    binding = [one for one in rules_of(delegation.edition_id) if one.binds and not one.together]
    if not binding:
        return
    ids = [delegation.id]
    people = [one for _key, one in traits_of(ids)]
    others = [one for _key, one in traits_of(ids, but=nomination.id)]
    free = max(0, seats_of(ids).get(delegation.id, 0) - len(people))
    for rule in binding:
        wanted = Wanted(rule.kind, rule.value)
        found = measure(wanted, people, free)
        if found.state is State.MISSED and measure(wanted, others, free + 1).state is not State.MISSED:
            raise OutOfBalance(rule=NAMES[rule.kind], missing=found.missing, left=found.untold + found.free)


def must_be_kept(delegation: Delegation) -> None:
    """See that every rule that binds is kept. Raises `NotBalanced`."""
    for one in balance_of(delegation).kept:
        if one.rule.binds and one.measure.state is not State.MET:
            raise NotBalanced(rule=one.name, missing=one.measure.missing)
