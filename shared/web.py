"""What every page shares: permission at the door, locale, headers, errors, filters, navigation."""

import re
import secrets
from collections.abc import Callable
from datetime import datetime
from typing import Any, NamedTuple, TypeVar
from zoneinfo import ZoneInfo

from babel.dates import format_datetime
from babel.numbers import format_decimal, format_percent
from flask import (
    Flask,
    Request,
    Response,
    current_app,
    g,
    has_request_context,
    jsonify,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from flask_babel import Babel, get_locale
from flask_wtf.csrf import CSRFError, CSRFProtect
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.datastructures import ImmutableMultiDict, iter_multi_items
from werkzeug.exceptions import HTTPException, MethodNotAllowed, SecurityError
from werkzeug.routing import IntegerConverter

from shared import clock
from shared.database import db
from shared.errors import DomainError, NotFound
from shared.i18n import DEFAULT_LOCALE, LOCALES, SOURCE_LOCALE, _, _l, show_date
from shared.money import Money, format_money, format_plain

csrf = CSRFProtect()
babel = Babel()

View = TypeVar("View", bound=Callable[..., Any])

PUBLIC = "public"
"""The permission of a page that anybody may open."""

SIGNED_IN = "signed in"
"""The permission of a page about oneself."""


LARGEST = 2**63 - 1
"""The largest number that a database keeps."""


class Texts(ImmutableMultiDict[str, Any]):
    """What was sent, without NUL, which no database keeps: it stands as a character that cannot be read."""

    def __init__(self, mapping: Any = None) -> None:
        sent = iter_multi_items(mapping or {})
        super().__init__(
            [(key, one.replace("\0", "\ufffd") if isinstance(one, str) else one) for key, one in sent]
        )


class Asked(Request):
    """A request as views read it."""

    parameter_storage_class = Texts


class Number(IntegerConverter):
    """A number in an address that a database may know."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **{"max": LARGEST, **options})


class NavigationItem(NamedTuple):
    """A place of the menu; `hint` says in a sentence what one does there."""

    url: str
    label: str
    current: bool
    hint: str


Gate = Callable[[str], bool]
"""Answers whether whoever asks holds a permission anywhere; set by `app.py` from `access`."""


def requires(permission: str) -> Callable[[View], View]:
    """Name the permission of a view; without a name nobody gets in. The place is checked by its query."""

    def mark(view: View) -> View:
        view.permission = str(permission)  # type: ignore[attr-defined]
        return view

    return mark


def public(view: View) -> View:
    """A view for everybody: its own code decides what is shown (private links, open editions)."""
    return requires(PUBLIC)(view)


def permission_of(app: Flask, endpoint: str) -> str | None:
    """The permission a route names, or None (nobody)."""
    view = app.view_functions[endpoint]
    foreign: dict[str, str] = app.extensions["teranga.foreign"]
    return getattr(view, "permission", None) or foreign.get(endpoint)


def install(app: Flask, *, gate: Gate, navigation: Callable[[], list[NavigationItem]]) -> None:
    """Everything above on `app`. `gate` answers for permissions, `navigation` lists the menu."""
    csrf.init_app(app)
    # A catalogue a room, or a topic of it: whatever lies in the folder.
    domains = sorted({file.stem for file in app.config["TRANSLATIONS"].glob("*/LC_MESSAGES/*.po")})
    babel.init_app(
        app,
        default_locale=DEFAULT_LOCALE,
        default_translation_directories=";".join([str(app.config["TRANSLATIONS"])] * len(domains)),
        default_domain=";".join(domains),
        locale_selector=choose_locale,
        timezone_selector=lambda: clock.house,
    )
    app.extensions.setdefault("teranga.foreign", {"static": PUBLIC})
    app.url_map.converters["int"] = Number
    app.request_class = Asked

    @app.before_request
    def at_the_door() -> Any:
        g.nonce = secrets.token_urlsafe(12)
        if request.endpoint is None:
            return None
        if "\0" in request.path:  # PostgreSQL keeps no such text: nothing is called so
            raise NotFound
        wanted = permission_of(app, request.endpoint)
        if wanted == PUBLIC:
            return None
        if wanted is None or not gate(wanted):
            return _turned_away()
        return None

    app.after_request(_headers)
    app.register_error_handler(DomainError, _domain_error)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(Exception, _unexpected)
    app.jinja_env.filters.update(
        money=lambda m: format_money(m, locale_code()),
        plain=lambda m: format_plain(m, locale_code()),
        date=show_date,
        datetime=show_datetime,
        number=lambda count: format_decimal(count, locale=locale_code()),
        percent=lambda share: format_percent(share, locale=locale_code()),
    )
    app.jinja_env.globals.update(get_locale=get_locale, locales=LOCALES, Money=Money)
    app.context_processor(lambda: {"navigation": navigation, "nonce": g.get("nonce", "")})


def _turned_away() -> Any:
    from flask_login import current_user

    if _wants_json() and not g.get("bearer"):
        body, status = _answer(401, "no_key", _("Send a key that is still good: “Authorization: Bearer …”."))
        body.headers["WWW-Authenticate"] = "Bearer"
        return body, status
    if current_user.is_authenticated or _wants_json():
        return _answer(403, "forbidden", _("Your role does not allow this."))
    return redirect(
        url_for("security.login", next=request.full_path if request.query_string else request.path)
    )


def choose_locale() -> str:
    """The person's choice, else their browser's, else French. Commands and jobs speak the source language;
    a message to somebody is written under `force_locale` of theirs."""
    from flask_login import current_user

    if not has_request_context():
        return SOURCE_LOCALE
    chosen = session.get("locale")
    if chosen in LOCALES:
        return str(chosen)
    if getattr(current_user, "is_authenticated", False) and current_user.locale in LOCALES:
        return str(current_user.locale)
    spoken = (tag.partition("-")[0].lower() for tag, quality in request.accept_languages if quality > 0)
    return next((language for language in spoken if language in LOCALES), DEFAULT_LOCALE)


def locale_code() -> str:
    """The reader's locale as a code (``fr``)."""
    return str(get_locale() or DEFAULT_LOCALE)


def show_datetime(moment: datetime | None, zone: str = "", style: str = "medium") -> str:
    """`moment` told in `zone`; in the house's, without one. Short too names its month: 11/12 is two days."""
    where, told = ZoneInfo(zone or clock.house), "d MMM y, HH:mm" if style == "short" else style
    return format_datetime(moment, told, tzinfo=where, locale=locale_code()) if moment else ""


def _headers(response: Response) -> Response:
    response.headers.setdefault(
        "Content-Security-Policy",
        "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; "
        "frame-ancestors 'none'; form-action 'self' " + current_app.config.get("PAYMENT_ORIGIN", ""),
    )
    response.headers.setdefault("X-Content-Type-Options", "nosniff")
    response.headers.setdefault("Referrer-Policy", "same-origin")
    response.headers.setdefault("Permissions-Policy", "camera=(self), geolocation=(), microphone=()")
    if current_app.config["HTTPS"]:
        response.headers.setdefault("Strict-Transport-Security", "max-age=31536000; includeSubDomains")
    if request.endpoint != "static":
        response.headers.setdefault("Cache-Control", "no-store")
    return response


def _wants_json() -> bool:
    return request.path.startswith("/api/")


def _answer(status: int, code: str, sentence: str, **more: Any) -> Any:
    if _wants_json():
        body = jsonify(
            {"type": f"urn:teranga:{code}", "title": sentence, "status": status, "code": code, **more}
        )
        body.content_type = "application/problem+json"
        return body, status
    return render_template("errors/error.html", status=status, sentence=sentence), status


def _domain_error(error: DomainError) -> Any:
    db.session.rollback()
    return _answer(
        error.status, error.code, error.sentence(), **({"field": error.field} if error.field else {})
    )


_SENTENCES = {
    400: _l("This request could not be understood."),
    403: _l("Your role does not allow this."),
    404: _l("There is nothing here, or it is not yours to see."),
    405: _l("This page cannot do that."),
    413: _l("This is too large."),
    429: _l("That was very often. Wait a little and try again."),
}


def _http_error(error: HTTPException) -> Any:
    status = error.code or 500
    if isinstance(error, SecurityError):  # no name of ours: no page could be built for it
        return Response("This is not the name of this site.\n", status, content_type="text/plain")
    if status < 400:
        return error.get_response()
    if isinstance(error, CSRFError):
        return _answer(
            400, "csrf", _("This form was open for too long. Go back, reload it and send it again.")
        )
    answer = _answer(status, error.name.lower().replace(" ", "_"), str(_SENTENCES.get(status, error.name)))
    return (
        (*answer, {"Allow": ", ".join(error.valid_methods or ())})
        if isinstance(error, MethodNotAllowed)
        else answer
    )


def _unexpected(error: Exception) -> Any:
    db.session.rollback()
    if current_app.testing or current_app.debug:
        raise error
    current_app.logger.exception("unexpected error")
    if isinstance(error, OperationalError | PoolTimeout):
        g._login_user = current_app.login_manager.anonymous_user()  # type: ignore[attr-defined]  # ask nothing more
        sentence = _("The database does not answer at the moment. Nothing was lost; try again in a moment.")
        return _answer(503, "busy", sentence)
    return _answer(
        500, "unexpected", _("Something broke on our side. Nothing was lost; try again in a moment.")
    )


def page_number() -> int:
    """Which page of a list is asked for, from 1 on."""
    return max(1, min(request.args.get("page", 1, type=int), 1_000_000))


def row_id(text: str) -> int:
    """What `text` says, if a database keeps such numbers. Raises `ValueError` otherwise."""
    found = int(text)
    if not 0 <= found <= LARGEST:
        raise ValueError(text)
    return found


def same_origin_path(target: str | None, fallback: str) -> str:
    """`target` if it is a path of this site, else `fallback`: no redirect leaves the house."""
    if target and re.fullmatch(r"/(?![/\\])[^\s\\\x00-\x1f\x7f]*", target):
        return target
    return fallback
