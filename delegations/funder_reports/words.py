"""A funder's report in words: its tables for page, paper and workbook alike, and its fifteen answers."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from delegations.budgets.spending import OTHER
from delegations.budgets.versions import GROUPS
from delegations.funder_reports.figures import Facts, Figure, Line, Source, Status, shown_status
from delegations.funding.offers import Condition
from events.wording import partial_date
from shared.forms import reader
from shared.i18n import LazyString, _, _l, ngettext
from shared.money import Money, format_money
from treasury.reports.answers import Answer, State, so_many, together
from treasury.reports.values import Cell, Column, Kind, Report, Section

STATUSES: Mapping[str, LazyString] = {
    Status.PLANNED: _l("planned"),
    Status.EXPECTED: _l("expected"),
    Status.REPORTED: _l("reported"),
    Status.AUDITED: _l("audited"),
    "recalled": _l("recalled later"),
}
"""How far a figure can be relied on."""

SOURCES: Mapping[Source, LazyString] = {
    Source.AGREEMENT: _l("the agreement"),
    Source.COVERAGE: _l("the covered costs of the seats"),
    Source.BOOKS: _l("the books"),
    Source.SEATS: _l("the people named for the seats"),
    Source.DOOR: _l("the welcome desk"),
    Source.SERVICES: _l("the declared services"),
    Source.PUBLISHED: _l("published"),
}
"""Where a figure comes from."""

PEOPLE: Mapping[str, LazyString] = {
    "seats": _l("Seats that this money helps to pay"),
    "accredited": _l("People accredited for the seats of these delegations"),
    "came": _l("People of these delegations who came"),
    "gathering": _l("People at the gathering"),
}

WAITS: Mapping[str, LazyString] = {
    Condition.CHARITY_NUMBER: _l("a charity registration number"),
    Condition.SIGNATURE: _l("a signature"),
}


class Topic(StrEnum):
    """What a funder's question is about."""

    MONEY = "money"
    PROOF = "proof"
    PEOPLE = "people"


TOPICS: Mapping[Topic, LazyString] = {
    Topic.MONEY: _l("Your money"),
    Topic.PROOF: _l("What proves it"),
    Topic.PEOPLE: _l("For whom, and what comes next"),
}


@dataclass(frozen=True, slots=True)
class Told:
    """What stands around the facts: an auditor's word, ours, whom to ask, the page it is all on, and whether
    everybody may read of the gathering (`published`)."""

    audited: bool
    contact: str
    endpoint: str
    args: Mapping[str, Any]
    words: str = ""
    number: int = 0
    published: bool = True


def report_of(facts: Facts, told: Told, day: str) -> Report:
    """The tables of a report made on `day` (as the reader writes it)."""
    title = _("Report %(number)s to %(funder)s", number=told.number, funder=facts.funder)
    return Report(
        title if told.number else _("Report to %(funder)s", funder=facts.funder),
        _("%(gathering)s · figures of %(day)s", gathering=facts.gathering, day=day),
        [
            _figures(facts, told),
            _lines(facts),
            _served(facts),
            _shared(facts),
            _proofs(facts),
            _people(facts, told),
            _services(facts),
        ],
        note=told.words,
    )


def _figures(facts: Facts, told: Told) -> Section:
    """Each figure with its status, source and day."""
    nothing = (Money.zero(facts.currency),)
    rows: list[Sequence[Cell]] = [
        [label, amount.currency, amount, _status(one.status, told), str(SOURCES[one.source]), one.on]
        for label, one in figures(facts)
        for amount in one.amounts or nothing
    ]
    return Section(
        title=_("The figures"),
        columns=[
            Column(_("What")),
            Column(_("Currency")),
            Column(_("Amount"), Kind.MONEY),
            Column(_("Status")),
            Column(_("Source")),
            Column(_("Date"), Kind.DATE),
        ],
        rows=rows,
        note=_("It waits for %(what)s and counts nothing meanwhile.", what=WAITS[facts.waits_for])
        if facts.waits_for in WAITS
        else "",
    )


def _status(status: str, told: Told) -> str:
    """A status in words; one of somebody else's as they wrote it."""
    shown = shown_status(status, audited=told.audited)
    return str(STATUSES.get(shown, shown))


def figures(facts: Facts) -> list[tuple[str, Figure]]:
    """The figures of the money, in the order in which money moves."""
    return [
        (_("Promised at most"), facts.promised),
        (_("Earned by what was saved and what it may pay"), facts.earned),
        (_("Received"), facts.received),
        (_("Spent"), facts.spent),
        (_("Promised to somebody, not yet paid"), facts.committed),
        (_("Left in its fund"), facts.left),
    ]


