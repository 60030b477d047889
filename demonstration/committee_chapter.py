"""What the support fund was asked, what its committee thought, and its two minuted decisions."""

from datetime import date
from typing import Any

from delegations.support import applying, committee
from delegations.support import decisions as support
from delegations.support.models import CriteriaGrid, SupportApplication, Vote
from demonstration.records import amount
from demonstration.stage import MACHINE, Stage, on

ASKED, SCORED = date(2005, 10, 21), date(2005, 10, 24)
POINTS = {"H13": (5, 4, 3, 4, 3, 4), "H14": (4, 4, 4, 5, 3, 5)}


def tell(stage: Stage, data: dict[str, Any]) -> None:
    """Grids, applications, opinions, somebody who stands aside, then the decisions."""
    with on(ASKED):
        grids = [
            applying.add_grid(
                applying.AddGrid(
                    code=grid["code"],
                    name=grid["name"],
                    source=grid["source"],
                    criteria=[(label, 1) for label in grid["criteria"]],
                    is_demo=True,
                ),
                by=MACHINE,
            )
            for grid in data["grids"]
        ]
    for row in data["decisions"]:
        asked = [_asked(stage, award, grids[0]) for award in row["awards"]]
        _scored(stage, asked, row["number"])
        _decided(stage, row, asked)


def _asked(stage: Stage, award: dict[str, Any], grid: CriteriaGrid) -> SupportApplication:
    """A head asks for the own delegation; the organiser for those who have no account, and for guests."""
    code = award.get("delegation")
    delegation = stage.delegations[code] if code else None
    head = stage.users["H01"] if code == "DKR05-OUT" else stage.organiser
    label = delegation.name if delegation else award["label"]
    grounds = (
        "Les places sont épargnées et pourtant à découvert : voir la couverture de la délégation."
        if delegation
        else f"Un billet {label}–Dakar, pour que le Sud raconte lui-même ce qu’il fait."
    )
    with on(ASKED):
        return applying.apply(
            applying.Apply(
                edition_id=stage.editions["DKR05"].id,
                fund_id=stage.funds["B6"].id,
                grid_id=grid.id,
                label=label,
                amount=amount(award.get("asked", award["amount"])),
                grounds=grounds,
                delegation_id=delegation.id if delegation else None,
                person_id=stage.people[award["person"]].id if "person" in award else None,
                is_demo=True,
            ),
            by=head,
        )


def _scored(stage: Stage, asked: list[SupportApplication], turn: int) -> None:
    """Two members score; the third stands aside, with a reason where nothing else says it."""
    with on(SCORED):
        for place, application in enumerate(asked):
            for member, points in POINTS.items():
                turned = points[(place + turn) % 6 :] + points[: (place + turn) % 6]
                criteria = zip(application.grid.criteria, turned, strict=True)
                applying.score(
                    application, {one.id: given for one, given in criteria}, "", by=stage.users[member]
                )
        if turn == 1:
            applying.declare_conflict(
                asked[0], "Organise le séjour de cette délégation", by=stage.users["H06"]
            )


def _decided(stage: Stage, row: dict[str, Any], asked: list[SupportApplication]) -> None:
    with on(row["on"]):
        decision = committee.minute(
            committee.Minute(
                edition_id=stage.editions["DKR05"].id,
                fund_id=stage.funds["B6"].id,
                decided_on=row["on"],
                title=row["title"],
                reason=row["reason"],
                rulings=[
                    committee.Ruling(application_id=one.id, granted=amount(award["amount"]))
                    for one, award in zip(asked, row["awards"], strict=True)
                ],
                votes={stage.users[member].id: Vote(vote) for member, vote in row["votes"].items()},
                number=row["number"],
                is_demo=True,
            ),
            by=stage.treasurer,
        )
        support.approve(decision, by=stage.approver)
