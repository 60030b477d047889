"""Forms of an edition's costs and funders: a budget, one row a line, an agreement with a funder."""

from fractions import Fraction
from typing import Any

from wtforms import (
    FieldList,
    FormField,
    IntegerField,
    SelectField,
    SelectMultipleField,
    StringField,
    SubmitField,
)
from wtforms.validators import DataRequired, Length, NumberRange, Optional
from wtforms.widgets import CheckboxInput, ListWidget

from delegations.budgets.versions import GROUPS, Line
from delegations.funding.agreements import AddAgreement
from delegations.funding.offers import Condition
from delegations.models import Budget, FundingKind
from shared.forms import Form, MoneyField, Part, as_choices, more_than_nothing
from shared.i18n import _, _l

_ROWS, _MOST_ROWS = 6, 40


class LineForm(Part):
    """One line of a seat's budget. Its code is offered; a row without label and price is left out."""

    code = StringField(_l("Code"), [Length(max=20)])
    label = StringField(_l("Label"), [Length(max=160)])
    group = SelectField(_l("Who may pay it"), choices=as_choices(GROUPS.items()))
    quantity = IntegerField(
        _l("Quantity"), [Optional(), NumberRange(1, 9999, _l("A whole number from 1."))], default=1
    )
    price = MoneyField(_l("Unit price"))

    @property
    def blank(self) -> bool:
        """Nothing of one's own was typed in this row."""
        return not (self.label.data or self.price.data)


class BudgetForm(Form):
    """What one seat costs, one row a line; more rows are there for the asking."""

    title = StringField(_l("Title"), [DataRequired(), Length(max=160)])
    lines = FieldList(FormField(LineForm), min_entries=_ROWS, max_entries=_MOST_ROWS)
    more = SubmitField(_l("More rows"))

    def __init__(self, currency: str, budget: Budget | None = None) -> None:
        super().__init__(data=self._written(budget) if budget else None)
        for number, row in enumerate(self.lines, 1):
            row.form.price.currency = currency
            row.form.code.data = row.form.code.data or f"L{number:02}"

    @staticmethod
    def _written(budget: Budget) -> dict[str, Any]:
        return {
            "title": budget.title,
            "lines": [
                {
                    "code": one.code,
                    "label": one.label,
                    "group": one.category,
                    "quantity": one.quantity,
                    "price": one.unit_price,
                }
                for one in budget.lines
                if not one.is_source
            ],
        }

    def add_rows(self) -> None:
        """A few rows more."""
        for _row in range(min(_ROWS, _MOST_ROWS - len(self.lines.entries))):
            added = self.lines.append_entry()
            added.form.code.data = f"L{len(self.lines.entries):02}"

    def validate(self, extra_validators: Any = None) -> bool:
        """A row that was touched is whole, and there is one at least."""
        good = super().validate(extra_validators)
        rows = [row.form for row in self.lines if not row.form.blank]
        for row in rows:
            if not row.label.data:
                row.label.errors = [_("Say what this line is.")]
            if not row.price.data:
                row.price.errors = [_("Write the price.")]
        if not rows:
            self.form_errors.append(_("Write one line at least."))
        self.lines.errors = [row.form.errors for row in self.lines if row.form.errors]
        return good and bool(rows) and not self.lines.errors

    def read(self) -> list[Line]:
        """The lines, after validation."""
        return [
            Line(
                code=(row.form.code.data or "").strip(),
                label=(row.form.label.data or "").strip(),
                category=row.form.group.data,
                unit_price=row.form.price.required(),
                quantity=row.form.quantity.data or 1,
            )
            for row in self.lines
            if not row.form.blank
        ]


class _Boxes(SelectMultipleField):
    """Several choices, one box each."""

    widget = ListWidget(prefix_label=False)
    option_widget = CheckboxInput()


class AgreementForm(Form):
    """What a funder adds, to what, for whom, up to where."""

    code = StringField(_l("Code"), [DataRequired(), Length(max=20)])
    name = StringField(_l("Funder and programme"), [DataRequired(), Length(max=160)])
    kind = SelectField(
        _l("What it adds"),
        choices=as_choices(
            [
                (FundingKind.MATCH.value, _l("a match: so much for each dollar saved")),
                (FundingKind.GRANT.value, _l("a grant: so much for each seat")),
                (FundingKind.PLEDGE.value, _l("a pledge: a promise of so much in all")),
            ]
        ),
    )
    ratio = SelectField(
        _l("Match"), choices=as_choices([("1", "1 : 1"), ("2", "2 : 1"), ("1/2", "1 : 2"), ("3", "3 : 1")])
    )
    amount = MoneyField(_l("Amount of the grant or pledge"), [more_than_nothing])
    cap = MoneyField(_l("At most, in all"), [more_than_nothing])
    categories = _Boxes(_l("It may pay only"), choices=as_choices(GROUPS.items()))
    serves = _Boxes(_l("For these delegations, in this order"), coerce=int)
    waits = SelectField(
        _l("Before it counts"),
        choices=as_choices(
            [
                ("", _l("nothing is missing")),
                (Condition.CHARITY_NUMBER.value, _l("a charity registration is needed")),
                (Condition.SIGNATURE.value, _l("a signature is needed")),
            ]
        ),
    )

    def command(self, edition_id: int, currency: str) -> AddAgreement:
        """The agreement."""
        kind = FundingKind(self.kind.data)
        return AddAgreement(
            edition_id=edition_id,
            code=(self.code.data or "").strip().upper(),
            name=self.name.data or "",
            kind=kind,
            currency=currency,
            ratio=Fraction(self.ratio.data) if kind is FundingKind.MATCH else Fraction(0),
            amount=None if kind is FundingKind.MATCH else self.amount.amount,
            cap=self.cap.amount,
            categories=self.categories.data or (),
            serves=self.serves.data or (),
            blocked=Condition(self.waits.data) if self.waits.data else None,
        )
