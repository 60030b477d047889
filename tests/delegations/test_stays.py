"""When people come and where they sleep: told by each or by their delegation, seen together, forgotten."""

from datetime import UTC, date, datetime
from html import unescape

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from access import links
from access.models import User
from delegations.answers import head as head_answers
from delegations.funding.coverage_queries import coverage_of
from delegations.models import Delegation, Nomination, Seat
from delegations.seats import leaving, nominations
from delegations.seats.nominations import Nominate
from delegations.stays import asking, journeys, stays
from delegations.stays.journeys import Day, Tally
from delegations.stays.models import Lodging, Stay
from delegations.stays.stays import FarFromTheGathering, GatheringOver, LeavesBeforeComing, TellStay
from events.models import Edition
from outbox.jobs import Job
from shared import clock
from shared.database import db, transaction
from shared.errors import Conflict, DomainError
from tests.conftest import sign_in
from tests.counting import count_queries
from tests.delegations.conftest import BY, accredited, delegation_of, person

OCTOBER = datetime(2005, 10, 24, 9, tzinfo=UTC)
EVENING = TellStay(date(2005, 11, 21), "vol du soir, 20 h 35", date(2005, 11, 27), Lodging.WANTED, "au calme")
ROOM_1 = "Maison d’accueil, chambre 1"


@pytest.fixture
def lison(seat: Seat) -> Nomination:
    """Lison Substitut, accredited for DKR05-OUT-01, in October."""
    clock.travel_to(OCTOBER)
    with transaction():
        return accredited(seat, "Lison Substitut")


@pytest.fixture
def three(lison: Nomination, outaouais: Delegation) -> list[Nomination]:
    """Lison, Amina and Awa: two share a room, the third has a bed of her own."""
    with transaction():
        amina = accredited(outaouais.seats[1], "Amina Prototype")
        awa = accredited(outaouais.seats[2], "Awa Imaginaire")
        for one in (lison, amina):
            stays.tell(one, EVENING, by=BY)
            stays.lodge(one, f"  {ROOM_1} ", by=BY)
        stays.tell(awa, TellStay(arrives_on=date(2005, 11, 19), lodging=Lodging.OWN), by=BY)
    return [lison, amina, awa]


@pytest.mark.usefixtures("both_databases")
def test_a_delegation_sees_who_comes_when_and_sleeps_where(
    three: list[Nomination], outaouais: Delegation, dakar: Edition
) -> None:
    known = journeys.travellers(outaouais)
    assert [one.nomination.person.name for one in known] == [
        "Awa Imaginaire",
        "Lison Substitut",
        "Amina Prototype",
    ]
    [(place, sharing)] = journeys.rooms(known).items()
    assert (place, len(sharing)) == (ROOM_1, 2)
    tally = Tally(people=3, told=3, lodging_told=3, wanted=2, without=0, first=date(2005, 11, 19))
    assert journeys.tallies([outaouais.id]) == {outaouais.id: tally}
    assert journeys.tally_to(dakar) == tally
    days = {one.day.day: one for one in journeys.days_of(outaouais)}
    assert list(days) == [19, 20, 21, 22, 23, 24, 25, 26, 27]
    assert days[21] == Day(date(2005, 11, 21), come=2, go=0, beds=2)
    assert (days[26].beds, days[27]) == (2, Day(date(2005, 11, 27), come=0, go=2, beds=0))
    assert journeys.days_to(dakar) == list(days.values())


@pytest.mark.usefixtures("three")
def test_who_leaves_on_an_unknown_day_keeps_the_bed_until_the_last_night(
    lison: Nomination, outaouais: Delegation
) -> None:
    with transaction():
        stays.tell(lison, TellStay(arrives_on=date(2005, 11, 25), lodging=Lodging.WANTED), by=BY)
    beds = {one.day.day: one.beds for one in journeys.days_of(outaouais)}
    assert (beds[24], beds[25], beds[26]) == (1, 2, 1)  # the gathering ends on the 26th


