"""What a regional coordinator asks at a glance of all the delegations they look after in one gathering."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import func, select

from delegations import queries
from delegations.answers.head import done, of
from delegations.funder_reports.gathering import services_of
from delegations.funding.coverage import Coverage
from delegations.funding.coverage_queries import network_coverage
from delegations.interest.models import Interest
from delegations.lifecycle import umbrellas
from delegations.listing import JOINED, RECENTLY, SILENT, Show
from delegations.models import Delegation, SavingsPlan, Seat
from delegations.savings.reminders import BEFORE
from delegations.savings.schedule import Standing
from delegations.savings.standings import plan_standings
from delegations.seats.seats import ACTIVE
from events.models import Edition
from shared.audit import AuditRecord
from shared.clock import now, today
from shared.database import db
from shared.i18n import LazyString, _, _l, ngettext, pgettext
from treasury.reports.answers import Answer, so_many, together


class Topic(StrEnum):
    """What a coordinator's question is about."""

    PEOPLE = "people"
    SAVINGS = "savings"
    FUNDERS = "funders"


TOPICS: Mapping[Topic, LazyString] = {
    Topic.PEOPLE: _l("Who takes part"),
    Topic.SAVINGS: _l("What is saved"),
    Topic.FUNDERS: _l("What others add"),
}


@dataclass(frozen=True, slots=True)
class Known:
    """What is read once for all the answers."""

    edition: Edition
    delegations: Sequence[Delegation]
    coverages: Sequence[Coverage]
    plans: Mapping[SavingsPlan, Standing]
    wide: bool

    @property
    def standings(self) -> list[Standing]:
        """Where each plan stands."""
        return list(self.plans.values())

    def ask(self, topic: Topic, question: str, endpoint: str = "", **answer: Any) -> Answer:
        """An answer that leads to a page of the whole gathering, for who may open it; else to the list of
        its delegations, to those that `more` names."""
        more = answer.pop("more", {})
        if not self.wide or not endpoint:
            listed = {"edition": self.edition.code, **({} if endpoint else more)}
            return Answer(topic, question, "delegations.index", args=listed, **answer)
        return Answer(topic, question, endpoint, args={"code": self.edition.code, **more}, **answer)

    def of_services(self, question: str, **answer: Any) -> Answer:
        """An answer that leads to the services themselves: of the gathering, or of one's only delegation."""
        if self.wide or len(self.delegations) > 1:
            return self.ask(Topic.FUNDERS, question, "delegations.edition_services", **answer)
        [only] = self.delegations
        args = {"code": only.code}
        return Answer(Topic.FUNDERS, question, "delegations.delegation_services", args=args, **answer)


def answers(edition: Edition, delegations: Sequence[Delegation], *, wide: bool) -> dict[Topic, list[Answer]]:
    """The fifteen answers about these delegations, in a number of queries that does not grow with them.

    `wide` is for a reader who may open the pages of the whole gathering.
    """
    covered = network_coverage(edition, delegations).delegations
    plans = queries.running_plans(delegations)
    standings = plan_standings(plans)
    known = Known(
        edition,
        delegations,
        [covered[one.code] for one in delegations],
        {one: standings[one.id] for one in plans},
        wide,
    )
    return {
        Topic.PEOPLE: list(_people(known)),
        Topic.SAVINGS: list(_savings(known)),
        Topic.FUNDERS: list(_funders(known)),
    }


def _people(known: Known) -> Iterable[Answer]:
    asked = _asked(known.delegations)
    every = len(asked)
    joined = sum(one.status in JOINED for one in asked)
    silent = [one for one in asked if one.status in SILENT]
    yield known.ask(Topic.PEOPLE, _("Joined"), words=of(joined, every), state=done(joined, every),
                    more={"show": Show.JOINED.value})  # fmt: skip
    names = ", ".join(one.name for one in silent[:3])
    yield known.ask(Topic.PEOPLE, _("Silent"),
                    words=so_many(len(silent)) if silent else pgettext("organisation", "none"),
                    state="bad" if silent else "good", note=names,
                    more={"show": Show.SILENT.value})  # fmt: skip
    named = sum(bool(one.contact_email) for one in asked)
    yield known.ask(Topic.PEOPLE, _("With a representative"), words=of(named, every),
                    state=done(named, every),
                    more={"show": Show.ALONE.value} if named < every else {})  # fmt: skip
    offers = select(func.count(Interest.id)).where(Interest.edition_id == known.edition.id, Interest.hosts)
    hosts = db.session.scalar(offers) or 0
    yield known.ask(Topic.PEOPLE, _("Would host"), "delegations.interest_map",
                    more={"_anchor": "map"},
                    words=ngettext("%(num)s organisation", "%(num)s organisations", hosts))  # fmt: skip
    changes = _changes(known)
    yield known.ask(Topic.PEOPLE, _("Beside the last gathering"), words=_beside(known))
    yield known.ask(
        Topic.PEOPLE,
        _("Changed in the last seven days"),
        words=so_many(changes) if changes else _("nothing"),
        more={"show": Show.CHANGED.value},
    )


