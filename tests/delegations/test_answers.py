"""Fifteen answers on one screen, each leading somewhere; homes ask as much for 3 delegations as for 30."""

from dataclasses import replace
from datetime import UTC, datetime
from unittest.mock import ANY

import pytest
from flask import Flask
from sqlalchemy import select

from access import grants, users
from access.models import RoleName, User
from access.users import CreateUser
from delegations.answers import coordinator as network_answers
from delegations.answers import head as head_answers
from delegations.answers import organiser as edition_answers
from delegations.funding.service_models import InKind
from delegations.lifecycle import invitations, umbrellas
from delegations.lifecycle.invitations import InviteDelegation
from delegations.models import Delegation, SavingsPlan
from events.models import Edition, EditionStatus, ProgrammeSession
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


def where(told: dict[str, Answer], question: str) -> tuple[str, dict[str, str]]:
    """The page that an answer leads to."""
    return told[question].endpoint, dict(told[question].args)


def test_a_coordinator_s_answers_lead_to_what_they_tell(
    app: Flask, outaouais: Delegation, plan: SavingsPlan
) -> None:
    with app.test_request_context(headers={"Accept-Language": "en"}):
        told = asked(network_answers.answers(outaouais.edition, [outaouais], wide=True))
        alone = asked(network_answers.answers(outaouais.edition, [outaouais], wide=False))
    here = {"edition": "DKR05"}
    assert where(told, "Silent") == ("delegations.index", here | {"show": "silent"})
    assert where(told, "Joined") == ("delegations.index", here | {"show": "joined"})
    assert where(told, "With a representative") == ("delegations.index", here | {"show": "alone"})
    assert where(told, "Changed in the last seven days") == ("delegations.index", here | {"show": "changed"})
    assert where(told, "Deposits late") == ("delegations.index", here | {"_anchor": "late"})
    reminder = ("delegations.show_plan", {"code": "DKR05-OUT", "plan_code": "P1"})
    assert where(told, "Next reminder")[0] in (reminder[0], "delegations.index")
    assert where(told, "Services pledged") == ("delegations.edition_services", {"code": "DKR05"})
    assert where(alone, "Services pledged") == ("delegations.delegation_services", {"code": "DKR05-OUT"})


def test_a_list_shows_what_a_coordinator_asked_after(
    app: Flask, outaouais: Delegation, dakar: Edition, fatou: User
) -> None:
    with transaction():
        stay = InviteDelegation(edition_id=dakar.id, code="DKR05-CAN", name="Séjour canadien")
        umbrella = invitations.invite(stay, by=BY)
        umbrellas.add_member(umbrella, outaouais, by=BY)
        invitations.invite(replace(stay, code="DKR05-MTL", name="Montréal", contact_email="m@x.ca"), by=BY)
    desk = Desk(app, fatou)

    def listed(show: str) -> list[bool]:
        html = desk.see(f"/delegations?edition=DKR05&show={show}")
        return [f'/delegations/DKR05-{code}"' in html for code in ("OUT", "MTL", "CAN")]

    assert listed("joined") == [True, False, False]
    assert listed("silent") == [False, True, False]  # an umbrella that asked for no seats only adds up
    assert listed("alone") == [not outaouais.contact_email, False, False]
    assert listed("") == listed("nonsense") == [True, True, True]
    assert "/delegations/DKR05-OUT" not in desk.see("/delegations?edition=UE07")


def test_services_told_to_a_head_are_their_own(app: Flask, outaouais: Delegation, dakar: Edition) -> None:
    with transaction():
        quebec = delegation_of(dakar, "QUE", "Québec", 3)
        for delegation, value in ((outaouais, "240.00"), (quebec, "450.00")):
            db.session.add(
                InKind(edition_id=dakar.id, description="Interprétation", giver="Centre fictif", quantity=1,
                       unit="h", value=cad(value), state="accepted", delegation_id=delegation.id)
            )  # fmt: skip
    with app.test_request_context(headers={"Accept-Language": "en"}):
        hers = asked(network_answers.answers(dakar, [outaouais], wide=False))
        whole = asked(network_answers.answers(dakar, [outaouais, quebec], wide=True))
    assert list(hers["Services received"].amounts) == [cad("240.00")]
    assert list(whole["Services received"].amounts) == [cad("690.00")]


def test_an_organiser_s_answers_lead_to_the_sessions_and_visas_they_tell(
    app: Flask, outaouais: Delegation, dakar: Edition, fatou: User
) -> None:
    day = datetime(2005, 11, 23, 9, tzinfo=UTC)
    with transaction():
        for title, room, end, languages in (
            ("Atelier", "B", day, ["fr", "es"]),
            ("Plénière", "", day, ["fr"]),
            ("Marche", "C", None, ["fr", "en", "es"]),
        ):
            db.session.add(
                ProgrammeSession(edition_id=dakar.id, kind="workshop", title=title, starts_at=day,
                                 ends_at=end, room=room, languages=languages)
            )  # fmt: skip
    with app.test_request_context(headers={"Accept-Language": "en"}):
        told = {
            one.question: one
            for part in edition_answers.answers(dakar, edition_answers.May()).values()
            for one in part
        }
    desk = Desk(app, fatou)
    for question, lacking, title in (
        ("Sessions without a room", "room", "Plénière"),
        ("Sessions without an end", "end", "Marche"),
        ("Sessions in three languages or more", "interpreters", "Marche"),
    ):
        args = {"code": "DKR05", "lacking": lacking}
        assert (told[question].endpoint, told[question].args) == ("manage.programme", args)
        assert told[question].words == "1"
        html = desk.see(f"/manage/events/DKR05/programme?lacking={lacking}")
        assert [one in html for one in ("Atelier", "Plénière", "Marche")] == [
            False, title == "Plénière", title == "Marche",
        ]  # fmt: skip
    visas = told["Visas refused"]
    assert (visas.endpoint, visas.args) == ("delegations.visas_of", {"code": "DKR05", "show": "refused"})
    assert told["Over capacity"].args == {"code": "DKR05", "_anchor": "capacity"}
    assert 'id="capacity"' in desk.see("/manage/events/DKR05/edit")


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
