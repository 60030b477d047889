"""How the support fund's committee comes to a decision: applications, criteria, opinions, conflicts, votes.

The database refuses an opinion or a vote of somebody in conflict, and any change to what a decision settled.
"""

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, composite, mapped_column, relationship

from access.models import User
from delegations.models import Delegation, SupportAward, SupportDecision
from events.models import Edition
from network.models import Person
from shared.clock import now
from shared.database import Base, EnumText
from shared.money import Money


class CriteriaGrid(Base):
    """A list of criteria, each scored from 0 to `most`. It stays as it is once an application uses it."""

    __tablename__ = "criteria_grid"
    __table_args__ = (CheckConstraint("most BETWEEN 1 AND 10", name="most"),)

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    code: Mapped[str] = mapped_column(String(20), unique=True)
    name: Mapped[str] = mapped_column(String(160))
    most: Mapped[int] = mapped_column(default=5)
    source: Mapped[str] = mapped_column(String(200), default="")
    is_demo: Mapped[bool] = mapped_column(default=False)

    criteria: Mapped[list["GridCriterion"]] = relationship(
        init=False, back_populates="grid", order_by="GridCriterion.position"
    )


class GridCriterion(Base):
    """One criterion of a grid; `weight` is how often it counts."""

    __tablename__ = "grid_criterion"
    __table_args__ = (UniqueConstraint("grid_id", "position"), CheckConstraint("weight > 0", name="weight"))

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    grid_id: Mapped[int] = mapped_column(ForeignKey("criteria_grid.id"))
    position: Mapped[int]
    label: Mapped[str] = mapped_column(String(200))
    weight: Mapped[int] = mapped_column(default=1)

    grid: Mapped[CriteriaGrid] = relationship(init=False, back_populates="criteria")


class ApplicationKind(StrEnum):
    """What the fund is asked for: to close a delegation's gap, or a guest's ticket."""

    GAP = "gap"
    TICKET = "ticket"


class SupportApplication(Base):
    """So much is asked of a support fund, and why. What came of it is its outcome, if it has one."""

    __tablename__ = "support_application"
    __table_args__ = (
        CheckConstraint("amount_minor > 0", name="positive"),
        CheckConstraint("(kind = 'gap') = (delegation_id IS NOT NULL)", name="whose"),
    )

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    edition_id: Mapped[int] = mapped_column(ForeignKey("edition.id"), index=True)
    fund_id: Mapped[int] = mapped_column(ForeignKey("fund.id"))
    kind: Mapped[ApplicationKind] = mapped_column(EnumText(ApplicationKind))
    label: Mapped[str] = mapped_column(String(160))
    amount_minor: Mapped[int] = mapped_column(init=False)
    currency: Mapped[str] = mapped_column(String(3), init=False)
    amount: Mapped[Money] = composite("amount_minor", "currency")
    grounds: Mapped[str] = mapped_column(Text)
    grid_id: Mapped[int] = mapped_column(ForeignKey("criteria_grid.id"))
    applicant_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    applied_on: Mapped[date]
    delegation_id: Mapped[int | None] = mapped_column(ForeignKey("delegation.id"), index=True, default=None)
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), default=None)
    taken_back_at: Mapped[datetime | None] = mapped_column(default=None)
    is_demo: Mapped[bool] = mapped_column(default=False)

    edition: Mapped[Edition] = relationship(init=False)
    grid: Mapped[CriteriaGrid] = relationship(init=False)
    applicant: Mapped[User] = relationship(init=False)
    delegation: Mapped[Delegation | None] = relationship(init=False)
    person: Mapped[Person | None] = relationship(init=False)
    opinions: Mapped[list["Opinion"]] = relationship(
        init=False, back_populates="application", order_by="Opinion.id"
    )
    conflicts: Mapped[list["DeclaredConflict"]] = relationship(
        init=False, order_by="DeclaredConflict.user_id"
    )
    outcome: Mapped["ApplicationOutcome | None"] = relationship(init=False, back_populates="application")


class Opinion(Base):
    """What one member of the committee thinks of an application, criterion by criterion."""

    __tablename__ = "application_opinion"
    __table_args__ = (UniqueConstraint("application_id", "scorer_id"),)

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    application_id: Mapped[int] = mapped_column(ForeignKey("support_application.id"))
    scorer_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    remark: Mapped[str] = mapped_column(Text, default="")
    at: Mapped[datetime] = mapped_column(default_factory=now)

    application: Mapped[SupportApplication] = relationship(init=False, back_populates="opinions")
    scorer: Mapped[User] = relationship(init=False)
    points: Mapped[list["CriterionPoints"]] = relationship(init=False)


class CriterionPoints(Base):
    """How many points one opinion gives on one criterion."""

    __tablename__ = "criterion_points"
    __table_args__ = (CheckConstraint("points BETWEEN 0 AND 10", name="points"),)

    opinion_id: Mapped[int] = mapped_column(ForeignKey("application_opinion.id"), primary_key=True)
    criterion_id: Mapped[int] = mapped_column(ForeignKey("grid_criterion.id"), primary_key=True)
    points: Mapped[int]


class DeclaredConflict(Base):
    """A member's own interest in an application. It stays: they neither score it nor vote on it."""

    __tablename__ = "declared_conflict"

    application_id: Mapped[int] = mapped_column(ForeignKey("support_application.id"), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"), primary_key=True)
    reason: Mapped[str] = mapped_column(String(200))
    declared_at: Mapped[datetime] = mapped_column(default_factory=now)

    member: Mapped[User] = relationship(init=False)


class Vote(StrEnum):
    """How a member who was present voted; `withdrew` left the room."""

    FOR = "for"
    AGAINST = "against"
    ABSTAINED = "abstained"
    WITHDREW = "withdrew"


class DecisionMinute(Base):
    """Why the committee decided so, and, where the second person sent it back, why they did."""

    __tablename__ = "decision_minute"

    decision_id: Mapped[int] = mapped_column(ForeignKey("support_decision.id"), primary_key=True)
    reason: Mapped[str] = mapped_column(Text)
    sent_back: Mapped[str] = mapped_column(Text, default="")

    decision: Mapped[SupportDecision] = relationship(init=False)


class CommitteeVote(Base):
    """The vote of one member on a decision."""

    __tablename__ = "committee_vote"
    __table_args__ = (CheckConstraint("vote IN ('for', 'against', 'abstained', 'withdrew')", name="vote"),)

    decision_id: Mapped[int] = mapped_column(ForeignKey("support_decision.id"), primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("user.id"), primary_key=True)
    vote: Mapped[Vote] = mapped_column(EnumText(Vote))

    member: Mapped[User] = relationship(init=False)


class ApplicationOutcome(Base):
    """What a decision says of an application: an award, or no (`award` empty)."""

    __tablename__ = "application_outcome"

    application_id: Mapped[int] = mapped_column(ForeignKey("support_application.id"), primary_key=True)
    decision_id: Mapped[int] = mapped_column(ForeignKey("support_decision.id"), index=True)
    award_id: Mapped[int | None] = mapped_column(ForeignKey("support_award.id"), unique=True, default=None)

    application: Mapped[SupportApplication] = relationship(init=False, back_populates="outcome")
    decision: Mapped[SupportDecision] = relationship(init=False)
    award: Mapped[SupportAward | None] = relationship(init=False)
