"""Gathers what a funder is told from the agreement, the covered costs, the books, the seats and the door."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence

from sqlalchemy import func, select

from delegations.budgets import spending
from delegations.budgets.comparison import Place
from delegations.budgets.lines import in_order
from delegations.funder_reports.figures import (
    Facts,
    Figure,
    Line,
    People,
    Proof,
    Served,
    Services,
    Shared,
    Source,
    Status,
)
from delegations.funding import dues
from delegations.funding.coverage import Coverage, NetworkCoverage
from delegations.funding.coverage_queries import network_coverage
from delegations.funding.service_models import InKind
from delegations.funding.services import ServiceState
from delegations.models import (
    Delegation,
    FundingAgreement,
    Nomination,
    NominationStatus,
    Seat,
)
from delegations.queries import running_plans
from delegations.savings.standings import plan_standings
from events.models import CheckIn, Edition, HeadcountFigure
from shared.audit import AuditRecord
from shared.clock import today
from shared.database import db
from shared.money import Money
from treasury import queries
from treasury.funds import standings
from treasury.models import Fund
from treasury.reports.answers import together


def gather(agreement: FundingAgreement) -> Facts:
    """What the agreement's funder is told today. Raises `OrdersDisagree`."""
    edition = db.session.get_one(Edition, agreement.edition_id)
    network = network_coverage(edition)
    fund = db.session.get(Fund, agreement.fund_id) if agreement.fund_id else None
    served = _served(agreement, network)
    names = _names(edition.id)
    paid = spending.spent(edition.id, [fund.id] if fund else [])
    standing = standings.standings_of(fund) if fund else []
    keeper = standings.keeper(fund) if fund else None
    return Facts(
        agreement=agreement.code,
        funder=agreement.name,
        gathering=edition.name,
        gathering_code=edition.code,
        keeper=keeper.name if keeper else "",
        currency=agreement.currency,
        groups=tuple(agreement.categories),
        promised=_promised(agreement),
        earned=_earned(_used(agreement, one) for one in served),
        received=_booked(queries.income(fund.id, today()) if fund else []),
        spent=_booked(paper.posting.amount for _place, paper in paid),
        committed=_booked(one.committed for one in standing),
        left=_booked(one.balance for one in standing),
        lines=_lines(agreement, served, paid),
        served=tuple(
            Served(one.delegation, names[one.delegation], _seats(agreement, one), _used(agreement, one))
            for one in served
        ),
        shared=_shared(agreement, served),
        proofs=tuple(_proof(place[1] or place[0], paper) for place, paper in reversed(paid)),
        people=_people(edition, agreement, served),
        services=services_of(edition, [one.delegation_id for one in agreement.served]),
        late_plans=_late(served),
        waits_for=agreement.blocked_reason,
        next_report=dues.next_report(agreement.id),
    )


def _earned(amounts: Iterable[Money]) -> Figure:
    return Figure(_whole(amounts), Status.EXPECTED, Source.COVERAGE, today())


def _booked(amounts: Iterable[Money]) -> Figure:
    return Figure(_whole(amounts), Status.REPORTED, Source.BOOKS, today())


def _whole(amounts: Iterable[Money]) -> tuple[Money, ...]:
    return tuple(together(amounts))


def _promised(agreement: FundingAgreement) -> Figure:
    """The cap, or what a grant or pledge names; of the day on which the agreement was recorded."""
    minor = agreement.cap_minor if agreement.cap_minor is not None else agreement.amount_minor
    recorded = db.session.scalar(
        select(AuditRecord.at).where(
            AuditRecord.subject == f"FundingAgreement:{agreement.id}", AuditRecord.action == "agreement.add"
        )
    )
    amounts = _whole([Money(minor, agreement.currency)])
    return Figure(amounts, Status.PLANNED, Source.AGREEMENT, recorded.date() if recorded else today())


def _served(agreement: FundingAgreement, network: NetworkCoverage) -> list[Coverage]:
    """The delegations it serves, in the order in which they draw on it."""
    use = network.funders.get(agreement.code)
    return [network.delegations[code] for code, _used in use.by_delegation] if use else []


def _used(agreement: FundingAgreement, coverage: Coverage) -> Money:
    mine = (one.used for one in coverage.sources if one.source.code == agreement.code)
    return next(mine, Money.zero(agreement.currency))


def _seats(agreement: FundingAgreement, coverage: Coverage) -> int:
    return len({one.seat for one in coverage.payments if one.source.code == agreement.code})


