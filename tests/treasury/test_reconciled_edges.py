"""Habits taught again, entries that are one movement at the bank, the balance it opened with."""

from datetime import date

import pytest
from sqlalchemy import text

from access.models import User
from shared import clock
from shared.database import db, transaction
from tests.treasury.bank import bank_posting, bring_in, lines_of, looked_at, reversed_entry
from tests.treasury.card_money import cad
from tests.treasury.conftest import Ask
from treasury import chart, ledger
from treasury.books import verification
from treasury.cards.payouts import book_payout
from treasury.cards.values import PayoutState
from treasury.ledger import Leg
from treasury.models import Account, Fund, StatementLine
from treasury.reconciliation import differences, habits, open_money, reconciled
from treasury.reconciliation import links as reconciliation
from treasury.reconciliation.values import Habit, HabitKind

on_both = pytest.mark.usefixtures("both_databases")


@on_both
def test_a_habit_is_forgotten_and_taught_again(bank: Account, aristide: User, receive: Ask) -> None:
    first, second = receive(on=date(2005, 9, 15)), receive(on=date(2005, 10, 15))
    one, other = lines_of(
        bring_in(bank, aristide, "16/09/2005;TANTE MARTHE;;750,00;", "16/10/2005;TANTE MARTHE;;750,00;")
    )
    with transaction():
        reconciliation.confirm(one, bank_posting(first), by=aristide)
    heron = "Réseau fictif du Grand-Héron"
    assert habits.habits(bank) == [Habit("tante marthe", heron, 1, HabitKind.WORDS)]
    assert "habit" in [reason.code for reason in looked_at(bank, other).of(other.id)[0].reasons]
    with transaction():
        habits.forget(bank, Habit("tante marthe", heron), by=aristide)
    assert habits.habits(bank) == []
    assert "habit" not in [why.code for found in looked_at(bank, other).of(other.id) for why in found.reasons]
    with transaction():
        reconciliation.confirm(other, bank_posting(second), by=aristide)
    assert [one.times for one in habits.habits(bank)] == [1]
    with transaction():
        habits.forget(bank, Habit("tante marthe", heron), by=aristide)
    assert habits.habits(bank) == []


def test_the_postings_of_one_entry_are_one_movement_at_the_bank(
    bank: Account, aristide: User, zoe: User, house: Fund, outaouais: Fund
) -> None:
    """A payout of cards, a deposit of several cheques: the books tell the funds apart, the bank does not."""
    with transaction():
        legs = [
            Leg(chart.BANK, house.id, cad("60.00")),
            Leg(chart.STRIPE, house.id, cad("-60.00")),
            Leg(chart.BANK, outaouais.id, cad("750.00")),
            Leg(chart.STRIPE, outaouais.id, cad("-750.00")),
        ]
        entry = ledger.draft(date(2005, 10, 15), "Payout of 15 October, Stripe", legs, by=aristide)
        ledger.post(entry, by=zoe)
    (line,) = lines_of(bring_in(bank, aristide, "17/10/2005;STRIPE PAYMENTS;;810,00;"))
    offers = looked_at(bank, line)
    best = offers.of(line.id)[0]
    assert best.candidate_keys == (f"entry:{entry.id}",)
    with transaction():
        made = reconciliation.settle(line, offers.postings(best), best.reasons, by=aristide)
    assert [link.amount_minor for link in made] == [6000, 75000]
    assert open_money.open_postings(bank) == []
    assert db.session.query(StatementLine).count() == 1


