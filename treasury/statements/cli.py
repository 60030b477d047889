"""`teranga statements`: look into a bank's file, and bring it into the books."""

import json
import sys
from pathlib import Path
from typing import Any

import click
from flask.cli import with_appcontext
from sqlalchemy import select

from shared.audit import System
from shared.database import db
from shared.errors import DomainError
from shared.i18n import _, ngettext
from shared.money import EXPONENTS
from treasury.models import Account, AccountKind
from treasury.statements.continuity import Break, break_of_plan
from treasury.statements.dates import ORDERS
from treasury.statements.importing import Plan, plan
from treasury.statements.jobs import import_by_pieces
from treasury.statements.reading import as_json, inspect
from treasury.statements.uploads import remembered
from treasury.statements.values import Assumptions, StatementFile


@click.group("statements")
def statements() -> None:
    """Bank statements: read a file, import it."""


@statements.command("inspect")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--json", "machine", is_flag=True, help="Print JSON: amounts are decimal strings.")
@click.option(
    "--currency",
    type=click.Choice(sorted(EXPONENTS), case_sensitive=False),
    default="CAD",
    show_default=True,
    help="Currency of a file that does not name one.",
)
@click.option("--date-order", type=click.Choice(ORDERS), help="Order of dates that can be read in two ways.")
@click.option("--decimal-sign", type=click.Choice([".", ","]), help="Decimal sign where the file shows none.")
def inspect_file(
    file: Path, machine: bool, currency: str, date_order: str | None, decimal_sign: str | None
) -> None:
    """Show accounts, lines and unreadable rows of FILE. Nothing is stored.

    FILE is OFX, QFX, QIF, MT940, CAMT.053, CSV or XLSX; what it says decides, not its name.
    """
    assume = Assumptions(currency=currency, date_order=date_order, decimal_sign=decimal_sign)
    try:
        found = inspect(file.read_bytes(), file.name, assume)
    except DomainError as refused:
        if machine:
            _print({"error": refused.code, "message": str(refused)})
            sys.exit(1)
        raise click.ClickException(str(refused)) from None
    if machine:
        _print(as_json(found))
    else:
        _show(found)


def _print(answer: dict[str, Any]) -> None:
    click.echo(json.dumps(answer, ensure_ascii=False, indent=2))


def _show(found: StatementFile) -> None:
    for account in found.accounts:
        count = len(account.lines)
        lines = ngettext("%(num)s line", "%(num)s lines", count)
        click.echo(f"{account.account or '?'}  {account.currency}  {lines}")
        for line in account.lines:
            click.echo(f"  {line.date}  {line.amount.decimal():>14}  {line.reference:<14}  {line.name}")
    for row in found.rejected:
        click.echo(f"{row.row}: {row.reason}", err=True)


@statements.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--account", "code", required=True, help="Code of the account of the chart, such as 1010.")
@click.option(
    "--currency",
    type=click.Choice(sorted(EXPONENTS), case_sensitive=False),
    default="CAD",
    show_default=True,
    help="Currency of that account.",
)
@click.option("--bank-account", help="Which account of the file, if it holds several in that currency.")
@click.option("--date-order", type=click.Choice(ORDERS), help="Order of dates that can be read in two ways.")
@click.option("--decimal-sign", type=click.Choice([".", ","]), help="Decimal sign where the file shows none.")
@click.option("--apply", "really", is_flag=True, help="Import. Without it, only say what would be imported.")
@click.option("--json", "machine", is_flag=True, help="Print JSON: amounts are decimal strings.")
@with_appcontext
def import_file(
    file: Path,
    code: str,
    currency: str,
    bank_account: str | None,
    date_order: str | None,
    decimal_sign: str | None,
    really: bool,
    machine: bool,
) -> None:
    """Import FILE into an account: what is new comes in once, rows that cannot be read are listed."""
    account = db.session.scalar(
        select(Account).where(
            Account.code == code, Account.currency == currency, Account.kind == AccountKind.ASSET
        )
    )
    if account is None:
        raise click.ClickException(_("No account %(code)s in %(currency)s.", code=code, currency=currency))
    data = file.read_bytes()
    known = remembered(account, data)  # how somebody said, on the pages, that such a table is read
    assume = Assumptions(
        currency=currency,
        date_order=date_order or known.date_order,
        decimal_sign=decimal_sign or known.decimal_sign,
        layout=known.layout,
    )
    found = inspect(data, file.name, assume)
    del data
    planned = plan(account, found, bank_account)
    missing = break_of_plan(account, planned)
    if really:
        _bring_in(account, found, file.name, bank_account)
    if machine:
        _print(_planned(planned, missing, really))
        return
    for line in planned.new:
        click.echo(
            f"  {line.date}  {line.amount.decimal():>14}  {line.reference:<14}  {line.name or line.memo}"
        )
    for row, reason in planned.rejected:
        click.echo(f"{row}: {reason}", err=True)
    if planned.gap:
        click.echo(_("Opening, lines and closing differ by %(gap)s.", gap=str(planned.gap)), err=True)
        if start := planned.gap_start:
            told = _("The difference begins at row %(row)s, on %(day)s.", row=start.row, day=start.date)
            click.echo(told, err=True)
    if missing:
        told = _(
            "Between %(since)s and %(until)s lines are missing: %(amount)s.",
            since=missing.since,
            until=missing.until,
            amount=str(missing.amount),
        )
        click.echo(told, err=True)
    count = len(planned.new)
    new = ngettext("%(num)s new line", "%(num)s new lines", count)
    told = _("%(new)s, %(known)s already here.", new=new, known=planned.repeated)
    click.echo(told if really else _("%(told)s Nothing is imported yet: add --apply.", told=told))


def _bring_in(account: Account, found: StatementFile, name: str, bank_account: str | None) -> None:
    """Import by pieces; on a terminal, a bar tells how far it is."""
    with click.progressbar(length=1000, file=sys.stderr, hidden=not sys.stderr.isatty()) as bar:

        def progress(done: int, expected: int) -> None:
            bar.update(done * 1000 // expected - bar.pos)

        import_by_pieces(
            account.id,
            found,
            by=System("command line"),
            file_name=name,
            bank_account=bank_account,
            progress=progress,
        )


def _planned(planned: Plan, missing: Break | None, applied: bool) -> dict[str, Any]:
    return {
        "applied": applied,
        "new": len(planned.new),
        "repeated": planned.repeated,
        "total": planned.total.decimal(),
        "gap": None if planned.gap is None else planned.gap.decimal(),
        "missing_before": None
        if missing is None
        else {
            "since": missing.since.isoformat(),
            "until": missing.until.isoformat(),
            "amount": missing.amount.decimal(),
        },
        "currency": planned.total.currency,
        "rejected": [{"row": row, "reason": reason} for row, reason in planned.rejected],
    }
