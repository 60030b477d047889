"""What a treasurer does on the pages of matching: a part, several at once, a fee, closing, forgetting."""

import io
from datetime import date

import pytest
from flask import Flask
from python_calamine import CalamineWorkbook

from access.models import User
from outbox import jobs
from shared.database import db, transaction
from tests.treasury.bank import bank_posting, bring_in, lines_of
from tests.treasury.conftest import Ask
from tests.treasury.desk import Desk
from treasury import approvals, ledger
from treasury.models import Account, BankStatement, Fund, ReconciliationLink
from treasury.reconciliation import open_money, proposals
from treasury.reconciliation.links import confirm
from treasury.reconciliation.models import MatchingRun, PostingOffset, StatementClosing, WriteOff


@pytest.fixture
def treasurer(app: Flask, aristide: User) -> Desk:
    return Desk(app, aristide)


@pytest.fixture
def approver(app: Flask, zoe: User) -> Desk:
    return Desk(app, zoe)


def amounts() -> list[int]:
    db.session.rollback()
    live = db.session.query(ReconciliationLink).filter(ReconciliationLink.undone_at.is_(None))
    return [one.amount_minor for one in live.order_by(ReconciliationLink.id)]


def the_line(statement: BankStatement) -> str:
    return f"/treasury/statements/lines/{lines_of(statement)[0].id}"


def test_several_are_ticked_and_matched_at_once(
    treasurer: Desk, bank: Account, aristide: User, receive: Ask
) -> None:
    ours = [receive("562.50", payer="Carrefour fictif du Cap", on=date(2005, month, 15)) for month in (7, 10)]
    receive("562.50", payer="Coopérative fictive des Trois-Ponts")
    page = the_line(bring_in(bank, aristide, "16/10/2005;DEPOT GUICHET;;1 125,00;"))
    assert "Carrefour fictif du Cap" in treasurer.see(f"{page}?q=carrefour")
    nothing = treasurer.press(page, f"{page}/confirm", posting=[])
    assert (nothing.status_code, "Choose at least one." in nothing.text) == (422, True)
    treasurer.press(page, f"{page}/confirm", posting=[str(bank_posting(one).id) for one in ours])
    assert amounts() == [56250, 56250]


def test_only_a_part_is_matched_and_too_much_is_said_beside_what_was_typed(
    treasurer: Desk, bank: Account, aristide: User, receive: Ask
) -> None:
    posting = str(bank_posting(receive()).id)
    page = the_line(bring_in(bank, aristide, "16/10/2005;DEPOT GUICHET;;1 000,00;"))
    refused = treasurer.press(page, f"{page}/confirm", posting=posting, amount="800")
    assert (refused.status_code, 'value="800"' in refused.text) == (409, True)
    unread = treasurer.press(page, f"{page}/confirm", posting=posting, amount="much")
    assert unread.status_code == 422
    treasurer.press(page, f"{page}/confirm", posting=posting, amount="200")
    assert amounts() == [20000]


def test_a_fee_kept_by_the_bank_is_one_button_and_waits_for_another(
    treasurer: Desk, bank: Account, aristide: User, receive: Ask
) -> None:
    receive()
    statement = bring_in(bank, aristide, "17/10/2005;RESEAU FICTIF DU GRAND HERON;;742,50;")
    page = treasurer.see(f"/treasury/statements/{statement.id}")
    assert "7.50\u00a0CAD less, as when a bank keeps a fee." in page
    assert "Match, 7.50\u00a0CAD is a bank fee" in page
    treasurer.send(page, f"{the_line(statement)}/difference")
    assert amounts() == [74250]
    assert db.session.query(WriteOff).count() == 1


