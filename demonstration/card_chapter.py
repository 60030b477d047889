"""Fees of the summer university paid by card: a part given back, one disputed, what the bank was sent."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from threading import Thread
from typing import TYPE_CHECKING, Any

from flask import current_app
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.serving import WSGIRequestHandler, make_server

from demonstration import desk_chapter
from demonstration.records import amount, read_toml
from demonstration.stage import Stage, on
from events.models import Registration
from network.models import Person
from shared.database import db
from simulator.app import close_simulator, create_simulator
from treasury.cards import checkouts, refunds, watch
from treasury.cards.refunds import RequestRefund
from treasury.models import Payment, PaymentMethod

if TYPE_CHECKING:
    from treasury.cards.gateway import StripeGateway

_PAYS = "4242424242424242"


@dataclass(frozen=True, slots=True)
class Network:
    """The loopback card network while the story is told: what we ask it, and what others do there."""

    gateway: "StripeGateway"
    others: FlaskClient

    def happen(self, what: str, **body: Any) -> str:
        """Something happens at the network that nobody here asked for; the id of what it made."""
        answer = self.others.post(f"/_control/{what}", json=body)
        return str(answer.get_json()["id"])


def tell(stage: Stage) -> None:
    """November 2005: five fees, two payouts, a refund of two people, a dispute that waits for an answer."""
    story = read_toml("cards")
    with _network(anew=True) as network:
        for day in sorted(
            {one["on"] for one in (*story["paid"], *story["payouts"], story["dispute"])}
            | {story["refund"]["approved_on"]}
        ):
            for row in story["paid"]:
                if row["on"] == day:
                    _pay(stage, network, row)
            if day == story["refund"]["approved_on"]:
                _give_back(stage, network, story["refund"])
            for row in story["payouts"]:
                if row["on"] == day:
                    _pay_out(network, row)
            if day == story["dispute"]["on"]:
                _dispute(network, day, story["dispute"]["number"])


def end(stage: Stage) -> None:
    """The bank of the card's holder decides for us."""
    story = read_toml("cards")["dispute"]
    with _network(anew=False) as network:
        _dispute(network, story["won_on"], story["number"], outcome="won")


class _Quiet(WSGIRequestHandler):
    """Who loads the demonstration need not read each request."""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None: ...


@contextmanager
def _network(*, anew: bool) -> Iterator[Network]:
    """The loopback network in the file in which the demonstration's server goes on with it."""
    from treasury.cards.gateway import StripeGateway  # slow to load, and no page needs it

    settings = current_app.config["SETTINGS"]
    file = settings.instance / "stripe.db"
    if anew:
        file.unlink(missing_ok=True)
    simulator = create_simulator(file, None, "whsec_unused", "http://127.0.0.1")
    server = make_server("127.0.0.1", 0, simulator, threaded=True, request_handler=_Quiet)
    serving = Thread(target=server.serve_forever, daemon=True)
    serving.start()
    try:
        yield Network(
            StripeGateway(
                secret_key=settings.stripe_secret_key or "sk_test_demonstration",
                webhook_secret=None,
                api_base=f"http://127.0.0.1:{server.port}",
            ),
            simulator.test_client(),
        )
    finally:
        server.shutdown()
        serving.join()
        server.server_close()
        close_simulator(simulator)


def _pay(stage: Stage, network: Network, row: dict[str, Any]) -> None:
    with on(row["on"]):
        made = desk_chapter.register(stage, row["tier"], row["number"], PaymentMethod.CARD)
        assert made.payment is not None, "a fee that is free"
        payment_id = made.payment.id
        name = made.person.name
    home = "http://127.0.0.1/"
    url = checkouts.start_checkout(
        payment_id, network.gateway, success_url=home, cancel_url=home, locale="fr"
    )
    page = url.rpartition("/")[2]
    network.others.post(f"/c/pay/{page}", data={"card": _PAYS, "name": name})
    watch.look("checkout.session", page, network.gateway)


def _give_back(stage: Stage, network: Network, row: dict[str, Any]) -> None:
    with on(row["asked_on"]):
        command = RequestRefund(amount=amount(row["amount"]), reason=row["reason"], on=row["asked_on"])
        refund = refunds.request_refund(_payment(row["number"]), command, by=stage.treasurer)
    with on(row["approved_on"]):
        refunds.approve_refund(refund, by=stage.approver)
    refunds.send_refund(refund.id, network.gateway)


def _pay_out(network: Network, row: dict[str, Any]) -> None:
    with on(row["on"]):
        sent = network.happen("payouts", currency="cad")
    watch.look_at_payout(sent, network.gateway)
    if row["arrived"]:
        network.happen("payouts", payout=sent, outcome="paid")
        watch.look_at_payout(sent, network.gateway)


def _dispute(network: Network, day: date, number: int, **decided: str) -> None:
    with on(day):
        charge = _payment(number).charge_id
    disputed = network.happen("disputes", charge=charge, **decided)
    watch.look("dispute", disputed, network.gateway)


def _payment(number: int) -> Payment:
    return db.session.scalars(
        select(Payment)
        .join(Registration, Registration.payment_id == Payment.id)
        .join(Person, Registration.person_id == Person.id)
        .where(Person.email == desk_chapter.email_of(number))
    ).one()
