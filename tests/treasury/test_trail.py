"""What is written beside a step: its trail, its memos, who did it and when, and what a refusal says."""

from datetime import date
from typing import Any

import pytest
from sqlalchemy import select

from access.models import User
from shared.audit import AuditRecord, System
from shared.database import db, transaction
from shared.errors import Conflict, NotFound
from shared.money import Money
from tests.treasury.bank import bank_posting, bring_in, lines_of, looked_at
from tests.treasury.conftest import Ask
from treasury import chart, ledger, payments
from treasury.books import periods
from treasury.ledger import Leg
from treasury.models import (
    Account,
    Attention,
    ExchangeRate,
    Fund,
    JournalEntry,
    PaymentMethod,
    PaymentStatus,
    Period,
    Posting,
)
from treasury.payments import NothingToPay, RecordReceipt
from treasury.receipt_models import ReceiptDetail
from treasury.reconciliation import links as reconciliation
from treasury.reconciliation.links import AmountDiffers, DoesNotFit, NothingLeft, RecordLine
from treasury.reconciliation.values import Reason

DAY = date(2005, 10, 15)


def cad(text: str) -> Money:
    return Money.of(text, "CAD")


def told(action: str) -> list[tuple[str, str, dict[str, Any]]]:
    """Who did this to what, with which details, in order."""
    rows = db.session.scalars(
        select(AuditRecord).where(AuditRecord.action == action).order_by(AuditRecord.id)
    )
    return [(one.actor, one.subject, one.details) for one in rows]


def memos(entry: JournalEntry) -> dict[tuple[str, int], str]:
    return {(one.account.code, one.amount_minor): one.memo for one in entry.postings}


def odd() -> list[tuple[str, str, int | None, str | None]]:
    rows = db.session.scalars(select(Attention).order_by(Attention.id))
    return [(one.kind, one.details, one.amount_minor, one.currency) for one in rows]


# The journal ------------------------------------------------------------------------------------------


def test_an_account_is_opened_beside_its_siblings(bank: Account) -> None:
    """A code in a third currency: as its siblings are, and a code that the chart does not know is named."""
    with transaction():
        cash, euros = ledger.account(chart.CASH, "XOF"), ledger.account(chart.CASH, "EUR")
        advance = ledger.account(chart.ADVANCES, "EUR")
    assert [(one.name, one.kind, one.spendable) for one in (cash, euros)] == [
        (cash.name, "asset", True),
        (cash.name, "asset", True),
    ]
    assert (advance.kind, advance.spendable, advance.currency) == ("asset", False, "EUR")
    assert advance.name == ledger.account(chart.ADVANCES, "CAD").name != cash.name
    with pytest.raises(LookupError, match="the chart of accounts has no 9999"):
        ledger.account("9999", "CAD")


def test_a_mirror_carries_all_that_the_entry_did(
    bank: Account, outaouais: Fund, aristide: User, zoe: User
) -> None:
    with transaction():
        rate = ExchangeRate(
            base="CAD", quote="XOF", numerator=415, denominator=1, dated_on=DAY, source="agreed"
        )
        db.session.add(rate)
        db.session.flush()
        legs = [
            Leg(chart.BANK, outaouais.id, cad("75.00"), category="stay", memo="E 1", rate_id=rate.id),
            Leg(chart.SAVINGS, outaouais.id, -cad("75.00")),
        ]
        entry = ledger.post(ledger.draft(DAY, "deposit", legs, by=aristide), by=zoe)
        mirror = ledger.reverse(entry, DAY, "returned", by=aristide)
        machine = ledger.post_now(DAY, "by rule", legs, source="rule:1", idempotency_key="rule:1")
        by_rule = ledger.reverse(machine, DAY, "by rule", by=System())
    for one in (entry, machine):
        first = one.postings[0]
        assert (first.category, first.memo, first.rate_id) == ("stay", "E 1", rate.id)
    for one in (mirror, by_rule):
        first = next(leg for leg in one.postings if leg.account_id == bank.id)
        assert (first.amount, first.category, first.memo, first.rate_id) == (
            -cad("75.00"),
            "stay",
            "E 1",
            rate.id,
        )
    assert (mirror.source, mirror.author_id, mirror.narration) == ("manual", aristide.id, "returned")
    assert (by_rule.source, by_rule.author_id) == (f"reversal:{machine.id}", None)
    assert (machine.author_id, machine.approver_id, machine.source) == (None, None, "rule:1")
    subjects = [subject for _actor, subject, _details in told("entry.post")]
    assert subjects == [f"JournalEntry:{entry.id}", f"JournalEntry:{machine.id}"]


