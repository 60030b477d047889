"""The treasury's forms: what people type becomes commands; what cannot be read is said at its field."""

import uuid
from datetime import date
from typing import Any

from flask_wtf.file import FileField
from sqlalchemy import select
from wtforms import (
    DateField,
    FieldList,
    FormField,
    HiddenField,
    SelectField,
    StringField,
    SubmitField,
    TextAreaField,
)
from wtforms.validators import DataRequired, InputRequired, Length, ValidationError

from shared.clock import today
from shared.database import db
from shared.forms import Form, MoneyField, Part, as_choices, more_than_nothing
from shared.i18n import _, _l
from shared.money import EXPONENTS, Money
from treasury import chart
from treasury.funds.transfers import FundTransfer
from treasury.ledger import Leg
from treasury.models import Account, AccountKind, Fund, PaymentMethod
from treasury.payments import USUAL_ACCOUNT, RecordReceipt
from treasury.reconciliation.links import RecordLine
from treasury.wording import METHODS

RECEIVING = (chart.BANK, chart.CASH, chart.MOBILE_MONEY, chart.CHEQUES)
"""Accounts in which money is seen to arrive."""

_HOW = (PaymentMethod.TRANSFER, PaymentMethod.CHEQUE, PaymentMethod.CASH, PaymentMethod.MOBILE_MONEY)
_ROWS, _MOST_ROWS = 4, 20


def day(field: DateField) -> date:
    """The day of a field that has passed `InputRequired`."""
    assert field.data is not None, "asked for a day before validation"
    return field.data


def words(field: StringField) -> str:
    """What was typed, without spaces around it."""
    return (field.data or "").strip()


def fund_choices() -> Any:
    """Every fund by its code; an empty choice first, so that none is chosen by accident."""
    rows = db.session.execute(select(Fund.id, Fund.code, Fund.name).order_by(Fund.code))
    return as_choices([("", "—"), *((str(key), f"{code} · {name}") for key, code, name in rows)])


def chart_choices(kinds: tuple[AccountKind, ...] = tuple(AccountKind)) -> list[tuple[str, str]]:
    """The chart's accounts of these kinds, by code."""
    return [(code, f"{code} · {label}") for code, (kind, label) in chart.CHART.items() if kind in kinds]


def currency_choices() -> Any:
    """The currencies that the books hold, or Canadian dollars while they are empty."""
    held = db.session.scalars(select(Account.currency).distinct().order_by(Account.currency)).all()
    return as_choices((one, one) for one in held or ["CAD"])


def cash_accounts() -> list[Account]:
    """The accounts that have statements: what we have, in every currency."""
    kept = (chart.BANK, chart.STRIPE, chart.CASH, chart.MOBILE_MONEY)
    return list(
        db.session.scalars(
            select(Account).where(Account.code.in_(kept)).order_by(Account.code, Account.currency)
        )
    )


class Once(Form):
    """A form that counts once however often it is sent: `key` travels with it."""

    submission_key = HiddenField(default=lambda: uuid.uuid4().hex, validators=[Length(max=40)])

    @property
    def key(self) -> str:
        """What makes the entry of this form one entry."""
        return f"form:{self.submission_key.data}"


class Drafting(Once):
    """A form that writes a draft; the document that proves it may come along."""

    document = FileField(_l("Its document: photograph or PDF, 10 MB at the most"))


def not_in_the_future(form: Any, field: DateField) -> None:
    """A validator: the day has come."""
    if field.data and field.data > today():
        raise ValidationError(_("This day has not come yet."))


