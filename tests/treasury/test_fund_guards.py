"""A fund is not overdrawn: by the operations in words, by the database against raw SQL, and two at a time."""

import threading
from collections.abc import Callable
from datetime import date

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DatabaseError

from access.models import User
from shared.database import db, transaction
from shared.money import Money
from tests.treasury.conftest import Ask
from treasury import chart, ledger, queries
from treasury.books import verification
from treasury.funds import commitments, overdrafts
from treasury.funds.commitment_models import Commitment
from treasury.funds.models import Overdraft
from treasury.ledger import Leg
from treasury.models import Attention, Fund, JournalEntry

pytestmark = pytest.mark.usefixtures("both_databases")
DAY = date(2005, 11, 14)


def cad(text: str) -> Money:
    return Money.of(text, "CAD")


def spending(fund: Fund, amount: str, by: User, code: str = chart.TRAVEL) -> JournalEntry:
    """A draft that pays `amount` from the bank."""
    legs = [Leg(code, fund.id, cad(amount)), Leg(chart.BANK, fund.id, -cad(amount))]
    with transaction():
        return ledger.draft(DAY, "Tickets", legs, by=by)


def post(entry: JournalEntry, by: User) -> JournalEntry:
    with transaction():
        return ledger.post(entry, by=by)


FORCED = (
    "UPDATE journal_entry SET status = 'posted', hash = 'x', number = 100 + id, "
    "approver_id = author_id + 1 WHERE id = :id"
)


def force(entry: JournalEntry) -> None:
    """Post `entry` behind the operations' back."""
    with transaction():
        db.session.execute(text(FORCED), {"id": entry.id})


def test_a_fund_pays_no_more_than_it_has(receive: Ask, outaouais: Fund, aristide: User, zoe: User) -> None:
    receive("750.00")
    with pytest.raises(overdrafts.FundOverdrawn) as refused:
        post(spending(outaouais, "750.01", aristide), zoe)
    assert "750.00\u00a0CAD" in refused.value.sentence()
    with pytest.raises(DatabaseError, match="not enough money"):
        force(spending(outaouais, "750.01", aristide))
    post(spending(outaouais, "750.00", aristide), zoe)
    assert queries.fund_balance(outaouais.id, "CAD") == cad("0.00")
    assert verification.check().sound


def test_what_is_advanced_cannot_be_spent_again(
    receive: Ask, outaouais: Fund, aristide: User, zoe: User
) -> None:
    receive("750.00")
    post(spending(outaouais, "700.00", aristide, chart.ADVANCES), zoe)
    with pytest.raises(overdrafts.FundOverdrawn):
        post(spending(outaouais, "100.00", aristide), zoe)
    assert queries.fund_balance(outaouais.id, "CAD") == cad("50.00")


def test_an_overdraft_is_allowed_with_a_reason_up_to_its_limit(
    receive: Ask, outaouais: Fund, aristide: User, zoe: User
) -> None:
    receive("750.00")
    grant = overdrafts.AllowOverdraft(
        fund_id=outaouais.id,
        limit=cad("200.00"),
        starts_on=DAY,
        ends_on=date(2005, 12, 31),
        reason="The grant of the Volet Grands-Vents is signed and comes in December",
    )
    with transaction():
        allowed = overdrafts.allow(grant, by=zoe)
    with pytest.raises(overdrafts.FundOverdrawn):
        post(spending(outaouais, "950.01", aristide), zoe)
    post(spending(outaouais, "900.00", aristide), zoe)
    with transaction():
        overdrafts.withdraw(allowed, by=zoe)
    with pytest.raises(DatabaseError, match="not enough money"):
        force(spending(outaouais, "0.01", aristide))
    assert verification.check().sound


def test_a_returned_cheque_is_recorded_although_the_money_is_spent(
    receive: Ask, outaouais: Fund, aristide: User, zoe: User
) -> None:
    payment = receive("750.00")
    post(spending(outaouais, "600.00", aristide), zoe)
    with transaction():
        assert payment.entry
        mirror = ledger.reverse(payment.entry, DAY, "Cheque returned", by=aristide)
        ledger.post(mirror, by=zoe)
    assert queries.fund_balance(outaouais.id, "CAD") == cad("-600.00")
    kept = db.session.scalars(select(Overdraft)).one()
    assert (kept.limit_minor, kept.entry_id) == (60000, mirror.id)
    asked = db.session.scalars(select(Attention)).one()
    assert asked.kind == "fund_overdrawn"
    assert verification.check().sound
    receive("599.99")
    assert asked.resolved_at is None
    receive("0.01")  # and nothing is beneath zero any more
    assert asked.resolved_at is not None


def test_an_overdraft_allowed_afterwards_answers_for_a_fund_that_fell_below_zero(
    receive: Ask, outaouais: Fund, sorel: Fund, aristide: User, zoe: User
) -> None:
    payment = receive("750.00")
    post(spending(outaouais, "600.00", aristide), zoe)
    with transaction():
        assert payment.entry
        ledger.post(ledger.reverse(payment.entry, DAY, "Cheque returned", by=aristide), by=zoe)
    asked = db.session.scalars(select(Attention)).one()
    for limit, answered in (("599.99", False), ("600.00", True)):
        with transaction():
            overdrafts.allow(
                overdrafts.AllowOverdraft(
                    fund_id=outaouais.id,
                    limit=cad(limit),
                    starts_on=DAY,
                    ends_on=date(2100, 12, 31),
                    reason="Sorel-Tracy lends it until the spring",
                ),
                by=zoe,
            )
        assert (asked.resolved_at is not None) is answered