def _lines(facts: Facts) -> Section:
    meant = Money.total((one.meant for one in facts.lines), facts.currency)
    return Section(
        title=_("Line by line"),
        columns=[
            Column(_("Line")),
            Column(_("Meant for it"), Kind.MONEY),
            Column(_("Spent"), Kind.MONEY),
            Column(_("In another currency")),
            Column(_("Within the agreement")),
        ],
        rows=[
            [
                line_name(one),
                one.meant,
                _in(facts.currency, one.spent),
                _written(part for part in one.spent if part.currency != facts.currency),
                _("yes") if one.allowed else _("no"),
            ]
            for one in facts.lines
        ],
        total=[_("Together"), meant, _in(facts.currency, facts.spent.amounts), "", ""],
        currency=facts.currency,
    )


def line_name(line: Line) -> str:
    """A line by its code and label; what no line tells, by its group."""
    if line.label:
        return f"{line.code} {line.label}"
    group = _("outside the budget") if line.group == OTHER else str(GROUPS.get(line.group, line.group))
    return f"{line.code} {group}".strip()


def _written(amounts: Iterable[Money]) -> str:
    """Amounts of several currencies beside one another, as the reader writes them."""
    return " · ".join(format_money(one, reader()) for one in amounts)


def _in(currency: str, amounts: Iterable[Money]) -> Money:
    return next((one for one in amounts if one.currency == currency), Money.zero(currency))


def _served(facts: Facts) -> Section:
    return Section(
        title=_("Which delegations"),
        columns=[
            Column(_("Delegation")),
            Column(_("Code")),
            Column(_("Seats"), Kind.COUNT),
            Column(_("Of this money"), Kind.MONEY),
        ],
        rows=[[one.name, one.code, one.seats, one.used] for one in facts.served],
        total=[
            _("Together"),
            "",
            facts.seats,
            Money.total((one.used for one in facts.served), facts.currency),
        ],
        currency=facts.currency,
    )


def _shared(facts: Facts) -> Section:
    one = facts.shared
    return Section(
        title=_("Who pays the seats of these delegations"),
        columns=[Column(_("Who")), Column(_("Amount"), Kind.MONEY)],
        rows=[
            [_("What they saved themselves"), one.own],
            [_("This funder"), one.this],
            [_("Other funders"), one.others],
            [_("The support fund"), one.support],
            [_("Nobody yet"), one.missing],
        ],
        total=[_("What the seats cost"), one.need],
        currency=facts.currency,
    )


def _proofs(facts: Facts) -> Section:
    return Section(
        title=_("Evidence"),
        columns=[
            Column(_("Date"), Kind.DATE),
            Column(_("Entry"), Kind.NUMBER),
            Column(_("Line")),
            Column(_("Currency")),
            Column(_("Amount"), Kind.MONEY),
            Column(_("Documents"), Kind.COUNT),
        ],
        rows=[
            [one.on, one.entry, one.line, one.amount.currency, one.amount, len(one.papers)]
            for one in facts.proofs
        ],
        note=_("The number is that of the entry in the books, under which its documents are kept."),
    )


_MARK = re.compile(r"^[FIR] ")
"""What a source begins with in our own records: fact, invented, read so. A funder wants the source."""


def _people(facts: Facts, told: Told) -> Section:
    return Section(
        title=_("People"),
        columns=[
            Column(_("What was counted")),
            Column(_("People"), Kind.COUNT),
            Column(_("Status")),
            Column(_("Source")),
            Column(_("When")),
        ],
        rows=[
            [
                str(PEOPLE[one.what]),
                one.count,
                _status(one.status, told),
                _MARK.sub("", one.said_by) or str(SOURCES[one.source]),
                partial_date(one.on, reader()),
            ]
            for one in facts.people
        ],
        note=_("These are counts by different people on different days: they are never added up."),
    )


def _services(facts: Facts) -> Section:
    rows: list[Sequence[Cell]] = [
        [word, one.currency, one]
        for word, amounts in (
            (_("accepted"), facts.services.accepted),
            (_("waiting for evidence"), facts.services.pending),
            (_("refused"), facts.services.refused),
        )
        for one in amounts
    ]
    return Section(
        title=_("Services given, beside the money"),
        columns=[Column(_("State")), Column(_("Currency")), Column(_("Worth"), Kind.MONEY)],
        rows=rows,
        note=_("Services are valued for the record. They are never money and in no figure above."),
    )


