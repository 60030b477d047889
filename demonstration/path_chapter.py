"""Where delegations end up: locked for Dakar; asked again, withdrawn and closed for a summer university."""

from typing import Any

from delegations.lifecycle import invitations, standing
from delegations.models import Delegation
from demonstration.records import read_toml
from demonstration.stage import Stage, on
from shared.clock import DEMO_CLOCKS

_STEPS = {"withdraw": standing.withdraw, "lock": standing.lock, "close": standing.close}


def tell(stage: Stage, moment: str) -> None:
    """Three fictional delegations of 2005, then the locks of Dakar where the clock is past them."""
    data = read_toml("paths")
    _summer(stage, data["summer"])
    lock = data["lock"]
    if DEMO_CLOCKS[moment].date() >= lock["on"]:
        with on(lock["on"]):
            for code in lock["codes"]:
                standing.lock(stage.delegations[code], "", by=stage.organiser)


def _summer(stage: Stage, data: dict[str, Any]) -> None:
    edition = stage.editions[data["edition"]]
    made: dict[str, Delegation] = {}
    with on(data["invited"]):
        for row in data["delegations"]:
            command = invitations.InviteDelegation(
                edition_id=edition.id, code=row["code"], name=row["name"], is_demo=True, provenance="I"
            )
            one = made[row["code"]] = invitations.invite(command, by=stage.organiser)
            invitations.request_seats(one, row["seats"], "", by=stage.organiser)
            invitations.allocate_seats(one, row["seats"], by=stage.organiser)
            invitations.confirm(one, by=stage.organiser)
    moved = data["moved"]
    with on(moved["on"]):
        standing.reset_confirmations(edition, moved["reason"], by=stage.organiser)
    for step in data["steps"]:
        with on(step["on"]):
            one = made[step["code"]]
            if step["move"] == "confirm":
                invitations.confirm(one, by=stage.organiser)
            else:
                _STEPS[step["move"]](one, step.get("reason", ""), by=stage.organiser)
