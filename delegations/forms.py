"""The forms of delegations, each making the command of its operation."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import date
from typing import Any

from wtforms import (
    BooleanField,
    DateField,
    EmailField,
    HiddenField,
    IntegerField,
    SelectField,
    StringField,
    TextAreaField,
)
from wtforms.validators import DataRequired, InputRequired, Length, NumberRange, Optional
from wtforms.widgets import HiddenInput

from delegations.lifecycle.invitations import MOST_SEATS, InviteDelegation
from delegations.models import Delegation
from delegations.savings.plans import OpenPlan, RecordDeposit
from delegations.savings.schedule import MOST_INSTALMENTS, Remainder
from delegations.seats.nominations import Nominate
from events.models import ROLE_LABELS, BadgeRole
from network.editing import EditForm
from network.fields import CountryField, LanguagesField, LocaleField, an_address, at_least_one
from network.models import Person
from network.people import CompleteRecord, PersonDetails
from shared.forms import (
    Form,
    MoneyField,
    as_choices,
    more_than_nothing,
)
from shared.i18n import _, _l
from shared.money import BadAmount, Money
from treasury.models import PaymentMethod


class InviteForm(Form):
    """Whom an edition invites."""

    edition_id = SelectField(_l("Edition"), coerce=int)
    organisation_id = SelectField(_l("Organisation that sends it"), coerce=int, default=0)
    name = StringField(_l("Name of the delegation"), [DataRequired(), Length(max=160)])
    code = StringField(_l("Code"), [DataRequired(), Length(max=24)])
    contact_name = StringField(_l("Name of the head of delegation"), [Length(max=120)])
    contact_email = EmailField(
        _l("E-mail address of the head of delegation"), [DataRequired(), an_address, Length(max=255)]
    )
    locale = LocaleField(_l("Language of the message"))

    def command(self) -> InviteDelegation:
        """The invitation."""
        return InviteDelegation(
            edition_id=self.edition_id.data,
            organisation_id=self.organisation_id.data or None,
            code=self.code.data or "",
            name=self.name.data or "",
            contact_email=self.contact_email.data or "",
            contact_name=self.contact_name.data or "",
            locale=self.locale.data or "fr",
        )


class SeatsForm(EditForm):
    """How many seats, asked for or given."""

    count = IntegerField(_l("Number of seats"), [InputRequired(), NumberRange(1, MOST_SEATS)])
    note = TextAreaField(_l("What for"), [Length(max=2000)])


class ReasonForm(Form):
    """Why something is undone; kept with it."""

    reason = TextAreaField(_l("Reason"), [DataRequired(), Length(max=1000)])


class WhyForm(Form):
    """Why a delegation takes a step; needed where it goes back or out."""

    reason = TextAreaField(_l("Reason"), [Length(max=1000)])


class LeavingForm(ReasonForm):
    """Why a person leaves a seat. `seated` is who sat there on the page that was read, `comes` who waited."""

    seated = IntegerField(validators=[Optional()], widget=HiddenInput())
    comes = IntegerField(validators=[Optional()], widget=HiddenInput())


class WithdrawForm(LeavingForm):
    """Why a seat is withdrawn, and since when."""

    on = DateField(_l("Date"), [InputRequired()])


class NominatorForm(EditForm):
    """Which body names the person of a seat."""

    nominator = StringField(_l("Who nominates"), [Length(max=160)])


ROLES = (
    BadgeRole.DELEGATE,
    BadgeRole.HEAD,
    BadgeRole.ALTERNATE,
    BadgeRole.ADVISER,
    BadgeRole.OBSERVER,
    BadgeRole.GUEST,
    BadgeRole.INTERPRETER,
)
"""As what a delegation may name somebody."""


class RoleForm(Form):
    """As what somebody comes."""

    role = SelectField(_l("Role"), choices=as_choices((one.value, ROLE_LABELS[one]) for one in ROLES))


class NominateForm(Form):
    """Who is put forward for a seat; they complete the rest themselves."""

    name = StringField(_l("Name"), [DataRequired(), Length(max=160)])
    email = EmailField(_l("E-mail address"), [Optional(), an_address, Length(max=255)])
    organisation_name = StringField(_l("Organisation"), [Length(max=200)])
    role = SelectField(_l("Role"), choices=as_choices((one.value, ROLE_LABELS[one]) for one in ROLES))
    locale = LocaleField(_l("Language of the message"))

    def command(self) -> Nominate:
        """The nomination."""
        person = PersonDetails(
            name=self.name.data or "",
            email=self.email.data or "",
            organisation_name=self.organisation_name.data or "",
            locale=self.locale.data or "fr",
        )
        return Nominate(person=person, role=BadgeRole(self.role.data))


class SubstituteForm(LeavingForm, NominateForm):
    """Who takes a seat over, and why."""

    reason = TextAreaField(_l("Reason"), [DataRequired(), Length(max=1000)])  # after the others, as it stands


class OpenPlanForm(Form):
    """An organisation's plan to save."""

    payer_name = StringField(_l("Who saves"), [DataRequired(), Length(max=200)])
    payer_email = EmailField(_l("Their e-mail address"), [DataRequired(), an_address, Length(max=255)])
    code = StringField(_l("Code of the plan"), [DataRequired(), Length(max=24)])
    seats = IntegerField(_l("For how many seats"), [InputRequired(), NumberRange(1, MOST_SEATS)])
    target = MoneyField(_l("Amount to save"), [InputRequired(), more_than_nothing])
    count = IntegerField(_l("Number of instalments"), [InputRequired(), NumberRange(1, MOST_INSTALMENTS)])
    every_months = SelectField(
        _l("How often"),
        coerce=int,
        choices=as_choices(
            {
                1: _l("every month"),
                3: _l("every quarter"),
                6: _l("every half-year"),
                12: _l("every year"),
            }.items()
        ),
    )
    first_due = DateField(_l("First due on"), [InputRequired()])
    remainder = SelectField(
        _l("What does not divide evenly"),
        choices=as_choices(
            {
                Remainder.LAST.value: _l("goes into the last instalment: all others are the same"),
                Remainder.SPREAD.value: _l("is spread: some instalments are a cent or franc more"),
            }.items()
        ),
        default=Remainder.LAST.value,
    )

    def prefill(self, told: Mapping[str, str]) -> None:
        """Take over what the planner worked out; what cannot be read is left out."""
        for name in ("seats", "count", "every_months"):
            if told.get(name, "").isascii() and told.get(name, "").isdigit():
                self[name].data = int(told[name])
        with suppress(ValueError):
            self.first_due.data = date.fromisoformat(told.get("first_due", ""))
        if told.get("currency") == self.target.currency:
            with suppress(BadAmount):
                offered: Any = Money.of(told.get("target", ""), self.target.currency)
                self.target.data = offered

    def command(self, delegation: Delegation, payer_id: int) -> OpenPlan:
        """The plan."""
        return OpenPlan(
            delegation_id=delegation.id,
            payer_id=payer_id,
            code=self.code.data or "",
            target=self.target.required(),
            count=self.count.data or 0,
            first_due=self.first_due.data or date.max,
            every_months=self.every_months.data,
            remainder=Remainder(self.remainder.data),
            seats=self.seats.data or 1,
            payer_email=self.payer_email.data or "",
        )


