"""A survey of the network as somebody wrote it down: read and judged first, then taken in whole.

One body a line: its name, its region or sector, what it answers. The number of respondents that its author
states is kept beside the number that it names.
"""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import select

from delegations.interest import asking
from delegations.interest.asking import Answer
from delegations.interest.models import Interest
from events.models import Edition
from network.directory import AddOrganisation, add_organisation
from network.models import Organisation, OrganisationAlias
from network.people import normalised_name
from network.survey import SurveyReport, record_survey
from network.wording import SECTORS
from shared.audit import Actor
from shared.database import db
from shared.errors import DomainError
from shared.i18n import LazyString, _l

MOST_ROWS = 1000

_HOSTS = ("host", "accueil", "hote", "recevoir")
_PLANS = ("delegation", "delegue", "delegate")
_NO = ("no", "non", "none", "not this time", "pas cette fois")


class SurveyUnreadable(DomainError):
    """No row with a name, or too many."""

    code = "survey_unreadable"
    status = 422
    message = _l("Write one organisation a line, from 1 to %(most)s lines.")


class Verdict(StrEnum):
    """What a row was taken for."""

    KNOWN = "known"
    NEW = "new"
    TWICE = "twice"


VERDICTS: Mapping[Verdict, LazyString] = {
    Verdict.KNOWN: _l("in the directory"),
    Verdict.NEW: _l("new to the directory"),
    Verdict.TWICE: _l("named twice: taken once"),
}


@dataclass(frozen=True, slots=True)
class Row:
    """One line as it was understood; `known_id` is the body of the directory that it names."""

    number: int
    name: str
    place: str
    answer: Answer
    verdict: Verdict
    known_id: int | None = None


def read_survey(text: str) -> list[Row]:
    """The rows of a pasted survey, judged against the directory; nothing is kept.

    Raises `SurveyUnreadable`.
    """
    lines = [(number, cells) for number, cells in enumerate(_cells(text), 1) if cells and cells[0]]
    if not 1 <= len(lines) <= MOST_ROWS:
        raise SurveyUnreadable(field="text", most=MOST_ROWS)
    directory, seen, rows = _directory(), set[str](), []
    for number, cells in lines:
        name, place, said = (*cells, "", "")[:3]
        known = directory.get(normalised_name(name))
        key = f"id:{known}" if known else normalised_name(name)
        verdict = Verdict.TWICE if key in seen else Verdict.KNOWN if known else Verdict.NEW
        seen.add(key)
        rows.append(Row(number, name, place, answer_of(said), verdict, known))
    return rows


def _cells(text: str) -> list[list[str]]:
    head = text[:4000]
    delimiter = max("\t;,|", key=head.count) if any(one in head for one in "\t;,|") else ";"
    try:
        found = list(csv.reader(io.StringIO(text.strip("\ufeff")), delimiter=delimiter))
    except csv.Error:
        raise SurveyUnreadable(field="text", most=MOST_ROWS) from None
    return [[" ".join(cell.split())[:200] for cell in row] for row in found]


def answer_of(said: str) -> Answer:
    """What a body answers, from a few words: to host, a delegation, no; anything else is kept as a note."""
    plain = normalised_name(said)
    if plain in _NO or plain.split()[:1] in (["no"], ["non"]):
        return Answer(interested=False)
    hosts, plans = any(one in plain for one in _HOSTS), any(one in plain for one in _PLANS)
    return Answer(interested=True, hosts=hosts, plans=plans, note="" if hosts or plans else said)


def _directory() -> dict[str, int]:
    """The ids of bodies by the names and aliases that they go by, as names are compared."""
    aliases = db.session.execute(select(OrganisationAlias.name, OrganisationAlias.organisation_id))
    names = db.session.execute(select(Organisation.name, Organisation.id))
    return {normalised_name(row[0]): row[1] for row in [*aliases, *names]}


def take_survey(
    edition: Edition, title: str, stated: int, rows: Sequence[Row], *, provenance: str = "", by: Actor
) -> SurveyReport:
    """Take a survey in: new bodies enter the directory, answers are kept, both numbers too."""
    bodies = []
    for row in rows:
        if row.verdict is Verdict.TWICE:
            continue
        body = db.session.get_one(Organisation, row.known_id) if row.known_id else _add(row, provenance, by)
        known = db.session.scalar(
            select(Interest).where(Interest.edition_id == edition.id, Interest.organisation_id == body.id)
        )
        asked = known or asking.note_asked(edition, body, provenance=provenance, by=by)
        asking.answer(asked, row.answer, by=by)
        bodies.append(body)
    return record_survey(title, stated, bodies, about=edition.code, provenance=provenance, by=by)


def _add(row: Row, provenance: str, by: Actor) -> Organisation:
    """A body that the directory did not know, in its sector where the place is one, else in its region."""
    sector = next(
        (code for code, word in SECTORS.items() if normalised_name(row.place) in (code, str(word))), ""
    )
    region = "" if sector else row.place[:80]
    command = AddOrganisation(name=row.name, region=region, sector=sector, provenance=provenance[:120])
    return add_organisation(command, by=by)
