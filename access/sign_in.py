"""Sign-in as Flask-Security does it, on our users, our write transaction, our pages and our messages."""

import base64
import hashlib
from contextlib import ExitStack
from datetime import timedelta
from functools import cache
from typing import Any

from flask import Flask, Request, Response, g, request, session
from flask.sessions import SecureCookieSessionInterface
from flask_login import user_logged_in
from flask_security import MailUtil, RoleMixin, Security, SQLAlchemyUserDatastore, Totp
from flask_security.utils import set_request_attr
from itsdangerous import URLSafeTimedSerializer
from sqlalchemy import Select, bindparam, select
from sqlalchemy.orm import contains_eager

from access import asking, open_sessions
from access.digests import digest
from access.forms import RescueForm, SecondFactorForm
from access.models import OpenSession, User
from access.users import SHORTEST_PASSWORD, BadEmail, normalise_email, one_address
from outbox import mail
from shared import web
from shared.clock import now
from shared.database import db, transaction
from shared.limits import limiter

FORMS_LIMIT = "10 per minute; 60 per hour"
"""How often one address, and one account, may try a password, a code or ask for a message."""


_OPEN = {
    "login", "verify", "forgot_password", "reset_password", "change_password", "two_factor_setup",
    "two_factor_setup_validate", "two_factor_token_validation", "mf_recovery", "mf_recovery_codes",
}  # fmt: skip
"""Flask-Security's pages that we use; its others stay closed. Each decides itself who may go on."""

_GUESSED = _OPEN - {"two_factor_setup", "mf_recovery_codes"}
"""Those where a secret could be guessed, or a message sent."""


_NAMED = {"security.login", "security.forgot_password"}
"""Those where an address is typed."""


class UserStore(SQLAlchemyUserDatastore):
    """Finds our users by their one form of address; locks the one who is signing in."""

    def find_user(self, case_insensitive: bool = False, **kwargs: Any) -> User | None:
        """The user with this attribute. Raises nothing for what is no address: there is nobody."""
        ((attribute, value),) = kwargs.items()
        if attribute == "email":
            try:
                value = normalise_email(value)
            except BadEmail:
                return None
        return _one(_by(attribute), wanted=value)

    def set_uniquifier(self, user: Any, uniquifier: str | None = None) -> None:
        """After a new password nobody stays signed in with the old one."""
        super().set_uniquifier(user, uniquifier)
        open_sessions.end_all(user)


@cache
def _by(attribute: str) -> Select[User]:
    """The user with this attribute, with their grants in the same statement: every request asks for them."""
    return (
        select(User)
        .outerjoin(User.grants)
        .where(getattr(User, attribute) == bindparam("wanted"))
        .options(contains_eager(User.grants))
    )


@cache
def _in_session() -> Select[User]:
    """The user whose browser brings this token, as `_by` finds them: still one statement."""
    return (
        select(User)
        .join(OpenSession, OpenSession.user_id == User.id)
        .outerjoin(User.grants)
        .where(OpenSession.digest == bindparam("wanted"), OpenSession.expires_at > bindparam("moment"))
        .options(contains_eager(User.grants))
    )


def _one(found: Select[User], **values: Any) -> User | None:
    if "sign_in_writes" in g:
        found = found.with_for_update(of=User).execution_options(populate_existing=True)
    return db.session.scalars(found, values).unique().one_or_none()


def _load(token: str) -> User | None:
    """Who is signed in in this browser: Flask-Security's own answer, for a session that we know is open."""
    user = _one(_in_session(), wanted=digest(token), moment=now())
    if user is None or not user.active:
        return None
    set_request_attr("fs_authn_via", "session")
    set_request_attr("fs_paa", session.get("fs_paa", 0))
    return user


class NoRoles(RoleMixin):
    """Flask-Security asks for a class of roles; ours are grants, which it does not know."""


