"""Papers and gifts in a browser: issued from a payment, printed, sent, voided and replaced; said why not."""

from datetime import UTC, date, datetime

import pytest
from flask import Flask
from sqlalchemy import select

from access import links
from access.models import User
from outbox.jobs import Job, run_due
from shared import clock
from shared.audit import System
from shared.database import db, transaction
from shared.money import Money
from tests.treasury.conftest import Ask
from tests.treasury.desk import Desk
from treasury import chart, payments
from treasury.cards import refunds
from treasury.funds import funds
from treasury.funds.models import LegalEntity
from treasury.models import Fund, Payment
from treasury.paper import papers, payment_papers
from treasury.paper.models import Paper


@pytest.fixture(autouse=True)
def november() -> None:
    clock.travel_to(datetime(2005, 11, 14, 12, tzinfo=UTC))


@pytest.fixture
def treasurer(app: Flask, aristide: User) -> Desk:
    return Desk(app, aristide)


@pytest.fixture
def lake(bank: object) -> LegalEntity:
    with transaction():
        lake = funds.DescribeEntity(
            name="Fondation fictive du Lac", country="CA", address="Gatineau", charity_number="SPÉCIMEN"
        )
        return funds.describe_entity(None, lake, by=System("tests"))


def test_a_receipt_is_issued_from_its_payment_and_reaches_the_payer(
    treasurer: Desk, receive: Ask, lake: object, app: Flask
) -> None:
    payment = receive("750.00")
    assert "No paper yet" in treasurer.see("/treasury/papers")
    address = f"/treasury/payments/{payment.reference}/paper"
    assert address in treasurer.see(f"/treasury/payments/{payment.reference}")
    issued = treasurer.press(address, "", name="Réseau fictif", email="reseau@example.org", send="y")
    page = treasurer.see(issued.location)
    assert "D2005-0001" in page
    again = treasurer.press(address, "", name="Réseau fictif", kind="deposit")
    assert again.status_code == 409
    assert "This was issued already: D2005-0001" in again.text
    assert treasurer.client.get("/treasury/papers/1/print.pdf").data[:4] == b"%PDF"
    run_due()
    mail = db.session.scalars(select(Job).where(Job.kind == "mail")).one().payload
    token = mail["text"].partition("/paper/")[2].split()[0]
    payer = app.test_client()
    assert "Accusé de dépôt" in payer.get(f"/paper/{token}").text
    assert payer.get(f"/paper/{token}/print.pdf").data[:4] == b"%PDF"
    treasurer.press("/treasury/papers/1/void", "", reason="Nom mal écrit", name="Réseau fictif du Héron")
    assert "D2005-0002" in payer.get(f"/paper/{token}").text
    new = treasurer.client.get("/treasury/papers/2/print.pdf").data
    assert payer.get(f"/paper/{token}/print.pdf").data == new  # the link leads on to what holds
    assert payer.get("/paper/never-issued").status_code == 404


def test_an_invoice_and_its_credit_note(treasurer: Desk, ask: Ask, lake: object) -> None:
    payment = ask("250.00")
    issued = treasurer.press(f"/treasury/payments/{payment.reference}/paper", "", name="Marc Modèle")
    assert "F2005-0001" in treasurer.see(issued.location)
    refused = treasurer.press(f"{issued.location}/credit", "", amount="300.00", reason="Too much")
    assert refused.status_code == 422
    assert "300.00" in refused.text  # what was typed stays
    note = treasurer.press(f"{issued.location}/credit", "", amount="100.00", reason="Reduced rate")
    assert "A2005-0001" in treasurer.see(note.location)
    invoice = treasurer.see(issued.location)
    assert "150.00" in invoice
    assert "asked for" in invoice  # whether it is paid stands beside its payment
    assert f'href="{issued.location}"' in treasurer.see(f"/treasury/payments/{payment.reference}")
    assert "F2005-0001" in treasurer.see("/treasury/papers?q=Marc")
    assert "A2005-0001" not in treasurer.see("/treasury/papers?kind=invoice&q=2005-0001")
    treasurer.press(f"{issued.location}/credit", "", amount="150.00", reason="Waived")
    assert treasurer.client.get(f"{issued.location}/credit").location == issued.location
    assert "Nothing is left to credit on this invoice." in treasurer.see(issued.location)


