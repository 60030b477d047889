"""A free seat is offered to whoever waits: taken, refused, let pass, taken back; families whole or not."""

from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from access import links
from access.models import User
from delegations.lifecycle import adding
from delegations.models import Delegation, Nomination, Seat, SeatStatus
from delegations.seats import nominations, offers, seats, waiting
from delegations.seats.nominations import Nominate
from delegations.seats.offers import AllOrNobody, OfferOver
from delegations.seats.waiting import SeatHeld, Wait
from delegations.seats.waiting_models import OfferStatus, SeatOffer, WaitingStatus
from outbox.jobs import Job
from shared import clock
from shared.clock import now
from shared.database import db, transaction
from shared.errors import Conflict
from tests.conftest import sign_in
from tests.delegations.conftest import BY, person

FAMILY = ("Mère Famille", "Fille Famille", "Fils Famille")


def filled(delegation: Delegation, free: int) -> None:
    """All seats named but the last `free`; call it in a transaction."""
    for seat in delegation.seats[: len(delegation.seats) - free]:
        nominations.nominate(seat, Nominate(person=person(f"Titulaire{seat.number} Exemple")), by=BY)


def wait(delegation: Delegation, *names: str, whole: bool = False) -> None:
    """Everybody named here waits together; call it in a transaction."""
    party = "Famille fictive" if len(names) > 1 else ""
    for name in names:
        waiting.wait(delegation, Wait(person=person(name), party=party, whole=whole), by=BY)


def offered(offer: SeatOffer) -> list[tuple[str, str]]:
    return [(one.waiting.person.name, one.seat.code) for one in offer.seats]


@pytest.mark.usefixtures("both_databases")
def test_a_seat_is_held_until_the_answer_and_goes_on_to_the_next(outaouais: Delegation) -> None:
    with transaction():
        filled(outaouais, free=1)
        wait(outaouais, "Noé Essai")
        wait(outaouais, "Ruth Placeholder")
        [first] = offers.make(outaouais, by=BY)
    assert offered(first) == [("Noé Essai", "DKR05-OUT-06")]
    last = outaouais.seats[5]
    with pytest.raises(SeatHeld, match="Noé Essai"), transaction():
        nominations.nominate(last, Nominate(person=person("Théo Démo")), by=BY)
    with pytest.raises(SeatHeld), transaction():
        seats.release(last, "Trop cher", by=BY)
    with pytest.raises(Conflict), transaction():  # who is offered a seat answers that
        waiting.leave(first.seats[0].waiting, by=BY)
    with transaction():
        [second] = offers.decline(first, "Un autre voyage", by=BY)
    assert offered(second) == [("Ruth Placeholder", "DKR05-OUT-06")]
    with transaction():
        [named] = offers.accept(second, [second.seats[0].waiting_id], by=BY)
    assert (named.person.name, last.status) == ("Ruth Placeholder", SeatStatus.NAMED)
    with pytest.raises(OfferOver), transaction():
        offers.decline(second, "", by=BY)


@pytest.mark.usefixtures("app")
def test_an_offer_nobody_answers_passes_on(outaouais: Delegation) -> None:
    with transaction():
        filled(outaouais, free=1)
        wait(outaouais, "Noé Essai")
        wait(outaouais, "Ruth Placeholder")
        [first] = offers.make(outaouais, by=BY)
    key, noe = first.id, first.seats[0].waiting
    offers.end_in_time({"offer": key})  # too early
    assert db.session.get_one(SeatOffer, key).status is OfferStatus.OPEN
    clock.travel_to(now() + offers.LASTS + timedelta(minutes=1))
    for _ in range(2):
        offers.end_in_time({"offer": key})
    assert noe.status is WaitingStatus.LAPSED
    [second] = offers.open_offers(outaouais)
    assert offered(second) == [("Ruth Placeholder", "DKR05-OUT-06")]
    with transaction():
        waiting.wait_again(noe, by=BY)
    assert [one.person.name for one in waiting.line_of(outaouais)] == ["Noé Essai"]


@pytest.mark.usefixtures("app")
def test_a_family_whole_is_passed_over_and_answers_together(outaouais: Delegation) -> None:
    with transaction():
        filled(outaouais, free=2)
        wait(outaouais, *FAMILY, whole=True)
        wait(outaouais, "Zoé Seule")
        [single] = offers.make(outaouais, by=BY)
    assert [name for name, _seat in offered(single)] == ["Zoé Seule"]
    with transaction():
        offers.withdraw(single, "La famille d’abord", by=BY)
        nominations.withdraw_nomination(_held(outaouais.seats[3]), "Ne vient pas", by=BY)
        [family] = offers.make(outaouais, by=BY)
    assert [name for name, _seat in offered(family)] == list(FAMILY)
    with pytest.raises(AllOrNobody), transaction():
        offers.accept(family, [family.seats[0].waiting_id], by=BY)
    with transaction():
        named = offers.accept(family, {one.waiting_id for one in family.seats}, by=BY)
    assert len(named) == 3 and [one.person.name for one in waiting.line_of(outaouais)] == ["Zoé Seule"]


