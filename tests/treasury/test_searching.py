"""What people search and read in the treasury: words, numbers, papers that no longer hold, what is left."""

from datetime import date, timedelta
from fractions import Fraction

import pytest
from flask import Flask

from access.models import User
from network.models import Organisation
from shared import clock
from shared.audit import System
from shared.database import db, transaction
from shared.errors import NotFound
from shared.money import Money
from tests.treasury.bank import bank_posting, bring_in, lines_of, looked_at
from tests.treasury.card_money import cad
from tests.treasury.conftest import Ask
from tests.treasury.desk import Desk
from treasury import bank_details, chart, ledger, payment_story, payments, placing, queries, wording
from treasury.books import periods
from treasury.books.rates import Rate
from treasury.cards.models import Refund, RefundStatus
from treasury.expectations import Expected
from treasury.funds import commitments, funds
from treasury.funds.funds import DescribeEntity
from treasury.models import Account, Fund, FundKind, PaymentMethod
from treasury.paper import papers, payment_papers
from treasury.paper.payment_papers import MadeOutTo
from treasury.reconciliation import differences, open_money, proposals
from treasury.reconciliation import links as reconciliation
from treasury.reports import answers, journal_queries, overview, revaluation
from treasury.reports.journal_queries import Which

DAY = date(2005, 10, 15)


@pytest.fixture
def treasurer(app: Flask, aristide: User) -> Desk:
    return Desk(app, aristide)


def test_the_journal_is_searched_by_words_and_by_number(treasurer: Desk, receive: Ask, sorel: Fund) -> None:
    receive("750.00")
    receive("375.00", fund=sorel)
    by_word = treasurer.see("/treasury/journal?q=DKR05-SOR")
    assert ("375.00" in by_word, "750.00" in by_word) == (True, False)
    by_number = treasurer.see("/treasury/journal?q=1")
    assert ("750.00" in by_number, "375.00" in by_number) == (True, False)


def test_every_posting_is_meant_where_neither_fund_nor_account_is_named(receive: Ask) -> None:
    receive("750.00")
    assert journal_queries._of(Which()) == []


def test_papers_that_no_longer_hold_are_listed_apart(receive: Ask) -> None:
    payment = receive("750.00")
    with transaction():
        funds.describe_entity(None, DescribeEntity(name="Fédération fictive"), by=System("tests"))
        paper = payment_papers.acknowledge(payment, MadeOutTo(name="Payeur fictif"), by=System("tests"))
    assert db.session.scalars(papers.papers(voided=True)).all() == []
    with transaction():
        papers.void(paper, "made out to somebody else", by=System("tests"))
    assert db.session.scalars(papers.papers(voided=True)).all() == [paper]


def test_amounts_in_a_note_are_read_and_other_capitals_stay(app: Flask) -> None:
    with app.test_request_context():
        assert wording.in_words("750.00 CAD") != "750.00 CAD"
        assert wording.in_words("12 ABC") == "12 ABC"
        assert wording.in_words("1.234 CAD") == "1.234 CAD"  # no amount of that currency


def test_a_home_where_every_line_is_explained_says_so(
    treasurer: Desk, bank: Account, receive: Ask, aristide: User
) -> None:
    line = lines_of(bring_in(bank, aristide, "16/10/2005;DEPOT;;750,00;"))[0]
    posting = bank_posting(receive("750.00"))
    with transaction():
        reconciliation.confirm(line, posting, by=aristide)
    found = answers._unmatched(answers.Known((), (), True, ()))
    assert found.state == "good"


def test_a_payer_is_known_by_the_names_of_the_directory(
    bank: Account, outaouais: Fund, aristide: User
) -> None:
    with transaction():
        heron = Organisation(name="Réseau fictif du Grand-Héron")
        db.session.add(heron)
        db.session.flush()
        command = payments.RequestPayment(
            purpose="savings",
            subject_id=1,
            amount=cad("750.00"),
            fund_id=outaouais.id,
            income_code="4100",
            method=PaymentMethod.TRANSFER,
            description="a deposit",
            payer_name="R.G.H.",
            payer_id=heron.id,
        )
        payment = payments.request(command, by=System("tests"))
        payments.record_receipt(payment, payments.RecordReceipt(received_on=DAY), by=aristide)
    assert payment.payer_id == heron.id
    assert open_money._known_names({heron.id}) == {heron.id: [heron.name]}


def test_a_refund_on_its_way_is_gone_already(ask: Ask, receive: Ask, aristide: User) -> None:
    payment = receive("750.00")
    with transaction():
        db.session.add(
            Refund(
                payment_id=payment.id,
                amount=cad("100.00"),
                reason="ill",
                status=RefundStatus.REQUESTED,
                charge_id="ch_1",
                requested_by_id=aristide.id,
            )
        )
    assert placing.left_of(payment) == cad("650.00")


