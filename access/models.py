"""Users and what they were granted."""

import uuid
from datetime import datetime
from enum import StrEnum
from typing import Any

from flask_security import AsaList, UserMixin
from sqlalchemy import ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.ext.mutable import MutableList
from sqlalchemy.orm import Mapped, mapped_column, relationship

from shared.clock import now
from shared.database import Base, EnumText


class RoleName(StrEnum):
    """What somebody was asked to look after; `access/policy.py` says what each may do."""

    ADMINISTRATOR = "administrator"
    ORGANISER = "organiser"
    TREASURER = "treasurer"
    APPROVER = "approver"
    AUDITOR = "auditor"
    VOLUNTEER = "volunteer"
    HEAD_OF_DELEGATION = "head_of_delegation"
    DELEGATE = "delegate"
    COMMITTEE = "committee"


NEED_SECOND_FACTOR = frozenset(
    {RoleName.ADMINISTRATOR, RoleName.ORGANISER, RoleName.TREASURER, RoleName.APPROVER}
)
"""Those for whom a password alone is not enough."""


class ScopeKind(StrEnum):
    """Where a grant holds: everywhere, for one edition, or for one delegation."""

    EVERYWHERE = "everywhere"
    EDITION = "edition"
    DELEGATION = "delegation"


class TextList(AsaList):
    """Flask-Security's list of texts in one column, of which SQLAlchemy may keep the compiled statements."""

    cache_ok = True


class User(Base, UserMixin):
    """Somebody who signs in. The columns from `fs_uniquifier` on belong to Flask-Security."""

    __tablename__ = "user"

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    email: Mapped[str] = mapped_column(String(255), unique=True)
    name: Mapped[str] = mapped_column(String(120), default="")
    locale: Mapped[str] = mapped_column(String(8), default="fr")
    created_at: Mapped[datetime] = mapped_column(default_factory=now)
    is_demo: Mapped[bool] = mapped_column(default=False)
    active: Mapped[bool] = mapped_column(default=True)
    password: Mapped[str | None] = mapped_column(String(255), default=None)
    fs_uniquifier: Mapped[str] = mapped_column(
        String(64), unique=True, default_factory=lambda: uuid.uuid4().hex
    )
    confirmed_at: Mapped[datetime | None] = mapped_column(default=None)
    tf_primary_method: Mapped[str | None] = mapped_column(String(64), default=None)
    tf_totp_secret: Mapped[str | None] = mapped_column(String(255), default=None)
    tf_last_counter: Mapped[int | None] = mapped_column(default=None)
    us_totp_secrets: Mapped[str | None] = mapped_column(Text, default=None)
    mf_recovery_codes: Mapped[list[str] | None] = mapped_column(
        MutableList.as_mutable(TextList()), default=None
    )

    grants: Mapped[list["Grant"]] = relationship(
        back_populates="user", foreign_keys="Grant.user_id", init=False, lazy="selectin"
    )

    @property
    def actor_label(self) -> str:
        return f"user:{self.id}"

    @property
    def roles(self) -> list[Any]:  # type: ignore[override]
        """Flask-Security's roles are not used: grants have a scope, its roles have none."""
        return []

    def check_tf_required(
        self, tf_setup_methods: list[tuple[str, str]], tf_fresh: bool
    ) -> tuple[bool, list[tuple[str, str]]]:
        """Whether a password alone does not sign this person in."""
        return bool(tf_setup_methods) or self.check_tf_required_setup(), tf_setup_methods

    def check_tf_required_setup(self) -> bool:
        """Whether this person may not do without a second factor: they can move money or give rights."""
        return any(grant.role in NEED_SECOND_FACTOR for grant in self.grants if grant.revoked_at is None)


class Grant(Base):
    """One role in one scope. Taken back by `revoked_at`, never deleted."""

    __tablename__ = "grant"

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"), index=True)
    role: Mapped[RoleName] = mapped_column(EnumText(RoleName))
    scope_kind: Mapped[ScopeKind] = mapped_column(EnumText(ScopeKind), default=ScopeKind.EVERYWHERE)
    scope_id: Mapped[int | None] = mapped_column(default=None)
    granted_at: Mapped[datetime] = mapped_column(default_factory=now)
    revoked_at: Mapped[datetime | None] = mapped_column(default=None)

    user: Mapped[User] = relationship(back_populates="grants", foreign_keys=[user_id], init=False)


class ApiToken(Base):
    """A machine's key: only its digest is kept. It acts as `user`, within `scopes` (space separated)."""

    __tablename__ = "api_token"

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    name: Mapped[str] = mapped_column(String(80))
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"), index=True)
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    scopes: Mapped[str] = mapped_column(String(255))
    created_at: Mapped[datetime] = mapped_column(default_factory=now)
    revoked_at: Mapped[datetime | None] = mapped_column(default=None)

    user: Mapped[User] = relationship(init=False)


class OpenSession(Base):
    """A browser where somebody is signed in. The row goes when they sign out: a copied cookie opens nothing.

    Only the digest of the browser's token is kept.
    """

    __tablename__ = "open_session"

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"), index=True)
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    expires_at: Mapped[datetime] = mapped_column(index=True)
    created_at: Mapped[datetime] = mapped_column(default_factory=now)


class PrivateLink(Base):
    """An expiring link sent to one person for one thing (complete a record, pay an instalment).

    `purpose` and `subject_id` name the thing; only the digest of the link's token is kept.
    """

    __tablename__ = "private_link"

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    purpose: Mapped[str] = mapped_column(String(40))
    subject_id: Mapped[int] = mapped_column(index=True)
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    expires_at: Mapped[datetime]
    created_at: Mapped[datetime] = mapped_column(default_factory=now)
    revoked_at: Mapped[datetime | None] = mapped_column(default=None)


class IdempotencyRecord(Base):
    """The answer given to a key, kept for good: the same key with another body is refused."""

    __tablename__ = "idempotency_record"
    __table_args__ = (UniqueConstraint("owner", "key"),)

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    owner: Mapped[str] = mapped_column(String(80))
    key: Mapped[str] = mapped_column(String(160))
    request_hash: Mapped[str] = mapped_column(String(64))
    status: Mapped[int]
    body: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(default_factory=now)
