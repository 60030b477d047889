"""What the people of seats are told by e-mail, and what their delegation is told about them."""

from collections.abc import Sequence

from flask_babel import force_locale

from delegations.lifecycle.focal_points import written_to
from delegations.models import Nomination
from delegations.seats import waiting
from delegations.seats.waiting_models import SeatOffer
from delegations.sending import dated, send, spoken
from events.wording import deadline
from network.models import Person
from shared.i18n import _, _l, ngettext


def tell_refused(nomination: Nomination) -> None:
    """A person who was named learns that the organisers said no, and why; so does the delegation."""
    person, seat = nomination.person, nomination.seat
    if person.email:
        with force_locale(spoken(person.locale)):
            send(
                person.email,
                _("Your nomination for %(edition)s was not accepted", edition=dated(seat.delegation.edition)),
                [
                    _("Why: %(reason)s", reason=nomination.reason),
                    _("Your delegation knows. Talk to it if you think that this is a mistake."),
                ],
                "",
                "",
                key=f"nomination-refused-{nomination.id}",
            )
    _tell_delegation(nomination, "refused", nomination.reason)


def tell_left(nomination: Nomination) -> None:
    """Somebody who was named learns that the seat is no longer theirs. Why stays with the delegation."""
    person, seat = nomination.person, nomination.seat
    if not person.email:
        return
    with force_locale(spoken(person.locale)):
        send(
            person.email,
            _("You no longer have a seat for %(edition)s", edition=dated(seat.delegation.edition)),
            [
                _("%(name)s, the seat %(seat)s of the delegation %(delegation)s is no longer yours.",
                  name=person.name, seat=seat.code, delegation=seat.delegation.name),
                _("Your private link, your code and your badge no longer work, and you have nothing to pay."),
                _("Your delegation knows. Talk to it if you think that this is a mistake."),
            ],
            "",
            "",
            key=f"nomination-left-{nomination.id}",
        )  # fmt: skip


def tell_declined(nomination: Nomination) -> None:
    """The delegation learns that a person does not take the seat."""
    _tell_delegation(nomination, "declined", nomination.reason)


def tell_letter_refused(nomination: Nomination, reason: str) -> None:
    """The delegation learns that a nomination letter is not enough, and why."""
    _tell_delegation(nomination, "letter", reason, "/letter")


def tell_offered(offer: SeatOffer, person: Person, token: str) -> None:
    """Somebody who waits learns that a seat is free for them, until when, and where to answer."""
    delegation, count = offer.delegation, len(offer.seats)
    kept = ", ".join(one.waiting.person.name for one in offer.seats)
    left = [one.person.name for one in waiting.left_in_line(offer)]
    with force_locale(spoken(person.locale)):
        until = deadline(offer.until, delegation.edition.zone, spoken(person.locale))
        send(
            person.email,
            ngettext("A seat is free for you: %(edition)s", "%(num)s seats are free for you: %(edition)s",
                     count, edition=dated(delegation.edition)),
            [
                _("%(name)s, you wait for a seat of the delegation %(delegation)s.",
                  name=person.name, delegation=delegation.name),
                *([_("The seats are for %(names)s.", names=kept)] if count > 1 else []),
                *([go_on_waiting(left)] if left else []),
                _("Answer before %(moment)s: after that the seat is offered to the next.", moment=until),
            ],
            _("Answer"),
            f"/offer/{token}",
        )  # fmt: skip


def go_on_waiting(names: Sequence[str]) -> str:
    """Who of a party is offered nothing yet."""
    told = ", ".join(names)
    return str(ngettext("%(names)s goes on waiting.", "%(names)s go on waiting.", len(names), names=told))


_SUBJECTS = {
    "refused": _l("%(name)s was not accepted for %(seat)s"),
    "declined": _l("%(name)s does not take the seat %(seat)s"),
    "letter": _l("Another nomination letter is needed for %(name)s"),
}


def _tell_delegation(nomination: Nomination, what: str, reason: str, page: str = "") -> None:
    """Its focal points learn it, the backup as well as the primary, each in their language."""
    seat = nomination.seat
    for to, locale in written_to(seat.delegation):
        with force_locale(spoken(locale)):
            send(
                to,
                str(_SUBJECTS[what]) % {"name": nomination.person.name, "seat": seat.code},
                [_("Why: %(reason)s", reason=reason)],
                _("Send another letter") if page else _("See the seat"),
                f"/delegations/{seat.delegation.code}/seats/{seat.number}{page}",
            )
