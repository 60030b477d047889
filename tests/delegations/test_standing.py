"""Where a delegation stands: the moves that exist, what a lock forbids, a gathering that moves."""

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, text
from sqlalchemy.exc import DatabaseError

from access.models import User
from delegations.lifecycle import invitations, standing
from delegations.lifecycle import moves as lifecycle
from delegations.lifecycle.invitations import InviteDelegation
from delegations.lifecycle.moves import RULES, Move, NotInThisState, WhyMissing
from delegations.lifecycle.standing import PeopleInSeats, Reached
from delegations.models import Delegation, DelegationStatus, NominationStatus, Seat
from delegations.seats import nominations, seats
from delegations.seats.nominations import Nominate
from events.models import Edition
from outbox.jobs import Job
from shared.database import db, transaction
from tests.conftest import sign_in
from tests.delegations.conftest import BY, person

pytestmark = pytest.mark.usefixtures("both_databases")

S = DelegationStatus


@pytest.fixture(autouse=True)
def no_tokens(monkeypatch: pytest.MonkeyPatch) -> None:
    """The forms' tokens are the framework's; these tests post without them."""
    monkeypatch.setattr("flask_wtf.csrf.validate_csrf", lambda *_given, **_options: None)


def test_only_the_moves_of_the_table_exist(outaouais: Delegation) -> None:
    """Confirmed: it can be locked, asked again, or withdraw; everything else is refused in words."""
    allowed = {move for move, rule in RULES.items() if outaouais.status in rule.sources}
    assert allowed == {Move.LOCK, Move.RESET, Move.WITHDRAW}
    for move in set(Move) - allowed:
        with pytest.raises(NotInThisState, match="confirmed"), transaction():
            lifecycle.prepare(outaouais, move)


def test_a_locked_delegation_keeps_its_names(outaouais: Delegation, seat: Seat) -> None:
    with transaction():
        eve = nominations.nominate(seat, Nominate(person=person("Ève Gabarit")), by=BY)
        standing.lock(outaouais, "", by=BY)
    free = outaouais.seats[1]
    with pytest.raises(NotInThisState, match="locked"), transaction():
        nominations.nominate(free, Nominate(person=person("Noé Essai")), by=BY)
    with pytest.raises(NotInThisState), transaction():
        nominations.substitute(seat, Nominate(person=person("Noé Essai")), "Malade", by=BY)
    with pytest.raises(NotInThisState), transaction():
        nominations.withdraw_nomination(eve, "Malade", by=BY)
    with pytest.raises(NotInThisState), transaction():
        seats.release(free, "De trop", by=BY)
    with pytest.raises(WhyMissing), transaction():
        standing.unlock(outaouais, "  ", by=BY)
    with transaction():
        standing.unlock(outaouais, "Une malade la veille", by=BY)
        nominations.substitute(seat, Nominate(person=person("Noé Essai")), "Malade", by=BY)
    assert seat.nomination and seat.nomination.person.name == "Noé Essai"


def test_closed_is_history_and_can_be_opened_again(outaouais: Delegation, seat: Seat) -> None:
    with transaction():
        eve = nominations.nominate(seat, Nominate(person=person("Ève Gabarit")), by=BY)
        standing.lock(outaouais, "", by=BY)
        standing.close(outaouais, "Comptes rendus", by=BY)
    with pytest.raises(NotInThisState, match="closed"), transaction():
        nominations.endorse(eve, by=BY)
    with transaction():
        standing.reopen(outaouais, "Une pièce retrouvée", by=BY)
    steps = [(one.left, one.reached, one.reason) for one in standing.steps_of(outaouais)]
    assert steps[-3:] == [
        (S.CONFIRMED, S.LOCKED, ""),
        (S.LOCKED, S.CLOSED, "Comptes rendus"),
        (S.CLOSED, S.LOCKED, "Une pièce retrouvée"),
    ]
    assert [one.reached for one in standing.steps_of(outaouais)][:4] == [
        S.INVITED, S.SUBMITTED, S.ALLOCATED, S.CONFIRMED,
    ]  # fmt: skip