def test_what_the_books_had_before_the_first_statement_is_the_balance_it_opens_with(
    bank: Account, aristide: User, receive: Ask
) -> None:
    receive("750.00", on=date(2005, 9, 15))
    under_way = receive("250.00", payer="Atelier fictif des Îles", on=date(2005, 10, 10))
    october = bring_in(bank, aristide, "15/10/2005;DEPOT;;20,00;770,00")
    found = reconciled.standing(bank, date(2005, 10, 15))
    assert (found.books, found.in_transit, found.difference) == (cad("1000.00"), cad("0.00"), cad("-250.00"))
    (line,) = lines_of(bring_in(bank, aristide, "22/10/2005;DEPOT CHEQUE;;250,00;1020,00"))
    with transaction():  # a later line shows that it was on its way
        reconciliation.confirm(line, bank_posting(under_way), by=aristide)
    found = reconciled.standing(bank, date(2005, 10, 15))
    assert (found.in_transit, found.difference) == (cad("250.00"), cad("0.00"))
    assert reconciled.last_day(october) == date(2005, 10, 15)


@on_both
def test_the_walk_names_what_is_cancelled_for_more_than_it_is(
    bank: Account, aristide: User, zoe: User, receive: Ask
) -> None:
    """The control of the guard on offsets: without it the same row comes in, and the walk finds it."""
    payment = receive()
    assert payment.entry
    mirror = reversed_entry(payment.entry, aristide, zoe)
    theirs = next(one for one in mirror.postings if one.account_id == bank.id)
    with transaction():
        differences.cancel_out(bank_posting(payment), theirs, by=aristide)
    table = " ON posting_offset" if db.engine.dialect.name == "postgresql" else ""
    with transaction():
        db.session.execute(text(f"DROP TRIGGER posting_offset_born{table}"))
        again = "INSERT INTO posting_offset (posting_id, other_id, amount_minor, made_at) SELECT posting_id,"
        db.session.execute(text(f"{again} other_id, amount_minor, made_at FROM posting_offset"))
    told = {one.problem for one in verification.check().findings}
    assert told == {"is linked and cancelled for more than it is"}


@on_both
def test_a_payout_that_takes_from_one_fund_and_gives_to_another_is_one_movement(
    bank: Account, aristide: User, zoe: User, house: Fund, outaouais: Fund
) -> None:
    """A refund of one fund lessens the payout: the bank shows what is left, and nothing waits afterwards."""
    with transaction():
        legs = [
            Leg(chart.BANK, house.id, cad("-60.00"), memo="po_1"),
            Leg(chart.STRIPE, house.id, cad("60.00")),
            Leg(chart.BANK, outaouais.id, cad("810.00"), memo="po_1"),
            Leg(chart.STRIPE, outaouais.id, cad("-810.00")),
        ]
        entry = ledger.draft(date(2005, 10, 15), "Stripe po_1", legs, by=aristide)
        ledger.post(entry, by=zoe)
    (line,) = lines_of(bring_in(bank, aristide, "17/10/2005;STRIPE PAYMENTS;;750,00;"))
    offers = looked_at(bank, line)
    best = offers.of(line.id)[0]
    assert (best.candidate_keys, best.sure) == ((f"entry:{entry.id}",), True)
    with transaction():
        made = reconciliation.settle(line, offers.postings(best), best.reasons, by=aristide)
    assert [link.amount_minor for link in made] == [75000]
    assert open_money.open_postings(bank) == []
    assert reconciled.standing(bank, date(2005, 10, 31)).in_transit == cad("0.00")


@pytest.mark.parametrize("written", ["STRIPE PAYMENTS CANADA ST-G4", "VIR STRIPE PAIEMENTS", "Stripe"])
def test_the_bank_line_of_a_card_payout_finds_the_payout(
    bank: Account, aristide: User, house: Fund, written: str
) -> None:
    """The entry that the payout's own list made, one of two of that week, by amount, day and name."""
    with transaction():
        for number, amount in ((1, cad("727.90")), (2, cad("58.20"))):
            state = PayoutState(
                id=f"po_{number}xyz",
                status="paid",
                amount=amount,
                automatic=False,
                arrives_on=date(2005, 10, 17),
                moves=(),
            )
            book_payout(state)
    today = clock.today()
    (line,) = lines_of(bring_in(bank, aristide, f"{today:%Y-%m-%d};{written};;727,90;"))
    offers = looked_at(bank, line)
    best = offers.of(line.id)[0]
    assert offers.meant(best)[0].title.endswith("po_1xyz") and best.sure
