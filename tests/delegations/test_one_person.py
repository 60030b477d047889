"""A person entered twice who has a seat: the seat follows, and comes back when the two are parted."""

import pytest

from delegations.models import Delegation, Seat
from delegations.seats import nominations, waiting
from delegations.seats.nominations import Nominate
from delegations.seats.nominee_words import role_of
from delegations.seats.one_person import BothPlaced
from delegations.seats.waiting import Wait
from events import badges
from events import registration as registrations
from events.models import BadgeRole, BadgeStatus
from network import merging, people
from network.models import Person
from network.people import PersonDetails
from shared.database import transaction
from tests.delegations.conftest import BY, accredited, person


def known(name: str) -> Person:
    """A record of that name; call it in a transaction."""
    return people.enter_person(PersonDetails(name=name), by=BY)


@pytest.mark.usefixtures("both_databases")
def test_seat_registration_and_badge_follow_marthe(seat: Seat) -> None:
    with transaction():
        duplicate = accredited(seat, "Marthe Doublon-Gabarit").person
        assert seat.registration
        registrations.admit_unpaid(seat.registration, "Réglé par la délégation", by=BY)
        badge = badges.issue_badge(seat.registration, by=BY)
        kept = known("Marthe Doublon")
    with transaction():
        merging.merge(duplicate, kept, "Mariage", by=BY)
    assert seat.nomination
    assert seat.nomination.person is kept and seat.registration.person is kept
    assert badge.status is BadgeStatus.ISSUED
    with transaction():
        merging.part(duplicate, "Deux cousines", by=BY)
    assert seat.nomination.person is seat.registration.person is duplicate


def test_two_places_at_one_gathering_are_an_obstacle(seat: Seat, outaouais: Delegation) -> None:
    with transaction():
        duplicate = nominations.nominate(
            seat, Nominate(person=person("Marthe Doublon-Gabarit")), by=BY
        ).person
        kept = waiting.wait(outaouais, Wait(person=person("Marthine Doublon")), by=BY).person
    with pytest.raises(BothPlaced, match="Dakar 2005"), transaction():
        merging.merge(duplicate, kept, "", by=BY)
    with transaction():
        waiting.leave(waiting.line_of(outaouais)[0], by=BY)
        merging.merge(duplicate, kept, "", by=BY)
    assert seat.nomination and seat.nomination.person is kept


@pytest.mark.parametrize(
    ("word", "role"),
    [
        ("Suppléante", BadgeRole.ALTERNATE),
        ("alternate", BadgeRole.ALTERNATE),
        ("Conseiller·ère", BadgeRole.ADVISER),
        ("adviser", BadgeRole.ADVISER),
        ("suplente", BadgeRole.ALTERNATE),
        ("capitaine", None),
    ],
)
def test_roles_of_a_list(word: str, role: BadgeRole | None) -> None:
    assert role_of(word) is role


def test_another_role_takes_the_badge_back(seat: Seat) -> None:
    with transaction():
        nomination = accredited(seat, "Lison Substitut", BadgeRole.ALTERNATE)
        assert seat.registration
        registrations.admit_unpaid(seat.registration, "Réglé par la délégation", by=BY)
        badge = badges.issue_badge(seat.registration, by=BY)
        nominations.change_role(nomination, BadgeRole.ALTERNATE, by=BY)
        assert badge.status is BadgeStatus.ISSUED
        nominations.change_role(nomination, BadgeRole.HEAD, by=BY)
    assert (seat.registration.role, badge.status) == (BadgeRole.HEAD, BadgeStatus.REVOKED)
