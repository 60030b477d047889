"""What a head of delegation asks at a glance: fifteen questions, each with its answer and its source."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import func, select

from delegations import queries
from delegations.budgets import advances, claims
from delegations.budgets.claim_models import ClaimStatus
from delegations.composition.balance import balance_of
from delegations.composition.measuring import State as Kept
from delegations.funding.coverage import Coverage
from delegations.funding.coverage_queries import coverage_of
from delegations.models import (
    CredentialStatus,
    Delegation,
    Nomination,
    NominationStatus,
    Seat,
    SupportAward,
)
from delegations.savings.standings import plan_standings
from delegations.seats import waiting
from delegations.seats.approvals import Rules, rules_of
from delegations.seats.seats import ACTIVE
from delegations.seats.visas import OPEN
from delegations.stays import journeys
from events.models import BadgeRole, EditionStatus, ProgrammeSession, VisaRequest
from network.models import Component
from shared.clock import now, today
from shared.database import db
from shared.i18n import LazyString, _, _l, ngettext, pgettext, show_date
from shared.money import Money
from treasury.models import PaymentStatus
from treasury.reports.answers import Answer, State, so_many, together


class Topic(StrEnum):
    """What a head's question is about."""

    SEATS = "seats"
    MONEY = "money"
    JOURNEY = "journey"


TOPICS: Mapping[Topic, LazyString] = {
    Topic.SEATS: _l("Seats and people"),
    Topic.MONEY: _l("Money"),
    Topic.JOURNEY: _l("On the way and there"),
}


@dataclass(frozen=True, slots=True)
class Known:
    """What is read once for all the answers. `held` are the current nominations of seats in use."""

    delegation: Delegation
    seats: Sequence[Seat]
    held: Sequence[Nomination]
    coverage: Coverage

    def ask(self, topic: Topic, question: str, endpoint: str = "seat_board", **answer: Any) -> Answer:
        """An answer that leads to a page of this delegation."""
        return Answer(
            topic, question, f"delegations.{endpoint}", args={"code": self.delegation.code}, **answer
        )

    def ask_gathering(self, topic: Topic, question: str, **answer: Any) -> Answer:
        """An answer that leads to the public page of the gathering."""
        return Answer(
            topic, question, "events.edition", args={"code": self.delegation.edition.code}, **answer
        )


def answers(delegation: Delegation) -> dict[Topic, list[Answer]]:
    """The fifteen answers, by topic, in a number of queries that does not grow with the seats."""
    seats = [seat for seat in queries.seat_board(delegation) if seat.status in ACTIVE]
    held = [one for seat in seats if (one := seat.nomination)]
    known = Known(delegation, seats, held, coverage_of(delegation))
    return {
        Topic.SEATS: [*_seats(known), _components(known)],
        Topic.MONEY: list(_money(known)),
        Topic.JOURNEY: list(_journey(known)),
    }


def of(part: int, whole: int) -> str:
    """`part` of `whole`, in words."""
    return str(_("%(part)s of %(whole)s", part=so_many(part), whole=so_many(whole)))


def done(part: int, whole: int) -> State:
    """The shape of so many out of so many."""
    return "good" if part == whole else "wait"


def count(number: int, otherwise: State = "wait", *, none: str = "") -> dict[str, Any]:
    """A number of things that should be none; `none` says it where their gender wants another word."""
    return {
        "words": so_many(number) if number else none or _("none"),
        "state": otherwise if number else "good",
    }


def _seats(known: Known) -> Iterable[Answer]:
    filled, all_seats = len(known.held), len(known.seats)
    yield known.ask(
        Topic.SEATS, _("Seats filled"), words=of(filled, all_seats), state=done(filled, all_seats)
    )
    rules = rules_of(known.delegation.edition)
    papers = sum(_papers_miss(one, rules) for one in known.held)
    yield known.ask(Topic.SEATS, _("Records and papers missing"), **count(papers, "bad"))
    line = waiting.line_of(known.delegation)
    alternates = len(line) + sum(one.role is BadgeRole.ALTERNATE for one in known.held)
    yield known.ask(
        Topic.SEATS,
        _("Alternates ready"),
        "waiting_line",
        words=so_many(alternates) if alternates else _("nobody waits"),
    )
    diets = sum(bool(one.person.diet) for one in known.held)
    yield known.ask(Topic.SEATS, _("Diets told"), words=of(diets, filled))
    contact = known.delegation.contact_email or _("nobody is named")
    yield known.ask(Topic.SEATS, _("In an emergency, write to"), "focal_points_of", words=contact)


def _papers_miss(nomination: Nomination, rules: Rules) -> bool:
    """Is the record not complete, or its letter refused or, where one is asked for, not there?"""
    waits = nomination.status in (NominationStatus.NOMINATED, NominationStatus.RETURNED)
    credential = nomination.credential
    letter = credential is CredentialStatus.MISSING and rules.letter_required
    return waits or letter or credential is CredentialStatus.REFUSED


def _components(known: Known) -> Answer:
    """How the people are spread over the five components of the movement, and which rules are not kept."""
    balance = balance_of(known.delegation)
    told = " ".join(
        f"{part.value}\u202f{balance.spread[part]}" for part in Component if balance.spread.get(part)
    )
    missed = [str(one.name) for one in balance.kept if one.measure.state is not Kept.MET]
    return known.ask(
        Topic.SEATS,
        _("Balance of components"),
        "show",
        words=told or _("not told"),
        state="wait" if missed else "good" if balance.kept else "",
        note=_("rules not kept: %(rules)s", rules=", ".join(missed)) if missed else "",
    )


