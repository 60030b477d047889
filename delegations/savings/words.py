"""Why a savings plan is changed and how, in words."""

from fractions import Fraction

from babel import Locale
from babel.numbers import format_percent

from delegations.savings.models import Cause, ReminderKind
from delegations.savings.replanning import Policy
from delegations.savings.schedule import InstalmentState
from shared.i18n import LazyString, _l

CAUSES: dict[Cause, LazyString] = {
    Cause.DEPOSITS: _l("Deposits came late, in part or ahead"),
    Cause.RETURNED: _l("A cheque was returned"),
    Cause.SEATS: _l("A seat was added or withdrawn"),
    Cause.PRICE: _l("The price of a seat has moved"),
    Cause.RATE: _l("The rate of exchange has moved"),
    Cause.PAYER: _l("A payer stopped"),
    Cause.OTHER: _l("Something else"),
}
"""Why a plan is changed, in words."""

MORE: dict[Policy, LazyString] = {
    Policy.SPREAD: _l("Spread it over what is left"),
    Policy.NEXT: _l("Pay it with the next instalment"),
    Policy.EXTEND: _l("Go on for longer"),
    Policy.ACCEPT: _l("Accept the gap"),
}
LESS: dict[Policy, LazyString] = {
    Policy.SPREAD: _l("Lower all that is left"),
    Policy.NEXT: _l("Lower the next ones first"),
    Policy.EXTEND: _l("End sooner"),
    Policy.ACCEPT: _l("Go on, and save more than is needed"),
}
"""A policy in words, when more is to be found and when less."""

POLICIES: dict[Policy, LazyString] = {
    Policy.SPREAD: _l("spread over what was left"),
    Policy.NEXT: _l("met with the next instalment"),
    Policy.EXTEND: _l("met at the end"),
    Policy.ACCEPT: _l("the coming instalments stayed as they were"),
}
"""How a version met its difference, in words."""

STATES: dict[InstalmentState, tuple[str, LazyString]] = {
    InstalmentState.UPCOMING: ("off", _l("to come")),
    InstalmentState.DUE: ("wait", _l("due today")),
    InstalmentState.LATE: ("bad", _l("late")),
    InstalmentState.PART_PAID: ("wait", _l("part paid")),
    InstalmentState.PAID: ("good", _l("paid in full")),
}
"""An instalment's state: a shape and a word."""

REMINDERS: dict[ReminderKind, LazyString] = {
    ReminderKind.BEFORE: _l("a week before"),
    ReminderKind.ON: _l("on the day"),
    ReminderKind.AFTER: _l("a week after"),
}
"""When a reminder leaves, in words."""


def share_words(share: Fraction, locale: str) -> str:
    """A share as people write it: ``25 %``, and ``1/3`` where no hundredth of a percent is exact."""
    if (share * 10_000).denominator == 1:
        pattern = Locale.parse(locale).percent_formats[None].pattern.replace("0", "0.##")
        return str(format_percent(float(share), pattern, locale=locale))
    return f"{share.numerator}/{share.denominator}"
