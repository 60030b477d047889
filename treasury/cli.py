"""`teranga ledger …`: what the books say, for people and for machines (`--json`)."""

import csv
import json
import sys

import click
from flask.cli import with_appcontext

from treasury import queries
from treasury.books import verification
from treasury.reports import exports


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
@click.option(
    "--format",
    "form",
    type=click.Choice(["csv", *exports.FORMATS]),
    default="csv",
    show_default=True,
    help="What reads it.",
)
@click.option(
    "--year",
    type=click.IntRange(1, 9999),
    help="Only the entries of this calendar year (FEC: the last one's).",
)
@with_appcontext
def export(form: str, year: int | None) -> None:
    """Every posted posting on standard output, in posting order."""
    if form != "csv":
        for piece in exports.FORMATS[form].write(exports.Span(year=year)):
            click.echo(piece, nl=False)
        return
    out = csv.writer(sys.stdout)
    out.writerow(["number", "date", "narration", "account", "fund", "amount", "currency", "memo", "hash"])
    for entry in exports.booked(exports.Span(year=year)):
        for line in entry.lines:
            amount = line.amount
            out.writerow(
                [
                    entry.number,
                    entry.dated_on,
                    entry.narration,
                    line.key.code,
                    line.key.fund,
                    amount.decimal(),
                    amount.currency,
                    line.memo,
                    entry.hash,
                ]
            )
