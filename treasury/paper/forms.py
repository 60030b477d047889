"""Forms of papers and gifts: to whom they are made out, why they are voided, what was given."""

from typing import Any

from wtforms import BooleanField, DateField, SelectField, StringField, TextAreaField
from wtforms.validators import DataRequired, InputRequired, Length, Optional

from access.forms import LANGUAGES
from network.fields import an_address
from shared.forms import Form, MoneyField, as_choices, more_than_nothing
from shared.i18n import _l
from shared.money import EXPONENTS
from treasury.forms import currency_choices, fund_choices, not_in_the_future, words
from treasury.models import PaymentMethod
from treasury.paper.gifts import RecordGift
from treasury.paper.models import GiftNature, PaperKind
from treasury.paper.papers import Correction
from treasury.paper.payment_papers import MadeOutTo
from treasury.wording import GIFT_NATURES, METHODS, PAPER_TITLES

_HOW = (PaymentMethod.TRANSFER, PaymentMethod.CHEQUE, PaymentMethod.CASH, PaymentMethod.MOBILE_MONEY)


class MadeOutForm(Form):
    """To whom a paper is made out."""

    name = StringField(_l("Made out to"), [DataRequired(), Length(max=160)])
    address = TextAreaField(_l("Postal address"), [Length(max=400)])
    email = StringField(_l("E-mail"), [Optional(), an_address, Length(max=255)])
    locale = SelectField(_l("Language of the paper"), choices=LANGUAGES)
    send = BooleanField(_l("Send it by e-mail at once"), default=True)

    def made_out_to(self) -> MadeOutTo:
        """Whom the form names."""
        return MadeOutTo(
            name=words(self.name),
            address=words(self.address),
            email=words(self.email),
            locale=self.locale.data,
        )


class PaperForm(MadeOutForm):
    """Which paper of a payment is issued, and to whom."""

    kind = SelectField(_l("Paper"), choices=[])

    def offer(self, kinds: list[PaperKind]) -> None:
        """The kinds that can be issued now."""
        self.kind.choices = as_choices((one.value, PAPER_TITLES[one]) for one in kinds)


class VoidForm(MadeOutForm):
    """Why a paper is voided, and how the one in its place is made out."""

    reason = StringField(_l("Why it is voided"), [DataRequired(), Length(max=200)])
    replace = BooleanField(_l("Issue another in its place"), default=True)

    def correction(self) -> Correction:
        """How the new paper is made out."""
        to = self.made_out_to()
        return Correction(addressee=to.name, address=to.address, locale=to.locale, email=to.email)


class CreditForm(Form):
    """By how much an invoice is corrected, and why."""

    amount = MoneyField(_l("Amount taken off"), [InputRequired(), more_than_nothing])
    reason = StringField(_l("Reason"), [DataRequired(), Length(max=200)])


class LackingForm(Form):
    """What an official receipt lacks, and it alone."""

    told = TextAreaField("", [DataRequired(), Length(max=400)])


class GiftForm(Form):
    """What a donor gives or promises."""

    nature = SelectField(
        _l("What is given"), choices=as_choices((one.value, GIFT_NATURES[one]) for one in GiftNature)
    )
    fund = SelectField(_l("Fund"), [InputRequired()], choices=fund_choices)
    donor_name = StringField(_l("Donor"), [DataRequired(), Length(max=160)])
    donor_address = TextAreaField(_l("Postal address"), [Length(max=400)])
    donor_email = StringField(_l("E-mail"), [Optional(), an_address, Length(max=255)])
    locale = SelectField(_l("Language of the paper"), choices=LANGUAGES)
    currency = SelectField(_l("Currency"), choices=currency_choices)
    value = MoneyField(_l("Amount or fair market value"), [InputRequired(), more_than_nothing])
    advantage = MoneyField(_l("Value of the advantage"), [Optional()])
    advantage_for = StringField(_l("What the donor got in return"), [Length(max=200)])
    directed_to = StringField(_l("Person whom the donor chose to help"), [Length(max=160)])
    description = StringField(_l("Description"), [Length(max=200)])
    given_on = DateField(_l("Received on"), [Optional(), not_in_the_future])
    appraiser = TextAreaField(_l("Appraiser, with address"), [Length(max=400)])
    method = SelectField(_l("How"), choices=as_choices((one.value, METHODS[one]) for one in _HOW))

    def validate(self, extra_validators: Any = None) -> bool:
        """The amounts are read in the chosen currency."""
        currency = self.currency.data if self.currency.data in EXPONENTS else "CAD"
        self.value.currency = self.advantage.currency = currency
        return bool(super().validate(extra_validators))

    def command(self) -> RecordGift:
        """The gift to record."""
        return RecordGift(
            nature=GiftNature(self.nature.data),
            fund_id=int(self.fund.data),
            donor_name=words(self.donor_name),
            value=self.value.required(),
            donor_address=words(self.donor_address),
            donor_email=words(self.donor_email),
            locale=self.locale.data,
            advantage=self.advantage.amount,
            advantage_for=words(self.advantage_for),
            directed_to=words(self.directed_to),
            description=words(self.description),
            appraiser=words(self.appraiser),
            given_on=self.given_on.data,
            method=PaymentMethod(self.method.data),
        )
