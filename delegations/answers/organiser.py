"""What an organiser asks at a glance of one gathering: people, papers and rooms, money."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import aliased

from delegations.answers.head import count, of
from delegations.budgets import spending
from delegations.models import SupportDecision
from delegations.seats.visas import OPEN
from events.models import (
    HOLDS_A_PLACE,
    Badge,
    BadgeRole,
    BadgeStatus,
    Edition,
    FeeTier,
    Registration,
    RegistrationStatus,
    VisaRequest,
)
from events.programme import Lacking, lacks, sessions
from network.models import Person
from shared.database import db
from shared.i18n import LazyString, _, _l, ngettext, pgettext
from shared.money import Money
from treasury.funds import standings
from treasury.models import Fund
from treasury.reports.answers import Answer, State, so_many, together

_BOOTH = 2  # interpreters that a pair of languages needs


class Topic(StrEnum):
    """What an organiser's question is about."""

    PEOPLE = "people"
    READY = "ready"
    MONEY = "money"


TOPICS: Mapping[Topic, LazyString] = {
    Topic.PEOPLE: _l("Who comes"),
    Topic.READY: _l("What has to be ready"),
    Topic.MONEY: _l("Money"),
}


@dataclass(frozen=True, slots=True)
class May:
    """What the reader may do in the gathering: each answer leads to where its thing is done, if they may."""

    manage: bool = True
    accredit: bool = True
    print: bool = True


def answers(edition: Edition, may: May) -> dict[Topic, list[Answer]]:
    """The fifteen answers, in a number of queries that does not grow with registrations or delegations."""
    return {
        Topic.PEOPLE: list(_people(edition, may)),
        Topic.READY: list(_ready(edition, may)),
        Topic.MONEY: list(_money(edition)),
    }


def _ask(edition: Edition, topic: Topic, question: str, endpoint: str, **answer: Any) -> Answer:
    args = {"code": edition.code, **answer.pop("more", {})}
    return Answer(topic, question, endpoint, args=args, **answer)


def _number(kind: type, *conditions: ColumnElement[bool]) -> int:
    return db.session.scalar(select(func.count()).select_from(kind).where(*conditions)) or 0


def _people(edition: Edition, may: May) -> Iterable[Answer]:
    listed, topic = "registrations.index", Topic.PEOPLE
    by_status: dict[RegistrationStatus, int] = {
        row.status: row.number
        for row in db.session.execute(
            select(Registration.status, func.count().label("number"))
            .where(Registration.edition_id == edition.id)
            .group_by(Registration.status)
        )
    }
    held = sum(by_status.get(one, 0) for one in HOLDS_A_PLACE)
    yield _ask(edition, topic, _("Registrations"), listed, words=so_many(held))
    paid = by_status.get(RegistrationStatus.CONFIRMED, 0)
    yield _ask(edition, topic, _("Confirmed and paid"), listed, words=of(paid, held),
               more={"status": "confirmed"}, state="good" if paid == held else "wait")  # fmt: skip
    yield _ask(edition, topic, _("From how many countries"), listed, **_spread(edition, Person.country))
    yield _ask(edition, topic, _("By fee"), listed, **_spread(edition, FeeTier.code))
    over = max(0, held - edition.capacity) if edition.capacity is not None else 0
    page, anchor = ("manage.edit", "capacity") if may.manage else ("manage.overview", "places")
    yield _ask(edition, topic, _("Over capacity"), page, more={"_anchor": anchor}, **count(over, "bad"))
    waits = by_status.get(RegistrationStatus.WAITLISTED, 0)
    yield _ask(edition, topic, _("Waiting"), listed, more={"status": "waitlisted"}, **count(waits))


