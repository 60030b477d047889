"""A network as large as asked: delegations with seats, people, plans and the deposits that came so far.

Rows are written straight into the tables; the journal's hashes are right, its balances summed afterwards.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction

from sqlalchemy import select, text

from access import grants, open_sessions, users
from access.models import RoleName, User
from access.users import CreateUser
from bench.journal_rows import (
    ENTRY,
    MOMENT,
    NOTHING,
    POSTING,
    Row,
    Written,
    insert_rows,
    sum_again,
    without_guards,
)
from bench.stage import BY, Stage
from delegations.budgets import versions as budgets
from delegations.budgets.versions import CreateBudget, Line
from delegations.funding import agreements
from delegations.funding.agreements import AddAgreement
from delegations.models import (
    Delegation,
    DelegationStatus,
    FundingKind,
    Nomination,
    NominationStatus,
    SavingsPlan,
    Seat,
    SeatStatus,
)
from events.models import BadgeRole, Edition, Registration, RegistrationStatus
from network.models import Organisation, Person
from shared.clock import today
from shared.database import db, transaction
from shared.money import Money
from treasury import chart, ledger
from treasury.books import seals
from treasury.models import Fund, FundKind, LedgerHead

# fmt: off
_LINES = (("L01", "T", "2050.00"), ("L02", "U", "540.00"), ("L03", "U", "420.00"), ("L04", "T", "180.00"),
          ("L05", "U", "250.00"), ("L06", "T", "110.00"), ("L07", "U", "220.00"), ("L08", "T", "90.00"),
          ("L09", "E", "150.00"), ("L10", "T", "250.00"), ("L11", "E", "90.00"), ("L12", "U", "150.00"))
# fmt: on
INSTALMENTS = 36
_PAID = 18  # instalments that have fallen due, of which one plan in seven missed the last
_EACH = 5_000  # cents


@dataclass(frozen=True, slots=True)
class Size:
    """How many of each; plans are spread over the delegations."""

    delegations: int = 500
    seats: int = 20_000
    plans: int = 5_000


@dataclass(frozen=True, slots=True)
class Network:
    """What was written: the edition's code, and who looks at which part of it (by their session's mark)."""

    code: str
    deposits: int
    head: str
    coordinator: str
    treasurer: str


def write(stage: Stage, size: Size, code: str = "DKR05") -> Network:
    """Write the whole network into the edition `code`."""
    edition_id = stage.open_edition(code)
    with stage.app.app_context():
        with transaction():
            _costs(edition_id)
        with transaction():
            delegations = _delegations(edition_id, code, size.delegations)
            _seats(delegations, edition_id, size.seats // size.delegations)
        with transaction():
            plans = _plans(delegations, size.plans // size.delegations)
            _agreements(edition_id, delegations)
            people = _people(delegations)
        count = _deposits([(plan.id, plan.fund_id) for plan in plans])
        with db.engine.begin() as connection:
            sum_again(connection)
            connection.execute(text("ANALYZE"))
        db.session.remove()
    return Network(code, count, **people)


def _costs(edition_id: int) -> None:
    author, approver = (
        users.create_user(CreateUser(email=f"{name}@example.org", name=name), by=BY)
        for name in ("ari", "zoe")
    )
    lines = [
        Line(code=code, label=f"Line {code}", category=group, unit_price=Money.of(price, "CAD"))
        for code, group, price in _LINES
    ]
    budget = budgets.create_budget(CreateBudget(edition_id=edition_id, lines=lines), by=author)
    budgets.approve_budget(budget, by=approver)


def _delegations(edition_id: int, event: str, count: int) -> list[Delegation]:
    funds = [
        Fund(code=f"D{number:04}", name=f"Réseau {number}", kind=FundKind.RESTRICTED, event=event)
        for number in range(count)
    ]
    db.session.add_all(funds)
    db.session.flush()
    found = [
        Delegation(
            code=f"{event}-{number:04}",
            name=f"Réseau fictif {number}",
            edition_id=edition_id,
            fund_id=fund.id,
            status=DelegationStatus.CONFIRMED if number % 9 else DelegationStatus.INVITED,
            contact_email=f"tete{number}@example.org",
        )
        for number, fund in enumerate(funds)
    ]
    db.session.add_all(found)
    db.session.flush()
    return found


def _seats(delegations: list[Delegation], edition_id: int, each: int) -> None:
    """Four seats in five have their person, who is registered and accredited."""
    fee = Money.of("250.00", "CAD")
    for delegation in delegations:
        seats = [
            Seat(delegation_id=delegation.id, number=number, code=f"{delegation.code}-{number:02}")
            for number in range(1, each + 1)
        ]
        delegation.seats_requested = delegation.seats_allocated = each
        taken = seats[: each * 4 // 5]
        people = [Person(name=f"Personne fictive {seat.code}", country="CA") for seat in taken]
        db.session.add_all([*seats, *people])
        db.session.flush()
        registered = [
            Registration(
                edition_id=edition_id,
                person_id=person.id,
                status=RegistrationStatus.CONFIRMED,
                fee=fee,
                party_code=delegation.code,
                seat_code=seat.code,
            )
            for seat, person in zip(taken, people, strict=True)
        ]
        db.session.add_all(registered)
        db.session.flush()
        for seat, person, registration in zip(taken, people, registered, strict=True):
            seat.status, seat.registration_id = SeatStatus.ACCREDITED, registration.id
            db.session.add(
                Nomination(
                    seat_id=seat.id,
                    person_id=person.id,
                    role=BadgeRole.DELEGATE,
                    status=NominationStatus.ACCREDITED,
                )
            )
    db.session.flush()
    db.session.get_one(Edition, edition_id).places_taken = len(delegations) * (each * 4 // 5)


def _plans(delegations: list[Delegation], each: int) -> list[SavingsPlan]:
    """Monthly plans of which the next instalment is due in three days."""
    payers = [
        Organisation(name=f"Payeur fictif {number}", email=f"payeur{number}@example.org", fictional=True)
        for number in range(len(delegations))
    ]
    funds = [
        Fund(code=f"{one.code}/P{number}", name="Plan", kind=FundKind.RESTRICTED)
        for one in delegations
        for number in range(each)
    ]
    db.session.add_all([*payers, *funds])
    db.session.flush()
    coming = min(today() + timedelta(days=3), today().replace(day=28))
    first = _months_before(coming, _PAID)
    plans = [
        SavingsPlan(
            code=f"P{place:05}",
            delegation_id=delegations[place // each].id,
            payer_id=payers[place // each].id,
            target=Money(_EACH * INSTALMENTS, "CAD"),
            count=INSTALMENTS,
            first_due=first,
            reference=f"TER{place:06}",
            fund_id=fund.id,
        )
        for place, fund in enumerate(funds)
    ]
    db.session.add_all(plans)
    db.session.flush()
    return plans


def _months_before(day: date, months: int) -> date:
    years, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    return date(years, month + 1, day.day)


def _agreements(edition_id: int, delegations: list[Delegation]) -> None:
    """Ten funders, each for a tenth of the delegations: matches for travel, grants for education."""
    for number in range(10):
        match = number % 2 == 0
        agreements.add_agreement(
            AddAgreement(
                edition_id=edition_id,
                code=f"B{number}",
                name=f"Bailleur fictif {number}",
                kind=FundingKind.MATCH if match else FundingKind.GRANT,
                currency="CAD",
                ratio=Fraction(1 if match else 0),
                amount=None if match else Money.of("240.00", "CAD"),
                cap=Money.of("400000.00", "CAD"),
                categories=("T",) if match else ("E",),
                serves=[one.id for one in delegations[number::10]],
            ),
            by=BY,
        )


def _people(delegations: list[Delegation]) -> dict[str, str]:
    """A head of one delegation, a coordinator of twenty, a treasurer: the marks of their sessions."""
    made: dict[str, User] = {}
    for name in ("head", "coordinator", "treasurer"):
        made[name] = users.create_user(CreateUser(email=f"{name}@example.org", name=name), by=BY)
    grants.grant(made["treasurer"], RoleName.TREASURER, by=BY)
    for name, mine in (("head", delegations[1:2]), ("coordinator", delegations[:20])):
        for one in mine:
            grants.grant(made[name], RoleName.HEAD_OF_DELEGATION, by=BY, delegation_id=one.id)
    return {name: open_sessions.begin(user) for name, user in made.items()}


def _deposits(plans: list[tuple[int, int]]) -> int:
    """What fell due came on its day, but for the last instalment of one plan in seven."""
    bank, savings = ledger.account(chart.BANK, "CAD").id, ledger.account(chart.SAVINGS, "CAD").id
    first = db.session.scalars(select(SavingsPlan.first_due).limit(1)).one()
    previous = "0" * 64
    entries: list[tuple[object, ...]] = []
    postings: list[tuple[object, ...]] = []
    for month in range(_PAID):
        day = _months_before(first, -month)
        for plan_id, fund_id in plans:
            if month == _PAID - 1 and plan_id % 7 == 0:
                continue
            number = len(entries) + 1
            entry = Written(number, number, day, f"Deposit {number}", "payment:0")
            entry.postings = [
                Row(2 * number - 1, number, bank, fund_id, _EACH, "CAD", posted_on=f"{day}"),
                Row(2 * number, number, savings, fund_id, -_EACH, "CAD", posted_on=f"{day}"),
            ]
            hashed = seals.digest(entry, previous, NOTHING)
            entries.append((number, f"{day}", entry.narration, entry.source, "posted", number, MOMENT, MOMENT,
                            previous, hashed, entry.seal))  # fmt: skip
            postings += [one.row() for one in entry.postings]
            previous = hashed
    with transaction():
        head = db.session.get_one(LedgerHead, 1)
        head.number, head.hash = len(entries), previous
    with db.engine.begin() as connection, without_guards(connection):
        insert_rows(connection, "journal_entry", ENTRY, entries)
        insert_rows(connection, "posting", POSTING, postings)
    return len(entries)
