"""What the people of seats are told by e-mail, and what their delegation is told about them."""

from flask_babel import force_locale

from delegations.models import Delegation, Nomination
from delegations.seats.waiting_models import SeatOffer
from delegations.sending import dated, locale_of, send, spoken
from events.wording import deadline
from network.models import Person
from shared.i18n import _


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
    _tell_delegation(nomination, "refused")


def tell_declined(nomination: Nomination) -> None:
    """The delegation learns that a person does not take the seat."""
    _tell_delegation(nomination, "declined")


def tell_letter_refused(nomination: Nomination, reason: str) -> None:
    """The delegation learns that a nomination letter is not enough, and why."""
    seat = nomination.seat
    with force_locale(locale_of(seat.delegation)):
        _write(
            seat.delegation,
            _("Another nomination letter is needed for %(name)s", name=nomination.person.name),
            reason,
            _("Send another letter"),
            f"/delegations/{seat.delegation.code}/seats/{seat.number}/letter",
        )


def tell_offered(offer: SeatOffer, person: Person, token: str) -> None:
    """Somebody who waits learns that a seat is free for them, until when, and where to answer."""
    delegation = offer.delegation
    with force_locale(spoken(person.locale)):
        until = deadline(offer.until, delegation.edition.zone, spoken(person.locale))
        send(
            person.email,
            _("A seat is free for you: %(edition)s", edition=dated(delegation.edition)),
            [
                _("%(name)s, you wait for a seat of the delegation %(delegation)s.",
                  name=person.name, delegation=delegation.name),
                _("Answer before %(moment)s: after that the seat is offered to the next.", moment=until),
            ],
            _("Answer"),
            f"/offer/{token}",
        )  # fmt: skip


def _tell_delegation(nomination: Nomination, what: str) -> None:
    seat = nomination.seat
    name = nomination.person.name
    with force_locale(locale_of(seat.delegation)):
        subject = (
            _("%(name)s was not accepted for %(seat)s", name=name, seat=seat.code)
            if what == "refused"
            else _("%(name)s does not take the seat %(seat)s", name=name, seat=seat.code)
        )
        path = f"/delegations/{seat.delegation.code}/seats/{seat.number}"
        _write(seat.delegation, subject, nomination.reason, _("See the seat"), path)


def _write(delegation: Delegation, subject: str, reason: str, action: str, path: str) -> None:
    if delegation.contact_email:
        send(delegation.contact_email, subject, [_("Why: %(reason)s", reason=reason)], action, path)
