"""What an edition tells about itself: its programme, the way to it, its published figures, its visas."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import select

from events.editions import DatesReversed, TextMissing
from events.models import Edition, HeadcountFigure, Milestone, ProgrammeSession, VisaRequest
from shared import audit
from shared.audit import Actor
from shared.database import db
from shared.i18n import LazyString, _l


class SessionKind(StrEnum):
    """What a session of the programme is."""

    WELCOME = "welcome"
    OPENING = "opening"
    PLENARY = "plenary"
    WORKSHOP = "workshop"
    MODULE = "module"
    CAUCUS = "caucus"
    CONTINENTAL = "continental_meeting"
    FIELD_VISIT = "field_visit"
    PANEL = "panel"
    FORUM = "forum"
    MARCH = "march"
    SELF_ORGANISED = "self_organised"


SESSION_LABELS: dict[str, LazyString] = {
    SessionKind.WELCOME: _l("Welcome"),
    SessionKind.OPENING: _l("Opening"),
    SessionKind.PLENARY: _l("Plenary"),
    SessionKind.WORKSHOP: _l("Workshop"),
    SessionKind.MODULE: _l("Module"),
    SessionKind.CAUCUS: _l("Caucus"),
    SessionKind.CONTINENTAL: _l("Continental meeting"),
    SessionKind.FIELD_VISIT: _l("Field visit"),
    SessionKind.PANEL: _l("Panel"),
    SessionKind.FORUM: _l("Forum"),
    SessionKind.MARCH: _l("March"),
    SessionKind.SELF_ORGANISED: _l("Self-organised activity"),
}


class Lacking(StrEnum):
    """What an organiser still looks at in a session."""

    INTERPRETERS = "interpreters"
    ROOM = "room"
    END = "end"


MANY_LANGUAGES = 2
"""A session in more languages needs interpreters between every two of them."""

_LACKS: Mapping[Lacking, Callable[[ProgrammeSession], bool]] = {
    Lacking.INTERPRETERS: lambda session: len(session.languages) > MANY_LANGUAGES,
    Lacking.ROOM: lambda session: not session.room,
    Lacking.END: lambda session: session.ends_at is None,
}


def sessions(edition: Edition, lacking: Lacking | None = None) -> list[ProgrammeSession]:
    """The sessions in the order in which they begin: all, or those to look at for one reason."""
    every = db.session.scalars(
        select(ProgrammeSession)
        .where(ProgrammeSession.edition_id == edition.id)
        .order_by(ProgrammeSession.starts_at, ProgrammeSession.id)
    )
    return [one for one in every if lacking is None or lacks(one, lacking)]


def lacks(session: ProgrammeSession, lacking: Lacking) -> bool:
    """Whether a session is looked at for this reason."""
    return _LACKS[lacking](session)


class FigureStatus(StrEnum):
    """How a published number of people came about."""

    PLANNED = "planned"
    EXPECTED = "expected"
    REPORTED = "reported"
    RECALLED = "recalled"
    AUDITED = "audited"


FIGURE_LABELS: dict[str, LazyString] = {
    FigureStatus.PLANNED: _l("planned"),
    FigureStatus.EXPECTED: _l("expected"),
    FigureStatus.REPORTED: _l("reported"),
    FigureStatus.RECALLED: _l("recalled"),
    FigureStatus.AUDITED: _l("audited"),
}


class VisaOutcome(StrEnum):
    """Where a visa request stands."""

    REQUESTED = "requested"
    ISSUED = "issued"
    GRANTED = "granted"
    REFUSED = "refused"
    UNANSWERED = "unanswered"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True, kw_only=True)
class AddSession:
    """An item of the programme; the moments are aware."""

    kind: SessionKind
    title: str
    starts_at: datetime
    ends_at: datetime | None = None
    room: str = ""
    capacity: int | None = None
    languages: Sequence[str] = ()
    note: str = ""
    provenance: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AddHeadcount:
    """A number of people as somebody published it: when (`dated_text`), and where (`provenance`)."""

    people: int
    status: FigureStatus
    countries: int | None = None
    dated_text: str = ""
    provenance: str = ""


def add_session(edition: Edition, command: AddSession, *, by: Actor) -> ProgrammeSession:
    """Put a session on the programme. Raises `TextMissing`, `DatesReversed`."""
    if not command.title.strip():
        raise TextMissing(field="title")
    if command.ends_at is not None and command.ends_at <= command.starts_at:
        raise DatesReversed(field="ends_at")
    session = ProgrammeSession(
        edition_id=edition.id,
        kind=SessionKind(command.kind).value,
        title=command.title.strip(),
        starts_at=command.starts_at,
        ends_at=command.ends_at,
        room=command.room,
        capacity=command.capacity,
        languages=list(command.languages),
        note=command.note,
        provenance=command.provenance,
    )
    db.session.add(session)
    audit.record("edition.session", session, by=by)
    return session


def add_milestone(
    edition: Edition, title: str, dated_text: str, *, provenance: str = "", by: Actor
) -> Milestone:
    """A step on the way to an edition; `dated_text` is ISO (``2003-03-19``, ``2002-12``) or words.

    Raises `TextMissing`.
    """
    if not title.strip():
        raise TextMissing(field="title")
    milestone = Milestone(
        edition_id=edition.id, title=title.strip(), dated_text=dated_text, provenance=provenance
    )
    db.session.add(milestone)
    audit.record("edition.milestone", milestone, by=by)
    return milestone


def add_headcount(edition: Edition, command: AddHeadcount, *, by: Actor) -> HeadcountFigure:
    """Record a published number of people beside the others; it replaces and adds to none of them."""
    figure = HeadcountFigure(
        edition_id=edition.id,
        people=command.people,
        status=FigureStatus(command.status).value,
        countries=command.countries,
        dated_text=command.dated_text,
        provenance=command.provenance,
    )
    db.session.add(figure)
    audit.record("edition.headcount", figure, by=by)
    return figure


def request_visa(
    edition: Edition,
    label: str,
    outcome: VisaOutcome,
    *,
    person_id: int | None = None,
    provenance: str = "",
    by: Actor,
) -> VisaRequest:
    """Note a visa asked for with an invitation letter, and what came of it."""
    asked = VisaRequest(
        edition_id=edition.id,
        person_id=person_id,
        label=label,
        outcome=VisaOutcome(outcome).value,
        provenance=provenance,
    )
    db.session.add(asked)
    audit.record("visa.request", asked, by=by, outcome=asked.outcome)
    return asked
