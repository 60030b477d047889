"""October at the bank: the file comes in, each line finds its posting and says why, one link is taken back.

Worked examples with the deposits of the demonstration; the books are the same before and after.
"""

from datetime import date

import pytest
from flask import Flask
from sqlalchemy import func, select

from access.models import User
from shared.database import db, transaction
from shared.money import Money
from tests.treasury.bank import bank_posting, bring_in, lines_of, looked_at
from tests.treasury.conftest import Ask
from treasury import approvals, chart, ledger, payments, queries
from treasury.books import verification
from treasury.ledger import SamePerson
from treasury.models import (
    Account,
    BankStatement,
    Fund,
    JournalEntry,
    PaymentStatus,
    ReconciliationLink,
    StatementLine,
)
from treasury.reconciliation import habits, open_money
from treasury.reconciliation import links as reconciliation
from treasury.reconciliation.links import (
    AlreadyDrafted,
    AmountDiffers,
    DoesNotFit,
    NothingLeft,
    RecordLine,
    import_statement,
)
from treasury.reconciliation.matching import Proposal
from treasury.statements.importing import NoAccountInCurrency, SeveralAccounts, gap, plan, rejected_rows
from treasury.statements.reading import inspect

pytestmark = pytest.mark.usefixtures("both_databases")


OCTOBER = (
    "15/10/2005;VIR RESEAU FICTIF DU GRAND HERON;;750,00;1 750,00",
    "17/10/2005;DEP ATELIER FICT. DES ILES;;250,00;2 000,00",
    "31/10/2005;FRAIS MENSUELS;;-12,50;1 987,50",
)


def lines_in_all() -> int:
    return db.session.scalar(select(func.count()).select_from(StatementLine)) or 0


def offers(bank: Account, line: StatementLine) -> list[Proposal]:
    return looked_at(bank, line).of(line.id)


def accept(bank: Account, by: User, statement: BankStatement) -> list[ReconciliationLink]:
    """Accept together what is sure of a statement, after a look."""
    lines = lines_of(statement)
    found = looked_at(bank, *lines)
    seen = {(line.id, found.postings(one)[0]) for line in lines for one in found.of(line.id)[:1] if one.sure}
    with transaction():
        return reconciliation.accept_sure(bank, by=by, seen=seen)


# The file comes in ------------------------------------------------------------------------------------


def test_the_same_file_twice_is_one_statement(bank: Account, aristide: User) -> None:
    first = bring_in(bank, aristide, *OCTOBER)
    again = bring_in(bank, aristide, *OCTOBER)
    assert (again.id, lines_in_all()) == (first.id, 3)
    assert gap(first) == Money.zero("CAD")


def test_files_that_overlap_add_what_is_new(bank: Account, aristide: User) -> None:
    bring_in(bank, aristide, *OCTOBER[:2])
    second = bring_in(bank, aristide, *OCTOBER)
    assert [line.name or line.memo for line in lines_of(second)] == ["FRAIS MENSUELS"]
    assert (second.repeated, gap(second)) == (2, Money.zero("CAD"))


def test_two_genuine_payments_that_look_alike_stay_two(bank: Account, aristide: User) -> None:
    twin = "15/10/2005;DEPOT INTERAC;;20,00;"
    statement = bring_in(bank, aristide, twin, twin)
    assert [line.amount_minor for line in lines_of(statement)] == [2000, 2000]
    bring_in(bank, aristide, twin, twin, "16/10/2005;DEPOT INTERAC;;20,00;")
    assert lines_in_all() == 3


def test_rows_that_cannot_be_read_are_kept_and_the_others_come_in(bank: Account, aristide: User) -> None:
    statement = bring_in(bank, aristide, OCTOBER[0], "31/02/2005;?;;10,00;", "16/10/2005;?;;illisible;")
    assert [row for row, _reason in rejected_rows(statement)] == [3, 4]
    assert len(lines_of(statement)) == 1


def test_what_the_balances_leave_unexplained_is_told(bank: Account, aristide: User) -> None:
    ofx = """OFXHEADER:100

    <OFX><BANKMSGSRSV1><STMTTRNRS><STMTRS><CURDEF>CAD<BANKACCTFROM><ACCTID>30055</BANKACCTFROM><BANKTRANLIST>
    <STMTTRN><TRNTYPE>CREDIT<DTPOSTED>20051015<TRNAMT>750.00<FITID>1<NAME>A</STMTTRN></BANKTRANLIST>
    <LEDGERBAL><BALAMT>1000.00<DTASOF>20051031</LEDGERBAL></STMTRS></STMTTRNRS></BANKMSGSRSV1></OFX>"""
    with transaction():
        one = import_statement(bank, inspect(ofx.encode()), by=aristide)
    assert gap(one) is None  # nothing is known of the opening, so nothing is claimed
    with transaction():
        one.opening_minor = 20000
    assert gap(one) == Money.of("-50.00", "CAD")


