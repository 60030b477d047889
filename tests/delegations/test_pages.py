"""The pages of delegations: scoped, without JavaScript, errors at the field, nothing done twice."""

import re
from datetime import date, timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select

from access.models import User
from delegations.models import (
    Delegation,
    DelegationStatus,
    Nomination,
    NominationStatus,
    SavingsPlan,
    Seat,
    SeatStatus,
)
from delegations.savings import plans as savings
from delegations.savings import reminders as plan_reminders
from delegations.savings.payer_models import Payer
from delegations.savings.plans import RecordDeposit
from delegations.seats import nominations
from delegations.seats.nominations import Nominate
from events.models import Edition, Registration
from network.people import CompleteRecord
from shared import clock
from shared.database import db, transaction
from tests.conftest import sign_in
from tests.counting import count_queries
from tests.delegations.conftest import BY, accredited, cad, delegation_of, deposit, person
from tests.printing import words
from treasury import payments
from treasury.models import Payment

RECORD = {"name": "Théo Démo", "country": "CA", "languages": ["fr", "en"], "locale": "fr"}


@pytest.fixture(autouse=True)
def no_tokens(monkeypatch: pytest.MonkeyPatch) -> None:
    """The forms' tokens are the framework's; these tests post without them."""
    monkeypatch.setattr("flask_wtf.csrf.validate_csrf", lambda *_given, **_options: None)


@pytest.fixture
def nominee(seat: Seat, ondine: User) -> tuple[Nomination, str]:
    """Théo Démo, named for DKR05-OUT-01, and the token of his private link."""
    with transaction():
        nomination = nominations.nominate(seat, Nominate(person=person("Théo Démo")), by=ondine)
        return nomination, nominations.send_link(nomination, by=ondine)


def again(row: object) -> None:
    db.session.rollback()
    db.session.refresh(row)


def test_the_head_sees_their_delegation_and_no_other(
    client: FlaskClient, dakar: Edition, outaouais: Delegation, ondine: User
) -> None:
    with transaction():
        delegation_of(dakar, "QUE", "Québec", 3)
    sign_in(client, ondine)
    listed = client.get("/delegations").get_data(as_text=True)
    assert "Outaouais" in listed
    assert "DKR05-QUE" not in listed and ">Québec<" not in listed
    assert client.get("/delegations/DKR05-OUT").status_code == 200
    for path in ("", "/seats/1", "/request", "/plans/open", "/seats/1/nominate"):
        assert client.get(f"/delegations/DKR05-QUE{path}").status_code == 404
    assert client.post("/delegations/DKR05-QUE/confirm").status_code == 404


def test_what_does_not_exist_is_not_there(client: FlaskClient, outaouais: Delegation, ondine: User) -> None:
    sign_in(client, ondine)
    for path in (
        "/delegations/DKR05-XXX",
        "/delegations/DKR05-OUT/seats/7",
        "/delegations/DKR05-OUT/plans/P9",
    ):
        assert client.get(path).status_code == 404


def test_a_head_allocates_no_seats(client: FlaskClient, outaouais: Delegation, ondine: User) -> None:
    sign_in(client, ondine)
    assert client.get("/delegations/DKR05-OUT/allocate").status_code == 403
    assert client.get("/delegations/accreditation").status_code == 403


def test_the_first_steps_through_the_pages(client: FlaskClient, dakar: Edition, fatou: User) -> None:
    sign_in(client, fatou)
    sent = {
        "edition_id": dakar.id, "code": "dkr05-que", "name": "Québec", "locale": "fr",
        "contact_email": "head@example.org", "contact_name": "Ondine Exemple",
    }  # fmt: skip
    refused = client.post("/delegations/invite", data=sent | {"code": "a b"})
    assert refused.status_code == 422
    assert 'value="a b"' in refused.get_data(as_text=True)
    assert client.post("/delegations/invite", data=sent).headers["Location"] == "/delegations/DKR05-QUE"
    assert client.post("/delegations/invite", data=sent).status_code == 422  # sent twice: one invitation
    delegation = db.session.scalars(select(Delegation)).one()
    head = db.session.scalars(select(User).where(User.email == "head@example.org")).one()
    assert head.name == "Ondine Exemple"
    own = client.application.test_client()
    sign_in(own, head)
    assert own.post("/delegations/DKR05-QUE/request", data={"count": "0"}).status_code == 422
    assert own.post("/delegations/DKR05-QUE/request", data={"count": "3", "note": "Cap"}).status_code == 302
    assert "3 " in client.get("/delegations/DKR05-QUE/allocate").get_data(as_text=True)
    assert client.post("/delegations/DKR05-QUE/allocate", data={"count": "3"}).status_code == 302
    assert client.post("/delegations/DKR05-QUE/allocate", data={"count": "3"}).status_code == 422
    for _twice in range(2):
        assert own.post("/delegations/DKR05-QUE/confirm").status_code == 302
    again(delegation)
    assert (delegation.status, len(delegation.seats)) == (DelegationStatus.CONFIRMED, 3)


