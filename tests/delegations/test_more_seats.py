"""A delegation that has its seats is given more: numbered on, within the quotas, offered to whoever waits."""

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from access.models import User
from delegations.lifecycle import adding, quotas, standing
from delegations.lifecycle.invitations import BadSeatCount
from delegations.lifecycle.moves import NotInThisState
from delegations.lifecycle.quota_models import QuotaScope
from delegations.lifecycle.quotas import QuotaFull
from delegations.models import Delegation, DelegationStatus
from delegations.seats import offers, seats, waiting
from delegations.seats.waiting import Wait
from events.models import Edition
from outbox.jobs import Job
from shared.clock import now
from shared.database import db, transaction
from tests.conftest import sign_in
from tests.delegations.conftest import BY, delegation_of, person


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
    mail = [job.payload for job in db.session.scalars(select(Job)) if "to" in job.payload]
    assert "DKR05-MAU-04, DKR05-MAU-05" in mail[-1]["text"]
