"""The cash box from count to count, cheques from hand to bank and back, the code a banking app reads."""

from datetime import date
from html import unescape

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from access.models import User
from shared.clock import today
from shared.database import db, transaction
from shared.errors import Conflict
from shared.money import Money
from tests.treasury.card_money import balance, cad
from tests.treasury.conftest import Ask
from tests.treasury.desk import Desk
from treasury import approvals, chart, epc_qr, payments, placing
from treasury.books import verification
from treasury.cards import refunds
from treasury.cards.refunds import RequestRefund
from treasury.desk import cash, cheques
from treasury.desk.cash import BoxOpen, NeedsExplanation, OpenBox, TakeCash
from treasury.desk.cheques import NotApprovedYet
from treasury.desk.models import CashSession
from treasury.models import Attention, Fund, PaymentStatus
from treasury.payments import RecordReceipt

DAY = date(2005, 10, 15)


def approve_all(by: User) -> None:
    for waiting in approvals.waiting():
        with transaction():
            approvals.approve(waiting.entry, by=by)


@pytest.fixture
def box(house: Fund, aristide: User) -> CashSession:
    """The box of the welcome desk, opened with two twenties and a five: 45.00."""
    with transaction():
        command = OpenBox(place="Accueil", currency="CAD", fund_id=house.id, count={2000: 2, 500: 1})
        return cash.open_box(command, by=aristide)


@pytest.mark.usefixtures("both_databases")
def test_a_box_closes_on_what_was_taken(box: CashSession, ask: Ask, aristide: User, zoe: User) -> None:
    payment = ask("60.00")
    with transaction():
        cash.take_payment(box, payment, TakeCash(on=DAY), by=aristide)
    assert cash.expected(box) == cad("105.00")  # its notes are there, approved or not
    with transaction():
        cash.close_box(box, {2000: 5, 500: 1}, "", DAY, by=aristide)
    assert (box.difference, box.entry_id) == (cad("0.00"), None)
    approve_all(zoe)
    assert (payment.status, balance(chart.CASH)) == (PaymentStatus.SETTLED, cad("60.00"))
    late = ask("10.00")
    with pytest.raises(Conflict), transaction():
        cash.take_payment(box, late, TakeCash(on=DAY), by=aristide)


@pytest.mark.usefixtures("both_databases")
def test_notes_given_back_today_leave_the_open_box(
    box: CashSession, ask: Ask, aristide: User, zoe: User
) -> None:
    payment = ask("60.00")
    with transaction():
        cash.take_payment(box, payment, TakeCash(on=today()), by=aristide)
    approve_all(zoe)
    for amount, day in (("10.00", today()), ("5.00", DAY)):  # the second left before, from elsewhere
        command = RequestRefund(amount=cad(amount), reason="reduced fee", on=day, account_code=chart.CASH)
        with transaction():
            refunds.request_refund(payment, command, by=aristide)
        approve_all(zoe)
    assert [str(one.amount) for one in cash.moves_of(box)] == ["60.00 CAD", "-10.00 CAD"]
    with transaction():
        cash.close_box(box, {2000: 4, 500: 3}, "", DAY, by=aristide)  # 45 + 60 - 10
    assert box.difference == cad("0.00")


def test_a_difference_is_explained_and_posted_by_two(
    box: CashSession, house: Fund, receive: Ask, aristide: User, zoe: User
) -> None:
    receive("100.00", fund=house)
    with pytest.raises(NeedsExplanation), transaction():
        cash.close_box(box, {2000: 2}, " ", DAY, by=aristide)
    with transaction():
        cash.close_box(box, {2000: 2}, "change given twice", DAY, by=aristide)
    assert box.difference == cad("-5.00")
    approve_all(zoe)
    assert (balance(chart.CASH), balance(chart.CASH_DIFFERENCES)) == (cad("-5.00"), cad("5.00"))


@pytest.mark.usefixtures("both_databases")
def test_what_a_count_finds_missing_is_recorded_even_where_the_fund_holds_nothing(
    box: CashSession, house: Fund, aristide: User, zoe: User
) -> None:
    with transaction():
        cash.close_box(box, {2000: 2}, "change given twice", DAY, by=aristide)
    approve_all(zoe)
    assert balance(chart.CASH) == cad("-5.00")
    assert [one.kind for one in db.session.scalars(select(Attention))] == ["fund_overdrawn"]


