"""Forms about funds: what they are for, who keeps them, overdrafts, commitments, opening balances."""

from typing import Any

from sqlalchemy import select
from wtforms import DateField, FieldList, FormField, IntegerField, SelectField, StringField, TextAreaField
from wtforms.validators import DataRequired, InputRequired, Length, NumberRange, Optional

from shared.clock import today
from shared.database import db
from shared.forms import Form, MoneyField, Part, as_choices, more_than_nothing, reader
from shared.i18n import _, _l
from shared.money import EXPONENTS
from treasury import chart
from treasury.books.frameworks import frameworks
from treasury.forms import (
    Drafting,
    Once,
    chart_choices,
    currency_choices,
    day,
    fund_choices,
    not_in_the_future,
    words,
)
from treasury.funds.commitments import Reserve
from treasury.funds.funds import DescribeEntity, DescribeFund
from treasury.funds.models import LegalEntity
from treasury.funds.openings import Opening
from treasury.funds.overdrafts import AllowOverdraft
from treasury.models import AccountKind, FundKind
from treasury.wording import FUND_KINDS

_ROWS = 4


def in_currency(field: MoneyField, chosen: SelectField) -> None:
    """Read the amount in the currency that was chosen."""
    field.currency = chosen.data if chosen.data in EXPONENTS else "CAD"


class FundForm(Form):
    """What is known of a fund."""

    name = StringField(_l("Name"), [DataRequired(), Length(max=160)])
    aim = TextAreaField(_l("What it is for"), [Length(max=1000)])
    purpose = StringField(_l("Budget categories it may pay"), [Length(max=120)])
    event = StringField(_l("Gathering it serves (its code)"), [Length(max=40)])
    starts_on = DateField(_l("May be spent from"), [Optional()])
    ends_on = DateField(_l("until"), [Optional()])
    entity = SelectField(_l("Kept by"), choices=lambda: _entities())

    def command(self) -> DescribeFund:
        """What to say of the fund."""
        return DescribeFund(
            name=words(self.name),
            aim=words(self.aim),
            purpose=words(self.purpose),
            event=words(self.event),
            starts_on=self.starts_on.data,
            ends_on=self.ends_on.data,
            entity_id=int(self.entity.data) if self.entity.data else None,
        )


def _entities() -> Any:
    rows = db.session.execute(select(LegalEntity.id, LegalEntity.name).order_by(LegalEntity.name))
    return as_choices([("", _("the default legal entity")), *((str(key), name) for key, name in rows)])


class NewFundForm(FundForm):
    """A fund that is opened by hand."""

    code = StringField(_l("Code"), [DataRequired(), Length(max=40)])
    kind = SelectField(_l("Kind"), choices=as_choices((one.value, FUND_KINDS[one]) for one in FundKind))


class EntityForm(Form):
    """A legal entity, as papers name it."""

    name = StringField(_l("Legal name"), [DataRequired(), Length(max=160)])
    country = StringField(_l("Country (two letters)"), [Length(max=2)])
    address = TextAreaField(_l("Address"), [Length(max=500)])
    registration_number = StringField(_l("Registration number"), [Length(max=60)])
    charity_number = StringField(_l("Charity registration number"), [Length(max=60)])
    framework = SelectField(_l("Chart of accounts it reports in"), choices=lambda: framework_choices())
    year_starts = IntegerField(
        _l("First month of its year"), [InputRequired(), NumberRange(min=1, max=12)], default=1
    )

    def command(self) -> DescribeEntity:
        """What to say of the entity."""
        return DescribeEntity(
            name=words(self.name),
            country=words(self.country),
            address=words(self.address),
            registration_number=words(self.registration_number),
            charity_number=words(self.charity_number),
            framework=self.framework.data,
            year_starts=self.year_starts.data or 1,
        )


def framework_choices() -> Any:
    """The charts that there is a mapping for."""
    return as_choices((key, one.title[reader()]) for key, one in frameworks().items())


