"""`teranga statements inspect FILE`: for a person, and as JSON for a program."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from flask import Flask
from sqlalchemy import func, select

from shared.database import db
from treasury.models import Account, StatementLine
from treasury.statements.cli import statements

SAMPLES = Path(__file__).parent / "samples"


def test_json_has_the_accounts_and_the_rejected_rows() -> None:
    ran = CliRunner().invoke(statements, ["inspect", str(SAMPLES / "caisse-2005-01.ofx"), "--json"])
    answer = json.loads(ran.stdout)
    assert ran.exit_code == 0
    assert answer["format"] == "ofx"
    assert answer["accounts"][0]["closing"] == "12345.67"
    assert answer["accounts"][0]["lines"][0] == {
        "date": "2005-01-15",
        "amount": "750.00",
        "reference": "",
        "name": "RÉSEAU FICT GRAND-HÉRON",
    }
    assert [one["row"] for one in answer["rejected"]] == [4, 5]


def test_a_person_sees_lines_and_reads_what_was_rejected() -> None:
    ran = CliRunner().invoke(statements, ["inspect", str(SAMPLES / "credit-union.csv")])
    assert "7500.00" in ran.stdout
    assert "02/30/2005" in ran.stderr


def test_the_currency_of_a_silent_file_is_named_by_an_option(tmp_path: Path) -> None:
    file = tmp_path / "silent.csv"
    file.write_text("Date;Montant\n2005-01-15;830000\n")
    currencies = []
    for options in ([], ["--currency", "XOF"]):
        ran = CliRunner().invoke(statements, ["inspect", str(file), "--json", *options])
        [account] = json.loads(ran.stdout)["accounts"]
        currencies.append((account["currency"], account["lines"][0]["amount"]))
    assert currencies == [("CAD", "830000.00"), ("XOF", "830000")]


def test_an_ambiguous_file_is_explained_and_an_option_answers(tmp_path: Path) -> None:
    file = tmp_path / "ambiguous.csv"
    file.write_text("Date;Montant\n03/04/2005;10,00\n")
    asked = CliRunner().invoke(statements, ["inspect", str(file)])
    assert asked.exit_code == 1
    assert "03/04/2005" in asked.stderr
    answered = CliRunner().invoke(statements, ["inspect", str(file), "--date-order", "dmy"])
    assert "2005-04-03" in answered.stdout


@pytest.mark.parametrize("content", [b"", b"Bonjour", b"<!DOCTYPE x><OFX>"])
def test_a_refused_file_ends_with_an_error_that_a_program_can_read(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "refused"
    file.write_bytes(content)
    ran = CliRunner().invoke(statements, ["inspect", str(file), "--json"])
    answer = json.loads(ran.stdout)
    assert ran.exit_code == 1
    assert answer["error"].startswith("statement_")
    assert answer["message"]


def test_an_import_is_a_preview_until_it_is_meant(app: Flask, bank: Account) -> None:
    file = str(SAMPLES / "caisse-2005-01.ofx")
    told = ""
    for options, stored in ([], 0), (["--apply"], 4), (["--apply"], 4):
        ran = app.test_cli_runner().invoke(statements, ["import", file, "--account", "1010", *options])
        assert ran.exit_code == 0, ran.output
        assert db.session.scalar(select(func.count()).select_from(StatementLine)) == stored
        told = ran.output
        db.session.rollback()
    assert "0 new lines, 4 already here." in told


def test_an_account_that_is_not_in_the_chart_is_said(app: Flask, bank: Account) -> None:
    file = str(SAMPLES / "caisse-2005-01.ofx")
    ran = app.test_cli_runner().invoke(statements, ["import", file, "--account", "9999", "--apply"])
    assert ran.exit_code == 1
    assert "9999" in ran.stderr


def test_a_program_reads_what_came_in(app: Flask, bank: Account) -> None:
    file = str(SAMPLES / "caisse-2005.csv")
    ran = app.test_cli_runner().invoke(statements, ["import", file, "--account", "1010", "--apply", "--json"])
    answer = json.loads(ran.stdout)
    assert (answer["applied"], answer["new"], answer["gap"]) == (True, 5, "0.00")
