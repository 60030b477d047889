"""A list of nominees: first a report of what was understood, then all of what is agreed to, or nothing.

Each row is ready, waits (no seat is left), doubtful (somebody looks and says yes), a duplicate or refused.
The same list sent twice adds nothing twice.
"""

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum

from email_validator import EmailNotValidError, validate_email
from sqlalchemy import select

from delegations.models import Delegation
from delegations.seats import nominations, waiting
from delegations.seats.nominations import Nominate
from delegations.seats.nominee_reading import Written, as_text
from delegations.seats.nominee_words import country_of, languages_of, role_of, says_yes
from delegations.seats.waiting import Wait
from events.models import BadgeRole
from network.models import Person
from network.people import PersonDetails, normalised_email, normalised_name
from network.same_person import LIKENESSES, KnownPeople, Likeness, Who
from shared import audit
from shared.audit import Actor
from shared.database import db, hold
from shared.errors import DomainError
from shared.i18n import LazyString, _, _l

_LONGEST = {"name": 160, "email": 255, "organisation": 200, "party": 60}
_STARTS_A_FORMULA = ("=", "+", "@", "-", "|")


class Verdict(StrEnum):
    """What becomes of a row."""

    READY = "ready"
    WAITS = "waits"
    DOUBTFUL = "doubtful"
    DUPLICATE = "duplicate"
    REFUSED = "refused"


VERDICTS: dict[Verdict, LazyString] = {
    Verdict.READY: _l("understood"),
    Verdict.WAITS: _l("will wait for a seat"),
    Verdict.DOUBTFUL: _l("doubtful"),
    Verdict.DUPLICATE: _l("already there"),
    Verdict.REFUSED: _l("refused"),
}


class ListChanged(DomainError):
    """Between the report and the agreement somebody else named people: the report is another one now."""

    code = "list_changed"
    message = _l("Something changed meanwhile. Look at the report again; nothing was taken in.")


@dataclass(frozen=True, slots=True)
class Judged:
    """A row and what becomes of it; `notes` say why, in the reader's language."""

    row: Written
    verdict: Verdict
    notes: tuple[str, ...] = ()
    role: BadgeRole = BadgeRole.DELEGATE
    country: str = ""
    languages: tuple[str, ...] = ()
    seat: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    """All rows judged against the delegation as it is now."""

    rows: tuple[Judged, ...]

    def of(self, verdict: Verdict) -> list[Judged]:
        """The rows of one verdict."""
        return [one for one in self.rows if one.verdict == verdict]

    @property
    def seal(self) -> str:
        """Another list, or other verdicts, have another seal."""
        told = as_text(one.row for one in self.rows) + "".join(f"{j.verdict}:{j.seat};" for j in self.rows)
        return hashlib.sha256(told.encode()).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class Taken:
    """How many were named and how many wait."""

    named: int
    waiting: int


def judge(delegation: Delegation, rows: Sequence[Written]) -> Report:
    """Say what becomes of each row; nothing is written."""
    free = [seat.code for seat in waiting.free_seats(delegation)]
    judging = _Judging(free, _people_of(delegation), waiting.people_of(delegation))
    return Report(tuple(judging.judge(row) for row in rows))


def take_in(
    delegation: Delegation, rows: Sequence[Written], *, seal: str, agreed: Collection[int], by: Actor
) -> Taken:
    """Name everybody who is ready and the doubtful whose row numbers are in `agreed`; the rest wait.

    All or nothing. Raises `ListChanged` when the report that was agreed to is no longer true, and what
    `nominate` raises.
    """
    hold(delegation)
    report = judge(delegation, rows)
    if report.seal != seal:
        raise ListChanged
    free = {seat.code: seat for seat in waiting.free_seats(delegation)}
    doubtful = [one for one in report.of(Verdict.DOUBTFUL) if one.row.number in agreed]
    wanted = [*report.of(Verdict.READY), *report.of(Verdict.WAITS), *doubtful]
    asked = {one.seat for one in wanted if one.seat}
    others = iter([seat for code, seat in free.items() if code not in asked])
    without = []
    for one in wanted:
        seat = free[one.seat] if one.seat else next(others, None)
        if seat is None:
            without.append(_wait(one, delegation))
        else:
            nominations.nominate(seat, Nominate(person=_details(one, delegation), role=one.role), by=by)
    waiting.wait_all(delegation, without, by=by)
    named = len(wanted) - len(without)
    audit.record("delegation.list", delegation, by=by, rows=len(rows), named=named, taken=len(wanted))
    return Taken(named, len(without))


