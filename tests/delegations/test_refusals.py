"""What cannot be is said before it is tried, where it was typed, and nothing typed is lost."""

from datetime import timedelta

import pytest
from flask.testing import FlaskClient

from access.models import User
from delegations.lifecycle import quotas
from delegations.lifecycle.quota_models import QuotaScope
from delegations.models import Delegation, Nomination, Seat, SeatStatus
from delegations.seats import accrediting, nominations, nominee_list, seats
from delegations.seats.nominations import Nominate
from delegations.seats.nominee_list import Verdict
from delegations.seats.nominee_reading import read_list
from delegations.seats.seats import NotYet
from events import editions
from events.editions import DeadlineTooLate, EditionDetails
from events.models import Edition, EditionStatus
from events.registration import RegistrationClosed
from network import directory
from network.directory import AddOrganisation
from shared.clock import today
from shared.database import transaction
from tests.conftest import sign_in
from tests.delegations.conftest import BY, person


@pytest.fixture(autouse=True)
def no_tokens(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("flask_wtf.csrf.validate_csrf", lambda *_given, **_options: None)


def test_who_cannot_be_registered_yet_stays_behind_in_the_preview(dakar: Edition, seat: Seat) -> None:
    with transaction():
        ondine: Nomination = nominations.nominate(seat, Nominate(person=person("Ondine Exemple")), by=BY)
        dakar.status = EditionStatus.DRAFT
    assert [type(one.why) for one in accrediting.preview([ondine]).staying] == [RegistrationClosed]


def test_an_address_that_two_names_share_is_doubtful(outaouais: Delegation) -> None:
    rows = read_list("Nom;Courriel\nMère Famille;m@example.org\nNoé Essai;M@example.org\n".encode())
    report = nominee_list.judge(outaouais, rows)
    assert [one.verdict for one in report.rows] == [Verdict.READY, Verdict.DOUBTFUL]
    assert "Mère Famille" in report.rows[1].notes[0]


def test_a_seat_is_withdrawn_on_a_day_that_has_come(outaouais: Delegation, seat: Seat) -> None:
    day = today(outaouais.edition.zone)
    with pytest.raises(NotYet), transaction():
        seats.withdraw_seat(seat, "Trop cher", day + timedelta(days=1), by=BY)
    with transaction():
        seats.withdraw_seat(seat, "Trop cher", day, by=BY)
    assert seat.status is SeatStatus.WITHDRAWN


def test_people_are_named_before_the_gathering_is_over(dakar: Edition) -> None:
    about = EditionDetails(
        name=dakar.name,
        starts_on=dakar.starts_on,
        ends_on=dakar.ends_on,
        zone=dakar.zone,
        place=dakar.place,
        country=dakar.country,
        fee=dakar.fee,
        delegation_deadline=dakar.ends_on + timedelta(days=1),
    )
    with pytest.raises(DeadlineTooLate), transaction():
        editions.change_edition(dakar, about, by=BY)


def test_a_quota_is_set_for_a_region_before_anybody_is_invited(dakar: Edition) -> None:
    with transaction():
        directory.add_organisation(AddOrganisation(name="Réseau fictif", region="Outaouais"), by=BY)
    assert (QuotaScope.REGION, "Outaouais") in quotas.possible(dakar)


def test_an_address_without_a_name_is_asked_for_the_name(
    client: FlaskClient, outaouais: Delegation, ondine: User
) -> None:
    sign_in(client, ondine)
    page = f"/delegations/{outaouais.code}/waiting/join"
    roles = {f"people-{row}-role": "D" for row in range(5)}
    assert "Écrivez le nom de la personne qui attend." in client.post(page, data=roles).text
    typed = roles | {"people-0-name": "Noé Essai", "people-1-email": "ruth@example.org"}
    told = client.post(page, data=typed)
    assert told.status_code == 422
    assert "Écrivez le nom de la personne qui attend." in told.text
    assert "ruth@example.org" in told.text


def test_a_lock_says_what_it_leaves_unfinished(
    client: FlaskClient, fatou: User, outaouais: Delegation, seat: Seat
) -> None:
    with transaction():
        nominations.nominate(seat, Nominate(person=person("Ondine Exemple")), by=BY)
    sign_in(client, fatou)
    told = client.get("/delegations/DKR05-OUT/path/lock").text
    assert "5 places sans personne" in told
    assert "1 personne qui n’est pas encore accréditée" in told
    client.post("/delegations/DKR05-OUT/path/lock")
    page = client.get("/delegations/DKR05-OUT/seats/1").text
    assert "/seats/1/withdraw" not in page  # what would be refused is not offered
    assert "/seats/1/substitute" not in page
    assert "restent telles quelles" in page