@pytest.mark.usefixtures("both_databases")
def test_one_box_is_open_once(box: CashSession, house: Fund, aristide: User) -> None:
    again = OpenBox(place="Accueil", currency="CAD", fund_id=house.id, count={})
    with pytest.raises(BoxOpen), transaction():
        cash.open_box(again, by=aristide)
    with pytest.raises(IntegrityError), transaction():  # the database says so too
        db.session.add(
            CashSession(
                place="Accueil",
                currency="CAD",
                fund_id=house.id,
                opening_count={},
                opening_minor=0,
                opened_by_id=aristide.id,
            )
        )


def test_a_receipt_thrown_away_leaves_its_notes_in_the_box(
    box: CashSession, ask: Ask, aristide: User
) -> None:
    payment = ask("60.00")
    with transaction():
        cash.take_payment(box, payment, TakeCash(on=DAY), by=aristide)
    [waiting] = approvals.waiting()
    with transaction():
        approvals.discard(waiting.entry, "wrong person", by=aristide)
    assert cash.expected(box) == cad("105.00")
    other = ask("10.00")
    with transaction():
        cash.take_payment(box, other, TakeCash(on=DAY), by=aristide)
    assert cash.expected(box) == cad("115.00")


@given(st.dictionaries(st.sampled_from(cash.DENOMINATIONS["XOF"]), st.integers(0, 1000)))
def test_a_count_is_worth_its_pieces(count: dict[int, int]) -> None:
    worth = cash.total(count, "XOF")
    assert worth.minor == sum(one * pieces for one, pieces in count.items())


def test_more_than_was_asked_is_in_the_box_as_it_came(
    box: CashSession, ask: Ask, aristide: User, zoe: User
) -> None:
    payment = ask("60.00")
    with transaction():
        cash.take_payment(box, payment, TakeCash(on=DAY, amount=cad("80.00"), paid_by="Ondine"), by=aristide)
    assert cash.expected(box) == cad("125.00")
    approve_all(zoe)
    assert balance(chart.CASH) == cad("80.00")
    kinds = set(db.session.scalars(select(Attention.kind)))
    assert kinds == {"over_paid", "paid_by_other"}


# Cheques ------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("both_databases")
def test_cheques_go_to_the_bank_together_fund_by_fund_and_one_comes_back(
    ask: Ask, sorel: Fund, aristide: User, zoe: User
) -> None:
    first, second = ask("375.00"), ask("250.00", fund=sorel)
    for number, payment in enumerate((first, second)):
        with transaction():
            command = RecordReceipt(received_on=DAY, operator="Caisse fictive", number=str(number))
            cheques.receive_cheque(payment, command, by=aristide)
    with pytest.raises(NotApprovedYet), transaction():
        cheques.deposit_cheques(cheques.in_hand(), DAY, "B-12", by=aristide)
    approve_all(zoe)
    assert (balance(chart.CHEQUES), balance(chart.BANK)) == (cad("625.00"), cad("0.00"))
    with transaction():
        cheques.deposit_cheques(cheques.in_hand(), DAY, "B-12", by=aristide)
    assert cheques.in_hand() == []
    approve_all(zoe)
    assert (balance(chart.CHEQUES), balance(chart.BANK)) == (cad("0.00"), cad("625.00"))
    with transaction():
        payments.return_receipt(first, DAY, "no provision", by=aristide)
    approve_all(zoe)
    assert first.status is PaymentStatus.RETURNED
    assert (balance(chart.CHEQUES), balance(chart.BANK)) == (cad("0.00"), cad("250.00"))
    assert balance(chart.SAVINGS) == cad("-250.00")
    assert verification.check().sound


def test_a_cheque_returned_before_it_was_deposited_leaves_the_hand_only(
    ask: Ask, aristide: User, zoe: User
) -> None:
    payment = ask("375.00")
    with transaction():
        cheques.receive_cheque(payment, RecordReceipt(received_on=DAY), by=aristide)
    approve_all(zoe)
    with transaction():
        payments.return_receipt(payment, DAY, "given back", by=aristide)
    approve_all(zoe)
    assert (balance(chart.CHEQUES), balance(chart.BANK), cheques.in_hand()) == (cad("0.00"), cad("0.00"), [])