def test_a_file_in_another_currency_is_refused_whole(bank: Account, aristide: User) -> None:
    text = "Date;Montant;Devise\n2005-11-14;200,00;EUR\n"
    with pytest.raises(NoAccountInCurrency), transaction():
        import_statement(bank, inspect(text.encode()), by=aristide)
    assert lines_in_all() == 0


def test_one_of_several_accounts_is_to_be_chosen(bank: Account, aristide: User) -> None:
    text = "Date;Montant;Compte;Devise\n2005-10-15;1,00;A1;CAD\n2005-10-16;2,00;B2;CAD\n"
    file = inspect(text.encode())
    with pytest.raises(SeveralAccounts):
        plan(bank, file)
    assert plan(bank, file, "B2").total == Money.of("2.00", "CAD")


# Lines find their postings ----------------------------------------------------------------------------


def test_a_deposit_is_found_by_name_amount_and_date(
    bank: Account, aristide: User, receive: Ask, sorel: Fund
) -> None:
    mine = receive()
    receive("250.00", fund=sorel, payer="Atelier fictif des Îles", on=date(2005, 10, 17))
    statement = bring_in(bank, aristide, *OCTOBER)
    best = offers(bank, lines_of(statement)[0])[0]
    assert best.candidate_keys == (f"posting:{bank_posting(mine).id}",)
    assert best.sure
    assert {one.code for one in best.reasons} == {"amount", "date", "name"}


def test_sure_ones_are_accepted_together_and_the_books_do_not_change(
    bank: Account, aristide: User, receive: Ask, sorel: Fund
) -> None:
    receive()
    receive("250.00", fund=sorel, payer="Atelier fictif des Îles", on=date(2005, 10, 17))
    statement = bring_in(bank, aristide, *OCTOBER)
    before = queries.trial_balance()
    made = accept(bank, aristide, statement)
    assert [link.line_id for link in made] == [line.id for line in lines_of(statement)[:2]]
    assert queries.trial_balance() == before
    assert accept(bank, aristide, statement) == []
    assert open_money.open_lines_by_account() == [(bank, 1, statement.id)]
    assert reconciliation.reasons_of(made[0])[0].code == "amount"


def test_only_what_a_person_saw_is_accepted(bank: Account, aristide: User, receive: Ask) -> None:
    receive()
    bring_in(bank, aristide, *OCTOBER)
    with transaction():
        assert reconciliation.accept_sure(bank, by=aristide, seen=set()) == []


def test_undo_takes_back_that_link_alone(bank: Account, aristide: User, receive: Ask, sorel: Fund) -> None:
    receive()
    receive("250.00", fund=sorel, payer="Atelier fictif des Îles", on=date(2005, 10, 17))
    statement = bring_in(bank, aristide, *OCTOBER)
    first, second = accept(bank, aristide, statement)
    with transaction():
        reconciliation.undo(first, by=aristide)
        reconciliation.undo(first, by=aristide)
    assert (first.undone_at is None, second.undone_at) == (False, None)
    assert len(accept(bank, aristide, statement)) == 1  # and the line can be matched again
    assert verification.check().sound


def test_one_line_settles_several_postings_and_never_more_than_it_is(
    bank: Account, aristide: User, receive: Ask
) -> None:
    three = [receive("562.50", payer="Carrefour fictif du Cap", on=date(2005, 1, 15)) for _n in range(3)]
    statement = bring_in(bank, aristide, "15/01/2005;VIR CARREFOUR FICT DU CAP;;1687,50;")
    line = lines_of(statement)[0]
    together = next(one for one in offers(bank, line) if len(one.candidate_keys) == 3)
    assert not together.sure
    with transaction():
        for payment in three:
            reconciliation.confirm(line, bank_posting(payment), by=aristide)
    another = receive("562.50", payer="Carrefour fictif du Cap", on=date(2005, 1, 15))
    with pytest.raises(NothingLeft), transaction():
        reconciliation.confirm(line, bank_posting(another), by=aristide)


