"""`teranga demo`: tell the whole story up to a moment, into an empty database."""

from contextlib import nullcontext

import click
from flask import current_app
from flask.cli import with_appcontext
from sqlalchemy import inspect, select

from access.models import User
from demonstration import (
    bank_chapter,
    card_chapter,
    composition_chapter,
    desk_chapter,
    directory_chapter,
    interest_chapter,
    interrupted,
    path_chapter,
    receipts_chapter,
    savings_chapter,
    support_chapter,
    treasury_chapter,
)
from demonstration.stage import Stage
from events.models import EventSeries
from shared import clock
from shared.database import db
from shared.errors import DomainError
from shared.i18n import _l

CLOCKS = tuple(clock.DEMO_CLOCKS)


class NotEmpty(DomainError):
    """The demonstration is told to nobody who has a story already."""

    code = "not_empty"
    message = _l("This database is not empty: the demonstration needs an empty one.")


def load(moment: str) -> Stage:
    """Load the demonstration data up to `moment` (S1, S1b or S2) into an empty, migrated database.

    Raises `NotEmpty`. The clock stands at `moment` afterwards.
    """
    for kind in (User, EventSeries):
        if db.session.scalar(select(kind).limit(1)) is not None:
            raise NotEmpty
    stage = Stage()
    directory_chapter.tell(stage)
    treasury_chapter.found_house(stage)
    savings_chapter.tell(stage)
    interest_chapter.tell(stage, moment)
    support_chapter.tell(stage)
    composition_chapter.tell(stage)
    receipts_chapter.tell(stage)
    bank_chapter.tell(stage)
    treasury_chapter.promise_tickets(stage)
    path_chapter.tell(stage, moment)
    desk_chapter.settle_fees(stage)
    desk_chapter.invite_guests(stage)
    if moment != "S1":
        treasury_chapter.give_advance(stage)
        card_chapter.tell(stage)
        desk_chapter.open_desk(stage)
    if moment == "S2":
        treasury_chapter.settle_advance(stage)
        card_chapter.end(stage)
        desk_chapter.hold_summer_university(stage)
    clock.travel_to(clock.DEMO_CLOCKS[moment])
    return stage


@click.command("demo")
@click.option("--clock", "moment", type=click.Choice(CLOCKS), default="S1b", help="Where the story stands.")
@click.option("--if-empty", is_flag=True, help="Do nothing where there are tables already.")
@with_appcontext
def demo(moment: str, if_empty: bool) -> None:
    """Create the schema where there is none, and load the demonstration data; refuses a database in use."""
    with interrupted.alone():
        tables = inspect(db.engine).has_table("user")
        if tables and if_empty:
            return
        with nullcontext() if tables else interrupted.marked():
            if not tables:
                from flask_migrate import upgrade  # Alembic: no web process needs it

                upgrade()
            load(moment)
    db.session.remove()
    (current_app.config["SETTINGS"].instance / "clock").write_text(moment)
    click.echo(f"Demonstration data at {moment}: {clock.now():%Y-%m-%d %H:%M} UTC")
