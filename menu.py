"""Who may open what, and the menu that follows from it: only what whoever asks may open."""

from flask import current_app, request

from access.asking import bearer, person
from access.policy import Permission, can
from access.tokens import SCOPES
from shared import web
from shared.i18n import _l

_MENU = (
    ("/", _l("Gatherings"), "", ()),
    (
        "/manage/events",
        _l("Organise"),
        _l("Gatherings, who registered, fees, badges."),
        (Permission.REGISTRATION_READ,),
    ),
    (
        "/delegations",
        _l("Delegations"),
        _l("Seats and their people, savings, what is covered and what is missing."),
        (Permission.DELEGATION_READ,),
    ),
    (
        "/delegations/support",
        _l("Support fund"),
        _l("What the committee is asked: score it, or stand aside."),
        (Permission.SUPPORT_SCORE,),
    ),
    (
        "/treasury",
        _l("Treasury"),
        _l("Whose money it is, deposits to approve, bank statements."),
        (Permission.LEDGER_READ,),
    ),
    (
        "/check-in",
        _l("Welcome desk"),
        _l("Scan badges, see who has arrived, print the day sheet."),
        (Permission.CHECKIN_SCAN,),
    ),
    (
        "/network",
        _l("Network"),
        _l("Organisations, what ties them, what they do together."),
        (Permission.NETWORK_READ,),
    ),
)


def gate(permission: str) -> bool:
    """Whether whoever asks may: a person by their roles, a machine's key by its scopes."""
    if permission in SCOPES:
        token = bearer()
        return token is not None and permission in token.scopes.split()
    if permission == web.SIGNED_IN:
        return person() is not None
    if permission == Permission.OUTBOX_READ and current_app.config["TERANGA_DEMO"]:
        return True
    return can(person(), Permission(permission))


def navigation() -> list[web.NavigationItem]:
    """The menu of whoever asks: only what they may open."""
    user = person()
    menu = [
        (url, label, hint)
        for url, label, hint, wanted in _MENU
        if not wanted or any(can(user, permission) for permission in wanted)
    ]
    # In the demonstration the messages have their place in the banner, where everybody finds them.
    if not current_app.config["TERANGA_DEMO"] and gate(Permission.OUTBOX_READ):
        menu.append(("/outbox", _l("Outbox"), _l("The messages that left, and those that could not.")))
    here = max((url for url, _label, _hint in menu if _inside(request.path, url)), key=len, default="")
    return [web.NavigationItem(url, str(label), url == here, str(hint)) for url, label, hint in menu]


def _inside(path: str, url: str) -> bool:
    return path == url or (url != "/" and path.startswith(f"{url}/"))
