"""The form of a budget: its lines and those who are meant to pay, one row each."""

import json
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

from delegations.budgets.draft_lines import in_words, moved
from delegations.budgets.models import AT_RISK, IN_KIND, SEAT, Basis
from delegations.budgets.templates import code_of
from delegations.budgets.versions import GROUPS, Line
from network.editing import Change, EditForm
from shared.clock import today
from shared.forms import MoneyField, Part, as_choices
from shared.i18n import _, _l
from shared.money import Money
from treasury.books.forms import RateField
from treasury.books.rates import TYPED, Rate

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


class BudgetForm(EditForm):
    """A version of a budget, row by row; more rows are there for the asking.

    `known` are the dated rates of other currencies; `offered` the lines it begins with.
    """

    number = HiddenField(_l("Number of this version"))

    title = StringField(_l("Title"), [DataRequired(), Length(max=160)])
    reason = TextAreaField(_l("Why this version differs from the one before"), [Length(max=500)])
    lines = FieldList(FormField(LineRow), min_entries=_ROWS, max_entries=_MOST_ROWS)
    sources = FieldList(FormField(SourceRow), min_entries=_ROWS // 2, max_entries=_MOST_ROWS)
    rates = FieldList(FormField(RateRow))
    more = SubmitField(_l("More rows"))

    def __init__(
        self,
        kind: str,
        currency: str,
        known: Mapping[str, Rate | None],
        offered: Sequence[Line] = (),
        **told: Any,
    ) -> None:
        self.kind, self.base, self.known, self.offered = kind, currency, known, offered
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
            row.form.code.data = row.form.code.data or code_of(self.kind, number)
        for number, source in enumerate(self.sources, 1):
            source.form.said.currency = self.base
            source.form.code.data = source.form.code.data or f"R{number:02}"

    def add_rows(self) -> None:
        """A few rows more, of both."""
        for rows, some in ((self.lines, _ROWS), (self.sources, 1)):
            for _row in range(min(some, _MOST_ROWS - len(rows.entries))):
                rows.append_entry()
        self._furnish()

    def stands(self, number: int, title: str, reason: str, lines: Sequence[Line]) -> dict[str, Any]:
        """A version as `open` shows it and `must_be_as_seen` compares it."""
        self.offered = lines
        head = {"number": str(number), "title": title, "reason": reason}
        return {**head, "offered": in_words(lines, self.kind)}

    def show(self, now: Mapping[str, Any]) -> None:
        """The head of what stands there now; the rows show it already."""
        self.number.data, self.title.data, self.reason.data = now["number"], now["title"], now["reason"]
        self.seen.data = json.dumps(now)

    def changed(self, seen: Mapping[str, Any], now: Mapping[str, Any]) -> Iterable[Change]:
        """With the rows, by their codes: what the reader had not touched follows."""
        head = {name: value for name, value in now.items() if name != "offered"}
        changes = list(super().changed(seen, head))
        told = seen.get("offered")
        before = told if isinstance(told, dict) else now["offered"]
        lines = list(moved(before, now["offered"], in_words(self.read(), self.kind)))
        theirs = {line.code: line for line in self.offered}
        for one in lines:
            if one.follows:
                self._follow(one.code, theirs.get(one.code))
        self._furnish()
        return [*changes, *(one.change for one in lines)]

    def _follow(self, code: str, line: Line | None) -> None:
        """The row of this code says what stands there now: empty for a line that is gone."""
        told = _written([line] if line else [])
        parts: tuple[tuple[Any, Any], ...] = ((self.lines, told["lines"]), (self.sources, told["sources"]))
        for rows, written in parts:
            row = next((one.form for one in rows if one.form.code.data == code), None)
            if row is not None:
                _say(row, written[0] if written else {"label": "", "price": "", "said": ""})
            elif written:
                empty = next((one.form for one in rows if one.form.blank), None)
                _say(empty or rows.append_entry().form, written[0])

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
                source = (typed.source.data or "").strip() or TYPED
                return Rate(self.base, currency, typed.value.rate, typed.dated_on.data or today(), source)
        return self.known.get(currency)


def categories(kind: str) -> dict[str, Any]:
    """What a line of such a budget may be."""
    if kind == SEAT:
        return dict(GROUPS)
    return {"": "–", **GROUPS, IN_KIND: _l("Given in kind, outside the cash")}


def _say(row: Any, values: Mapping[str, Any]) -> None:
    """The row says these, whatever was typed into it."""
    for name, value in values.items():
        if name in row:
            row[name].raw_data = None
            row[name].process_data(value)


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
