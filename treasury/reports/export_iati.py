"""Transactions for the International Aid Transparency Initiative, version 2.03: an activity for each fund.

Published data: nobody is named and no narration is copied, only what kind of money moved. Types of
transactions: 1 incoming funds, 2 outgoing commitment, 3 disbursement (advances), 4 expenditure, 11 incoming
commitment.
"""

import re
from collections.abc import Iterator, Sequence
from datetime import date
from xml.sax.saxutils import escape, quoteattr

from sqlalchemy import select
from sqlalchemy.orm import selectinload

from shared.clock import now
from shared.database import db
from shared.money import Money
from treasury import chart, expectations
from treasury.expectations import Funder
from treasury.funds.commitment_models import Commitment, CommitmentStep
from treasury.funds.models import LegalEntity
from treasury.models import AccountKind, Fund
from treasury.reports.export_fec import whose
from treasury.reports.export_rows import Span, booked

INCOMING, COMMITTED, DISBURSED, SPENT, PROMISED = "1", "2", "3", "4", "11"

Transaction = tuple[str, date, Money, str]
"""Type, day, amount, what kind of money (our account's English name)."""


def iati(span: Span) -> Iterator[str]:
    """The XML document. Raises `NoEntity`."""
    entity = whose(span)
    funders = {one.fund_id: one for one in expectations.funders() if one.fund_id is not None}
    moved = _moved(Span(year=span.year, entity=entity))
    funds = db.session.scalars(select(Fund).where(Fund.id.in_(moved)).order_by(Fund.code)).all()
    stamp = now().strftime("%Y-%m-%dT%H:%M:%SZ")
    yield '<?xml version="1.0" encoding="UTF-8"?>\n'
    yield f'<iati-activities version="2.03" generated-datetime="{stamp}">\n'
    for fund in funds:
        yield from _activity(fund, entity, funders.get(fund.id), moved[fund.id], stamp)
    yield "</iati-activities>\n"


def reference(entity: LegalEntity) -> str:
    """The organisation's identifier: its registry and number there; ours alone while it has none."""
    number = re.sub("[^0-9A-Za-z]", "", entity.charity_number or entity.registration_number)
    country = entity.country or "XX"
    agency = "CA-CRA_ACR" if country == "CA" and entity.charity_number else f"{country}-REG"
    return f"{agency}-{number or entity.id}"


def _moved(span: Span) -> dict[int, list[Transaction]]:
    """The transactions of each fund, from its postings and its commitments."""
    found: dict[int, list[Transaction]] = {}
    for entry in booked(span):
        for line in entry.lines:
            key = line.key
            if key.kind is AccountKind.INCOME:
                what: Transaction = (INCOMING, entry.dated_on, -line.amount, key.name)
            elif key.kind is AccountKind.EXPENSE:
                what = (SPENT, entry.dated_on, line.amount, key.name)
            elif key.code == chart.ADVANCES:
                what = (DISBURSED, entry.dated_on, line.amount, key.name)
            else:
                continue
            found.setdefault(key.fund_id, []).append(what)
    for one in db.session.scalars(select(Commitment).options(selectinload(Commitment.events))):
        for event in one.events:
            on = event.dated_on
            if (
                event.step == CommitmentStep.RESERVED
                and span.year in (None, on.year)
                and one.fund_id in found
            ):
                found[one.fund_id].append(
                    (COMMITTED, on, Money(event.amount_minor, one.currency), "Commitment")
                )
    return found


def _activity(
    fund: Fund, entity: LegalEntity, funder: Funder | None, moved: Sequence[Transaction], stamp: str
) -> Iterator[str]:
    ours = reference(entity)
    first = min(one[1] for one in moved)
    if funder and funder.promised:
        moved = [(PROMISED, first, funder.promised, "Promised"), *moved]
    currency = moved[0][2].currency
    yield f'<iati-activity default-currency="{currency}" last-updated-datetime="{stamp}" xml:lang="en">\n'
    yield f"<iati-identifier>{escape(ours)}-{escape(fund.code.replace('/', '-'))}</iati-identifier>\n"
    yield f'<reporting-org ref={quoteattr(ours)} type="22">{_words(entity.name)}</reporting-org>\n'
    yield f"<title>{_words(fund.code)}</title>\n"
    yield f'<description type="1">{_words(fund.aim or _told(fund))}</description>\n'
    if funder:
        yield f'<participating-org role="1" type="15">{_words(funder.name)}</participating-org>\n'
    us = f'ref={quoteattr(ours)} role="4" type="22"'
    yield f"<participating-org {us}>{_words(entity.name)}</participating-org>\n"
    yield '<activity-status code="2"/>\n'
    yield f'<activity-date type="2" iso-date="{first}"/>\n'
    if fund.ends_on:
        yield f'<activity-date type="3" iso-date="{fund.ends_on}"/>\n'
    yield '<recipient-region code="998" vocabulary="1"/>\n'
    yield '<sector vocabulary="1" code="43010"/>\n'
    for kind, on, amount, what in sorted(moved, key=lambda one: (one[1], one[0])):
        yield (
            f'<transaction><transaction-type code="{kind}"/><transaction-date iso-date="{on}"/>'
            f'<value currency="{amount.currency}" value-date="{on}">{amount.decimal()}</value>'
            f"<description>{_words(what)}</description></transaction>\n"
        )
    yield "</iati-activity>\n"


def _told(fund: Fund) -> str:
    return f"Fund {fund.code}{f' of {fund.event}' if fund.event else ''}"


def _words(text: str) -> str:
    return f"<narrative>{escape(text)}</narrative>"