class OverdraftForm(Form):
    """How far a fund may go below zero, when, and why."""

    fund = SelectField(_l("Fund"), [InputRequired()], choices=fund_choices)
    currency = SelectField(_l("Currency"), choices=currency_choices)
    limit = MoneyField(_l("How far below zero"), [InputRequired(), more_than_nothing])
    starts_on = DateField(_l("For entries dated from"), [InputRequired()], default=today)
    ends_on = DateField(_l("until"), [InputRequired()])
    reason = StringField(_l("Reason"), [DataRequired(), Length(max=300)])

    def validate(self, extra_validators: Any = None) -> bool:
        """The limit is read in the chosen currency."""
        in_currency(self.limit, self.currency)
        return bool(super().validate(extra_validators))

    def command(self) -> AllowOverdraft:
        """The overdraft to allow."""
        return AllowOverdraft(
            fund_id=int(self.fund.data),
            limit=self.limit.required(),
            starts_on=day(self.starts_on),
            ends_on=day(self.ends_on),
            reason=words(self.reason),
        )


class CommitmentForm(Once):
    """Money of a fund that is promised to somebody."""

    fund = SelectField(_l("Fund"), [InputRequired()], choices=fund_choices)
    currency = SelectField(_l("Currency"), choices=currency_choices)
    amount = MoneyField(_l("Amount"), [InputRequired(), more_than_nothing])
    payee = StringField(_l("To whom"), [DataRequired(), Length(max=160)])
    purpose = StringField(_l("For what"), [DataRequired(), Length(max=200)])
    dated_on = DateField(_l("Promised on"), [InputRequired(), not_in_the_future], default=today)
    expires_on = DateField(_l("Last day of the promise"), [Optional()])

    def validate(self, extra_validators: Any = None) -> bool:
        """The amount is read in the chosen currency."""
        in_currency(self.amount, self.currency)
        return bool(super().validate(extra_validators))

    def command(self) -> Reserve:
        """The promise."""
        return Reserve(
            fund_id=int(self.fund.data),
            amount=self.amount.required(),
            payee=words(self.payee),
            purpose=words(self.purpose),
            dated_on=day(self.dated_on),
            expires_on=self.expires_on.data,
            idempotency_key=self.key,
        )


class ReleaseForm(Form):
    """A part of a promise that is given back."""

    amount = MoneyField(_l("Amount"), [InputRequired(), more_than_nothing])
    reason = StringField(_l("Reason"), [DataRequired(), Length(max=200)])


class OpeningRow(Part):
    """What stood on one account, in one fund."""

    account = SelectField(_l("Account"), choices=lambda: _balance_accounts())
    fund = SelectField(_l("Fund"), choices=[])
    amount = MoneyField(_l("Amount"))


def _balance_accounts() -> Any:
    kept = chart_choices((AccountKind.ASSET, AccountKind.LIABILITY))
    return as_choices([("", "—"), *kept])


class OpeningForm(Drafting):
    """Opening balances of one day, in one currency."""

    dated_on = DateField(_l("First day of the books"), [InputRequired(), not_in_the_future], default=today)
    narration = StringField(_l("Where these figures come from"), [DataRequired(), Length(max=200)])
    currency = SelectField(_l("Currency"), choices=currency_choices)
    rows = FieldList(FormField(OpeningRow), min_entries=_ROWS, max_entries=40)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = fund_choices()
        for row in self.rows:
            row.form.fund.choices = choices

    def validate(self, extra_validators: Any = None) -> bool:
        """Amounts are read in the chosen currency; a row that was begun is whole."""
        for row in self.rows:
            in_currency(row.form.amount, self.currency)
        good = bool(super().validate(extra_validators))
        torn = [
            field for row in self._begun() for field in (row.account, row.fund, row.amount) if not field.data
        ]
        for field in torn:
            field.errors = [_("How much?") if isinstance(field, MoneyField) else _("Choose one.")]
        if torn:
            self.form_errors.append(_("A row that was begun names its account, its fund and an amount."))
            return False
        return good

    def _begun(self) -> list[Any]:
        return [row.form for row in self.rows if any(one.data for one in row.form)]

    def openings(self) -> list[Opening]:
        """What stood where; what we owed is negative."""
        owed = {code for code, (kind, _label) in chart.CHART.items() if kind is AccountKind.LIABILITY}
        return [
            Opening(
                row.account.data,
                int(row.fund.data),
                -row.amount.required() if row.account.data in owed else row.amount.required(),
            )
            for row in self._begun()
        ]
