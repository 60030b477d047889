"""The seat board: steps derived from what happened, the next move, who pays what, one page."""

from datetime import date

from flask.testing import FlaskClient

from access.models import User
from delegations import queries
from delegations.funding import coverage_queries
from delegations.models import Delegation, SavingsPlan, Seat, SeatStatus
from delegations.seats import board, letters, nominations, seats
from delegations.seats.board import Around, Mover, SeatLine
from delegations.seats.nominations import Nominate
from events import badges, checkin
from events import registration as registrations
from events.checkin import ScanBadge
from events.models import BadgeRole
from network.people import CompleteRecord
from shared.database import db, transaction
from tests.conftest import sign_in
from tests.counting import count_queries
from tests.delegations.conftest import BY, accredited, cad, deposit, person

S = SeatStatus


def lines_of(delegation: Delegation) -> list[SeatLine]:
    coverage = coverage_queries.coverage_of(delegation)
    return board.board_of(queries.seat_board(delegation), coverage, queries.arrived(delegation), Around())


def test_a_seat_goes_its_way_step_by_step(seat: Seat, outaouais: Delegation) -> None:
    def now_at() -> tuple[set[SeatStatus], Mover, str]:
        line = lines_of(outaouais)[0]
        return set(line.reached), line.move.mover, str(line.move.what)

    assert now_at() == ({S.PLANNED}, Mover.DELEGATION, "say who names somebody")
    with transaction():
        seats.set_nominator(seat, "Ville (fictive)", by=BY)
    assert now_at() == ({S.PLANNED}, Mover.DELEGATION, "name somebody")
    with transaction():
        nomination = nominations.nominate(seat, Nominate(person=person("Théo Démo")), by=BY)
    assert now_at() == ({S.PLANNED, S.NAMED}, Mover.NOMINEE, "complete the record")
    with transaction():
        nominations.complete(nomination, CompleteRecord(name="Théo Démo"))
    assert now_at()[1:] == (Mover.SECRETARIAT, "accredit the person")
    with transaction():
        registration = nominations.accredit(nomination, by=BY)
    assert now_at()[1:] == (Mover.DELEGATION, "pay the registration fee")
    with transaction():
        registrations.admit_unpaid(registration, "La délégation règle sur place", by=BY)
        badge = badges.issue_badge(registration, by=BY)
        scan = ScanBadge(code=badges.signed_code(outaouais.edition, badge), scan_key="1", desk="A")
        checkin.check_in(outaouais.edition, scan, by=BY)
    assert now_at() == ({S.PLANNED, S.NAMED, S.ACCREDITED, S.ATTENDED}, Mover.NOBODY, "nothing")


def test_money_and_people_advance_side_by_side(
    plan: SavingsPlan, outaouais: Delegation, aristide: User, zoe: User
) -> None:
    """9,000.00 fill two seats of 4,500.00; a seat that is named first is not funded for it."""
    with transaction():
        accredited(outaouais.seats[5], "Théo Démo")
        deposit(plan, "9000.00", date(2003, 1, 15), aristide, zoe)
    lines = lines_of(outaouais)
    assert board.counts(lines) == {S.PLANNED: 6, S.FUNDED: 2, S.NAMED: 1, S.ACCREDITED: 1, S.ATTENDED: 0}
    assert [line.missing for line in lines] == [None, None, *[cad("4500.00")] * 4]
    [funded, empty] = board.paid_alike(coverage_queries.coverage_of(outaouais))
    assert funded.seats == ("DKR05-OUT-01", "DKR05-OUT-02")
    assert list(funded.sources.values()) == [cad("4500.00")]
    assert (len(empty.seats), empty.sources) == (4, {})


def test_a_withdrawn_seat_waits_on_nobody(outaouais: Delegation) -> None:
    with transaction():
        seats.withdraw_seat(outaouais.seats[0], "Ne vient pas", date(2005, 3, 11), by=BY)
    lines = lines_of(outaouais)
    assert lines[0].given_back
    assert board.waiting_on(lines) == {Mover.DELEGATION: 5}
    assert board.counts(lines)[S.PLANNED] == 5


def test_the_board_reads_whole_and_by_mover(client: FlaskClient, seat: Seat, ondine: User) -> None:
    with transaction():
        nominations.nominate(seat, Nominate(person=person("Théo Démo")), by=ondine)
    sign_in(client, ondine)
    page = client.get("/delegations/DKR05-OUT/seats")
    assert page.status_code == 200
    assert "Théo Démo" in page.text and "DKR05-OUT-06" in page.text
    theirs = client.get("/delegations/DKR05-OUT/seats?move=nominee").text
    assert "DKR05-OUT-01" in theirs and "to be named" not in theirs
    assert client.get("/delegations/DKR05-OUT/seats?move=everybody").status_code == 200


def test_the_board_asks_the_same_number_of_questions_for_any_number_of_seats(
    client: FlaskClient, outaouais: Delegation, ondine: User
) -> None:
    sign_in(client, ondine)
    with count_queries() as few:
        client.get("/delegations/DKR05-OUT/seats")
    with transaction():
        for seat in outaouais.seats[1:]:
            accredited(seat, f"Personne{seat.number} Exemple")
    db.session.remove()
    with count_queries() as many:
        client.get("/delegations/DKR05-OUT/seats")
    assert len(many) <= len(few) + 1


def test_letters_visas_and_offers_say_whose_move_it_is(
    seat: Seat, outaouais: Delegation, fatou: User
) -> None:
    def now_at(around: Around) -> tuple[Mover, str]:
        move = board.board_of(queries.seat_board(outaouais), coverage, set(), around)[0].move
        return move.mover, str(move.what)

    coverage = coverage_queries.coverage_of(outaouais)
    asked = Around(letter_required=True)
    assert now_at(Around(offered={seat.id})) == (Mover.NOMINEE, "answer the offer")
    with transaction():
        nomination = nominations.nominate(seat, Nominate(person=person("Théo Démo")), by=BY)
        nominations.complete(nomination, CompleteRecord(name="Théo Démo"))
    assert now_at(Around()) == (Mover.SECRETARIAT, "accredit the person")
    assert now_at(asked) == (Mover.DELEGATION, "send the nomination letter")
    with transaction():
        letter = letters.put(nomination, b"%PDF-1.7", "lettre.pdf", by=BY)
    assert now_at(asked) == (Mover.SECRETARIAT, "look at the nomination letter")
    with transaction():
        letters.refuse(nomination, letter.id, "Pas signée", by=fatou)
    assert now_at(asked) == (Mover.DELEGATION, "send another nomination letter")
    told = now_at(Around(refused={seat.id}))
    assert told == (Mover.DELEGATION, "name somebody else: the visa was refused")


def test_the_board_as_a_file(client: FlaskClient, seat: Seat, ondine: User) -> None:
    with transaction():
        nominations.nominate(seat, Nominate(person=person("=Théo Démo"), role=BadgeRole.ALTERNATE), by=BY)
    sign_in(client, ondine)
    told = client.get("/delegations/DKR05-OUT/seats/file.csv").text
    row = next(line for line in told.splitlines() if line.startswith("DKR05-OUT-01"))
    assert "'=Théo Démo,Suppléance" in row and "4500.00" in row and "@" not in row
    assert client.get("/delegations/DKR05-OUT/seats/file.xlsx").data.startswith(b"PK")
    assert client.get("/delegations/DKR05-OUT/seats/file.pdf").status_code == 404