def test_a_statement_is_closed_on_its_page_and_reopened_by_somebody_else(
    treasurer: Desk, approver: Desk, bank: Account, aristide: User, zoe: User, receive: Ask
) -> None:
    posting = str(bank_posting(receive()).id)
    statement = bring_in(bank, aristide, "17/10/2005;RESEAU FICTIF DU GRAND HERON;;750,00;")
    page = f"/treasury/reconciled/{bank.id}?statement={statement.id}"
    assert "1 line up to that day waits to be explained first." in treasurer.see(page)
    treasurer.press(the_line(statement), f"{the_line(statement)}/confirm", posting=posting)
    assert "Hold it against the books and close it" in treasurer.see(f"/treasury/statements/{statement.id}")
    close = f"/treasury/reconciled/statements/{statement.id}/close"
    wrong = treasurer.press(page, close, balance="749.00")
    assert (wrong.status_code, "By the books the bank held 750.00" in wrong.text) == (422, True)
    assert treasurer.press(page, close, balance="750.00").status_code == 302
    assert "closed on Oct 17, 2005" in treasurer.see(f"/treasury/statements/{statement.id}?show=all")
    assert "Undo" not in treasurer.see(f"/treasury/statements/{statement.id}?show=all")
    assert "Oct 17, 2005" in treasurer.see("/treasury/reconciled")
    closing = db.session.query(StatementClosing).one()
    reopen = f"/treasury/reconciled/closings/{closing.id}/reopen"
    assert reopen not in treasurer.see(page)
    assert approver.press(page, reopen, reason=" ").status_code == 302
    assert "Say why it is opened again." in approver.see(page)
    approver.press(page, reopen, reason="A wrong link")
    assert "Open again: its lines can be matched otherwise." in approver.see(page)
    db.session.rollback()
    assert closing.reason == "A wrong link"
    file = approver.client.get(f"/treasury/reconciled/{bank.id}/file.csv?on=2005-10-17").text
    assert "reopened: A wrong link" in file


def test_an_entry_and_its_reversal_cancel_each_other_on_the_page(
    treasurer: Desk, bank: Account, aristide: User, zoe: User, receive: Ask
) -> None:
    bring_in(bank, aristide, "13/10/2005;DEPOT;;20,00;")
    payment = receive()
    assert payment.entry
    with transaction():
        ledger.post(ledger.reverse(payment.entry, date(2005, 10, 20), "Twice", by=aristide), by=zoe)
    page = f"/treasury/reconciled/{bank.id}?on=2005-10-31"
    treasurer.press(page, f"/treasury/reconciled/{bank.id}/cancel-out")
    db.session.rollback()
    assert open_money.open_postings(bank) == []
    offset = db.session.query(PostingOffset).one()
    treasurer.press(page, f"/treasury/reconciled/offsets/{offset.id}/undo")
    db.session.rollback()
    assert len(open_money.open_postings(bank)) == 2


def test_what_was_taught_is_seen_and_forgotten(
    treasurer: Desk, bank: Account, aristide: User, receive: Ask
) -> None:
    posting = str(bank_posting(receive()).id)
    page = the_line(bring_in(bank, aristide, "17/10/2005;TANTE MARTHE;;750,00;"))
    taught = f"/treasury/reconciled/{bank.id}/habits"
    assert "Nothing learnt yet" in treasurer.see(taught)
    treasurer.press(page, f"{page}/confirm", posting=posting)
    assert "tante marthe" in treasurer.see(f"{taught}?q=heron")
    assert "tante marthe" not in treasurer.see(f"{taught}?q=ponts")
    treasurer.press(taught, f"{taught}/forget")
    assert "tante marthe" not in treasurer.see(taught)
    assert treasurer.client.post(f"{taught}/forget", data={"kind": "?"}).status_code in (400, 404)


def test_a_fee_is_written_again_with_one_button(
    treasurer: Desk, bank: Account, aristide: User, zoe: User, house: Fund
) -> None:
    statement = bring_in(
        bank, aristide, "30/09/2005;FRAIS MENSUELS;;-12,50;", "31/10/2005;FRAIS MENSUELS;;-12,50;"
    )
    first, second = (f"/treasury/statements/lines/{line.id}" for line in lines_of(statement))
    treasurer.press(first, f"{first}/entry", fund=str(house.id), narration="Monthly fee")
    with transaction():
        approvals.approve(approvals.waiting()[0].entry, by=zoe)
    page = treasurer.see(f"/treasury/statements/{statement.id}")
    assert "Like the last time: Bank and card fees, fund SECR" in page
    treasurer.send(page, f"{second}/entry")
    db.session.rollback()
    assert [one.entry.narration for one in approvals.waiting()] == ["Monthly fee"]


