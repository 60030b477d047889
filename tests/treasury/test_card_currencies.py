"""Paid in euros, settled in dollars: an account at the card network that is kept in one currency."""

from collections.abc import Sequence

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from shared.database import db
from tests.simulator.fixtures import SimulatedStripe
from tests.treasury.card_money import CardDesk, Packet, desk_of
from tests.treasury.conftest import Ask
from treasury import chart
from treasury.books import exchange, verification
from treasury.models import Account, Attention, Posting

RATE = "1.5669"
"""Dollars for one euro, the average of the second quarter of 2005."""


@pytest.fixture
def desk(app: Flask, client: FlaskClient, stripe_simulator: SimulatedStripe, ask: Ask) -> CardDesk:
    stripe_simulator.control.settle_in("cad", eur=RATE)
    return desk_of(app, client, stripe_simulator, ask)


def stands() -> dict[tuple[str, str], int]:
    """Minor units by account and currency, where there are any."""
    rows = db.session.execute(
        select(Account.code, Posting.currency, func.sum(Posting.amount_minor))
        .join(Posting, Posting.account_id == Account.id)
        .group_by(Account.code, Posting.currency)
        .having(func.sum(Posting.amount_minor) != 0)
    )
    return {(code, currency): int(minor) for code, currency, minor in rows}


def on_clearing() -> dict[str, int]:
    """What went through the clearing account, by currency."""
    return {currency: minor for (code, currency), minor in stands().items() if code == chart.CONVERSION}


@pytest.mark.usefixtures("both_databases")
def test_a_charge_in_euros_is_on_the_account_in_dollars_with_its_fee(desk: CardDesk) -> None:
    payment = desk.asked("200.00", "EUR")
    desk.pay(payment)
    desk.tell_all()
    found = stands()
    assert found[chart.SAVINGS, "EUR"] == -200_00
    assert (chart.STRIPE, "EUR") not in found
    assert found[chart.STRIPE, "CAD"] == 313_38 - found[chart.BANK_FEES, "CAD"]  # 200.00 at 1.5669
    assert found[chart.BANK_FEES, "CAD"] > 0
    assert on_clearing()["EUR"] == 200_00
    [changed] = exchange.conversions()
    assert (str(changed.given), str(changed.received)) == ("200.00 EUR", "313.38 CAD")
    assert changed.told.source == f"Stripe {payment.charge_id}"
    assert payment.settled_at
    assert verification.check().sound


def a_life(desk: CardDesk) -> list[Packet]:
    """200.00 EUR paid, 50.00 given back, the rest disputed and lost, what is left paid out; nothing told."""
    desk.stripe.control.late_fees(True)
    payment = desk.asked("200.00", "EUR")
    desk.pay(payment)
    charge = desk.charge(payment)
    desk.stripe.control.late_fees(False)
    desk.stripe.client.v1.refunds.create({"charge": charge, "amount": 50_00})
    other = desk.asked("300.00", "EUR")
    desk.pay(other)
    desk.stripe.control.dispute(charge)
    desk.stripe.control.dispute(charge, "lost")
    desk.stripe.control.pay_out("cad")
    return desk.packets()


@pytest.mark.parametrize("order", ["as told", "backwards", "twice"])
def test_what_follows_is_in_dollars_too_in_any_order(desk: CardDesk, order: str) -> None:
    packets: Sequence[Packet] = a_life(desk)
    for packet in {"as told": packets, "backwards": packets[::-1], "twice": [*packets, *packets]}[order]:
        desk.tell(packet)
    found = stands()
    assert {key: minor for key, minor in found.items() if key[0] in (chart.STRIPE, chart.DISPUTED)} == {}
    kept = (200 + 300 - 50 - 200) * 15669 // 100  # in cents of dollars
    assert found[chart.BANK, "CAD"] == kept - found[chart.BANK_FEES, "CAD"]
    assert found[chart.SAVINGS, "EUR"] == -(200 + 300 - 50 - 200) * 100
    asked = set(db.session.scalars(select(Attention.kind)))
    assert not asked & {"payout_unexplained", "unknown_card_money"}
    assert verification.check().sound