def test_a_deposit_thrown_away_puts_its_cheques_back_in_hand(ask: Ask, aristide: User, zoe: User) -> None:
    payment = ask("375.00")
    with transaction():
        cheques.receive_cheque(payment, RecordReceipt(received_on=DAY), by=aristide)
    approve_all(zoe)
    with transaction():
        cheques.deposit_cheques(cheques.in_hand(), DAY, "", by=aristide)
    [waiting] = approvals.waiting()
    with transaction():
        approvals.discard(waiting.entry, "closed on Saturdays", by=aristide)
    assert len(cheques.in_hand()) == 1


def test_a_cheque_taken_back_from_a_deposit_that_is_then_thrown_away_never_was_at_the_bank(
    ask: Ask, aristide: User, zoe: User
) -> None:
    first, second = ask("375.00"), ask("250.00")
    for number, payment in enumerate((first, second)):
        with transaction():
            command = RecordReceipt(received_on=DAY, operator="Caisse fictive", number=str(number))
            cheques.receive_cheque(payment, command, by=aristide)
    approve_all(zoe)
    with transaction():
        deposit = cheques.deposit_cheques(cheques.in_hand(), DAY, "B-13", by=aristide)
    with transaction():
        mirror = payments.return_receipt(first, DAY, "given back", by=aristide)
    with transaction():
        approvals.approve(mirror, by=zoe)
    with transaction():
        approvals.discard(deposit.entry, "closed on Saturdays", by=aristide)
    assert (balance(chart.CHEQUES), balance(chart.BANK)) == (cad("250.00"), cad("0.00"))
    assert [one.payment_id for one in cheques.in_hand()] == [second.id]
    assert verification.check().sound


@pytest.mark.usefixtures("both_databases")
def test_a_cheque_in_another_currency_is_recorded_and_goes_to_the_bank(
    ask: Ask, aristide: User, zoe: User
) -> None:
    dollars, payment = Money.of("300.00", "USD"), ask()
    with transaction():
        cheques.receive_cheque(payment, RecordReceipt(received_on=DAY, amount=dollars), by=aristide)
    approve_all(zoe)
    with transaction():
        cheques.deposit_cheques(cheques.in_hand(), DAY, "B-13", by=aristide)
    approve_all(zoe)
    [(deposit, [cheque])] = cheques.latest_deposits()
    assert (deposit.slip, cheque.amount) == ("B-13", dollars)
    [(_credit, left)] = placing.open_credits()
    assert left == dollars
    assert verification.check().sound


def test_a_late_receipt_thrown_away_leaves_the_payment_cancelled(ask: Ask, aristide: User) -> None:
    payment = ask()
    with transaction():
        payments.cancel(payment, by=aristide)
        payments.record_receipt(payment, RecordReceipt(received_on=DAY), by=aristide)
    [waiting] = approvals.waiting()
    with transaction():
        approvals.discard(waiting.entry, "wrong person", by=aristide)
    assert payment.status is PaymentStatus.CANCELLED


# In a browser -------------------------------------------------------------------------------------------


def test_the_desk_in_a_browser(app: Flask, house: Fund, ask: Ask, aristide: User, zoe: User) -> None:
    desk = Desk(app, aristide)
    page = "/treasury/desk/cash/new/CAD"
    opened = desk.press(page, "", place="Accueil", fund=str(house.id), pieces_2000="2", pieces_500="-1")
    assert opened.status_code == 422
    opened = desk.press(page, "", place="Accueil", fund=str(house.id), pieces_2000="2")
    box = opened.headers["Location"]
    assert "40.00" in desk.see(box)
    payment = ask("60.00")
    mistyped = payment.reference.replace(payment.reference[2], "I", 1)
    refused = desk.press(box, f"{box}/take", reference=mistyped)
    assert f"Was {payment.reference} meant" in unescape(refused.text)
    assert f'value="{mistyped}"' in refused.text
    assert f"{payment.reference}</b>" in desk.see(f"/treasury/payments?q={mistyped}")
    desk.press(box, f"{box}/take", reference=payment.reference)
    assert "100.00" in desk.see(box)
    refused = desk.press(box, f"{box}/close", pieces_2000="4")
    assert "Say what may explain the difference" in refused.text
    desk.press(box, f"{box}/close", pieces_2000="4", explanation="a twenty is missing")
    assert "a twenty is missing" in desk.see(box)
    assert "closed, with a difference" in desk.see("/treasury/desk")
    empty = desk.press(page, "", place="Bus", fund=str(house.id)).headers["Location"]
    desk.press(empty, f"{empty}/close")
    assert "Counted" in desk.see(empty)  # nothing was counted, and that is said
    assert "0.00 CAD → 0.00 CAD" in desk.see("/treasury/desk").replace("\u00a0", " ")


