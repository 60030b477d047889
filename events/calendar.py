"""A gathering as a calendar file that telephones and programs open."""

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import func, select

from events.models import Edition, ProgrammeSession, Registration
from shared.addresses import absolute
from shared.database import db

MIME = "text/calendar; charset=utf-8; method=PUBLISH"


def calendar_file(registration: Registration) -> bytes:
    """The gathering, in its own zone, from its first session to its last; whole days without a programme."""
    from icalendar import Calendar, Event  # 4 MB for one page in many

    edition = registration.edition
    starts_at, ends_at = span(edition)
    event = Event()
    event.add("uid", f"{registration.code}@teranga")
    event.add("dtstamp", registration.created_at)
    event.add("summary", edition.name)
    event.add("location", edition.place)
    event.add("description", f"{edition.theme}\n{registration.code}".strip())
    event.add("url", absolute(f"/events/{edition.code}"))
    if starts_at and ends_at:
        event.add("dtstart", starts_at)
        event.add("dtend", ends_at)
    else:
        event.add("dtstart", edition.starts_on)
        event.add("dtend", edition.ends_on + timedelta(days=1))
    calendar = Calendar()
    calendar.add("prodid", "-//Teranga//Gatherings//EN")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add_component(event)
    calendar.add_missing_timezones()
    return bytes(calendar.to_ical())


def span(edition: Edition) -> tuple[datetime | None, datetime | None]:
    """When the programme begins and ends, in the edition's zone; (None, None) without a programme.

    A last session without an end is taken to last until six in the evening, or an hour when it starts later.
    """
    zone = ZoneInfo(edition.zone)
    found: tuple[datetime | None, ...] = tuple(
        db.session.execute(
            select(
                func.min(ProgrammeSession.starts_at),
                func.max(ProgrammeSession.starts_at),
                func.max(ProgrammeSession.ends_at),
            ).where(ProgrammeSession.edition_id == edition.id)
        ).one()
    )
    first, last, end = found
    if first is None or last is None:
        return None, None
    last = last.astimezone(zone)
    evening = datetime.combine(last.date(), time(18), zone)
    ends = max(evening, last + timedelta(hours=1)) if end is None or end <= last else end.astimezone(zone)
    return first.astimezone(zone), ends