def test_a_nomination_posted_twice_names_one_person(client: FlaskClient, seat: Seat, ondine: User) -> None:
    sign_in(client, ondine)
    sent = {"name": "Théo Démo", "email": "theo@example.org", "role": "D", "locale": "fr"}
    bad = client.post("/delegations/DKR05-OUT/seats/1/nominate", data=sent | {"email": "theo"})
    assert bad.status_code == 422
    assert 'value="theo"' in bad.get_data(as_text=True)
    assert client.post("/delegations/DKR05-OUT/seats/1/nominate", data=sent).status_code == 302
    second = client.post("/delegations/DKR05-OUT/seats/1/nominate", data=sent)
    assert second.status_code == 422
    assert "Théo Démo" in second.get_data(as_text=True)
    assert db.session.scalar(select(func.count(Nomination.id))) == 1


def test_a_person_completes_their_record_without_an_account(
    client: FlaskClient, nominee: tuple[Nomination, str]
) -> None:
    nomination, token = nominee
    page = client.get(f"/nominee/{token}").get_data(as_text=True)
    assert not re.search(r'<input[^>]*name="languages"[^>]*required', page)  # one box is enough
    silent = client.post(f"/nominee/{token}", data=RECORD | {"languages": []})
    assert silent.status_code == 422
    missing = client.post(f"/nominee/{token}", data=RECORD | {"country": "", "diet": "Végétarien"})
    assert missing.status_code == 422
    assert 'value="Végétarien"' in missing.get_data(as_text=True)
    needs = client.post(f"/nominee/{token}", data=RECORD | {"access_needs": "Fauteuil"})
    assert needs.status_code == 422  # kept only with consent
    for _twice in range(2):
        assert client.post(f"/nominee/{token}", data=RECORD).headers["Location"] == f"/nominee/{token}/done"
    assert client.get(f"/nominee/{token}/done").status_code == 200
    again(nomination)
    assert nomination.status is NominationStatus.COMPLETED
    assert nomination.person.languages == ["fr", "en"]


def test_the_page_speaks_the_person_s_language(client: FlaskClient, seat: Seat, ondine: User) -> None:
    with transaction():
        command = Nominate(person=person("Mary Sample"))
        nomination = nominations.nominate(seat, command, by=ondine)
        nomination.person.locale = "en"
        token = nominations.send_link(nomination, by=ondine)
    page = client.get(f"/nominee/{token}", headers={"Accept-Language": "fr"}).get_data(as_text=True)
    assert '<html lang="en"' in page


def test_an_expired_and_an_unknown_link(client: FlaskClient, nominee: tuple[Nomination, str]) -> None:
    _nomination, token = nominee
    assert client.get("/nominee/nonsense").status_code == 404
    assert client.get(f"/plan/{token}").status_code == 404  # a link opens one thing
    clock.travel_to(clock.now() + nominations.LINK_LASTS + timedelta(seconds=1))
    assert client.get(f"/nominee/{token}").status_code == 410
    assert client.post(f"/nominee/{token}", data=RECORD).status_code == 410


def test_the_link_of_who_was_replaced_opens_nothing(
    client: FlaskClient, seat: Seat, ondine: User, nominee: tuple[Nomination, str]
) -> None:
    _nomination, token = nominee
    sign_in(client, ondine)
    preview = client.get("/delegations/DKR05-OUT/seats/1/substitute").get_data(as_text=True)
    assert "Théo Démo" in preview
    sent = {"name": "Lison Substitut", "email": "lison@example.org", "role": "D", "locale": "fr"}
    assert client.post("/delegations/DKR05-OUT/seats/1/substitute", data=sent).status_code == 422  # no reason
    sent |= {"reason": "Empêchement"}
    assert client.post("/delegations/DKR05-OUT/seats/1/substitute", data=sent).status_code == 302
    assert client.get(f"/nominee/{token}").status_code == 410
    page = client.get("/delegations/DKR05-OUT/seats/1").get_data(as_text=True)
    assert "Lison Substitut" in page and "Empêchement" in page


