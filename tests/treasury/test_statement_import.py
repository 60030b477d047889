"""Lines that come in once: files that overlap, bookings whole or in parts, imports that are interrupted."""

from datetime import date

import pytest
from flask import Flask
from sqlalchemy import func, select

from access.models import User
from shared.audit import System
from shared.database import db, transaction
from tests.treasury.reading import SAMPLES, read, sample
from treasury.models import Account, BankStatement, StatementLine
from treasury.reconciliation import open_money
from treasury.statements import importing as statement_import
from treasury.statements import jobs as statement_jobs
from treasury.statements import uploads as statement_uploads
from treasury.statements.importing import import_statement
from treasury.statements.jobs import finish_import, import_by_pieces, import_upload, take_a_look
from treasury.statements.models import StatementUpload
from treasury.statements.text import MAX_BYTES
from treasury.statements.values import Assumptions, FileTooLarge, StatementFile

BY = System("tests")
CAD = Assumptions(currency="CAD")


def stored() -> int:
    db.session.rollback()
    return db.session.scalar(select(func.count()).select_from(StatementLine)) or 0


def bring(bank: Account, found: StatementFile) -> BankStatement:
    with transaction():
        return import_statement(bank, found, by=BY)


def table(*days: int) -> str:
    return "Date;Libellé;Montant\n" + "".join(f"2005-01-{day:02};Badge;25,00\n" for day in days)


@pytest.mark.usefixtures("both_databases")
def test_overlapping_files_add_nothing_twice_and_twins_stay_two(bank: Account) -> None:
    assert bring(bank, read(table(14, 15, 15))).repeated == 0
    again = bring(bank, read(table(15, 15, 16)))
    assert (again.repeated, again.lines_expected, stored()) == (2, 3, 4)
    assert bring(bank, read(table(15, 15, 16))).id == again.id
    assert stored() == 4


@pytest.mark.parametrize("order", [("whole", "parts"), ("parts", "whole")])
def test_a_booking_told_whole_in_one_file_and_in_parts_in_another_comes_in_once(
    bank: Account, order: tuple[str, str]
) -> None:
    detail = "<TxDtls><Amt Ccy='CAD'>{}</Amt></TxDtls>"
    files = {"whole": "", "parts": detail.format("4.00") + detail.format("6.00")}
    start = "<Document><BkToCstmrStmt><Stmt><Acct><Ccy>CAD</Ccy></Acct><Ntry><Amt Ccy='CAD'>10.00</Amt>"
    booked = "<CdtDbtInd>CRDT</CdtDbtInd><BookgDt><Dt>2005-01-15</Dt></BookgDt><AcctSvcrRef>L1</AcctSvcrRef>"
    for name in order:
        details = f"<NtryDtls>{files[name]}</NtryDtls></Ntry></Stmt></BkToCstmrStmt></Document>"
        bring(bank, read(start + booked + details))
    total = db.session.scalar(select(func.sum(StatementLine.amount_minor)))
    assert (total, stored()) == (1000, 1 if order[0] == "whole" else 2)


def test_the_gap_is_kept_with_the_place_where_it_begins(bank: Account) -> None:
    statement = bring(bank, sample("solde-rompu.csv"))
    assert (statement.gap_row, statement.gap_on) == (7, date(2005, 1, 20))
    assert str(statement_import.gap(statement)) == "40.00 CAD"
    whole = bring(bank, sample("double-utf8.csv"))
    assert (whole.gap_row, str(statement_import.gap(whole))) == (None, "0.00 CAD")


