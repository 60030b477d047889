"""The wiring: which rooms exist, how they are served, and the `teranga` command. Nothing imports this."""

import gc

gc.disable()  # nothing that is loaded here is garbage: looking for it would take a fifth of the start

import os
import time
from functools import cache, partial
from importlib import import_module
from pathlib import Path
from typing import Any, ClassVar

import click
from flask import Blueprint, Flask, current_app
from flask.cli import ScriptInfo
from jinja2 import StrictUndefined
from sqlalchemy.exc import DBAPIError
from werkzeug.local import LocalProxy
from werkzeug.middleware.proxy_fix import ProxyFix

import access.api
import access.cli
import access.models
import access.views
import compression
import delegations.answers.views
import delegations.api
import delegations.budgets.budget_views
import delegations.budgets.claim_line_views
import delegations.budgets.claim_views
import delegations.budgets.cost_views
import delegations.budgets.draft_views
import delegations.budgets.per_diem_views
import delegations.budgets.phone_claim_views
import delegations.budgets.spending_views
import delegations.cli
import delegations.composition.views
import delegations.funder_reports.views
import delegations.funding.agreement_views
import delegations.funding.allocation_views
import delegations.funding.service_views
import delegations.interest.survey_views
import delegations.interest.views
import delegations.joining.views
import delegations.lifecycle.adding_views
import delegations.lifecycle.cloning_views
import delegations.lifecycle.focal_views
import delegations.lifecycle.quota_views
import delegations.lifecycle.umbrella_views
import delegations.lifecycle.views
import delegations.pages
import delegations.savings.card_views
import delegations.savings.pages
import delegations.seats.approval_views
import delegations.seats.board_views
import delegations.seats.leaving_views
import delegations.seats.letter_views
import delegations.seats.list_views
import delegations.seats.nominee_views
import delegations.seats.private_link_views
import delegations.seats.reach_views
import delegations.seats.travel_views
import delegations.seats.views
import delegations.seats.visa_views
import delegations.seats.waiting_views
import delegations.stays.views
import delegations.support.asking_views
import delegations.support.views
import delegations.views
import events.api
import events.badge_views
import events.cli
import events.desk_views
import events.manage_views
import events.own_views
import events.public_views
import events.registration_views
import menu
import network.people_views
import network.views
import outbox.jobs
import serving
import tables
import treasury.attention_views
import treasury.books.cli
import treasury.books.views
import treasury.cards.dispute_views
import treasury.cards.refund_views
import treasury.cards.webhooks
import treasury.desk.views
import treasury.document_views
import treasury.entry_views
import treasury.funds.views
import treasury.paper.gift_views
import treasury.paper.models
import treasury.paper.views
import treasury.payment_views
import treasury.reconciliation.reconciled_views
import treasury.reconciliation.views
import treasury.reports.audit_views
import treasury.reports.views
import treasury.statements.column_views
import treasury.statements.views
import treasury.views
import waiting
from access import sign_in, sign_in_links, signing
from config.settings import Settings, UnsafeSettings, read_settings
from delegations import forgetting, origins
from delegations.answers import treasurer as delegation_answers
from delegations.expectations import funders, instalments, pledges
from delegations.organising import TOWARDS_PEOPLE
from delegations.savings import card_deposits, quoted
from delegations.savings import reminders as plan_reminders
from delegations.savings.cli import savings
from delegations.savings.plans import deposit_settled
from delegations.seats import offers as seat_offers
from delegations.seats import one_person as one_seat
from events import messages, one_person, owed_again
from events.further import FURTHER
from events.manage_views import STEPS
from events.registration import fee_settled
from network import merging
from outbox import mail, worker
from shared import addresses, clock, limits, web
from shared.database import db
from shared.errors import DomainError
from tables import engine_options
from treasury import bank_details, expectations
from treasury.cards import watch as card_watch
from treasury.cards.values import CardNetwork
from treasury.funds import commitments
from treasury.paper import gifts
from treasury.paper import messages as paper_messages
from treasury.payments import ASKS_AGAIN, SETTLED
from treasury.reconciliation import proposals, standing_references
from treasury.statements.cli import statements
from treasury.statements.jobs import finish_import, take_a_look

gc.enable()

HERE = Path(__file__).parent


