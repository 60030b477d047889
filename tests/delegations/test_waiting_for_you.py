"""What waits for whoever signed in: a few counted links, and nothing that another one must do."""

from collections.abc import Iterator
from datetime import UTC, date, datetime

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from access import grants, users
from access.models import RoleName, User
from access.users import CreateUser
from delegations.budgets import advances, claims
from delegations.budgets import versions as budgets
from delegations.budgets.advances import AskAdvance
from delegations.budgets.claims import AddLine, OpenClaim
from delegations.budgets.versions import CreateBudget
from delegations.budgets.versions import Line as BudgetItem
from delegations.funding import services
from delegations.funding.services import RecordService, ServiceState
from delegations.lifecycle import invitations
from delegations.lifecycle.invitations import InviteDelegation
from delegations.models import Delegation, SavingsPlan
from delegations.savings import plans as savings
from delegations.savings.plans import RecordDeposit
from delegations.seats import nominations, offers, seats, waiting
from delegations.seats.nominations import Nominate
from delegations.seats.waiting import Wait
from delegations.support import applying
from delegations.support import decisions as support
from delegations.support.applying import AddGrid, Apply
from delegations.support.decisions import Award, Decide
from delegations.support.models import DecisionMinute
from events.models import Edition
from network.people import CompleteRecord, PersonDetails
from shared.clock import travel_to
from shared.database import db, transaction
from tests.conftest import sign_in
from tests.delegations.conftest import BY, accredited, cad, delegation_of, person
from treasury import approvals
from treasury.models import JournalEntry
from waiting import own_delegations, tasks


def waits(app: Flask, user: User) -> list[str]:
    with app.test_request_context(headers={"Accept-Language": "en"}):
        return [f"{one.words} {one.where}".strip() for one in tasks(user)]


@pytest.fixture(autouse=True)
def in_2003() -> Iterator[None]:
    """The gathering of 2005 is to come."""
    travel_to(datetime(2003, 1, 10, 12, tzinfo=UTC))
    yield
    travel_to(None)


def test_a_deposit_waits_for_the_second_person_and_never_for_who_wrote_it(
    app: Flask, plan: SavingsPlan, aristide: User, zoe: User
) -> None:
    with transaction():
        command = RecordDeposit(amount=cad("750.00"), received_on=date(2003, 1, 9))
        savings.record_deposit(plan, command, by=aristide)
    assert waits(app, zoe) == ["1 entry to approve"]
    assert waits(app, aristide) == []
    with transaction():
        grants.grant(aristide, RoleName.APPROVER, by=BY)
    assert waits(app, aristide) == []


def test_a_head_is_told_of_their_own_seats_only(
    app: Flask, client: FlaskClient, dakar: Edition, outaouais: Delegation, ondine: User
) -> None:
    with transaction():
        delegation_of(dakar, "QUE", "Québec", 3)
        accredited(outaouais.seats[0], "Ondine Exemple")
    assert waits(app, ondine) == ["5 seats wait for a name Outaouais"]
    assert [one.code for one in own_delegations(ondine)] == ["DKR05-OUT"]
    sign_in(client, ondine)
    page = client.get("/").text
    assert "Ce qui vous attend" in page
    assert 'href="/delegations/DKR05-OUT/seats"' in page
    assert "Votre délégation à Dakar 2005" in page
    assert "Québec" not in page


def test_a_seat_that_is_offered_waits_for_whom_it_is_offered_to(
    app: Flask, outaouais: Delegation, ondine: User
) -> None:
    with transaction():
        waiting.wait(outaouais, Wait(person=person("Théo Démo")), by=BY)
        [offer] = offers.make(outaouais, by=BY)
    assert waits(app, ondine) == ["5 seats wait for a name Outaouais"]
    with transaction():
        offers.decline(offer, "Empêché", by=BY)
    assert waits(app, ondine) == ["6 seats wait for a name Outaouais"]


def test_a_head_is_told_of_whom_no_message_reaches(app: Flask, outaouais: Delegation, ondine: User) -> None:
    with transaction():
        for seat, known in zip(
            outaouais.seats, (person("Théo Démo"), PersonDetails(name="Boubacar Exemple")), strict=False
        ):
            nominations.nominate(seat, Nominate(person=known), by=BY)
    assert waits(app, ondine) == ["1 named person to reach Outaouais", "4 seats wait for a name Outaouais"]


