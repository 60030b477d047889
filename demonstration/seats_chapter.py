"""Beside the seats: the heads' nomination letters, who waits for a seat, when people come and sleep where."""

from datetime import date

from sqlalchemy import select

from delegations.models import Nomination, Seat
from delegations.seats import letters, waiting
from delegations.seats.waiting import Wait
from delegations.stays import stays
from delegations.stays.models import Lodging
from delegations.stays.stays import TellStay
from demonstration.records import read_csv, specimen
from demonstration.stage import Stage, on
from network.people import PersonDetails
from shared.database import db

SENT = date(2005, 6, 27)
LOOKED_AT = date(2005, 7, 4)
FAMILY = ("Awa Imaginaire", "Binta Imaginaire", "Cheikh Imaginaire")


def send_letters(heads: list[Nomination], stage: Stage) -> None:
    """A photograph of each head's letter, looked at a week later; the others are accredited without one."""
    for head in heads:
        with on(SENT):
            drawn = specimen("Lettre de designation", head.person.name, head.seat.code)
            letter = letters.put(head, drawn, "lettre.png", by=stage.organiser)
        with on(LOOKED_AT):
            letters.verify(head, letter.id, by=stage.organiser)


def wait_for_seats(stage: Stage) -> None:
    """A family waits whole for Outaouais, and one person alone for Finance solidaire."""
    with on(date(2005, 9, 12)):
        family = [_wait(name, "Famille Imaginaire") for name in FAMILY]
        waiting.wait_all(stage.delegations["DKR05-OUT"], family, by=stage.organiser)
        waiting.wait(stage.delegations["DKR05-FIN"], _wait("Diego Supuesto"), by=stage.organiser)


def tell_journeys(stage: Stage) -> None:
    """Some told when they come and where they sleep; a bed was found for some of those who want one."""
    with on(date(2005, 10, 24)):
        for row in read_csv("stays"):
            nomination = db.session.scalars(select(Seat).where(Seat.code == row["seat"])).one().nomination
            assert nomination, row
            stays.tell(nomination, _stay(row), by=stage.organiser)
            stays.lodge(nomination, row["place"], by=stage.organiser)


def _stay(row: dict[str, str]) -> TellStay:
    return TellStay(
        arrives_on=date.fromisoformat(row["arrives_on"]),
        arrives_by=row["arrives_by"],
        leaves_on=date.fromisoformat(row["leaves_on"]) if row["leaves_on"] else None,
        lodging=Lodging(row["lodging"]),
        wishes=row["wishes"],
    )


def _wait(name: str, party: str = "") -> Wait:
    details = PersonDetails(
        name=name,
        email=f"{name.split()[0].lower()}@example.org",
        country="CA",
        languages=("fr",),
        is_demo=True,
        provenance="I",
    )
    return Wait(person=details, party=party, whole=bool(party))