def _details(one: Judged, delegation: Delegation) -> PersonDetails:
    return PersonDetails(
        name=one.row["name"],
        email=one.row["email"],
        organisation_name=one.row["organisation"],
        country=one.country,
        languages=one.languages,
        is_demo=delegation.is_demo,
    )


def _wait(one: Judged, delegation: Delegation) -> Wait:
    party = one.row["party"]
    whole = bool(party) and says_yes(one.row["whole"])
    return Wait(person=_details(one, delegation), role=one.role, party=party, whole=whole)


def _people_of(delegation: Delegation) -> list[Who]:
    """Everybody who sits or waits in the edition."""
    placed = waiting.placed(delegation.edition_id)
    rows = db.session.execute(select(Person.id, Person.name, Person.email).where(Person.id.in_(placed)))
    return [Who(*row) for row in rows]


class _Judging:
    """Rows judged one after the other: each knows the rows before it, and takes its seat from those left.

    `placed` are the people of the gathering; whoever is not of `own` is not named to another delegation.
    """

    def __init__(self, free: list[str], placed: list[Who], own: Collection[int]) -> None:
        self._free = set(free)
        self._left = len(free)
        self._exact = {(normalised_name(who.name), normalised_email(who.email)) for who in placed}
        self._known = KnownPeople(placed)
        self._at = {normalised_email(who.email): who for who in placed if who.email}
        self._own = own

    def judge(self, row: Written) -> Judged:
        """What becomes of this row."""
        if refused := self._refused(row):
            return Judged(row, Verdict.REFUSED, (refused,))
        exact = normalised_name(row["name"]), normalised_email(row["email"])
        if exact in self._exact:
            return Judged(row, Verdict.DUPLICATE, (_("Named or waiting already, or twice in this list."),))
        doubts, role, country, languages = self._understood(row)
        who = Who(-row.number, row["name"], row["email"])
        for other, why in self._known.like(who)[:1]:
            if why is Likeness.SAME_NAME and not (other.email and row["email"]):
                there = _("%(name)s is there already.", name=self._shown(other))
                return Judged(row, Verdict.DUPLICATE, (there,))
            doubts.append(_("Perhaps %(name)s: %(why)s.", name=self._shown(other), why=LIKENESSES[why]))
        if (other := self._at.setdefault(exact[1], who)) is not who and row["email"] and not doubts:
            doubts.append(_("The e-mail address is that of %(name)s too.", name=self._shown(other)))
        seat = row["seat"].upper()
        self._exact.add(exact)
        self._known.add(who)
        self._free.discard(seat)
        verdict = Verdict.DOUBTFUL if doubts else Verdict.READY if self._left > 0 else Verdict.WAITS
        self._left -= not doubts
        return Judged(row, verdict, tuple(doubts), role, country, languages, seat)

    def _shown(self, other: Who) -> str:
        mine = other.key < 0 or other.key in self._own  # below zero: a row of this list
        return other.name if mine else str(_("somebody of another delegation"))

    def _refused(self, row: Written) -> str:
        """Why this row cannot be taken, or nothing."""
        name, email, seat = row["name"], row["email"], row["seat"].upper()
        if "@" in name or not any(map(str.isalpha, name)):
            return str(_("There is no name."))
        if any(row[column].startswith(_STARTS_A_FORMULA) for column in _LONGEST):
            return str(_("This is a formula, not a word."))
        if any(len(row[column]) > most for column, most in _LONGEST.items()):
            return str(_("Something in this row is too long."))
        if email:
            try:
                validate_email(email, check_deliverability=False)
            except EmailNotValidError:
                return str(_("“%(email)s” is no e-mail address.", email=email))
        if seat and seat not in self._free:
            return str(_("The seat %(seat)s is not free.", seat=seat))
        return ""

    def _understood(self, row: Written) -> tuple[list[str], BadgeRole, str, tuple[str, ...]]:
        """What the words of a row mean, and what in them is doubtful."""
        doubts = []
        role, country, languages = (
            role_of(row["role"]),
            country_of(row["country"]),
            languages_of(row["languages"]),
        )
        if not row["email"]:
            doubts.append(_("No e-mail address: no private link can be sent."))
        if row.hidden:
            doubts.append(_("There were characters in it that cannot be seen; they are taken out."))
        if role is None:
            doubts.append(_("The role “%(role)s” is not known: delegate.", role=row["role"]))
        if country is None:
            doubts.append(_("The country “%(country)s” is not known: left empty.", country=row["country"]))
        if languages is None:
            doubts.append(_("Not every language in “%(languages)s” is known.", languages=row["languages"]))
        return doubts, role or BadgeRole.DELEGATE, country or "", tuple(languages or ())