def test_a_paper_is_voided_without_another(treasurer: Desk, receive: Ask, lake: object) -> None:
    payment = receive("750.00")
    treasurer.press(f"/treasury/payments/{payment.reference}/paper", "", name="Réseau fictif")
    assert treasurer.press("/treasury/papers/1/void", "", reason="").status_code == 422
    html = treasurer.client.get("/treasury/papers/1/void").text.replace(' checked name="replace"', ' name=""')
    html = html.replace('name="replace"', 'name="nothing"')
    treasurer.send(html, "/treasury/papers/1/void", reason="Émis par erreur")
    page = treasurer.see("/treasury/papers/1")
    assert "Voided on" in page
    assert "Émis par erreur" in page
    assert treasurer.press("/treasury/papers/1/void", "", reason="Encore").status_code == 409


def test_gifts_say_whether_there_is_a_receipt(
    treasurer: Desk, lake: object, outaouais: Fund, zoe: User, app: Flask
) -> None:
    assert "No gift yet" in treasurer.see("/treasury/gifts")
    given = {"fund": str(outaouais.id), "donor_name": "Clio Maquette", "donor_address": "Gatineau"}
    promised = treasurer.press("/treasury/gifts/new", "", **given, value="200.00", advantage="40.00")
    assert "promised, not received" in treasurer.see("/treasury/gifts")
    service = treasurer.press(
        "/treasury/gifts/new", "", **given, nature="service", value="420.00", given_on="2005-11-10"
    )
    assert service.location == "/treasury/gifts"
    assert "A service is not a gift of property" in treasurer.see("/treasury/gifts")
    undated = treasurer.press("/treasury/gifts/new", "", **given, nature="kind", value="20.00")
    assert undated.status_code == 422
    assert "Say on which day" in undated.text
    assert (
        "promised, not received"
        in treasurer.client.post(
            "/treasury/gifts/1/receipt", data=_token(treasurer), follow_redirects=True
        ).text
    )
    assert promised.location.startswith("/treasury/payments/")
    treasurer.press(promised.location, f"{promised.location}/receipt", received_on=date(2005, 11, 14))
    db.session.rollback()
    entry = db.session.scalars(select(Payment.entry_id)).one()
    approver = Desk(app, zoe)
    approver.client.post(f"/treasury/entries/{entry}/approve", data=_token(approver))
    issued = treasurer.client.post("/treasury/gifts/1/receipt", data=_token(treasurer))
    page = treasurer.see(issued.location)
    assert "2005-0001" in page
    assert "160.00" in page


def _token(desk: Desk) -> dict[str, str]:
    """What every form carries."""
    page = desk.client.get("/account").text
    return {"csrf_token": page.partition('name="csrf_token"')[2].partition('value="')[2].partition('"')[0]}


def test_everything_that_came_is_acknowledged_at_once(
    treasurer: Desk, receive: Ask, ask: Ask, aristide: User
) -> None:
    receive("750.00"), receive("20.00"), ask("10.00")
    page = treasurer.see("/treasury/papers")
    assert "2 payments came and have no receipt yet." in page
    treasurer.send(page, "/treasury/papers/missing")
    assert "Enter first the legal entity" in treasurer.see("/treasury/papers")
    with transaction():
        funds.describe_entity(None, funds.DescribeEntity(name="Réseau fictif"), by=aristide)
        for one in db.session.scalars(select(Payment).where(Payment.amount_minor == 2000)):
            one.payer_email = "reseau@example.org"
    treasurer.send(page, "/treasury/papers/missing")
    after = treasurer.see("/treasury/papers")
    assert "2 papers are issued." in after
    assert "no receipt yet" not in after
    assert "D2005-0002" in after
    assert db.session.query(Job).filter_by(kind="paper-message").count() == 1


