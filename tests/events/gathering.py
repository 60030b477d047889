"""Worked examples of gatherings: Dakar 2005 with one fee, the summer university with four to choose from."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

from events import editions
from events.editions import AddTier, CreateEdition
from events.models import Edition, EventSeries
from events.registration import Register
from network.people import PersonDetails
from shared import clock
from shared.audit import System
from shared.database import db, transaction
from shared.money import Money

BY = System("tests")
SPRING_2005 = datetime(2005, 5, 2, 12, 0, tzinfo=UTC)
SPRING_2007 = datetime(2007, 5, 2, 12, 0, tzinfo=UTC)

TIERS = {
    "solidaire": ("Solidaire", "Solidarity", "100.00"),
    "regulier": ("Régulier", "Regular", "60.00"),
    "reduit": ("Réduit", "Reduced", "25.00"),
    "gratuit": ("Gratuit", "Free", "0.00"),
}


def dakar(**changes: Any) -> Edition:
    """Dakar 2005, open to registration on 2 May 2005, fee 60.00 CAD, unless `changes` say otherwise."""
    clock.travel_to(SPRING_2005)
    command: Mapping[str, Any] = {
        "code": "DKR05",
        "name": "Dakar 2005",
        "theme": "Mondialiser la solidarité",
        "description": "Troisième rencontre internationale.",
        "starts_on": date(2005, 11, 22),
        "ends_on": date(2005, 11, 26),
        "zone": "Africa/Dakar",
        "place": "Dakar",
        "country": "SN",
        "fee": Money.of("60.00", "CAD"),
        "currencies": ("XOF",),
        "languages": ("fr", "en", "es"),
        "capacity": 500,
        "registration_opens_at": datetime(2005, 1, 15, tzinfo=UTC),
        "registration_closes_at": datetime(2005, 10, 15, tzinfo=UTC),
        "delegation_deadline": date(2005, 9, 30),
        **changes,
    }
    with transaction():
        series = _series("RIPESS", "Rencontres internationales")
        edition = editions.create_edition(CreateEdition(series_id=series.id, **command), by=BY)
        editions.open_registration(edition, by=BY)
    return edition


def summer_university(**changes: Any) -> Edition:
    """The summer university of 2007, open on 2 May 2007, with its four self-chosen fees."""
    edition = dakar(
        **{
            "code": "UE07",
            "name": "Université d’été 2007",
            "starts_on": date(2007, 6, 14),
            "ends_on": date(2007, 6, 15),
            "zone": "America/Toronto",
            "place": "Gatineau",
            "country": "CA",
            "currencies": (),
            "registration_opens_at": None,
            "registration_closes_at": datetime(2007, 6, 10, tzinfo=UTC),
            **changes,
        }
    )
    clock.travel_to(SPRING_2007)
    with transaction():
        for code, (french, english, amount) in TIERS.items():
            label = {"fr": french, "en": english}
            editions.add_tier(edition, AddTier(code=code, label=label, amount=Money.of(amount, "CAD")), by=BY)
    return edition


def _series(code: str, name: str) -> EventSeries:
    found = db.session.query(EventSeries).filter_by(code=code).one_or_none()
    return found or editions.create_series(code, name, by=BY)


def somebody(number: int = 1, **changes: Any) -> Register:
    """What the `number`-th member of the public asks for."""
    person = PersonDetails(
        name=f"Personne Exemple {number}",
        email=f"personne{number}@example.org",
        organisation_name="Coopérative fictive",
        country="CA",
        locale="fr",
    )
    return Register(**{"person": person, "submission_key": f"form-{number}", **changes})
