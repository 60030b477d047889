"""What a nominated person may say of themselves for their delegation's balance: asked only for a rule."""

from wtforms import Field, RadioField, SelectField

from delegations.composition import rules
from delegations.composition.measuring import Traits
from delegations.composition.models import RuleKind, SelfPortrait
from delegations.models import Nomination
from network.models import Component
from network.wording import COMPONENTS
from shared.audit import System
from shared.database import db
from shared.forms import Part, as_choices
from shared.i18n import _l

_SAYS = (("", _l("I would rather not say")), ("yes", _l("Yes")), ("no", _l("No")))
_FIELDS = {RuleKind.COMPONENTS: "component", RuleKind.WOMEN: "woman", RuleKind.YOUTH: "young"}


class PortraitPart(Part):
    """The part of the record's form that is about the balance; every answer is free."""

    component = SelectField(
        _l("Where you come from"),
        choices=lambda: as_choices([("", _l("I would rather not say")), *COMPONENTS.items()]),
        default="",
    )
    woman = RadioField(_l("Do you count yourself among the women?"), choices=as_choices(_SAYS), default="")
    young = RadioField(_l("Are you under 30?"), choices=as_choices(_SAYS), default="")

    @classmethod
    def about(cls, nomination: Nomination) -> "PortraitPart":
        """The part filled with what was said already."""
        known = db.session.get(SelfPortrait, nomination.id)
        if known is None:
            return cls()
        return cls(
            data={
                "component": known.component or "",
                "woman": _word(known.woman),
                "young": _word(known.young),
            }
        )

    def asked_of(self, nomination: Nomination) -> list[Field]:
        """The questions that a rule of the edition gives a reason to ask."""
        found = rules.rules_of(nomination.seat.delegation.edition_id)
        return [self[_FIELDS[one.kind]] for one in found if one.kind in _FIELDS]

    def keep(self, nomination: Nomination) -> None:
        """Keep what was said, where something was asked."""
        if self.asked_of(nomination):
            told = Traits(
                Component(self.component.data) if self.component.data else None,
                _said(self.woman.data),
                _said(self.young.data),
            )
            rules.tell(nomination, told, by=System(f"nominee:{nomination.id}"))


def _word(said: bool | None) -> str:
    return "" if said is None else "yes" if said else "no"


def _said(word: str | None) -> bool | None:
    return word == "yes" if word else None