def test_a_completed_record_waits_for_its_delegation_then_for_the_secretariat(
    app: Flask, client: FlaskClient, outaouais: Delegation, fatou: User, ondine: User
) -> None:
    with transaction():
        nomination = nominations.nominate(outaouais.seats[0], Nominate(person=person("Inés Ejemplo")), by=BY)
        nominations.complete(nomination, CompleteRecord(name="Inés Ejemplo", country="CA", languages=("fr",)))
    names = "5 seats wait for a name Outaouais"
    assert (waits(app, fatou), waits(app, ondine)) == ([], ["1 record to confirm Outaouais", names])
    sign_in(client, ondine)
    assert "1 fiche vous attend" in client.get("/delegations/DKR05-OUT").text
    with transaction():
        nominations.endorse(nomination, by=ondine)
    assert (waits(app, fatou), waits(app, ondine)) == (["1 record to look at"], [names])
    assert own_delegations(fatou) == []


def test_a_record_that_nobody_can_give_a_word_on_waits_for_the_secretariat(
    app: Flask, outaouais: Delegation, fatou: User
) -> None:
    with transaction():
        nomination = nominations.nominate(outaouais.seats[0], Nominate(person=person("Inés Ejemplo")), by=BY)
        nominations.complete(nomination, CompleteRecord(name="Inés Ejemplo", country="CA", languages=("fr",)))
    assert waits(app, fatou) == ["1 record to look at"]


def test_seats_wait_for_the_head_and_for_the_organisers_in_turn(
    app: Flask, dakar: Edition, fatou: User, aristide: User
) -> None:
    with transaction():
        head = users.create_user(CreateUser(email="maude@example.org", name="Maude Tableur"), by=BY)
        command = InviteDelegation(edition_id=dakar.id, code="DKR05-MAU", name="Mauricie")
        mauricie = invitations.invite(command, by=BY)
        grants.grant(head, RoleName.HEAD_OF_DELEGATION, by=BY, delegation_id=mauricie.id)
    assert (waits(app, head), waits(app, fatou)) == (["Seats to ask for Mauricie"], [])
    with transaction():
        invitations.request_seats(mauricie, 4, "", by=head)
    assert (waits(app, head), waits(app, fatou)) == ([], ["4 seats are asked for Mauricie"])
    assert waits(app, aristide) == []
    with transaction():
        invitations.allocate_seats(mauricie, 4, by=fatou)
        seats.withdraw_seat(mauricie.seats[3], "Une de trop", date(2003, 1, 9), by=fatou)
    assert (waits(app, head), waits(app, fatou)) == (["3 seats to confirm Mauricie"], [])
    with transaction():
        invitations.confirm(mauricie, by=head)
    assert waits(app, head) == ["3 seats wait for a name Mauricie"]
    travel_to(datetime(2005, 12, 1, 12, tzinfo=UTC))
    assert waits(app, head) == []


def test_a_claim_waits_for_an_approver_then_for_a_third_person_who_pays(
    app: Flask, outaouais: Delegation, ondine: User, zoe: User, aristide: User
) -> None:
    with transaction():
        claim = claims.open_claim(outaouais, OpenClaim(title="Autocar", currency="CAD"), by=ondine)
        line = AddLine(
            spent_on=date(2003, 1, 9),
            description="Autocar",
            amount=cad("320.00"),
            category="L02",
            missing_reason="reçu perdu",
        )
        claims.add_line(claim, line, by=ondine)
        claims.submit_claim(claim, by=ondine)
    assert (waits(app, zoe), waits(app, aristide)) == (["1 claim to approve"], [])
    names = "6 seats wait for a name Outaouais"
    assert waits(app, ondine) == [names]
    with transaction():
        claims.send_back(claim, "De quel jour est-ce ?", by=zoe)
    assert (waits(app, zoe), waits(app, ondine)) == ([], ["Your claim came back Autocar", names])
    with transaction():
        claims.submit_claim(claim, by=ondine)
        claims.approve_claim(claim, by=zoe)
    assert (waits(app, zoe), waits(app, aristide)) == ([], ["1 claim to pay"])


@pytest.mark.usefixtures("both_databases")
def test_an_advance_waits_for_a_third_person(
    app: Flask, client: FlaskClient, plan: SavingsPlan, ondine: User, aristide: User, zoe: User
) -> None:
    ask = AskAdvance(
        fund_id=plan.fund_id,
        holder_id=ondine.id,
        amount=cad("2000.00"),
        purpose="Séjour à Dakar",
        given_on=date(2003, 1, 9),
    )
    with transaction():
        savings.record_deposit(
            plan, RecordDeposit(amount=cad("2000.00"), received_on=date(2003, 1, 9)), by=aristide
        )
        approvals.approve(db.session.scalars(select(JournalEntry)).one(), by=zoe)
        grants.grant(aristide, RoleName.APPROVER, by=BY)
        advance = advances.ask_advance(plan.delegation, ask, by=aristide)
    assert (waits(app, zoe), waits(app, aristide)) == (["1 advance to hand over Outaouais"], [])
    sign_in(client, zoe)
    assert 'href="/delegations/DKR05-OUT/claims#advances"' in client.get("/").text
    with transaction():
        advances.give_advance(advance, by=zoe)
    assert waits(app, zoe) == []


