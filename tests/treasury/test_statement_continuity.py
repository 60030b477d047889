"""From one statement to the next: what one closes with the next opens with, or a gap is told."""

import json
from datetime import date
from pathlib import Path

import pytest
from flask import Flask

from access.models import User
from shared.database import db, transaction
from shared.money import Money
from tests.treasury.bank import bring_in
from tests.treasury.desk import Desk
from tests.treasury.test_statement_pages import send
from treasury.models import Account, BankStatement
from treasury.statements import continuity
from treasury.statements.cli import statements
from treasury.statements.importing import import_statement
from treasury.statements.reading import inspect
from treasury.statements.values import Assumptions

SEPTEMBER = ("12/09/2005;DONS;;300,00;1 300,00", "15/09/2005;COOP;;397,05;1 697,05")
OCTOBER = ("15/10/2005;HERON;;750,00;2 447,05", "31/10/2005;FRAIS;;-12,50;2 434,55")
NOVEMBER = ("03/11/2005;DON;;25,00;2 459,55", "18/11/2005;FRAIS;;-8,00;2 451,55")


def told(bank: Account) -> list[str]:
    return [f"{one.since} {one.until} {one.amount}" for one in continuity.breaks(bank)]


@pytest.mark.usefixtures("both_databases")
def test_a_missing_month_shows_between_its_neighbours_until_it_comes(bank: Account, aristide: User) -> None:
    bring_in(bank, aristide, *SEPTEMBER)
    assert told(bank) == []  # the first of all begins somewhere
    november = bring_in(bank, aristide, *NOVEMBER)
    assert told(bank) == ["2005-09-15 2005-11-03 737.50 CAD"]
    found = continuity.break_of(november)
    assert found
    assert (str(found.expected), str(found.opening)) == ("1697.05 CAD", "2434.55 CAD")
    bring_in(bank, aristide, *OCTOBER)
    assert told(bank) == []


def test_files_that_overlap_follow_and_a_line_cut_out_of_one_does_not(bank: Account, aristide: User) -> None:
    bring_in(bank, aristide, *SEPTEMBER, OCTOBER[0])
    bring_in(bank, aristide, OCTOBER[0], *OCTOBER[1:])  # begins within the one before
    bring_in(bank, aristide, OCTOBER[1], *NOVEMBER)
    bring_in(bank, aristide, *SEPTEMBER, *OCTOBER, *NOVEMBER, "20/11/2005;X;;1,00;2 452,55")  # holds them all
    bring_in(bank, aristide, SEPTEMBER[1], OCTOBER[0], "31/10/2005;FRAIS;;-2,50;2 444,55")
    bring_in(bank, aristide, "21/11/2005;Y;;1,00;2 463,55")
    assert told(bank) == ["2005-11-20 2005-11-21 10.00 CAD"]


def test_a_statement_cut_within_a_day_is_gone_on_with_by_the_next(bank: Account, aristide: User) -> None:
    bring_in(bank, aristide, *SEPTEMBER, "15/10/2005;HERON;;750,00;2 447,05")
    bring_in(bank, aristide, "15/10/2005;CAP;;562,50;3 009,55")
    bring_in(bank, aristide, "15/10/2005;CAP;;562,50;3 009,55", "15/10/2005;FIL;;375,00;3 384,55")
    assert told(bank) == []


def ofx(account: str, closing: str, *movements: tuple[str, str]) -> bytes:
    rows = "".join(f"<STMTTRN><DTPOSTED>{d}<TRNAMT>{a}<FITID>{d}{a}<NAME>x" for d, a in movements)
    return (
        f"<OFX><STMTRS><CURDEF>CAD<BANKACCTFROM><ACCTID>{account}</BANKACCTFROM>{rows}"
        f"</STMTTRN><LEDGERBAL><BALAMT>{closing}<DTASOF>20051130</LEDGERBAL></STMTRS></OFX>"
    ).encode()


def bring(bank: Account, by: User, content: bytes) -> BankStatement:
    with transaction():
        return import_statement(bank, inspect(content, assume=Assumptions(currency="CAD")), by=by)


