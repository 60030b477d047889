"""Sign-in by e-mail: a link that is good for one time and a quarter of an hour.

Who asks learns nothing from the answer, nor from the time it takes: known address or not, one job is
written. Whether somebody has the address is found out by the worker.
"""

from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from flask_babel import force_locale

from access import links
from access.models import User
from access.users import find_user
from outbox import jobs, mail
from outbox.rendering import render
from shared.addresses import absolute
from shared.clock import now
from shared.database import db, transaction
from shared.errors import NotFound
from shared.i18n import _

PURPOSE = "sign-in"
VALID_FOR = timedelta(minutes=15)


def ask(email: str, target: str) -> None:
    """Have a link written to this address, if it is somebody's; it leads to `target`, a path of this site."""
    jobs.enqueue("sign-in-link", {"email": email, "target": target})


def write(payload: dict[str, Any]) -> dict[str, Any]:
    """The job `sign-in-link`: the message. Of an address that may be nobody's nothing is kept."""
    with transaction():
        user = find_user(payload["email"])
        if user:
            _send(user, issue(user), payload["target"])
    return {}


def _send(user: User, text: str, target: str) -> None:
    link = absolute(f"/sign-in/link/{text}?{urlencode({'next': target})}")
    told = {"name": user.name, "link": link, "minutes": int(VALID_FOR.total_seconds() // 60)}
    with force_locale(user.locale):
        mail.send(
            user.email,
            _("Your link to Teranga"),
            render("access/email/sign_in.txt", **told),
            render("access/email/sign_in.html", **told),
        )


def issue(user: User) -> str:
    """The text of a new link; earlier ones of this person no longer open anything."""
    revoke(user)
    return links.issue_link(PURPOSE, user.id, now() + VALID_FOR)


def revoke(user: User) -> None:
    """No link of this person opens anything any more."""
    links.revoke_links(PURPOSE, user.id)


def look(text: str) -> User:
    """Whose link it is, without using it: mail programs open links on their own.

    Raises `NotFound`, or `links.LinkExpired`.
    """
    return _active(links.open_link(PURPOSE, text))


def spend(text: str) -> User:
    """Whose link it was. Raises as `look` does."""
    return _active(links.spend_link(PURPOSE, text))


def _active(user_id: int) -> User:
    user = db.session.get(User, user_id)
    if user is None or not user.active:
        raise NotFound
    return user
