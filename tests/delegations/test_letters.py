"""Nomination letters: sent, looked at, refused, asked for; what a correction does to them."""

import io

import pytest
from flask.testing import FlaskClient
from PIL import Image

from access.models import User
from delegations.models import CredentialStatus, NominationStatus, Seat, SeatStatus
from delegations.seats import approvals, leaving, letters, nominations
from delegations.seats.approvals import LetterMissing, LetterRefused, LetterUnread, Rules
from delegations.seats.letters import AnotherLetter
from delegations.seats.nominations import Nominate, NominationOver
from documents.uploads import NotADocument
from network.people import PersonDetails
from shared.database import db, transaction
from tests.conftest import sign_in
from tests.delegations.conftest import BY, accredited
from tests.delegations.test_approvals import named, record

C = CredentialStatus
PDF = b"%PDF-1.4 a letter of the Reseau fictif du Grand-Heron"


def photograph() -> bytes:
    """A small photograph, with a remark hidden in it."""
    out = io.BytesIO()
    Image.new("RGB", (40, 60), "white").save(out, "JPEG", comment=b"where it was taken")
    return out.getvalue()


@pytest.mark.usefixtures("both_databases")
def test_a_letter_is_looked_at_before_its_person_is_accredited(seat: Seat, fatou: User) -> None:
    with transaction():
        nomination = named(seat)
        nominations.endorse(nomination, by=BY)
        first = letters.put(nomination, PDF, "C:\\lettres\\Désignation.pdf", by=BY)
    assert (first.label, nomination.credential) == ("Désignation.pdf", C.UPLOADED)
    with pytest.raises(LetterUnread), transaction():
        nominations.accredit(nomination, by=fatou)
    with transaction():
        letters.refuse(nomination, first.id, "Elle n’est pas signée", by=fatou)
    with pytest.raises(LetterRefused), transaction():
        nominations.accredit(nomination, by=fatou)
    with transaction():
        second = letters.put(nomination, photograph(), "IMG_1.jpg", by=BY)
    assert second.media_type == "image/jpeg" and b"where it was taken" not in second.content
    with pytest.raises(AnotherLetter), transaction():
        letters.verify(nomination, first.id, by=fatou)  # the page showed the first one
    with transaction():
        letters.verify(nomination, second.id, by=fatou)
        nominations.accredit(nomination, by=fatou)
    assert (nomination.status, nomination.credential) == (NominationStatus.ACCREDITED, C.VERIFIED)


def test_a_gathering_may_ask_for_a_letter(seat: Seat) -> None:
    edition = seat.delegation.edition
    with transaction():
        assert accredited(seat, "Théo Démo").credential is C.MISSING  # nobody said so: nothing is verified
        approvals.set_rules(edition, Rules(letter_required=True, fields=("country", "star sign")), by=BY)
    with pytest.raises(LetterMissing), transaction():
        accredited(seat.delegation.seats[1], "Lison Substitut")
    db.session.refresh(seat)
    assert seat.status is SeatStatus.ACCREDITED
    assert approvals.rules_of(edition).fields == ("country",)


def test_a_correction_that_matters_asks_for_a_new_look_at_the_letter(seat: Seat, fatou: User) -> None:
    with transaction():
        theo = PersonDetails(name="Théo Démo", email="theo@example.org")
        nomination = nominations.nominate(seat, Nominate(person=theo), by=BY)
        letters.verify(nomination, letters.put(nomination, PDF, "a.pdf", by=BY).id, by=fatou)
    states = []  # the country was empty: to fill it in corrects nothing
    for change in ({"country": "CA"}, {"diet": "Sans arachides"}, {"name": "Théo Démo-Gabarit"}):
        with transaction():
            nominations.complete(nomination, record(**change))
        states.append(nomination.credential)
    assert states == [C.VERIFIED, C.VERIFIED, C.UPLOADED]


def test_what_is_no_letter_and_who_has_no_seat(seat: Seat) -> None:
    with transaction():
        nomination = named(seat)
    with pytest.raises(NotADocument), transaction():
        letters.put(nomination, b"<html><script>", "letter.pdf", by=BY)
    with transaction():
        letters.put(nomination, PDF, "a.pdf", by=BY)
        assert letters.put(nomination, PDF, "b.pdf", by=BY).label == "a.pdf"  # the same one
        leaving.refuse(nomination, "Pas de la région", by=BY)
    with pytest.raises(NominationOver), transaction():
        letters.put(nomination, PDF, "a.pdf", by=BY)


