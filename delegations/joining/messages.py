"""What is written about a request to join: to the delegation, and back to who asked."""

from flask_babel import force_locale

from delegations.joining.models import JoinRequest
from delegations.lifecycle.focal_points import written_to
from delegations.sending import dated, send, spoken
from shared.i18n import _


def tell_asked(request: JoinRequest) -> None:
    """The focal points learn that somebody asks to join, and answer on one page."""
    delegation, person = request.delegation, request.registration.person
    for number, (to, locale) in enumerate(written_to(delegation)):
        with force_locale(spoken(locale)):
            told = {"name": person.name, "delegation": delegation.name}
            lines = [
                _("%(name)s, who registered for %(edition)s, asks to join the delegation %(delegation)s.",
                  edition=request.registration.edition.name, **told),
                *([_("“%(note)s”", note=request.note)] if request.note else []),
                _("One press gives a free seat, or a place in the line; a no is told kindly, with your "
                  "word."),
            ]  # fmt: skip
            send(
                to,
                _("%(name)s asks to join the delegation %(delegation)s", **told),
                lines,
                _("Answer the request"),
                f"/delegations/{delegation.code}/joining",
                key=f"join-asked-{request.id}-{number}",
            )


def tell_waiting(request: JoinRequest) -> None:
    """Who asked learns that they stand in the delegation's line."""
    person, delegation = request.registration.person, request.delegation
    if person.email:
        with force_locale(spoken(person.locale)):
            told = {"name": delegation.name, "edition": dated(delegation.edition)}
            line = _("The delegation %(name)s would take you along to %(edition)s. No seat is free yet: you "
                     "stand in its line, and we write when one is.", **told)  # fmt: skip
            subject = _("You wait for a seat in the delegation %(name)s", **told)
            send(person.email, subject, [line], "", "", key=f"join-waiting-{request.id}")


def tell_declined(request: JoinRequest) -> None:
    """Who asked learns that the delegation said no, and its word."""
    person, delegation = request.registration.person, request.delegation
    if person.email:
        with force_locale(spoken(person.locale)):
            told = {"name": delegation.name, "edition": dated(delegation.edition)}
            lines = [
                _("The delegation %(name)s cannot take you along to %(edition)s.", **told),
                _("Its word: %(reason)s", reason=request.reason),
            ]
            subject = _("Your request to the delegation %(name)s", **told)
            send(person.email, subject, lines, "", "", key=f"join-declined-{request.id}")
