"""Forms of services in kind: what was given, and whether it counts."""

from typing import Any

from flask_wtf.file import FileField
from wtforms import DateField, IntegerField, SelectField, StringField
from wtforms.validators import DataRequired, InputRequired, Length, NumberRange

from delegations.funding.service_models import ServiceKind
from delegations.funding.services import RecordService, ServiceState
from delegations.funding.volunteering import KINDS
from delegations.models import Delegation
from shared.clock import today
from shared.forms import Form, MoneyField, as_choices, more_than_nothing
from shared.i18n import _, _l
from treasury.forms import not_in_the_future, words


class ServiceForm(Form):
    """A service that somebody gave; give `rate` its currency first."""

    description = StringField(_l("What was given"), [DataRequired(), Length(max=200)])
    kind = SelectField(_l("What kind of thing"), choices=as_choices(KINDS.items()))
    giver = StringField(_l("Given by"), [DataRequired(), Length(max=160)])
    given_on = DateField(_l("On"), [InputRequired(), not_in_the_future], default=today)
    quantity = IntegerField(
        _l("How much"), [InputRequired(), NumberRange(1, 100_000, _l("A whole number from 1."))]
    )
    unit = StringField(_l("Unit"), [DataRequired(), Length(max=20)], default="h")
    rate = MoneyField(_l("What one unit is worth"), [InputRequired(), more_than_nothing])
    basis = StringField(_l("Where this rate comes from"), [DataRequired(), Length(max=200)])
    evidence = StringField(_l("What proves it"), [Length(max=200)])
    document = FileField(_l("The document"), render_kw={"accept": "image/*,application/pdf"})

    def command(self, delegation: Delegation) -> RecordService:
        """The service, waiting to be decided on."""
        quantity = self.quantity.data or 0
        return RecordService(
            edition_id=delegation.edition_id,
            delegation_id=delegation.id,
            description=words(self.description),
            giver=words(self.giver),
            quantity=quantity,
            unit=words(self.unit),
            value=self.rate.required() * quantity,
            kind=ServiceKind(self.kind.data),
            given_on=self.given_on.data,
            basis=words(self.basis),
            evidence=words(self.evidence),
        )


class DecisionForm(Form):
    """Whether a service counts: what proves it, or why not."""

    verdict = SelectField(
        _l("It is"),
        choices=as_choices(
            [(ServiceState.ACCEPTED.value, _l("accepted")), (ServiceState.REFUSED.value, _l("refused"))]
        ),
    )
    evidence = StringField(_l("What proves it"), [Length(max=200)])
    reason = StringField(_l("Why"), [Length(max=200)])

    def validate(self, extra_validators: Any = None) -> bool:
        """A refusal says why."""
        good = super().validate(extra_validators)
        if self.verdict.data == ServiceState.REFUSED.value and not (self.reason.data or "").strip():
            self.reason.errors = [_("Say why it is refused.")]
            return False
        return good