@pytest.mark.parametrize(
    ("told", "why", "field"),
    [
        (TellStay(arrives_on=date(2006, 11, 21)), FarFromTheGathering, "arrives_on"),
        (TellStay(arrives_on=date(2005, 11, 27)), FarFromTheGathering, "arrives_on"),
        (TellStay(leaves_on=date(2005, 11, 21)), FarFromTheGathering, "leaves_on"),
        (TellStay(date(2005, 11, 24), "", date(2005, 11, 23)), LeavesBeforeComing, "leaves_on"),
    ],
)
def test_a_day_that_cannot_be_is_refused(
    lison: Nomination, told: TellStay, why: type[DomainError], field: str
) -> None:
    with pytest.raises(why) as refused, transaction():
        stays.tell(lison, told, by=BY)
    assert (refused.value.field, stays.stay_of(lison)) == (field, None)


def test_nothing_is_told_once_the_gathering_is_over_or_the_person_left(lison: Nomination, seat: Seat) -> None:
    clock.travel_to(datetime(2005, 11, 26, 23, tzinfo=UTC))
    with transaction():
        stays.tell(lison, EVENING, by=BY)
    clock.travel_to(datetime(2005, 11, 27, 1, tzinfo=UTC))
    with pytest.raises(GatheringOver), transaction():
        stays.tell(lison, EVENING, by=BY)
    with pytest.raises(GatheringOver), transaction():
        stays.lodge(lison, ROOM_1, by=BY)
    clock.travel_to(OCTOBER)
    with transaction():
        nominations.substitute(seat, Nominate(person=person("Awa Imaginaire")), "Malade", by=BY)
    with pytest.raises(Conflict), transaction():
        stays.tell(lison, EVENING, by=BY)


@pytest.mark.usefixtures("both_databases")
def test_the_bed_of_who_leaves_is_free_again(three: list[Nomination], seat: Seat) -> None:
    assert leaving.consequences(seat, coverage_of(seat.delegation)).bed == ROOM_1
    with transaction():
        new = nominations.substitute(seat, Nominate(person=person("Ondine Exemple")), "Malade", by=BY)
    assert (stays.stay_of(three[0]), stays.stay_of(new)) == (None, None)
    assert len(db.session.scalars(select(Stay)).all()) == 2


def asked() -> list[str]:
    """Who was asked when they arrive."""
    mails = [job.payload for job in db.session.scalars(select(Job)) if "subject" in job.payload]
    return sorted(one["to"] for one in mails if "arrivez-vous" in one["subject"])


@pytest.mark.usefixtures("both_databases")
def test_who_has_not_told_is_asked_once_a_day(three: list[Nomination], outaouais: Delegation) -> None:
    with transaction():
        stays.tell(three[0], TellStay(arrives_on=date(2005, 11, 21)), by=BY)  # where she sleeps is not known
        late = accredited(outaouais.seats[3], "Ondine Exemple")
    clock.travel_to(datetime(2005, 11, 2, 9, tzinfo=UTC))
    with transaction():
        assert asking.ask(outaouais, by=BY) == 2
    with transaction():
        assert asking.ask(outaouais, by=BY) == 0
    assert asked() == sorted([three[0].person.email, late.person.email])
    clock.travel_to(datetime(2005, 11, 3, 9, 1, tzinfo=UTC))
    with transaction():
        late.person.email = ""
        assert asking.ask(outaouais, by=BY) == 1
    clock.travel_to(datetime(2005, 11, 27, 9, tzinfo=UTC))
    with transaction():
        assert asking.ask(outaouais, by=BY) == 0