class ReceiptForm(Form):
    """When, where and how a payment was seen to arrive, as it came: what is odd is asked about later."""

    currency = SelectField(
        _l("Currency"), choices=lambda: as_choices((one, one) for one in sorted(EXPONENTS))
    )
    amount = MoneyField(_l("What came"), [InputRequired(), more_than_nothing])

    received_on = DateField(_l("Received on"), [InputRequired(), not_in_the_future], default=today)
    method = SelectField(_l("How"), choices=as_choices((one.value, METHODS[one]) for one in _HOW))
    account_code = SelectField(_l("Account"), choices=lambda: _receiving())
    operator = StringField(_l("Operator, or bank of the cheque"), [Length(max=60)])
    number = StringField(_l("Their reference, or the cheque’s number"), [Length(max=80)])
    paid_by = StringField(_l("Paid by somebody else"), [Length(max=160)])
    narration = StringField(_l("Note"), [Length(max=200)])

    def validate(self, extra_validators: Any = None) -> bool:
        """The amount is read in its currency; mobile money has an operator and a reference."""
        self.amount.currency = self.currency.data if self.currency.data in EXPONENTS else "CAD"
        good = super().validate(extra_validators)
        if self.method.data == PaymentMethod.MOBILE_MONEY.value:
            for field in (self.operator, self.number):
                if not words(field):
                    field.errors = [_("Mobile money has an operator and a reference: copy them.")]
                    good = False
        return good

    def command(self) -> RecordReceipt:
        """The receipt to record."""
        return RecordReceipt(
            received_on=day(self.received_on),
            account_code=self.account_code.data or USUAL_ACCOUNT[PaymentMethod(self.method.data)],
            narration=words(self.narration),
            method=PaymentMethod(self.method.data),
            amount=self.amount.required(),
            paid_by=words(self.paid_by),
            operator=words(self.operator),
            number=words(self.number),
        )


def _receiving() -> Any:
    named = [(code, f"{code} · {chart.CHART[code][1]}") for code in RECEIVING]
    return as_choices([("", _("the usual one for how it came")), *named])


class ReturnForm(Form):
    """A receipt that the bank took back."""

    on = DateField(_l("Taken back on"), [InputRequired(), not_in_the_future], default=today)
    reason = StringField(_l("Reason"), [DataRequired(), Length(max=200)])


class RefundForm(Form):
    """Money of a payment that is given back; a card's goes back to the card."""

    amount = MoneyField(_l("Amount"), [InputRequired(), more_than_nothing])
    reason = StringField(_l("Reason"), [DataRequired(), Length(max=150)])
    on = DateField(_l("Date"), [InputRequired(), not_in_the_future], default=today)
    account_code = SelectField(_l("Leaves from"), choices=lambda: _paying(), default=chart.BANK)


def _paying() -> Any:
    found = (chart.BANK, chart.CASH, chart.MOBILE_MONEY)
    return as_choices((code, f"{code} · {chart.CHART[code][1]}") for code in found)


class ReasonForm(Form):
    """Why something is done."""

    reason = StringField(_l("Reason"), [DataRequired(), Length(max=200)])


class ReversalForm(Drafting):
    """The mirror image of a posted entry."""

    dated_on = DateField(_l("Date of the reversal"), [InputRequired(), not_in_the_future], default=today)
    reason = StringField(_l("Reason"), [DataRequired(), Length(max=200)])


class TransferForm(Drafting):
    """Money of one fund given to another."""

    source = SelectField(_l("From the fund"), [InputRequired()], choices=fund_choices)
    target = SelectField(_l("To the fund"), [InputRequired()], choices=fund_choices)
    currency = SelectField(_l("Currency"), choices=currency_choices)
    amount = MoneyField(_l("Amount"), [InputRequired(), more_than_nothing])
    dated_on = DateField(_l("Date"), [InputRequired(), not_in_the_future], default=today)
    narration = StringField(_l("Who decided it, and why"), [DataRequired(), Length(max=200)])

    def validate(self, extra_validators: Any = None) -> bool:
        """The amount is read in the chosen currency; two funds are two."""
        self.amount.currency = self.currency.data if self.currency.data in EXPONENTS else "CAD"
        if not super().validate(extra_validators):
            return False
        if self.source.data == self.target.data:
            self.target.errors = [_("Choose another fund than the one that gives.")]
            return False
        return True

    def command(self) -> FundTransfer:
        """The transfer to draft."""
        return FundTransfer(
            source_fund_id=int(self.source.data),
            target_fund_id=int(self.target.data),
            amount=self.amount.required(),
            dated_on=day(self.dated_on),
            narration=words(self.narration),
            idempotency_key=self.key,
        )