def answers_of(facts: Facts, told: Told) -> dict[Topic, list[Answer]]:
    """A funder's fifteen questions and the auditor's word, each leading to the part that tells more."""
    return {
        Topic.MONEY: list(_money_answers(facts, told)),
        Topic.PROOF: list(_proof_answers(facts, told)),
        Topic.PEOPLE: list(_people_answers(facts, told)),
    }


def _ask(told: Told, topic: Topic, question: str, anchor: str, **answer: Any) -> Answer:
    return Answer(topic, question, told.endpoint, args={**told.args, "_anchor": anchor}, **answer)


def _money_answers(facts: Facts, told: Told) -> Iterable[Answer]:
    topic, spent = Topic.MONEY, facts.spent.amounts
    yield _ask(told, topic, _("Spent so far"), "part-1", amounts=spent, words="" if spent else _("nothing"))
    largest = max(facts.lines, key=lambda one: _in(facts.currency, one.spent).minor, default=None)
    where = line_name(largest) if largest and largest.spent else _("on no line yet")
    yield _ask(told, topic, _("Mostly on"), "part-2", words=where)
    state: State = "bad" if facts.outside else "good"
    yield _ask(told, topic, _("Outside the agreement"), "part-2", amounts=facts.outside,
               words="" if facts.outside else _("nothing"), state=state)  # fmt: skip
    yield _ask(told, topic, _("Who else pays"), "part-4", amounts=_others(facts),
               note=_("savings, other funders and the support fund, for the same seats"))  # fmt: skip
    services = facts.services.accepted
    note = _("services worth %(worth)s stand beside it", worth=_written(services))
    yield _ask(told, topic, _("Cash or services"), "part-7", words=_("cash"), note=note if services else "")
    left = facts.left.amounts
    yield _ask(told, topic, _("Unspent"), "part-1", amounts=left, words="" if left else _("nothing"))


def _others(facts: Facts) -> list[Money]:
    one = facts.shared
    return together([one.own + one.others + one.support])


def _proof_answers(facts: Facts, told: Told) -> Iterable[Answer]:
    topic, count = Topic.PROOF, len(facts.proofs)
    words = ngettext("of %(num)s payment", "of %(num)s payments", count)
    yield _ask(told, topic, _("Proved by a document"), "part-5", words=f"{facts.proved} {words}" if count
               else _("nothing is paid yet"), state="plain" if not count else "good"
               if facts.proved == count else "wait")  # fmt: skip
    met = not facts.outside and not facts.waits_for
    waits = str(WAITS.get(facts.waits_for, facts.waits_for))
    yield _ask(told, topic, _("Restrictions met"), "part-2", words=_("yes") if met else _("not yet"),
               state="good" if met else "wait", note=waits)  # fmt: skip
    looked = {"words": _("yes"), "state": "good"} if told.audited else {"words": _("not yet")}
    yield _ask(told, topic, _("Looked at by an auditor"), "part-1", **looked)
    yield _ask(told, topic, _("Receipt"), "part-1", words=_("none"),
               note=_("money under an agreement is reported on, it is no gift"))  # fmt: skip


def _people_answers(facts: Facts, told: Told) -> Iterable[Answer]:
    topic, late = Topic.PEOPLE, facts.late_plans
    yield _ask(told, topic, _("Seats supported"), "part-3", words=so_many(facts.seats))
    came = next((one.count for one in facts.people if one.what == "came"), 0)
    yield _ask(told, topic, _("People who came"), "part-6", words=so_many(came) if came else _("nobody yet"))
    yield _ask(told, topic, _("Delays"), "part-4",
               words=ngettext("%(num)s saver is late", "%(num)s savers are late", late) if late
               else _("none"), state="wait" if late else "good")  # fmt: skip
    yield _ask(told, topic, _("Next report"), "part-1", day=facts.next_report,
               words="" if facts.next_report else _("when the gathering is closed"))  # fmt: skip
    yield _ask(told, topic, _("Whom to ask"), "part-1", words=told.contact or facts.keeper)
    if told.published:
        yield Answer(topic, _("Published for everybody"), "events.edition", words=facts.gathering,
                     args={"code": facts.gathering_code})  # fmt: skip
    else:
        yield _ask(told, topic, _("Published for everybody"), "part-1", words=_("nothing yet"))


def day_of(facts: Facts) -> date:
    """The day of its books."""
    return facts.received.on
