"""The public planner: how much a month, for whoever asks; one click makes it a plan for a signed-in head."""

from datetime import date, timedelta
from fractions import Fraction
from typing import Any

from flask import request, url_for
from wtforms import DateField, IntegerField, SelectField, StringField
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from access.asking import person
from access.policy import Permission
from delegations import pictures, queries
from delegations.lifecycle.invitations import MOST_SEATS
from delegations.pages import blueprint, form_page
from delegations.savings import planner
from delegations.savings.planner import Answer, Question
from delegations.savings.schedule import BadPlan, Frequency, months_after
from shared.clock import today
from shared.forms import Form, MoneyField, as_choices, explain, more_than_nothing
from shared.i18n import _l
from shared.limits import limiter
from shared.money import Money
from shared.web import public

CURRENCIES = ("CAD", "EUR", "XOF", "USD")
MATCHES = {
    "0": _l("nobody"),
    "1/2": _l("half as much again"),
    "1": _l("as much again (1 for 1)"),
    "2": _l("twice as much (2 for 1)"),
}
RHYTHMS = {1: _l("every month"), 3: _l("every quarter"), 6: _l("every half-year"), 12: _l("every year")}


class PlannerForm(Form):
    """How many, where, when, what is there, which funder doubles it."""

    people = IntegerField(_l("How many people"), [InputRequired(), NumberRange(1, MOST_SEATS)])
    place = StringField(_l("Where to"), [Optional(), Length(max=80)])
    leaves = DateField(_l("Departure on"), [InputRequired()])
    currency = SelectField(_l("Currency"), choices=as_choices((one, one) for one in CURRENCIES))
    each = MoneyField(_l("What one person costs"), [InputRequired(), more_than_nothing])
    already = MoneyField(_l("Already put aside"), [Optional()])
    match = SelectField(_l("Who adds to it"), choices=as_choices(MATCHES.items()))
    payable = MoneyField(_l("What the funder may pay of one person"), [Optional()])
    first = DateField(_l("First deposit on"), [InputRequired()])
    every = SelectField(_l("How often"), coerce=int, choices=as_choices(RHYTHMS.items()))

    def question(self) -> Question:
        """What is asked; call it on a valid form."""
        assert self.people.data and self.leaves.data and self.first.data
        return Question(
            people=self.people.data,
            each=self.each.required(),
            already=self.already.amount or Money.zero(self.currency.data),
            leaves=self.leaves.data,
            first=self.first.data,
            every=Frequency(self.every.data),
            match=Fraction(self.match.data),
            payable=self.payable.amount,
        )


@blueprint.get("/planner")
@public
@limiter.limit("120 per minute")
def ask_planner() -> Any:
    """How much to put aside, as figures, a curve and a table. The address keeps the question."""
    form = PlannerForm(request.args if request.args else None, data=_example(), meta={"csrf": False})
    currency = form.currency.data if form.currency.data in CURRENCIES else CURRENCIES[0]
    for field in (form.each, form.already, form.payable):
        field.currency = currency
    found = None
    if not request.args:
        found = planner.answer(_example_question())
    elif form.validate():
        try:
            found = planner.answer(form.question())
        except BadPlan as refused:
            explain(form, refused)
    return form_page(
        "delegations/planner.html", form, found=found, example=not request.args,
        picture=pictures.planned_of(found) if found and found.steps else None,
        rhythm=RHYTHMS.get(form.every.data, "") if found and len(found.steps) > 1 else "",
        opens=_opens(form, found) if request.args and found else [],
        address=request.url if request.args else "",
    )  # fmt: skip


def _example() -> dict[str, Any]:
    """Three people to a gathering in eighteen months: something to change."""
    start = _start(today())
    each = Money(450_000, CURRENCIES[0])
    return {
        "people": 3, "currency": CURRENCIES[0], "each": each, "match": "0", "every": 1,
        "first": start, "leaves": months_after(start, 18) + timedelta(days=10),
    }  # fmt: skip


def _start(on: date) -> date:
    """The next 15th of a month."""
    return on.replace(day=15) if on.day < 15 else months_after(on.replace(day=15), 1)


def _example_question() -> Question:
    known = _example()
    return Question(
        people=known["people"], each=known["each"], already=Money.zero(CURRENCIES[0]),
        leaves=known["leaves"], first=known["first"], every=Frequency(1),
    )  # fmt: skip


def _opens(form: PlannerForm, found: Answer) -> list[tuple[str, str]]:
    """Where the reader may make this a plan: a delegation's name and the address of its filled form."""
    if not found.steps:
        return []
    told = {
        "target": found.own.decimal(),
        "currency": found.own.currency,
        "count": len(found.steps),
        "first_due": found.steps[0].instalment.due.isoformat(),
        "every_months": form.every.data,
        "seats": form.people.data,
    }
    return [
        (one.name, url_for("delegations.open_plan", code=one.code, **told))
        for one in queries.where_plans_open(person(), Permission.PLAN_MANAGE)
        if found.own.currency in {one.edition.currency, *one.edition.currencies}
    ]
