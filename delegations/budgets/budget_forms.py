"""Forms of a budget: its lines and those who are meant to pay, one row each; who pays which line."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from wtforms import (
    BooleanField,
    DateField,
    FieldList,
    FormField,
    HiddenField,
    IntegerField,
    SelectField,
    StringField,
    SubmitField,
    TextAreaField,
)
from wtforms.validators import DataRequired, Length, NumberRange, Optional
from wtforms.widgets import HiddenInput

from delegations.budgets.models import AT_RISK, IN_KIND, SEAT, Basis, Budget, BudgetLine
from delegations.budgets.versions import GROUPS, Line
from shared.clock import today
from shared.forms import Form, MoneyField, Part, as_choices
from shared.i18n import _, _l
from shared.money import Money
from treasury.books.forms import RateField
from treasury.books.rates import Rate

_ROWS, _MOST_ROWS = 4, 60
_COUNT = [Optional(), NumberRange(1, 99_999, _l("A whole number from 1."))]


class LineRow(Part):
    """One cost. Its code is offered; a row without label and price is left out."""

    code = StringField(_l("Code"), [Length(max=20)])
    label = StringField(_l("Label"), [Length(max=160)])
    group = SelectField(_l("Category"))
    basis = SelectField(
        _l("Counts"),
        choices=as_choices([(Basis.SEAT.value, _l("per seat")), (Basis.WHOLE.value, _l("in all"))]),
        default=Basis.SEAT.value,
    )
    quantity = IntegerField(_l("Quantity"), _COUNT, default=1)
    people = IntegerField(_l("People"), _COUNT, default=1)
    days = IntegerField(_l("Days"), _COUNT, default=1)
    price = MoneyField(_l("Unit price"))
    currency = SelectField(_l("Currency"))
    reason = StringField(_l("Why it changes"), [Length(max=200)])

    @property
    def blank(self) -> bool:
        """Nothing of one's own was typed in this row."""
        return not (self.label.data or self.price.data)


class SourceRow(Part):
    """Somebody who is meant to pay; a row without a name is left out."""

    code = StringField(_l("Code"), [Length(max=20)])
    label = StringField(_l("Who"), [Length(max=160)])
    said = MoneyField(_l("Has said, in all"))
    at_risk = BooleanField(_l("at risk"))

    @property
    def blank(self) -> bool:
        """Nobody was named in this row."""
        return not (self.label.data or self.said.data)


class RateRow(Part):
    """The rate of one other currency; what is left empty stays at the rate that is known."""

    currency = HiddenField()
    value = RateField(_l("Another rate"), render_kw={"inputmode": "decimal"})
    dated_on = DateField(_l("Of"), [Optional()], default=today)
    source = StringField(_l("Where it was read"), [Length(max=160)])