def test_what_is_offered_no_longer_stands_once_a_part_is_linked(
    bank: Account, receive: Ask, aristide: User
) -> None:
    line = lines_of(bring_in(bank, aristide, "16/10/2005;RESEAU FICTIF GRAND HERON;;750,00;"))[0]
    posting = bank_posting(receive("750.00"))
    assert looked_at(bank, line).of(line.id) != []
    with transaction():
        reconciliation.confirm(line, posting, cad("100.00"), by=aristide)
    assert proposals.offers(bank, [line.id]).of(line.id) == []


def test_postings_that_leave_something_of_the_line_are_all_linked(
    bank: Account, receive: Ask, aristide: User
) -> None:
    line = lines_of(bring_in(bank, aristide, "16/10/2005;DEPOT;;1 000,00;"))[0]
    keys = [bank_posting(receive(amount)).id for amount in ("375.00", "250.00")]
    with transaction():
        assert len(reconciliation.settle(line, keys, by=aristide)) == 2
    assert reconciliation.line_left_of(line) == 37500


def test_two_postings_cancel_out_only_when_both_are_there(
    bank: Account, receive: Ask, aristide: User
) -> None:
    posting = bank_posting(receive("750.00"))
    db.session.expunge(posting)
    gone = type(posting)(account_id=bank.id, fund_id=posting.fund_id, amount=-posting.amount)
    gone.id = 999
    with pytest.raises(NotFound), transaction():
        differences.cancel_out(posting, gone, by=aristide)


def test_a_lock_passes_over_what_is_locked_already(bank: Account, zoe: User) -> None:
    with transaction():
        first = periods.close_until(date(2003, 12, 31), "told", by=zoe)
    with transaction():
        periods.lock(first, by=zoe)
    with transaction():
        second = periods.close_until(date(2004, 12, 31), "told", by=zoe)
    with transaction():
        periods.lock(second, by=zoe)
    assert (first.status, second.status) == ("locked", "locked")
    assert [one.action for one in periods.history(first)] == ["period.close", "period.lock"]


def test_the_one_pool_is_known_where_there_is_one(bank: Account) -> None:
    assert queries.only_pool() is None
    for code, only in (("POOL", True), ("POOL-2", False)):
        with transaction():
            fund = Fund(code=code, name=code, kind=FundKind.POOL)
            db.session.add(fund)
        assert (queries.only_pool() == fund.id) == only


def test_a_transfer_in_euros_has_a_code_where_the_house_has_an_iban(monkeypatch: pytest.MonkeyPatch) -> None:
    euros = Money.of("60.00", "EUR")
    monkeypatch.setattr(bank_details, "_details", "Caisse fictive\nIBAN FR76 3000 6000 0112 3456 7890 189")
    drawn = bank_details.code_for(euros, "TG7K-492Q-X")
    assert drawn is not None
    assert drawn.startswith("<svg")
    monkeypatch.setattr(bank_details, "_details", "Caisse fictive")
    assert bank_details.code_for(euros, "TG7K-492Q-X") is None
    assert bank_details.code_for(None, "TG7K-492Q-X") is None


def test_a_chart_that_is_open_stays_as_it_is(bank: Account) -> None:
    with transaction():
        chart.open_chart("CAD")
    assert db.session.get_one(Account, bank.id) is bank


def test_an_entry_that_is_posted_is_not_posted_again(receive: Ask, zoe: User) -> None:
    payment = receive("750.00")
    assert payment.entry
    with pytest.raises(ledger.AlreadyPosted), transaction():
        ledger.post(payment.entry, by=zoe)


def test_what_another_fund_paid_counts_in_the_payments_story(
    receive: Ask, ask: Ask, outaouais: Fund, house: Fund, aristide: User, zoe: User
) -> None:
    receive("750.00")
    fee = ask("60.00", fund=house)
    with transaction():
        payments.settle_from_fund(fee, outaouais.id, DAY, by=aristide)
    with transaction():
        payments.approve_receipt(fee, by=zoe)
    assert [one.amount for one in payment_story.story(fee)] == [cad("60.00")]


def test_a_typed_rate_is_read_whichever_way_it_was_told() -> None:
    told = Rate("CAD", "EUR", Fraction(2, 3), DAY, "a slip")
    assert revaluation._towards(told, "CAD", "EUR") is told
    back = revaluation._towards(told, "EUR", "CAD")
    assert back is not None
    assert back.value == Fraction(3, 2)
    assert revaluation._towards(told, "USD", "CAD") is None


def test_the_home_draws_what_is_to_come(
    treasurer: Desk, outaouais: Fund, receive: Ask, aristide: User
) -> None:
    receive("750.00")
    with transaction():
        command = commitments.Reserve(
            fund_id=outaouais.id,
            amount=cad("100.00"),
            payee="hotel",
            purpose="stay",
            dated_on=DAY,
            expires_on=clock.today() + timedelta(days=40),
        )
        commitments.reserve(command, by=aristide)
    assert "<svg" in treasurer.see("/treasury")
    [ahead] = overview._ahead([cad("750.00")], [expected(cad("-100.00"))], DAY, "en")
    assert ahead.currency == "CAD"


def expected(amount: Money) -> Expected:
    """Something that is to come in a month."""
    return Expected(due=DAY + timedelta(days=30), amount=amount, who="hotel")
