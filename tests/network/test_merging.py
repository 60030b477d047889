"""Marthe Doublon, entered twice, is made one: what one record holds moves, and comes back when parted."""

import pytest
from flask import Flask
from flask.testing import FlaskClient

from access.models import User
from events import registration as registrations
from events.models import Edition, Registration
from events.one_person import BothRegistered
from events.registration import Register
from network import doubles, merging, people
from network.merging import PartLaterFirst
from network.models import Person
from network.people import PersonDetails
from shared.audit import System
from shared.database import Base, db, transaction
from tests.conftest import sign_in

BY = System("tests")

STAYS = {"person", "moved_row", "two_people", "support_award", "support_application"}
"""Tables whose rows keep the person they were written for: the records themselves, and what was decided."""


@pytest.fixture
def marthe(app: Flask) -> tuple[Person, Person]:
    """H04 and H05."""
    with transaction():
        return tuple(  # type: ignore[return-value]
            people.find_or_create_person(PersonDetails(name=name, email=email), by=BY)
            for name, email in (
                ("Marthe Doublon", "marthe.doublon@example.org"),
                ("Marthe Doublon-Gabarit", "m.doublon@example.org"),
            )
        )


def registered(edition: Edition, person: Person) -> Registration:
    """A registration of a person already known; call it in a transaction."""
    return registrations.register(edition, Register(person=people.details_of(person)), by=BY)


def test_every_column_that_names_a_person_moves_or_says_why_not(app: Flask) -> None:
    named = {
        table.name
        for table in Base.metadata.tables.values()
        for key in table.foreign_keys
        if key.column.table.name == "person"
    }
    moving = {tie.kind for tie in merging.TIES}
    assert named == moving | STAYS and not moving & STAYS


@pytest.mark.usefixtures("both_databases")
def test_a_registration_moves_and_comes_back(marthe: tuple[Person, Person], dakar: Edition) -> None:
    kept, duplicate = marthe
    with transaction():
        moved = registered(dakar, duplicate)
    with transaction():
        merging.merge(duplicate, kept, "Mariage", by=BY)
    assert moved.person_id == kept.id
    assert [str(one.count) for one in merging.held_by([kept.id])[kept.id]] == ["1"]
    with transaction():
        merging.part(duplicate, "Deux cousines", by=BY)
    assert moved.person_id == duplicate.id
    assert merging.held_by([kept.id])[kept.id] == []


def test_two_registrations_of_one_gathering_are_an_obstacle(
    marthe: tuple[Person, Person], dakar: Edition
) -> None:
    kept, duplicate = marthe
    with transaction():
        first, second = registered(dakar, kept), registered(dakar, duplicate)
    with pytest.raises(BothRegistered, match="Dakar 2005"), transaction():
        merging.merge(duplicate, kept, "", by=BY)
    assert (duplicate.merged_into_id, second.person_id) == (None, duplicate.id)
    with transaction():
        registrations.cancel(first, "Inscrite deux fois", by=BY)
        merging.merge(duplicate, kept, "", by=BY)
    assert second.person_id == kept.id


def test_merges_are_parted_the_last_first(marthe: tuple[Person, Person], dakar: Edition) -> None:
    kept, duplicate = marthe
    with transaction():
        third = people.enter_person(PersonDetails(name="Marthe D. Gabarit"), by=BY)
        moved = registered(dakar, duplicate)
        merging.merge(duplicate, kept, "", by=BY)
        merging.merge(kept, third, "", by=BY)
    assert moved.person_id == third.id
    with pytest.raises(PartLaterFirst), transaction():
        merging.part(duplicate, "", by=BY)
    with transaction():
        merging.part(kept, "", by=BY)
        merging.part(duplicate, "", by=BY)
    assert moved.person_id == duplicate.id


@pytest.mark.usefixtures("marthe")
def test_a_pair_that_is_two_people_is_remembered(
    client: FlaskClient, fatou: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("flask_wtf.csrf.validate_csrf", lambda *_given, **_options: None)
    [pair] = doubles.doubles()
    where, other = f"/network/people/{pair.second.id}/two", {"other": pair.first.id}
    sign_in(client, fatou)
    for _ in range(2):
        assert "sont deux personnes" in client.post(where, data=other, follow_redirects=True).text
    assert doubles.doubles() == [] and len(doubles.looked_at()) == 1
    client.post(where, data={**other, "again": "y"})
    db.session.rollback()
    assert len(doubles.doubles()) == 1
