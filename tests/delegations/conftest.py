"""Dakar 2005 and the delegation Outaouais, as far as a test needs them."""

from datetime import date

import pytest
from flask import Flask

from access import grants, users
from access.models import RoleName, User
from access.users import CreateUser
from delegations.budgets import versions as budgets
from delegations.budgets.versions import CreateBudget
from delegations.budgets.versions import Line as BudgetItem
from delegations.lifecycle import invitations
from delegations.lifecycle.invitations import InviteDelegation
from delegations.models import Delegation, Nomination, SavingsPlan, Seat
from delegations.savings import plans as savings
from delegations.savings.plans import OpenPlan, RecordDeposit
from delegations.savings.schedule import Remainder
from delegations.seats import nominations
from delegations.seats.nominations import Nominate
from events import editions
from events.editions import CreateEdition
from events.models import BadgeRole, Edition
from network import directory
from network.directory import AddOrganisation
from network.people import CompleteRecord, PersonDetails
from shared.audit import System
from shared.database import db, transaction
from shared.money import Money
from tests.delegations.network import ONE_SEAT
from treasury import payments

BY = System("tests")


def cad(text: str) -> Money:
    return Money.of(text, "CAD")


@pytest.fixture
def dakar(app: Flask, aristide: User, zoe: User) -> Edition:
    """The edition Dakar 2005, open, with the approved budget of one seat: 4,500.00."""
    with transaction():
        series = editions.create_series("RIP", "Rencontres", by=BY)
        edition = editions.create_edition(
            CreateEdition(
                code="DKR05",
                series_id=series.id,
                name="Dakar 2005",
                starts_on=date(2005, 11, 22),
                ends_on=date(2005, 11, 26),
                zone="Africa/Dakar",
                place="Dakar",
                country="SN",
                fee=cad("250.00"),
                currencies=("CAD", "XOF"),
                capacity=1000,
            ),
            by=BY,
        )
        editions.open_registration(edition, by=BY)
        items = [
            BudgetItem(code=line.code, label=line.label, category=line.group, unit_price=line.amount)
            for line in ONE_SEAT
        ]
        budget = budgets.create_budget(CreateBudget(edition_id=edition.id, lines=items), by=aristide)
        budgets.approve_budget(budget, by=zoe)
    return edition


def delegation_of(edition: Edition, code: str, name: str, seats: int) -> Delegation:
    """A confirmed delegation with its seats; call it in a transaction."""
    delegation = invitations.invite(
        InviteDelegation(edition_id=edition.id, code=f"{edition.code}-{code}", name=name), by=BY
    )
    invitations.request_seats(delegation, seats, "", by=BY)
    invitations.allocate_seats(delegation, seats, by=BY)
    return invitations.confirm(delegation, by=BY)


@pytest.fixture
def outaouais(dakar: Edition) -> Delegation:
    with transaction():
        return delegation_of(dakar, "OUT", "Outaouais", 6)


@pytest.fixture
def seat(outaouais: Delegation) -> Seat:
    """DKR05-OUT-01, free."""
    return outaouais.seats[0]


@pytest.fixture
def ondine(outaouais: Delegation) -> User:
    """Ondine Exemple, head of the delegation Outaouais."""
    with transaction():
        user = users.create_user(CreateUser(email="ondine@example.org", name="Ondine Exemple"), by=BY)
        grants.grant(user, RoleName.HEAD_OF_DELEGATION, by=BY, delegation_id=outaouais.id)
    return user


def plan_of(delegation: Delegation, code: str, target: str, count: int, months: int = 3) -> SavingsPlan:
    """A plan from 15 January 2003 on, with a payer of its own; call it in a transaction."""
    payer = directory.add_organisation(
        AddOrganisation(name=f"Payeur fictif {code}", email=f"{code.lower()}@example.org", fictional=True),
        by=BY,
    )
    return savings.open_plan(
        OpenPlan(
            delegation_id=delegation.id,
            payer_id=payer.id,
            code=code,
            target=cad(target),
            count=count,
            first_due=date(2003, 1, 15),
            every_months=months,
            remainder=Remainder.LAST,
        ),
        by=BY,
    )


@pytest.fixture
def plan(outaouais: Delegation) -> SavingsPlan:
    """P1: 9,000.00 in 12 quarterly instalments of 750.00 from 15 January 2003."""
    with transaction():
        return plan_of(outaouais, "P1", "9000.00", 12)


def deposit(plan: SavingsPlan, amount: str, on: date, recorder: User, approver: User) -> None:
    """A transfer that arrived, recorded by one and approved by another; call it in a transaction."""
    payment = savings.record_deposit(plan, RecordDeposit(amount=cad(amount), received_on=on), by=recorder)
    payments.approve_receipt(payment, by=approver)


def person(name: str) -> PersonDetails:
    return PersonDetails(name=name, email=f"{name.split()[0].lower()}@example.org", country="CA")


def accredited(seat: Seat, name: str, role: BadgeRole = BadgeRole.DELEGATE) -> Nomination:
    """Name, complete and accredit somebody; call it in a transaction."""
    nomination = nominations.nominate(seat, Nominate(person=person(name), role=role), by=BY)
    nominations.complete(nomination, CompleteRecord(name=name, country="CA", languages=("fr",)))
    nominations.endorse(nomination, by=BY)
    nominations.accredit(nomination, by=BY)
    db.session.flush()
    return nomination
