"""Savings plans: an organisation's intention to save for seats, and the deposits that follow.

Each plan opens a fund of its own, so that several payers of one delegation stay apart. What is saved, due
or late is found by replaying the postings of that fund's savings account; nothing of it is stored.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby
from typing import Any

from flask_babel import force_locale
from sqlalchemy import select

from access import links
from access.models import IdempotencyRecord, User
from delegations import messages
from delegations.lifecycle import moves as lifecycle
from delegations.lifecycle.invitations import CODE, LONGEST_CODE, BadCode, CodeTaken
from delegations.models import Delegation, DelegationStatus, PlanStatus, SavingsPlan
from delegations.savings import payer_queries, schedule, standings
from delegations.savings import versions as plan_versions
from delegations.savings.payer_models import Payer, PlanPayer
from delegations.savings.schedule import Deposit, Frequency, Remainder
from network import directory
from network.directory import AddOrganisation
from network.models import Organisation
from network.people import normalised_email
from shared import audit
from shared.audit import Actor
from shared.clock import now, today
from shared.database import db, hold
from shared.errors import DomainError
from shared.i18n import DEFAULT_LOCALE, LOCALES, _l
from shared.money import Money
from treasury import attention, chart, payments, queries
from treasury.desk.receiving import receive
from treasury.models import Fund, FundKind, Payment, PaymentMethod, PaymentStatus
from treasury.payments import USUAL_ACCOUNT, RecordReceipt, RequestPayment
from treasury.references import new_reference

PURPOSE = "savings"
"""The purpose of payments that are deposits."""

DEPOSIT = _l("Savings plan %(plan)s, %(delegation)s")
"""How a deposit stands in the books when nobody wrote a note, in its payer's language."""

LINK_LASTS = timedelta(days=120)
"""How long the payer's link works: over the next quarterly instalment."""


MAY_SAVE = (
    DelegationStatus.SUBMITTED,
    DelegationStatus.ALLOCATED,
    DelegationStatus.CONFIRMED,
    DelegationStatus.LOCKED,
)
"""A delegation opens plans while it is in one of these states."""


class WrongCurrency(DomainError):
    """A plan saves in a currency of its edition: amounts in others are never added."""

    code = "wrong_currency"
    status = 422
    message = _l("This edition counts in %(currencies)s.")


class PlanClosed(DomainError):
    """The plan takes no more deposits."""

    code = "plan_closed"
    message = _l("This savings plan is closed.")


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenPlan:
    """Save `target` for `seats` seats: `count` instalments, every `every_months` months from `first_due`.

    Messages of the plan go to `payer_email`; empty means the payer's own address.
    """

    delegation_id: int
    payer_id: int
    code: str
    target: Money
    count: int
    first_due: date
    every_months: int = 1
    remainder: Remainder = Remainder.SPREAD
    seats: int = 1
    payer_email: str = ""
    is_demo: bool = False
    provenance: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordDeposit:
    """Money seen to arrive for a plan on `received_on`, in the account `account_code` (the bank).

    `operator` and `number` are the mobile money operator (or the bank of a cheque) and its reference.
    `payer_id` is whose it is, the first payer's if nobody is named. `submission_key` is drawn by the form:
    the same key again means the same deposit.
    """

    amount: Money
    received_on: date
    method: PaymentMethod = PaymentMethod.TRANSFER
    account_code: str = chart.BANK
    narration: str = ""
    operator: str = ""
    number: str = ""
    submission_key: str = ""
    payer_id: int | None = None

    @classmethod
    def by_method(cls, method: PaymentMethod, **known: Any) -> "RecordDeposit":
        """A deposit in the account that its method goes to: cash in the cash box, a transfer in the bank."""
        return cls(method=method, account_code=USUAL_ACCOUNT[method], **known)


def open_plan(command: OpenPlan, *, by: Actor) -> SavingsPlan:
    """Open a plan with its fund and the reference its payer types, and mail the payer a link to it.

    Raises `BadPlan` (its numbers make no schedule), `BadCode`, `CodeTaken`, `WrongCurrency`,
    `NotInThisState`.
    """
    delegation = db.session.get_one(Delegation, command.delegation_id)
    payer = db.session.get_one(Organisation, command.payer_id)
    lifecycle.must_be(delegation, *MAY_SAVE)
    _check(command, delegation)
    chart.open_chart(command.target.currency)
    fund = Fund(
        code=f"{delegation.code}/{command.code.strip().upper()}",
        name=f"{delegation.name} – {payer.name}"[:160],
        kind=FundKind.RESTRICTED,
        holder_id=payer.id,
        event=delegation.edition.code,
        is_demo=command.is_demo,
    )
    db.session.add(fund)
    db.session.flush()
    plan = SavingsPlan(
        code=command.code.strip().upper(),
        delegation_id=delegation.id,
        payer_id=payer.id,
        target=command.target,
        count=command.count,
        first_due=command.first_due,
        every_months=command.every_months,
        remainder=command.remainder.value,
        seats=command.seats,
        reference=unused_reference(),
        fund_id=fund.id,
        payer_email=normalised_email(command.payer_email),
        is_demo=command.is_demo,
        provenance=command.provenance,
    )
    db.session.add(plan)
    audit.record("plan.open", plan, by=by, code=plan.code, target=str(plan.target), count=plan.count)
    mail_link(Payer(plan), Money.zero(plan.currency), plan.target)
    return plan


