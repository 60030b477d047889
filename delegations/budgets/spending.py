"""What was spent and promised of a budget, from the ledger only: a delegation, an edition, the whole house.

Spending is what was posted to an expense account, and what left a fund for the pooled fund on a budget line
(the contribution of each seat). The line is the posting's category; where it names none, its account tells
the group. A commitment counts in the one group that its fund may pay, else in none.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from sqlalchemy import Select, String, and_, case, cast, func, literal, or_, select
from sqlalchemy.orm import contains_eager, selectinload

from delegations.budgets import group_spending
from delegations.budgets.comparison import Budgeted, Comparison, Place, compare
from delegations.budgets.models import IN_KIND, SEAT, Basis, Budget, BudgetLine, BudgetStatus
from delegations.budgets.versions import GROUPS, seat_budgets
from delegations.lifecycle.umbrellas import members_of
from delegations.models import (
    Delegation,
    FundingAgreement,
    SavingsPlan,
    Seat,
    SeatStatus,
)
from delegations.seats import fees
from events.models import Edition
from shared.audit import AuditRecord
from shared.database import db
from shared.money import Money
from treasury import chart
from treasury.books import exchange
from treasury.books.rates import Rate
from treasury.document_models import EntryDocument
from treasury.funds.commitment_models import Commitment, CommitmentEvent
from treasury.funds.commitments import SIGNED
from treasury.models import (
    Account,
    AccountKind,
    EntryStatus,
    ExchangeRate,
    Fund,
    FundKind,
    JournalEntry,
    Posting,
)

ALL = "all"
"""Every group together, where postings are asked for."""
OTHER = "other"
"""The group of what no group of a budget tells: bank fees, exchange differences, free promises."""

_GROUP_OF_ACCOUNT = {chart.TRAVEL: "T", chart.STAY: "U"}
_SPENDING = or_(Account.kind == AccountKind.EXPENSE, Account.code == chart.TRANSFERS)
_SPENT = and_(
    Posting.account_id.in_(select(Account.id).where(_SPENDING)),  # few postings, by their index
    JournalEntry.status == EntryStatus.POSTED,
    or_(
        Account.kind == AccountKind.EXPENSE,
        and_(Account.code == chart.TRANSFERS, Posting.category != "", Fund.kind != FundKind.POOL),
    ),
)
_GONE = (SeatStatus.WITHDRAWN, SeatStatus.RELEASED)


@dataclass(frozen=True, slots=True)
class Spending:
    """The comparison of one place, and the rates that tell its budget in other currencies."""

    comparison: Comparison
    rates: Mapping[str, Rate]


@dataclass(frozen=True, slots=True)
class Paper:
    """A posting behind a figure, with the documents of its entry, less the vouchers of other claim lines."""

    posting: Posting
    documents: Sequence[EntryDocument]


def of_delegation(delegation: Delegation) -> Spending:
    """What its own funds spent, against its seats and its other budgets; a network with all that it holds."""
    ids = {one.id for one in circle(delegation)}
    lines = _seats_budgeted(delegation.edition, ids)
    _add_others(lines, (one for one in _other_budgets(delegation.edition_id) if one.delegation_id in ids))
    return _spending(delegation.edition, list(lines.values()), funds_of(delegation))


def circle(delegation: Delegation) -> list[Delegation]:
    """The delegation, and those that it holds."""
    return [delegation, *members_of(delegation)]


def of_edition(edition: Edition) -> Spending:
    """What every fund of the edition spent, against all its approved budgets."""
    return _spending(edition, _edition_lines(edition), _funds_of_edition(edition))


def of_house() -> list[tuple[Edition, Spending]]:
    """Every edition that has a budget or spent something, the latest first."""
    editions = db.session.scalars(select(Edition).order_by(Edition.starts_on.desc(), Edition.code))
    found = [(edition, of_edition(edition)) for edition in editions]
    return [(edition, one) for edition, one in found if one.comparison.rows]


def funds_of(delegation: Delegation) -> list[int]:
    """The funds whose money is this delegation's own; a network's are those of all that it holds."""
    return sorted({fund.id for one in circle(delegation) for fund in fees.funds_of(one)})


def delegations_of(edition_id: int) -> Sequence[Delegation]:
    """Every delegation of an edition, by code."""
    chosen = select(Delegation).where(Delegation.edition_id == edition_id).order_by(Delegation.code)
    return db.session.scalars(chosen).all()


def funds_of_edition(edition: Edition) -> list[int]:
    """Every fund that serves the edition: its own, its delegations', its funders'."""
    return sorted(db.session.scalars(_funds_of_edition(edition)))


def _funds_of_edition(edition: Edition) -> Select[int]:
    here = select(Delegation.id).where(Delegation.edition_id == edition.id)
    return select(Fund.id).where(
        or_(
            Fund.event == edition.code,
            Fund.id.in_(select(Delegation.fund_id).where(Delegation.edition_id == edition.id)),
            Fund.id.in_(select(SavingsPlan.fund_id).where(SavingsPlan.delegation_id.in_(here))),
            Fund.id.in_(select(FundingAgreement.fund_id).where(FundingAgreement.edition_id == edition.id)),
        )
    )


def papers(edition_id: int, fund_ids: Iterable[int], group: str, code: str) -> list[Paper]:
    """The postings that make one figure, the last first, each with its entry's documents.

    The group `ALL` asks for the last five hundred of everything spent.
    """
    if group == ALL:
        return [paper for _place_of, paper in spent(edition_id, fund_ids, most=500)]
    return [paper for place, paper in spent(edition_id, fund_ids) if place == (group, code)]


def spent(edition_id: int, fund_ids: Iterable[int], most: int | None = None) -> list[tuple[Place, Paper]]:
    """Every posting of these funds that spends, on its line, the last first, with its entry's documents."""
    chosen = (
        select(Posting)
        .join(Posting.entry)
        .join(Account, Account.id == Posting.account_id)
        .join(Fund, Fund.id == Posting.fund_id)
        .where(_SPENT, Posting.fund_id.in_(list(fund_ids)))
        .order_by(JournalEntry.dated_on.desc(), Posting.id.desc())
        .limit(most)
        .options(contains_eager(Posting.entry), selectinload(Posting.account), contains_eager(Posting.fund))
    )
    groups = _groups(edition_id)
    found = db.session.scalars(chosen).all()
    documents = _documents({one.entry_id for one in found})
    proofs = group_spending.proofs(documents)
    return [
        (
            _place(one.category, one.account.code, groups),
            Paper(one, _proving(one, documents.get(one.entry_id, []), proofs.get(one.entry_id, ()))),
        )
        for one in found
    ]


