"""What happens seldom to a bank's file: locked, shaped otherwise, with a hole, thrown away late."""

import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import click
import pytest
from flask import Flask

from access.models import User
from shared.database import db, transaction
from tests.treasury.bank import bring_in
from tests.treasury.reading import SAMPLES
from treasury.models import Account, BankStatement
from treasury.reconciliation import proposals, reconciled
from treasury.reconciliation.reconciled import NothingToClose
from treasury.statements import importing, jobs, uploads
from treasury.statements.cli import statements
from treasury.statements.layouts import stored
from treasury.statements.models import RememberedLayout, StatementUpload
from treasury.statements.reading import inspect, sketch
from treasury.statements.values import Assumptions, BrokenWorkbook

UNTITLED = (SAMPLES / "sans-titres.csv").read_bytes()


def test_a_workbook_with_a_password_is_not_opened() -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("xl/workbook.xml", "<workbook/>")
        archive.writestr("xl/worksheets/sheet1.xml", "<worksheet/>")
    data = bytearray(packed.getvalue())
    for head, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):  # the bit that says: encrypted
        at = data.find(head)
        while at >= 0:
            data[at + place] |= 1
            at = data.find(head, at + 4)
    with pytest.raises(BrokenWorkbook):
        inspect(bytes(data), "releve.xlsx", Assumptions(currency="CAD"))


def test_what_was_told_of_another_table_is_not_taken_for_this_one(bank: Account, aristide: User) -> None:
    assume = Assumptions(currency="CAD")
    with transaction():
        kept = uploads.keep_upload(bank, UNTITLED, "a.csv", assume, by=aristide)
    for data, known in ((UNTITLED, True), (b"a;b;c;d\n1;2;3;4\n", False)):
        with transaction():
            db.session.query(RememberedLayout).delete()
            db.session.add(
                RememberedLayout(
                    account_id=bank.id,
                    key="k",
                    told_by_id=aristide.id,
                    layout={"date_order": "dmy", "decimal_sign": ",", "layout": layout_of(UNTITLED)},
                )
            )
        assert (uploads.remembered(bank, data).layout is not None) == known
    with transaction():
        uploads.discard(kept)
    assert db.session.get(StatementUpload, kept.id) is None


def layout_of(data: bytes) -> object:
    """How the table would be read, as it is kept."""
    found = sketch(data)
    assert found
    return stored(found.layout)


def test_a_file_that_is_imported_stays(bank: Account, aristide: User) -> None:
    statement = bring_in(bank, aristide, "16/10/2005;DEPOT;;750,00;")
    with transaction():
        kept = uploads.keep_upload(bank, b"x", "a.csv", Assumptions(currency="CAD"), by=aristide)
        kept.statement_id = statement.id
    with transaction():
        uploads.discard(kept)
    assert db.session.get(StatementUpload, kept.id) is kept


def test_a_file_taken_back_while_the_worker_reads_it_is_let_go(
    app: Flask, bank: Account, aristide: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    with transaction():
        told = b"Date;Montant\n15/01/2005;750,00\n"
        number = uploads.keep_upload(bank, told, "a.csv", Assumptions(currency="CAD"), by=aristide).id
    honest: Callable[[StatementUpload], object] = uploads.look_again

    def slow(upload: StatementUpload) -> object:
        found = honest(upload)
        with transaction():
            db.session.delete(db.session.get_one(StatementUpload, number))
        return found

    monkeypatch.setattr(uploads, "look_again", slow)
    with app.test_request_context():
        jobs.take_a_look({"upload_id": number, "locale": "fr"})
    assert db.session.get(StatementUpload, number) is None


def test_the_command_says_where_the_balances_stop_agreeing(
    app: Flask, bank: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    moved: list[int] = []

    class Bar:
        pos = 0

        def __enter__(self) -> "Bar":
            return self

        def __exit__(self, *_raised: object) -> None: ...

        def update(self, steps: int) -> None:
            moved.append(steps)
            self.pos += steps

    monkeypatch.setattr(click, "progressbar", lambda **_look: Bar())
    for module in (jobs, importing):
        monkeypatch.setattr(module, "PIECE", 4)  # lines that are imported at a time
    file = str(SAMPLES / "solde-rompu.csv")
    ran = app.test_cli_runner().invoke(statements, ["import", file, "--account", "1010", "--apply"])
    assert ran.exit_code == 0, ran.output
    assert "Opening, lines and closing differ by 40.00 CAD" in ran.stderr
    assert "The difference begins at row 7, on 2005-01-20." in ran.stderr
    assert (len(moved), sum(moved)) == (3, 1000)


def test_a_part_of_a_file_closes_nothing(bank: Account, aristide: User) -> None:
    statement = bring_in(bank, aristide, "16/10/2005;DEPOT;;750,00;")
    with transaction():
        statement.complete = False
    with pytest.raises(NothingToClose), transaction():
        reconciled.close(statement, None, by=aristide)
    assert db.session.get_one(BankStatement, statement.id).complete is False


def test_nothing_is_compared_on_an_account_that_is_gone(app: Flask) -> None:
    proposals.run_job({"account": 999})
    proposals.out_of_date(999)


def test_a_balance_that_moves_without_a_line_is_a_gap_that_begins_nowhere(
    app: Flask, bank: Account, tmp_path: Path
) -> None:
    file = tmp_path / "silent.940"
    file.write_text(":20:X\n:25:12345\n:28C:1\n:60F:C050101CAD100,00\n:62F:C050131CAD175,00\n-\n")
    ran = app.test_cli_runner().invoke(statements, ["import", str(file), "--account", "1010"])
    assert "differ by" in ran.stderr
    assert "begins" not in ran.stderr
