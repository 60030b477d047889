"""`teranga ledger funds | rate | chart`: where funds stand, what a rate was, where accounts belong."""

import json
from datetime import date
from decimal import Context, Decimal

import click
from flask.cli import with_appcontext

from shared.clock import today
from treasury.books import rates
from treasury.books.frameworks import frameworks
from treasury.chart import CHART
from treasury.cli import ledger as ledger  # what follows adds to its commands
from treasury.funds import standings


@ledger.command("funds")
@click.option("--event", help="Only the funds of this gathering (its code).")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@with_appcontext
def funds(event: str | None, as_json: bool) -> None:
    """Each fund in each currency: balance, committed, available."""
    found = [
        {
            "code": one.fund.code,
            "name": one.fund.name,
            "kind": one.fund.kind.value,
            "event": one.fund.event,
            "currency": one.balance.currency,
            "balance": one.balance.decimal(),
            "committed": one.committed.decimal(),
            "available": one.available.decimal(),
            "advanced": one.advanced.decimal(),
        }
        for one in standings.standings(event)
    ]
    if as_json:
        click.echo(json.dumps({"funds": found}, ensure_ascii=False))
        return
    for row in found:
        click.echo(f"{row['code']:20} {row['available']:>14} of {row['balance']:>14} {row['currency']}")


@ledger.command("rate")
@click.argument("base")
@click.argument("quote")
@click.option("--on", "day", type=click.DateTime(["%Y-%m-%d"]), help="The day; today without it.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@with_appcontext
def rate(base: str, quote: str, day: date | None, as_json: bool) -> None:
    """What one unit of BASE was worth in QUOTE, and who says so: the central bank, a fixed parity."""
    on = date.fromisoformat(f"{day:%Y-%m-%d}") if day else today()
    found = rates.rate_on(base.upper(), quote.upper(), on)
    value = Context(prec=10).divide(Decimal(found.value.numerator), Decimal(found.value.denominator))
    if as_json:
        told = {"base": found.base, "quote": found.quote, "value": str(value), "on": str(found.dated_on)}
        exact = {"numerator": found.value.numerator, "denominator": found.value.denominator}
        click.echo(json.dumps({**told, **exact, "source": found.source}))
        return
    click.echo(f"1 {found.base} = {value} {found.quote}  ({found.source}, {found.dated_on})")


@ledger.command("chart")
@click.argument("framework", type=click.Choice(sorted(frameworks())))
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def chart(framework: str, as_json: bool) -> None:
    """Our accounts, and the account of a published chart that each belongs to."""
    places = frameworks()[framework].places
    rows = [
        {"code": code, "name": str(label._args[0]), "there": places[code].code, "named": places[code].name}
        for code, (_kind, label) in CHART.items()
    ]
    if as_json:
        click.echo(json.dumps({"framework": framework, "accounts": rows}, ensure_ascii=False))
        return
    for row in rows:
        click.echo(f"{row['code']:6} {row['name']:34} {row['there']:>6} {row['named']}")