def test_part_of_a_posting_stays_open(bank: Account, aristide: User, receive: Ask) -> None:
    payment = receive()
    statement = bring_in(bank, aristide, "15/10/2005;VIR;;500,00;", "20/10/2005;VIR;;250,00;")
    first, second = lines_of(statement)
    with transaction():
        reconciliation.confirm(first, bank_posting(payment), by=aristide)
    left = [one.candidate.amount for one in open_money.open_postings(bank)]
    assert left == [Money.of("250.00", "CAD")]
    with pytest.raises(NothingLeft), transaction():
        reconciliation.confirm(second, bank_posting(payment), Money.of("250.01", "CAD"), by=aristide)
    with transaction():
        reconciliation.confirm(second, bank_posting(payment), Money.of("250.00", "CAD"), by=aristide)
    assert open_money.open_postings(bank) == []


def test_confirming_twice_is_once(bank: Account, aristide: User, receive: Ask) -> None:
    payment = receive()
    line = lines_of(bring_in(bank, aristide, *OCTOBER))[0]
    made = []
    for _again in range(2):
        with transaction():
            made.append(reconciliation.confirm(line, bank_posting(payment), by=aristide).id)
    assert made[0] == made[1]
    assert db.session.scalar(select(func.count()).select_from(ReconciliationLink)) == 1


def test_a_link_that_was_undone_does_not_answer_for_one_that_holds(
    bank: Account, aristide: User, receive: Ask
) -> None:
    posting = bank_posting(receive())
    first, second = lines_of(bring_in(bank, aristide, "15/10/2005;VIR;;750,00;", "16/10/2005;VIR;;750,00;"))
    with transaction():
        reconciliation.undo(reconciliation.confirm(first, posting, by=aristide), by=aristide)
        reconciliation.confirm(second, posting, by=aristide)
    with pytest.raises(NothingLeft), transaction():
        reconciliation.confirm(first, posting, by=aristide)


def test_what_a_line_does_not_reach_stays_open(bank: Account, aristide: User, receive: Ask) -> None:
    ticked = [bank_posting(receive("375.00", on=date(2005, month, 15))).id for month in (7, 10)]
    (line,) = lines_of(bring_in(bank, aristide, "16/10/2005;VIR;;375,00;"))
    with transaction():
        assert [one.posting_id for one in reconciliation.settle(line, ticked, by=aristide)] == ticked[:1]


def test_other_accounts_directions_and_drafts_do_not_fit(
    bank: Account, aristide: User, zoe: User, receive: Ask, ask: Ask, outaouais: Fund
) -> None:
    payment = receive()
    assert payment.entry
    income = next(one for one in payment.entry.postings if one.account.code == chart.SAVINGS)
    deposit, _, fee = lines_of(bring_in(bank, aristide, *OCTOBER))
    draft = ask()
    with transaction():
        payments.record_receipt(draft, payments.RecordReceipt(received_on=date(2005, 10, 15)), by=aristide)
    for line, posting in ((deposit, income), (fee, bank_posting(payment)), (deposit, bank_posting(draft))):
        with pytest.raises(DoesNotFit), transaction():
            reconciliation.confirm(line, posting, by=aristide)


def test_money_that_only_changed_funds_is_not_looked_for_at_the_bank(
    bank: Account, aristide: User, zoe: User, receive: Ask, outaouais: Fund, house: Fund
) -> None:
    from treasury.funds.transfers import FundTransfer, transfer

    receive()
    with transaction():
        entry = transfer(
            FundTransfer(
                source_fund_id=outaouais.id,
                target_fund_id=house.id,
                amount=Money.of("100.00", "CAD"),
                dated_on=date(2005, 10, 20),
                narration="Decision of 20 October",
            ),
            by=aristide,
        )
        approvals.approve(entry, by=zoe)
    assert [one.candidate.amount.decimal() for one in open_money.open_postings(bank)] == ["750.00"]


def test_confirmed_links_teach_how_the_bank_writes_a_name(
    bank: Account, aristide: User, receive: Ask
) -> None:
    payment = receive()
    line = lines_of(bring_in(bank, aristide, "15/10/2005;DEP 0042 GH;;750,00;"))[0]
    with transaction():
        link = reconciliation.confirm(line, bank_posting(payment), by=aristide)
    taught = [(one.wording, one.name, one.times) for one in habits.habits(bank)]
    assert taught == [("gh", "Réseau fictif du Grand-Héron", 1)]
    with transaction():
        reconciliation.undo(link, by=aristide)
    assert habits.habits(bank) == []


# Money that the books do not have yet ------------------------------------------------------------------


