"""The forms of the desk: notes and coins counted, cheques received and brought to the bank."""

from typing import Any

from wtforms import DateField, IntegerField, SelectField, StringField
from wtforms.validators import DataRequired, InputRequired, Length, NumberRange, Optional

from shared.clock import today
from shared.forms import Form, MoneyField, more_than_nothing
from shared.i18n import _l
from shared.money import Money, format_plain
from treasury.desk.cash import DENOMINATIONS
from treasury.forms import fund_choices, not_in_the_future

_MOST_PIECES = 100_000


def count_form(currency: str, base: type[Form], locale: str, **kwargs: Any) -> Any:
    """`base` with one field a denomination of `currency`: how many pieces of it are there."""
    fields = {
        f"pieces_{minor}": IntegerField(
            format_plain(Money(minor, currency), locale),
            [Optional(), NumberRange(0, _MOST_PIECES)],
            render_kw={"inputmode": "numeric", "min": 0},
        )
        for minor in DENOMINATIONS[currency]
    }
    return type("CountForm", (base,), fields)(**kwargs)


def counted(form: Form, currency: str) -> dict[int, int]:
    """Pieces by denomination, as typed; nothing typed is none."""
    return {minor: form[f"pieces_{minor}"].data or 0 for minor in DENOMINATIONS[currency]}


class OpenBoxForm(Form):
    """A cash box that opens."""

    place = StringField(_l("Where the box stands"), [DataRequired(), Length(max=80)])
    fund = SelectField(_l("Fund of a difference"), [InputRequired()], choices=fund_choices)


class TakeCashForm(Form):
    """A payment that somebody brings in notes and coins."""

    reference = StringField(_l("Reference of the payment"), [DataRequired(), Length(max=40)])
    amount = MoneyField(_l("What came"), [Optional(), more_than_nothing])
    paid_by = StringField(_l("Paid by somebody else"), [Length(max=160)])


class CloseBoxForm(Form):
    """A cash box that closes."""

    explanation = StringField(_l("What explains a difference"), [Length(max=200)])


class DepositForm(Form):
    """Cheques brought to the bank."""

    on = DateField(_l("Brought to the bank on"), [InputRequired(), not_in_the_future], default=today)
    slip = StringField(_l("Number of the deposit slip"), [Length(max=80)])