class OneUse(Totp):
    """Codes that count once: the last one accepted is kept with the user, whose row is locked."""

    def get_last_counter(self, user: Any) -> int | None:
        """The last code accepted from this user, as the number of its half minute."""
        counter: int | None = user.tf_last_counter
        return counter

    def set_last_counter(self, user: Any, tmatch: Any) -> None:
        """Remember the code just accepted."""
        user.tf_last_counter = tmatch.counter


class Post(MailUtil):
    """Flask-Security's messages leave as all of ours do: with the fact, after the commit."""

    def send_mail(
        self,
        template: str,
        subject: str,
        recipient: str | tuple[str, str],
        sender: str | tuple[str, str],
        body: str | None,
        html: str | None,
        **kwargs: Any,
    ) -> None:
        """Write it into the outbox."""
        mail.send(str(recipient), str(subject), body or "", html or "")


class SignedSessions(SecureCookieSessionInterface):
    """Sessions in a cookie, with a signer made once rather than twice a request."""

    def __init__(self, app: Flask) -> None:
        self._signer = super().get_signing_serializer(app)

    def get_signing_serializer(self, app: Flask) -> URLSafeTimedSerializer | None:
        return self._signer


def install(app: Flask, *, secret_key: str) -> None:
    """Put sign-in on `app`. Every key it needs is drawn from `secret_key`."""
    app.config.update(_configuration(secret_key))
    app.session_interface = SignedSessions(app)
    security = Security(
        app,
        UserStore(db, User, NoRoles),
        totp_cls=OneUse,
        mail_util_cls=Post,
        two_factor_setup_form=SecondFactorForm,
        two_factor_rescue_form=RescueForm,
    )
    security.want_json(_never_json)
    app.login_manager.user_loader(_load)  # type: ignore[attr-defined]
    app.login_manager.request_loader(lambda _request: None)  # type: ignore[attr-defined]  # no key in an address
    security.mail_context_processor(lambda: {"lang": web.locale_code()})
    foreign: dict[str, str] = app.extensions.setdefault("teranga.foreign", {"static": web.PUBLIC})
    for page in _OPEN:
        endpoint = f"security.{page}"
        foreign[endpoint] = web.PUBLIC
        if page in _GUESSED:
            view: Any = app.view_functions[endpoint]
            view = limiter.limit(FORMS_LIMIT, methods=["POST"])(view)
            view = limiter.limit(FORMS_LIMIT, key_func=_account, methods=["POST"])(view)
            app.view_functions[endpoint] = view
    app.before_request(_begin_writing)
    app.after_request(_commit)
    app.teardown_request(_give_up)
    user_logged_in.connect(_new_session, app)


_ADDRESSES = {
    "LOGIN": "/sign-in",
    "LOGOUT": "/sign-in/out",
    "RESET": "/sign-in/forgotten",
    "VERIFY": "/sign-in/again",
    "TWO_FACTOR_TOKEN_VALIDATION": "/sign-in/code",
    "TWO_FACTOR_RESCUE": "/sign-in/rescue",
    "TWO_FACTOR_SELECT": "/sign-in/which",
    "MULTI_FACTOR_RECOVERY": "/sign-in/recovery-code",
    "CHANGE": "/account/password",
    "TWO_FACTOR_SETUP": "/account/second-factor",
    "MULTI_FACTOR_RECOVERY_CODES": "/account/recovery-codes",
}
_PAGES = {
    "LOGIN_USER": "sign_in",
    "FORGOT_PASSWORD": "forgotten",
    "RESET_PASSWORD": "new_password",
    "CHANGE_PASSWORD": "change_password",
    "VERIFY": "again",
    "TWO_FACTOR_VERIFY_CODE": "code",
    "TWO_FACTOR_SETUP": "second_factor",
    "MULTI_FACTOR_RECOVERY": "recovery_code",
    "MULTI_FACTOR_RECOVERY_CODES": "recovery_codes",
}