def _money(known: Known) -> Iterable[Answer]:
    funded, whole = sum(not one.remaining for one in known.coverage.seats), len(known.coverage.seats)
    missing = known.coverage.remaining
    yield known.ask(Topic.MONEY, _("Seats funded"), words=of(funded, whole), state=done(funded, whole),
                    amounts=[missing] if missing else [],
                    note=_("the amount is what is still missing") if missing else "")  # fmt: skip
    plans = queries.plans_of(known.delegation)
    late = together(one.late_amount for one in plan_standings(plans).values())
    fees = [_fee(seat) for seat in known.seats]
    owed = together([*late, *(fee for fee in fees if fee)])
    yield known.ask(Topic.MONEY, _("Owed by savers, and fees"), "show", amounts=owed,
                    words="" if owed else _("nothing"), state="bad" if owed else "good")  # fmt: skip
    given = advances.advances_of(known.delegation)
    open_ones = together(left for one in given for left in advances.in_hand(one).values())
    yield known.ask(Topic.MONEY, _("Advances open"), "money_in_hands", amounts=open_ones,
                    words="" if open_ones else pgettext("advance", "none"),
                    state="wait" if open_ones else "good")  # fmt: skip
    handed_in = [one for one in claims.claims_of(known.delegation) if one.status is not ClaimStatus.DRAFT]
    lines = sum(len(one.without_voucher) for one in handed_in)
    yield known.ask(Topic.MONEY, _("Vouchers missing"), "money_in_hands",
                    **count(lines, "bad", none=pgettext("voucher", "none")))  # fmt: skip
    awards = db.session.scalar(
        select(func.count(SupportAward.id)).where(SupportAward.delegation_id == known.delegation.id)
    )
    yield known.ask(
        Topic.MONEY,
        _("Decisions to report on"),
        "spending_of",
        words=so_many(awards) if awards else pgettext("decision", "none"),
    )


def _fee(seat: Seat) -> Money | None:
    """What is still asked for the seat's registration."""
    payment = seat.registered.payment if seat.registered else None
    return payment.amount if payment and payment.status is PaymentStatus.REQUESTED else None


def _journey(known: Known) -> Iterable[Answer]:
    people = [one.person_id for one in known.held]
    visas = db.session.scalar(
        select(func.count(VisaRequest.id)).where(
            VisaRequest.edition_id == known.delegation.edition_id,
            VisaRequest.person_id.in_(people),
            VisaRequest.outcome.in_(OPEN),
        )
    )
    yield known.ask(Topic.JOURNEY, _("Visas pending"), **count(visas or 0))
    tally = journeys.tallies([known.delegation.id]).get(known.delegation.id, journeys.Tally())
    yield _arrivals(known, tally)
    speakers = sum(one.role is BadgeRole.FACILITATOR for one in known.held)
    edition = known.delegation.edition
    following = db.session.scalars(
        select(ProgrammeSession)
        .where(ProgrammeSession.edition_id == edition.id, ProgrammeSession.starts_at >= now())
        .order_by(ProgrammeSession.starts_at)
        .limit(1)
    ).first()
    title = following.title if following else ""
    # Before a gathering is announced there is no page of it to lead to.
    told = known.ask if edition.status is EditionStatus.DRAFT else known.ask_gathering
    yield told(Topic.JOURNEY, _("Who leads a session"),
                 words=so_many(speakers) if speakers else _("nobody of yours"),
                 note=_("next in the programme: %(title)s", title=title) if title else "")  # fmt: skip
    yield _rooms(known, tally)


def _arrivals(known: Known, tally: journeys.Tally) -> Answer:
    """Who has said when they come; from the first day of the gathering on, who was seen at the door."""
    edition, people = known.delegation.edition, len(known.held)
    if today(edition.zone) >= edition.starts_on:
        came = len(queries.arrived(known.delegation))
        return known.ask(Topic.JOURNEY, _("Arrived so far"), "journeys_of", words=of(came, people))
    note = _("said when; the first on %(day)s", day=show_date(tally.first)) if tally.first else _("said when")
    return known.ask(
        Topic.JOURNEY,
        _("Arrivals"),
        "journeys_of",
        words=of(tally.told, people),
        note=note,
        state=done(tally.told, people) if people else "plain",
    )


def _rooms(known: Known, tally: journeys.Tally) -> Answer:
    """Who wants a bed and has none yet; who has not said is waited for."""
    silent = tally.people - tally.lodging_told
    note = ngettext("%(num)s has not said", "%(num)s have not said", silent) if silent else ""
    if not tally.lodging_told:
        words, note, state = _("nobody has said"), "", "wait" if tally.people else "plain"
    elif tally.without:
        words, state = ngettext("%(num)s without a place", "%(num)s without a place", tally.without), "bad"
    else:
        words, state = _("all placed") if tally.wanted else _("none wanted"), "wait" if silent else "good"
    return known.ask(Topic.JOURNEY, _("Rooms"), "journeys_of", words=str(words), note=str(note), state=state)
