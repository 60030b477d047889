"""What a delegation's focal points are told: invited, given seats, asked again, in charge, relieved."""

from collections.abc import Sequence

from flask_babel import force_locale

from access.models import User
from delegations.lifecycle.focal_points import written_to
from delegations.models import Delegation, Seat
from delegations.sending import dated, send, spoken
from shared.i18n import _, ngettext


def tell_invited(delegation: Delegation, head: User) -> None:
    """The head of a delegation learns that it is invited and where to ask for seats."""
    with force_locale(spoken(head.locale)):
        send(
            head.email,
            _(
                "%(edition)s invites the delegation %(name)s",
                edition=dated(delegation.edition),
                name=delegation.name,
            ),
            [
                _("You are invited to form a delegation. Tell us how many seats you would need."),
                _("Sign in with this e-mail address: no password is needed, we send you a link."),
            ],
            _("Ask for seats"),
            f"/delegations/{delegation.code}",
            key=f"delegation-invited-{delegation.id}",
        )


def tell_allocated(delegation: Delegation) -> None:
    """The focal points learn how many seats the delegation was given."""
    count = delegation.seats_allocated
    for number, (to, locale) in enumerate(written_to(delegation)):
        with force_locale(spoken(locale)):
            send(
                to,
                ngettext(
                    "%(num)s seat for the delegation %(name)s",
                    "%(num)s seats for the delegation %(name)s",
                    count,
                    name=delegation.name,
                ),
                [
                    _("You asked for %(requested)s.", requested=delegation.seats_requested),
                    _("Confirm them so that you can open a savings plan and name people."),
                ],
                _("Confirm the seats"),
                f"/delegations/{delegation.code}",
                key=f"delegation-allocated-{delegation.id}-{number}",
            )


def tell_more_seats(delegation: Delegation, seats: Sequence[Seat]) -> None:
    """The focal points learn that the delegation was given these seats besides those it had."""
    for number, (to, locale) in enumerate(written_to(delegation)):
        with force_locale(spoken(locale)):
            send(
                to,
                ngettext(
                    "%(num)s seat more for the delegation %(name)s",
                    "%(num)s seats more for the delegation %(name)s",
                    len(seats),
                    name=delegation.name,
                ),
                [
                    _("New: %(seats)s.", seats=", ".join(seat.code for seat in seats)),
                    _("Each costs what a seat costs: see what your savings plan becomes, and name people."),
                ],
                _("See the seats"),
                f"/delegations/{delegation.code}/seats",
                key=f"delegation-more-seats-{seats[0].code}-{number}",
            )


def tell_reset(delegation: Delegation, reason: str, *, key: int) -> None:
    """The focal points learn that the gathering moved and that the seats are to be confirmed again."""
    for number, (to, locale) in enumerate(written_to(delegation)):
        with force_locale(spoken(locale)):
            send(
                to,
                _("%(edition)s has changed: do you still come?", edition=dated(delegation.edition)),
                [
                    _("Why we ask: %(reason)s", reason=reason),
                    _("Your seats, the people you named and your money stay as they are. Confirm again."),
                ],
                _("Confirm the seats"),
                f"/delegations/{delegation.code}",
                key=f"delegation-reset-{key}-{number}",
            )


def tell_in_charge(delegation: Delegation, user: User, *, backup: bool, key: int) -> None:
    """Somebody learns that they look after a delegation from now on."""
    told = {"name": delegation.name, "edition": dated(delegation.edition)}
    with force_locale(spoken(user.locale)):
        first = (
            _("You stand in for the focal point of the delegation %(name)s for %(edition)s.", **told)
            if backup
            else _("You look after the delegation %(name)s for %(edition)s from now on.", **told)
        )
        send(
            user.email,
            _("The delegation %(name)s is in your hands", name=delegation.name),
            [first, _("Sign in with this e-mail address: no password is needed, we send you a link.")],
            _("Open the delegation"),
            f"/delegations/{delegation.code}",
            key=f"focal-in-charge-{key}",
        )


def tell_relieved(delegation: Delegation, user: User, *, key: int) -> None:
    """Somebody learns that they look after a delegation no more."""
    with force_locale(spoken(user.locale)):
        send(
            user.email,
            _("Thank you for the delegation %(name)s", name=delegation.name),
            [
                _("You no longer look after the delegation %(name)s: its pages are closed to you.",
                  name=delegation.name),
                _("Should this surprise you, write to the organisers."),
            ],
            "",
            "",
            key=f"focal-relieved-{key}",
        )  # fmt: skip
