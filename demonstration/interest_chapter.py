"""Who was asked about a gathering: the survey of 2003 as its source tells it; for 2009, fictional bodies."""

from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

from sqlalchemy import select

from delegations.interest import asking
from delegations.interest.asking import Answer
from delegations.interest.models import Interest
from demonstration.records import read_csv, read_toml
from demonstration.stage import MACHINE, Stage, on
from events.models import Edition
from shared.clock import DEMO_CLOCKS
from shared.database import db

Act = Callable[[], Any]


def tell(stage: Stage, moment: str) -> None:
    """What the survey's respondents answered about Dakar, then what payers say of the next gathering."""
    data = read_toml("interest")
    _survey(stage, data["survey"]["provenance"])
    edition, until = stage.editions[data["next"]["edition"]], DEMO_CLOCKS[moment].date()
    happened = [one for row in data["next"]["bodies"] for one in _happenings(stage, edition, row)]
    for day, act in sorted(happened, key=lambda one: one[0]):
        if day <= until:
            with on(day):
                act()


def _survey(stage: Stage, provenance: str) -> None:
    """Real bodies appear as the source names them: each answered, nobody is silent."""
    dakar = stage.editions["DKR05"]
    with on(date(2003, 3, 19)):
        for row in read_csv("organisations"):
            if row["survey"] == "1":
                body = stage.organisations[row["name"]]
                known = asking.note_asked(dakar, body, is_demo=True, provenance=provenance, by=MACHINE)
                asking.answer(known, Answer(interested=True, hosts=row["host"] == "1"), by=MACHINE)


def _happenings(stage: Stage, edition: Edition, row: dict[str, Any]) -> Iterator[tuple[date, Act]]:
    """Each thing that happened to a body's question, with its day."""
    body = stage.organisations[row["name"]]

    def known() -> Interest:
        return db.session.scalars(
            select(Interest).where(Interest.edition_id == edition.id, Interest.organisation_id == body.id)
        ).one()

    yield row["asked"], lambda: asking.ask(edition, [body], is_demo=True, by=stage.organiser)
    for day in row.get("reminded", []):
        yield day, lambda: asking.remind(known(), by=stage.organiser)
    if "answered" in row:
        told = Answer(
            interested=row.get("interested", True),
            plans=row.get("plans", False),
            hosts=row.get("hosts", False),
            note=row.get("note", ""),
        )
        yield row["answered"], lambda: asking.answer(known(), told, by=MACHINE)
    if "stopped" in row:
        yield row["stopped"], lambda: asking.stop(known(), by=MACHINE)
