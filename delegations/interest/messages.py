"""What bodies of the network are written about a gathering, each in its language, with a way to stop it."""

from datetime import UTC, datetime, time

from flask_babel import force_locale

from delegations.interest.models import Interest
from delegations.sending import dated, send, spoken
from events.models import Edition
from shared.addresses import absolute
from shared.i18n import _


def until(edition: Edition) -> datetime:
    """Until when the link of a question opens: the end of the gathering's last day."""
    return datetime.combine(edition.ends_on, time.max, UTC)


def tell_asked(interest: Interest, token: str) -> None:
    """A body is asked whether a gathering interests it."""
    with force_locale(spoken(interest.organisation.locale)):
        lines = [
            _("%(edition)s is being prepared. Does it interest %(name)s?",
              edition=dated(interest.edition), name=interest.organisation.name),
            _("Say whether you would send a delegation, or host an activity on the way there. It takes half "
              "a minute, needs no account and commits you to nothing."),
        ]  # fmt: skip
        subject = _("Does %(edition)s interest you?", edition=interest.edition.name)
        _write(interest, subject, lines, token, key=f"interest-asked-{interest.id}")


def tell_reminded(interest: Interest, number: int, token: str) -> None:
    """A body that did not answer is asked again, kindly."""
    with force_locale(spoken(interest.organisation.locale)):
        lines = [
            _("We have not heard yet whether %(edition)s interests %(name)s. “Not this time” is an answer "
              "too, and a welcome one.", edition=dated(interest.edition), name=interest.organisation.name),
            _("If your answer is on its way, thank you: this message has crossed it."),
        ]  # fmt: skip
        subject = _("Still open: does %(edition)s interest you?", edition=interest.edition.name)
        _write(interest, subject, lines, token, key=f"interest-reminder-{interest.id}-{number}")


def _write(interest: Interest, subject: str, lines: list[str], token: str, *, key: str) -> None:
    send(
        interest.organisation.email,
        subject,
        lines,
        _("Answer"),
        f"/interest/{token}",
        key=key,
        stop_at=absolute(f"/interest/{token}/reminders"),
    )
