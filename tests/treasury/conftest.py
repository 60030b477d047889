"""The books of the examples: a bank account in Canadian dollars, two delegations' funds, one of the house."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from flask import Flask

from access.models import User
from shared.audit import System
from shared.database import db, transaction
from shared.money import Money
from tests.treasury.desk import Desk
from treasury import chart, ledger, payments
from treasury.models import Account, Fund, FundKind, Payment, PaymentMethod

Ask = Callable[..., Payment]


@pytest.fixture
def bank(app: Flask) -> Account:
    """The bank account, beside the whole chart in Canadian dollars."""
    with transaction():
        chart.open_chart("CAD")
        return ledger.account(chart.BANK, "CAD")


@pytest.fixture
def outaouais(bank: Account) -> Fund:
    return _fund("DKR05-OUT", "Outaouais", FundKind.RESTRICTED)


@pytest.fixture
def sorel(bank: Account) -> Fund:
    return _fund("DKR05-SOR", "Sorel-Tracy", FundKind.RESTRICTED)


@pytest.fixture
def house(bank: Account) -> Fund:
    return _fund("SECR", "Secretariat", FundKind.UNRESTRICTED)


def _fund(code: str, name: str, kind: FundKind) -> Fund:
    with transaction():
        fund = Fund(code=code, name=name, kind=kind)
        db.session.add(fund)
    return fund


@pytest.fixture
def settled(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The ids of deposits whose handler ran, in order."""
    seen: list[int] = []
    monkeypatch.setitem(payments.SETTLED, "savings", lambda payment: seen.append(payment.id))
    return seen


@pytest.fixture
def ask(outaouais: Fund, settled: list[int]) -> Ask:
    """Ask for a deposit: 750.00 for Outaouais unless said otherwise."""

    def request(
        amount: str = "750.00",
        *,
        fund: Fund = outaouais,
        payer: str = "Réseau fictif du Grand-Héron",
        method: PaymentMethod = PaymentMethod.TRANSFER,
        currency: str = "CAD",
    ) -> Payment:
        with transaction():
            return payments.request(
                payments.RequestPayment(
                    purpose="savings",
                    subject_id=1,
                    amount=Money.of(amount, currency),
                    fund_id=fund.id,
                    income_code=chart.SAVINGS,
                    method=method,
                    description=f"{fund.code}: {payer}",
                    payer_name=payer,
                ),
                by=System("tests"),
            )

    return request


@pytest.fixture
def receive(ask: Ask, aristide: User, zoe: User) -> Ask:
    """A deposit that arrived: recorded by Aristide, approved by Zoé."""

    def settle(amount: str = "750.00", *, on: date = date(2005, 10, 15), **asked: Any) -> Payment:
        payment = ask(amount, **asked)
        with transaction():
            payments.record_receipt(payment, payments.RecordReceipt(received_on=on), by=aristide)
        with transaction():
            return payments.approve_receipt(payment, by=zoe)

    return settle


@pytest.fixture
def treasurer(app: Flask, aristide: User) -> Desk:
    """Aristide in a browser."""
    return Desk(app, aristide)


@pytest.fixture
def approver(app: Flask, zoe: User) -> Desk:
    """Zoé in a browser."""
    return Desk(app, zoe)


@pytest.fixture
def without_tokens(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forms are sent without the token of their page (test_treasury_pages.py sends them whole)."""
    monkeypatch.setattr("flask_wtf.csrf.validate_csrf", lambda *_given, **_options: None)
