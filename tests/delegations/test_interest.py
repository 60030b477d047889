"""The map of interest: who is silent, the next thing for each, reminders that leave once, answers by link."""

from datetime import UTC, date, datetime, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from access import links
from access.models import User
from delegations.interest import asking, views, whereabouts
from delegations.interest.asking import Answer, CannotRemind, ContradictoryAnswer
from delegations.interest.models import Interest, InterestReminder
from delegations.interest.whereabouts import Next, Standing, Where, may_remind, next_thing
from events.models import Edition
from network.directory import AddOrganisation, add_alias, add_organisation
from network.models import Organisation
from network.survey import record_survey
from outbox.jobs import Job
from shared import clock
from shared.database import db, transaction
from tests.conftest import sign_in
from tests.counting import count_queries
from tests.crowd import at_once
from tests.delegations.conftest import BY, delegation_of

ASKED = date(2005, 3, 1)
BEGINS = date(2005, 11, 22)


@pytest.fixture(autouse=True)
def no_tokens(monkeypatch: pytest.MonkeyPatch) -> None:
    """The forms' tokens are the framework's; these tests post without them."""
    monkeypatch.setattr("flask_wtf.csrf.validate_csrf", lambda *_given, **_options: None)


def on(day: date) -> None:
    clock.travel_to(datetime.combine(day, datetime.min.time(), UTC) + timedelta(hours=12))


def body(name: str, locale: str = "fr", **more: str) -> Organisation:
    """A fictional body of the directory; call it in a transaction."""
    command = AddOrganisation(name=name, locale=locale, fictional=True, **more)  # type: ignore[arg-type]
    return add_organisation(command, by=BY)


@pytest.fixture
def atelier(dakar: Edition) -> Interest:
    """The Atelier fictif, which reads English, asked about Dakar on 1 March 2005."""
    on(ASKED)
    with transaction():
        [known] = asking.ask(dakar, [body("Atelier fictif", "en", email="atelier@example.org")], by=BY)
    return known


def mails() -> list[dict[str, str]]:
    wanted = select(Job).where(Job.key.like("interest-%")).order_by(Job.id)
    return [job.payload for job in db.session.scalars(wanted)]


def test_the_next_thing_follows_from_what_a_body_says() -> None:
    reachable = Organisation(name="Atelier fictif", email="atelier@example.org")
    unknown = Organisation(name="Friperie fictive")
    early, late = ASKED + timedelta(days=13), ASKED + timedelta(days=14)
    asked = Standing(reachable, BEGINS, asked_on=ASKED)
    assert (asked.where(early), next_thing(asked, early)) == (Where.ASKED, Next.WAIT)
    assert (asked.where(late), next_thing(asked, late)) == (Where.SILENT, Next.REMIND)
    assert next_thing(Standing(unknown, BEGINS, asked_on=ASKED), late) is Next.CALL
    assert next_thing(Standing(reachable, BEGINS, asked_on=ASKED, stopped=True), late) is Next.CALL
    once = Standing(reachable, BEGINS, asked_on=ASKED, reminded_on=(late,))
    assert [next_thing(once, late + timedelta(days=days)) for days in (13, 14)] == [Next.WAIT, Next.REMIND]
    thrice = Standing(reachable, BEGINS, asked_on=ASKED, reminded_on=(late, late, late))
    assert next_thing(thrice, late + timedelta(days=14)) is Next.CALL
    answers = {"interested": True, "answered_on": late, "asked_on": ASKED}
    assert next_thing(Standing(reachable, BEGINS, plans=True, hosts=True, **answers), late) is Next.INVITE  # type: ignore[arg-type]
    assert next_thing(Standing(reachable, BEGINS, hosts=True, **answers), late) is Next.AGREE  # type: ignore[arg-type]
    assert next_thing(Standing(reachable, BEGINS, **answers), late) is Next.KEEP  # type: ignore[arg-type]
    assert next_thing(Standing(reachable, BEGINS, answered_on=late), late) is Next.NOTHING


def test_nobody_is_reminded_of_a_gathering_that_has_begun() -> None:
    asked = Standing(Organisation(name="Atelier fictif", email="a@example.org"), BEGINS, asked_on=ASKED)
    assert [may_remind(asked, BEGINS - timedelta(days=days)) for days in (1, 0)] == [True, False]
    assert next_thing(asked, BEGINS) is Next.NOTHING


