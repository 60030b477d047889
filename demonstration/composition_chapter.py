"""What Dakar wants of its delegations, and what their people chose to say of themselves (all invented)."""

from datetime import date

from delegations.composition import rules
from delegations.composition.measuring import Traits, Wanted
from delegations.composition.models import RuleKind
from demonstration.records import read_toml
from demonstration.stage import MACHINE, Stage, on
from network.models import Component


def tell(stage: Stage) -> None:
    """The rules, which warn, then each seat's word."""
    data = read_toml("composition")
    with on(date(2005, 3, 1)):
        for row in data["rules"]:
            wanted = Wanted(RuleKind(row["kind"]), row["value"])
            together = row.get("together", False)
            rules.set_rule(
                stage.editions["DKR05"], wanted, binds=False, together=together, by=stage.organiser
            )
    with on(date(2005, 10, 25)):
        for code, words in data["people"].items():
            seated = [one for seat in stage.delegations[code].seats if (one := seat.nomination)]
            for nomination, word in zip(seated, words, strict=True):
                rules.tell(nomination, _traits(word), by=MACHINE)


def _traits(word: str) -> Traits:
    """A letter of a component, then ``w`` for a woman and ``y`` for somebody under 30; empty for no word."""
    if not word:
        return Traits()
    return Traits(Component(word[0]), woman="w" in word, young="y" in word)
