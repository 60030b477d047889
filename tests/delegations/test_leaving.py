"""Leaving: what follows is told first; money stays; the line is served, groups whole or in part."""

from datetime import date

import pytest

from access.models import User
from delegations.funding import coverage_queries
from delegations.models import Delegation, Seat, SeatStatus
from delegations.seats import leaving, nominations, offers, seats, waiting
from delegations.seats.leaving import Consequences, NobodyWaits
from delegations.seats.nominations import Nominate
from delegations.seats.waiting import AlreadyWaiting, Wait
from delegations.seats.withdrawn_money import money_of
from delegations.support import decisions as support
from delegations.support.decisions import MoveSavings
from events import badges
from events import registration as registrations
from events.models import BadgeStatus, Edition
from shared.database import db, transaction
from shared.money import Money
from tests.delegations.conftest import BY, accredited, cad, delegation_of, deposit, person, plan_of
from treasury import ledger

pytestmark = pytest.mark.usefixtures("both_databases")


def follows(seat: Seat) -> Consequences:
    return leaving.consequences(seat, coverage_queries.coverage_of(seat.delegation))


def decided(seat: Seat) -> tuple[Money, Money, Money, list[tuple[Money, bool]]]:
    """A withdrawn seat's share, what its plan holds, what is to decide, and each move: does it wait?."""
    left = money_of(seat)
    assert left
    [one] = left.plans
    return one.share, one.holds, one.to_decide, [(move.amount, move.waits) for move in one.moves]


def line(delegation: Delegation) -> list[str]:
    return [one.person.name for one in waiting.line_of(delegation)]


def test_mau_03_is_handed_to_lison_who_waits(dakar: Edition, aristide: User, zoe: User) -> None:
    with transaction():
        mauricie = delegation_of(dakar, "MAU", "Mauricie", 3)
        deposit(plan_of(mauricie, "P3", "13500.00", 34, 1), "13500.00", date(2003, 1, 15), aristide, zoe)
        seat = mauricie.seats[2]
        accredited(seat, "Délégué·e fictif·ve 27")
        assert seat.registration
        registrations.admit_unpaid(seat.registration, "Réglé par la délégation", by=BY)
        badge = badges.issue_badge(seat.registration, by=BY)
        waiting.wait(mauricie, Wait(person=person("Lison Substitut")), by=BY)
    told = follows(seat)
    assert (told.badges, told.own, told.others) == (1, cad("4500.00"), None)
    assert told.comes and told.comes.person.name == "Lison Substitut"
    with transaction():
        new = leaving.hand_over(seat, "Empêchement familial", by=BY)
    assert (new.person.name, seat.registration.person.name) == ("Lison Substitut", "Lison Substitut")
    assert badge.status is BadgeStatus.REVOKED
    assert follows(seat).own == cad("4500.00")
    assert line(mauricie) == []
    with pytest.raises(NobodyWaits), transaction():
        leaving.hand_over(seat, "Encore", by=BY)


def test_coo_withdraws_a_seat_and_its_money_stays(dakar: Edition, aristide: User, zoe: User) -> None:
    """Théo Démo withdraws on 11 March 2005: 4,500.00 of 22,500.00 wait for a decision."""
    with transaction():
        horizons = delegation_of(dakar, "COO", "Coopération internationale", 5)
        plan = plan_of(horizons, "P7", "22500.00", 3, 12)
        plan.seats = 5
        deposit(plan, "22500.00", date(2003, 1, 15), aristide, zoe)
        nominations.nominate(horizons.seats[4], Nominate(person=person("Théo Démo")), by=BY)
    told = follows(horizons.seats[4])
    assert (told.own, told.badges, told.comes) == (cad("4500.00"), 0, None)
    with transaction():
        seats.withdraw_seat(horizons.seats[4], "Se retire", date(2005, 3, 11), by=BY)
    after = coverage_queries.coverage_of(horizons)
    assert (after.own_used, after.own_left) == (cad("18000.00"), cad("4500.00"))
    assert follows(horizons.seats[4]).money is None
    assert money_of(horizons.seats[0]) is None
    assert decided(horizons.seats[4]) == (cad("4500.00"), cad("22500.00"), cad("4500.00"), [])


