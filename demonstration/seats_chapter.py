"""Beside the seats: the heads' nomination letters, and who waits for a seat."""

from datetime import date

from delegations.models import Nomination
from delegations.seats import letters, waiting
from delegations.seats.waiting import Wait
from demonstration.records import specimen
from demonstration.stage import Stage, on
from network.people import PersonDetails

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
