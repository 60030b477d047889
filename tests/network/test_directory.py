"""The directory knows a body under all its names, once."""

from datetime import date

import pytest
from flask import Flask

from network import directory
from network.directory import AddAction, AddOrganisation, OrganisationExists
from network.models import Component, Organisation, RelationKind
from shared.audit import System
from shared.database import transaction

BY = System()


@pytest.fixture
def heron(app: Flask) -> Organisation:
    with transaction():
        return directory.add_organisation(
            AddOrganisation(name="Réseau fictif du Grand-Héron", component=Component.SUPPORT, fictional=True),
            by=BY,
        )


def test_a_body_is_entered_once_however_it_is_written(heron: Organisation) -> None:
    with pytest.raises(OrganisationExists), transaction():
        directory.add_organisation(AddOrganisation(name="reseau fictif du grand heron"), by=BY)


def test_a_body_is_found_by_its_aliases(heron: Organisation) -> None:
    with transaction():
        directory.add_alias(heron, "RFGH", by=BY)
        assert directory.find_organisation("rfgh") is heron
    with pytest.raises(OrganisationExists), transaction():
        directory.add_organisation(AddOrganisation(name="rfgh"), by=BY)
    assert directory.find_organisation("Héron") is None


def test_an_alias_of_one_body_is_not_another_s(heron: Organisation) -> None:
    with transaction():
        other = directory.add_organisation(AddOrganisation(name="Carrefour fictif du Cap"), by=BY)
    with pytest.raises(OrganisationExists), transaction():
        directory.add_alias(other, "Réseau fictif du Grand-Héron", by=BY)


def test_ties_join_two_bodies(heron: Organisation) -> None:
    with transaction():
        cap = directory.add_organisation(AddOrganisation(name="Carrefour fictif du Cap"), by=BY)
        tie = directory.relate(heron, cap, RelationKind.PARTNER, starts_on=date(2003, 3, 19), by=BY)
        assert (tie.from_id, tie.to_id) == (heron.id, cap.id)
    with pytest.raises(directory.RelatedToItself), transaction():
        directory.relate(heron, heron, RelationKind.MEMBER, by=BY)


def test_the_registry_keeps_what_was_planned_and_what_came_of_it(app: Flask) -> None:
    with transaction():
        action = directory.add_action(
            AddAction(kind="twinning", title="Deux villes", started_year=1993, facts={"visits": 8}), by=BY
        )
    assert action.facts["visits"] == 8