def test_a_body_is_asked_once_in_its_language(atelier: Interest, dakar: Edition) -> None:
    with transaction():
        assert asking.ask(dakar, [atelier.organisation], by=BY) == []
        [spoken] = asking.ask(dakar, [body("Friperie fictive")], by=BY)  # no address: asked by telephone
    [mail] = mails()
    assert (mail["to"], mail["subject"]) == ("atelier@example.org", "Does Dakar 2005 interest you?")
    assert mail["stop_at"].endswith("/reminders")
    assert spoken.reminders == []


def test_reminders_leave_two_weeks_apart_three_times_and_never_twice(
    both_databases: str, atelier: Interest, dakar: Edition
) -> None:
    left = []
    for days in (0, 13, 14, 15, 27, 28, 41, 42, 56, 70):
        on(ASKED + timedelta(days=days))
        with transaction():
            left += [days] * asking.remind_all(dakar, by=BY)
        with transaction():
            assert asking.remind_all(dakar, by=BY) == 0  # pressed again
    assert left == [14, 28, 42]
    assert len(mails()) == 1 + 3
    with pytest.raises(CannotRemind, match="Atelier"), transaction():
        asking.remind(atelier, by=BY)
    with pytest.raises(IntegrityError), transaction():
        db.session.add(InterestReminder(interest_id=atelier.id, number=3))


def test_three_who_press_at_once_remind_each_body_once(
    both_databases: str, app: Flask, atelier: Interest, dakar: Edition
) -> None:
    on(ASKED + timedelta(days=14))
    code = dakar.code

    def press(_number: int) -> int:
        with transaction():
            edition = db.session.scalars(select(Edition).where(Edition.code == code)).one()
            return asking.remind_all(edition, by=BY)

    assert sum(at_once(app, press, 3)) == 1
    db.session.rollback()
    assert len(mails()) == 2


def test_who_answered_or_stopped_is_left_alone(atelier: Interest, dakar: Edition) -> None:
    on(ASKED + timedelta(days=20))
    with transaction():
        asking.stop(atelier, by=BY)
        assert asking.remind_all(dakar, by=BY) == 0
        asking.resume(atelier, by=BY)
        asking.answer(atelier, Answer(interested=False), by=BY)
        assert asking.remind_all(dakar, by=BY) == 0
    with pytest.raises(ContradictoryAnswer), transaction():
        asking.answer(atelier, Answer(interested=False, hosts=True), by=BY)


def test_a_body_answers_by_its_link_and_stops_reminders(atelier: Interest, client: FlaskClient) -> None:
    with transaction():
        token = links.issue_link(asking.LINK, atelier.id, clock.now() + timedelta(days=30))
    page = client.get(f"/interest/{token}").get_data(as_text=True)
    assert "Does it interest you?" in page  # in the body's language
    both = {"interested": "no", "hosts": "y", "note": "Après l’été"}
    refused = client.post(f"/interest/{token}", data=both)
    assert (refused.status_code, "Après l’été" in refused.get_data(as_text=True)) == (422, True)
    assert client.post(f"/interest/{token}", data={**both, "interested": "yes"}).status_code == 302
    assert (atelier.interested, atelier.hosts, atelier.note) == (True, True, "Après l’été")
    client.get(f"/interest/{token}/reminders")
    assert atelier.stopped_at is None  # a mail program that opens every link stops nothing
    client.post(f"/interest/{token}/reminders", data={"wanted": "no"})
    assert atelier.stopped_at is not None


def test_the_map_of_a_survey_keeps_both_numbers(dakar: Edition, client: FlaskClient, fatou: User) -> None:
    on(ASKED)
    with transaction():
        named = [body(f"Organisme {number:02}", region="Outaouais") for number in range(26)]
        record_survey("Enquête", 25, named, about="DKR05", by=BY)
        for number, one in enumerate(named):
            known = asking.note_asked(dakar, one, by=BY)
            asking.answer(known, Answer(interested=True, hosts=number < 13), by=BY)
        delegation_of(dakar, "OUT", "Outaouais", 6).organisation_id = body("Réseau fictif").id
    found = whereabouts.counts(whereabouts.network_of(dakar))
    assert (found.asked, found.answered, found.hosting, found.planning, found.silent) == (26, 26, 13, 1, 0)
    sign_in(client, fatou)
    with count_queries() as few:
        page = client.get("/delegations/interest/DKR05").get_data(as_text=True)
    assert ("26 organismes et en annonce 25" in page, len(few) <= 14) == (True, True)
    hosts = client.get("/delegations/interest/DKR05?state=hosting").get_data(as_text=True)
    assert hosts.count('<th scope="row">') == 13