class PayForm(Form):
    """How much to pay by card."""

    amount = MoneyField(_l("Amount"), [InputRequired(), more_than_nothing])


class DepositForm(Form):
    """Money that a treasurer saw arrive. `key` makes sending the form twice the same as once."""

    payer = SelectField(_l("Whose deposit"), coerce=int, choices=as_choices([]))
    amount = MoneyField(_l("Amount"), [InputRequired(), more_than_nothing])
    received_on = DateField(_l("Received on"), [InputRequired()])
    method = SelectField(
        _l("How"),
        choices=as_choices(
            {
                PaymentMethod.TRANSFER.value: _l("Bank transfer"),
                PaymentMethod.CHEQUE.value: _l("Cheque"),
                PaymentMethod.CASH.value: _l("Cash"),
                PaymentMethod.MOBILE_MONEY.value: _l("Mobile money"),
            }.items()
        ),
    )
    operator = StringField(_l("Operator, or bank of the cheque"), [Length(max=60)])
    number = StringField(_l("Their reference, or the cheque’s number"), [Length(max=80)])
    narration = StringField(_l("Note"), [Optional(), Length(max=200)])
    key = HiddenField()

    def offer(self, payers: Sequence[tuple[int, str]]) -> None:
        """Whose it may be, with nobody chosen beforehand; where a plan has one payer, nobody is asked."""
        if len(payers) > 1:
            self.payer.choices = as_choices([(0, "—"), *payers])
        else:
            del self.payer

    def validate(self, extra_validators: Any = None) -> bool:
        """A deposit is somebody's; mobile money has an operator and a reference."""
        good = super().validate(extra_validators)
        if "payer" in self and not self.payer.data:
            self.payer.errors = [_("Choose whose deposit it is.")]
            good = False
        if self.method.data == PaymentMethod.MOBILE_MONEY.value:
            for field in (self.operator, self.number):
                if not (field.data or "").strip():
                    field.errors = [_("Mobile money has an operator and a reference: copy them.")]
                    good = False
        return good

    def command(self) -> RecordDeposit:
        """The deposit, into the account that its method goes to."""
        return RecordDeposit.by_method(
            PaymentMethod(self.method.data),
            amount=self.amount.required(),
            received_on=self.received_on.data or date.max,
            narration=self.narration.data or "",
            operator=(self.operator.data or "").strip(),
            number=(self.number.data or "").strip(),
            submission_key=self.key.data or "",
            payer_id=self.payer.data if "payer" in self else None,
        )


class FeeForm(Form):
    """Out of which fund a seat's fee is paid."""

    fund_id = SelectField(_l("Fund"), coerce=int)


class RecordForm(EditForm):
    """What a person says about themselves."""

    name = StringField(_l("Name, as on the badge"), [DataRequired(), Length(max=160)])
    organisation_name = StringField(_l("Organisation"), [Length(max=200)])
    country = CountryField(_l("Country"), [DataRequired()])
    languages = LanguagesField(_l("Languages you speak"), [at_least_one])
    locale = LocaleField(_l("We write to you in"))
    access_needs = TextAreaField(_l("Access needs"), [Length(max=2000)])
    access_needs_consent = BooleanField(_l("You may keep my access needs until 30 days after the gathering."))
    diet = StringField(_l("Diet"), [Length(max=300)])

    @staticmethod
    def known(person: Person) -> dict[str, Any]:
        """What is known of a person already, by the names of the fields."""
        return {
            "name": person.name,
            "organisation_name": person.shown_organisation,
            "country": person.country,
            "languages": list(person.languages),
            "locale": person.locale,
            "access_needs": person.access_needs,
            "access_needs_consent": person.access_needs_consented_at is not None,
            "diet": person.diet,
        }

    def command(self) -> CompleteRecord:
        """The record."""
        return CompleteRecord(
            name=self.name.data or "",
            organisation_name=self.organisation_name.data or "",
            country=self.country.data or "",
            locale=self.locale.data or "fr",
            languages=self.languages.data or (),
            access_needs=self.access_needs.data or "",
            access_needs_consent=bool(self.access_needs_consent.data),
            diet=self.diet.data or "",
        )
