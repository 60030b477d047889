"""Nine delegations, what they should cost, who pays, and three years of deposits as they really came."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Any

from delegations.budgets import per_diems
from delegations.budgets import versions as budgets
from delegations.funding import agreements, dues, receiving
from delegations.funding.agreement_models import DutyKind
from delegations.funding.offers import Condition
from delegations.lifecycle import handing_over, invitations, quotas, umbrellas
from delegations.lifecycle.focal_models import FocalRank
from delegations.lifecycle.quota_models import QuotaScope
from delegations.models import Delegation, FundingAgreement, FundingKind, SavingsPlan
from delegations.savings import plans as savings
from delegations.savings.payers import AddPayer, add_payer
from delegations.savings.schedule import Remainder
from delegations.seats import seats
from demonstration.records import amount, read_toml
from demonstration.stage import MACHINE, Stage, on
from network.directory import AddOrganisation, add_organisation
from network.models import Organisation
from network.people import normalised_name
from shared.clock import today
from shared.database import db
from shared.money import Money
from treasury import attention, ledger, payments
from treasury.models import PaymentMethod

PLANNED = date(2002, 12, 15)


@dataclass(frozen=True, slots=True)
class Arrival:
    """A deposit as it came: when, how much, how, and whether the bank took it back."""

    on: date
    amount: Money
    method: PaymentMethod = PaymentMethod.TRANSFER
    returned_on: date | None = None


def tell(stage: Stage) -> None:
    """Budgets, delegations with their plans, agreements, and every deposit in order of date."""
    with on(PLANNED):
        for kind, data in read_toml("budget").items():
            _budget(stage, kind, data)
    with on(PLANNED):
        _per_diem(stage, read_toml("per_diem")["dakar"])
    rows = read_toml("delegations")["delegations"]
    for row in rows:
        with on(PLANNED):
            delegation = found_delegation(stage, row, "DKR05")
            for seat, nominator in zip(delegation.seats, row.get("nominators", []), strict=False):
                seats.set_nominator(seat, nominator, by=stage.organiser)
            plan = stage.plans[row["plan"]["code"]]
        _deposits(stage, plan, row.get("exceptions", []))
    with on(date(2005, 3, 1)):
        for one in read_toml("funding")["agreements"]:
            _agreement(stage, one)
        for code, seats_at_most in read_toml("delegations")["quotas"].items():
            dakar = stage.editions["DKR05"]
            quotas.set_quota(dakar, QuotaScope.DELEGATION, code, seats_at_most, by=stage.organiser)
    with on(date(2005, 3, 1)):
        _umbrella(stage, read_toml("delegations")["umbrella"])
        _backup(stage, read_toml("delegations")["backup"])


def found_delegation(stage: Stage, row: dict[str, Any], edition: str) -> Delegation:
    """Invite, allocate, confirm and let the payer open its plan, in the transaction that is open."""
    payer = stage.organisations.get(row["payer"]) or _payer(stage, row)
    head = {"DKR05-OUT": "H01", "DKR05-QUE": "H04"}.get(row["code"], "")
    command = invitations.InviteDelegation(
        edition_id=stage.editions[edition].id,
        code=row["code"],
        name=row["name"],
        organisation_id=payer.id,
        contact_email=stage.users[head].email if head else "",
        is_demo=True,
        provenance="I",
    )
    delegation = invitations.invite(command, by=stage.organiser)
    invitations.request_seats(delegation, row["seats"], "", by=stage.organiser)
    invitations.allocate_seats(delegation, row["seats"], by=stage.organiser)
    invitations.confirm(delegation, by=stage.organiser)
    db.session.refresh(delegation)
    stage.delegations[delegation.code] = delegation
    plan = row["plan"]
    opened = stage.plans[plan["code"]] = savings.open_plan(
        savings.OpenPlan(
            delegation_id=delegation.id,
            payer_id=payer.id,
            code=plan["code"],
            target=amount(plan["target"]),
            count=plan["count"],
            first_due=plan["first"],
            every_months=plan["every_months"],
            remainder=Remainder(plan.get("remainder", "spread")),
            seats=row["seats"],
            is_demo=True,
            provenance="I",
        ),
        by=stage.organiser,
    )
    if also := row.get("also"):
        body, share = _payer(stage, also), Fraction(also["share"])
        asked = AddPayer(organisation_id=body.id, share=share, since=today())
        add_payer(opened, asked, by=stage.organiser)
    return delegation


def _umbrella(stage: Stage, row: dict[str, Any]) -> None:
    """Two networks, one stay: a delegation without seats of its own that holds the others."""
    command = invitations.InviteDelegation(
        edition_id=stage.editions["DKR05"].id,
        code=row["code"],
        name=row["name"],
        is_demo=True,
        provenance=row["provenance"],
    )
    stay = invitations.invite(command, by=stage.organiser)
    for code in row["members"]:
        umbrellas.add_member(stay, stage.delegations[code], by=stage.organiser)


def _backup(stage: Stage, row: dict[str, Any]) -> None:
    """Somebody who can act for a delegation when its focal point cannot."""
    user = stage.users[row["person"]]
    command = handing_over.HandOver(email=user.email, name=user.name, reason=row["reason"])
    delegation = stage.delegations[row["delegation"]]
    handing_over.hand_over(delegation, FocalRank.BACKUP, command, by=stage.organiser)


def _payer(stage: Stage, row: dict[str, Any]) -> Organisation:
    """The fictional body that saves, in the region or sector it mirrors; no real one holds money here."""
    name = row["payer"]
    slug = normalised_name(name).split()[-1]
    stage.organisations[name] = add_organisation(
        AddOrganisation(
            name=name,
            region=row.get("payer_region", ""),
            sector=row.get("payer_sector", ""),
            email=f"tresorerie.{slug}@example.org",
            fictional=True,
            is_demo=True,
            provenance="I",
        ),
        by=MACHINE,
    )
    return stage.organisations[name]


def _budget(stage: Stage, kind: str, data: dict[str, Any]) -> None:
    lines = [
        budgets.Line(
            code=line["code"],
            label=line["label"],
            category=line.get("category", ""),
            unit_price=amount(line["unit"]),
            quantity=line.get("quantity", 1),
            is_source=is_source,
            paid_by={line["by"]: amount(line["unit"]) * line.get("quantity", 1)} if "by" in line else None,
        )
        for part, is_source in (("lines", False), ("sources", True))
        for line in data.get(part, [])
    ]
    command = budgets.CreateBudget(
        edition_id=stage.editions[data["edition"]].id,
        lines=lines,
        kind=kind,
        title=data["title"],
        provenance="I, totals F 002_4af135d043c93d97.txt" if data["edition"] == "DKR05" else "I",
    )
    budgets.approve_budget(budgets.create_budget(command, by=stage.treasurer), by=stage.approver)


def _per_diem(stage: Stage, row: dict[str, Any]) -> None:
    """What a day in Dakar costs, so that a line can be worked out of it."""
    told = row | {meal: amount(row[meal]) for meal in ("breakfast", "lunch", "dinner")}
    per_diems.add_table(per_diems.AddTable(**told, is_demo=True), by=stage.organiser)


def _arrivals(plan: SavingsPlan, exceptions: list[dict[str, Any]]) -> Iterator[Arrival]:
    changed = {row["due"]: row for row in exceptions}
    for instalment in savings.schedule_of(plan):
        row = changed.get(instalment.due, {"on": instalment.due, "amount": instalment.amount.decimal()})
        if row.get("skip"):
            continue
        method = PaymentMethod(row.get("method", "transfer"))
        yield Arrival(row["on"], amount(row["amount"]), method, row.get("returned_on"))
        if "again_on" in row:
            yield Arrival(row["again_on"], amount(row["amount"]))


def _deposits(stage: Stage, plan: SavingsPlan, exceptions: list[dict[str, Any]]) -> None:
    for arrival in sorted(_arrivals(plan, exceptions), key=lambda one: one.on):
        with on(arrival.on):
            payment = savings.record_deposit(
                plan,
                savings.RecordDeposit(amount=arrival.amount, received_on=arrival.on, method=arrival.method),
                by=stage.treasurer,
            )
            payments.approve_receipt(payment, by=stage.approver)
        if arrival.returned_on:
            with on(arrival.returned_on):
                mirror = payments.return_receipt(
                    payment, arrival.returned_on, "Chèque retourné par la banque", by=stage.treasurer
                )
                payments.approve_return(payment, mirror, by=stage.approver)
                said = "L’organisation, appelée, promet un nouveau chèque"
                attention.withdraw(f"return:{mirror.id}", said, by=stage.treasurer)


def _agreement(stage: Stage, row: dict[str, Any]) -> None:
    ratio = row.get("ratio", "0:1").split(":")
    agreement = agreements.add_agreement(
        agreements.AddAgreement(
            edition_id=stage.editions["DKR05"].id,
            code=row["code"],
            name=row["name"],
            kind=FundingKind(row["kind"]),
            currency="CAD",
            ratio=Fraction(int(ratio[0]), int(ratio[1])),
            amount=amount(row["amount"]) if "amount" in row else None,
            cap=amount(row["cap"]) if "cap" in row else None,
            categories=row["categories"],
            serves=[stage.delegations[code].id for code in row["serves"]],
            blocked=Condition(row["blocked"]) if "blocked" in row else None,
            through=row.get("through", ""),
            is_demo=True,
            provenance="I; type F 002_4af135d043c93d97.txt",
        ),
        by=stage.organiser,
    )
    for due in row.get("duties", ()):
        duty = dues.add_duty(agreement, DutyKind(due["kind"]), due["what"], due["due_on"], by=stage.treasurer)
        if "done" in due:
            dues.finish_duty(duty, due["done"], on=due["due_on"], by=stage.treasurer)
    if "received" in row:
        _received(stage, agreement, amount(row["received"]))


def _received(stage: Stage, agreement: FundingAgreement, received: Money) -> None:
    """The funder paid what its rule earned: into a fund of its own, which keeps the restriction."""
    stage.funds[agreement.code] = receiving.fund_of(agreement, by=stage.treasurer)
    arrival = receiving.Receive(amount=received, received_on=date(2005, 10, 17))
    ledger.post(receiving.receive(agreement, arrival, by=stage.treasurer), by=stage.approver)