def test_a_line_that_names_a_payment_records_its_receipt(
    bank: Account, aristide: User, zoe: User, ask: Ask, settled: list[int]
) -> None:
    payment = ask("397.35")
    statement = bring_in(bank, aristide, f"15/10/2005;VIR {payment.reference};;397,35;")
    line = lines_of(statement)[0]
    best = offers(bank, line)[0]
    assert best.candidate_keys == (f"payment:{payment.id}",)
    with transaction():
        entry = reconciliation.record_receipt(line, payment, by=aristide)
    assert (payment.status, entry.dated_on) == (PaymentStatus.RECORDED, date(2005, 10, 15))
    assert offers(bank, line) == []  # it waits for approval
    with pytest.raises(AlreadyDrafted), transaction():
        reconciliation.record_receipt(line, payment, by=aristide)
    with pytest.raises(SamePerson), transaction():
        approvals.approve(entry, by=aristide)
    with transaction():
        approvals.approve(entry, by=zoe)
    link = db.session.scalars(select(ReconciliationLink)).one()
    assert (link.line_id, [one.code for one in reconciliation.reasons_of(link)]) == (line.id, ["recorded"])
    assert settled == [payment.id]
    assert verification.check().sound


def test_what_came_by_mobile_money_is_recorded_there(bank: Account, aristide: User, ask: Ask) -> None:
    payment = ask()
    mobile = ledger.account(chart.MOBILE_MONEY, "CAD")
    (line,) = lines_of(bring_in(mobile, aristide, f"15/10/2005;Transfert {payment.reference};;750,00;"))
    with transaction():
        entry = reconciliation.record_receipt(line, payment, by=aristide)
    assert {one.account.code for one in entry.postings} == {chart.MOBILE_MONEY, chart.SAVINGS}


def test_another_amount_than_asked_is_said_and_nothing_recorded(
    bank: Account, aristide: User, ask: Ask
) -> None:
    payment = ask("397.35")
    line = lines_of(bring_in(bank, aristide, f"15/10/2005;VIR {payment.reference};;397,05;"))[0]
    with pytest.raises(AmountDiffers, match=r"397\.05"), transaction():
        reconciliation.record_receipt(line, payment, by=aristide)
    assert payment.status is PaymentStatus.REQUESTED


def test_a_bank_fee_is_drafted_from_its_line_and_linked_when_approved(
    bank: Account, aristide: User, zoe: User, house: Fund
) -> None:
    line = lines_of(bring_in(bank, aristide, *OCTOBER))[2]
    with transaction():
        entry = reconciliation.record_line(
            line, RecordLine(fund_id=house.id, narration="Monthly fee"), by=aristide
        )
    with transaction():
        approvals.approve(entry, by=zoe)
    fees = [row for row in queries.trial_balance() if row.code == chart.BANK_FEES]
    assert [row.balance for row in fees] == [Money.of("12.50", "CAD")]
    assert line.id not in [one.key for one in open_money.open_lines(bank)]
    with pytest.raises(NothingLeft), transaction():
        reconciliation.record_line(line, RecordLine(fund_id=house.id, narration="Again"), by=aristide)


def test_a_draft_thrown_away_frees_its_line_and_its_payment(
    bank: Account, aristide: User, zoe: User, ask: Ask
) -> None:
    payment = ask("397.35")
    line = lines_of(bring_in(bank, aristide, f"15/10/2005;VIR {payment.reference};;397,35;"))[0]
    with transaction():
        entry = reconciliation.record_receipt(line, payment, by=aristide)
    with transaction():
        approvals.discard(entry, "Wrong line", by=aristide)
    assert payment.status is PaymentStatus.REQUESTED
    assert db.session.scalar(select(func.count()).select_from(JournalEntry)) == 0
    assert offers(bank, line)[0].candidate_keys == (f"payment:{payment.id}",)


def test_what_is_posted_is_not_thrown_away(bank: Account, zoe: User, receive: Ask) -> None:
    payment = receive()
    assert payment.entry
    with pytest.raises(ledger.AlreadyPosted), transaction():
        approvals.discard(payment.entry, "?", by=zoe)


def test_drafts_wait_with_their_author_and_amount(
    bank: Account, aristide: User, zoe: User, ask: Ask, app: Flask
) -> None:
    payment = ask()
    with transaction():
        payments.record_receipt(payment, payments.RecordReceipt(received_on=date(2005, 10, 15)), by=aristide)
    (one,) = approvals.waiting()
    assert (one.author, one.payment, one.amounts) == (
        "Aristide Fictif",
        payment,
        [Money.of("750.00", "CAD")],
    )