@pytest.mark.usefixtures("both_databases")
def test_what_was_given_in_kind_waits_for_anybody_but_who_declared_it(
    app: Flask, dakar: Edition, fatou: User, aristide: User, zoe: User, ondine: User
) -> None:
    with transaction():
        given = services.record_service(
            RecordService(
                edition_id=dakar.id,
                description="Traduction",
                giver="Zoé Témoin",
                quantity=12,
                unit="h",
                value=cad("420.00"),
            ),
            by=aristide,
        )
    told = ["1 gift in kind to look at Dakar 2005"]
    assert [waits(app, one) for one in (zoe, fatou, aristide)] == [told, told, []]
    assert waits(app, ondine) == ["6 seats wait for a name Outaouais"]
    with transaction():
        services.decide(given, ServiceState.REFUSED, "Sans preuve", "", by=fatou)
    assert waits(app, zoe) == []


@pytest.mark.usefixtures("both_databases")
def test_a_decision_waits_for_a_second_person(
    app: Flask, client: FlaskClient, dakar: Edition, aristide: User, zoe: User
) -> None:
    with transaction():
        fund = support.open_fund("B6", "Fonds international de soutien", by=BY)
        grants.grant(aristide, RoleName.APPROVER, by=BY)
        command = Decide(
            edition_id=dakar.id,
            decided_on=date(2003, 1, 9),
            title="Première décision",
            fund_id=fund.id,
            awards=[Award(label="Un billet de Lima", amount=cad("650.00"))],
        )
        decision = support.decide(command, by=aristide)
    assert (waits(app, zoe), waits(app, aristide)) == (["A decision to carry out Première décision"], [])
    sign_in(client, zoe)
    page = f"/delegations/support/DKR05/decisions/{decision.number}"
    assert f'href="{page}"' in client.get("/").text
    assert client.get(page).status_code == 200
    with transaction():
        db.session.add(DecisionMinute(decision_id=decision.id, reason="Urgent", sent_back="Sans quorum"))
    assert waits(app, zoe) == []


def test_a_version_of_a_budget_waits_for_anybody_but_its_author(
    app: Flask, dakar: Edition, aristide: User, zoe: User, fatou: User
) -> None:
    with transaction():
        item = BudgetItem(code="L01", label="Billet", category="T", unit_price=cad("1500.00"))
        budgets.create_budget(
            CreateBudget(edition_id=dakar.id, lines=[item], reason="billets plus chers"), by=fatou
        )
    assert waits(app, zoe) == ["1 budget to approve Dakar 2005"]
    assert (waits(app, fatou), waits(app, aristide)) == ([], [])


def test_an_application_waits_for_each_member_until_they_scored_it(
    app: Flask, outaouais: Delegation, ondine: User
) -> None:
    with transaction():
        fund = support.open_fund("B6", "Fonds international de soutien", by=BY)
        maude = users.create_user(CreateUser(email="maude@example.org", name="Maude"), by=BY)
        grants.grant(maude, RoleName.COMMITTEE, by=BY, edition_id=outaouais.edition_id)
        grid = applying.add_grid(AddGrid(code="one", name="Une", criteria=[("Durable", 1)]), by=BY)
        application = applying.apply(
            Apply(
                edition_id=outaouais.edition_id,
                fund_id=fund.id,
                grid_id=grid.id,
                label=outaouais.name,
                amount=cad("480.00"),
                grounds="Tout est épargné",
                delegation_id=outaouais.id,
            ),
            by=ondine,
        )
    assert waits(app, maude) == ["1 application to score Dakar 2005"]
    with transaction():
        applying.score(application, {one.id: 3 for one in grid.criteria}, "", by=maude)
    assert waits(app, maude) == []


def test_a_stranger_is_told_nothing(app: Flask, client: FlaskClient, outaouais: Delegation) -> None:
    with app.test_request_context(headers={"Accept-Language": "en"}):
        assert tasks(None) == []
    assert own_delegations(None) == []
    assert "What waits for you" not in client.get("/").text
