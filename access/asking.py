"""Who asks: the person signed in, or the machine whose key the request carries; in which language."""

from flask import g, request, session
from flask_babel import refresh
from flask_login import current_user

from access.models import ApiToken, User
from access.tokens import find_token
from shared.i18n import LOCALES


def person() -> User | None:
    """The person signed in, or None."""
    user = current_user._get_current_object()
    return user if isinstance(user, User) else None


def bearer() -> ApiToken | None:
    """The live key in ``Authorization: Bearer``, looked up once a request, or None."""
    if "bearer" not in g:
        given = request.authorization
        text = given.token if given is not None and given.type == "bearer" else None
        g.bearer = find_token(text) if text else None
    found: ApiToken | None = g.bearer
    return found


def speak(locale: str) -> None:
    """Read on in a person's language, unless the reader has chosen one."""
    if "locale" not in session and locale in LOCALES:
        session["locale"] = locale
        refresh()