def test_a_refused_entry_says_by_how_much_and_where(bank: Account, outaouais: Fund, aristide: User) -> None:
    legs = [Leg(chart.BANK, outaouais.id, cad("75.00")), Leg(chart.SAVINGS, outaouais.id, -cad("74.00"))]
    with pytest.raises(ledger.Unbalanced) as refused:
        ledger.draft(DAY, "deposit", legs, by=aristide)
    assert refused.value.details == {"difference": cad("1.00"), "fund": outaouais.code}


@pytest.mark.parametrize(
    ("day", "closed"), [(date(2005, 9, 30), True), (date(2005, 10, 1), False), (date(2005, 9, 1), True)]
)
def test_a_period_is_closed_from_its_first_day_to_its_last(
    bank: Account, outaouais: Fund, aristide: User, zoe: User, day: date, closed: bool
) -> None:
    with transaction():
        periods.close_until(date(2005, 8, 31), "August", by=zoe)
        periods.close_until(date(2005, 9, 30), "September", by=zoe)
        first = db.session.scalars(select(Period).order_by(Period.starts_on)).first()
        assert first
        periods.reopen(first, "late", by=zoe)
    legs = [Leg(chart.BANK, outaouais.id, cad("75.00")), Leg(chart.SAVINGS, outaouais.id, -cad("75.00"))]
    with transaction():
        entry = ledger.draft(day, "deposit", legs, by=aristide)
    if closed:
        with pytest.raises(ledger.PeriodClosed) as refused, transaction():
            ledger.post(entry, by=zoe)
        assert refused.value.details == {"until": date(2005, 9, 30)}
    else:
        with transaction():
            ledger.post(entry, by=zoe)


# Payments ---------------------------------------------------------------------------------------------


def test_each_step_of_a_payment_is_told(ask: Ask, outaouais: Fund, aristide: User, zoe: User) -> None:
    payment = ask("397.35")
    with transaction():
        receipt = RecordReceipt(received_on=DAY, narration="as the cheque says", paid_by="Awa Modèle")
        payments.record_receipt(payment, receipt, by=aristide)
    with transaction():
        payments.approve_receipt(payment, by=zoe)
    assert (payment.received_on, payment.recorded_by_id, payment.settled_at is not None) == (
        DAY,
        aristide.id,
        True,
    )
    entry = db.session.get_one(JournalEntry, payment.entry_id)
    assert (entry.narration, entry.idempotency_key) == ("as the cheque says", f"payment:{payment.id}")
    assert set(memos(entry).values()) == {payment.reference}
    with transaction():
        mirror = payments.return_receipt(payment, DAY, "no cover", by=aristide)
    with transaction():
        payments.approve_return(payment, mirror, by=zoe)
    assert payment.status is PaymentStatus.RETURNED
    dropped = ask("1.00")
    with transaction():
        payments.cancel(dropped, by=zoe)
    this, amount = f"Payment:{payment.id}", {"amount": "397.35 CAD"}
    assert told("payment.request")[0] == ("tests", this, {**amount, "purpose": "savings"})
    assert told("payment.record") == [(aristide.actor_label, this, amount)]
    assert told("payment.settle") == [(zoe.actor_label, this, amount)]
    assert told("payment.return") == [(aristide.actor_label, this, {})]
    assert told("payment.cancel") == [(zoe.actor_label, f"Payment:{dropped.id}", {})]
    why = select(AuditRecord.reason).where(AuditRecord.action == "payment.return")
    assert db.session.scalar(why) == "no cover"


