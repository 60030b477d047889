"""/api/v1: delegations with their coverage, savings plans with what was saved."""

from typing import Any

from flask import Blueprint, url_for
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from access.api import Paging, answered, asking, listed, money, operation, page_of, protect
from delegations import queries
from delegations.api_models import (
    CoverageOut,
    DelegationBrief,
    DelegationOut,
    DelegationPage,
    DelegationsAsked,
    InstalmentOut,
    PlanBrief,
    PlanOut,
    PlanPage,
)
from delegations.funding.coverage_queries import coverage_of
from delegations.funding.coverage_wire import as_json
from delegations.models import Delegation, SavingsPlan
from delegations.savings import versions as plan_versions
from delegations.savings.payer_queries import payer_names
from delegations.savings.plans import plan_status, plan_statuses
from delegations.savings.schedule import InstalmentStatus, PlanStatus, Remainder
from events.models import Edition

blueprint = protect(Blueprint("delegations_api", __name__, url_prefix="/api/v1"))


@blueprint.get("/delegations")
@operation("listDelegations", scope="delegations:read", query=DelegationsAsked, answer=DelegationPage)
def list_delegations(query: DelegationsAsked) -> Any:
    """The delegations, oldest entry first."""
    wanted = queries.delegations_within_reach(asking())
    if query.edition:
        wanted = wanted.where(Edition.code == query.edition)
    found, following = page_of(wanted, Delegation.id, query)
    return listed(DelegationPage(items=[DelegationBrief(**_brief(one)) for one in found], next=following))


@blueprint.get("/delegations/<code>")
@operation("getDelegation", scope="delegations:read", answer=DelegationOut, refusals=(404,))
def get_delegation(code: str) -> Any:
    """One delegation and how far its seats are covered."""
    found = queries.find_delegation(code, asking())
    coverage = CoverageOut(**as_json(coverage_of(found)))
    return answered(DelegationOut(**_brief(found), coverage=coverage))


@blueprint.get("/delegations/<code>/plans")
@operation("listPlans", scope="plans:read", query=Paging, answer=PlanPage, refusals=(404,))
def list_plans(code: str, query: Paging) -> Any:
    """The savings plans of a delegation, as they stand today."""
    delegation = queries.find_delegation(code, asking())
    wanted = (
        select(SavingsPlan)
        .where(SavingsPlan.delegation_id == delegation.id)
        .options(joinedload(SavingsPlan.payer))
    )
    found, following = page_of(wanted, SavingsPlan.id, query)
    stands = plan_statuses(found)
    payers = payer_names(found)
    items = [PlanBrief(**_plan(one, stands[one.id], payers[one.id])) for one in found]
    return listed(PlanPage(items=items, next=following))


@blueprint.get("/delegations/<code>/plans/<plan>")
@operation("getPlan", scope="plans:read", answer=PlanOut, refusals=(404,))
def get_plan(code: str, plan: str) -> Any:
    """One savings plan, instalment by instalment."""
    found = queries.find_plan(queries.find_delegation(code, asking()), plan)
    status = plan_status(found)
    return answered(
        PlanOut(
            **_plan(found, status, payer_names([found])[found.id]),
            on=status.today,
            reference=found.reference,
            seats=plan_versions.seats_of(found, plan_versions.changes_of(found)),
            every_months=found.every_months,
            remainder=Remainder(found.remainder),
            due_to_date=money(status.due_to_date),
            ahead=money(status.ahead_amount),
            instalments=[_instalment(one) for one in status.instalments],
        )
    )


def _brief(one: Delegation) -> dict[str, Any]:
    return {
        "code": one.code,
        "name": one.name,
        "edition": one.edition.code,
        "status": one.status,
        "seats_requested": one.seats_requested,
        "seats_allocated": one.seats_allocated,
        "url": url_for("delegations_api.get_delegation", code=one.code),
    }


def _plan(one: SavingsPlan, status: PlanStatus, payers: list[str]) -> dict[str, Any]:
    return {
        "code": one.code,
        "delegation": one.delegation.code,
        "payer": one.payer.name,
        "payers": payers,
        "status": one.status,
        "target": money(status.target),
        "saved": money(status.saved),
        "late": money(status.late_amount),
        "url": url_for("delegations_api.get_plan", code=one.delegation.code, plan=one.code),
    }


def _instalment(one: InstalmentStatus) -> InstalmentOut:
    return InstalmentOut(
        number=one.instalment.number,
        due=one.instalment.due,
        amount=money(one.instalment.amount),
        paid=money(one.paid),
        state=one.state,
        paid_on=one.paid_on,
        days_late=one.days_late,
    )