class LegForm(Part):
    """One row of an entry: an account and a fund, and an amount on one of the two sides."""

    account = SelectField(_l("Account"), choices=lambda: as_choices([("", "—"), *chart_choices()]))
    fund = SelectField(_l("Fund"), choices=[])
    debit = MoneyField(_l("Debit"))
    credit = MoneyField(_l("Credit"))

    @property
    def blank(self) -> bool:
        """Nothing was typed in this row."""
        return not any(one.data for one in self)


class EntryForm(Drafting):
    """An entry written by hand, in one currency; another person posts it."""

    dated_on = DateField(_l("Date"), [InputRequired(), not_in_the_future], default=today)
    narration = StringField(_l("What happened"), [DataRequired(), Length(max=200)])
    currency = SelectField(_l("Currency"), choices=currency_choices)
    legs = FieldList(FormField(LegForm), min_entries=_ROWS, max_entries=_MOST_ROWS)
    more = SubmitField(_l("More rows"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._offer_funds()

    def _offer_funds(self) -> None:
        """One question to the database for all rows."""
        choices = fund_choices()
        for row in self.legs:
            row.form.fund.choices = choices

    def add_rows(self) -> None:
        """Two rows more, for long entries."""
        for _row in range(min(2, _MOST_ROWS - len(self.legs.entries))):
            self.legs.append_entry()
        self._offer_funds()

    def validate(self, extra_validators: Any = None) -> bool:
        """Read amounts in the entry's currency; each row that was touched is whole, both sides are equal."""
        currency = self.currency.data if self.currency.data in EXPONENTS else "CAD"
        for row in self.legs:
            row.form.debit.currency = row.form.credit.currency = currency
        good = super().validate(extra_validators)
        rows = [row.form for row in self.legs if not row.form.blank]
        torn = [row for row in rows if not _whole(row)]  # every row says what it lacks
        if torn or not good:
            return False
        if len(rows) < 2:
            self.form_errors.append(_("An entry has two rows at least."))
            return False
        return True

    def commands(self) -> list[Leg]:
        """The entry's legs, debit positive."""
        return [
            Leg(row.form.account.data, int(row.form.fund.data), _side(row.form))
            for row in self.legs
            if not row.form.blank
        ]


def _whole(row: LegForm) -> bool:
    for field in (row.account, row.fund):
        if not field.data:
            field.errors = [_("Choose one.")]
    if not row.debit.errors and not row.credit.errors:
        given = [one for one in (row.debit, row.credit) if one.amount]
        if len(given) != 1:
            row.debit.errors = [_("An amount on one of the two sides.")]
    return not any(one.errors for one in row)


def _side(row: LegForm) -> Money:
    return row.debit.amount if row.debit.amount else -row.credit.required()


class LineEntryForm(Form):
    """What a bank line without a counterpart is."""

    account_code = SelectField(_l("What it is"), choices=lambda: _counterparts())
    fund = SelectField(_l("Fund"), [InputRequired()], choices=fund_choices)
    narration = StringField(_l("In words"), [DataRequired(), Length(max=200)])

    def command(self) -> RecordLine:
        """The entry to draft from the line."""
        return RecordLine(
            fund_id=int(self.fund.data),
            account_code=self.account_code.data,
            narration=words(self.narration),
        )


def _counterparts() -> Any:
    kinds = (AccountKind.EXPENSE, AccountKind.INCOME, AccountKind.LIABILITY, AccountKind.ASSET)
    found = (one for one in chart_choices(kinds) if one[0] not in (chart.BANK, chart.CONVERSION))
    likely = (chart.BANK_FEES, chart.SUSPENSE)
    return as_choices(sorted(found, key=lambda one: (*(one[0] != code for code in likely), one[0])))


class ResolveForm(Form):
    """What was done about something on the attention list."""

    resolution = TextAreaField(_l("What was done"), [DataRequired(), Length(max=500)])