def test_mobile_money_and_a_cheque_in_a_browser(app: Flask, ask: Ask, aristide: User, zoe: User) -> None:
    desk = Desk(app, aristide)
    payment = ask()
    page = f"/treasury/payments/{payment.reference}"
    how = {"method": "mobile_money", "account_code": chart.MOBILE_MONEY, "received_on": "2005-10-15"}
    refused = desk.press(page, f"{page}/receipt", **how)
    assert refused.status_code == 422
    assert "Mobile money has an operator and a reference" in refused.text
    assert desk.press(page, f"{page}/receipt", **how, operator="Wave", number="T_1").status_code == 302
    other = ask("60.00")
    page = f"/treasury/payments/{other.reference}"
    cheque = {"method": "cheque", "account_code": chart.CHEQUES, "received_on": "2005-10-15"}
    desk.press(page, f"{page}/receipt", **(cheque | {"account_code": ""}), number="77")  # where cheques are
    approve_all(zoe)
    [held] = cheques.in_hand()
    assert "60.00" in desk.see("/treasury/desk")
    desk.press("/treasury/desk", "/treasury/desk/cheques/deposit", cheque=str(held.id), slip="B-1")
    assert cheques.in_hand() == []


# The code of a transfer -----------------------------------------------------------------------------------

LINES = ["Caisse fictive de solidarité", "IBAN FR76 3000 6000 0112 3456 7890 189 Banque", "BIC AGRIFRPP"]


def test_a_banking_app_reads_holder_iban_amount_and_reference() -> None:
    account = epc_qr.sepa_account(LINES)
    assert account == epc_qr.SepaAccount(
        "Caisse fictive de solidarité", "FR7630006000011234567890189", "AGRIFRPP"
    )
    text = epc_qr.payload(account, Money.of("12.30", "EUR"), "TG7K-492Q-X")
    assert text == (
        "BCD\n002\n1\nSCT\nAGRIFRPP\nCaisse fictive de solidarité\nFR7630006000011234567890189\nEUR12.30"
        "\n\n\nTG7K-492Q-X"
    )
    drawn = epc_qr.transfer_code(LINES, Money.of("12.30", "EUR"), "TG7K-492Q-X")
    assert drawn is not None
    assert drawn.startswith("<svg")


def test_no_code_where_no_app_would_read_one() -> None:
    for amount in (cad("12.30"), Money(8000, "XOF"), Money.zero("EUR")):
        assert epc_qr.transfer_code(LINES, amount, "TG7K-492Q-X") is None
    without = ["Caisse fictive", "IBAN FR76 3000 6000 0112 3456 7890 188"]  # its check digits are wrong
    assert epc_qr.transfer_code(without, Money.of("1.00", "EUR"), "TG7K-492Q-X") is None


def test_notes_that_came_today_go_into_the_one_box_that_is_open(
    app: Flask, ask: Ask, house: Fund, aristide: User
) -> None:
    desk, payment, earlier = Desk(app, aristide), ask("60.00"), ask("25.00")
    desk.press("/treasury/desk/cash/new/CAD", "", place="Accueil", fund=str(house.id), pieces_2000="2")
    page = f"/treasury/payments/{payment.reference}"
    desk.press(page, f"{page}/receipt", method="cash")
    assert "In the box at Accueil" in desk.see(page)
    page = f"/treasury/payments/{earlier.reference}"
    desk.press(page, f"{page}/receipt", method="cash", received_on="2005-10-15")  # not of this session
    box = db.session.scalars(select(CashSession)).one()
    assert cash.expected(box) == cad("100.00")
