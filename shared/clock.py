"""The only source of the present moment. A demonstration can be set at another moment."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

DEMO_CLOCKS = {
    "S1": datetime(2005, 10, 31, 12, 0, tzinfo=UTC),
    "S1b": datetime(2005, 11, 22, 10, 0, tzinfo=UTC),
    "S2": datetime(2007, 6, 15, 16, 0, tzinfo=UTC),
}
"""Clock positions of the demonstration data: plans closed, desk open in Dakar, noon in Gatineau."""

_shift = timedelta()
house = "UTC"  # the zone whose days the books count in: a setting


def now() -> datetime:
    """The present moment, aware, in UTC."""
    return datetime.now(UTC) + _shift


def today(zone: str = "") -> date:
    """The present date where `zone` (an IANA name) is; where the house is, without one."""
    return now().astimezone(ZoneInfo(zone or house)).date()


def as_told(moment: datetime) -> datetime:
    """A moment that the outside world tells in its own time, as this clock has it."""
    return moment + _shift


def travel_to(moment: datetime | None) -> None:
    """Let the clock run from `moment` (demonstration, tests); `None` returns to the real time."""
    global _shift
    _shift = timedelta() if moment is None else moment - datetime.now(UTC)


def start(text: str) -> None:
    """Set a demonstration's clock: ``S1b`` from now on, or ``S1b@1130000000`` begun then in every process."""
    name, _, since = text.partition("@")
    started = datetime.fromtimestamp(int(since), UTC) if since else datetime.now(UTC)
    travel_to(DEMO_CLOCKS[name] + (datetime.now(UTC) - started))
