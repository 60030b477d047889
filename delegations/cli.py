"""`teranga coverage DELEGATION`: what a delegation needs, what pays it, what is missing and why."""

import json

import click
from flask.cli import with_appcontext
from sqlalchemy import select

from delegations.funding import coverage_queries
from delegations.funding.coverage import Coverage
from delegations.funding.coverage_wire import as_json
from delegations.funding.shortfall import sentence
from delegations.models import Delegation
from shared.database import db
from shared.money import Money


@click.command("coverage")
@click.argument("delegation")
@click.option("--json", "json_wanted", is_flag=True, help="Print JSON.")
@with_appcontext
def coverage(delegation: str, json_wanted: bool) -> None:
    """What DELEGATION (a code such as DKR05-OUT) needs and has, line by line.

    `gap` is what is missing before the support fund helps, `remaining` what is missing after.
    """
    found = db.session.scalar(select(Delegation).where(Delegation.code == delegation.upper()))
    if found is None:
        raise click.ClickException(f"There is no delegation {delegation}.")
    covered = coverage_queries.coverage_of(found)
    if json_wanted:
        click.echo(json.dumps(as_json(covered), ensure_ascii=False))
    else:
        click.echo(_table(covered))


_COLUMNS = ("need", "own", "match", "grants", "support", "remaining")


def _table(covered: Coverage) -> str:
    """The lines of cost and what pays each, then why something is left over or missing."""
    rows = [("", [*(name.capitalize() for name in _COLUMNS)])]
    rows += [(f"{line.code} {line.label}", _amounts(line)) for line in covered.lines]
    rows.append((f"{covered.delegation} ({covered.currency})", _amounts(covered.shares)))
    first = max(len(label) for label, _cells in rows)
    widths = [max(len(cells[k]) for _label, cells in rows) for k in range(len(_COLUMNS))]
    table = [
        f"{label:<{first}}  "
        + "  ".join(f"{cell:>{width}}" for cell, width in zip(cells, widths, strict=True))
        for label, cells in rows
    ]
    return "\n".join([*table, *(sentence(reason) for reason in covered.reasons)])


def _amounts(shares: object) -> list[str]:
    amounts: list[Money] = [getattr(shares, name) for name in _COLUMNS]
    return [amount.decimal() for amount in amounts]
