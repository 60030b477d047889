"""Papers: serials without a gap, the same bytes at every printing, voided with a reason and replaced."""

import hashlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime

import pytest
from flask import Flask
from sqlalchemy import select, text
from sqlalchemy.exc import DatabaseError

from access import links
from access.models import User
from documents.pdf import render_pdf
from outbox.jobs import Job, run_due
from shared import clock
from shared.audit import System
from shared.database import db, transaction
from shared.errors import NotFound
from shared.money import Money
from tests.printing import words
from tests.treasury.conftest import Ask
from treasury import chart, payments
from treasury.cards import refunds
from treasury.funds import funds
from treasury.funds.models import LegalEntity
from treasury.models import Fund, Payment
from treasury.paper import outlived, papers, payment_papers
from treasury.paper.models import Paper, PaperKind
from treasury.paper.papers import Correction
from treasury.paper.payment_papers import MadeOutTo
from treasury.paper.printing import page_of

HERON = MadeOutTo(
    name="Réseau fictif du Grand-Héron",
    address="1, rue de l’Exemple\nGatineau",
    email="tresorerie.heron@example.org",
    locale="fr",
)


def cad(text: str) -> Money:
    return Money.of(text, "CAD")


@pytest.fixture(autouse=True)
def autumn() -> None:
    clock.travel_to(datetime(2005, 10, 20, 12, tzinfo=UTC))


@pytest.fixture
def network(bank: object) -> LegalEntity:
    """The body that keeps the funds of the examples."""
    with transaction():
        command = funds.DescribeEntity(name="Réseau fictif des rencontres", country="CA", address="Montréal")
        return funds.describe_entity(None, command, by=_machine())


def _machine() -> System:
    return System("tests")


@pytest.fixture
def acknowledged(receive: Ask, network: LegalEntity, aristide: User) -> Callable[[], Paper]:
    """A deposit that arrived, acknowledged by Aristide."""

    def issue() -> Paper:
        payment = receive("750.00")
        with transaction():
            return payment_papers.acknowledge(payment, HERON, by=aristide)

    return issue


@pytest.mark.usefixtures("both_databases")
def test_serials_count_without_a_gap_by_holder_kind_and_year(
    acknowledged: Callable[[], Paper], ask: Ask, aristide: User
) -> None:
    assert [acknowledged().serial for _ in range(3)] == ["D2005-0001", "D2005-0002", "D2005-0003"]
    asked = ask("10.00")
    with transaction():
        assert payment_papers.invoice(asked, HERON, by=aristide).serial == "F2005-0001"
    clock.travel_to(datetime(2006, 1, 2, 12, tzinfo=UTC))
    assert acknowledged().serial == "D2006-0001"
    assert [(one.year, one.kind, one.count, one.missing) for one in papers.series()] == [
        (2006, "deposit", 1, 0),
        (2005, "deposit", 3, 0),
        (2005, "invoice", 1, 0),
    ]


@pytest.mark.usefixtures("both_databases")
def test_eight_at_once_take_eight_numbers(
    receive: Ask, network: LegalEntity, aristide: User, app: Flask
) -> None:
    waiting = [receive("10.00").id for _ in range(8)]
    by = System("tests")

    def acknowledge(payment_id: int) -> None:
        with app.app_context(), transaction():
            payment_papers.acknowledge(db.session.get_one(Payment, payment_id), HERON, by=by)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(acknowledge, waiting))
    db.session.rollback()
    assert sorted(db.session.scalars(select(Paper.number))) == list(range(1, 9))
    (found,) = papers.series()
    assert found.missing == 0


def test_a_serial_that_was_not_committed_is_given_again(
    acknowledged: Callable[[], Paper], receive: Ask, aristide: User
) -> None:
    acknowledged()
    payment = receive("20.00")
    try:
        with transaction():
            payment_papers.acknowledge(payment, HERON, by=aristide)
            raise InterruptedError
    except InterruptedError:
        pass
    assert acknowledged().serial == "D2005-0002"


def test_a_paper_prints_to_the_same_bytes_whatever_changed_since(
    acknowledged: Callable[[], Paper], network: LegalEntity, monkeypatch: pytest.MonkeyPatch
) -> None:
    paper = acknowledged()
    first = papers.printed(paper.id)
    with transaction():
        command = funds.DescribeEntity(name="Un autre nom")
        funds.describe_entity(db.session.get_one(LegalEntity, network.id), command, by=_machine())
    monkeypatch.setattr(papers, "render_pdf", lambda html: b"another machine, another typesetter")
    assert papers.printed(paper.id) == first
    db.session.expire_all()
    assert db.session.get_one(Paper, paper.id).sha256 == hashlib.sha256(first).hexdigest()
    said = words(first)
    for word in (
        "Accusé de dépôt",
        "D2005-0001",
        "Réseau fictif des rencontres",
        "750,00",
        "20 octobre 2005",
    ):
        assert word in said
    assert "pas un reçu de don" in said