def create_app(settings: Settings | None = None) -> Flask:
    """The application for `settings` (by default the environment's). Touches no database."""
    settings = settings or read_settings()
    app = Flask(__name__, root_path=str(HERE), instance_path=str(settings.instance))
    app.config.update(
        SETTINGS=settings,
        TERANGA_DEMO=settings.demo,
        TESTING=settings.testing,
        DEBUG=settings.debug,
        HTTPS=settings.https,
        SECRET_KEY=settings.secret_key,
        TRUSTED_HOSTS=settings.trusted_hosts,
        TRANSLATIONS=HERE / "translations",
        SQLALCHEMY_DATABASE_URI=settings.database_url,
        SQLALCHEMY_ENGINE_OPTIONS=engine_options(settings.database_url),
        MAX_CONTENT_LENGTH=settings.largest_upload,
        MAX_FORM_MEMORY_SIZE=2 * 1024 * 1024,
        MAX_FORM_PARTS=2000,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SECURE=settings.https,
        REMEMBER_COOKIE_SAMESITE="Lax",
        REMEMBER_COOKIE_SECURE=settings.https,
        REMEMBER_COOKIE_DURATION=14 * 24 * 3600,
        WTF_CSRF_TIME_LIMIT=None,
        PAYMENT_ORIGIN=settings.stripe_api_base or "https://checkout.stripe.com",
    )
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    addresses.settle(settings.public_url)
    signing.settle(settings.secret_key)
    bank_details.settle(settings.bank_details)
    clock.house = settings.zone
    if settings.clock:
        clock.start(settings.clock)
    settings.instance.mkdir(parents=True, exist_ok=True)
    db.init_app(app)
    tables.install(app)
    limits.install(app, enabled=settings.rate_limits, storage=settings.rate_limit_storage)
    web.install(app, gate=menu.gate, navigation=menu.navigation)
    waiting.install(app)
    compression.install(app)
    sign_in.install(app, secret_key=settings.secret_key)
    _rooms(app, settings)
    if settings.proxies:
        app.wsgi_app = ProxyFix(  # type: ignore[method-assign]
            app.wsgi_app, x_for=settings.proxies, x_proto=settings.proxies
        )
    return app


# One line a room: its pages, its interface, its webhooks.
BLUEPRINTS: tuple[Blueprint, ...] = (
    access.api.blueprint,
    access.views.blueprint,
    delegations.api.blueprint,
    delegations.pages.blueprint,
    events.api.blueprint,
    events.badge_views.blueprint,
    events.desk_views.blueprint,
    events.manage_views.blueprint,
    events.own_views.blueprint,
    events.public_views.blueprint,
    events.registration_views.blueprint,
    network.views.blueprint,
    treasury.reports.audit_views.blueprint,
    treasury.books.views.blueprint,
    treasury.desk.views.blueprint,
    treasury.document_views.blueprint,
    treasury.attention_views.blueprint,
    treasury.entry_views.blueprint,
    treasury.paper.gift_views.blueprint,
    treasury.paper.views.blueprint,
    treasury.funds.views.blueprint,
    treasury.payment_views.blueprint,
    treasury.reconciliation.reconciled_views.blueprint,
    treasury.reconciliation.views.blueprint,
    treasury.reports.views.blueprint,
    treasury.statements.column_views.blueprint,
    treasury.cards.dispute_views.blueprint,
    treasury.cards.refund_views.blueprint,
    treasury.statements.views.blueprint,
    treasury.views.blueprint,
    treasury.cards.webhooks.blueprint,
)


