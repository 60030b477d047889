"""Who keeps the money, tickets promised to an agency, and an advance changed into francs in Dakar."""

from datetime import date
from fractions import Fraction

from demonstration.records import amount, read_toml
from demonstration.stage import Stage, on
from shared.database import db
from treasury import chart, commitments, exchange, funds, ledger
from treasury.ledger import Leg
from treasury.models import Fund
from treasury.rates import Rate


def found_house(stage: Stage) -> None:
    """The legal entity that keeps every fund, and the rate that all demonstration figures use."""
    story = read_toml("treasury")
    with on(date(2002, 12, 1)):
        entity = funds.DescribeEntity(**story["entity"])
        funds.describe_entity(None, entity, by=stage.treasurer).is_demo = True
    rate = story["rate"]
    with on(rate["on"]):
        exchange.type_rate(_rate(), by=stage.treasurer)


def promise_tickets(stage: Stage) -> None:
    """Before the plans close, an agency is promised a part of the tickets from the match."""
    story = read_toml("treasury")["promise"]
    with on(story["on"]):
        commitments.reserve(
            commitments.Reserve(
                fund_id=stage.funds[story["fund"]].id,
                amount=amount(story["amount"]),
                payee=story["payee"],
                purpose=story["purpose"],
                dated_on=story["on"],
                expires_on=story["expires_on"],
            ),
            by=stage.treasurer,
        )


def give_advance(stage: Stage) -> None:
    """2,000.00 dollars are advanced to the head of Outaouais, who changes them in Dakar at 415 francs."""
    story = read_toml("treasury")["advance"]
    fund, given = _fund(story["fund"]), amount(story["given"])
    with on(story["given_on"]):
        legs = [Leg(chart.ADVANCES, fund.id, given, memo=story["to"]), Leg(chart.BANK, fund.id, -given)]
        entry = ledger.draft(story["given_on"], story["narration"], legs, by=stage.treasurer)
        ledger.post(entry, by=stage.approver)
    with on(story["changed_on"]):
        conversion = exchange.Conversion(
            fund_id=fund.id,
            given=given,
            received=amount(story["received"]),
            dated_on=story["changed_on"],
            narration=story["slip"],
            slip=story["slip"],
            reference=_rate(),
            account_code=chart.ADVANCES,
        )
        ledger.post(exchange.convert(conversion, by=stage.treasurer), by=stage.approver)


def settle_advance(stage: Stage) -> None:
    """Back home: claims with all vouchers but one, and what was left."""
    story = read_toml("treasury")["advance"]
    fund, claimed, returned = _fund(story["fund"]), amount(story["claimed"]), amount(story["returned"])
    with on(story["settled_on"]):
        legs = [
            Leg(chart.STAY, fund.id, claimed, memo=story["missing"]),
            Leg(chart.CASH, fund.id, returned),
            Leg(chart.ADVANCES, fund.id, -(claimed + returned), memo=story["to"]),
        ]
        entry = ledger.draft(story["settled_on"], story["settlement"], legs, by=stage.treasurer)
        ledger.post(entry, by=stage.approver)


def _rate() -> Rate:
    story = read_toml("treasury")["rate"]
    value = Fraction(story["quote_per_euro"]) / Fraction(story["base_per_euro"])
    return Rate(story["base"], story["quote"], value, story["on"], story["source"])


def _fund(code: str) -> Fund:
    return db.session.query(Fund).filter_by(code=code).one()