def _proving(
    posting: Posting, documents: Sequence[EntryDocument], proofs: Sequence[group_spending.Proof]
) -> list[EntryDocument]:
    """Of an entry's documents those that are not the vouchers of other lines of its claim."""
    here = posting.category, posting.memo
    own = {one.sha256 for one in proofs if here in one.postings}
    others = {one.sha256 for one in proofs} - own
    return [one for one in documents if one.sha256 not in others]


def _documents(entry_ids: Iterable[int]) -> dict[int, list[EntryDocument]]:
    documents: dict[int, list[EntryDocument]] = defaultdict(list)
    for paper in db.session.scalars(
        select(EntryDocument)
        .where(EntryDocument.entry_id.in_(list(entry_ids)))
        .order_by(EntryDocument.number)
    ):
        documents[paper.entry_id].append(paper)
    return documents


def _spending(edition: Edition, lines: list[Budgeted], fund_ids: list[int] | Select[int]) -> Spending:
    groups = _groups(edition.id)
    actual, committed = _actual(fund_ids, groups), _committed(fund_ids)
    moved = {part.currency for parts in (*actual.values(), *committed.values()) for part in parts}
    rates = reference_rates(edition.currency, (moved | set(edition.currencies or ())) - {edition.currency})
    values: dict[str, Fraction] = {code: rate.value for code, rate in rates.items()}
    found = compare(lines, committed, actual, currency=edition.currency, rates=values)
    return Spending(found, rates)


def _edition_lines(edition: Edition) -> list[Budgeted]:
    """The seats of every delegation, then the edition's other budgets, each in its last approved version."""
    found = _seats_budgeted(edition)
    _add_others(found, _other_budgets(edition.id))
    return list(found.values())


def _add_others(found: dict[Place, Budgeted], budgets: Iterable[Budget]) -> None:
    """What is not a seat's: a line of several delegations counts for all of them; what is given, for none."""
    for other in budgets:
        for one in other.costs:
            if one.category != IN_KIND:
                known = found.get((other.kind, one.code))
                amount = known.amount + one.amount if known else one.amount
                found[other.kind, one.code] = Budgeted(other.kind, one.code, one.label, amount)


def _seats_budgeted(edition: Edition, ids: set[int] | None = None) -> dict[Place, Budgeted]:
    """What the seats of these delegations (or of all) should cost together, line by line."""
    budgets = seat_budgets(edition.id)
    counts: dict[Budget, list[int]] = defaultdict(list)
    for delegation_id, seats in _active_seats(edition.id).items():
        budget = budgets.get(delegation_id) or budgets.get(None)
        if budget and seats and (ids is None or delegation_id in ids):
            counts[budget].append(seats)
    found: dict[Place, Budgeted] = {}
    for budget, mine in counts.items():
        for line in budget.costs:
            place = line.category, line.code
            known = found[place].amount if place in found else Money.zero(edition.currency)
            times = len(mine) if line.basis is Basis.WHOLE else sum(mine)
            found[place] = Budgeted(line.category, line.code, line.label, known + line.amount * times)
    return found