def _rooms(app: Flask, settings: Settings) -> None:
    """Each room's pages, and what the rooms need from outside."""
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
    app.extensions["teranga.gateway"] = LocalProxy(cache(lambda: _gateway(settings)))
    card_watch.install(lambda: current_app.extensions["teranga.gateway"])
    card_deposits.install(lambda: current_app.extensions["teranga.gateway"])
    STEPS[:] = TOWARDS_PEOPLE
    FURTHER[:] = [delegations.joining.views.further]
    merging.TIES[:] = (*one_person.TIES, *one_seat.TIES)
    merging.OBSTACLES[:] = [one_person.one_registration, one_seat.one_place]
    SETTLED.update(
        {"registration": fee_settled, "savings": deposit_settled, gifts.PURPOSE: gifts.gift_settled}
    )
    ASKS_AGAIN["registration"] = owed_again.ask_again
    outbox.jobs.HANDLERS["sign-in-link"] = sign_in_links.write
    outbox.jobs.HANDLERS["registration-message"] = messages.send_message
    outbox.jobs.HANDLERS["registration-offer-ends"] = messages.end_offer_in_time
    outbox.jobs.HANDLERS["statement-import"] = finish_import
    outbox.jobs.HANDLERS["statement-look"] = take_a_look
    outbox.jobs.HANDLERS["commitment-expires"] = commitments.expire
    outbox.jobs.HANDLERS[proposals.JOB] = proposals.run_job
    plan_reminders.install()
    seat_offers.install()
    forgetting.install()
    expectations.EXPECTED |= {"plans": instalments, "pledges": pledges}
    expectations.FUNDERS["agreements"] = funders
    standing_references.KNOWN["plans"] = quoted.standing_references
    delegation_answers.install()
    origins.install()
    outbox.jobs.HANDLERS["paper-message"] = paper_messages.send_paper
    worker.install(app)
    outbox.jobs.HANDLERS["mail"] = partial(mail.deliver, server=settings.mail_url, sender=settings.mail_from)


def _gateway(settings: Settings) -> CardNetwork:
    """The card network, whose 11 MB are loaded by the first payment by card."""
    from treasury.cards.gateway import StripeGateway

    return StripeGateway(
        secret_key=settings.stripe_secret_key,
        webhook_secret=settings.stripe_webhook_secret,
        api_base=settings.stripe_api_base,
    )


class Commands(click.Group):
    """The commands. Those that need the application make it themselves, so that the others need nothing."""

    LATER: ClassVar = {"db": "flask_migrate.cli", "demo": "demonstration.load"}
    """What serving does without, Alembic and the demonstration's data, by the command that brings it."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Every command, those that are loaded when they are asked for too."""
        return sorted([*super().list_commands(ctx), *self.LATER])

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of this name, or None."""
        if cmd_name in self.LATER:
            found: click.Command = getattr(import_module(self.LATER[cmd_name]), cmd_name)
            return found
        return super().get_command(ctx, cmd_name)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; a rule that says no, or an unsafe environment, is a sentence and a status."""
        ctx.obj = ScriptInfo(create_app=create_app)
        try:
            return super().invoke(ctx)
        except UnsafeSettings as unsafe:
            click.echo("Teranga does not start like this:", err=True)
            for reason in unsafe.reasons:
                click.echo(f"  - {reason}", err=True)
            click.echo("(TERANGA_DEMO=1 starts a demonstration instead.)", err=True)
            ctx.exit(2)
        except DomainError as refused:
            raise click.ClickException(refused.sentence()) from refused
        except DBAPIError:
            with create_app().app_context():
                if missing := tables.pending():
                    raise click.ClickException(missing) from None
            raise


@click.group(cls=Commands)
def main() -> None:
    """Teranga: from the first deposit to the badge at the door."""


def begun(told: str) -> str:
    """A demonstration's clock from now on, or from the moment at which it says that it began."""
    return told if "@" in told else f"{told}@{int(time.time())}"


@main.command("serve")
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8000, show_default=True)
@click.option("--workers", default=1, show_default=True, help="Web processes, of 8 threads each.")
def serve(host: str, port: int, workers: int) -> None:
    """Serve the pages, with the worker beside them."""
    settings = read_settings()
    with create_app(settings).app_context():
        if settings.demo:  # nobody's data: a demonstration follows the version by itself
            tables.follow()
        if missing := tables.pending():
            raise click.ClickException(missing)
    if not serving.is_free(host, port):
        raise click.ClickException(f"Something listens on {host}:{port} already: choose another port.")
    if settings.clock:  # every process of this server tells the same time
        os.environ["TERANGA_CLOCK"] = begun(settings.clock)
    serving.serve(create_app, host=host, port=port, workers=workers, demo=settings.demo)


@main.command("worker")
def run_worker() -> None:
    """Deliver messages and other effects (`serve` starts one already)."""
    worker.run(create_app())


for command in (
    access.cli.api_tokens,
    access.cli.first_administrator,
    access.cli.users,
    delegations.cli.coverage,
    events.cli.print_badges,
    savings,
    statements,
    treasury.books.cli.ledger,
):
    main.add_command(command)


if __name__ == "__main__":
    main(prog_name="teranga")
