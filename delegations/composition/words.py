"""How a rule of composition and its measure are said."""

from typing import Any

from delegations.composition.balance import balance_of
from delegations.composition.measuring import FIVE, Measure, State
from delegations.composition.models import RuleKind
from delegations.models import Delegation
from network.wording import COMPONENTS
from shared.i18n import _, ngettext


def balance_words(delegation: Delegation) -> dict[str, Any]:
    """What the drawing of a delegation's balance is made of."""
    return {
        "balance": balance_of(delegation),
        "five": FIVE,
        "components": COMPONENTS,
        "wanted_of": wanted_of,
        "sentence_of": sentence_of,
    }


def wanted_of(kind: RuleKind, value: int) -> str:
    """What a rule wants, in a few words."""
    if kind is RuleKind.COMPONENTS:
        return str(
            ngettext(
                "at least %(num)s of the five components", "at least %(num)s of the five components", value
            )
        )
    if kind is RuleKind.SOUTH:
        return str(_("one person of the South for %(value)s of the North", value=value))
    return str(_("at least %(value)s %% of the seats", value=value))


def sentence_of(one: Measure) -> str:
    """How it stands, and what is still possible."""
    parts = [_have(one)]
    if one.untold:
        parts.append(ngettext("%(num)s person did not say.", "%(num)s people did not say.", one.untold))
    if one.state is State.OPEN:
        parts.append(ngettext("%(num)s more is needed.", "%(num)s more are needed.", one.missing))
    if one.state is State.MISSED:
        parts.append(
            ngettext(
                "%(num)s more is needed: the places left are not enough.",
                "%(num)s more are needed: the places left are not enough.",
                one.missing,
            )
        )
    return " ".join(parts)


def _have(one: Measure) -> str:
    told = {
        "have": one.have,
        "others": one.others,
        "seats": one.have + one.others + one.untold + one.free,
    }
    if one.wanted.kind is RuleKind.COMPONENTS:
        return str(
            ngettext(
                "%(have)s of the five are here; %(num)s is wanted.",
                "%(have)s of the five are here; %(num)s are wanted.",
                one.need,
                **told,
            )
        )
    if one.wanted.kind is RuleKind.SOUTH:
        return str(
            ngettext(
                "%(have)s of the South beside %(others)s of the North; %(num)s is wanted.",
                "%(have)s of the South beside %(others)s of the North; %(num)s are wanted.",
                one.need,
                **told,
            )
        )
    return str(
        ngettext(
            "%(have)s of %(seats)s; %(num)s is wanted.",
            "%(have)s of %(seats)s; %(num)s are wanted.",
            one.need,
            **told,
        )
    )
