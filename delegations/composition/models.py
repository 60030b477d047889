"""Rules of composition of an edition, and what people chose to say about themselves for them."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from network.models import Component
from shared.clock import now
from shared.database import Base, EnumText


class RuleKind(StrEnum):
    COMPONENTS = "components"
    WOMEN = "women"
    YOUTH = "youth"
    SOUTH = "south"


class CompositionRule(Base):
    """What an edition wants of its delegations.

    `value`: how many of the five components, what share of the seats in percent, or how many people of the
    North for each of the South. It `binds` or only warns; `together` measures all delegations as one.
    """

    __tablename__ = "composition_rule"
    __table_args__ = (
        UniqueConstraint("edition_id", "kind"),
        CheckConstraint("value > 0", name="value"),
    )

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    edition_id: Mapped[int] = mapped_column(ForeignKey("edition.id"))
    kind: Mapped[RuleKind] = mapped_column(EnumText(RuleKind))
    value: Mapped[int]
    binds: Mapped[bool] = mapped_column(default=False)
    together: Mapped[bool] = mapped_column(default=False)


class SelfPortrait(Base):
    """What a nominated person says of themselves, if they want: each is empty where they said nothing.

    Only counts of it are ever shown.
    """

    __tablename__ = "self_portrait"

    nomination_id: Mapped[int] = mapped_column(ForeignKey("nomination.id"), primary_key=True)
    component: Mapped[Component | None] = mapped_column(EnumText(Component), default=None)
    woman: Mapped[bool | None] = mapped_column(default=None)
    young: Mapped[bool | None] = mapped_column(default=None)
    told_at: Mapped[datetime] = mapped_column(default_factory=now)
