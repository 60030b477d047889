"""Money asked for and money that arrives: in the books once however often told, by two people, never lost.

Worked examples on both databases; then random histories of all that the treasury does, whose books stay even.
"""

from dataclasses import replace
from datetime import date
from fractions import Fraction

import pytest
from sqlalchemy import func, select

from access.models import User
from shared.database import db, transaction
from shared.errors import Conflict
from shared.money import Money
from tests.treasury.card_money import disputed_and_lost, paid, uneven
from tests.treasury.conftest import Ask
from treasury import approvals, chart, ledger, payments, queries
from treasury.books import exchange, verification
from treasury.books.rates import Rate
from treasury.cards import books as card_books
from treasury.funds import standings
from treasury.funds.transfers import FundTransfer, transfer
from treasury.ledger import AlreadyReversed, Leg, SamePerson
from treasury.models import (
    Account,
    Attention,
    ExchangeRate,
    Fund,
    JournalEntry,
    PaymentMethod,
    PaymentStatus,
)
from treasury.payments import AlreadySettled, NothingToPay, RecordReceipt

both = pytest.mark.usefixtures("both_databases")
DAY = date(2005, 10, 15)


def balances() -> dict[str, Money]:
    return {row.code: row.balance for row in queries.trial_balance() if row.balance}


def attention() -> list[str]:
    return list(db.session.scalars(select(Attention.kind).order_by(Attention.id)))


def cad(text: str) -> Money:
    return Money.of(text, "CAD")


# By card ----------------------------------------------------------------------------------------------


@both
def test_a_card_payment_settles_once_however_often_it_is_told(ask: Ask, settled: list[int]) -> None:
    payment = ask()
    for _told in range(5):
        with transaction():
            card_books.settle_checkout(paid(payment, fee="22.05"))
    assert (payment.status, settled) == (PaymentStatus.SETTLED, [payment.id])
    assert balances() == {
        chart.STRIPE: cad("727.95"),
        chart.BANK_FEES: cad("22.05"),
        chart.SAVINGS: cad("-750.00"),
    }
    assert attention() == []


@both
def test_two_charges_for_one_payment_are_both_kept_and_shown(ask: Ask, settled: list[int]) -> None:
    payment = ask()
    for charge in ("ch_1", "ch_2", "ch_2"):
        with transaction():
            card_books.settle_checkout(paid(payment, charge))
    assert balances()[chart.STRIPE] == cad("1500.00")
    assert (attention(), settled) == (["paid_twice"], [payment.id])


def test_a_lost_dispute_of_a_second_charge_takes_nothing_from_what_was_paid(
    ask: Ask, settled: list[int]
) -> None:
    payment = ask()
    for charge in ("ch_1", "ch_2"):
        with transaction():
            card_books.settle_checkout(paid(payment, charge))
    told = disputed_and_lost(payment, "ch_2", cad("750.00"))
    for _told in range(2):
        with transaction():
            card_books.book_charge(told)
    assert (payment.status, balances()[chart.STRIPE]) == (PaymentStatus.SETTLED, cad("750.00"))
    assert attention() == ["paid_twice", "dispute_lost", "dispute_opened"]


def test_of_a_payment_disputed_and_lost_in_part_the_rest_still_stands(ask: Ask, settled: list[int]) -> None:
    payment = ask()
    with transaction():
        card_books.book_charge(disputed_and_lost(payment, "ch_1", cad("100.00")))
    assert (payment.status, balances()[chart.STRIPE]) == (PaymentStatus.SETTLED, cad("650.00"))
    assert attention() == ["dispute_lost", "dispute_opened"]


@both
def test_money_for_what_was_cancelled_is_kept_and_shown(ask: Ask, aristide: User) -> None:
    payment = ask()
    with transaction():
        payments.cancel(payment, by=aristide)
    with transaction():
        card_books.settle_checkout(paid(payment))
    assert balances()[chart.STRIPE] == cad("750.00")
    assert attention() == ["paid_after_cancellation"]


@both
def test_more_than_asked_is_kept_as_it_came_and_settles(ask: Ask, settled: list[int]) -> None:
    payment = ask()
    with transaction():
        card_books.settle_checkout(paid(payment, amount="800.00"))
    assert balances()[chart.SAVINGS] == cad("-800.00")
    assert (attention(), settled) == (["other_amount"], [payment.id])


