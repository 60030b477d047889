"""`teranga badges`: the badges of a gathering as a file for the printer."""

from pathlib import Path

import click
from flask.cli import with_appcontext
from sqlalchemy import select

from events import badges
from events.models import Edition
from shared.audit import System
from shared.database import db, transaction
from shared.i18n import DEFAULT_LOCALE, LOCALES, ngettext

MACHINE = System("command line")


@click.command("badges")
@click.argument("edition_code", metavar="EDITION")
@click.option(
    "--out",
    type=click.Path(dir_okay=False, writable=True, path_type=Path),
    required=True,
    help="The PDF to write.",
)
@click.option("--party", default="", help="Only the delegation of this code.")
@click.option("--issue/--no-issue", default=True, show_default=True, help="Issue missing badges first.")
@click.option("--locale", type=click.Choice(LOCALES), default=DEFAULT_LOCALE, show_default=True)
@with_appcontext
def print_badges(edition_code: str, out: Path, party: str, issue: bool, locale: str) -> None:
    """Write the badges in force of EDITION to an A4 PDF, four on a sheet."""
    edition = db.session.scalar(select(Edition).where(Edition.code == edition_code.upper()))
    if edition is None:
        raise click.ClickException(f"There is no edition {edition_code}.")
    if issue:
        with transaction():
            made = badges.issue_all(edition, by=MACHINE, party=party)
        click.echo(ngettext("%(num)s badge issued.", "%(num)s badges issued.", made))
    found = badges.printable(edition, party=party)
    out.write_bytes(badges.sheet(edition, found, locale=locale))
    count = ngettext("%(num)s badge", "%(num)s badges", len(found))
    click.echo(f"{count}: {out}")