def _check(command: OpenPlan, delegation: Delegation) -> None:
    schedule.schedule(
        command.target, command.count, command.first_due, Frequency(command.every_months), command.remainder
    )
    code = command.code.strip().upper()
    if not CODE.fullmatch(code) or len(f"{delegation.code}/{code}") > 40 or len(code) > LONGEST_CODE:
        raise BadCode(field="code", example="P1")
    if db.session.scalar(select(SavingsPlan.id).where(SavingsPlan.code == code)):
        raise CodeTaken(field="code", code=code)
    currencies = {delegation.edition.currency, *delegation.edition.currencies}
    if command.target.currency not in currencies:
        raise WrongCurrency(field="target", currencies=", ".join(sorted(currencies)))


def next_code() -> str:
    """A code to offer for the next plan: ``P11`` after ``P10``. Somebody may choose another."""
    known = (re.fullmatch(r"P(\d{1,6})", code) for code in db.session.scalars(select(SavingsPlan.code)))
    return f"P{max((int(one[1]) for one in known if one), default=0) + 1}"


def unused_reference() -> str:
    """A reference that no plan and no payment has."""
    while True:
        reference = new_reference()
        if not any(
            db.session.scalar(select(table.id).where(table.reference == reference))
            for table in (SavingsPlan, PlanPayer, Payment)
        ):
            return reference


def payer_named(name: str, email: str, locale: str, *, by: Actor) -> Organisation:
    """The body that saves, found in the directory under any of its names, else entered with its address.

    Raises `NameMissing`.
    """
    directory.hold_names()
    known = directory.find_organisation(name)
    if known is None:
        return directory.add_organisation(AddOrganisation(name=name, email=email, locale=locale), by=by)
    if not known.email:
        known.email = email.strip().casefold()
        audit.record("organisation.email", known, by=by)
    return known


def close_plan(plan: SavingsPlan, reason: str, *, by: Actor) -> SavingsPlan:
    """Take no more deposits by card. Money that arrives all the same is recorded. Raises `PlanClosed`."""
    hold(plan)
    if plan.status is PlanStatus.CLOSED:
        raise PlanClosed
    plan.status = PlanStatus.CLOSED
    audit.record("plan.close", plan, by=by, reason=reason)
    return plan


def mail_link(payer: Payer, saved: Money, target: Money, *, stop: str = "") -> str:
    """Mail a payer a link to the plan, with what they saved of what is asked of them. Returns its token.

    A reminder can be stopped: `stop` is the token of the page that does.
    """
    token = links.issue_link(*payer.opened_by, now() + LINK_LASTS)
    messages.tell_plan(payer, token, saved, target, stop=stop)
    return token


def request_deposit(payer: Payer, amount: Money, *, by: Actor) -> Payment:
    """Ask for a deposit by card; asking again for the same amount finds the question still open.

    Raises `PlanClosed`, `NothingToPay`, `WrongCurrency`.
    """
    plan = payer.plan
    hold(plan)
    if plan.status is PlanStatus.CLOSED:
        raise PlanClosed
    same_currency(plan, amount)
    waiting = db.session.scalars(
        select(Payment).where(
            Payment.purpose == PURPOSE,
            Payment.subject_id == plan.id,
            Payment.payer_id == payer.id,
            Payment.status == PaymentStatus.REQUESTED,
            Payment.method == PaymentMethod.CARD,
            Payment.amount_minor == amount.minor,
        )
    ).first()
    return waiting or request_exactly(payer, amount, PaymentMethod.CARD, by=by)


def record_deposit(plan: SavingsPlan, command: RecordDeposit, *, by: User) -> Payment:
    """Record that a payer's deposit arrived; somebody else approves it (`treasury.payments.approve_receipt`).

    Money received is never refused: not when the plan is closed, not beyond its target. A cheque stays in
    hand until it is brought to the bank. Raises `NothingToPay`, `WrongCurrency`, `ReferenceUsed`.
    """
    same_currency(plan, command.amount)
    hold(plan)
    if known := _submitted(command.submission_key, by):
        return known
    payer = payer_queries.payer_of(plan, command.payer_id)
    payment = request_exactly(payer, command.amount, command.method, by=by)
    if command.submission_key:
        _keep(command.submission_key, payment, by)
    receipt = RecordReceipt(
        received_on=command.received_on,
        account_code=command.account_code,
        narration=command.narration,
        operator=command.operator,
        number=command.number,
    )
    receive(payment, receipt, by=by)
    return payment