def test_a_large_account_is_compared_by_a_job_and_the_page_says_so(
    treasurer: Desk, bank: Account, aristide: User, receive: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    receive()
    statement = bring_in(bank, aristide, "17/10/2005;RESEAU FICTIF DU GRAND HERON;;750,00;")
    monkeypatch.setattr(proposals, "AT_ONCE", 0)
    page = f"/treasury/statements/{statement.id}"
    for _twice in range(2):
        assert "Matches are being looked for" in treasurer.see(page)
    assert jobs.run_due() == 1  # asked for twice, compared once
    seen = treasurer.see(page)
    assert "being looked for" not in seen
    assert "The name is close to Réseau fictif du Grand-Héron." in seen
    receive("250.00", payer="Atelier fictif des Îles")  # a few more are not worth another comparison
    treasurer.see(page)
    assert jobs.run_due() == 0
    run = db.session.get_one(MatchingRun, bank.id)
    with transaction():
        proposals.out_of_date(bank.id)
    assert "These matches are from" in treasurer.see(page)
    assert run.known == "out of date"


# To keep ----------------------------------------------------------------------------------------------


def test_an_account_on_a_day_is_a_paper_a_workbook_and_a_table(
    treasurer: Desk, bank: Account, aristide: User, receive: Ask
) -> None:
    receive(payer="=Réseau fictif du Grand-Héron")
    receive("40.00", payer="Clio Maquette", on=date(2005, 10, 28))
    bring_in(bank, aristide, "15/10/2005;HERON;;750,00;1 750,00", "31/10/2005;FRAIS;;-12,50;1 737,50")
    kept = f"/treasury/reconciled/{bank.id}/file."
    assert f"{kept}pdf?on=2005-10-31" in treasurer.see(f"/treasury/reconciled/{bank.id}")
    with treasurer.client.get(f"{kept}csv?on=2005-10-31") as answer:
        table = answer.get_data(as_text=True)
    assert "So the bank should hold,737.50,CAD" in table  # 790.00 less 790.00 in transit, plus 737.50
    assert "Unexplained,1000.00,CAD" in table
    assert "2005-10-28" in table
    assert "Clio Maquette" in table
    assert "FRAIS" in table
    assert "\n=R" not in table
    with treasurer.client.get(f"{kept}xlsx") as answer:
        book = CalamineWorkbook.from_filelike(io.BytesIO(answer.data))
    assert book.sheet_names == ["From the books to the bank", "In transit", "Only at the bank"]
    assert book.get_sheet_by_name("In transit").to_python()[-1][-2:] == [790.0, "CAD"]
    with treasurer.client.get(f"{kept}pdf?on=never") as answer:
        assert answer.data.startswith(b"%PDF")
    treasurer.see(f"{kept}doc", 404)


def test_the_report_tells_what_is_missing_between_statements_and_who_closed_what(
    treasurer: Desk, bank: Account, aristide: User, receive: Ask
) -> None:
    first = bring_in(bank, aristide, "15/10/2005;HERON;;750,00;750,00")
    posting = bank_posting(receive())
    with transaction():
        confirm(lines_of(first)[0], posting, by=aristide)
    treasurer.press(
        f"/treasury/reconciled/{bank.id}?statement={first.id}",
        f"/treasury/reconciled/statements/{first.id}/close",
        balance="750.00",
    )
    bring_in(bank, aristide, "31/10/2005;FRAIS;;-12,50;837,50")
    with treasurer.client.get(f"/treasury/reconciled/{bank.id}/file.csv") as answer:
        table = answer.get_data(as_text=True)
    assert "2005-10-15,2005-10-31,750.00,850.00,100.00,CAD" in table
    assert "2005-10-15,releve.csv,Aristide Fictif,closed,750.00,CAD" in table


def test_a_file_without_a_balance_asks_for_the_one_that_the_bank_shows(
    treasurer: Desk, bank: Account, aristide: User, receive: Ask
) -> None:
    posting = bank_posting(receive())
    statement = bring_in(bank, aristide, "15/10/2005;HERON;;750,00;")
    with transaction():
        confirm(lines_of(statement)[0], posting, by=aristide)
    page = f"/treasury/reconciled/{bank.id}?statement={statement.id}"
    close = f"/treasury/reconciled/statements/{statement.id}/close"
    for typed, told in (
        ("", "Type the one of October 15, 2005 that the bank shows."),
        ("748", "it says 748.00\u00a0CAD: 2.00\u00a0CAD differ."),
    ):
        refused = treasurer.press(page, close, balance=typed)
        assert (refused.status_code, told in refused.text) == (422, True), refused.text
    assert treasurer.press(page, close, balance="750").status_code == 302