@both
@pytest.mark.parametrize("came", [Money.of("1.00", "CAD"), Money.of("750", "XOF")], ids=str)
def test_less_than_asked_is_kept_and_shown_and_settles_nothing(
    ask: Ask, settled: list[int], came: Money
) -> None:
    """A reference typed on another page to pay on of the same Stripe account, for one dollar."""
    payment = ask()
    with transaction():
        chart.open_chart("XOF")
    elsewhere = replace(paid(payment), id="cs_of_a_gift_page", amount=came)
    for _told in range(2):
        with transaction():
            card_books.settle_checkout(elsewhere)
    assert (payment.status, settled, attention()) == (PaymentStatus.REQUESTED, [], ["other_amount"])
    assert [one.balance for one in queries.trial_balance() if one.code == chart.STRIPE and one.balance] == [
        came
    ]
    with transaction():
        card_books.settle_checkout(paid(payment, "ch_2"))
    assert (payment.status, settled) == (PaymentStatus.SETTLED, [payment.id])


def test_nothing_is_not_asked_for(bank: Account, outaouais: Fund, aristide: User) -> None:
    for amount in ("0.00", "-1.00"):
        command = payments.RequestPayment(
            purpose="savings",
            subject_id=1,
            amount=cad(amount),
            fund_id=outaouais.id,
            income_code=chart.SAVINGS,
            method=PaymentMethod.CARD,
            description="",
        )
        with pytest.raises(NothingToPay), transaction():
            payments.request(command, by=aristide)


# By two people ----------------------------------------------------------------------------------------


@both
def test_a_receipt_is_recorded_by_one_and_approved_by_another(
    ask: Ask, settled: list[int], aristide: User, zoe: User
) -> None:
    payment = ask()
    with transaction():
        payments.record_receipt(payment, RecordReceipt(received_on=DAY), by=aristide)
    assert (payment.status, balances(), settled) == (PaymentStatus.RECORDED, {}, [])
    with pytest.raises(SamePerson), transaction():
        payments.approve_receipt(payment, by=aristide)
    assert balances() == {}
    with transaction():
        payments.approve_receipt(payment, by=zoe)
    assert (payment.status, settled) == (PaymentStatus.SETTLED, [payment.id])
    assert balances() == {chart.BANK: cad("750.00"), chart.SAVINGS: cad("-750.00")}


@both
def test_a_receipt_is_recorded_once_and_approved_once(ask: Ask, aristide: User, zoe: User) -> None:
    payment = ask()
    with transaction():
        payments.record_receipt(payment, RecordReceipt(received_on=DAY), by=aristide)
    with pytest.raises(AlreadySettled), transaction():
        payments.record_receipt(payment, RecordReceipt(received_on=DAY), by=aristide)
    with transaction():
        payments.approve_receipt(payment, by=zoe)
    with pytest.raises(AlreadySettled), transaction():
        payments.approve_receipt(payment, by=zoe)
    assert db.session.scalar(select(func.count()).select_from(JournalEntry)) == 1


def test_how_it_came_may_differ_from_how_it_was_asked_for(ask: Ask, aristide: User) -> None:
    payment = ask(method=PaymentMethod.CARD)
    receipt = RecordReceipt(received_on=DAY, account_code=chart.CASH, method=PaymentMethod.CASH)
    with transaction():
        payments.record_receipt(payment, receipt, by=aristide)
    assert payment.entry
    assert payment.method is PaymentMethod.CASH
    assert {one.account.code for one in payment.entry.postings} == {chart.CASH, chart.SAVINGS}


@both
def test_a_transfer_for_what_was_cancelled_is_recorded_and_shown(ask: Ask, aristide: User, zoe: User) -> None:
    payment = ask()
    with transaction():
        payments.cancel(payment, by=aristide)
    with transaction():
        payments.record_receipt(payment, RecordReceipt(received_on=DAY), by=aristide)
    with transaction():
        payments.approve_receipt(payment, by=zoe)
    assert (balances()[chart.BANK], attention()) == (cad("750.00"), ["paid_after_cancellation"])


@both
def test_a_cheque_that_comes_back_leaves_nothing_and_two_people_say_so(
    receive: Ask, aristide: User, zoe: User
) -> None:
    payment = receive("375.00")
    with transaction():
        mirror = payments.return_receipt(payment, date(2005, 10, 20), "No provision", by=aristide)
    assert (payment.status, balances()[chart.BANK]) == (PaymentStatus.SETTLED, cad("375.00"))
    with pytest.raises(AlreadyReversed), transaction():
        payments.return_receipt(payment, date(2005, 10, 20), "Again", by=aristide)
    with pytest.raises(SamePerson), transaction():
        approvals.approve(mirror, by=aristide)
    with transaction():
        approvals.approve(mirror, by=zoe)
    assert (payment.status, balances()) == (PaymentStatus.RETURNED, {})
    with pytest.raises(Conflict), transaction():
        payments.return_receipt(payment, date(2005, 10, 21), "Again", by=aristide)
    assert [
        receipt.amount
        for receipt in queries.receipts([payment.fund_id], chart.SAVINGS, "CAD")[payment.fund_id]
    ] == [
        cad("375.00"),
        cad("-375.00"),
    ]