def _spread(edition: Edition, by: Any) -> dict[str, Any]:
    """How many different ones there are, and the three most frequent."""
    number = func.count().label("number")
    rows = db.session.execute(
        select(by.label("kind"), number)
        .select_from(Registration)
        .join(Person, Person.id == Registration.person_id)
        .outerjoin(FeeTier, FeeTier.id == Registration.tier_id)
        .where(Registration.edition_id == edition.id, Registration.status.in_(HOLDS_A_PLACE))
        .group_by(by)
        .order_by(number.desc(), by)
    ).all()
    told = [row for row in rows if row.kind]
    note = " · ".join(f"{row.kind} {row.number}" for row in told[:3])
    return {"words": so_many(len(told)) if told else _("not told"), "note": note}


def _ready(edition: Edition, may: May) -> Iterable[Answer]:
    topic, programme = Topic.READY, "manage.programme"
    visas = "delegations.visas_of" if may.accredit else "manage.overview"
    asked = _number(VisaRequest, VisaRequest.edition_id == edition.id, VisaRequest.outcome.in_(OPEN))
    yield _ask(edition, topic, _("Letters and visas open"), visas, more={"show": "open"}, **count(asked))
    refused = _number(VisaRequest, VisaRequest.edition_id == edition.id, VisaRequest.outcome == "refused")
    yield _ask(edition, topic, _("Visas refused"), visas, more={"show": "refused"}, **count(refused, "bad"))
    every = sessions(edition)
    number = {why: sum(lacks(one, why) for one in every) for why in Lacking}
    many = number[Lacking.INTERPRETERS]
    interpreters = _number(
        Registration,
        Registration.edition_id == edition.id,
        Registration.role == BadgeRole.INTERPRETER,
        Registration.status.in_(HOLDS_A_PLACE),
    )
    state: State = "wait" if many and interpreters < _BOOTH * 3 else "plain"
    yield _ask(edition, topic, _("Sessions in three languages or more"), programme, words=so_many(many),
               more={"lacking": Lacking.INTERPRETERS.value}, state=state,
               note=ngettext("%(num)s interpreter for all", "%(num)s interpreters for all",
                             interpreters))  # fmt: skip
    for lacking, question in (
        (Lacking.ROOM, _("Sessions without a room")),
        (Lacking.END, _("Sessions without an end")),
    ):
        found = count(number[lacking], none=pgettext("session", "none"))
        yield _ask(edition, topic, question, programme, more={"lacking": lacking.value}, **found)
    helpers = _number(
        Registration, Registration.edition_id == edition.id, Registration.role == BadgeRole.VOLUNTEER
    )
    yield _ask(edition, topic, _("Volunteers registered"), "registrations.index",
               words=so_many(helpers) if helpers else _("none"))  # fmt: skip
    printing = "badges.overview" if may.print else "registrations.index"
    yield _ask(edition, topic, _("Badges not printed"), printing, **count(_without_badge(edition)))


def _without_badge(edition: Edition) -> int:
    """Confirmed registrations that have no badge that holds."""
    badge = aliased(Badge)
    holds = badge.status.in_((BadgeStatus.ISSUED, BadgeStatus.COLLECTED))
    has = select(badge.id).where(badge.registration_id == Registration.id, holds).exists()
    return _number(
        Registration,
        Registration.edition_id == edition.id,
        Registration.status == RegistrationStatus.CONFIRMED,
        ~has,
    )


def _money(edition: Edition) -> Iterable[Answer]:
    found = spending.of_edition(edition).comparison
    left = found.total.figures[found.currency].left or Money.zero(found.currency)
    yield _ask(edition, Topic.MONEY, _("Budget not yet used"), "delegations.edition_spending", amounts=[left],
               state="bad" if left.minor < 0 else "plain",
               note=_("spent and promised taken off"))  # fmt: skip
    pools = select(SupportDecision.fund_id).where(SupportDecision.edition_id == edition.id)
    ids = set(db.session.scalars(select(Fund.id).where(Fund.id.in_(pools))))
    rest = together(one.balance for one in standings.standings() if one.fund.id in ids) if ids else []
    page = "delegations.public_support" if ids else "delegations.funders"
    yield _ask(edition, Topic.MONEY, _("Left in the support fund"), page, amounts=rest,
               words="" if rest else _("nothing"))  # fmt: skip