def test_accreditation_pressed_twice_registers_once(
    client: FlaskClient, fatou: User, nominee: tuple[Nomination, str]
) -> None:
    nomination, _token = nominee
    with transaction():
        nominations.complete(nomination, CompleteRecord(name="Théo Démo", languages=("fr",)))
        nominations.endorse(nomination, by=fatou)
    sign_in(client, fatou)
    assert "Théo Démo" in client.get("/delegations/accreditation").get_data(as_text=True)
    for _twice in range(2):
        assert client.post("/delegations/DKR05-OUT/seats/1/accredit").status_code == 302
    assert db.session.scalar(select(func.count(Registration.id))) == 1
    assert "Théo Démo" not in client.get("/delegations/accreditation").get_data(as_text=True).split("<h1")[1]


def test_a_record_is_returned_with_a_reason(
    client: FlaskClient, fatou: User, nominee: tuple[Nomination, str]
) -> None:
    nomination, _token = nominee
    with transaction():
        nominations.complete(nomination, CompleteRecord(name="Théo Démo"))
    sign_in(client, fatou)
    assert client.post("/delegations/DKR05-OUT/seats/1/return", data={"reason": ""}).status_code == 422
    assert client.post("/delegations/DKR05-OUT/seats/1/return", data={"reason": "Langues"}).status_code == 302
    again(nomination)
    assert nomination.status is NominationStatus.RETURNED


def test_a_seat_is_withdrawn_with_reason_and_date(client: FlaskClient, seat: Seat, ondine: User) -> None:
    sign_in(client, ondine)
    path = "/delegations/DKR05-OUT/seats/1/withdraw"
    assert client.post(path, data={"reason": "Emploi", "on": "11 mars"}).status_code == 422
    assert client.post(path, data={"reason": "Emploi", "on": "2005-03-11"}).status_code == 302
    assert client.post(path, data={"reason": "Emploi", "on": "2005-03-11"}).status_code == 422
    again(seat)
    assert (seat.status, seat.status_reason) == (SeatStatus.WITHDRAWN, "Emploi")


def test_a_plan_is_opened_in_the_reader_s_figures(
    client: FlaskClient, outaouais: Delegation, ondine: User
) -> None:
    sign_in(client, ondine)
    sent = {
        "payer_name": "Réseau fictif du Grand-Héron", "payer_email": "heron@example.org", "code": "P1",
        "seats": "6", "target": "9,000.00", "count": "12", "every_months": "3", "first_due": "2003-01-15",
    }  # fmt: skip
    refused = client.post("/delegations/DKR05-OUT/plans/open", data=sent)
    assert refused.status_code == 422  # written the English way, read by a French reader
    assert 'value="9,000.00"' in refused.get_data(as_text=True)
    assert (
        client.post("/delegations/DKR05-OUT/plans/open", data=sent | {"target": "9 000,00"}).status_code
        == 302
    )
    assert (
        client.post("/delegations/DKR05-OUT/plans/open", data=sent | {"target": "9 000,00"}).status_code
        == 422
    )
    plan = db.session.scalars(select(SavingsPlan)).one()
    assert (plan.target.decimal(), plan.count) == ("9000.00", 12)


def test_a_deposit_form_sent_twice_counts_once(
    client: FlaskClient, plan: SavingsPlan, aristide: User
) -> None:
    sign_in(client, aristide)
    page = client.get("/delegations/DKR05-OUT/plans/P1/deposit").get_data(as_text=True)
    key = re.search(r'name="key"[^>]*value="([^"]+)"', page)
    assert key
    sent = {"amount": "750,00", "received_on": "2003-01-15", "method": "transfer", "key": key[1]}
    for _twice in range(2):
        assert client.post("/delegations/DKR05-OUT/plans/P1/deposit", data=sent).status_code == 302
    assert (
        client.post("/delegations/DKR05-OUT/plans/P1/deposit", data=sent | {"amount": "1e3"}).status_code
        == 422
    )
    assert db.session.scalar(select(func.count(Payment.id))) == 1


