"""Forms about the books as a whole: money changed, rates, periods, the year's end, documents."""

import re
from fractions import Fraction
from typing import Any

from flask_wtf.file import FileField, FileRequired
from wtforms import DateField, SelectField, StringField
from wtforms.validators import DataRequired, InputRequired, Length, StopValidation

from shared.clock import today
from shared.forms import Form, MoneyField, as_choices, more_than_nothing
from shared.i18n import _, _l
from shared.money import EXPONENTS
from treasury import chart
from treasury.books.exchange import Conversion, as_rate, typed_rates
from treasury.books.rates import Rate
from treasury.forms import Drafting, day, fund_choices, not_in_the_future, words
from treasury.funds.forms import in_currency
from treasury.wording import rate_figure, rate_source

_FROM = (chart.BANK, chart.CASH, chart.MOBILE_MONEY, chart.ADVANCES)
OF_THE_DAY, OF_THE_SLIP = "day", "slip"


def every_currency() -> Any:
    """The currencies that money may come in; the most used here first."""
    first = [one for one in ("CAD", "EUR", "XOF", "USD") if one in EXPONENTS]
    return as_choices((one, one) for one in [*first, *sorted(set(EXPONENTS) - set(first))])


class RateField(StringField):
    """A rate as people write it: digits with a comma or a point; never a float. `rate` is what it means."""

    rate: Fraction | None = None

    def pre_validate(self, form: Any) -> None:
        """Read the rate, or say how it is written."""
        text = re.sub(r"[\s\u00a0\u202f]", "", str(self.data or ""))
        if not text:
            return
        if not re.fullmatch(r"[0-9]{1,9}([.,][0-9]{1,9})?", text) or not Fraction(text.replace(",", ".")):
            raise StopValidation(_("Write the rate like 655.957, more than zero."))
        self.rate = Fraction(text.replace(",", "."))


class RateForm(Form):
    """A rate that somebody read somewhere."""

    base = SelectField(_l("One unit of"), choices=every_currency)
    quote = SelectField(_l("is worth, in"), choices=every_currency, default="XOF")
    value = RateField(_l("Rate"), [InputRequired()], render_kw={"inputmode": "decimal"})
    dated_on = DateField(_l("On"), [InputRequired(), not_in_the_future], default=today)
    source = StringField(_l("Where it was read"), [DataRequired(), Length(max=160)])

    def rate(self) -> Rate:
        """The rate to keep."""
        assert self.value.rate is not None, "asked for a rate before validation"
        return Rate(self.base.data, self.quote.data, self.value.rate, day(self.dated_on), words(self.source))


class ConversionForm(Drafting):
    """Money changed into another currency, as the slip says."""

    fund = SelectField(_l("Fund"), [InputRequired()], choices=fund_choices)
    account = SelectField(_l("Taken from"), choices=lambda: _accounts())
    given_currency = SelectField(_l("Currency given"), choices=every_currency)
    given = MoneyField(_l("Given"), [InputRequired(), more_than_nothing])
    received_account = SelectField(_l("Received in"), choices=lambda: _accounts(), default=chart.CASH)
    received_currency = SelectField(_l("Currency received"), choices=every_currency, default="XOF")
    received = MoneyField(_l("Received"), [InputRequired(), more_than_nothing])
    dated_on = DateField(_l("Date"), [InputRequired(), not_in_the_future], default=today)
    slip = StringField(_l("Where it was changed (the slip)"), [DataRequired(), Length(max=160)])
    reference = SelectField(_l("Rate the books hold it against"), choices=lambda: _references())

    def validate(self, extra_validators: Any = None) -> bool:
        """Each amount is read in its own currency."""
        in_currency(self.given, self.given_currency)
        in_currency(self.received, self.received_currency)
        if not super().validate(extra_validators):
            return False
        reference = self._typed()
        if reference and (reference.base, reference.quote) != (
            self.given_currency.data,
            self.received_currency.data,
        ):
            self.reference.errors = [_("This rate is for other currencies.")]
            return False
        return True

    def _typed(self) -> Rate | None:
        rows = {str(one.id): one for one in typed_rates()}
        return as_rate(rows[self.reference.data]) if self.reference.data in rows else None

    def command(self) -> Conversion:
        """The conversion to draft."""
        given, received, slip = self.given.required(), self.received.required(), words(self.slip)
        reference = self._typed()
        if self.reference.data == OF_THE_SLIP:
            made = Fraction(received.decimal()) / Fraction(given.decimal())
            reference = Rate(given.currency, received.currency, made, day(self.dated_on), slip)
        return Conversion(
            fund_id=int(self.fund.data),
            given=given,
            received=received,
            dated_on=day(self.dated_on),
            narration=slip,
            slip=slip,
            reference=reference,
            account_code=self.account.data,
            received_code=self.received_account.data,
            idempotency_key=self.key,
        )


def _accounts() -> Any:
    return as_choices((code, f"{code} · {chart.CHART[code][1]}") for code in _FROM)


def _references() -> Any:
    ways = [
        (OF_THE_DAY, _("the central bank’s, that day")),
        (OF_THE_SLIP, _("the slip’s own: no difference")),
    ]
    typed = [
        (str(one.id), f"1 {one.base} = {rate_figure(one)} {one.quote} · {rate_source(one.source)}")
        for one in typed_rates()
    ]
    return as_choices([*ways, *typed])


class CloseForm(Form):
    """Close the books up to a day."""

    day = DateField(_l("Close up to and including"), [InputRequired(), not_in_the_future])
    reason = StringField(_l("Why what is still open may stay so"), [Length(max=300)])


class YearEndForm(Form):
    """The last day of the year that is carried forward."""

    day = DateField(_l("Last day of the year"), [InputRequired(), not_in_the_future])


class DocumentForm(Form):
    """One document of an entry."""

    document = FileField(_l("Photograph or PDF, 10 MB at the most"), [FileRequired(_l("Choose a file."))])
