"""What is odd about money that came: recorded, explained, on one list, the likely action one click away."""

from datetime import date
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from access.models import User
from shared.database import db, transaction
from shared.errors import Conflict, NotFound
from shared.money import Money
from tests.treasury.card_money import balance, cad
from tests.treasury.conftest import Ask
from tests.treasury.desk import Desk
from treasury import approvals, attention_actions, chart, payments, placing
from treasury.attention import attend
from treasury.attention_actions import Action
from treasury.books import verification
from treasury.cards import refunds
from treasury.cards.models import Refund, RefundStatus
from treasury.funds import commitments
from treasury.funds.commitments import Reserve
from treasury.models import Attention, Fund, JournalEntry, Payment, PaymentMethod, PaymentStatus
from treasury.payments import RecordReceipt, ReferenceUsed
from treasury.placing import NotThatMuch, OtherCurrency, Place
from treasury.receipt_models import Placement

DAY = date(2005, 10, 15)


def record(payment: Payment, *, by: User, **came: Any) -> Payment:
    with transaction():
        return payments.record_receipt(payment, RecordReceipt(received_on=DAY, **came), by=by)


def approve_all(by: User) -> None:
    for waiting in approvals.waiting():
        with transaction():
            approvals.approve(waiting.entry, by=by)


def listed() -> list[str]:
    return [item.attention.kind for item in attention_actions.listed()]


def act(action: Action, *, by: User, target: Payment | None = None) -> None:
    [item] = attention_actions.listed()
    with transaction():
        one = db.session.get_one(Attention, item.attention.id)
        attention_actions.act(one, action, on=DAY, by=by, target=target)


@pytest.mark.usefixtures("both_databases")
def test_a_surplus_becomes_a_credit_that_pays_in_another_edition(
    ask: Ask, house: Fund, aristide: User, zoe: User
) -> None:
    payment = record(ask("750.00"), by=aristide, amount=cad("1000.00"))
    approve_all(zoe)
    [item] = attention_actions.listed()
    assert item.offers[0].action is Action.CREDIT
    assert "250.00" in item.offers[0].label
    act(Action.CREDIT, by=aristide)
    assert attention_actions.listed()[0].under_way
    approve_all(zoe)
    assert listed() == []
    assert (balance(chart.SAVINGS), balance(chart.CREDITS)) == (cad("-750.00"), cad("-250.00"))
    [(credit, left)] = placing.open_credits()
    assert left == cad("250.00")
    fee, another = ask("60.00", fund=house), ask("500.00", fund=house)
    with transaction():
        command = Place(amount=cad("60.00"), on=DAY, narration="fee of the next edition")
        placing.apply(payment, fee, command, by=aristide, credit=credit)
    approve_all(zoe)
    assert fee.status is PaymentStatus.SETTLED
    assert fee.method is PaymentMethod.INTERNAL
    assert placing.left_of_credit(credit) == cad("190.00")
    assert balance(chart.BANK) == cad("1000.00")  # no money moved, only whose it is
    with pytest.raises(NotThatMuch), transaction():
        placing.apply(
            payment,
            another,
            Place(amount=cad("190.01"), on=DAY, narration=""),
            by=aristide,
            credit=credit,
        )
    assert verification.check().sound


def test_less_is_recorded_and_the_rest_is_asked_for_once(ask: Ask, aristide: User, zoe: User) -> None:
    payment = record(ask("750.00"), by=aristide, amount=cad("700.00"))
    approve_all(zoe)
    act(Action.REST, by=aristide)
    assert listed() == []
    rest = db.session.scalars(select(Payment).where(Payment.purpose == placing.REST)).one()
    assert (rest.amount, rest.subject_id) == (cad("50.00"), payment.id)
    with transaction():
        assert placing.ask_for_rest(payment, cad("50.00"), by=aristide) is rest
    record(rest, by=aristide)
    approve_all(zoe)
    assert balance(chart.SAVINGS) == cad("-750.00")


@pytest.mark.usefixtures("both_databases")
def test_another_currency_is_a_credit_in_that_currency_and_pays_nothing_else(
    ask: Ask, aristide: User, zoe: User
) -> None:
    payment = record(ask("750.00"), by=aristide, amount=Money.of("500.00", "EUR"))
    approve_all(zoe)
    assert payment.status is PaymentStatus.REQUESTED
    [(credit, left)] = placing.open_credits()
    assert left == Money.of("500.00", "EUR")
    other = ask()
    with pytest.raises(OtherCurrency), transaction():
        placing.apply(payment, other, Place(amount=left, on=DAY, narration=""), by=aristide, credit=credit)
    act(Action.GIVE_BACK, by=aristide)
    approve_all(zoe)
    assert (listed(), placing.open_credits()) == ([], [])
    assert verification.check().sound