def test_more_than_are_issued_at_once_is_told_as_many_as_it_is(
    treasurer: Desk, receive: Ask, aristide: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(payment_papers, "AT_ONCE", 2)
    receive("750.00"), receive("20.00"), receive("10.00")
    with transaction():
        funds.describe_entity(None, funds.DescribeEntity(name="Réseau fictif"), by=aristide)
    page = treasurer.see("/treasury/papers")
    assert "3 payments came and have no receipt yet." in page and "Issue and send the 2 oldest" in page
    treasurer.send(page, "/treasury/papers/missing")
    after = treasurer.see("/treasury/papers")
    assert "2 papers are issued." in after and "1 payment came and has no receipt yet." in after
    assert "Issue and send them all" in after


def test_a_paper_is_sent_again_or_cannot_be(treasurer: Desk, receive: Ask, lake: LegalEntity) -> None:
    payment = receive("750.00")
    address = f"/treasury/payments/{payment.reference}/paper"
    treasurer.press(address, "", name="Réseau fictif", email="reseau@example.org")
    sent = treasurer.client.post("/treasury/papers/1/send", data=_token(treasurer), follow_redirects=True)
    assert "It is on its way." in sent.text
    treasurer.press("/treasury/papers/1/void", "", reason="Émis par erreur", name="X", email="")
    refused = treasurer.client.post("/treasury/papers/2/send", data=_token(treasurer), follow_redirects=True)
    assert "no e-mail address" in refused.text
    treasurer.see("/treasury/papers/999", 404)


def test_a_voided_paper_is_no_longer_read_by_its_link(
    treasurer: Desk, receive: Ask, lake: LegalEntity, app: Flask
) -> None:
    payment = receive("750.00")
    treasurer.press(f"/treasury/payments/{payment.reference}/paper", "", name="Réseau fictif")
    with transaction():
        token = links.issue_link("paper", 1, datetime(2006, 1, 1, tzinfo=UTC))
        papers.void(db.session.get_one(Paper, 1), "Émis par erreur", by=System("tests"))
    payer = app.test_client()
    assert payer.get(f"/paper/{token}/print.pdf").status_code == 409
    assert payer.get(f"/paper/{token}", headers={"Accept-Language": "en"}).status_code == 200


def test_an_invoice_of_what_is_not_asked_any_more_is_refused(
    treasurer: Desk, ask: Ask, lake: LegalEntity
) -> None:
    payment = ask("10.00")
    with transaction():
        payments.cancel(db.session.get_one(Payment, payment.id), by=System("tests"))
    refused = treasurer.press(f"/treasury/payments/{payment.reference}/paper", "", name="Marc Modèle")
    assert refused.status_code == 409
    assert "not asked for any more" in refused.text


def test_a_gift_without_a_holder_says_what_is_missing(treasurer: Desk, outaouais: Fund) -> None:
    given = {"fund": str(outaouais.id), "donor_name": "Clio Maquette", "value": "20.00"}
    treasurer.press("/treasury/gifts/new", "", **given, nature="kind", given_on="2005-11-10")
    assert "Enter first the legal entity" in treasurer.see("/treasury/gifts")
    refused = treasurer.client.post(
        "/treasury/gifts/1/receipt", data=_token(treasurer), follow_redirects=True
    )
    assert "Enter first the legal entity" in refused.text
    assert treasurer.client.post("/treasury/gifts/9/receipt", data=_token(treasurer)).status_code == 404


def test_a_donor_without_an_address_for_mail_still_gets_a_number(
    treasurer: Desk, outaouais: Fund, lake: LegalEntity
) -> None:
    given = {"fund": str(outaouais.id), "donor_name": "Clio Maquette", "donor_address": "Gatineau"}
    for email in ("", "clio@example.org"):
        treasurer.press(
            "/treasury/gifts/new", "", **given, value="20.00", nature="kind", given_on="2005-11-10",
            donor_email=email,
        )  # fmt: skip
    for key in (1, 2):
        treasurer.client.post(f"/treasury/gifts/{key}/receipt", data=_token(treasurer))
    assert "2005-0002" in treasurer.see("/treasury/gifts")
    assert db.session.query(Job).filter_by(kind="paper-message").count() == 1


def test_what_a_receipt_lacks_is_told_afterwards(treasurer: Desk, lake: object, outaouais: Fund) -> None:
    beamer = {"fund": str(outaouais.id), "donor_name": "Clio Maquette", "nature": "kind", "value": "1500.00"}
    treasurer.press("/treasury/gifts/new", "", **beamer, given_on="2005-11-10")
    assert "need an appraisal" in treasurer.see("/treasury/gifts")
    empty = treasurer.press("/treasury/gifts", "/treasury/gifts/1/complete", told="")
    assert empty.location == "/treasury/gifts"
    treasurer.press("/treasury/gifts", "/treasury/gifts/1/complete", told="Évaluateur fictif, 2 rue Gabarit")
    assert "address is missing" in treasurer.see("/treasury/gifts")
    treasurer.press("/treasury/gifts", "/treasury/gifts/1/complete", told="1 rue Fictive, Gatineau")
    assert "no official receipt" not in treasurer.see("/treasury/gifts")
    issued = treasurer.press("/treasury/gifts", "/treasury/gifts/1/receipt")
    assert "2005-0001" in treasurer.see(issued.location)
    nothing_lacks = treasurer.client.post(
        "/treasury/gifts/1/complete", data=_token(treasurer) | {"told": "Encore"}
    )
    assert nothing_lacks.status_code == 409


# Money that comes back after its receipt left ----------------------------------------------------------


def acknowledged(treasurer: Desk, payment: Payment) -> None:
    treasurer.press(
        f"/treasury/payments/{payment.reference}/paper", "", name="Réseau fictif", email="reseau@example.org"
    )


def test_a_receipt_of_a_returned_cheque_asks_to_be_voided(
    treasurer: Desk, receive: Ask, lake: LegalEntity, aristide: User, zoe: User
) -> None:
    payment = receive("375.00")
    acknowledged(treasurer, payment)
    with transaction():
        found = db.session.get_one(Payment, payment.id)
        mirror = payments.return_receipt(found, date(2005, 11, 12), "Chèque retourné", by=aristide)
    lists = ("/treasury/attention", "/treasury", f"/treasury/payments/{payment.reference}")
    assert all("A paper no longer holds" not in treasurer.see(one) for one in lists)  # only drafted
    with transaction():
        payments.approve_return(db.session.get_one(Payment, payment.id), mirror, by=zoe)
    for one in lists:
        assert "/treasury/papers/1/void" in treasurer.see(one)
    form = treasurer.see("/treasury/papers/1/void")
    assert "nothing is left of 375.00\xa0CAD" in form  # the reason, to be changed
    assert 'name="replace"' not in form
    refused = treasurer.press("/treasury/papers/1/void", "", replace="y")  # sent all the same
    assert refused.status_code == 409
    assert "void it without another in its place" in refused.text
    treasurer.press("/treasury/papers/1/void", "")
    assert db.session.get_one(Paper, 1).void_reason.startswith("Given or taken back")
    assert all("A paper no longer holds" not in treasurer.see(one) for one in lists)
    assert db.session.query(Paper).count() == 1


def test_a_receipt_of_what_went_back_in_part_is_replaced_by_one_of_the_rest(
    treasurer: Desk, receive: Ask, lake: LegalEntity, aristide: User, zoe: User
) -> None:
    payment, kept = receive("750.00"), receive("20.00")
    acknowledged(treasurer, payment)
    acknowledged(treasurer, kept)
    with transaction():
        back = refunds.RequestRefund(
            amount=Money.of("250.00", "CAD"),
            reason="Trop payé",
            on=date(2005, 11, 12),
            account_code=chart.BANK,
        )
        found = db.session.get_one(Payment, payment.id)
        refunds.approve_refund(refunds.request_refund(found, back, by=aristide), by=zoe)
    shown = treasurer.see("/treasury/attention")
    assert "500.00\xa0CAD is left" in shown
    assert "/treasury/papers/2" not in shown
    done = treasurer.press("/treasury/papers/1/void", "", replace="y")
    assert "500.00\xa0CAD" in treasurer.see(done.location)
    new = db.session.get_one(Paper, 3)
    assert (new.replaces_id, new.amount, new.facts["lines"][0]["amount"]["minor"]) == (
        1,
        Money.of("500.00", "CAD"),
        500_00,
    )
    assert "Nothing asks for attention" in treasurer.see("/treasury/attention")