HAPPENS = (
    "INSERT INTO commitment_event (commitment_id, step, amount_minor, dated_on, reason, at, entry_id) VALUES"
)
DATED = "'2005-11-14', '', '2005-11-14'"
ATTACKS = {
    "a limit raised": ["UPDATE overdraft SET limit_minor = 10 * limit_minor"],
    "an overdraft prolonged": ["UPDATE overdraft SET ends_on = '2030-01-01'"],
    "an overdraft without a reason": [
        "INSERT INTO overdraft (fund_id, currency, limit_minor, reason, starts_on, ends_on, allowed_at) "
        "VALUES (1, 'CAD', 5, ' ', '2005-01-01', '2005-12-31', '2005-01-01')"
    ],
    "an overdraft deleted": ["DELETE FROM overdraft"],
    "a commitment changed": ["UPDATE commitment SET payee = 'somebody else'"],
    "a commitment deleted": ["DELETE FROM commitment"],
    "what happened changed": ["UPDATE commitment_event SET amount_minor = 1"],
    "what happened deleted": ["DELETE FROM commitment_event"],
    "more released than promised": [f"{HAPPENS} (1, 'released', 40001, {DATED}, NULL)"],
    "more reserved than there is": [
        "INSERT INTO commitment (id, fund_id, currency, payee, purpose, created_at) "
        "SELECT 77, fund_id, 'CAD', 'x', 'y', '2005-11-14' FROM commitment WHERE id = 1",
        f"{HAPPENS} (77, 'reserved', 35001, {DATED}, NULL)",
    ],
    "reserved twice": [f"{HAPPENS} (1, 'reserved', 1, {DATED}, NULL)"],
    "consumed by an entry that takes nothing": [f"{HAPPENS} (1, 'consumed', 1, {DATED}, 1)"],
    "consumed by no entry": [f"{HAPPENS} (1, 'consumed', 1, {DATED}, NULL)"],
}


def refused(statements: list[str]) -> bool:
    try:
        with transaction():
            for statement in statements:
                db.session.execute(text(statement))
    except DatabaseError:
        return True
    return False


@pytest.fixture
def promised(receive: Ask, outaouais: Fund, aristide: User) -> Commitment:
    """400.00 of Outaouais' 750.00 are promised to a travel agency."""
    receive("750.00")
    command = commitments.Reserve(
        fund_id=outaouais.id,
        amount=cad("400.00"),
        payee="Agence fictive du Baobab",
        purpose="Six tickets to Dakar",
        dated_on=DAY,
    )
    with transaction():
        return commitments.reserve(command, by=aristide)


def test_the_database_refuses_every_attack(promised: Commitment, outaouais: Fund, zoe: User) -> None:
    command = overdrafts.AllowOverdraft(
        fund_id=outaouais.id, limit=cad("1.00"), starts_on=DAY, ends_on=DAY, reason="A day"
    )
    with transaction():
        overdrafts.withdraw(overdrafts.allow(command, by=zoe), by=zoe)
    assert [name for name, statements in ATTACKS.items() if not refused(statements)] == []
    assert verification.check().sound


def test_without_its_guard_the_attack_works_and_the_walk_names_the_entry(
    receive: Ask, outaouais: Fund, aristide: User, zoe: User
) -> None:
    receive("750.00")
    entry = spending(outaouais, "750.01", aristide)
    fund, forced = outaouais.id, entry.id
    on = " ON journal_entry" if db.engine.dialect.name == "postgresql" else ""
    with transaction():
        db.session.execute(text(f"DROP TRIGGER journal_entry_spends{on}"))
    force(entry)
    rows = [one.row for one in verification.check().findings]
    assert f"fund_balance {fund} CAD" in rows
    assert f"journal_entry {forced} (number {100 + forced})" in rows


def test_two_at_a_time_cannot_both_take_the_last_money(
    receive: Ask, outaouais: Fund, aristide: User, zoe: User
) -> None:
    """Without the journal's own lock, as a program of somebody else would post."""
    receive("750.00")
    engine = db.engine
    drafts = [spending(outaouais, "500.00", aristide).id for _ in range(2)]
    db.session.rollback()

    def attempt(entry_id: int) -> bool:
        try:
            with engine.connect().execution_options(write=True) as connection, connection.begin():
                connection.execute(text(FORCED), {"id": entry_id})
        except DatabaseError:
            return False
        return True

    assert race([lambda one=one: attempt(one) for one in drafts]) == 1  # type: ignore[misc]
    assert queries.fund_balance(outaouais.id, "CAD") == cad("250.00")


def race(attempts: list[Callable[[], bool]]) -> int:
    """Run them at once; how many succeeded."""
    done: list[bool] = []
    threads = [threading.Thread(target=lambda one=one: done.append(one())) for one in attempts]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    return sum(done)


def test_the_walk_names_promises_that_were_tampered_with(
    promised: Commitment, outaouais: Fund, aristide: User
) -> None:
    draft = spending(outaouais, "10.00", aristide).id
    on = " ON commitment_event" if db.engine.dialect.name == "postgresql" else ""
    with transaction():
        db.session.execute(text(f"DROP TRIGGER commitment_event_happens{on}"))
        db.session.execute(text(f"{HAPPENS} (1, 'released', 50000, {DATED}, NULL)"))
        db.session.execute(text(f"{HAPPENS} (1, 'consumed', 1, {DATED}, {draft})"))
    rows = [one.row.split()[0] for one in verification.check().findings]
    assert rows == ["fund_balance", "commitment", "commitment_event"]
