"""The form of an agreement with a funder."""

from fractions import Fraction

from wtforms import (
    SelectField,
    SelectMultipleField,
    StringField,
)
from wtforms.validators import DataRequired, Length
from wtforms.widgets import CheckboxInput, ListWidget

from delegations.budgets.versions import GROUPS
from delegations.funding.agreements import AddAgreement
from delegations.funding.offers import Condition
from delegations.models import FundingKind
from shared.forms import Form, MoneyField, as_choices, more_than_nothing
from shared.i18n import _l


class Boxes(SelectMultipleField):
    """Several choices, one box each."""

    widget = ListWidget(prefix_label=False)
    option_widget = CheckboxInput()


class AgreementForm(Form):
    """What a funder adds, to what, for whom, up to where."""

    code = StringField(_l("Code"), [DataRequired(), Length(max=20)])
    name = StringField(_l("Funder and programme"), [DataRequired(), Length(max=160)])
    kind = SelectField(
        _l("What it adds"),
        choices=as_choices(
            [
                (FundingKind.MATCH.value, _l("a match: so much for each dollar saved")),
                (FundingKind.GRANT.value, _l("a grant: so much for each seat")),
                (FundingKind.PLEDGE.value, _l("a pledge: a promise of so much in all")),
            ]
        ),
    )
    ratio = SelectField(
        _l("Match"), choices=as_choices([("1", "1 : 1"), ("2", "2 : 1"), ("1/2", "1 : 2"), ("3", "3 : 1")])
    )
    amount = MoneyField(_l("Amount of the grant or pledge"), [more_than_nothing])
    cap = MoneyField(_l("At most, in all"), [more_than_nothing])
    categories = Boxes(_l("It may pay only"), choices=as_choices(GROUPS.items()))
    serves = Boxes(_l("For these delegations, in this order"), coerce=int)
    waits = SelectField(
        _l("Before it counts"),
        choices=as_choices(
            [
                ("", _l("nothing is missing")),
                (Condition.CHARITY_NUMBER.value, _l("a charity registration is needed")),
                (Condition.SIGNATURE.value, _l("a signature is needed")),
            ]
        ),
    )

    def command(self, edition_id: int, currency: str) -> AddAgreement:
        """The agreement."""
        kind = FundingKind(self.kind.data)
        return AddAgreement(
            edition_id=edition_id,
            code=(self.code.data or "").strip().upper(),
            name=self.name.data or "",
            kind=kind,
            currency=currency,
            ratio=Fraction(self.ratio.data) if kind is FundingKind.MATCH else Fraction(0),
            amount=None if kind is FundingKind.MATCH else self.amount.amount,
            cap=self.cap.amount,
            categories=self.categories.data or (),
            serves=self.serves.data or (),
            blocked=Condition(self.waits.data) if self.waits.data else None,
        )
