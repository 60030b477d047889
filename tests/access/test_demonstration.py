"""The demonstration's door: people to be, messages to read."""

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient

from access import users
from access.models import User
from outbox import mail
from shared.audit import System
from shared.database import transaction
from tests.access.conftest import Post, signed_in

pytestmark = pytest.mark.settings(demo=True)


@pytest.fixture
def boubacar(app: Flask) -> User:
    """Boubacar Échantillon, welcome volunteer of the demonstration."""
    command = users.CreateUser(email="boubacar@example.org", name="Boubacar Échantillon", is_demo=True)
    with transaction():
        return users.create_user(command, by=System("tests"))


def test_one_click_makes_you_one_of_the_people(client: FlaskClient, post: Post, boubacar: User) -> None:
    assert "Boubacar Échantillon" in client.get("/demo").text
    assert post(f"/demo/{boubacar.id}", page="/demo").location == "/"
    assert signed_in(client)
    assert client.post(f"/demo/{boubacar.id}").status_code == 400, "without the token of the form"


def test_a_visitor_reads_on_in_their_language(client: FlaskClient, post: Post, boubacar: User) -> None:
    client.post("/language/en", data={"csrf_token": _token(client)})
    assert post(f"/demo/{boubacar.id}", page="/demo").status_code == 302
    assert "Welcome, Boubacar Échantillon" in client.get("/").text


def _token(client: FlaskClient) -> str:
    found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', client.get("/").text)
    assert found
    return found[1]


def test_only_people_of_the_demonstration_are_offered(post: Post, ondine: User, boubacar: User) -> None:
    assert post(f"/demo/{ondine.id}", page="/demo").status_code == 404


def test_messages_are_shown_in_a_sandbox_and_their_files_kept(client: FlaskClient, app: Flask) -> None:
    with transaction():
        mail.send(
            "ondine@example.org",
            "Your badge <b>is</b> ready",
            "Look at https://teranga.example/badge",
            "<html><head></head><body><script>alert(1)</script>Hello</body></html>",
            attachments=[mail.Attachment("badge.html", "text/html", b"<script>alert(2)</script>")],
        )
    assert "Your badge &lt;b&gt;is&lt;/b&gt; ready" in client.get("/outbox").text
    page = client.get("/outbox/1").text
    assert '<a href="https://teranga.example/badge"' in page
    assert re.search(r'<iframe[^>]*sandbox="(?![^"]*allow-(scripts|same-origin))', page)
    frame = client.get("/outbox/1/html")
    assert frame.headers["Content-Security-Policy"].startswith("sandbox ")
    assert "allow-scripts" not in frame.headers["Content-Security-Policy"]
    assert "default-src 'none'" in frame.headers["Content-Security-Policy"]
    file = client.get("/outbox/1/attachments/0")
    assert file.headers["Content-Disposition"].startswith("attachment")
    assert client.get("/outbox/1/attachments/1").status_code == 404
    assert client.get("/outbox/2").status_code == 404


def test_the_messages_are_paged(client: FlaskClient, app: Flask) -> None:
    with transaction():
        for number in range(45):
            mail.send("ondine@example.org", f"Message {number}.", "", "")
    first, last = client.get("/outbox").text, client.get("/outbox?page=3").text
    assert "Message 44." in first
    assert "Message 24." not in first
    assert "Message 0." in last


@pytest.mark.usefixtures("both_databases")
def test_a_message_is_found_by_its_reader_or_subject(client: FlaskClient, app: Flask) -> None:
    with transaction():
        mail.send("ondine@example.org", "Votre dépôt P20", "", "")
        mail.send("mary@example.org", "Your deposit 100%", "", "")
    found = {
        words: client.get("/outbox", query_string={"q": words}).text for words in ("ONDINE", "100%", "%")
    }
    assert [("P20" in page, "100%</" in page) for page in found.values()] == [
        (True, False),
        (False, True),
        (False, True),
    ]
    assert "Aucun message trouvé" in client.get("/outbox?q=nobody").text