def test_a_person_tells_it_by_their_link_and_a_mistake_loses_nothing(
    client: FlaskClient, lison: Nomination, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("flask_wtf.csrf.validate_csrf", lambda *_given, **_options: None)
    with transaction():
        token = links.issue_link("nominee", lison.id, datetime(2005, 12, 1, tzinfo=UTC))
    page = f"/nominee/{token}/stay"
    assert f'href="{page}"' in client.get(f"/nominee/{token}").text
    told = {
        "arrives_on": "2006-11-21",
        "arrives_by": "car de Thiès",
        "lodging": "wanted",
        "wishes": "avec Awa",
    }
    refused = client.post(page, data=told)
    assert refused.status_code == 422
    for kept in ("2006-11-21", "car de Thiès", "avec Awa", "22 novembre 2005"):
        assert kept in unescape(refused.text)
    assert client.post(page, data={**told, "arrives_on": "2005-11-21"}).status_code == 302
    stay = stays.stay_of(lison)
    assert stay and (stay.arrives_on, stay.lodging) == (date(2005, 11, 21), Lodging.WANTED)
    with transaction():
        stays.lodge(lison, ROOM_1, by=BY)
    assert ROOM_1 in unescape(client.get(page).text)
    assert "21 novembre 2005" in client.get(f"/nominee/{token}").text


def test_two_who_tell_the_same_journey_lose_nothing(
    client: FlaskClient, lison: Nomination, ondine: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("flask_wtf.csrf.validate_csrf", lambda *_given, **_options: None)
    sign_in(client, ondine)
    page = "/delegations/DKR05-OUT/seats/1/stay"
    seen = unescape(client.get(page).text.split('name="seen"')[1].split('value="')[1].split('"')[0])
    with transaction():
        stays.tell(lison, EVENING, by=BY)  # the person, meanwhile
    mine = {"seen": seen, "arrives_on": "2005-11-20", "lodging": "wanted", "place": ROOM_1}
    shown = client.post(page, data=mine)
    assert shown.status_code == 422
    assert ("21 novembre 2005" in shown.text, "20 novembre 2005" in shown.text) == (True, True)
    stay = stays.stay_of(lison)
    assert stay and (stay.arrives_on, stay.place) == (date(2005, 11, 21), "")
    again = unescape(shown.text.split('name="seen"')[1].split('value="')[1].split('"')[0])
    assert client.post(page, data={**mine, "seen": again}).status_code == 302
    stay = stays.stay_of(lison)
    assert stay and (stay.arrives_on, stay.place) == (date(2005, 11, 20), ROOM_1)


def test_what_somebody_wishes_is_read_by_who_finds_the_bed(
    client: FlaskClient, three: list[Nomination], ondine: User, aristide: User, dakar: Edition
) -> None:
    page = "/delegations/DKR05-OUT/journeys"
    sign_in(client, ondine)
    mine = unescape(client.get(page).text)
    assert ("au calme" in mine, "Maison d’accueil" in mine) == (True, True)
    sign_in(client, aristide)
    theirs = client.get(page)
    assert (theirs.status_code, "au calme" in theirs.text) == (200, False)
    with transaction():
        delegation_of(dakar, "QUE", "Québec", 3)
    sign_in(client, ondine)
    for hidden in ("/delegations/DKR05-QUE/journeys", "/delegations/DKR05-QUE/seats/1/stay"):
        assert client.get(hidden).status_code == 404
    assert client.get("/delegations/arrivals/DKR05").status_code in (403, 404)


def test_a_gathering_sees_all_its_delegations_by_as_many_queries_for_two_as_for_one(
    client: FlaskClient, three: list[Nomination], fatou: User, dakar: Edition
) -> None:
    sign_in(client, fatou)
    page = "/delegations/arrivals/DKR05"
    client.get(page)
    with count_queries() as alone:
        shown = client.get(page)
    assert (shown.status_code, "Outaouais" in shown.text) == (200, True)
    with transaction():
        accredited(delegation_of(dakar, "QUE", "Québec", 3).seats[0], "Ondine Exemple")
    with count_queries() as together:
        shown = client.get(page)
    assert ("Québec" in shown.text, len(together)) == (True, len(alone))
    table = client.get(f"{page}/file.csv").text
    assert "2005-11-21" in table
    assert ROOM_1 in table
    assert table.count("DKR05-") == 4


def test_a_head_reads_arrivals_and_rooms_at_a_glance(
    app: Flask, three: list[Nomination], outaouais: Delegation
) -> None:
    def told(question: str) -> tuple[str, str, str]:
        with app.test_request_context(headers={"Accept-Language": "en"}):
            found = head_answers.answers(outaouais)[head_answers.Topic.JOURNEY]
            one = next(one for one in found if one.question == question)
            return one.words, one.state, one.note

    assert told("Arrivals") == ("3 of 3", "good", "said when; the first on November 19, 2005")
    assert told("Rooms") == ("all placed", "good", "")
    with transaction():
        stays.lodge(three[0], "", by=BY)
        accredited(outaouais.seats[3], "Ondine Exemple")
    assert told("Arrivals")[:2] == ("3 of 4", "wait")
    assert told("Rooms") == ("1 without a place", "bad", "1 has not said")
    clock.travel_to(datetime(2005, 11, 22, 9, tzinfo=UTC))
    assert told("Arrived so far")[0] == "0 of 4"