def test_nothing_at_stake_is_not_everything_that_is_left(receive: Ask) -> None:
    payment = receive()
    with transaction():
        one = attend("over_paid", "nothing", payment_id=payment.id, details="", amount=cad("0.00"))
    assert one.amount == attention_actions.at_stake(one, placing.left_of(payment)) == cad("0.00")
    assert attention_actions.listed()[0].offers == ()


def test_somebody_elses_money_is_theirs_to_give(ask: Ask, aristide: User, zoe: User) -> None:
    record(ask(), by=aristide, paid_by="Coopérative fictive des Trois-Ponts")
    approve_all(zoe)
    act(Action.ACCEPT, by=aristide)
    assert listed() == []


def test_money_after_cancellation_pays_something_else_of_the_same_payer(
    ask: Ask, sorel: Fund, aristide: User, zoe: User
) -> None:
    payment = ask()
    with transaction():
        payments.cancel(payment, by=aristide)
    other = ask("750.00", fund=sorel)
    record(payment, by=aristide)
    approve_all(zoe)
    [item] = attention_actions.listed()
    assert item.targets == (other,)
    act(Action.APPLY, by=aristide, target=other)
    approve_all(zoe)
    assert (other.status, listed()) == (PaymentStatus.SETTLED, [])
    assert placing.left_of(payment) == cad("0.00")


def test_a_draft_thrown_away_leaves_nothing_behind(ask: Ask, aristide: User, zoe: User) -> None:
    payment = record(ask(), by=aristide, amount=cad("800.00"), operator="Wave", number="W-1")
    assert listed() == ["over_paid"]
    with transaction():
        approvals.discard(db.session.get_one(JournalEntry, payment.entry_id), "a slip", by=aristide)
    assert listed() == []
    record(payment, by=aristide, operator="Wave", number="W-1")
    approve_all(zoe)
    act_on = ask("10.00")
    with pytest.raises(ReferenceUsed):
        record(act_on, by=aristide, operator="Wave", number="W-1")


def test_a_credit_thrown_away_can_be_kept_again(ask: Ask, aristide: User, zoe: User) -> None:
    record(ask("750.00"), by=aristide, amount=cad("1000.00"))
    approve_all(zoe)
    act(Action.CREDIT, by=aristide)
    [waiting] = approvals.waiting()
    with transaction():
        approvals.discard(waiting.entry, "the payer wants it back", by=zoe)
    assert db.session.scalars(select(Placement)).all() == []
    act(Action.REFUND, by=aristide)
    approve_all(zoe)
    assert listed() == []
    assert (balance(chart.BANK), balance(chart.SAVINGS)) == (cad("750.00"), cad("-750.00"))


def test_a_refund_that_is_dropped_leaves_the_thing_on_the_list(ask: Ask, aristide: User, zoe: User) -> None:
    record(ask("750.00"), by=aristide, amount=cad("1000.00"))
    approve_all(zoe)
    act(Action.REFUND, by=aristide)
    [waiting] = approvals.waiting()
    with transaction():
        approvals.discard(waiting.entry, "no", by=zoe)
    refund = db.session.scalars(select(Refund)).one()
    assert (refund.status, listed()) == (RefundStatus.DROPPED, ["over_paid"])


def test_a_refund_approved_from_its_payment_keeps_the_promise_it_was_written_for(
    app: Flask, ask: Ask, aristide: User, zoe: User
) -> None:
    """All that follows from a draft follows on whichever page it is approved; pressed twice is once."""
    record(ask("750.00"), by=aristide, amount=cad("1000.00"))
    approve_all(zoe)
    act(Action.REFUND, by=aristide)
    refund = db.session.scalars(select(Refund)).one()
    assert refund.entry
    with transaction():
        promised = commitments.reserve(
            Reserve(
                fund_id=refund.payment.fund_id,
                amount=cad("250.00"),
                payee="Réseau fictif du Grand-Héron",
                purpose="What came twice",
                dated_on=refund.entry.dated_on,
            ),
            by=aristide,
        )
        commitments.intend(refund.entry, promised)
    approver = Desk(app, zoe)
    page = approver.see(f"/treasury/payments/{refund.payment.reference}")
    for _twice in range(2):
        assert approver.send(page, f"/treasury/refunds/{refund.id}/approve").status_code == 303
    db.session.expire_all()
    assert (refund.status, promised.outstanding) == (RefundStatus.DONE, cad("0.00"))
    assert balance(chart.BANK) == cad("750.00")


@pytest.fixture
def treasurer(app: Flask, aristide: User) -> Desk:
    return Desk(app, aristide)


