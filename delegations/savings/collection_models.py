"""The instalments that are taken from a payer's kept card: one row each, as far as they are planned."""

from datetime import date
from enum import StrEnum

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from delegations.models import SavingsPlan
from shared.database import Base, EnumText
from treasury.models import Payment


class CollectionState(StrEnum):
    """`given_up`: refused on every day of the calendar, a person was told. `skipped`: nothing was due."""

    PLANNED = "planned"
    RETRYING = "retrying"
    PAID = "paid"
    GIVEN_UP = "given_up"
    SKIPPED = "skipped"


class Collection(Base):
    """One instalment to be taken from a card on `next_on`, after `tries`, the last refused for `reason`."""

    __tablename__ = "collection"
    __table_args__ = (UniqueConstraint("plan_id", "payer_id", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    plan_id: Mapped[int] = mapped_column(ForeignKey("savings_plan.id"))
    payer_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"))
    number: Mapped[int]
    due_on: Mapped[date]
    next_on: Mapped[date]
    state: Mapped[CollectionState] = mapped_column(EnumText(CollectionState), default=CollectionState.PLANNED)
    tries: Mapped[int] = mapped_column(default=0)
    reason: Mapped[str] = mapped_column(String(80), default="")
    payment_id: Mapped[int | None] = mapped_column(ForeignKey("payment.id"), unique=True, default=None)

    plan: Mapped[SavingsPlan] = relationship(init=False)
    payment: Mapped[Payment | None] = relationship(init=False)
