"""People who sign in: made by an administrator, or by the record they complete."""

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

from argon2 import PasswordHasher
from email_validator import EmailNotValidError, validate_email
from sqlalchemy import select

from access.models import User
from shared import audit
from shared.audit import Actor
from shared.clock import now
from shared.database import db
from shared.errors import DomainError
from shared.i18n import DEFAULT_LOCALE, _l

SHORTEST_PASSWORD = 12
"""Characters a password has at least."""

_hasher = PasswordHasher()


class BadEmail(DomainError):
    """What was given is no e-mail address."""

    code = "bad_email"
    status = 422
    message = _l("This is not an e-mail address.")


class EmailTaken(DomainError):
    """Somebody signs in with this address already."""

    code = "email_taken"
    message = _l("Somebody uses this e-mail address already.")


class WeakPassword(DomainError):
    """The password is too short to resist guessing."""

    code = "weak_password"
    status = 422
    message = _l("A password needs at least %(least)s characters.")


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateUser:
    """Who is to sign in, and in which language. Without a password they sign in by e-mail link."""

    email: str
    name: str
    locale: str = DEFAULT_LOCALE
    password: str | None = None
    is_demo: bool = False


def normalise_email(text: str) -> str:
    """The one form in which an address is kept and looked for. Raises `BadEmail`."""
    try:
        address = validate_email(text.strip(), check_deliverability=False).normalized
    except EmailNotValidError:
        raise BadEmail(field="email") from None
    return unicodedata.normalize("NFC", address.casefold())


def one_address(text: str) -> str:
    """By what tries at one account are counted, however its address is written; anything for no address."""
    try:
        return normalise_email(text)
    except BadEmail:
        return text.strip().casefold()[:255]


def find_user(email: str) -> User | None:
    """The active person with this address, or None (for what is no address, too)."""
    try:
        address = normalise_email(email)
    except BadEmail:
        return None
    return db.session.scalar(select(User).where(User.email == address, User.active))


def create_user(command: CreateUser, *, by: Actor) -> User:
    """Somebody new. Raises `BadEmail`, `EmailTaken`, `WeakPassword`."""
    address = normalise_email(command.email)
    if db.session.scalar(select(User.id).where(User.email == address)):
        raise EmailTaken(field="email")
    user = User(
        email=address,
        name=command.name.strip(),
        locale=command.locale,
        password=None if command.password is None else hash_password(command.password),
        is_demo=command.is_demo,
        confirmed_at=now(),
    )
    db.session.add(user)
    audit.record("user.created", user, by=by)
    return user


def hash_password(password: str) -> str:
    """The digest of a new password, of the kind that sign-in verifies. Raises `WeakPassword`."""
    if len(password) < SHORTEST_PASSWORD:
        raise WeakPassword(field="password", least=SHORTEST_PASSWORD)
    return _hasher.hash(unicodedata.normalize("NFKD", password))


def names_of(actors: Iterable[str]) -> dict[str, str]:
    """The names of the people among those who acted (`Actor.actor_label`), in one query; no machine's."""
    prefix = "user:"
    ids = {int(one.removeprefix(prefix)) for one in actors if one.startswith(prefix)}
    people = db.session.execute(select(User.id, User.name, User.email).where(User.id.in_(ids)))
    return {f"{prefix}{row.id}": row.name or row.email for row in people}