def test_the_list_in_a_browser_offers_the_likely_thing_and_the_others(
    treasurer: Desk, ask: Ask, aristide: User, zoe: User
) -> None:
    record(ask("750.00"), by=aristide, amount=cad("1000.00"))
    approve_all(zoe)
    page = treasurer.see("/treasury/attention")
    assert "More than was asked" in page
    assert "Keep 250.00 CAD as the payer’s credit" in page.replace("\xa0", " ")
    one = attention_actions.listed()[0].attention.id
    answer = treasurer.press("/treasury/attention", f"/treasury/attention/{one}/credit")
    assert answer.status_code == 303
    assert "waits for a second person" in treasurer.see("/treasury/attention")
    approve_all(zoe)
    assert "Nothing asks for attention" in treasurer.see("/treasury/attention")
    credit = placing.open_credits()[0][0]
    target = ask("100.00")
    url = f"/treasury/attention/credits/{credit.id}/use"
    treasurer.press("/treasury/attention", url, reference="TG22-2222-2")
    assert "No payment has this reference" in treasurer.see("/treasury/attention")
    treasurer.press("/treasury/attention", url, reference=target.reference.lower())
    db.session.expire_all()
    assert target.status is PaymentStatus.RECORDED


def test_a_refund_in_a_browser(app: Flask, treasurer: Desk, receive: Ask, zoe: User) -> None:
    payment = receive()
    page = f"/treasury/payments/{payment.reference}/refund"
    refused = treasurer.press(page, "", amount="750.01", reason="cannot come")
    assert refused.status_code == 422
    assert "can be given back" in refused.text
    assert treasurer.press(page, "", amount="750.00", reason="cannot come").status_code == 303
    approver = Desk(app, zoe)
    assert "cannot come" in approver.see(f"/treasury/payments/{payment.reference}")
    refund = db.session.scalars(select(Refund)).one()
    approver.press(f"/treasury/payments/{payment.reference}", f"/treasury/refunds/{refund.id}/approve")
    db.session.expire_all()
    assert refund.status is RefundStatus.DONE
    assert "No dispute" in approver.see("/treasury/card")


def test_what_is_no_choice_any_more_is_refused(ask: Ask, aristide: User, zoe: User) -> None:
    record(ask("750.00"), by=aristide, amount=cad("1000.00"))
    approve_all(zoe)
    with pytest.raises(NotFound):
        act(Action.APPLY, by=aristide)  # nobody said for which payment
    with pytest.raises(Conflict):
        act(Action.REST, by=aristide)  # nothing is missing
    act(Action.CREDIT, by=aristide)
    with pytest.raises(Conflict):
        act(Action.REFUND, by=aristide)  # somebody keeps it as a credit meanwhile
    [waiting] = approvals.waiting()
    with pytest.raises(NotFound):
        placing.find_credit(db.session.scalars(select(Placement)).one().id + 1)
    assert waiting.entry.narration.endswith("kept as the payer’s credit")


def test_of_money_that_is_gone_nothing_can_be_placed(receive: Ask, aristide: User, zoe: User) -> None:
    payment = receive()
    with transaction():
        attend("over_paid", "gone", payment_id=payment.id, details="", amount=cad("50.00"))
        refunds.request_refund(
            payment, refunds.RequestRefund(amount=cad("750.00"), reason="ill", on=DAY), by=aristide
        )
    approve_all(zoe)
    with pytest.raises(Conflict):
        act(Action.CREDIT, by=aristide)


def test_a_credit_in_another_currency_is_changed_only_where_there_is_one(
    receive: Ask, aristide: User
) -> None:
    payment = receive()
    with transaction():
        attend("wrong_currency", "none", payment_id=payment.id, details="", amount=Money.of("5.00", "EUR"))
    with pytest.raises(Conflict):
        act(Action.CHANGE, by=aristide)


def test_what_was_too_much_is_given(ask: Ask, aristide: User, zoe: User) -> None:
    record(ask("750.00"), by=aristide, amount=cad("1000.00"))
    approve_all(zoe)
    act(Action.GIFT, by=aristide)
    approve_all(zoe)
    assert (balance(chart.SAVINGS), balance(chart.GIFTS)) == (cad("-750.00"), cad("-250.00"))
    assert listed() == []


def test_a_payment_that_is_paid_is_not_cancelled(receive: Ask, aristide: User) -> None:
    payment = receive()
    with transaction():
        payments.cancel(payment, by=aristide)
    assert payment.status is PaymentStatus.SETTLED


def test_a_reference_that_is_taken_is_drawn_again(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    taken = ask().reference
    drawn = iter([taken, taken, "TG7K-492Q-X"])
    monkeypatch.setattr(payments, "new_reference", lambda: next(drawn))
    assert ask().reference == "TG7K-492Q-X"