def test_the_facts_of_an_issued_paper_make_the_same_page_again(acknowledged: Callable[[], Paper]) -> None:
    """Were the bytes lost, the frozen facts and the template would print them again."""
    paper = acknowledged()
    printed = papers.printed(paper.id)
    db.session.expire_all()
    again = render_pdf(page_of(db.session.get_one(Paper, paper.id)))
    assert again == printed


def test_the_payers_language_is_the_papers(receive: Ask, network: LegalEntity, aristide: User) -> None:
    payment = receive("750.00")
    with transaction():
        to = MadeOutTo(name="Mary Sample", locale="en")
        paper = payment_papers.acknowledge(payment, to, by=aristide)
    assert "Acknowledgement of a deposit" in words(papers.printed(paper.id))


def test_one_living_paper_of_a_kind_for_a_payment(acknowledged: Callable[[], Paper], aristide: User) -> None:
    paper = acknowledged()
    assert paper.payment
    with pytest.raises(papers.AlreadyIssued, match="D2005-0001"), transaction():
        payment_papers.acknowledge(db.session.get_one(Payment, paper.payment_id), HERON, by=aristide)


def test_a_paper_is_voided_with_a_reason_and_replaced(
    acknowledged: Callable[[], Paper], aristide: User
) -> None:
    paper = acknowledged()
    with pytest.raises(papers.ReasonWanted), transaction():
        papers.void(paper, " ", by=aristide)
    right = Correction(addressee="Réseau fictif du Héron", address="Gatineau", locale="fr")
    with transaction():
        new = papers.reissue(db.session.get_one(Paper, paper.id), "Nom mal écrit", right, by=aristide)
    assert (new.serial, new.replaces_id, new.facts["replaces"]) == ("D2005-0002", paper.id, "D2005-0001")
    assert "D2005-0001" in words(papers.printed(new.id))
    old = db.session.get_one(Paper, paper.id)
    assert (old.void_reason, papers.replaced_by(old)) == ("Nom mal écrit", new)
    with pytest.raises(papers.AlreadyVoided), transaction():
        papers.void(old, "Encore", by=aristide)


def test_what_did_not_arrive_is_not_acknowledged(
    ask: Ask, receive: Ask, network: LegalEntity, aristide: User, zoe: User
) -> None:
    asked, taken_back = ask("10.00"), receive("20.00")
    with transaction():
        mirror = payments.return_receipt(taken_back, date(2005, 10, 18), "Returned", by=aristide)
        payments.approve_return(taken_back, mirror, by=zoe)
    for payment in (asked, taken_back):
        with pytest.raises(payment_papers.NothingReceived), transaction():
            payment_papers.acknowledge(payment, HERON, by=aristide)


def test_what_was_given_back_is_not_acknowledged(receive: Ask, network: LegalEntity, aristide: User) -> None:
    partly, whole = receive("750.00"), receive("20.00")
    for payment, amount in ((partly, "250.00"), (whole, "20.00")):
        with transaction():
            back = refunds.RequestRefund(
                amount=cad(amount), reason="Trop payé", on=date(2005, 10, 19), account_code=chart.BANK
            )
            refunds.request_refund(db.session.get_one(Payment, payment.id), back, by=aristide)
    assert [one.id for one in payment_papers.missing()] == [partly.id]
    with transaction():
        assert payment_papers.acknowledge_all(by=aristide) == 1
    (paper,) = db.session.scalars(select(Paper))
    assert (paper.amount, outlived.outlived_by(paper)) == (cad("500.00"), None)


def test_without_a_legal_entity_there_is_no_paper(receive: Ask, aristide: User) -> None:
    payment = receive("10.00")
    with pytest.raises(papers.NoHolder), transaction():
        payment_papers.acknowledge(payment, HERON, by=aristide)


def test_credit_notes_take_from_an_invoice_and_never_more(
    ask: Ask, network: LegalEntity, aristide: User
) -> None:
    asked = ask("250.00")
    with transaction():
        invoice = payment_papers.invoice(asked, HERON, by=aristide)
    with transaction():
        note = payment_papers.credit(invoice, cad("50.00"), "Tarif réduit", by=aristide)
        payment_papers.credit(invoice, cad("50.00"), "Repas non pris", by=aristide)
    assert payment_papers.still_asked(invoice) == cad("150.00")
    said = words(papers.printed(note.id))
    assert "Note de crédit" in said
    assert "F2005-0001" in said
    assert said.count("−50,00") == 3  # above, in its line and in the total alike
    for amount, reason in (("150.01", "Trop"), ("0.00", "Rien"), ("1.00", " ")):
        with pytest.raises(payment_papers.BadCredit), transaction():
            payment_papers.credit(invoice, cad(amount), reason, by=aristide)
    with transaction():
        papers.void(invoice, "Doublon", by=aristide)
    with pytest.raises(payment_papers.OnlyInvoices), transaction():
        payment_papers.credit(invoice, cad("1.00"), "Trop tard", by=aristide)


