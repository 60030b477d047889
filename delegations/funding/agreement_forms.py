"""Forms of an agreement's page: its terms, what is due, what is called up."""

import re
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any

from wtforms import (
    BooleanField,
    DateField,
    FieldList,
    FormField,
    HiddenField,
    IntegerField,
    SelectField,
    SelectMultipleField,
    StringField,
)
from wtforms.validators import DataRequired, InputRequired, Length, NumberRange, Optional
from wtforms.widgets import CheckboxInput, HiddenInput, ListWidget

from delegations.budgets.versions import GROUPS
from delegations.funding.agreement_models import DutyKind
from delegations.funding.agreement_words import BASES, DUTIES, SHARINGS, WAITS
from delegations.funding.offers import Basis, Condition
from delegations.funding.terms import Sharing, Terms
from delegations.models import Delegation, FundingKind
from network.editing import Change
from shared.clock import today
from shared.forms import Form, MoneyField, Part, as_choices, more_than_nothing
from shared.i18n import _, _l
from treasury.forms import Once, not_in_the_future

_RATIO = re.compile(r"[0-9]+(\.[0-9]+|/[0-9]+)?")


class TurnForm(Part):
    """One delegation, and when its turn is; empty when the agreement does not serve it."""

    delegation_id = HiddenField()
    turn = IntegerField(_l("Turn"), [Optional(), NumberRange(1, 999, _l("A whole number from 1."))])


class Boxes(SelectMultipleField):
    """Several choices, one box each."""

    widget = ListWidget(prefix_label=False)
    option_widget = CheckboxInput()


class AgreedForm(Form):
    """What is said of any agreement, new or changed."""

    name = StringField(_l("Funder and programme"), [DataRequired(), Length(max=160)])
    through = StringField(_l("Through whom the money comes"), [Length(max=160)])
    basis = SelectField(_l("Counted on"), choices=as_choices(BASES.items()), default=Basis.CASH.value)
    amount = MoneyField(_l("Amount of the grant or pledge"), [more_than_nothing])
    cap = MoneyField(_l("At most, in all"), [more_than_nothing])
    sharing = SelectField(
        _l("Who draws on it first"), choices=as_choices(SHARINGS.items()), default=Sharing.STATED.value
    )
    opens = DateField(_l("Base money counts from"), [Optional()])
    closes = DateField(_l("until"), [Optional()])
    categories = Boxes(_l("It may pay only"), choices=as_choices(GROUPS.items()))
    stacks = BooleanField(_l("It may double money that another funder doubles as well"))
    turns = FieldList(FormField(TurnForm))
    waits = SelectField(_l("Before it counts"), choices=as_choices(WAITS.items()))

    def __init__(self, currency: str, members: Sequence[Delegation], **told: Any) -> None:
        super().__init__(**told)
        self.amount.currency = self.cap.currency = currency
        self.names = {str(one.id): f"{one.name} ({one.code})" for one in members}

    def turn_of(self) -> dict[int, int]:
        """The turn of each delegation that was given one, by its id."""
        rows = [(row.form.delegation_id.data, row.form.turn.data) for row in self.turns]
        return {int(member): turn for member, turn in rows if turn and member in self.names}

    def agreed(self, kind: FundingKind) -> dict[str, Any]:
        """The terms that an agreement of this kind may have, as filled in."""
        match = kind is FundingKind.MATCH
        return {
            "name": (self.name.data or "").strip(),
            "through": (self.through.data or "").strip(),
            "basis": Basis(self.basis.data) if match else Basis.CASH,
            "amount": None if match else self.amount.amount,
            "cap": self.cap.amount,
            "sharing": Sharing(self.sharing.data),
            "opens": self.opens.data if match else None,
            "closes": self.closes.data if match else None,
            "categories": tuple(self.categories.data or ()),
            "stacks": bool(self.stacks.data) and match,
            "blocked": Condition(self.waits.data) if self.waits.data else None,
        }


class TermsForm(AgreedForm):
    """The terms of an agreement, and why they change."""

    ratio = StringField(_l("Added for each unit of base money"), [Length(max=12)])
    reason = StringField(_l("Why the terms change"), [DataRequired(), Length(max=300)])
    seen = IntegerField(widget=HiddenInput(), validators=[Optional()])
    changes: tuple[Change, ...] = ()

    def __init__(self, terms: Terms, members: Sequence[Delegation], version: int, **how: Any) -> None:
        turns = {one: place for place, one in enumerate(terms.serves, 1)}
        super().__init__(
            terms.currency,
            members,
            **how,
            data={
                "seen": version,
                "name": terms.name,
                "through": terms.through,
                "ratio": shown_ratio(terms.ratio),
                "basis": terms.basis.value,
                "amount": terms.amount,
                "cap": terms.cap,
                "sharing": terms.sharing.value,
                "opens": terms.opens,
                "closes": terms.closes,
                "categories": list(terms.categories),
                "stacks": terms.stacks,
                "turns": [{"delegation_id": one.id, "turn": turns.get(one.id)} for one in members],
                "waits": terms.blocked.value if terms.blocked else "",
            },
        )
        self.before = terms

    def validate(self, extra_validators: Any = None) -> bool:
        """A match has a ratio that can be read."""
        good = super().validate(extra_validators)
        if self.before.kind is FundingKind.MATCH and read_ratio(self.ratio.data or "") is None:
            self.ratio.errors = [_("Write it like 2, 0.5 or 2:1.")]
            return False
        return good

    def terms(self) -> Terms:
        """The terms as filled in; what kind of agreement it is stays."""
        kind = self.before.kind
        ratio = read_ratio(self.ratio.data or "") if kind is FundingKind.MATCH else None
        turns = self.turn_of()
        serves = tuple(sorted(turns, key=lambda member: (turns[member], member)))
        return replace(self.before, ratio=ratio or Fraction(0), serves=serves, **self.agreed(kind))


def shown_ratio(ratio: Fraction) -> str:
    """2 or 2:3."""
    return str(ratio.numerator) if ratio.denominator == 1 else f"{ratio.numerator}:{ratio.denominator}"


def read_ratio(typed: str) -> Fraction | None:
    """2, 0.5, 0,5, 2:1 or 2/3; None where it is none of them or not above nothing."""
    over = typed.replace(" ", "").replace(",", ".").replace(":", "/")
    if not _RATIO.fullmatch(over):
        return None
    try:
        ratio = Fraction(over)
    except ZeroDivisionError:
        return None
    return ratio if 0 < ratio <= 100 and ratio.denominator <= 10_000 else None


class DutyForm(Form):
    """Something that will be due to the funder."""

    kind = SelectField(_l("What is due"), choices=as_choices(DUTIES.items()))
    what = StringField(_l("What exactly"), [DataRequired(), Length(max=200)])
    due_on = DateField(_l("On"), [InputRequired()], default=today)

    @property
    def duty(self) -> DutyKind:
        """What kind it is."""
        return DutyKind(self.kind.data)


class DrawdownForm(Form):
    """Money that is called up from the funder."""

    amount = MoneyField(_l("Amount"), [InputRequired(), more_than_nothing])
    evidence = StringField(_l("Evidence that goes with it"), [DataRequired(), Length(max=300)])


class ArrivalForm(Once):
    """Money that came from the funder."""

    arrived = MoneyField(_l("Amount that arrived"), [InputRequired(), more_than_nothing])
    received_on = DateField(_l("Received on"), [InputRequired(), not_in_the_future], default=today)
    note = StringField(_l("Note"), [Length(max=200)])
