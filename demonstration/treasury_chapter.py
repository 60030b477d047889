"""Who keeps the money, tickets promised to an agency, and an advance changed into francs in Dakar."""

from datetime import date
from fractions import Fraction
from typing import Any

from delegations.budgets import advances, claims
from delegations.budgets.advances import AskAdvance, ChangeAdvance
from delegations.budgets.claims import AddLine, OpenClaim
from demonstration.records import amount, read_toml, specimen
from demonstration.stage import Stage, on
from shared.database import db
from treasury import approvals
from treasury.books import exchange
from treasury.books.rates import Rate
from treasury.funds import commitments, funds
from treasury.models import Fund


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
    given = amount(story["given"])
    with on(story["given_on"]):
        ask = AskAdvance(
            fund_id=_fund(story["fund"]).id,
            holder_id=stage.users[story["to"]].id,
            amount=given,
            purpose=story["narration"],
            given_on=story["given_on"],
        )
        advance = advances.ask_advance(stage.delegations["DKR05-OUT"], ask, by=stage.treasurer)
        advance.is_demo = True
        advances.give_advance(advance, by=stage.approver)
    with on(story["changed_on"]):
        change = ChangeAdvance(
            given=given,
            received=amount(story["received"]),
            changed_on=story["changed_on"],
            slip=story["slip"],
            reference=_rate(),
        )
        approvals.approve(advances.change_advance(advance, change, by=stage.treasurer), by=stage.approver)


def settle_advance(stage: Stage) -> None:
    """Back home: claims with all vouchers but one, approved by one, paid by another; the rest is returned."""
    story = read_toml("treasury")["advance"]
    [advance] = advances.advances_of(stage.delegations["DKR05-OUT"])
    with on(story["settled_on"]):
        opened = OpenClaim(title=story["settlement"], currency="XOF", advance_id=advance.id)
        claim = claims.open_claim(advance.delegation, opened, by=advance.holder)
        claim.is_demo = True
        for line in story["lines"]:
            claims.add_line(claim, _spent(line), by=advance.holder)
        claims.submit_claim(claim, by=advance.holder)
        claims.approve_claim(claim, by=stage.approver)
        claims.pay_claim(claim, story["settled_on"], by=stage.treasurer)
        back = advances.return_advance(
            advance, amount(story["returned"]), story["settled_on"], by=stage.treasurer
        )
        approvals.approve(back, by=stage.approver)


def _spent(line: dict[str, Any]) -> AddLine:
    missing = line.get("missing", "")
    return AddLine(
        spent_on=line["on"],
        description=line["what"],
        amount=amount(line["amount"]),
        category=line["line"],
        voucher=None if missing else specimen(line["what"], line["amount"]),
        voucher_name="photo.png",
        missing_reason=missing,
    )


def _rate() -> Rate:
    story = read_toml("treasury")["rate"]
    value = Fraction(story["quote_per_euro"]) / Fraction(story["base_per_euro"])
    return Rate(story["base"], story["quote"], value, story["on"], story["source"])


def _fund(code: str) -> Fund:
    return db.session.query(Fund).filter_by(code=code).one()