def test_who_pays_is_kept_as_it_was_said(outaouais: Fund, settled: list[int], aristide: User) -> None:
    command = payments.RequestPayment(
        purpose="savings",
        subject_id=7,
        amount=cad("0.01"),
        fund_id=outaouais.id,
        income_code=chart.SAVINGS,
        method=PaymentMethod.TRANSFER,
        description="é" * 201,
        payer_name="Awa Modèle",
        payer_email="awa@example.org",
    )
    with transaction():
        payment = payments.request(command, by=System("tests"))
    assert (payment.payer_name, payment.payer_email, payment.subject_id) == (
        "Awa Modèle",
        "awa@example.org",
        7,
    )
    assert payment.description == "é" * 200
    with transaction():  # one cent is an amount
        payments.record_receipt(payment, RecordReceipt(received_on=DAY), by=aristide)


def test_nothing_is_no_payment(ask: Ask, aristide: User) -> None:
    with pytest.raises(NothingToPay) as refused:
        ask("0.00")
    assert refused.value.field == "amount"
    payment = ask()
    with pytest.raises(NothingToPay) as refused, transaction():
        payments.record_receipt(payment, RecordReceipt(received_on=DAY, amount=cad("0.00")), by=aristide)
    assert refused.value.field == "amount"


@pytest.mark.parametrize(
    ("amount", "said"),
    [
        ("751.00 CAD", ("over_paid", "751.00 CAD > 750.00 CAD", 100, "CAD")),
        ("749.00 CAD", ("under_paid", "749.00 CAD < 750.00 CAD", 100, "CAD")),
        ("300 XOF", ("wrong_currency", "300 XOF ≠ 750.00 CAD", 300, "XOF")),
    ],
)
def test_what_is_odd_says_what_is_at_stake(
    ask: Ask, aristide: User, amount: str, said: tuple[str, str, int, str]
) -> None:
    figure, currency = amount.split()
    payment = ask()
    receipt = RecordReceipt(
        received_on=DAY, amount=Money.of(figure, currency), paid_by="Awa Modèle", account_code=chart.CASH
    )
    with transaction():
        payments.record_receipt(payment, receipt, by=aristide)
    by_other = ("paid_by_other", "Awa Modèle ≠ Réseau fictif du Grand-Héron", None, None)
    assert odd() == [said, by_other]
    entry = db.session.scalars(select(JournalEntry)).one()
    other = chart.CREDITS if currency == "XOF" else chart.SAVINGS
    assert {code for code, _minor in memos(entry)} == {chart.CASH, other}
    assert entry.idempotency_key == (None if currency == "XOF" else f"payment:{payment.id}")


def test_money_after_a_cancellation_is_at_stake_whole(ask: Ask, aristide: User) -> None:
    payment = ask()
    with transaction():
        payments.cancel(payment, by=aristide)
    with transaction():
        payments.record_receipt(payment, RecordReceipt(received_on=DAY), by=aristide)
    assert odd() == [("paid_after_cancellation", "750.00 CAD", 75000, "CAD")]