def _asked(delegations: Sequence[Delegation]) -> list[Delegation]:
    """Those that answer for seats of their own: an umbrella that asked for none only adds up its members."""
    holding = umbrellas.sizes(delegations)
    return [one for one in delegations if one.id not in holding or one.seats_requested]


def _beside(known: Known) -> str:
    """Seats of this gathering, and those of the one before it in its series."""
    before = select(Edition.id).where(
        Edition.series_id == known.edition.series_id, Edition.starts_on < known.edition.starts_on
    )
    last = before.order_by(Edition.starts_on.desc()).limit(1).scalar_subquery()
    count = select(func.count(Seat.id)).join(Seat.delegation).where(Seat.status.in_(ACTIVE))
    earlier = db.session.scalar(count.where(Delegation.edition_id == last)) or 0
    seats = sum(one.seat_count for one in known.coverages)
    told = ngettext("%(num)s seat now", "%(num)s seats now", seats)
    return f"{told}, {_('%(num)s before', num=earlier) if earlier else _('none before')}"


def _changes(known: Known) -> int:
    """What was done to these delegations lately, by the trail."""
    subjects = [f"Delegation:{one.id}" for one in known.delegations]
    recent = AuditRecord.subject.in_(subjects) & (AuditRecord.at >= now() - RECENTLY)
    return db.session.scalar(select(func.count(AuditRecord.id)).where(recent)) or 0


def _savings(known: Known) -> Iterable[Answer]:
    every, late = len(known.standings), [one for one in known.standings if one.late_amount]
    on_track = every - len(late)
    yield known.ask(Topic.SAVINGS, _("Plans on track"), words=of(on_track, every),
                    state=done(on_track, every), more={"_anchor": "late"})  # fmt: skip
    owed = together(one.late_amount for one in late)
    yield known.ask(Topic.SAVINGS, _("Deposits late"), amounts=owed, words="" if owed else _("none"),
                    state="bad" if owed else "good", more={"_anchor": "late"})  # fmt: skip
    saved = together(one.saved for one in known.standings)
    yield known.ask(Topic.SAVINGS, _("Saved in all"), amounts=saved, words="" if saved else _("nothing yet"))
    whole = [seat for one in known.coverages for seat in one.seats]
    paid = sum(not seat.remaining for seat in whole)
    yield known.ask(Topic.SAVINGS, _("Seats that are paid in full"), words=of(paid, len(whole)),
                    state=done(paid, len(whole)))  # fmt: skip
    yield _next_reminder(known)


def _next_reminder(known: Known) -> Answer:
    """The day of the next reminder, and the plan that it is for."""
    coming = [
        (max(standing.next_due - BEFORE, today()), plan.delegation.code, plan.code)
        for plan, standing in known.plans.items()
        if standing.next_due
    ]
    question = _("Next reminder")
    if not coming:
        return known.ask(Topic.SAVINGS, question, words=_("none"))
    day, code, plan_code = min(coming)
    args = {"code": code, "plan_code": plan_code}
    return Answer(Topic.SAVINGS, question, "delegations.show_plan", day=day, args=args)


def _funders(known: Known) -> Iterable[Answer]:
    topic, funders = Topic.FUNDERS, "delegations.funders"
    earned = together(one.match_usable for one in known.coverages)
    yield known.ask(
        topic, _("Match earned"), funders, amounts=earned, words="" if earned else pgettext("match", "none")
    )
    lost = together(one.match_unusable for one in known.coverages)
    yield known.ask(topic, _("Match unusable"), funders, amounts=lost,
                    words="" if lost else pgettext("match", "none"),
                    state="wait" if lost else "good")  # fmt: skip
    services = services_of(known.edition, () if known.wide else [one.id for one in known.delegations])
    waits, given = services.pending, services.accepted
    yield known.of_services(_("Services pledged"), amounts=waits, words="" if waits else _("none"))
    yield known.of_services(_("Services received"), amounts=given, words="" if given else _("none"),
                            note=_("valued, never money"))  # fmt: skip
