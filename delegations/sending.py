"""How a message of this room is written and sent: a few sentences and one link, in its reader's language."""

from collections.abc import Sequence

from flask_babel import format_date

from delegations.models import Delegation
from events.models import Edition
from outbox import mail
from outbox.rendering import render
from shared.addresses import absolute
from shared.i18n import DEFAULT_LOCALE, LOCALES, _


def send(
    to: str,
    subject: str,
    lines: Sequence[str],
    action: str,
    path: str,
    *,
    key: str | None = None,
    stop_at: str | None = None,
) -> None:
    """A message of a few sentences and one link. The same `key` is sent once.

    A reminder ends with where it can be stopped; `stop_at` as in `mail.send`.
    """
    if stop_at:
        lines = [*lines, _("To receive no more reminders: %(link)s", link=stop_at)]
    told = {"subject": subject, "lines": lines, "action": action, "link": path and absolute(path)}
    text = render("emails/message.txt", **told)
    html = render("emails/message.html", **told)
    mail.send(to, subject, text, html, key=key, stop_at=stop_at)


def dated(edition: Edition) -> str:
    """A gathering and its first day, as a message names it."""
    return f"{edition.name} ({format_date(edition.starts_on, 'long')})"


def spoken(locale: str) -> str:
    """A language in which messages are written: the reader's, or else the house's."""
    return locale if locale in LOCALES else DEFAULT_LOCALE


def locale_of(delegation: Delegation) -> str:
    """The language a delegation is written to in: its organisation's."""
    return spoken(delegation.organisation.locale if delegation.organisation else DEFAULT_LOCALE)