def test_the_payer_receives_it_with_a_link_that_opens_it(
    acknowledged: Callable[[], Paper], aristide: User
) -> None:
    paper = acknowledged()
    with transaction():
        papers.send(paper, by=aristide)
    run_due()
    mail = db.session.scalars(select(Job).where(Job.kind == "mail")).one().payload
    assert mail["to"] == HERON.email
    assert mail["attachments"][0]["name"] == "D2005-0001.pdf"
    token = mail["text"].partition("/paper/")[2].split()[0]
    assert links.open_link("paper", token) == paper.id


def test_a_voided_paper_is_not_sent(acknowledged: Callable[[], Paper], aristide: User) -> None:
    paper = acknowledged()
    with transaction():
        papers.send(paper, by=aristide)
        papers.void(paper, "Trop vite", by=aristide)
    run_due()
    assert not db.session.scalars(select(Job).where(Job.kind == "mail")).all()
    with pytest.raises(papers.AlreadyVoided), transaction():
        papers.send(paper, by=aristide)


def test_without_an_address_nothing_is_sent(receive: Ask, network: LegalEntity, aristide: User) -> None:
    payment = receive("10.00")
    with pytest.raises(papers.NoAddress), transaction():
        papers.send(payment_papers.acknowledge(payment, MadeOutTo(name="X"), by=aristide), by=aristide)


INSERT = """INSERT INTO paper (entity_id, kind, year, number, issued_on, locale, template, addressee, email,
    amount_minor, currency, facts, payment_id, issued_at, void_reason, sha256, voided_at)
    SELECT entity_id, kind, year, {number}, issued_on, locale, template, addressee, email, amount_minor,
    currency, facts, {payment}, issued_at, '', '', NULL FROM paper WHERE id = 1"""

ATTACKS = {
    "a deletion": "DELETE FROM paper",
    "another amount": "UPDATE paper SET amount_minor = 1",
    "another name": "UPDATE paper SET addressee = 'Moi'",
    "other facts": "UPDATE paper SET facts = '{}'",
    "another number": "UPDATE paper SET number = 7",
    "another print": "UPDATE paper SET pdf = 'x', sha256 = 'y'",
    "a void taken back": "UPDATE paper SET voided_at = NULL, void_reason = '' WHERE id = 2",
    "another reason": "UPDATE paper SET void_reason = 'x' WHERE id = 2",
    "a gap": INSERT.format(number=9, payment="payment_id + 2"),
    "a number again": INSERT.format(number=2, payment="payment_id + 2"),
    "a twin": INSERT.format(number=3, payment="payment_id"),
    "what did not arrive": INSERT.format(number=3, payment="payment_id + 2"),
}


@pytest.mark.usefixtures("both_databases")
def test_the_database_keeps_papers(acknowledged: Callable[[], Paper], ask: Ask, aristide: User) -> None:
    first, second = acknowledged(), acknowledged()
    with transaction():
        first.pdf, first.sha256 = b"%PDF", "0" * 64
        papers.void(second, "Doublon", by=aristide)
    ask("10.00")
    for attack, statement in ATTACKS.items():
        with pytest.raises(DatabaseError, match="paper:"), transaction():
            assert db.session.execute(text(statement)) is None, attack


@pytest.mark.usefixtures("both_databases")
def test_what_the_database_allows(acknowledged: Callable[[], Paper], receive: Ask) -> None:
    """The control: the same statements go through where nothing is wrong."""
    acknowledged(), acknowledged()
    receive("10.00")
    with transaction():
        db.session.execute(text(INSERT.format(number=3, payment="payment_id + 2")))
        db.session.execute(text("UPDATE paper SET pdf = 'x', sha256 = 'y' WHERE id = 3"))
        db.session.execute(text("UPDATE paper SET voided_at = '2005-10-20', void_reason = 'x' WHERE id = 3"))


def test_the_holder_of_a_fund_wins_over_the_default(
    receive: Ask, outaouais: Fund, network: LegalEntity, aristide: User
) -> None:
    with transaction():
        other = funds.describe_entity(None, funds.DescribeEntity(name="Autre corps"), by=_machine())
        fund = db.session.get_one(Fund, outaouais.id)
        fund.entity_id = other.id
    payment = receive("10.00")
    with transaction():
        paper = payment_papers.acknowledge(payment, HERON, by=aristide)
    assert (paper.entity.name, paper.kind) == ("Autre corps", PaperKind.DEPOSIT)


def test_who_prints_at_the_same_time_prints_the_same(
    acknowledged: Callable[[], Paper], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two first prints at once: the one that is kept is what both get."""
    paper_id = acknowledged().id

    def slow(html: str) -> bytes:
        with transaction():
            other = db.session.get_one(Paper, paper_id)
            other.pdf, other.sha256 = b"%PDF of the other", "0" * 64
        return b"%PDF of this one"

    monkeypatch.setattr(papers, "render_pdf", slow)
    assert papers.printed(paper_id) == b"%PDF of the other"
    with pytest.raises(NotFound):
        papers.printed(999)