def test_a_long_list_of_rejected_rows_is_told_in_short(
    bank: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(statement_import, "_MOST_REJECTED", 2)
    statement = bring(bank, read("Date;Montant\n2005-01-15;1,00\n" + "2005-01-15;x\n" * 5))
    rows = statement_import.rejected_rows(statement)
    assert [row for row, _reason in rows] == [3, 4, 0]
    assert "3 more" in rows[-1][1]


def test_lines_that_move_no_money_are_left_out_and_said(bank: Account) -> None:
    statement = bring(bank, read("Date;Montant\n2005-01-15;0,00\n2005-01-16;1,00\n"))
    assert (stored(), statement_import.gap(statement)) == (1, None)
    assert statement_import.rejected_rows(statement) == [(0, "1 lines move no money and were left out.")]


# By pieces --------------------------------------------------------------------------------------------


@pytest.fixture
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pieces of three lines, without pauses between."""
    monkeypatch.setattr(statement_import, "PIECE", 3)
    monkeypatch.setattr(statement_jobs, "PIECE", 3)
    monkeypatch.setattr(statement_jobs, "_BREATH", 0)


TEN = table(*range(11, 21))


@pytest.mark.usefixtures("both_databases", "small_pieces")
def test_an_import_that_is_cut_between_two_pieces_is_not_shown_as_whole_and_goes_on(bank: Account) -> None:
    found = read(TEN)

    def cut(done: int, expected: int) -> None:
        assert expected == 10
        if done == 6:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        import_by_pieces(bank.id, found, by=BY, file_name="a.csv", bank_account=None, progress=cut)
    half = db.session.scalars(select(BankStatement)).one()
    assert (half.complete, half.lines_done, half.lines_expected, stored()) == (False, 6, 10, 6)
    assert open_money.open_lines(bank) == []
    statement_id = import_by_pieces(bank.id, found, by=BY, file_name="a.csv", bank_account=None)
    whole = db.session.get_one(BankStatement, statement_id)
    assert (whole.id, whole.complete, whole.lines_done, whole.repeated) == (half.id, True, 10, 0)
    assert stored() == 10
    assert len(open_money.open_lines(bank)) == 10
    assert import_by_pieces(bank.id, found, by=BY, file_name="a.csv", bank_account=None) == statement_id


@pytest.mark.usefixtures("small_pieces")
def test_what_another_file_brought_meanwhile_is_not_added_again(bank: Account) -> None:
    def meanwhile(done: int, expected: int) -> None:
        if done == 3:
            bring(bank, read(table(15, 16)))

    statement_id = import_by_pieces(
        bank.id, read(TEN), by=BY, file_name="a.csv", bank_account=None, progress=meanwhile
    )
    assert stored() == 10
    assert db.session.get_one(BankStatement, statement_id).repeated == 2


# Files on their way in --------------------------------------------------------------------------------


def sent(bank: Account, by: User, data: bytes, name: str = "releve.csv") -> StatementUpload:
    with transaction():
        return statement_uploads.keep_upload(bank, data, name, CAD, by=by)


def payload(upload: StatementUpload) -> dict[str, object]:
    return {"upload_id": upload.id, "locale": "en"}


@pytest.mark.usefixtures("both_databases", "small_pieces")
def test_a_long_file_is_looked_at_and_imported_by_the_worker_once(bank: Account, aristide: User) -> None:
    upload = sent(bank, aristide, (SAMPLES / "solde-rompu.csv").read_bytes())
    assert statement_uploads.kept_look(upload) is None
    for _twice in range(2):
        take_a_look(payload(upload))
    look = statement_uploads.kept_look(upload)
    assert look == statement_uploads.look_again(upload)
    assert look is not None
    assert (look.new, look.gap_row, look.gap_on) == (9, 7, "2005-01-20")
    for _twice in range(2):
        finish_import(payload(upload))
    assert upload.statement is not None
    assert (upload.statement.complete, stored(), upload.content) == (True, 9, b"")


def test_why_a_long_file_cannot_be_read_or_imported_is_kept(bank: Account, aristide: User) -> None:
    upload = sent(bank, aristide, b"Date;Montant\n03/04/2005;1,00\n")
    take_a_look(payload(upload))
    assert "more than one way" in upload.problem
    assert import_upload(upload.id) is None
    with transaction():
        statement_uploads.read_as(upload, Assumptions(currency="CAD", date_order="dmy"))
    take_a_look(payload(upload))
    assert upload.problem == ""
    assert import_upload(upload.id) is not None
    take_a_look({"upload_id": 999, "locale": "en"})
    assert import_upload(999) is None


def test_a_file_that_nobody_agreed_to_is_let_go_after_a_day(
    app: Flask, bank: Account, aristide: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = sent(bank, aristide, TEN.encode())
    unwanted = sent(bank, aristide, TEN.encode())
    with transaction():
        statement_uploads.discard(unwanted)
    assert db.session.scalars(select(StatementUpload.id)).all() == [first.id]
    monkeypatch.setattr(statement_uploads, "_KEPT", -statement_uploads._KEPT)
    db.session.rollback()
    with pytest.raises(FileTooLarge):
        statement_uploads.check_size(b"x" * (MAX_BYTES + 1))
    second = sent(bank, aristide, TEN.encode())
    assert db.session.scalars(select(StatementUpload.id)).all() == [second.id]
