"""Organisations and people: who exists, under which names, and how they are related."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from shared.clock import now
from shared.database import Base, EnumText


class Component(StrEnum):
    """The five components of the movement, and public bodies (plan of 19 March 2003; ROSI)."""

    ENTERPRISE = "E"
    SUPPORT = "S"
    MOVEMENT = "M"
    INTERNATIONAL = "O"
    RESEARCH = "C"
    PUBLIC = "P"


class RelationKind(StrEnum):
    MEMBER = "member"
    PARTNER = "partner"
    AGREEMENT = "agreement"
    FOUNDER = "founder"
    TWINNING = "twinning"


class Organisation(Base):
    """A body of the network. `fictional` ones may hold money in a demonstration; real ones never do."""

    __tablename__ = "organisation"

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    name: Mapped[str] = mapped_column(String(200), index=True)
    component: Mapped[Component | None] = mapped_column(EnumText(Component), default=None)
    region: Mapped[str] = mapped_column(String(80), default="")
    sector: Mapped[str] = mapped_column(String(80), default="")
    country: Mapped[str] = mapped_column(String(2), default="")
    email: Mapped[str] = mapped_column(String(255), default="")
    locale: Mapped[str] = mapped_column(String(8), default="fr")
    wants_to_host: Mapped[bool] = mapped_column(default=False)
    wants_quebec_wide_activity: Mapped[bool] = mapped_column(default=False)
    survey_respondent: Mapped[bool] = mapped_column(default=False)
    fictional: Mapped[bool] = mapped_column(default=False)
    is_demo: Mapped[bool] = mapped_column(default=False)
    provenance: Mapped[str] = mapped_column(String(120), default="")

    aliases: Mapped[list["OrganisationAlias"]] = relationship(init=False, back_populates="organisation")


class OrganisationAlias(Base):
    """Another way the same body is written."""

    __tablename__ = "organisation_alias"

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"), index=True)
    name: Mapped[str] = mapped_column(String(200))
    provenance: Mapped[str] = mapped_column(String(120), default="")

    organisation: Mapped[Organisation] = relationship(init=False, back_populates="aliases")


class Relation(Base):
    """A typed, dated tie between two bodies."""

    __tablename__ = "relation"

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    kind: Mapped[RelationKind] = mapped_column(EnumText(RelationKind))
    from_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"), index=True)
    to_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"), index=True)
    starts_on: Mapped[date | None] = mapped_column(default=None)
    ends_on: Mapped[date | None] = mapped_column(default=None)
    provenance: Mapped[str] = mapped_column(String(120), default="")


class Person(Base):
    """One human being, registered once. No birth date and no passport live here.

    `access_needs` and `diet` are kept for a purpose and until a date; `merged_into_id` points at the
    record that remains when the same person was entered twice.
    """

    __tablename__ = "person"

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    name: Mapped[str] = mapped_column(String(160), index=True)
    email: Mapped[str] = mapped_column(String(255), index=True, default="")
    organisation_id: Mapped[int | None] = mapped_column(
        ForeignKey("organisation.id"), index=True, default=None
    )
    organisation_name: Mapped[str] = mapped_column(String(200), default="")
    country: Mapped[str] = mapped_column(String(2), default="")
    locale: Mapped[str] = mapped_column(String(8), default="fr")
    languages: Mapped[list[str]] = mapped_column(JSON, default_factory=list)
    access_needs: Mapped[str] = mapped_column(Text, default="")
    access_needs_consented_at: Mapped[datetime | None] = mapped_column(default=None)
    diet: Mapped[str] = mapped_column(Text, default="")
    user_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"), unique=True, default=None)
    merged_into_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), default=None)
    created_at: Mapped[datetime] = mapped_column(default_factory=now)
    is_demo: Mapped[bool] = mapped_column(default=False)
    provenance: Mapped[str] = mapped_column(String(120), default="")

    organisation: Mapped[Organisation | None] = relationship(init=False)

    @property
    def shown_organisation(self) -> str:
        return self.organisation.name if self.organisation else self.organisation_name


class RegistryAction(Base):
    """An entry of the action registry, such as a twinning: what was planned, what came of it."""

    __tablename__ = "registry_action"

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    kind: Mapped[str] = mapped_column(String(40))
    title: Mapped[str] = mapped_column(String(200))
    started_year: Mapped[int | None] = mapped_column(default=None)
    ended_year: Mapped[int | None] = mapped_column(default=None)
    facts: Mapped[dict[str, Any]] = mapped_column(JSON, default_factory=dict)
    provenance: Mapped[str] = mapped_column(String(120), default="")
    is_demo: Mapped[bool] = mapped_column(default=False)
