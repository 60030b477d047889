"""Fifteen answers on one screen, each leading somewhere; homes ask as much for 3 delegations as for 30."""

from dataclasses import replace
from unittest.mock import ANY

import pytest
from flask import Flask
from sqlalchemy import select

from access import grants, users
from access.models import RoleName, User
from access.users import CreateUser
from delegations.answers import coordinator as network_answers
from delegations.answers import head as head_answers
from delegations.lifecycle import invitations, umbrellas
from delegations.lifecycle.invitations import InviteDelegation
from delegations.models import Delegation, SavingsPlan
from events.models import Edition, EditionStatus
from shared.database import db, transaction
from tests.counting import count_queries
from tests.delegations.conftest import BY, accredited, cad, delegation_of, deposit, plan_of
from tests.treasury.desk import Desk
from treasury.reports.answers import Answer


def asked(
    found: dict[head_answers.Topic, list[Answer]] | dict[network_answers.Topic, list[Answer]],
) -> dict[str, Answer]:
    return {one.question: one for part in found.values() for one in part}


@pytest.fixture
def fatou(app: Flask) -> User:
    """Fatou Modèle, organiser."""
    with transaction():
        user = users.create_user(CreateUser(email="fatou@example.org", name="Fatou Modèle"), by=BY)
        grants.grant(user, RoleName.ORGANISER, by=BY)
    return user


@pytest.mark.usefixtures("both_databases")
def test_a_head_sees_fifteen_answers(
    app: Flask, outaouais: Delegation, plan: SavingsPlan, aristide: User, zoe: User
) -> None:
    with transaction():
        accredited(outaouais.seats[0], "Lison Substitut")
        deposit(plan, "750.00", plan.first_due, aristide, zoe)
    with app.test_request_context(headers={"Accept-Language": "en"}):
        told = asked(head_answers.answers(outaouais))
    assert len(told) == 15
    assert told["Seats filled"].words == "1 of 6"
    assert told["Owed by savers, and fees"].amounts == [cad("8500.00")]  # eleven instalments and one fee
    assert told["Seats funded"].amounts == [cad("26250.00")]


def test_a_coordinator_sees_fifteen_answers(app: Flask, outaouais: Delegation, plan: SavingsPlan) -> None:
    with app.test_request_context(headers={"Accept-Language": "en"}):
        told = asked(network_answers.answers(outaouais.edition, [outaouais], wide=True))
    assert len(told) == 15
    assert (told["Joined"].words, told["Silent"].words) == ("1 of 1", "none")
    assert told["Deposits late"].amounts == [cad("9000.00")]
    assert told["Match earned"].words == "none"


def test_an_umbrella_without_seats_is_not_silent(app: Flask, outaouais: Delegation) -> None:
    with transaction():
        stay = InviteDelegation(edition_id=outaouais.edition_id, code="DKR05-CAN", name="Séjour canadien")
        umbrella = invitations.invite(stay, by=BY)
        umbrellas.add_member(umbrella, outaouais, by=BY)
        alone = invitations.invite(replace(stay, code="DKR05-MTL", name="Montréal"), by=BY)
    with app.test_request_context(headers={"Accept-Language": "en"}):
        told = asked(network_answers.answers(outaouais.edition, [outaouais, umbrella, alone], wide=True))
    assert (told["Joined"].words, told["Silent"].words, told["Silent"].note) == ("1 of 2", "1", "Montréal")


@pytest.mark.parametrize("announced", [True, False])
def test_every_answer_leads_to_a_page_that_its_reader_may_open(
    app: Flask, outaouais: Delegation, plan: SavingsPlan, ondine: User, fatou: User, announced: bool
) -> None:
    if not announced:
        with transaction():
            outaouais.edition.status = EditionStatus.DRAFT
    for user, pages in (
        (ondine, ("/delegations/DKR05-OUT/answers", "/delegations/answers/DKR05")),
        (
            fatou,
            ("/delegations/DKR05-OUT/answers", "/delegations/answers/DKR05", "/manage/events/DKR05/answers"),
        ),
    ):
        desk = Desk(app, user)
        for page in pages:
            html = desk.see(page)
            links = html.split('class="asked"')[1].split("</section>")[0].split('<a href="')[1:]
            assert len(links) == 15, page
            for link in {one.partition('"')[0] for one in links}:
                desk.see(link)


def test_a_head_sees_nothing_of_others(
    app: Flask, outaouais: Delegation, dakar: Edition, ondine: User
) -> None:
    with transaction():
        plan_of(delegation_of(dakar, "QUE", "Québec", 3), "P2", "6750.00", 12)
    desk = Desk(app, ondine)
    desk.see("/delegations/DKR05-QUE/answers", 404)
    desk.see("/manage/events/DKR05/answers", 403)
    assert "1 of 1" in desk.see("/delegations/answers/DKR05")  # hers alone


PAGES = (
    "/delegations",
    "/delegations/DKR05-OUT",
    "/delegations/DKR05-OUT/answers",
    "/delegations/answers/DKR05",
    "/manage/events/DKR05",
    "/manage/events/DKR05/answers",
    "/events/DKR05",
    "/",
)


def test_no_home_asks_more_of_the_database_for_more_delegations(
    app: Flask,
    outaouais: Delegation,
    dakar: Edition,
    plan: SavingsPlan,
    aristide: User,
    zoe: User,
    fatou: User,
) -> None:
    treasurer, organiser = Desk(app, aristide), Desk(app, fatou)

    def questions() -> dict[str, int]:
        found = {}
        for page in (*PAGES, "/treasury"):
            desk = treasurer if page == "/treasury" else organiser
            desk.see(page)
            with count_queries() as seen:
                desk.see(page)
            found[page] = len(seen)
        return found

    def grow(first: int, last: int) -> None:
        with transaction():
            for number in range(first, last):
                one = delegation_of(dakar, f"N{number:02}", f"Réseau {number}", 2)
                deposit(plan_of(one, f"N{number:02}", "3000.00", 12), "250.00", plan.first_due, aristide, zoe)

    grow(1, 3)
    few = questions()
    grow(3, 30)
    assert db.session.scalar(select(Delegation.id).where(Delegation.code == "DKR05-N29")) == ANY
    assert questions() == few
