"""Each human being once: found by e-mail and name, completed by themselves, merged and parted."""

import pytest
from flask import Flask
from sqlalchemy import func, select

from network import merging, people
from network.models import Person
from network.people import CompleteRecord, ConsentMissing, PersonDetails
from shared.audit import System
from shared.database import db, transaction
from shared.errors import Conflict

BY = System()


@pytest.fixture
def ondine(app: Flask) -> Person:
    with transaction():
        return people.find_or_create_person(
            PersonDetails(name="Ondine Exemple", email="ondine@example.org"), by=BY
        )


@pytest.mark.parametrize(
    "name", ["Ondine Exemple", "  ondine   EXEMPLE ", "Ondíne Exemplé", "Ondine-Exemple"]
)
def test_the_same_name_at_the_same_address_is_the_same_person(ondine: Person, name: str) -> None:
    with transaction():
        again = people.find_or_create_person(PersonDetails(name=name, email=" Ondine@EXAMPLE.org"), by=BY)
        assert again.id == ondine.id
    assert db.session.scalar(select(func.count(Person.id))) == 1


@pytest.mark.parametrize(
    "details",
    [
        PersonDetails(name="Théo Démo", email="ondine@example.org"),  # a shared office address
        PersonDetails(name="Ondine Exemple", email="other@example.org"),
        PersonDetails(name="Ondine Exemple"),  # without an address nobody is found
    ],
)
def test_a_name_or_an_address_alone_is_another_person(ondine: Person, details: PersonDetails) -> None:
    with transaction():
        assert people.find_or_create_person(details, by=BY).id != ondine.id


def test_a_person_without_a_name_is_refused(app: Flask) -> None:
    with pytest.raises(people.PersonNameMissing), transaction():
        people.find_or_create_person(PersonDetails(name=" – ", email="x@example.org"), by=BY)


def test_access_needs_are_kept_with_consent_only(ondine: Person) -> None:
    needs = CompleteRecord(name="Ondine Exemple", access_needs="Fauteuil roulant")
    with pytest.raises(ConsentMissing), transaction():
        people.complete_record(ondine, needs, by=BY)
    with transaction():
        people.complete_record(
            ondine,
            CompleteRecord(name="Ondine Exemple", access_needs="Fauteuil", access_needs_consent=True),
            by=BY,
        )
        assert ondine.access_needs_consented_at
    with transaction():
        people.complete_record(ondine, CompleteRecord(name="Ondine Exemple"), by=BY)
        assert not ondine.access_needs
        assert ondine.access_needs_consented_at is None


def test_marthe_entered_twice_is_merged_and_can_be_parted(app: Flask) -> None:
    first = PersonDetails(name="Marthe Doublon", email="marthe@example.org")
    second = PersonDetails(name="Marthe Doublon-Gabarit", email="marthe@example.org")
    with transaction():
        kept, duplicate = (people.find_or_create_person(one, by=BY) for one in (first, second))
        assert kept.id != duplicate.id
        merging.merge(duplicate, kept, "Same person", by=BY)
        assert people.find_or_create_person(second, by=BY).id == kept.id
    with pytest.raises(Conflict), transaction():
        merging.merge(duplicate, kept, "Again", by=BY)
    with pytest.raises(Conflict), transaction():
        merging.merge(kept, duplicate, "In a circle", by=BY)
    with transaction():
        merging.part(duplicate, "Two sisters", by=BY)
        assert people.find_or_create_person(second, by=BY).id == duplicate.id