def test_ofx_states_no_opening_and_is_held_to_its_end_less_its_lines(bank: Account, aristide: User) -> None:
    bring(bank, aristide, ofx("30055", "1000.00", ("20050912", "300.00")))
    bring(bank, aristide, ofx("30055", "1750.00", ("20051015", "750.00")))
    assert told(bank) == []
    bring(bank, aristide, ofx("30055", "1800.00", ("20051103", "25.00")))
    assert told(bank) == ["2005-10-15 2005-11-03 25.00 CAD"]
    other = bring(bank, aristide, ofx("77", "10.00", ("20051104", "10.00")))  # another account at the bank
    assert continuity.break_of(other) is None


def test_a_file_without_balances_fills_a_gap_with_its_lines(bank: Account, aristide: User) -> None:
    bring_in(bank, aristide, *SEPTEMBER)
    bring_in(bank, aristide, *NOVEMBER)
    qif = "!Type:Bank\nD15/10/2005\nT750.00\nPHERON\n^\nD31/10/2005\nT-12.50\nPFRAIS\n^\n"
    lone = bring(bank, aristide, qif.encode())
    assert told(bank) == []
    assert (lone.first_on, lone.last_on) == (date(2005, 10, 15), date(2005, 10, 31))
    assert continuity.opening_of(lone) is None


# What people see --------------------------------------------------------------------------------------


def table(*rows: str) -> bytes:
    return "\n".join(["Date;Libellé;Référence;Montant;Solde", *rows]).encode()


def test_the_gap_is_said_before_the_import_on_the_statement_and_beside_the_books(
    app: Flask, bank: Account, aristide: User
) -> None:
    bring_in(bank, aristide, *SEPTEMBER)
    treasurer = Desk(app, aristide)
    preview = send(treasurer, bank, table(*NOVEMBER)).headers["Location"]
    page = treasurer.see(preview)
    sentence = "Between Sep 15, 2005 and Nov 3, 2005 a statement, or some lines, are missing"
    assert sentence in page
    assert "737.50" in page
    treasurer.send(page, preview)
    assert sentence in treasurer.see("/treasury/statements/2")
    assert sentence in treasurer.see(f"/treasury/reconciled/{bank.id}")
    assert sentence not in treasurer.see("/treasury/statements/1")


def test_a_file_of_another_account_number_is_asked_about(app: Flask, bank: Account, aristide: User) -> None:
    treasurer = Desk(app, aristide)
    bring(bank, aristide, ofx("30055", "300.00", ("20050912", "300.00")))
    preview = send(treasurer, bank, ofx("4500", "10.00", ("20051015", "10.00"))).headers["Location"]
    assert "told of the number 30055; this one tells of 4500" in treasurer.see(preview)
    both = ofx("4500", "10.00", ("20051015", "10.00")) + ofx("30055", "301.00", ("20051016", "1.00"))
    page = treasurer.see(send(treasurer, bank, both).headers["Location"])
    assert '<option selected value="30055">' in page  # of several, the one that came the last time
    db.session.rollback()
    assert Money(bring(bank, aristide, ofx("30055", "302.00", ("20051017", "1.00"))).total_minor, "CAD")


def test_the_command_tells_what_is_missing_before_a_file(
    app: Flask, bank: Account, aristide: User, tmp_path: Path
) -> None:
    bring_in(bank, aristide, *SEPTEMBER)
    (file := tmp_path / "novembre.csv").write_bytes(table(*NOVEMBER))
    asked = ["import", str(file), "--account", "1010"]
    ran = app.test_cli_runner().invoke(statements, asked)
    assert "Between 2005-09-15 and 2005-11-03 lines are missing: 737.50 CAD." in ran.stderr
    told = json.loads(app.test_cli_runner().invoke(statements, [*asked, "--apply", "--json"]).stdout)
    assert told["missing_before"] == {"since": "2005-09-15", "until": "2005-11-03", "amount": "737.50"}
    told = json.loads(app.test_cli_runner().invoke(statements, [*asked, "--json"]).stdout)
    assert (told["new"], told["missing_before"]) == (0, None)
