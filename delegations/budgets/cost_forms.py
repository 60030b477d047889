"""The form of a new agreement with a funder."""

from collections.abc import Sequence
from fractions import Fraction

from wtforms import SelectField, StringField
from wtforms.validators import DataRequired, Length

from delegations.funding.agreement_forms import AgreedForm, Boxes
from delegations.funding.agreements import AddAgreement
from delegations.funding.offers import Basis
from delegations.funding.terms import Sharing
from delegations.models import Delegation, FundingKind
from shared.forms import as_choices
from shared.i18n import _l


class AgreementForm(AgreedForm):
    """What a funder adds, to what, for whom, up to where; the rarer terms stay folded away."""

    code = StringField(_l("Code"), [DataRequired(), Length(max=20)])
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
    serves = Boxes(_l("For these delegations"), coerce=int)

    def __init__(self, currency: str, members: Sequence[Delegation]) -> None:
        super().__init__(currency, members, data={"turns": [{"delegation_id": one.id} for one in members]})
        self.serves.choices = as_choices((one.id, self.names[str(one.id)]) for one in members)

    @property
    def unfolded(self) -> bool:
        """Something rarer was filled in, or is wrong: it is shown."""
        rarer = self.through, self.opens, self.closes, self.stacks
        usual = self.basis.data == Basis.CASH and self.sharing.data == Sharing.STATED
        return bool(self.errors or self.turn_of() or not usual or any(field.data for field in rarer))

    def command(self, edition_id: int, currency: str) -> AddAgreement:
        """The agreement. Who has a turn is served by it; the others after them, as listed."""
        kind = FundingKind(self.kind.data)
        turns = self.turn_of()
        ticked = {*(self.serves.data or ()), *turns}
        served = [member for member in map(int, self.names) if member in ticked]
        return AddAgreement(
            edition_id=edition_id,
            code=(self.code.data or "").strip().upper(),
            kind=kind,
            currency=currency,
            ratio=Fraction(self.ratio.data) if kind is FundingKind.MATCH else Fraction(0),
            serves=tuple(sorted(served, key=lambda member: turns.get(member, _LAST))),
            **self.agreed(kind),
        )


_LAST = 1000
"""After every turn that can be written."""
