"""What delegations and savings plans look like on the wire. Amounts of a coverage share its currency."""

from datetime import date
from typing import Annotated

from pydantic import BaseModel, Field, StringConstraints

from access.api import Paging
from access.api_description import Amount
from delegations.funding.shortfall import ReasonKind
from delegations.models import DelegationStatus, PlanStatus
from delegations.savings.schedule import InstalmentState, Remainder

Decimal = Annotated[str, Field(pattern=r"^-?[0-9]+(\.[0-9]+)?$", examples=["4500.00"])]


class SharesOut(BaseModel):
    """A cost and what pays it."""

    need: Decimal
    own: Decimal
    match: Decimal
    grants: Decimal
    support: Decimal
    gap: Decimal
    remaining: Decimal


class LineOut(SharesOut):
    """A budget line over all seats."""

    code: str
    label: str
    group: str


class SeatOut(SharesOut):
    """A seat over all its lines."""

    code: str


class ReasonOut(BaseModel):
    """Why money offered is not used, or cost is not covered."""

    kind: ReasonKind
    amount: Decimal
    source: str
    sentence: str


class CoverageOut(BaseModel):
    """How far the cost of the seats is covered, by what, and why not further."""

    delegation: str
    currency: str
    need: Decimal
    own_used: Decimal
    match_nominal: Decimal
    match_usable: Decimal
    match_unusable: Decimal
    grants: Decimal
    support: Decimal
    gap: Decimal
    remaining: Decimal
    own_left: Decimal
    lines: list[LineOut]
    seats: list[SeatOut]
    reasons: list[ReasonOut]


class DelegationBrief(BaseModel):
    """A delegation in a list."""

    code: str = Field(examples=["DKR05-OUT"])
    name: str
    edition: str
    status: DelegationStatus
    seats_requested: int
    seats_allocated: int
    url: str


class DelegationOut(DelegationBrief):
    """A delegation with its coverage."""

    coverage: CoverageOut


class DelegationPage(BaseModel):
    items: list[DelegationBrief]
    next: str | None = Field(description="Address of the next page.")


class DelegationsAsked(Paging):
    """A page of delegations, all or those of one edition."""

    edition: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{0,20}$")] = Field(
        "", description="Code of an edition."
    )


class InstalmentOut(BaseModel):
    """An instalment and what the deposits paid of it."""

    number: int
    due: date
    amount: Amount
    paid: Amount
    state: InstalmentState
    paid_on: date | None
    days_late: int


class PlanBrief(BaseModel):
    """A savings plan in a list: what it wants, and what was saved."""

    code: str
    delegation: str
    payer: str = Field(description="The first payer, who opened it.")
    payers: list[str] = Field(description="All who pay it, the first payer first.")
    status: PlanStatus
    target: Amount
    saved: Amount
    late: Amount
    url: str


class PlanOut(PlanBrief):
    """A savings plan on a day, replayed from what was posted."""

    on: date
    reference: str
    seats: int
    every_months: int
    remainder: Remainder
    due_to_date: Amount
    ahead: Amount
    instalments: list[InstalmentOut]


class PlanPage(BaseModel):
    items: list[PlanBrief]
    next: str | None = Field(description="Address of the next page.")