def test_what_coo_05_saved_is_moved_once_by_a_decision_of_two(
    dakar: Edition, aristide: User, zoe: User
) -> None:
    """On 25 March its 4,500.00 go to the support fund; until a second person approves, they are promised."""
    with transaction():
        horizons = delegation_of(dakar, "COO", "Coopération internationale", 5)
        plan = plan_of(horizons, "P7", "22500.00", 3, 12)
        plan.seats = 5
        deposit(plan, "22500.00", date(2003, 1, 15), aristide, zoe)
        seats.withdraw_seat(horizons.seats[4], "Se retire", date(2005, 3, 11), by=BY)
        pool = support.open_fund("B6", "Fonds de soutien", by=BY)
        move = MoveSavings(
            support_fund_id=pool.id, amount=cad("4500.00"), decided_on=date(2005, 3, 25), minute="Décision 1"
        )
        entry = support.move_savings(plan, move, by=aristide)
    seat, all_saved, nothing = horizons.seats[4], cad("22500.00"), cad("0.00")
    assert decided(seat) == (cad("4500.00"), all_saved, nothing, [(cad("4500.00"), True)])
    with transaction():
        ledger.post(entry, by=zoe)
    assert decided(seat) == (cad("4500.00"), cad("18000.00"), nothing, [(cad("4500.00"), False)])


def test_a_seat_that_is_taken_back_goes_to_the_first_in_line(seat: Seat, outaouais: Delegation) -> None:
    with transaction():
        old = [
            nominations.nominate(one, Nominate(person=person(f"Titulaire{one.number} Exemple")), by=BY)
            for one in outaouais.seats
        ]
        for name in ("Noé Essai", "Ruth Placeholder"):
            waiting.wait(outaouais, Wait(person=person(name)), by=BY)
    with pytest.raises(AlreadyWaiting), transaction():
        waiting.wait(outaouais, Wait(person=person("Noé Essai")), by=BY)
    with pytest.raises(AlreadyWaiting), transaction():
        waiting.wait(outaouais, Wait(person=person("Titulaire1 Exemple")), by=BY)
    with transaction():
        [offer] = leaving.take_back(old[0].seat, "Ne vient pas", by=BY)
    assert [(one.waiting.person.name, one.seat) for one in offer.seats] == [("Noé Essai", seat)]
    assert (seat.status, line(outaouais)) == (SeatStatus.PLANNED, ["Ruth Placeholder"])


@pytest.mark.parametrize(
    ("whole", "free", "served"),
    [
        (True, 1, ["Zoé Seule"]),
        (True, 3, ["Mère Famille", "Fille Famille", "Fils Famille"]),
        (False, 1, ["Mère Famille"]),
        (False, 4, ["Mère Famille", "Fille Famille", "Fils Famille", "Zoé Seule"]),
    ],
)
def test_a_family_waits_whole_or_in_part(
    outaouais: Delegation, whole: bool, free: int, served: list[str]
) -> None:
    with transaction():
        for name in ("Mère", "Fille", "Fils"):
            group = Wait(person=person(f"{name} Famille"), party="Famille fictive", whole=whole)
            waiting.wait(outaouais, group, by=BY)
        waiting.wait(outaouais, Wait(person=person("Zoé Seule")), by=BY)
    found = waiting.next_in_line(waiting.line_of(outaouais), free)
    assert [one.person.name for one in found] == served


def test_who_found_a_seat_elsewhere_leaves_the_line(dakar: Edition, outaouais: Delegation) -> None:
    with transaction():
        waiting.wait(outaouais, Wait(person=person("Noé Essai")), by=BY)
        other = delegation_of(dakar, "QUE", "Québec", 1)
        nominations.nominate(other.seats[0], Nominate(person=person("Noé Essai")), by=BY)
    with transaction():
        [offer] = offers.make(outaouais, by=BY)
        assert offers.accept(offer, [offer.seats[0].waiting_id], by=BY) == []
    assert line(outaouais) == []
    db.session.rollback()