def test_a_delegation_leaves_without_people_and_comes_back(outaouais: Delegation, seat: Seat) -> None:
    with transaction():
        eve = nominations.nominate(seat, Nominate(person=person("Ève Gabarit")), by=BY)
    with pytest.raises(PeopleInSeats, match="DKR05-OUT-01"), transaction():
        standing.withdraw(outaouais, "Plus de moyens", by=BY)
    with transaction():
        nominations.withdraw_nomination(eve, "Plus de moyens", by=BY)
        standing.withdraw(outaouais, "Plus de moyens", by=BY)
    drawn = standing.path(outaouais.status, standing.steps_of(outaouais)[-1].left)
    assert [one.reached for one in drawn] == [Reached.DONE] * 4 + [Reached.OFF]
    with transaction():
        standing.restore(outaouais, "Un don", by=BY)
    assert outaouais.status is S.CONFIRMED


def test_a_request_is_taken_back_to_be_prepared_again(dakar: Edition) -> None:
    with transaction():
        quebec = invitations.invite(
            InviteDelegation(edition_id=dakar.id, code="DKR05-QUE", name="Québec"), by=BY
        )
        invitations.request_seats(quebec, 3, "", by=BY)
        standing.recall(quebec, "Quatre plutôt que trois", by=BY)
        assert quebec.status is S.DRAFT
        invitations.request_seats(quebec, 4, "", by=BY)
    assert (quebec.status, quebec.seats_requested) == (S.SUBMITTED, 4)


def test_dakar_moves_and_everybody_is_asked_again(outaouais: Delegation, seat: Seat, dakar: Edition) -> None:
    """Seats, names and money stay; the focal point is told once for each time."""
    with transaction():
        outaouais.contact_email = "ondine@example.org"
        eve = nominations.nominate(seat, Nominate(person=person("Ève Gabarit")), by=BY)
    [concerned] = standing.concerned_by_reset(dakar)
    assert (concerned.delegation, concerned.seats, concerned.people) == (outaouais, 6, 1)
    with transaction():
        assert standing.reset_confirmations(dakar, "En mars 2006", by=BY) == [outaouais]
    with transaction():
        assert standing.reset_confirmations(dakar, "En mars 2006", by=BY) == []
    assert outaouais.status is S.ALLOCATED
    assert (eve.status, len(outaouais.seats)) == (NominationStatus.NOMINATED, 6)
    keys = [key for key in db.session.scalars(select(Job.key)) if key and "delegation-reset" in key]
    assert len(keys) == 1
    with transaction():
        invitations.confirm(outaouais, by=BY)
    assert standing.concerned_by_reset(dakar)


@pytest.mark.parametrize("change", ["UPDATE delegation_step SET reason = 'x'", "DELETE FROM delegation_step"])
def test_the_database_keeps_every_step(outaouais: Delegation, change: str) -> None:
    with pytest.raises(DatabaseError, match="what happened stays"), transaction():
        db.session.execute(text(change))


def test_the_page_draws_the_path_and_takes_a_step(
    client: FlaskClient, outaouais: Delegation, fatou: User, ondine: User
) -> None:
    """The organiser locks; the head reads why, and may not do it."""
    sign_in(client, fatou)
    client.post("/delegations/DKR05-OUT/path/lock", data={"reason": "La liste est partie"})
    db.session.rollback()
    sign_in(client, ondine)
    page = client.get("/delegations/DKR05-OUT/path").get_data(as_text=True)
    assert "Verrouillée" in page
    assert "La liste est partie" in page
    assert "Fatou Modèle" in page
    assert "path/unlock" not in page
    assert client.get("/delegations/DKR05-OUT/path/unlock").status_code == 403
    assert client.get("/delegations/DKR05-OUT/path/fly").status_code == 404


def test_a_step_back_without_a_reason_is_refused_at_the_field(
    client: FlaskClient, outaouais: Delegation, fatou: User
) -> None:
    sign_in(client, fatou)
    assert client.get("/delegations/reset/DKR05").status_code == 200
    assert client.post("/delegations/reset/DKR05", data={"reason": ""}).status_code == 422
    client.post("/delegations/reset/DKR05", data={"reason": "En mars 2006"})
    db.session.rollback()
    assert outaouais.status is S.ALLOCATED