def test_an_operator_s_reference_is_used_once_with_that_operator(ask: Ask, aristide: User) -> None:
    one, two, three, four = ask("1.00"), ask("2.00"), ask("3.00"), ask("4.00")

    def receipt(**more: str) -> RecordReceipt:
        return RecordReceipt(received_on=DAY, **more)  # type: ignore[arg-type]

    with transaction():
        payments.record_receipt(one, receipt(operator="Wave", number="77"), by=aristide)
        payments.record_receipt(two, receipt(operator="Orange", number="77"), by=aristide)
        payments.record_receipt(three, receipt(operator="Caisse", paid_by="Awa"), by=aristide)
    with pytest.raises(payments.ReferenceUsed) as refused, transaction():
        payments.record_receipt(four, receipt(operator="Wave", number="77"), by=aristide)
    assert (refused.value.field, refused.value.details) == ("number", {"number": "77"})
    with transaction():
        payments.record_receipt(four, receipt(operator="Caisse"), by=aristide)
    kept = db.session.scalars(select(ReceiptDetail).order_by(ReceiptDetail.id))
    assert [(row.paid_by, row.operator, row.number) for row in kept] == [
        ("", "Wave", "77"),
        ("", "Orange", "77"),
        ("Awa", "Caisse", None),
        ("", "Caisse", None),
    ]


def test_only_the_mirror_of_its_entry_returns_a_payment(
    receive: Ask, ask: Ask, aristide: User, zoe: User
) -> None:
    paid, other, asked = receive("10.00"), receive("20.00"), ask("30.00")
    with transaction():
        mirror = payments.return_receipt(paid, DAY, "no cover", by=aristide)
    for wrong in (other, asked):
        with pytest.raises(Conflict), transaction():
            payments.approve_return(wrong, mirror, by=zoe)
    with pytest.raises(Conflict), transaction():
        payments.return_receipt(asked, DAY, "not paid", by=aristide)


def test_what_another_fund_pays_names_the_payment(
    receive: Ask, ask: Ask, outaouais: Fund, house: Fund, aristide: User
) -> None:
    receive("750.00")
    fee = ask("250.00", fund=house)
    with transaction():
        payments.settle_from_fund(fee, outaouais.id, DAY, by=aristide)
    entry = db.session.get_one(JournalEntry, fee.entry_id)
    assert memos(entry)[chart.GATHERING, 25000] == memos(entry)[chart.SAVINGS, -25000] == fee.reference


# The bank ---------------------------------------------------------------------------------------------


def test_a_link_says_who_made_it_why_and_who_took_it_back(
    bank: Account, receive: Ask, aristide: User, zoe: User
) -> None:
    line = lines_of(bring_in(bank, aristide, "15/10/2005;VIR GH;;750,00;"))[0]
    posting = bank_posting(receive())
    with transaction():
        link = reconciliation.confirm(line, posting, reasons=[Reason("name", "Zoé")], by=zoe)
    assert (link.linked_by_id, link.undone_by_id) == (zoe.id, None)
    assert "Zoé" in link.reasons
    assert reconciliation.posting_left_of(posting) == 0
    with transaction():
        reconciliation.undo(link, by=aristide)
    assert link.undone_by_id == aristide.id
    with transaction():
        again = reconciliation.confirm(line, posting, by=System("tests"))
    assert (again.id != link.id, again.linked_by_id) == (True, None)
    with transaction():
        reconciliation.undo(again, by=System("tests"))
    assert again.undone_by_id is None
    both = {"line": line.id, "posting": posting.id}
    assert told("link.confirm")[0] == (
        zoe.actor_label,
        f"ReconciliationLink:{link.id}",
        {**both, "amount": "750.00 CAD"},
    )
    assert told("link.undo")[0] == (aristide.actor_label, f"ReconciliationLink:{link.id}", both)


def test_a_part_is_in_the_line_s_own_currency_and_direction(
    bank: Account, receive: Ask, aristide: User
) -> None:
    line = lines_of(bring_in(bank, aristide, "15/10/2005;VIR GH;;750,00;"))[0]
    posting = bank_posting(receive())
    for amount in (Money.of("75000", "XOF"), -cad("1.00"), cad("0.00")):
        with pytest.raises(DoesNotFit) as refused, transaction():
            reconciliation.confirm(line, posting, amount, by=aristide)
        assert refused.value.field == "amount"
    with pytest.raises(NothingLeft), transaction():
        reconciliation.confirm(line, posting, cad("750.01"), by=aristide)
    with transaction():  # one cent is a part
        assert reconciliation.confirm(line, posting, cad("0.01"), by=aristide).amount_minor == 1