def _names(edition_id: int) -> dict[str, str]:
    rows = select(Delegation.code, Delegation.name).where(Delegation.edition_id == edition_id)
    return {row.code: row.name for row in db.session.execute(rows)}


def _lines(
    agreement: FundingAgreement,
    served: Sequence[Coverage],
    paid: Sequence[tuple[Place, spending.Paper]],
) -> tuple[Line, ...]:
    """Each line that is meant to be paid or was: what the covered costs say beside what the books say."""
    zero = Money.zero(agreement.currency)
    about = {line.code: (line.label, line.group) for one in served for line in one.lines}
    meant: dict[Place, Money] = defaultdict(lambda: zero)
    spent: dict[Place, list[Money]] = defaultdict(list)
    for one in served:
        for flow in one.flows:
            if flow.source.code == agreement.code:
                meant[about[flow.line][1], flow.line] += flow.amount
    for place, paper in paid:
        spent[place].append(paper.posting.amount)
    allowed = frozenset(agreement.categories)
    return tuple(
        Line(
            code=code,
            label=about[code][0] if code in about else "",
            group=group,
            meant=meant[group, code],
            spent=_whole(spent[group, code]),
            allowed=not allowed or group in allowed,
        )
        for group, code in sorted(meant.keys() | spent.keys(), key=lambda place: (in_order(place[1]), place))
    )


def _shared(agreement: FundingAgreement, served: Sequence[Coverage]) -> Shared:
    """Who pays for the seats of the delegations that it serves."""
    currency = agreement.currency

    def sum_of(amounts: Iterable[Money]) -> Money:
        return Money.total(amounts, currency)

    this = sum_of(_used(agreement, one) for one in served)
    return Shared(
        need=sum_of(one.need for one in served),
        own=sum_of(one.own_used for one in served),
        this=this,
        others=sum_of(one.match_usable + one.grants for one in served) - this,
        support=sum_of(one.support for one in served),
        missing=sum_of(one.remaining for one in served),
    )


def _proof(line: str, paper: spending.Paper) -> Proof:
    entry = paper.posting.entry
    documents = tuple(one.id for one in paper.documents)
    return Proof(entry.number or 0, entry.dated_on, line, paper.posting.amount, documents)


def _people(edition: Edition, agreement: FundingAgreement, served: Sequence[Coverage]) -> tuple[People, ...]:
    """Seats paid, people accredited, people who came; then what others published of the gathering."""
    day, codes = today().isoformat(), [one.delegation for one in served]
    mine = (
        select(Seat.id)
        .join(Delegation, Delegation.id == Seat.delegation_id)
        .where(Delegation.code.in_(codes))
    )
    accredited = select(func.count(Nomination.id)).where(
        Nomination.seat_id.in_(mine), Nomination.status == NominationStatus.ACCREDITED
    )
    came = (
        select(func.count(func.distinct(CheckIn.registration_id)))
        .join(Seat, Seat.registration_id == CheckIn.registration_id)
        .where(Seat.id.in_(mine))
    )
    published = db.session.scalars(
        select(HeadcountFigure)
        .where(HeadcountFigure.edition_id == edition.id)
        .order_by(HeadcountFigure.people)
    )
    seats = sum(_seats(agreement, one) for one in served)
    return (
        People("seats", seats, Status.EXPECTED, Source.COVERAGE, day),
        People("accredited", db.session.scalar(accredited) or 0, Status.REPORTED, Source.SEATS, day),
        People("came", db.session.scalar(came) or 0, Status.REPORTED, Source.DOOR, day),
        *(
            People("gathering", one.people, one.status, Source.PUBLISHED, one.dated_text, one.provenance)
            for one in published
        ),
    )


def services_of(edition: Edition, of: Collection[int] = ()) -> Services:
    """What was given in kind for the gathering, by whether it counts; `of` some delegations (by id) alone."""
    wanted = InKind.edition_id == edition.id
    if of:
        wanted &= InKind.delegation_id.in_(of)
    rows = db.session.scalars(select(InKind).where(wanted)).all()
    accepted, pending, refused = (
        _whole(one.value for one in rows if one.state == state)
        for state in (ServiceState.ACCEPTED, ServiceState.PENDING, ServiceState.REFUSED)
    )
    return Services(accepted, pending, refused)


def _late(served: Sequence[Coverage]) -> int:
    """How many savings plans of the delegations served are late; who, is not told to a funder."""
    codes = [one.delegation for one in served]
    members = db.session.scalars(select(Delegation).where(Delegation.code.in_(codes))).all()
    standings = plan_standings(running_plans(members))
    return sum(bool(one.late_amount) for one in standings.values())