def test_the_payer_opens_the_plan_by_link_and_prints_the_passbook(
    client: FlaskClient, plan: SavingsPlan
) -> None:
    clock.travel_to(clock.now() + timedelta(minutes=5))
    with transaction():
        token = plan_reminders.remind(Payer(plan), by=BY)
    page = client.get(f"/plan/{token}").get_data(as_text=True)
    assert plan.reference in page
    assert client.post(f"/plan/{token}/pay", data={"amount": "1_000"}).status_code == 422
    assert client.get(f"/plan/{token}/pay").headers["Location"] == f"/plan/{token}"
    book = client.get(f"/plan/{token}/passbook.pdf")
    assert book.mimetype == "application/pdf"
    assert book.data.startswith(b"%PDF")
    assert client.get(f"/plan/{token}/paid?reference=TG22-2222-2").status_code == 404


def test_a_passbook_is_in_its_reader_s_language_but_for_what_people_wrote(
    client: FlaskClient, plan: SavingsPlan, ondine: User, aristide: User, zoe: User
) -> None:
    with transaction():
        deposit(plan, "750.00", date(2003, 1, 15), aristide, zoe)
        said = RecordDeposit(amount=cad("750.00"), received_on=date(2003, 4, 15), narration="Souper d’avril")
        payments.approve_receipt(savings.record_deposit(plan, said, by=aristide), by=zoe)
        ondine.locale = "en"
    sign_in(client, ondine)
    book = words(client.get("/delegations/DKR05-OUT/plans/P1/passbook.pdf").data)
    assert "Savings plan P1, Outaouais" in book and "Souper d’avril" in book and "Plan d’épargne" not in book


def test_the_number_of_queries_does_not_grow_with_seats(
    client: FlaskClient, dakar: Edition, fatou: User
) -> None:
    with transaction():
        small = delegation_of(dakar, "QUE", "Québec", 2)
        big = delegation_of(dakar, "MAU", "Mauricie", 12)
        accredited(small.seats[0], "Théo Démo")
        for n, seat in enumerate(big.seats):
            accredited(seat, f"Fictif{n} Délégué")
    sign_in(client, fatou)
    counts = []
    for code in ("DKR05-QUE", "DKR05-QUE", "DKR05-MAU"):
        db.session.rollback()
        with count_queries() as seen:
            assert client.get(f"/delegations/{code}").status_code == 200
        counts.append(len(seen))
    assert counts[1] == counts[2] <= 29


@pytest.mark.parametrize("locale", ["fr", "en"])
def test_every_page_opens_in_both_languages(
    client: FlaskClient, plan: SavingsPlan, fatou: User, ondine: User, aristide: User, locale: str
) -> None:
    with transaction():
        accredited(plan.delegation.seats[0], "Théo Démo")
    pages = {
        fatou: ["/delegations", "/delegations/invite", "/delegations/accreditation",
                "/delegations/DKR05-OUT"],
        ondine: ["/delegations/DKR05-OUT/seats/1", "/delegations/DKR05-OUT/seats/2/nominate",
                 "/delegations/DKR05-OUT/seats/1/substitute", "/delegations/DKR05-OUT/seats/1/withdraw",
                 "/delegations/DKR05-OUT/plans/P1", "/delegations/DKR05-OUT/plans/open",
                 "/delegations/DKR05-OUT/request", "/delegations/DKR05-OUT/decline"],
        aristide: ["/delegations/DKR05-OUT/seats/1", "/delegations/DKR05-OUT/plans/P1/deposit"],
    }  # fmt: skip
    for user, paths in pages.items():
        own = client.application.test_client()
        sign_in(own, user)
        with own.session_transaction() as session:
            session["locale"] = locale
        for path in paths:
            answer = own.get(path)
            assert answer.status_code == 200, path
            assert f'<html lang="{locale}"' in answer.get_data(as_text=True)


def test_the_list_says_who_is_late_and_the_history_who_replaced_whom(
    client: FlaskClient, plan: SavingsPlan, fatou: User
) -> None:
    seat = plan.delegation.seats[0]
    with transaction():
        accredited(seat, "Théo Démo")
        nominations.substitute(
            seat, Nominate(person=person("Lison Substitut")), "Empêchement familial", by=fatou
        )
    sign_in(client, fatou)
    assert "Empêchement familial" in (page := client.get("/delegations/DKR05-OUT/seats/1").text)
    assert "<bdi>Théo Démo</bdi> → <bdi>Lison Substitut</bdi>" in page
    listed = client.get("/delegations").text
    assert "Épargne en retard" in listed
    assert plan.payer.name in listed
