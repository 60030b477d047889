"""A transfer that quotes a payer's reference is their deposit, whatever its amount: told to the treasury."""

from collections.abc import Collection, Iterable
from functools import partial

from sqlalchemy import select

from delegations.models import SavingsPlan
from delegations.savings.payer_models import Payer, PlanPayer
from delegations.savings.plans import request_exactly
from shared.audit import Actor
from shared.database import db
from shared.i18n import _
from shared.money import Money
from treasury.models import Payment, PaymentMethod
from treasury.reconciliation.standing_references import StandingReference


def standing_references(typed: Collection[str]) -> Iterable[StandingReference]:
    """The payers of plans whose references are among these."""
    plans = db.session.scalars(select(SavingsPlan).where(SavingsPlan.reference.in_(typed)))
    rows = db.session.scalars(select(PlanPayer).where(PlanPayer.reference.in_(typed)))
    for payer in [*(Payer(plan) for plan in plans), *(Payer(row.plan, row) for row in rows)]:
        title = _("Plan %(plan)s, deposit of %(payer)s", plan=payer.plan.code, payer=payer.organisation.name)
        yield StandingReference(payer.reference, title, payer.plan.currency, partial(_ask, payer))


def _ask(payer: Payer, amount: Money, by: Actor) -> Payment:
    return request_exactly(payer, amount, PaymentMethod.TRANSFER, by=by)
