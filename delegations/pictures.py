"""What the drawings of delegations show, as plain data: words in the reader's language, shares as numbers."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import accumulate
from typing import Any

from delegations.budgets.versions import GROUPS
from delegations.funding.allocation import Source, SourceKind
from delegations.funding.coverage import Coverage
from delegations.funding.flow_layout import Layout, Leftover, Ribbon, Target, lay_out, shortened
from delegations.funding.flow_layout import Source as FlowSource
from delegations.funding.shortfall import ReasonKind
from delegations.savings.planner import Answer
from delegations.savings.projection import Course, Projection
from delegations.savings.schedule import Instalment, PlanStatus, Point
from shared.i18n import LazyString, _, _l
from shared.money import Money, format_money, format_plain

_COLOURS = {
    SourceKind.OWN: "ochre",
    SourceKind.MATCH: "indigo",
    SourceKind.GRANT: "leaf",
    SourceKind.SUPPORT: "leaf",
}
_WORDS: dict[SourceKind, LazyString] = {
    SourceKind.OWN: _l("Savings"),
    SourceKind.MATCH: _l("Match"),
    SourceKind.GRANT: _l("Grant"),
    SourceKind.SUPPORT: _l("Support fund"),
}


@dataclass(frozen=True, slots=True)
class FlowPicture:
    """Where money comes from, what it may pay, what stays unusable: for the macro `flow`.

    A wide page draws the `layout`, a phone one bar a target.
    """

    sources: list[FlowSource]
    targets: list[Target]
    ribbons: list[Ribbon]
    leftovers: list[Leftover]
    layout: Layout


@dataclass(frozen=True, slots=True)
class CurvePicture:
    """A plan's planned, actual and projected savings, for the macro `curve`."""

    series: list[dict[str, Any]]
    marks: list[dict[str, Any]]
    start: date
    end: date
    top: Money
    now: float | None
    band: list[tuple[float, float]]


def group_name(group: str) -> str:
    """The name of a group of lines."""
    return str(GROUPS.get(group, group))


def source_name(source: Source) -> str:
    """A source for a table: its agreement's name, else its kind."""
    return source.label or str(_WORDS[source.kind])


def flow_of(coverage: Coverage, locale: str) -> FlowPicture:
    """The flow of one delegation's money from its sources to the groups of its costs."""
    seats = len(coverage.seats)
    sources, leftovers = _sources(coverage, locale)
    needs: dict[str, Money] = {}
    missing: dict[str, Money] = {}
    zero = Money.zero(coverage.currency)
    for line in coverage.lines:
        needs[line.group] = needs.get(line.group, zero) + line.need
        missing[line.group] = missing.get(line.group, zero) + line.remaining
    groups = {line.code: line.group for line in coverage.lines}
    ribbons: dict[tuple[str, str], int] = defaultdict(int)
    for flow in coverage.flows:
        ribbons[_key(flow.source), groups[flow.line]] += flow.amount.minor
    targets = [
        Target(
            key=group,
            label=group_name(group),
            amount=_times(need, seats, locale),
            value=need.minor,
            missing=missing[group].minor,
            status=_("missing %(amount)s", amount=format_plain(missing[group], locale))
            if missing[group]
            else _("covered"),
        )
        for group, need in sorted(needs.items(), key=lambda one: _ORDER.get(one[0], 9))
    ]
    flows = [Ribbon(source, target, value) for (source, target), value in ribbons.items()]
    return FlowPicture(sources, targets, flows, leftovers, lay_out(sources, targets, flows, leftovers))


_ORDER = {group: place for place, group in enumerate(GROUPS)}


def _sources(coverage: Coverage, locale: str) -> tuple[list[FlowSource], list[Leftover]]:
    own = Source(SourceKind.OWN)
    offers = [(own, coverage.own_used + coverage.own_left, coverage.own_left, "")]
    offers += [
        (use.source, use.nominal, use.nominal - use.used, use.source.label) for use in coverage.sources
    ]
    offers.append((Source(SourceKind.SUPPORT), coverage.support, Money.zero(coverage.currency), ""))
    sources: list[FlowSource] = []
    leftovers: list[Leftover] = []
    for source, offered, unused, note in offers:
        if not offered and source != own:
            continue
        sources.append(
            FlowSource(
                key=_key(source),
                label=str(_WORDS[source.kind]),
                amount=format_plain(offered, locale),
                value=offered.minor,
                colour=_COLOURS[source.kind],
                note=shortened(note),
            )
        )
        if unused:
            text = _("%(amount)s cannot be used", amount=format_plain(unused, locale))
            leftovers.append(Leftover(_key(source), unused.minor, text))
    return sources, leftovers


