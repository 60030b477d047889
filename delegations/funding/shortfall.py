"""Why money offered is not used, why cost is not covered, what would change it: values, then sentences."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from flask_babel import get_locale

from delegations.funding.offers import Condition
from shared.i18n import LazyString, _l
from shared.money import Money, format_money


class ReasonKind(StrEnum):
    """Four explain unused match and grants; the next, up to `USED_UP`, a gap; the last unused support."""

    INELIGIBLE = "ineligible"
    CAP_REACHED = "cap_reached"
    SHARE_REACHED = "share_reached"
    ALREADY_MATCHED = "already_matched"
    PLEDGE_BLOCKED = "pledge_blocked"
    ONLY_FREE_MONEY = "only_free_money"
    AWAITS_BASE = "awaits_base"
    USED_UP = "used_up"
    SUPPORT_UNUSED = "support_unused"


UNUSED = frozenset(
    (ReasonKind.INELIGIBLE, ReasonKind.CAP_REACHED, ReasonKind.SHARE_REACHED, ReasonKind.ALREADY_MATCHED)
)
"""Why money that a funder offers pays nothing: what a delegation is told first."""


@dataclass(frozen=True, slots=True)
class Reason:
    """One binding reason and the amount it costs.

    `source` and `label` are the agreement's or the pledge's, `groups` those it pays or that miss money.
    `limit` is what binds: the eligible cost, or the cap; `per_seat` the eligible cost of a seat, where
    all seats cost the same.
    """

    kind: ReasonKind
    amount: Money
    source: str = ""
    label: str = ""
    groups: tuple[str, ...] = ()
    limit: Money | None = None
    per_seat: Money | None = None
    condition: Condition | None = None


class UnlockKind(StrEnum):
    """What somebody could do about a remaining gap."""

    FREE_MONEY = "free_money"
    SAVE_MORE = "save_more"
    RAISE_CAP = "raise_cap"
    WIDEN = "widen"
    UNBLOCK = "unblock"


@dataclass(frozen=True, slots=True)
class Unlock:
    """One thing that would close the gap by `amount`. `effort` is what it takes: money given or saved, or by
    how much a cap would rise."""

    kind: UnlockKind
    amount: Money
    effort: Money
    source: str = ""
    label: str = ""
    group: str = ""


_SENTENCES: dict[ReasonKind | UnlockKind | Condition, LazyString] = {
    ReasonKind.INELIGIBLE: _l(
        "%(amount)s offered by %(label)s cannot be used: the lines it may pay (%(groups)s) cost %(limit)s."
    ),
    ReasonKind.CAP_REACHED: _l(
        "%(amount)s offered by %(label)s cannot be used: its cap of %(limit)s is reached."
    ),
    ReasonKind.SHARE_REACHED: _l(
        "%(amount)s offered by %(label)s cannot be used: the share of its cap here, %(limit)s, is reached."
    ),
    ReasonKind.ALREADY_MATCHED: _l(
        "%(amount)s offered by %(label)s cannot be used: this cash is already matched by another funder."
    ),
    Condition.CHARITY_NUMBER: _l(
        "The %(amount)s pledged by %(label)s do not count yet: a charity registration number is required."
    ),
    Condition.SIGNATURE: _l(
        "The %(amount)s pledged by %(label)s do not count yet: the agreement is not signed."
    ),
    ReasonKind.ONLY_FREE_MONEY: _l(
        "%(amount)s is left on lines (%(groups)s) that no funder here pays: only unrestricted money can."
    ),
    ReasonKind.AWAITS_BASE: _l(
        "%(amount)s is left on lines (%(groups)s) whose funders give more only as more savings or services "
        "arrive."
    ),
    ReasonKind.USED_UP: _l(
        "%(amount)s is left on lines (%(groups)s) whose funders have given all that they can."
    ),
    ReasonKind.SUPPORT_UNUSED: _l(
        "%(amount)s of the support granted is not needed and may return to the fund."
    ),
    UnlockKind.FREE_MONEY: _l("%(effort)s of unrestricted money would close the gap."),
    UnlockKind.SAVE_MORE: _l("%(effort)s more in savings would close the gap, thanks to the match it earns."),
    UnlockKind.RAISE_CAP: _l(
        "If %(label)s raised its cap by %(effort)s, the gap would shrink by %(amount)s."
    ),
    UnlockKind.WIDEN: _l("If %(label)s agreed to pay group %(group)s, the gap would shrink by %(amount)s."),
    UnlockKind.UNBLOCK: _l(
        "Once unblocked and served here first, the pledge by %(label)s would shrink the gap by %(amount)s."
    ),
}
_EACH_SEAT = _l(
    "%(amount)s offered by %(label)s cannot be used: only %(per_seat)s of each seat is on lines it may pay "
    "(%(groups)s)."
)


def sentence(fact: Reason | Unlock, groups: Mapping[str, str] | None = None) -> str:
    """The fact told in the reader's language. `groups` gives the groups of lines their names."""
    names = groups or {}
    values: dict[str, Any] = {
        name: _shown(getattr(fact, name))
        for name in ("amount", "effort", "limit", "per_seat", "label")
        if hasattr(fact, name)
    }
    if isinstance(fact, Unlock):
        return str(_SENTENCES[fact.kind]) % (values | {"group": names.get(fact.group, fact.group)})
    template = _EACH_SEAT if fact.per_seat else _SENTENCES[fact.condition or fact.kind]
    return str(template) % (values | {"groups": ", ".join(names.get(group, group) for group in fact.groups)})


def _shown(value: Money | str | None) -> str:
    if isinstance(value, Money):
        return format_money(value, str(get_locale() or "en"))  # no locale: the sentence is in English too
    return value or ""
