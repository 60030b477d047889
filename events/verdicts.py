"""What the desk is told of a scan: the same for the page, for its script and for a phone without network."""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from babel.dates import format_date

from events.checkin import ScanOutcome
from events.models import ROLE_LABELS, Edition, ScanResult
from events.wording import hour
from shared.clock import today

REFUSED_POLITELY = {
    "fr": "Ce badge n’est plus valable. Merci de passer à l’accueil : nous allons vous aider.",
    "en": "This badge is no longer valid. Please come to the welcome desk: we will help you.",
    "es": "Esta credencial ya no es válida. Pase por el mostrador de bienvenida, por favor: le ayudaremos.",
    "pt": "Este crachá já não é válido. Passe, por favor, pela mesa de acolhimento: vamos ajudar.",
}
"""For the person at the door, in the languages of these gatherings, whichever the volunteer speaks."""

KINDS = {
    ScanResult.WELCOME: "good",
    ScanResult.ALREADY_IN: "wait",
    ScanResult.FLAGGED: "wait",
    ScanResult.REVOKED: "bad",
    ScanResult.UNKNOWN: "bad",
    ScanResult.OTHER_EDITION: "bad",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """One answer. `at` and `desk` tell the first arrival, in the edition's zone and the reader's language.

    A refused badge may still show the name of somebody who was replaced, so no name is told with it.
    """

    result: str = ""
    name: str = ""
    role: str = ""
    role_label: str = ""
    organisation: str = ""
    delegation: str = ""
    party: str = ""
    seat: str = ""
    languages: str = ""
    at: str = ""
    desk: str = ""
    serial: int = 0

    def as_json(self) -> dict[str, Any]:
        """The answer for the page's script."""
        return asdict(self)


def verdict_of(edition: Edition, outcome: ScanOutcome, locale: str) -> Verdict:
    """What is shown for an outcome."""
    registration, arrival = outcome.registration, outcome.arrival
    if registration is None:
        return Verdict(result=outcome.result)
    refused = outcome.result is ScanResult.REVOKED
    person = registration.person
    return Verdict(
        result=outcome.result,
        name="" if refused else person.name,
        role="" if refused else registration.role.value,
        role_label="" if refused else str(ROLE_LABELS[registration.role]),
        organisation="" if refused else person.shown_organisation,
        delegation=registration.party_name,
        party=registration.party_code,
        seat=registration.seat_code,
        languages="" if refused else " ".join(code.upper() for code in person.languages),
        at=moment(arrival.at, edition.zone, locale) if arrival else "",
        desk=arrival.desk if arrival else "",
        serial=outcome.badge.id if outcome.badge else 0,
    )


def moment(at: datetime, zone: str, locale: str) -> str:
    """``09:05`` for today, with the day before it for another day."""
    day = at.astimezone(ZoneInfo(zone)).date()
    told = hour(at, zone, locale)
    return told if day == today(zone) else f"{format_date(day, 'd MMM', locale=locale)}, {told}"