def _submitted(key: str, by: User) -> Payment | None:
    """The payment that this person's form recorded already."""
    body = key and db.session.scalar(
        select(IdempotencyRecord.body).where(
            IdempotencyRecord.owner == by.actor_label, IdempotencyRecord.key == key
        )
    )
    return db.session.get(Payment, int(body)) if body else None


def _keep(key: str, payment: Payment, by: User) -> None:
    db.session.add(
        IdempotencyRecord(owner=by.actor_label, key=key, request_hash="", status=201, body=str(payment.id))
    )


def same_currency(plan: SavingsPlan, amount: Money) -> None:
    """Raises `WrongCurrency` when the amount is not in the plan's."""
    if amount.currency != plan.currency:
        raise WrongCurrency(field="amount", currencies=plan.currency)


def request_exactly(payer: Payer, amount: Money, method: PaymentMethod, *, by: Actor) -> Payment:
    """Ask for a deposit of its own, whatever else is asked for."""
    plan, body = payer.plan, payer.organisation
    with force_locale(body.locale if body.locale in LOCALES else DEFAULT_LOCALE):
        description = str(DEPOSIT) % {"plan": plan.code, "delegation": plan.delegation.name}
    return payments.request(
        RequestPayment(
            purpose=PURPOSE,
            subject_id=plan.id,
            amount=amount,
            fund_id=plan.fund_id,
            income_code=chart.SAVINGS,
            method=method,
            description=description,
            payer_id=payer.id,
            payer_name=body.name,
            payer_email=payer.written_to,
        ),
        by=by,
    )


def deposit_settled(payment: Payment) -> None:
    """A deposit has its posted entry: acknowledge it, and show what is odd to the treasurer."""
    plan = db.session.get_one(SavingsPlan, payment.subject_id)
    saved = standings.saved_by([plan])[plan.id]
    need = plan_versions.agreed(plan).need
    if saved > need:
        attention.attend(
            "surplus",
            f"payment:{payment.id}",
            payment_id=payment.id,
            details=f"{saved} > {need}",
            amount=min(saved - need, payment.amount),
        )
    if plan.status is PlanStatus.CLOSED:
        attention.attend("plan_closed", f"payment:{payment.id}", payment_id=payment.id, details=plan.code)
    messages.tell_deposit(payer_queries.payer_of(plan, payment.payer_id), payment.amount, payment.id)


def deposits_to_approve(plan: SavingsPlan) -> list[Payment]:
    """Deposits that were recorded and do not count before a second person approved them, oldest first."""
    wanted = (
        select(Payment)
        .where(
            Payment.purpose == PURPOSE,
            Payment.subject_id == plan.id,
            Payment.status == PaymentStatus.RECORDED,
        )
        .order_by(Payment.id)
    )
    return list(db.session.scalars(wanted))


def deposits_of(plan: SavingsPlan) -> list[queries.Receipt]:
    """What reached the plan, oldest first; negative where it was taken back."""
    return queries.receipts([plan.fund_id], chart.SAVINGS, plan.currency)[plan.fund_id]


def schedule_of(plan: SavingsPlan) -> list[schedule.Instalment]:
    """The plan's instalments, as they are agreed now."""
    return list(plan_versions.agreed(plan).instalments)


def plan_status(plan: SavingsPlan, on: date | None = None) -> schedule.PlanStatus:
    """Where the plan stands on a day (today in the edition's zone), replayed from postings."""
    return plan_statuses([plan], on)[plan.id]


def plan_statuses(plans: Iterable[SavingsPlan], on: date | None = None) -> dict[int, schedule.PlanStatus]:
    """Where each plan stands, by its id: one query for their versions, one a currency for their deposits."""
    found: dict[int, schedule.PlanStatus] = {}
    ordered = sorted(plans, key=lambda plan: plan.currency)
    agreed = plan_versions.all_agreed(ordered)
    for currency, group in groupby(ordered, key=lambda plan: plan.currency):
        together = list(group)
        deposits = queries.receipts([plan.fund_id for plan in together], chart.SAVINGS, currency)
        for plan in together:
            found[plan.id] = schedule.replay(
                agreed[plan.id].instalments,
                [Deposit.told(one.on, one.amount) for one in deposits[plan.fund_id]],
                on or today(plan.delegation.edition.zone),
            )
    return found
