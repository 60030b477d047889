"""Receipts: a charity of specimen, what its donor gave, promised or asked, and an instalment acknowledged."""

from typing import Any

from sqlalchemy import select

from demonstration.records import amount, read_toml
from demonstration.stage import Stage, on
from shared.database import db
from shared.money import Money
from treasury import chart, payments
from treasury.funds import funds
from treasury.models import Fund, FundKind, Payment, PaymentMethod
from treasury.paper import gifts, papers, payment_papers
from treasury.paper.models import Gift, GiftNature
from treasury.paper.papers import Correction


def tell(stage: Stage) -> None:
    """The six cases, in order of date; where a receipt is refused, the page of gifts says why."""
    story = read_toml("receipts")
    with on(story["charity"].pop("on")):
        stage.funds["LAC"] = _charity(story, stage)
    for row in story["gifts"]:
        gift = _gift(row, story["donor"], stage)
        if "receipt_on" in row:
            _receipt(gift, row, story["donor"], stage)
    with on(story["acknowledged"]["on"]):
        _acknowledge(stage, story["acknowledged"]["plan"])


def _charity(story: dict[str, Any], stage: Stage) -> Fund:
    entity = funds.describe_entity(None, funds.DescribeEntity(**story["charity"]), by=stage.treasurer)
    entity.is_demo = True
    db.session.flush()
    one = story["fund"]
    details = funds.DescribeFund(name=one["name"], aim=one["aim"], entity_id=entity.id)
    fund = funds.open_fund(one["code"], FundKind.UNRESTRICTED, details, by=stage.treasurer)
    fund.is_demo = True
    return fund


def _gift(row: dict[str, Any], donor: dict[str, str], stage: Stage) -> Gift:
    """Recorded; money that was not only promised came in cash, and another person approved it."""
    nature = GiftNature(row["nature"])
    with on(row["on"]):
        gift = gifts.record_gift(
            gifts.RecordGift(
                nature=nature,
                fund_id=stage.funds["LAC"].id,
                donor_name=row.get("donor", donor["name"]),
                donor_address=donor["address"] if nature is GiftNature.MONEY else "",
                donor_email=donor["email"] if nature is GiftNature.MONEY else "",
                value=amount(row["value"]),
                advantage=amount(row["advantage"]) if "advantage" in row else Money.zero("CAD"),
                advantage_for=row.get("advantage_for", ""),
                directed_to=row.get("directed_to", ""),
                description=row["description"],
                given_on=row["on"],
                method=PaymentMethod.CASH,
                is_demo=True,
                provenance="I",
            ),
            by=stage.treasurer,
        )
        if gift.payment and not row.get("promised"):
            receipt = payments.RecordReceipt(received_on=row["on"], account_code=chart.CASH)
            payments.record_receipt(gift.payment, receipt, by=stage.treasurer)
            payments.approve_receipt(gift.payment, by=stage.approver)
    return gift


def _receipt(gift: Gift, row: dict[str, Any], donor: dict[str, str], stage: Stage) -> None:
    """Issued and sent; one that was made out wrongly is voided and replaced."""
    with on(row["receipt_on"]):
        paper = gifts.receipt(gift, by=stage.treasurer, signatory=stage.treasurer.name)
        papers.send(paper, by=stage.treasurer)
    if "replaced_on" in row:
        with on(row["replaced_on"]):
            right = Correction(
                addressee=donor["name"], address=donor["address"], locale=gift.locale, email=donor["email"]
            )
            new = papers.reissue(paper, row["reason"], right, by=stage.treasurer)
            papers.send(new, by=stage.treasurer)


def _acknowledge(stage: Stage, plan: str) -> None:
    """The last deposit of a plan."""
    fund = stage.plans[plan].fund_id
    deposit = db.session.scalars(
        select(Payment)
        .where(Payment.fund_id == fund, Payment.income_code == chart.SAVINGS)
        .order_by(Payment.id.desc())
    ).first()
    assert deposit is not None, "a plan without deposits"
    paper = payment_papers.acknowledge(deposit, payment_papers.payer_of(deposit), by=stage.treasurer)
    papers.send(paper, by=stage.treasurer)
