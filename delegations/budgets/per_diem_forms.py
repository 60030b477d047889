"""Forms of per-diems: a dated table of a place, a line worked out from it."""

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

from wtforms import DateField, IntegerField, SelectField, SelectMultipleField, StringField, SubmitField
from wtforms.validators import DataRequired, InputRequired, Length, NumberRange

from delegations.budgets.models import Basis
from delegations.budgets.per_diem import LONGEST, Lodging, Meal, Stay
from delegations.budgets.per_diems import AddPerDiem, AddTable
from shared.clock import today
from shared.forms import Form, MoneyField, as_choices
from shared.i18n import _l
from treasury.books.forms import RateField, every_currency
from treasury.books.rates import TYPED, Rate
from treasury.forms import day, words

MEALS = {Meal.BREAKFAST: _l("Breakfast"), Meal.LUNCH: _l("Lunch"), Meal.DINNER: _l("Dinner")}
LODGINGS = {Lodging.COMMERCIAL: _l("a hotel or hostel"), Lodging.PRIVATE: _l("with a host family")}
_PERCENT = [InputRequired(), NumberRange(0, 100, _l("A percentage from 0 to 100."))]


class TableForm(Form):
    """What a day in a place costs from a day on."""

    place = StringField(_l("Place"), [DataRequired(), Length(max=80)])
    currency = SelectField(_l("Currency"), choices=every_currency, default="XOF")
    valid_from = DateField(_l("In force from"), [InputRequired()])
    breakfast = MoneyField(_l("Breakfast"), [InputRequired()])
    lunch = MoneyField(_l("Lunch"), [InputRequired()])
    dinner = MoneyField(_l("Dinner"), [InputRequired()])
    commercial_percent = IntegerField(_l("Incidentals in a hotel (percent)"), _PERCENT, default=32)
    private_percent = IntegerField(_l("Incidentals with a host (percent)"), _PERCENT, default=20)
    ends_percent = IntegerField(_l("First and last day (percent)"), _PERCENT, default=100)
    long_percent = IntegerField(_l("From the 31st day (percent)"), _PERCENT, default=75)
    longest_percent = IntegerField(_l("From the 121st day (percent)"), _PERCENT, default=50)
    source = StringField(_l("Where it was read"), [DataRequired(), Length(max=160)])

    def __init__(self) -> None:
        super().__init__()
        for meal in (self.breakfast, self.lunch, self.dinner):
            meal.currency = self.currency.data or "XOF"

    def command(self) -> AddTable:
        """The table."""
        return AddTable(
            place=words(self.place),
            valid_from=day(self.valid_from),
            breakfast=self.breakfast.required(),
            lunch=self.lunch.required(),
            dinner=self.dinner.required(),
            commercial_percent=self.commercial_percent.data or 0,
            private_percent=self.private_percent.data or 0,
            ends_percent=self.ends_percent.data or 0,
            long_percent=self.long_percent.data or 0,
            longest_percent=self.longest_percent.data or 0,
            source=words(self.source),
        )


class PerDiemForm(Form):
    """A line from dates, place, lodging and the meals that somebody else provides, ticked day by day."""

    code = StringField(_l("Code"), [DataRequired(), Length(max=20)])
    label = StringField(_l("Label"), [DataRequired(), Length(max=160)])
    group = SelectField(_l("Category"))
    basis = SelectField(
        _l("Counts"),
        choices=as_choices([(Basis.SEAT.value, _l("per seat")), (Basis.WHOLE.value, _l("in all"))]),
    )
    place = SelectField(_l("Place"), [InputRequired()])
    starts_on = DateField(_l("First day"), [InputRequired()])
    ends_on = DateField(_l("Last day"), [InputRequired()])
    lodging = SelectField(
        _l("Where they sleep"), choices=as_choices((one.value, label) for one, label in LODGINGS.items())
    )
    people = IntegerField(_l("People"), [InputRequired(), NumberRange(1, 9999)], default=1)
    another = RateField(_l("Another rate"), render_kw={"inputmode": "decimal"})
    provided = SelectMultipleField(_l("Meals provided"), validate_choice=False)
    work = SubmitField(_l("Work it out"))

    def stay(self) -> Stay:
        """Dates, lodging and what is provided, after validation."""
        starts, ends = day(self.starts_on), day(self.ends_on)
        return Stay(starts, ends, Lodging(self.lodging.data), self._provided(starts, ends))

    def _provided(self, starts: date, ends: date) -> dict[date, frozenset[Meal]]:
        ticked = set(self.provided.data or [])
        length = min((ends - starts).days + 1, LONGEST)
        days = (starts + timedelta(days=number) for number in range(max(length, 0)))
        found = {on: frozenset(meal for meal in Meal if f"{on}/{meal}" in ticked) for on in days}
        return {on: meals for on, meals in found.items() if meals}

    def typed_rate(self, base: str, quote: str) -> Rate | None:
        """The rate that was typed instead of the one that is known."""
        value = self.another.rate if "another" in self else None
        return Rate(base, quote, value, today(), TYPED) if value and base != quote else None

    def command(self, rate: Rate | None) -> AddPerDiem:
        """The line."""
        return AddPerDiem(
            code=words(self.code),
            label=words(self.label),
            category=self.group.data or "",
            place=self.place.data,
            stay=self.stay(),
            people=self.people.data or 1,
            basis=Basis(self.basis.data) if "basis" in self else Basis.SEAT,
            rate=rate,
        )


def place_choices(places: Iterable[str]) -> Any:
    """The places that have tables."""
    return as_choices((one, one) for one in places)