def test_one_cent_that_left_is_the_cent_that_the_bank_shows(
    bank: Account, outaouais: Fund, receive: Ask, aristide: User, zoe: User
) -> None:
    receive("1.00")
    line = lines_of(bring_in(bank, aristide, "16/10/2005;FRAIS;;-0,01;"))[0]
    legs = [Leg(chart.BANK, outaouais.id, -cad("0.01")), Leg(chart.TRAVEL, outaouais.id, cad("0.01"))]
    with transaction():
        entry = ledger.post(ledger.draft(DAY, "a cent", legs, by=aristide), by=zoe)
    posting = next(one for one in entry.postings if one.account_id == bank.id)
    with transaction():
        assert reconciliation.confirm(line, posting, by=zoe).amount_minor == -1


def test_only_seen_and_sure_together_is_accepted(bank: Account, receive: Ask, aristide: User) -> None:
    line = lines_of(bring_in(bank, aristide, "15/10/2005;VIR RESEAU FICTIF DU GRAND HERON;;750,00;"))[0]
    posting = bank_posting(receive())
    other = bank_posting(receive("20.00"))
    assert looked_at(bank, line).of(line.id)[0].sure
    with transaction():
        assert reconciliation.accept_sure(bank, by=aristide, seen={(line.id, other.id)}) == []
    with transaction():
        (link,) = reconciliation.accept_sure(bank, by=aristide, seen={(line.id, posting.id)})
    assert (link.line_id, link.posting_id) == (line.id, posting.id)


def test_a_draft_from_a_line_keeps_the_line_s_words(
    bank: Account, house: Fund, ask: Ask, aristide: User
) -> None:
    payment = ask("397.35")
    rows = (f"15/10/2005;VIR {payment.reference};;397,35;", f"31/10/2005;FRAIS;{'R' * 240};-12,50;")
    named, fee = lines_of(bring_in(bank, aristide, *rows))
    with transaction():
        entry = reconciliation.record_receipt(named, payment, by=aristide)
    assert (entry.narration, memos(entry)[chart.BANK, 39735]) == (payment.description, payment.reference)
    with transaction():
        drafted = reconciliation.record_line(fee, RecordLine(fund_id=house.id, narration="Fee"), by=aristide)
    assert memos(drafted)[chart.BANK, -1250] == fee.reference[:200] != ""
    assert told("line.record") == [
        (aristide.actor_label, f"StatementLine:{named.id}", {"entry": entry.id}),
        (aristide.actor_label, f"StatementLine:{fee.id}", {"entry": drafted.id}),
    ]


def test_an_amount_that_differs_is_said_with_both(bank: Account, ask: Ask, aristide: User) -> None:
    payment = ask("397.35")
    line = lines_of(bring_in(bank, aristide, f"15/10/2005;VIR {payment.reference};;397,05;"))[0]
    with pytest.raises(AmountDiffers) as refused, transaction():
        reconciliation.record_receipt(line, payment, by=aristide)
    said = {"bank": cad("397.05"), "reference": payment.reference, "asked": cad("397.35")}
    assert refused.value.details == said


def test_postings_that_do_not_exist_settle_nothing(bank: Account, aristide: User) -> None:
    line = lines_of(bring_in(bank, aristide, "15/10/2005;VIR GH;;750,00;"))[0]
    with pytest.raises(NotFound), transaction():
        reconciliation.settle(line, [99], by=aristide)
    with pytest.raises(NotFound), transaction():
        reconciliation.confirm(line, Posting(account_id=bank.id, fund_id=1, amount=cad("1.00")), by=aristide)
