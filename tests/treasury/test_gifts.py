"""Official donation receipts: the six cases of the demonstration, and what the tax rules refuse."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from flask import Flask
from sqlalchemy import select, text
from sqlalchemy.exc import DatabaseError

from access.models import User
from shared import clock
from shared.audit import System
from shared.database import db, transaction
from shared.money import Money
from tests.printing import words
from tests.treasury.conftest import Ask
from tests.treasury.desk import Desk
from treasury import approvals, chart, payments
from treasury.books import open_items
from treasury.cards import refunds
from treasury.cards.models import Refund
from treasury.funds import funds
from treasury.models import Fund, FundKind, Payment
from treasury.paper import gifts, outlived, papers, payment_papers
from treasury.paper.gifts import RecordGift
from treasury.paper.models import Gift, GiftNature, Paper, PaperKind
from treasury.paper.papers import Correction
from treasury.paper.payment_papers import MadeOutTo

DAY = date(2005, 11, 14)
CLIO = "Clio Maquette"
SPECIMEN = "00000 0000 RR0000 (SPÉCIMEN)"
Give = Callable[..., Gift]


def cad(text: str) -> Money:
    return Money.of(text, "CAD")


@pytest.fixture(autouse=True)
def november() -> None:
    clock.travel_to(datetime(2005, 11, 14, 12, tzinfo=UTC))


@pytest.fixture
def lake(bank: object) -> Fund:
    """The fund of the fictional registered charity."""
    with transaction():
        charity = funds.describe_entity(
            None,
            funds.DescribeEntity(
                name="Fondation fictive du Lac",
                country="CA",
                address="12, chemin de la Démonstration\nGatineau (Québec)",
                charity_number=SPECIMEN,
            ),
            by=System("tests"),
        )
        fund = Fund(code="LAC", name="Fondation fictive du Lac", kind=FundKind.UNRESTRICTED)
        fund.entity_id = charity.id
        db.session.add(fund)
    return fund


@pytest.fixture
def give(lake: Fund, aristide: User, zoe: User) -> Give:
    """Clio gives 200.00 and has a meal worth 40.00, unless said otherwise; `paid` if the money came."""

    def record(*, paid: bool = True, **changed: object) -> Gift:
        command = RecordGift(
            nature=GiftNature.MONEY,
            fund_id=lake.id,
            donor_name=CLIO,
            donor_address="5, rue du Modèle\nGatineau (Québec)",
            donor_email="clio@example.org",
            value=cad("200.00"),
            advantage=cad("40.00"),
            advantage_for="repas",
        )
        with transaction():
            gift = gifts.record_gift(replace(command, **changed), by=aristide)  # type: ignore[arg-type]
        if paid and gift.payment_id:
            with transaction():
                payment = db.session.get_one(Payment, gift.payment_id)
                payments.record_receipt(payment, payments.RecordReceipt(received_on=DAY), by=aristide)
            with transaction():
                payments.approve_receipt(db.session.get_one(Payment, gift.payment_id), by=zoe)
        return gift

    return record


def receipt(gift: Gift, by: User) -> Paper:
    with transaction():
        return gifts.receipt(db.session.get_one(Gift, gift.id), by=by, signatory=by.name)


# The six cases -----------------------------------------------------------------------------------------


def test_1_an_instalment_is_acknowledged_only(receive: Ask, lake: Fund, aristide: User) -> None:
    instalment = receive("750.00")
    with transaction():
        paper = payment_papers.acknowledge(instalment, MadeOutTo(name="P1"), by=aristide)
    assert paper.kind is PaperKind.DEPOSIT
    assert "pas un reçu de don" in words(papers.printed(paper.id))
    assert db.session.query(Gift).count() == 0  # nothing an official receipt could be asked for


def test_2_a_service_has_no_receipt(give: Give, aristide: User) -> None:
    design = give(
        nature=GiftNature.SERVICE, value=cad("420.00"), advantage=None, given_on=DAY,
        donor_name="Atelier fictif des Îles", description="Conception d’exposition",
    )  # fmt: skip
    with pytest.raises(gifts.ServiceGiven):
        receipt(design, aristide)


def test_3_a_pledge_has_none_until_it_is_paid(give: Give, aristide: User, zoe: User) -> None:
    pledge = give(paid=False, value=cad("25.00"), advantage=None)
    with pytest.raises(gifts.OnlyPledged):
        receipt(pledge, aristide)
    with transaction():
        payment = db.session.get_one(Payment, pledge.payment_id)
        payments.record_receipt(payment, payments.RecordReceipt(received_on=DAY), by=aristide)
    with pytest.raises(gifts.OnlyPledged):  # recorded, and not yet approved by another person
        receipt(pledge, aristide)
    with transaction():
        payments.approve_receipt(db.session.get_one(Payment, pledge.payment_id), by=zoe)
    assert receipt(pledge, aristide).amount == cad("25.00")


@pytest.mark.usefixtures("both_databases")
def test_4_the_advantage_is_deducted(give: Give, aristide: User) -> None:
    paper = receipt(give(), aristide)
    assert (paper.serial, paper.amount) == ("2005-0001", cad("160.00"))
    said = words(papers.printed(paper.id))
    for wanted in (
        "Reçu officiel aux fins de l’impôt sur le revenu", "2005-0001", "Fondation fictive du Lac", SPECIMEN,
        "12, chemin de la Démonstration", "Clio Maquette", "5, rue du Modèle", "14 novembre 2005", "200,00",
        "40,00", "repas", "160,00", "Gatineau (Québec)", "Aristide Fictif", "Agence du revenu du Canada",
        "canada.ca/organismes-bienfaisance-dons",
    ):  # fmt: skip
        assert wanted in said, wanted


def test_5_a_voided_receipt_is_replaced_under_a_new_number(give: Give, aristide: User) -> None:
    receipt(give(), aristide)
    wrong = receipt(give(donor_name="Clio Maqette", advantage=None, value=cad("100.00")), aristide)
    right = Correction(addressee=CLIO, address="5, rue du Modèle\nGatineau (Québec)", locale="fr")
    with transaction():
        new = papers.reissue(wrong, "Nom mal écrit", right, by=aristide)
    assert (wrong.serial, new.serial, new.amount) == ("2005-0002", "2005-0003", cad("100.00"))
    assert "Annule et remplace le reçu" in words(papers.printed(new.id))
    (found,) = papers.series()
    assert (found.count, found.voided, found.last, found.missing) == (3, 1, 3, 0)


def test_6_a_gift_for_a_chosen_person_has_none(give: Give, aristide: User) -> None:
    ticket = give(advantage=None, directed_to="Ondine Exemple", description="Le billet d’Ondine Exemple")
    with pytest.raises(gifts.Directed) as refused:
        receipt(ticket, aristide)
    assert "Ondine Exemple" in refused.value.sentence()


# Their control, and the rest of the rules --------------------------------------------------------------


def test_without_a_charity_number_there_is_no_official_receipt(
    give: Give, lake: Fund, aristide: User
) -> None:
    gift = give()
    with transaction():
        entity = papers.holder_of(db.session.get_one(Fund, lake.id))
        entity.charity_number = ""
    with pytest.raises(gifts.NotRegistered, match="Fondation fictive du Lac"):
        receipt(gift, aristide)
    with transaction():
        papers.holder_of(db.session.get_one(Fund, lake.id)).charity_number = SPECIMEN
    assert receipt(gift, aristide).serial == "2005-0001"


def test_goods_of_great_worth_are_appraised(give: Give, aristide: User) -> None:
    goods = {"nature": GiftNature.KIND, "advantage": None, "given_on": DAY, "description": "Deux ordinateurs"}
    assert receipt(give(value=cad("1000.00"), **goods), aristide).amount == cad("1000.00")
    with pytest.raises(gifts.AppraiserWanted):
        receipt(give(value=cad("1000.01"), **goods), aristide)
    appraised = give(value=cad("1000.01"), appraiser="Noé Essai\n3, rue du Test, Gatineau", **goods)
    said = words(papers.printed(receipt(appraised, aristide).id))
    for wanted in ("Deux ordinateurs", "Juste valeur marchande", "Noé Essai", "3, rue du Test"):
        assert wanted in said


def test_what_is_mostly_bought_is_no_gift(give: Give, aristide: User) -> None:
    assert receipt(give(advantage=cad("160.00")), aristide).amount == cad("40.00")
    with pytest.raises(gifts.NoIntention):
        receipt(give(advantage=cad("160.01")), aristide)


def test_a_receipt_names_where_the_donor_lives(give: Give, aristide: User) -> None:
    with pytest.raises(gifts.DonorIncomplete):
        receipt(give(donor_address=" "), aristide)


def test_money_taken_back_is_not_receipted(give: Give, aristide: User, zoe: User) -> None:
    gift = give()
    with transaction():
        payment = db.session.get_one(Payment, gift.payment_id)
        mirror = payments.return_receipt(payment, DAY, "Chèque retourné", by=aristide)
        payments.approve_return(payment, mirror, by=zoe)
    with pytest.raises(gifts.OnlyPledged):
        receipt(gift, aristide)


@pytest.mark.usefixtures("both_databases")
def test_money_given_back_is_not_receipted(give: Give, aristide: User, zoe: User) -> None:
    """Of 200.00 the donor has 50.00 again: a receipt is for the rest, and says so."""
    kept, gift = give(), give()
    paper = receipt(kept, aristide)
    for one in (kept, gift):
        with transaction():
            payment = db.session.get_one(Payment, one.payment_id)
            command = refunds.RequestRefund(
                amount=cad("50.00"), reason="Erreur", on=DAY, account_code=chart.BANK
            )
            refunds.request_refund(payment, command, by=aristide)
    assert receipt(gift, aristide).amount == cad("110.00")  # the meal of 40.00 is taken off
    shown = outlived.outlived_by(db.session.get_one(Paper, paper.id))
    assert shown is None  # only drafted
    assert open_items.open_items(DAY)[0].kind == "drafts"
    assert [approvals.how_many_wait_for(one) for one in (zoe, aristide)] == [2, 0]  # by somebody else
    with transaction():
        for refund in db.session.scalars(select(Refund)):
            refunds.approve_refund(refund, by=zoe)
    shown = outlived.outlived_by(db.session.get_one(Paper, paper.id))
    assert shown and (shown.said, shown.left) == (cad("200.00"), cad("150.00"))
    asks = {one.kind: one.count for one in open_items.open_items(DAY)}
    assert asks["attention"] == len(outlived.outlived()) == 1
    narrations = [one.entry and one.entry.narration for one in db.session.scalars(select(Refund))]
    assert narrations == [f"{CLIO} – Erreur"] * 2
    right = Correction(addressee=CLIO, address="5, rue du Modèle", locale="fr")
    with transaction():
        new = outlived.replace(db.session.get_one(Paper, paper.id), "50,00 rendus", right, by=aristide)
    assert (new.amount, outlived.outlived()) == (cad("110.00"), [])
    said = words(papers.printed(new.id))
    for wanted in ("150,00", "40,00", "110,00"):
        assert wanted in said


def test_what_a_receipt_is_for_follows_the_money(app: Flask, give: Give, aristide: User, zoe: User) -> None:
    """Of 200.00 with a meal of 40.00 the donor has 50.00 again, then all but 20.00."""
    gift = give(paid=False)
    treasurer = Desk(app, aristide)

    def is_eligible(amount: str) -> bool:
        return f"eligible {amount}\u00a0CAD" in treasurer.see("/treasury/gifts")

    assert is_eligible("160.00")  # of what is promised
    with transaction():
        payment = db.session.get_one(Payment, gift.payment_id)
        payments.record_receipt(payment, payments.RecordReceipt(received_on=DAY), by=aristide)
        payments.approve_receipt(payment, by=zoe)
    assert is_eligible("160.00")
    for back, left in (("50.00", "110.00"), ("130.00", "0.00")):
        with transaction():
            payment = db.session.get_one(Payment, gift.payment_id)
            command = refunds.RequestRefund(
                amount=cad(back), reason="Erreur", on=DAY, account_code=chart.BANK
            )
            refunds.approve_refund(refunds.request_refund(payment, command, by=aristide), by=zoe)
        assert is_eligible(left)


def test_one_receipt_for_one_gift(give: Give, aristide: User) -> None:
    gift = give()
    receipt(gift, aristide)
    with pytest.raises(papers.AlreadyIssued):
        receipt(gift, aristide)


def test_what_is_left_must_be_more_than_the_advantage(give: Give, aristide: User, zoe: User) -> None:
    gift = give()
    paper = receipt(gift, aristide)
    with transaction():
        payment = db.session.get_one(Payment, gift.payment_id)
        back = refunds.RequestRefund(amount=cad("160.00"), reason="Erreur", on=DAY, account_code=chart.BANK)
        refunds.approve_refund(refunds.request_refund(payment, back, by=aristide), by=zoe)
    with pytest.raises(gifts.GivenBack, match=r"40\.00\sCAD"):
        receipt(gift, aristide)
    right = Correction(addressee=CLIO, address="5, rue du Modèle", locale="fr")
    with pytest.raises(gifts.GivenBack), transaction():
        outlived.replace(db.session.get_one(Paper, paper.id), "Rendu", right, by=aristide)
    assert db.session.get_one(Paper, paper.id).voided_at is None


@pytest.mark.parametrize(
    "changed",
    [{"value": cad("0.00")}, {"advantage": cad("200.00")}, {"advantage": cad("-1.00")}, {"donor_name": " "}],
)
def test_a_gift_is_worth_more_than_its_advantage(changed: dict[str, object], give: Give) -> None:
    with pytest.raises(gifts.BadGift):
        give(**changed)


def test_goods_were_given_on_a_day(give: Give) -> None:
    with pytest.raises(gifts.GiftDay):
        give(nature=GiftNature.KIND)


# What the database itself refuses ----------------------------------------------------------------------

FORCED = """INSERT INTO paper (entity_id, kind, year, number, issued_on, locale, template, addressee, email,
    amount_minor, currency, facts, gift_id, issued_at, void_reason, sha256)
    SELECT f.entity_id, 'donation', 2005, 1, '2005-11-14', 'fr', 'donation_1', 'X', '',
    g.value_minor - g.advantage_minor, g.currency, '{}', g.id, '2005-11-14', '', ''
    FROM gift g JOIN fund f ON f.id = g.fund_id"""

UNFIT = {
    "a pledge": "UPDATE payment SET status = 'requested'",
    "a service": "UPDATE gift SET nature = 'service', payment_id = NULL",
    "a chosen person": "UPDATE gift SET directed_to = 'Ondine Exemple'",
    "no charity": "UPDATE legal_entity SET charity_number = ''",
    "another amount": "UPDATE gift SET advantage_minor = advantage_minor",  # see below
}


@pytest.mark.usefixtures("both_databases")
def test_the_database_refuses_what_is_not_receipted(give: Give) -> None:
    give()
    for unfit, statement in UNFIT.items():
        forced = FORCED.replace("- g.advantage_minor", "") if unfit == "another amount" else FORCED
        with pytest.raises(DatabaseError, match="no official receipt for this"), transaction():
            assert not [db.session.execute(text(one)) for one in (statement, forced)]
    with transaction():  # the control: the same statement, where nothing is wrong
        db.session.execute(text(FORCED))