@pytest.fixture
def no_tokens(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("flask_wtf.csrf.validate_csrf", lambda *_given, **_options: None)


@pytest.mark.usefixtures("no_tokens")
def test_from_a_telephone_to_the_organisers_eyes(
    client: FlaskClient, seat: Seat, fatou: User, ondine: User
) -> None:
    with transaction():
        nomination = named(seat)
        token = nominations.send_link(nomination, by=BY)
    sent = client.post(f"/nominee/{token}/letter", data={"document": (io.BytesIO(photograph()), "IMG.jpg")})
    assert sent.status_code == 302
    assert client.post(f"/nominee/{token}/letter", data={}).status_code == 422
    sign_in(client, fatou)
    here = "/delegations/DKR05-OUT/seats/1/letter"
    kept = letters.letter_of(nomination)
    assert kept and f'<img class="paper" src="{here}/{kept.file_name}"' in client.get(here).text
    file = client.get(f"{here}/{kept.file_name}")
    assert "sandbox" in file.headers["Content-Security-Policy"]
    assert file.headers["Content-Disposition"].startswith("attachment")
    assert client.get(f"{here}/another.jpg").status_code == 404
    told = client.post(f"{here}/check", data={"letter": kept.id, "refuse": "y", "reason": ""})
    assert told.status_code == 422  # why?
    client.post(f"{here}/check", data={"letter": kept.id, "refuse": "y", "reason": "Illisible"})
    sign_in(client, ondine)
    assert "Illisible" in client.get(here).text
    client.post(here, data={"document": (io.BytesIO(PDF), "lettre.pdf")})
    sign_in(client, fatou)
    again = letters.letter_of(nomination)
    assert again
    client.post(f"{here}/check", data={"letter": again.id})
    db.session.refresh(nomination)
    assert nomination.credential is C.VERIFIED


@pytest.mark.usefixtures("no_tokens")
def test_who_says_no_says_why(client: FlaskClient, seat: Seat, fatou: User) -> None:
    with transaction():
        token = nominations.send_link(named(seat), by=BY)
    assert client.post(f"/nominee/{token}/decline", data={"reason": ""}).status_code == 422
    assert "Merci" in client.post(f"/nominee/{token}/decline", data={"reason": "Un autre voyage"}).text
    assert client.get(f"/nominee/{token}").status_code == 410
    db.session.refresh(seat)
    assert seat.status is SeatStatus.PLANNED
    with transaction():
        named(seat, "Ruth Placeholder")
    sign_in(client, fatou)
    refused = client.post("/delegations/DKR05-OUT/seats/1/refuse", data={"reason": "Pas de la région"})
    assert refused.status_code == 302
    assert "Pas de la région" in client.get("/delegations/DKR05-OUT/seats/1").text


@pytest.mark.usefixtures("no_tokens")
def test_a_letter_is_sent_on_its_own_page_once_the_record_is_sent(client: FlaskClient, seat: Seat) -> None:
    """Sent beside a record that is half typed, it would lose what was typed. Whoever needs one is told so."""
    with transaction():
        theo = PersonDetails(name="Théo Démo", email="theo.demo@example.org", locale="en")
        nomination = nominations.nominate(seat, Nominate(person=theo), by=BY)
        approvals.set_rules(seat.delegation.edition, Rules(letter_required=True), by=BY)
        token = nominations.send_link(nomination, by=BY)
    page = client.get(f"/nominee/{token}").text
    assert "First send your record, then the letter: this gathering accredits nobody without it." in page
    assert 'type="file"' not in page and f"/nominee/{token}/letter" not in page
    with transaction():
        nominations.complete(nomination, record(locale="en"))
    assert f"/nominee/{token}/letter" in client.get(f"/nominee/{token}").text
    assert "Send your nomination letter" in client.get(f"/nominee/{token}/done").text
    own = client.get(f"/nominee/{token}/letter").text
    assert 'type="file"' in own and "This gathering accredits nobody without it." in own
    client.post(f"/nominee/{token}/letter", data={"document": (io.BytesIO(photograph()), "IMG.jpg")})
    assert "Send your nomination letter" not in client.get(f"/nominee/{token}/done").text