def _other_budgets(edition_id: int) -> list[Budget]:
    """What is not a seat's, the last approved version of each: the edition's, and each delegation's."""
    last: dict[tuple[str, int | None], Budget] = {}
    for budget in db.session.scalars(
        select(Budget)
        .where(Budget.edition_id == edition_id, Budget.kind != SEAT, Budget.status == BudgetStatus.APPROVED)
        .order_by(Budget.version)
        .options(selectinload(Budget.lines))
    ):
        last[budget.kind, budget.delegation_id] = budget
    return list(last.values())


def _active_seats(edition_id: int) -> dict[int, int]:
    rows = db.session.execute(
        select(Seat.delegation_id, func.count(Seat.id))
        .join(Delegation, Delegation.id == Seat.delegation_id)
        .where(Delegation.edition_id == edition_id, Seat.status.not_in(_GONE))
        .group_by(Seat.delegation_id)
    )
    return {delegation_id: int(count) for delegation_id, count in rows}


def _groups(edition_id: int) -> dict[str, str]:
    """The group of each line code that the edition's approved budgets know."""
    rows = db.session.execute(
        select(BudgetLine.code, BudgetLine.category, Budget.kind)
        .join(Budget, Budget.id == BudgetLine.budget_id)
        .where(Budget.edition_id == edition_id, Budget.status == BudgetStatus.APPROVED)
    )
    return {code: category if kind == SEAT else kind for code, category, kind in rows}


def account_of(edition_id: int, category: str) -> str:
    """The account on which spending on this line (or group) is posted."""
    group = _groups(edition_id).get(category, category)
    return next((code for code, one in _GROUP_OF_ACCOUNT.items() if one == group), chart.GATHERING)


def _place(category: str, account: str, groups: Mapping[str, str]) -> Place:
    if category in groups:
        return groups[category], category
    if category in GROUPS:
        return category, ""
    return _GROUP_OF_ACCOUNT.get(account, OTHER), ""


def _actual(fund_ids: list[int] | Select[int], groups: Mapping[str, str]) -> dict[Place, list[Money]]:
    rows: Any = db.session.execute(
        select(Posting.category, Account.code, Posting.currency, func.sum(Posting.amount_minor))
        .join(Posting.entry)
        .join(Account, Account.id == Posting.account_id)
        .join(Fund, Fund.id == Posting.fund_id)
        .where(_SPENT, Posting.fund_id.in_(fund_ids))
        .group_by(Posting.category, Account.code, Posting.currency)
    )
    found: dict[Place, list[Money]] = defaultdict(list)
    for category, account, currency, minor in rows:
        if minor:
            found[_place(category, account, groups)].append(Money(int(minor), currency))
    return found


def _committed(fund_ids: list[int] | Select[int]) -> dict[Place, list[Money]]:
    rows: Any = db.session.execute(
        select(Fund.purpose, Commitment.currency, func.sum(SIGNED))
        .join(Fund, Fund.id == Commitment.fund_id)
        .join(CommitmentEvent, CommitmentEvent.commitment_id == Commitment.id)
        .where(Commitment.fund_id.in_(fund_ids))
        .group_by(Fund.purpose, Commitment.currency)
    )
    found: dict[Place, list[Money]] = defaultdict(list)
    for purpose, currency, minor in rows:
        if minor:
            group = purpose if purpose in GROUPS else OTHER
            found[group, ""].append(Money(int(minor), currency))
    return found


def reference_rates(base: str, others: Iterable[str]) -> dict[str, Rate]:
    """For each other currency the last rate of reference that is kept; what a slip told is none.

    One that only a budget is written at tells what others say only where neither the books nor whoever types
    rates know another: a draft moves no figure but its own.
    """
    named = select(Posting.rate_id).join(Account, Account.id == Posting.account_id)
    named = named.where(Posting.rate_id.is_not(None))
    of_a_slip = named.where(Account.code.not_in((chart.CONVERSION, chart.EXCHANGE)))
    typed = select(AuditRecord.subject).where(AuditRecord.action == exchange.TYPED_BY_HAND)
    subject = literal(f"{ExchangeRate.__name__}:") + cast(ExchangeRate.id, String)
    of_reference = or_(ExchangeRate.id.in_(named), subject.in_(typed))
    chosen = (
        select(ExchangeRate)
        .where(
            ExchangeRate.base == base,
            ExchangeRate.quote.in_(list(others)),
            ExchangeRate.id.not_in(of_a_slip),
        )
        .order_by(case((of_reference, 1), else_=0), ExchangeRate.dated_on, ExchangeRate.id)
    )
    return {kept.quote: exchange.as_rate(kept) for kept in db.session.scalars(chosen)}
