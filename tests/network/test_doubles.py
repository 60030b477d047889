"""Marthe Doublon was entered twice: found, looked at side by side, made one, parted again."""

import pytest
from flask.testing import FlaskClient

from access.models import User
from network import doubles, people
from network.models import Person
from network.people import PersonDetails
from network.same_person import Likeness
from shared.audit import System
from shared.database import db, transaction
from tests.conftest import sign_in

BY = System("tests")


def test_h04_and_h05_are_merged_and_parted(
    client: FlaskClient, fatou: User, zoe: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("flask_wtf.csrf.validate_csrf", lambda *_given, **_options: None)
    with transaction():
        h04, h05, _other = (
            people.find_or_create_person(PersonDetails(name=name, email=email), by=BY)
            for name, email in (
                ("Marthe Doublon", "marthe.doublon@example.org"),
                ("Marthe Doublon-Gabarit", "m.doublon@example.org"),
                ("Gaspard Brouillon", "gaspard@example.org"),
            )
        )
        first, second = h04.id, h05.id
    [found] = doubles.doubles()
    assert (found.first.id, found.second.id, found.why) == (first, second, Likeness.ONE_NAME_MORE)
    sign_in(client, zoe)
    assert client.get("/network/people/doubles").status_code == 403
    sign_in(client, fatou)
    page = client.get("/network/people/doubles").text
    assert "Marthe Doublon-Gabarit" in page and "Gaspard" not in page
    client.post(f"/network/people/{second}/merge", data={"into": first})
    assert people.remaining(db.session.get_one(Person, second)).id == first
    assert doubles.doubles() == []
    client.post(f"/network/people/{second}/merge", data={"into": first})  # pressed twice
    client.post(f"/network/people/{second}/part")
    db.session.rollback()
    assert db.session.get_one(Person, second).merged_into_id is None
    assert len(doubles.doubles()) == 1