@both
def test_another_fund_pays_what_is_asked_of_a_delegate(
    receive: Ask, ask: Ask, outaouais: Fund, house: Fund, aristide: User, zoe: User
) -> None:
    receive("750.00")
    fee = ask("250.00", fund=house)
    with transaction():
        payments.settle_from_fund(fee, outaouais.id, DAY, by=aristide, category="T")
    with pytest.raises(SamePerson), transaction():
        payments.approve_receipt(fee, by=aristide)
    with transaction():
        payments.approve_receipt(fee, by=zoe)
    assert fee.method is PaymentMethod.INTERNAL
    assert fee.entry and [one.category for one in fee.entry.postings if one.category] == ["T"]
    assert queries.fund_balances([outaouais.id, house.id], "CAD") == {
        outaouais.id: cad("500.00"),
        house.id: cad("250.00"),
    }


# Funds stay apart -------------------------------------------------------------------------------------


@both
def test_no_entry_moves_money_between_funds_unless_it_says_so(
    receive: Ask, outaouais: Fund, sorel: Fund, aristide: User
) -> None:
    receive("750.00")
    with pytest.raises(ledger.Unbalanced), transaction():
        ledger.draft(
            DAY,
            "Meals of Sorel from the money of Outaouais",
            [Leg(chart.STAY, sorel.id, cad("100.00")), Leg(chart.BANK, outaouais.id, -cad("100.00"))],
            by=aristide,
        )
    assert queries.fund_balance(sorel.id, "CAD") == cad("0.00")


@both
def test_a_transfer_between_funds_changes_whose_money_it_is_and_not_how_much(
    receive: Ask, outaouais: Fund, sorel: Fund, aristide: User, zoe: User
) -> None:
    receive("750.00")
    command = FundTransfer(
        source_fund_id=outaouais.id,
        target_fund_id=sorel.id,
        amount=cad("100.00"),
        dated_on=DAY,
        narration="Decision 1 of the committee",
    )
    with transaction():
        entry = transfer(command, by=aristide)
    with transaction():
        ledger.post(entry, by=zoe)
    assert queries.cash_by_currency() == [cad("750.00")]
    assert queries.fund_balances([outaouais.id, sorel.id], "CAD") == {
        outaouais.id: cad("650.00"),
        sorel.id: cad("100.00"),
    }


# The advance that was changed in Dakar ----------------------------------------------------------------


DEMO_RATE = Rate(
    "CAD", "XOF", Fraction("655.957") / Fraction("1.5669"), date(2005, 6, 30), "average of April to June 2005"
)


@both
def test_the_advance_changed_in_dakar_comes_out_to_the_franc(
    receive: Ask, outaouais: Fund, aristide: User, zoe: User
) -> None:
    receive("2000.00")
    with transaction():
        chart.open_chart("XOF")
        given = ledger.draft(
            date(2005, 11, 14),
            "Advance to Ondine Exemple",
            [
                Leg(chart.ADVANCES, outaouais.id, cad("2000.00")),
                Leg(chart.BANK, outaouais.id, -cad("2000.00")),
            ],
            by=aristide,
        )
        changed = exchange.convert(
            exchange.Conversion(
                fund_id=outaouais.id,
                given=cad("2000.00"),
                received=Money.of("830000", "XOF"),
                dated_on=date(2005, 11, 15),
                narration="Changed in Dakar at 415.00",
                slip="slip of the exchange office",
                reference=DEMO_RATE,
                account_code=chart.ADVANCES,
            ),
            by=aristide,
        )
        spent = ledger.draft(
            date(2005, 11, 27),
            "Claims of the delegation",
            [
                Leg(chart.STAY, outaouais.id, Money.of("812500", "XOF")),
                Leg(chart.CASH, outaouais.id, Money.of("17500", "XOF"), memo="returned"),
                Leg(chart.ADVANCES, outaouais.id, Money.of("-830000", "XOF")),
            ],
            by=aristide,
        )
    for entry in (given, changed, spent):
        with transaction():
            ledger.post(entry, by=zoe)
        if entry is changed:
            francs = [one for one in standings.standings_of(outaouais) if one.balance.currency == "XOF"]
            assert [one.advanced for one in francs] == [Money.of("830000", "XOF")]
    kept = {db.session.get_one(ExchangeRate, one.rate_id or 0).source for one in changed.postings}
    assert kept == {"slip of the exchange office", DEMO_RATE.source}
    open_advance = [row for row in queries.trial_balance() if row.code == chart.ADVANCES]
    assert [row.balance.minor for row in open_advance] == [0, 0]  # in dollars, and in francs
    # At the demonstration's rate it would have been 837,267 francs: the difference is in the books.
    assert [one.amount for one in exchange.differences()] == [Money.of("7267", "XOF")]
    assert verification.check().sound
    assert uneven() == []
