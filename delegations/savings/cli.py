"""The `teranga savings` commands: what a plan would ask for, before anybody opens one."""

import json
from datetime import datetime

import click

from delegations.savings.schedule import BadFrequency, BadPlan, Frequency, Instalment, Remainder, schedule
from shared.money import EXPONENTS, BadAmount, Money


@click.group("savings")
def savings() -> None:
    """Savings plans."""


@savings.command("schedule")
@click.option("--target", required=True, help="What to save in all, for example 13500.00.")
@click.option("--currency", required=True, type=click.Choice(sorted(EXPONENTS)))
@click.option("--count", required=True, type=int, help="How many instalments.")
@click.option("--first", required=True, type=click.DateTime(["%Y-%m-%d"]), help="When the first falls due.")
@click.option("--every", default="month", help="month, quarter, half-year, year, or a number of months.")
@click.option("--remainder", default="spread", type=click.Choice([policy.value for policy in Remainder]))
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def show_schedule(
    target: str, currency: str, count: int, first: datetime, every: str, remainder: str, as_json: bool
) -> None:
    """Print the instalments of a plan: dates and amounts that add up to the target exactly."""
    try:
        amount = Money.of(target, currency)
    except BadAmount as problem:
        raise click.BadParameter(problem.sentence(), param_hint="--target") from problem
    try:
        parts = schedule(amount, count, first.date(), Frequency.parse(every), Remainder(remainder))
    except BadFrequency as problem:
        raise click.BadParameter(problem.sentence(), param_hint="--every") from problem
    except BadPlan as problem:
        raise click.BadParameter(problem.sentence(), param_hint=f"--{problem.field}") from problem
    click.echo(json.dumps([_wire(part) for part in parts], indent=2) if as_json else _table(parts))


def _wire(part: Instalment) -> dict[str, str]:
    return {"due": part.due.isoformat(), "amount": part.amount.decimal(), "currency": part.amount.currency}


def _table(parts: list[Instalment]) -> str:
    width = max(len(str(part.amount)) for part in parts)
    return "\n".join(f"{part.number:>4}  {part.due}  {part.amount!s:>{width}}" for part in parts)