def test_a_long_map_has_pages_and_its_figures_count_all_of_them(
    dakar: Edition, client: FlaskClient, fatou: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(views, "_PAGE", 4)
    on(ASKED)
    with transaction():
        for number in range(6):
            asking.note_asked(dakar, body(f"Organisme {number}"), by=BY)
    sign_in(client, fatou)
    first = client.get("/delegations/interest/DKR05").get_data(as_text=True)
    assert (first.count('<th scope="row">'), "?page=2#bodies" in first) == (4, True)
    second = client.get("/delegations/interest/DKR05?page=2").get_data(as_text=True)
    assert second.count('<th scope="row">') == 2


def test_the_organiser_asks_reminds_and_writes_down(dakar: Edition, client: FlaskClient, fatou: User) -> None:
    on(ASKED)
    with transaction():
        here, away = body("Atelier fictif", email="atelier@example.org"), body("Friperie fictive")
    sign_in(client, fatou)
    assert client.post("/delegations/interest/DKR05/ask", data={}).status_code == 422
    client.post("/delegations/interest/DKR05/ask", data={"organisations": [here.id, away.id]})
    on(ASKED + timedelta(days=14))
    for _pressed_twice in range(2):
        client.post("/delegations/interest/DKR05/remind", data={"organisation": here.id})
    assert [mail["to"] for mail in mails()] == ["atelier@example.org"] * 2  # the question and one reminder
    client.post(f"/delegations/interest/DKR05/{away.id}", data={"interested": "yes", "plans": "y"})
    invite = f"/delegations/invite?edition=DKR05&amp;organisation={away.id}"
    assert invite in client.get("/delegations/interest/DKR05?state=planning").get_data(as_text=True)
    assert invite in client.get(f"/delegations/interest/DKR05/{away.id}").get_data(as_text=True)
    silent = client.get(f"/delegations/interest/DKR05/{here.id}").get_data(as_text=True)
    assert "/delegations/invite" not in silent  # it did not say that it plans one
    invitation = client.get(f"/delegations/invite?edition=DKR05&organisation={away.id}")
    assert 'value="Friperie fictive"' in invitation.get_data(as_text=True)


def test_a_survey_is_read_first_and_taken_in_whole(dakar: Edition, client: FlaskClient, fatou: User) -> None:
    """26 lines against 25 stated, one known under its alias, one named twice, one that says no."""
    on(ASKED)
    with transaction():
        add_alias(body("CDÉC de Gatineau"), "CDEC Gatineau", by=BY)
    lines = [f"Organisme {number:02};Outaouais;accueil" for number in range(23)]
    lines += [
        "cdec gatineau;Outaouais;",
        "Fondation;finance;Non merci",
        "Rêve;culture;une délégation en 2005",
    ]
    text = "\r\n".join([*lines, "organisme 00;Outaouais;accueil"])
    sign_in(client, fatou)
    address = "/delegations/interest/DKR05/survey"
    form = {"title": "Enquête", "stated": "25", "text": text}
    report = client.post(address, data=form).get_data(as_text=True)
    assert "nomme 26 organismes et en annonce 25" in report
    assert "25 organismes entrent au répertoire" in report
    assert report.count("nommé deux fois") == 1
    assert whereabouts.network_of(dakar) == []
    assert client.post(address, data={**form, "text": " \r\n"}).status_code == 422
    client.post(address, data={**form, "agreed": text})
    found = whereabouts.counts(whereabouts.network_of(dakar))
    assert (found.asked, found.answered, found.hosting, found.planning) == (26, 26, 23, 1)
    by_name = {one.organisation.name: one for one in whereabouts.network_of(dakar)}
    assert "CDÉC de Gatineau" in by_name
    assert not by_name["Fondation"].interested
    assert by_name["Fondation"].organisation.sector == "finance"
    table = client.get("/delegations/interest/DKR05/table.csv").get_data(as_text=True)
    assert "Organisme 07,Outaouais,accueillerait,2005-03-01,0,2005-03-01," in table
