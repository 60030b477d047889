"""Forms of advances and claims, each making the command of its operation."""

from collections.abc import Sequence
from typing import Any
from uuid import uuid4

from flask_wtf.file import FileField, FileRequired
from wtforms import DateField, HiddenField, SelectField, StringField
from wtforms.validators import DataRequired, InputRequired, Length

from delegations.budgets.advances import AskAdvance, ChangeAdvance
from delegations.budgets.claim_models import ClaimLine
from delegations.budgets.claims import AddLine, OpenClaim
from delegations.funding.agreement_forms import Boxes
from shared.clock import today
from shared.forms import Form, MoneyField, as_choices, more_than_nothing
from shared.i18n import _, _l
from treasury.forms import Once, day, not_in_the_future, words

_PHOTO = {"accept": "image/*,application/pdf"}  # a phone offers its camera, and what it has already


class AdvanceForm(Form):
    """Money advanced to somebody; give `holder` its choices and `amount` its currency first."""

    holder = SelectField(_l("To whom"), [InputRequired()], coerce=int)
    fund = SelectField(_l("From the fund"), [InputRequired()], coerce=int)
    amount = MoneyField(_l("Amount"), [InputRequired(), more_than_nothing])
    purpose = StringField(_l("What for"), [DataRequired(), Length(max=200)])
    given_on = DateField(_l("On"), [InputRequired(), not_in_the_future], default=today)

    def command(self) -> AskAdvance:
        """The advance."""
        return AskAdvance(
            fund_id=self.fund.data,
            holder_id=self.holder.data,
            amount=self.amount.required(),
            purpose=words(self.purpose),
            given_on=day(self.given_on),
        )


class ChangeForm(Form):
    """What was changed, as the slip of the exchange office says."""

    given = MoneyField(_l("Given"), [InputRequired(), more_than_nothing])
    received = MoneyField(_l("Received"), [InputRequired(), more_than_nothing])
    changed_on = DateField(_l("On"), [InputRequired(), not_in_the_future], default=today)
    slip = StringField(_l("What the slip says"), [DataRequired(), Length(max=160)])

    def command(self) -> ChangeAdvance:
        """The change."""
        return ChangeAdvance(
            given=self.given.required(),
            received=self.received.required(),
            changed_on=day(self.changed_on),
            slip=words(self.slip),
        )


class ReturnForm(Form):
    """What the holder gave back."""

    amount = MoneyField(_l("Amount"), [InputRequired(), more_than_nothing])
    on = DateField(_l("On"), [InputRequired(), not_in_the_future], default=today)


class ClaimForm(Form):
    """The head of a claim: what for, in which currency, against which advance."""

    title = StringField(_l("What for"), [DataRequired(), Length(max=160)])
    currency = SelectField(_l("Currency"), [InputRequired()])
    advance = SelectField(_l("Paid from the advance"), coerce=int, default=0)

    def command(self) -> OpenClaim:
        """The claim."""
        return OpenClaim(
            title=words(self.title), currency=self.currency.data, advance_id=self.advance.data or None
        )


class ClaimLineForm(Once):
    """One thing that was paid, with the photograph of its voucher; sent twice it is one."""

    description = StringField(_l("What was paid"), [DataRequired(), Length(max=160)])
    spent_on = DateField(_l("On"), [InputRequired(), not_in_the_future], default=today)
    amount = MoneyField(_l("Amount"), [InputRequired(), more_than_nothing])
    category = SelectField(_l("Line of the budget"))
    voucher = FileField(_l("Photograph of the voucher, or a PDF"), render_kw=_PHOTO)
    missing_reason = StringField(_l("Without a voucher: why"), [Length(max=200)])
    seats = Boxes(_l("For which seats, in equal parts"), coerce=int)

    def __init__(
        self,
        currency: str,
        lines: Sequence[tuple[str, str]],
        seats: Sequence[tuple[int, str]] = (),
        known: ClaimLine | None = None,
    ) -> None:
        """For a new line, or for one that is `known` and said anew."""
        super().__init__(data=_told(known) if known else None)
        self.proven = known is not None and known.voucher is not None
        self.seats.choices = as_choices(seats)
        self.amount.currency = currency
        self.category.choices = as_choices([("", _("none")), *lines])

    def validate(self, extra_validators: object = None) -> bool:
        """Either a voucher, or why there is none."""
        good = super().validate(extra_validators)
        if not (self.voucher.data or self.proven or words(self.missing_reason)):
            self.missing_reason.errors = [_("Add the voucher, or say why there is none.")]
            return False
        return good

    def command(self) -> AddLine:
        """The line."""
        upload = self.voucher.data
        return AddLine(
            spent_on=day(self.spent_on),
            description=words(self.description),
            amount=self.amount.required(),
            category=self.category.data or "",
            voucher=upload.read() if upload else None,
            voucher_name=upload.filename or "" if upload else "",
            missing_reason="" if upload else words(self.missing_reason),
            seat_ids=self.seats.data or (),
            key=self.key,
        )


def _told(line: ClaimLine) -> dict[str, Any]:
    """What a line says, field by field."""
    same = ("description", "spent_on", "amount", "category", "missing_reason")
    return {name: getattr(line, name) for name in same} | {"seats": [one.seat_id for one in line.shares]}


class FirstLineForm(ClaimLineForm):
    """A new claim with its first line, as a phone keeps it; its others come with the same `claim_key`."""

    title = StringField(_l("What for"), [DataRequired(), Length(max=160)])
    currency = SelectField(_l("Currency"), [InputRequired()])
    advance = SelectField(_l("Paid from the advance"), coerce=int, default=0)
    claim_key = HiddenField(validators=[Length(max=60)], default=lambda: uuid4().hex)

    def __init__(
        self,
        currencies: Sequence[str],
        advances: Sequence[tuple[int, str]],
        lines: Sequence[tuple[str, str]],
        seats: Sequence[tuple[int, str]] = (),
    ) -> None:
        super().__init__(currencies[0], lines, seats)
        self.currency.choices = as_choices((one, one) for one in currencies)
        self.advance.choices = as_choices([(0, _("no advance")), *advances])
        if self.currency.data in currencies:
            self.amount.currency = self.currency.data

    def claim(self) -> OpenClaim:
        """The claim; its further lines carry the same key."""
        return OpenClaim(
            title=words(self.title),
            currency=self.currency.data,
            advance_id=self.advance.data or None,
            key=self.claim_key.data or "",
        )


class VoucherForm(Form):
    """A voucher that turned up later."""

    voucher = FileField(_l("Photograph of the voucher, or a PDF"), [FileRequired()], render_kw=_PHOTO)
