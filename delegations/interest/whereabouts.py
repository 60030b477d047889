"""Where each body of the network stands towards a gathering, and the next thing to do for it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from sqlalchemy import exists, select
from sqlalchemy.orm import joinedload, selectinload

from delegations.interest.models import Interest
from delegations.models import Delegation, DelegationStatus
from events.models import Edition
from network.models import Organisation
from shared.clock import today
from shared.database import db
from shared.i18n import LazyString, _l

PATIENCE = timedelta(days=14)
"""So long after the last word nobody is called silent, and nobody is reminded."""
MOST_REMINDERS = 3
"""After so many it is a person's turn to call."""

_GONE = (DelegationStatus.DECLINED, DelegationStatus.WITHDRAWN)


class Where(StrEnum):
    """What a body says of a gathering; in the order in which the picture shows them."""

    PLANNING = "planning"
    HOSTING = "hosting"
    INTERESTED = "interested"
    ASKED = "asked"
    SILENT = "silent"
    NOT_NOW = "not_now"


WORDS: Mapping[Where, LazyString] = {
    Where.PLANNING: _l("plans a delegation"),
    Where.HOSTING: _l("would host"),
    Where.INTERESTED: _l("interested"),
    Where.ASKED: _l("asked, answer expected"),
    Where.SILENT: _l("silent"),
    Where.NOT_NOW: _l("not this time"),
}


class Next(StrEnum):
    """The next thing to do for a body; what cannot wait comes first."""

    REMIND = "remind"
    CALL = "call"
    INVITE = "invite"
    AGREE = "agree"
    KEEP = "keep"
    WAIT = "wait"
    FOLLOW = "follow"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Standing:
    """One body: what it answered, and when it was last written to.

    `begins` is the gathering's first day; `delegation` is the one it sends, when there is one; `hosts` also
    where it plans one.
    """

    organisation: Organisation
    begins: date
    asked_on: date | None = None
    answered_on: date | None = None
    interested: bool = False
    plans: bool = False
    hosts: bool = False
    note: str = ""
    stopped: bool = False
    reminded_on: tuple[date, ...] = ()
    delegation: Delegation | None = None

    @property
    def last_word(self) -> date | None:
        """When it was last written to."""
        return self.reminded_on[-1] if self.reminded_on else self.asked_on

    @property
    def patient_until(self) -> date | None:
        """Until when it has time to answer."""
        return self.last_word + PATIENCE if self.last_word else None

    def where(self, on: date) -> Where:
        """What it says of the gathering on that day; silent once the time to answer is over."""
        if self.plans or self.delegation:
            return Where.PLANNING
        if self.hosts:
            return Where.HOSTING
        if self.answered_on:
            return Where.INTERESTED if self.interested else Where.NOT_NOW
        silent = self.asked_on is not None and on >= self.asked_on + PATIENCE
        return Where.SILENT if silent else Where.ASKED


def may_remind(one: Standing, on: date) -> bool:
    """Whether a reminder may leave: silent, reachable, willing, not just written to, not too often. Pure."""
    return (
        one.where(on) is Where.SILENT
        and on < one.begins
        and bool(one.organisation.email)
        and not one.stopped
        and len(one.reminded_on) < MOST_REMINDERS
        and one.patient_until is not None
        and on >= one.patient_until
    )


def next_thing(one: Standing, on: date) -> Next:
    """The one thing to do next for a body. Pure."""
    where = one.where(on)
    if one.delegation:
        return Next.FOLLOW
    if on >= one.begins:
        return Next.NOTHING
    if where is Where.SILENT:
        if may_remind(one, on):
            return Next.REMIND
        waits = one.patient_until is not None and on < one.patient_until
        return Next.WAIT if waits else Next.CALL
    return {
        Where.PLANNING: Next.INVITE,
        Where.HOSTING: Next.AGREE,
        Where.INTERESTED: Next.KEEP,
        Where.ASKED: Next.WAIT,
        Where.NOT_NOW: Next.NOTHING,
    }[where]


def standing_of(interest: Interest, delegation: Delegation | None = None) -> Standing:
    """What is written about a body, as it is judged."""
    return Standing(
        interest.organisation,
        interest.edition.starts_on,
        asked_on=interest.asked_at.date(),
        answered_on=interest.answered_at.date() if interest.answered_at else None,
        interested=bool(interest.interested),
        plans=interest.plans,
        hosts=interest.hosts,
        note=interest.note,
        stopped=interest.stopped_at is not None,
        reminded_on=tuple(one.at.date() for one in interest.reminders),
        delegation=delegation,
    )


def network_of(edition: Edition) -> list[Standing]:
    """Every body that was asked about the edition or sends a delegation, by name, in three queries."""
    sending: dict[int, Delegation] = {}
    for one in db.session.scalars(
        select(Delegation)
        .where(
            Delegation.edition_id == edition.id,
            Delegation.organisation_id.is_not(None),
            Delegation.status.not_in(_GONE),
        )
        .options(joinedload(Delegation.organisation))
        .order_by(Delegation.code.desc())
    ):
        sending[one.organisation_id or 0] = one
    asked = {
        one.organisation_id: one
        for one in db.session.scalars(
            select(Interest)
            .where(Interest.edition_id == edition.id)
            .options(joinedload(Interest.organisation), selectinload(Interest.reminders))
        )
    }
    found = [standing_of(one, sending.get(key)) for key, one in asked.items()]
    found += [
        Standing(one.organisation, edition.starts_on, delegation=one)
        for key, one in sending.items()
        if key not in asked and one.organisation
    ]
    return sorted(found, key=lambda one: one.organisation.name.casefold())


def not_asked(edition: Edition) -> Sequence[Organisation]:
    """The bodies of the directory that nobody asked about it and that send no delegation, by name."""
    asked = exists().where(Interest.edition_id == edition.id, Interest.organisation_id == Organisation.id)
    sends = exists().where(
        Delegation.edition_id == edition.id,
        Delegation.organisation_id == Organisation.id,
        Delegation.status.not_in(_GONE),
    )
    return db.session.scalars(select(Organisation).where(~asked, ~sends).order_by(Organisation.name)).all()


@dataclass(frozen=True, slots=True)
class Counts:
    """How many were asked, answered, would host, plan, and are silent. One body may count in several."""

    asked: int
    answered: int
    hosting: int
    planning: int
    silent: int


def counts(found: Sequence[Standing]) -> Counts:
    """The figures above the picture."""
    on = today()
    return Counts(
        asked=sum(one.asked_on is not None for one in found),
        answered=sum(one.answered_on is not None for one in found),
        hosting=sum(one.hosts for one in found),
        planning=sum(one.where(on) is Where.PLANNING for one in found),
        silent=sum(one.where(on) is Where.SILENT for one in found),
    )
