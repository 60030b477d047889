"""`teranga ledger …`: what the books say, for people and for machines (`--json`)."""

import csv
import json
import sys

import click
from flask.cli import with_appcontext
from sqlalchemy import select
from sqlalchemy.orm import selectinload

from shared.database import db
from treasury import queries, verification
from treasury.models import EntryStatus, JournalEntry


@click.group()
def ledger() -> None:
    """The journal: its soundness, its balances, its entries."""


@ledger.command("check")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@with_appcontext
def check(as_json: bool) -> None:
    """Recompute every invariant and the hash chain; exit 1 and name the first broken row if any."""
    verdict = verification.check()
    if as_json:
        found = [{"row": one.row, "problem": one.problem} for one in verdict.findings]
        click.echo(json.dumps({"sound": verdict.sound, "entries": verdict.entries, "findings": found}))
    elif verdict.sound:
        click.echo(f"{verdict.entries} entries: sound")
    else:
        for one in verdict.findings:
            click.echo(f"{one.row}: {one.problem}", err=True)
    sys.exit(0 if verdict.sound else 1)


@ledger.command("trial-balance")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@with_appcontext
def trial_balance(as_json: bool) -> None:
    """Every account with its balance, debit positive, one currency at a time."""
    rows = queries.trial_balance()
    if as_json:
        accounts = [
            {
                "code": row.code,
                "name": row.name,
                "kind": str(row.kind),
                "balance": row.balance.decimal(),
                "currency": row.balance.currency,
            }
            for row in rows
        ]
        click.echo(json.dumps({"accounts": accounts}, ensure_ascii=False))
        return
    for row in rows:
        click.echo(f"{row.code:6} {row.name:32} {row.balance.decimal():>16} {row.balance.currency}")


@ledger.command("export")
@with_appcontext
def export() -> None:
    """Every posted posting as CSV on standard output, in posting order."""
    out = csv.writer(sys.stdout)
    out.writerow(["number", "date", "narration", "account", "fund", "amount", "currency", "memo", "hash"])
    entries = (
        select(JournalEntry)
        .where(JournalEntry.status == EntryStatus.POSTED)
        .order_by(JournalEntry.number)
        .options(selectinload(JournalEntry.postings))
        .execution_options(yield_per=500)
    )
    for entry in db.session.scalars(entries):
        for one in entry.postings:
            amount = one.amount
            out.writerow(
                [
                    entry.number,
                    entry.dated_on,
                    entry.narration,
                    one.account.code,
                    one.fund.code,
                    amount.decimal(),
                    amount.currency,
                    one.memo,
                    entry.hash,
                ]
            )