def _held(seat: Seat) -> Nomination:
    assert seat.nomination
    return seat.nomination


@pytest.mark.usefixtures("app")
def test_a_family_in_part_takes_what_it_wants(outaouais: Delegation) -> None:
    with transaction():
        filled(outaouais, free=2)
        wait(outaouais, *FAMILY)
        [offer] = offers.make(outaouais, by=BY)
        named = offers.accept(offer, [offer.seats[1].waiting_id], by=BY)
    assert [one.person.name for one in named] == ["Fille Famille"]
    [next_one] = offers.open_offers(outaouais)  # the mother gave hers up; the son is offered it
    assert offered(next_one) == [("Fils Famille", "DKR05-OUT-05")]


def test_a_family_is_told_for_whom_the_seats_are_and_who_goes_on_waiting(
    client: FlaskClient, outaouais: Delegation
) -> None:
    with transaction():
        filled(outaouais, free=1)
        wait(outaouais, *FAMILY)
        [first] = offers.make(outaouais, by=BY)
        one = links.issue_link(offers.LINK, first.id, first.until)
        offers.accept(first, [first.seats[0].waiting_id], by=BY)
        adding.add_seats(outaouais, 2, by=BY)
        [second] = offers.open_offers(outaouais)
        two = links.issue_link(offers.LINK, second.id, second.until)
    told = [job.payload for job in db.session.scalars(select(Job).where(Job.kind == "mail").order_by(Job.id))]
    mother, *_, son = [one for one in told if "libre" in one["subject"]]
    assert "Fille Famille, Fils Famille continuent d’attendre" in " ".join(mother["text"].split())
    assert son["subject"].startswith("2 places sont libres pour vous")
    assert "Les places sont pour Fille Famille, Fils Famille." in " ".join(son["text"].split())
    assert "continue" not in son["text"] and "continue" not in client.get(f"/offer/{two}").text
    assert "Vous avez dit oui" in client.get(f"/offer/{one}").text
    with transaction():
        offers.withdraw(second, "", by=BY)
        nominations.nominate(outaouais.seats[-1], Nominate(person=person("Zoé Seule")), by=BY)
        [third] = offers.make(outaouais, by=BY)
        three = links.issue_link(offers.LINK, third.id, third.until)
    assert "Fils Famille continue d’attendre." in client.get(f"/offer/{three}").text


def test_from_the_line_to_the_telephone(
    app: Flask, client: FlaskClient, outaouais: Delegation, ondine: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("flask_wtf.csrf.validate_csrf", lambda *_given, **_options: None)
    with transaction():
        filled(outaouais, free=1)
    sign_in(client, ondine)
    here = "/delegations/DKR05-OUT/waiting"
    assert "Personne n’attend" in client.get(here).text
    typed = {f"people-{row}-role": "S" for row in range(5)}
    typed |= {"people-0-name": "Noé Essai", "people-0-email": "pas une adresse"}
    refused = client.post(f"{here}/join", data=typed)
    assert refused.status_code == 422 and "pas une adresse" in refused.text
    assert (
        client.post(f"{here}/join", data={**typed, "people-0-name": " ", "people-0-email": ""}).status_code
        == 422
    )
    client.post(f"{here}/join", data={**typed, "people-0-email": "noe@example.org"})
    assert "DKR05-OUT-06" in client.get(here).text  # previewed
    assert offers.open_offers(outaouais) == []
    client.post(f"{here}/offer")
    [offer] = offers.open_offers(outaouais)
    assert "Noé Essai" in client.get("/delegations/DKR05-OUT/seats/6").text
    with transaction():
        token = links.issue_link(offers.LINK, offer.id, offer.until)
    for nobody in ({}, {"come": "9" * 5000}, {"come": "²"}):
        assert client.post(f"/offer/{token}", data=nobody).status_code == 422
    client.post(f"/offer/{token}", data={"come": offer.seats[0].waiting_id})
    assert "lien privé" in client.get(f"/offer/{token}").text
    db.session.rollback()
    assert outaouais.seats[5].status is SeatStatus.NAMED


def test_a_long_line_is_paged(client: FlaskClient, outaouais: Delegation, fatou: User) -> None:
    everybody = [Wait(person=person(f"Attente{number:02} Exemple")) for number in range(60)]
    with transaction():
        waiting.wait_all(outaouais, everybody, by=BY)
    sign_in(client, fatou)
    first = client.get("/delegations/DKR05-OUT/waiting").text
    assert "Attente49" in first
    assert "Attente50" not in first
    assert "Attente59" in client.get("/delegations/DKR05-OUT/waiting?page=2").text
    board = client.get("/delegations/DKR05-OUT/seats").text
    assert "Attente09" in board
    assert "Attente10" not in board