def _configuration(secret_key: str) -> dict[str, Any]:
    """Flask-Security's settings: what is on, where its pages are, what they look like."""

    def key(purpose: str) -> str:
        drawn = hashlib.sha256(f"{purpose}\0{secret_key}".encode()).digest()
        return base64.urlsafe_b64encode(drawn).decode()

    on = (
        "RECOVERABLE",
        "CHANGEABLE",
        "TWO_FACTOR",
        "MULTI_FACTOR_RECOVERY_CODES",
        "RETURN_GENERIC_RESPONSES",
    )
    settings: dict[str, Any] = {
        **dict.fromkeys(on, True),
        **{f"{name}_URL": address for name, address in _ADDRESSES.items()},
        **{f"{name}_TEMPLATE": f"access/{page}.html" for name, page in _PAGES.items()},
        "CLI_USERS_NAME": None,
        "CLI_ROLES_NAME": None,
        "EMAIL_VALIDATOR_ARGS": {"check_deliverability": False},
        "JOIN_USER_ROLES": False,
        "STATIC_FOLDER": None,
        "API_ENABLED_METHODS": ["session"],
        "PASSWORD_HASH": "argon2",
        "PASSWORD_SCHEMES": ["argon2"],
        "PASSWORD_SINGLE_HASH": ["argon2"],
        "PASSWORD_SALT": key("password"),
        "PASSWORD_LENGTH_MIN": SHORTEST_PASSWORD,
        "RESET_PASSWORD_WITHIN": timedelta(minutes=30),
        "EMAIL_TEMPLATE_PASSWORD_RESET": "access/email/new_password",
        "EMAIL_TEMPLATE_PASSWORD_RESET_NOTICE": "access/email/password_changed",
        "EMAIL_TEMPLATE_PASSWORD_CHANGE_NOTICE": "access/email/password_changed",
        "TWO_FACTOR_ENABLED_METHODS": ["authenticator"],
        "TWO_FACTOR_IMPLEMENTATIONS": {"code": "flask_security.twofactor.CodeTfPlugin"},
        "TWO_FACTOR_AUTHENTICATOR_VALIDITY": 30,
        "TWO_FACTOR_RESCUE_EMAIL": False,
        "TWO_FACTOR_POST_SETUP_VIEW": "security.mf_recovery_codes",
        "MULTI_FACTOR_RECOVERY_CODES_KEYS": [key("recovery codes").encode()],
        "TOTP_SECRETS": {"1": key("second factor")},
        "TOTP_ISSUER": "Teranga",
    }
    return {f"SECURITY_{name}": value for name, value in settings.items()}


def _never_json(request: Request) -> bool:
    """Its pages answer browsers only; machines have keys."""
    return False


def _account() -> str:
    """Whose password or code is tried: guessing one account from many addresses is slowed too.

    Where nobody types an address the session knows the account, and what else is sent does not count.
    """
    if request.endpoint in _NAMED:
        return f"account:{one_address(request.form.get('email', ''))}"
    person = asking.person()
    known = session.get("tf_user_id") or (person and person.fs_uniquifier)
    return f"account:{known}" if known else f"address:{request.remote_addr}"


def _begin_writing() -> None:
    """Flask-Security reads, decides and commits: all of it happens in one of our write transactions."""
    if request.blueprint == "security" and request.method == "POST":
        g.sign_in_writes = ExitStack()
        g.sign_in_writes.enter_context(transaction())


def _commit(response: Response) -> Response:
    if (writes := g.pop("sign_in_writes", None)) is not None:
        writes.close()
    return response


def _give_up(problem: BaseException | None) -> None:
    """After a failure nothing is kept."""
    if (writes := g.pop("sign_in_writes", None)) is not None:
        db.session.rollback()
        writes.close()


def _new_session(app: Flask, user: User) -> None:
    """What a stranger may have planted in this browser (a known token) ends with the sign-in.

    What the browser keeps, in the cookie that remembers too, names this sign-in and not the user.
    """
    session.pop("csrf_token", None)
    g.pop("csrf_token", None)
    session["_user_id"] = open_sessions.begin(user)
