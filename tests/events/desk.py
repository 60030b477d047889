"""Outaouais at the door of Dakar 2005: Ondine Exemple, head of delegation, and those who come with her."""

import io
import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pypdfium2
from flask.testing import FlaskClient

from access import grants, users
from access.models import RoleName, User
from access.users import CreateUser
from events import badges, registration
from events.checkin import ScanBadge, ScanOutcome, check_in
from events.models import Badge, BadgeRole, Edition, Registration
from network.people import PersonDetails, normalised_name
from shared.audit import Actor
from shared.database import db, transaction
from shared.money import Money
from tests.conftest import sign_in
from tests.events.gathering import BY, somebody

NAMES = ("Ondine Exemple", "Boris N’Exemple-Échantillon", "Chloé Spécimen")
DESK = "Hall 1"


def outaouais(edition: Edition, names: Sequence[str] = NAMES, code: str = "DKR05-OUT") -> list[Registration]:
    """These people of one delegation, registered at no fee of their own: confirmed."""
    return [
        admit(
            edition,
            name,
            party_code=code,
            party_name="Outaouais",
            seat_code=f"{code}-{n:02}",
            role=BadgeRole.DELEGATE if n > 1 else BadgeRole.HEAD,
        )
        for n, name in enumerate(names, 1)
    ]


def admit(edition: Edition, name: str, **changes: Any) -> Registration:
    """Somebody confirmed."""
    key = f"{edition.code}-{name}"
    person = PersonDetails(
        name=name,
        email=f"{normalised_name(name).replace(' ', '.')}@example.org",
        organisation_name="Coopérative fictive",
        country="CA",
        languages=("fr", "en"),
    )
    command = replace(
        somebody(person=person, submission_key=key, fee=Money.zero(edition.currency)), **changes
    )
    with transaction():
        return registration.register(edition, command, by=BY)


def badge_of(registration: Registration) -> Badge:
    """The registration's badge, issued if need be."""
    with transaction():
        return badges.issue_badge(registration, by=BY)


def scan(
    edition: Edition, code: str, key: str = "", *, desk: str = DESK, by: Actor = BY, **more: Any
) -> ScanOutcome:
    """Present `code` at `desk`; without a `key` each call is a scan of its own."""
    key = key or f"key-{next(_numbers)}"
    with transaction():
        return check_in(edition, ScanBadge(code=code, desk=desk, scan_key=key, **more), by=by)


def fresh(edition: Edition) -> Edition:
    """The edition as another session sees it now."""
    db.session.rollback()
    return db.session.get_one(Edition, edition.id)


def user_with(email: str, role: RoleName, **where: int) -> User:
    """Somebody who holds `role`, everywhere or where it is said."""
    with transaction():
        user = users.create_user(CreateUser(email=email, name=email.partition("@")[0], locale="en"), by=BY)
        grants.grant(user, role, by=BY, **where)
    return user


def signed_in(client: FlaskClient, user: User) -> FlaskClient:
    """The browser of `user`, who reads English."""
    sign_in(client, user)
    with client.session_transaction() as session:
        session["locale"] = "en"
    return client


def hidden_fields(page: str) -> dict[str, str]:
    """What the first form of a page sends by itself."""
    found = dict(
        re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page.partition("<main")[2])
    )
    assert "csrf_token" in found
    return found


def text_of(pdf: bytes) -> str:
    """The words of a PDF."""
    document = pypdfium2.PdfDocument(io.BytesIO(pdf))
    return "\n".join(page.get_textpage().get_text_range() for page in document)


_numbers = iter(range(1, 1_000_000))