class BudgetForm(Form):
    """A version of a budget, row by row; more rows are there for the asking.

    `known` are the dated rates of other currencies; `offered` the lines it begins with.
    """

    title = StringField(_l("Title"), [DataRequired(), Length(max=160)])
    reason = TextAreaField(_l("Why this version differs from the one before"), [Length(max=500)])
    lines = FieldList(FormField(LineRow), min_entries=_ROWS, max_entries=_MOST_ROWS)
    sources = FieldList(FormField(SourceRow), min_entries=_ROWS // 2, max_entries=_MOST_ROWS)
    rates = FieldList(FormField(RateRow))
    seen = IntegerField(validators=[Optional()], widget=HiddenInput())
    more = SubmitField(_l("More rows"))

    def __init__(
        self,
        kind: str,
        currency: str,
        known: Mapping[str, Rate | None],
        offered: Sequence[Line] = (),
        **told: Any,
    ) -> None:
        self.kind, self.base, self.known = kind, currency, known
        rates = [{"currency": code} for code in known]
        super().__init__(data={**_written(offered), "rates": rates, **told})
        self._furnish()

    def _furnish(self) -> None:
        groups = as_choices(categories(self.kind).items())
        currencies = as_choices((code, code) for code in (self.base, *self.known))
        for number, row in enumerate(self.lines, 1):
            row.form.group.choices, row.form.currency.choices = groups, currencies
            row.form.currency.data = row.form.currency.data or self.base
            known = row.form.currency.data in (self.base, *self.known)
            row.form.price.currency = row.form.currency.data if known else self.base
            row.form.code.data = row.form.code.data or f"L{number:02}"
        for number, source in enumerate(self.sources, 1):
            source.form.said.currency = self.base
            source.form.code.data = source.form.code.data or f"R{number:02}"

    def add_rows(self) -> None:
        """A few rows more, of both."""
        for rows, some in ((self.lines, _ROWS), (self.sources, 1)):
            for _row in range(min(some, _MOST_ROWS - len(rows.entries))):
                rows.append_entry()
        self._furnish()

    def validate(self, extra_validators: Any = None) -> bool:
        """A row that was touched is whole, and there is one at least."""
        good = super().validate(extra_validators)
        rows = [row.form for row in self.lines if not row.form.blank]
        for row in rows:
            if not row.label.data:
                row.label.errors = [_("Say what this line is.")]
            if not row.price.data:
                row.price.errors = [_("Write the price.")]
            elif row.currency.data != self.base and self._rate(row.currency.data) is None:
                row.currency.errors = [_("No rate is known for this currency: write one below.")]
        for source in self.sources:
            if not source.form.blank and not source.form.label.data:
                source.form.label.errors = [_("Say who.")]
        if not rows:
            self.form_errors.append(_("Write one line at least."))
        for part in (self.lines, self.sources):
            part.errors = [row.form.errors for row in part if row.form.errors]
        return good and bool(rows) and not self.lines.errors and not self.sources.errors

    def read(self) -> list[Line]:
        """Costs, then sources, after validation."""
        costs = [self._line(row.form) for row in self.lines if not row.form.blank]
        sources = [
            Line(
                code=(row.form.code.data or "").strip(),
                label=(row.form.label.data or "").strip(),
                category=AT_RISK if row.form.at_risk.data else "",
                unit_price=row.form.said.amount or Money.zero(self.base),
                is_source=True,
            )
            for row in self.sources
            if not row.form.blank
        ]
        return [*costs, *sources]

    def _line(self, row: Any) -> Line:
        currency = row.currency.data
        return Line(
            code=(row.code.data or "").strip(),
            label=(row.label.data or "").strip(),
            category=row.group.data or "",
            unit_price=row.price.required(),
            quantity=row.quantity.data or 1,
            people=row.people.data or 1,
            days=row.days.data or 1,
            basis=Basis(row.basis.data),
            rate=None if currency == self.base else self._rate(currency),
            reason=row.reason.data or "",
        )

    def _rate(self, currency: str) -> Rate | None:
        """The rate that was typed, else the one that is known."""
        for row in self.rates:
            typed = row.form
            if typed.currency.data == currency and typed.value.rate is not None:
                source = (typed.source.data or "").strip() or str(_("typed"))
                return Rate(self.base, currency, typed.value.rate, typed.dated_on.data or today(), source)
        return self.known.get(currency)


def categories(kind: str) -> dict[str, Any]:
    """What a line of such a budget may be."""
    if kind == SEAT:
        return dict(GROUPS)
    return {"": "–", **GROUPS, IN_KIND: _l("Given in kind, outside the cash")}


def _written(lines: Iterable[Line]) -> dict[str, Any]:
    return {
        "lines": [
            {
                "code": one.code,
                "label": one.label,
                "group": one.category,
                "basis": one.basis.value,
                "quantity": one.quantity,
                "people": one.people,
                "days": one.days,
                "price": one.unit_price,
                "currency": one.unit_price.currency,
                "reason": one.reason,
            }
            for one in lines
            if not one.is_source
        ],
        "sources": [
            {
                "code": one.code,
                "label": one.label,
                "said": one.unit_price if one.unit_price else "",
                "at_risk": one.category == AT_RISK,
            }
            for one in lines
            if one.is_source
        ],
    }


class PayersForm(Form):
    """Who is meant to pay which line: an amount a line and source, and who takes the rest of a line.

    `payers_form` makes it for one version: its fields are named after the lines and the sources.
    """

    seen = IntegerField(validators=[Optional()], widget=HiddenInput())

    def paid_by(self, budget: Budget) -> dict[str, dict[str, Money]]:
        """What each source (its code) pays of each line (its code), after validation."""
        found: dict[str, dict[str, Money]] = {}
        for line in budget.costs:
            parts = {source.code: part for source in budget.sources if (part := self._part(line, source))}
            if taker := self[f"rest_{line.id}"].data:
                others = (part for code, part in parts.items() if code != taker)
                parts[taker] = line.amount - Money.total(others, line.amount.currency)
            found[line.code] = parts
        return found

    def _part(self, line: BudgetLine, source: BudgetLine) -> Money | None:
        typed: Any = self[f"of_{line.id}_{source.id}"]
        amount: Money | None = typed.amount
        return amount


def payers_form(budget: Budget, currency: str) -> type[PayersForm]:
    """The form of one version, filled with what `shares` say of each line."""
    takers = as_choices([("", _l("nobody yet")), *((one.code, one.label) for one in budget.sources)])
    fields: dict[str, Any] = {}
    for line in budget.costs:
        for source in budget.sources:
            fields[f"of_{line.id}_{source.id}"] = MoneyField(source.label, currency=currency)
        fields[f"rest_{line.id}"] = SelectField(_l("The rest is paid by"), choices=takers)
    return type("PayersOfVersion", (PayersForm,), fields)