def _key(source: Source) -> str:
    return f"{source.kind.value}:{source.code}"


def _times(need: Money, seats: int, locale: str) -> str:
    """What a group costs, as seats × one seat where all cost the same."""
    if seats > 1 and need.minor % seats == 0:
        each = format_plain(Money(need.minor // seats, need.currency), locale)
        return f"{seats} × {each} = {format_plain(need, locale)}"
    return format_plain(need, locale)


def curve_of(status: PlanStatus, projection: Projection, locale: str) -> CurvePicture:
    """A plan over time: what it asks for, what was saved, where it is heading, when it was late."""
    shown = [point.on for point in (*projection.planned, *projection.actual, *projection.projected)]
    start, end = min(status.today, *shown), max(shown)
    days = max((end - start).days, 1)
    top = max([status.target, *(point.amount for point in projection.actual)])

    def place(on: date, amount: Money) -> tuple[float, float]:
        return (on - start).days / days, amount.minor / max(top.minor, 1)

    series = [
        {
            "class": "s-line",
            "width": 1.5,
            "dashed": True,
            "points": _stairs(projection.planned, start, place),
        },
        {
            "class": "s-ochre",
            "width": 3.5,
            "dashed": False,
            "points": _stairs([*projection.actual, *_until(status, end)], start, place),
        },
    ]
    if len(projection.projected) > 1:
        points = [place(point.on, point.amount) for point in projection.projected]
        series.append({"class": "s-ochre", "width": 2.5, "dashed": True, "points": points})
    marks = []
    for late in status.history:
        x, _y = place(late.since, status.target)
        marks.append(
            {
                "x": x,
                "y": _saved_share(status, late.since, top),
                "text": late_words(late.days, late.caught_up),
            }
        )
    inside = start <= status.today <= end
    now = (status.today - start).days / days if inside else None
    return CurvePicture(series, marks, start, end, top, now, _band(projection, end, place))


def _band(projection: Projection, end: date, place: Any) -> list[tuple[float, float]]:
    """The outline of what may well happen: along the better edge and back along the worse one."""
    if projection.better.points == projection.worse.points:
        return []
    edges = []
    for edge in (projection.better.points, projection.worse.points):
        inside = [point for point in edge if point.on <= end]
        edges.append([place(point.on, point.amount) for point in [*inside, Point(end, inside[-1].amount)]])
    return [*edges[0], *reversed(edges[1])]


@dataclass(frozen=True, slots=True)
class StairsPicture:
    """What a plan asked for, and what it would ask for instead, for the macro `curve`."""

    series: list[dict[str, Any]]
    start: date
    end: date
    top: Money
    now: float | None


def stairs_of(before: Sequence[Instalment], after: Sequence[Instalment], today: date) -> StairsPicture:
    """A plan before and after a change, cumulated, on one scale."""
    start = min(today, *(part.due for part in [*before, *after]))
    end = max(today, *(part.due for part in [*before, *after]))
    days = max((end - start).days, 1)
    lines = [_cumulated(parts) for parts in (before, after)]
    top = max(points[-1].amount for points in lines)

    def place(on: date, amount: Money) -> tuple[float, float]:
        return (on - start).days / days, amount.minor / max(top.minor, 1)

    dashed, full = (_stairs(points, start, place) for points in lines)
    series: list[dict[str, Any]] = [
        {"class": "s-line", "width": 1.5, "dashed": True, "points": dashed},
        {"class": "s-ochre", "width": 3, "dashed": False, "points": full},
    ]
    return StairsPicture(series, start, end, top, (today - start).days / days)


def planned_of(answer: Answer) -> StairsPicture:
    """What a group will have: its own deposits, and with what a funder adds."""
    points = [
        [Point(one.instalment.due, amount) for one, amount in each]
        for each in ([(one, one.together) for one in answer.steps], [(one, one.own) for one in answer.steps])
    ]
    start, end = answer.steps[0].instalment.due, answer.steps[-1].instalment.due
    days = max((end - start).days, 1)

    def place(on: date, amount: Money) -> tuple[float, float]:
        return (on - start).days / days, amount.minor / max(answer.need.minor, 1)

    together, own = (_stairs(line, start, place) for line in points)
    series: list[dict[str, Any]] = [{"class": "s-ochre", "width": 3, "dashed": False, "points": own}]
    if answer.matched:
        series.insert(0, {"class": "s-leaf", "width": 2.5, "dashed": True, "points": together})
    return StairsPicture(series, start, end, answer.need, None)


def _cumulated(parts: Sequence[Instalment]) -> list[Point]:
    amounts = accumulate(part.amount for part in parts)
    return [Point(part.due, amount) for part, amount in zip(parts, amounts, strict=True)]


def late_words(days: int, caught_up: bool) -> str:
    """How late a plan was, and whether it still is."""
    if caught_up:
        return str(_("%(days)s days late, caught up", days=days))
    return str(_("late for %(days)s days", days=days))


def _until(status: PlanStatus, end: date) -> list[Point]:
    """What is saved stays saved until today."""
    return [Point(min(status.today, end), status.saved)]


def _saved_share(status: PlanStatus, on: date, top: Money) -> float:
    saved = max(
        (point.amount for point in status.balance if point.on <= on), default=Money.zero(top.currency)
    )
    return saved.minor / max(top.minor, 1)


def _stairs(points: Sequence[Point], start: date, place: Any) -> list[tuple[float, float]]:
    """A staircase through the points: an amount holds until the next day with one."""
    if not points:
        return []
    steps = [place(start, Money.zero(points[0].amount.currency))]
    for point in points:
        x, y = place(point.on, point.amount)
        steps += [(x, steps[-1][1]), (x, y)]
    return steps


def plan_sentence(projection: Projection, locale: str, shown: Any) -> str:
    """Where a plan is heading, in one sentence. `shown` writes a date."""
    words: dict[str, str] = {
        "reached": _("The target is reached."),
        "on_course": _("At this pace the target is reached on %(day)s.", day=shown(projection.reaches_on)),
        "late": _(
            "At this pace the target is reached on %(day)s, %(days)s days after the last instalment.",
            day=shown(projection.reaches_on),
            days=projection.late_by.days,
        ),
        "stalled": _("At this pace the target is not reached."),
    }
    return words[projection.course.value]


def band_sentence(projection: Projection, shown: Any) -> str:
    """What may well happen instead, as in the better or the worse half of the last instalments."""
    best, worst = projection.better.reaches_on, projection.worse.reaches_on
    if projection.course is Course.REACHED or best == worst:
        return ""
    if best and worst:
        return str(_("It may be between %(best)s and %(worst)s.", best=shown(best), worst=shown(worst)))
    if best:
        return str(_("As in the better instalments: on %(best)s; as in the worse: never.", best=shown(best)))
    return ""


def short_of(coverage: Coverage, locale: str) -> str:
    """What the coverage of a delegation that costs something comes down to, in one sentence."""
    if coverage.remaining:
        missing = format_money(coverage.remaining, locale)
        return str(_missing_words(coverage)) % {"missing": missing}
    if coverage.support:
        gap = format_money(coverage.gap, locale)
        return str(_("Everything is covered: the support fund gave the %(gap)s that were missing.", gap=gap))
    return str(_("Everything is covered."))


def _missing_words(coverage: Coverage) -> LazyString:
    """Why money is missing, by what binds: lines a match may not pay, a cap, or simply too little."""
    kinds = {reason.kind for reason in coverage.reasons}
    if ReasonKind.INELIGIBLE in kinds:
        return _l("%(missing)s is missing, yet part of the match is left over: it may pay only some lines.")
    if kinds & {ReasonKind.CAP_REACHED, ReasonKind.SHARE_REACHED}:
        return _l("%(missing)s is missing: a funder has reached its cap.")
    return _l("%(missing)s is missing.")
