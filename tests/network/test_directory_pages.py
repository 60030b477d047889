"""The directory as an organiser reads it: paged, filtered, both numbers of the survey told."""

from flask import Flask
from flask.testing import FlaskClient

from access.models import User
from network.directory import AddOrganisation, add_alias, add_organisation, relate
from network.models import Component, Organisation, RelationKind
from network.survey import record_survey
from shared.audit import System
from shared.database import transaction
from tests.conftest import sign_in
from tests.counting import count_queries

US = System()


def bodies(count: int) -> list[Organisation]:
    with transaction():
        return [
            add_organisation(
                AddOrganisation(name=f"Atelier {n:03}", component=Component.SUPPORT, region="Outaouais"),
                by=US,
            )
            for n in range(count)
        ]


def test_the_directory_is_paged_and_searched(app: Flask, client: FlaskClient, fatou: User) -> None:
    many = bodies(60)
    with transaction():
        add_alias(many[41], "L’établi", by=US)
    sign_in(client, fatou)
    with count_queries() as few:
        page = client.get("/network?page=2").get_data(as_text=True)
    assert ("Atelier 025" in page, "Atelier 000" in page) == (True, False)
    assert "Atelier 041" in client.get("/network?q=établi").get_data(as_text=True)
    assert "Atelier 041" not in client.get("/network?region=Sorel").get_data(as_text=True)
    assert len(few) <= 10


def test_a_survey_that_names_one_more_says_so(app: Flask, client: FlaskClient, fatou: User) -> None:
    named = bodies(26)
    with transaction():
        assert len(record_survey("Enquête", 25, named, by=US).warnings) == 1
    with transaction():
        assert record_survey("Autre", 26, named, by=US).warnings == ()
    sign_in(client, fatou)
    page = client.get("/network").get_data(as_text=True)
    assert page.count("les deux nombres sont gardés") == 1


def test_ties_are_read_from_both_sides(app: Flask, client: FlaskClient, fatou: User) -> None:
    ceci, gesq = bodies(2)
    with transaction():
        relate(ceci, gesq, RelationKind.MEMBER, by=US)
    sign_in(client, fatou)
    one = client.get(f"/network/{ceci.id}").get_data(as_text=True)
    other = client.get(f"/network/{gesq.id}").get_data(as_text=True)
    assert ("membre de" in one, "a pour membre" in other) == (True, True)
    assert client.get("/network/99999").status_code == 404
