"""A delegation that has its seats is given more: numbered on, within the quotas, offered to whoever waits."""

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from access.models import User
from delegations.lifecycle import adding, quotas, standing
from delegations.lifecycle.adding import TooFewFree
from delegations.lifecycle.invitations import BadSeatCount
from delegations.lifecycle.moves import NotInThisState
from delegations.lifecycle.quota_models import QuotaScope
from delegations.lifecycle.quotas import QuotaFull
from delegations.models import Delegation, DelegationStatus, SeatStatus
from delegations.seats import nominations, offers, seats, waiting
from delegations.seats.nominations import Nominate
from delegations.seats.seats import ReasonMissing
from delegations.seats.waiting import Wait
from events.models import Edition
from outbox.jobs import Job
from shared.clock import now
from shared.database import db, transaction
from tests.conftest import sign_in
from tests.delegations.conftest import BY, delegation_of, person
from tests.events.browsing import fill_in


def test_two_seats_more_follow_the_last_number_and_go_to_who_waits(outaouais: Delegation) -> None:
    with transaction():
        seats.withdraw_seat(outaouais.seats[5], "Trop cher", now().date(), by=BY)
        for seat in outaouais.seats[:5]:
            seats.release(seat, "Trop cher", by=BY)
        waiting.wait(outaouais, Wait(person=person("Noé Essai")), by=BY)
    with transaction():
        given = adding.add_seats(outaouais, 2, "Un don", by=BY)
    assert [seat.code for seat in given] == ["DKR05-OUT-07", "DKR05-OUT-08"]  # 06 is withdrawn, and stays so
    assert outaouais.seats_allocated == 8
    assert outaouais.status is DelegationStatus.CONFIRMED
    assert standing.history(outaouais)[0].step.reason == "+2 · Un don"
    [offer] = offers.open_offers(outaouais)
    [one] = offer.seats
    assert (one.waiting.person.name, one.seat.code) == ("Noé Essai", "DKR05-OUT-07")


def test_more_seats_stay_within_the_quota_and_sense(dakar: Edition, outaouais: Delegation) -> None:
    with transaction():
        quotas.set_quota(dakar, QuotaScope.DELEGATION, outaouais.code, 7, by=BY)
    with pytest.raises(QuotaFull, match="1 too many"), transaction():
        adding.add_seats(outaouais, 2, by=BY)
    for count in (0, -1, 195):
        with pytest.raises(BadSeatCount, match="from 1 to 194"), transaction():
            adding.add_seats(outaouais, count, by=BY)
    with transaction():
        adding.add_seats(outaouais, 1, by=BY)
        standing.lock(outaouais, "", by=BY)
    with pytest.raises(NotInThisState, match="locked"), transaction():
        adding.add_seats(outaouais, 1, by=BY)


def test_the_organiser_adds_seats_on_a_page_and_the_delegation_is_told(
    client: FlaskClient, fatou: User, dakar: Edition, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("flask_wtf.csrf.validate_csrf", lambda *_given, **_options: None)
    with transaction():
        delegation_of(dakar, "MAU", "Mauricie", 3).contact_email = "mauricie@example.org"
    sign_in(client, fatou)
    assert "DKR05-MAU-04" in client.get("/delegations/DKR05-MAU/more-seats").text
    assert client.post("/delegations/DKR05-MAU/more-seats", data={"count": "-4"}).status_code == 422
    shown = client.post("/delegations/DKR05-MAU/more-seats", data={"count": "2"}, follow_redirects=True)
    assert "2 places sont ajoutées" in shown.text or "2 seats are added" in shown.text
    assert "DKR05-MAU-05" in shown.text
    again = fill_in(client, "/delegations/DKR05-MAU/more-seats", count="1", seen="3")
    assert (again.status_code, "depuis" in again.text) == (422, True)  # sent twice, or from an old page
    mail = [job.payload for job in db.session.scalars(select(Job)) if "to" in job.payload]
    assert "DKR05-MAU-04, DKR05-MAU-05" in mail[-1]["text"]


def test_free_seats_are_given_back_together_and_fill_no_quota(dakar: Edition, outaouais: Delegation) -> None:
    with transaction():
        quotas.set_quota(dakar, QuotaScope.DELEGATION, outaouais.code, 6, by=BY)
        nominations.nominate(outaouais.seats[0], Nominate(person=person("Ondine Exemple")), by=BY)
    for count in (0, -1, 6):
        with pytest.raises(TooFewFree, match="Only 5"), transaction():
            adding.give_back(outaouais, count, "Trop cher", by=BY)
    with pytest.raises(ReasonMissing), transaction():
        adding.give_back(outaouais, 2, " ", by=BY)
    with transaction():
        back = adding.give_back(outaouais, 2, "Trop cher", by=BY)
    assert [seat.code for seat in back] == ["DKR05-OUT-05", "DKR05-OUT-06"]
    assert {seat.status for seat in back} == {SeatStatus.RELEASED}
    with transaction():
        adding.add_seats(outaouais, 2, by=BY)  # the quota of six has room again


def test_the_head_gives_back_what_nobody_needs(
    client: FlaskClient, ondine: User, outaouais: Delegation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("flask_wtf.csrf.validate_csrf", lambda *_given, **_options: None)
    sign_in(client, ondine)
    page = "/delegations/DKR05-OUT/fewer-seats"
    assert "6 places sont libres" in client.get(page).text
    refused = client.post(page, data={"count": "7", "reason": "Trop cher"})
    assert refused.status_code == 422
    assert "Trop cher" in refused.text  # nothing typed is lost
    told = client.post(page, data={"count": "2", "reason": "Trop cher"}, follow_redirects=True).text
    assert "2 places sont rendues." in told
    again = fill_in(client, page, count="2", reason="Trop cher", seen="6")
    assert (again.status_code, "depuis" in again.text) == (422, True)
    assert fill_in(client, page, count="1", reason="Trop cher").status_code == 302
