"""Forms of an edition's costs and funders: a budget typed line by line, an agreement with a funder."""

import re
from fractions import Fraction

from flask_wtf import FlaskForm
from wtforms import SelectField, SelectMultipleField, StringField, TextAreaField
from wtforms.validators import DataRequired, Length
from wtforms.widgets import CheckboxInput, ListWidget

from delegations.agreements import AddAgreement
from delegations.budgets import GROUPS, Line
from delegations.funding import Condition
from delegations.models import Budget, FundingKind
from shared.errors import DomainError
from shared.forms import MoneyField, as_choices, more_than_nothing, reader
from shared.i18n import _l
from shared.money import BadAmount, Money, format_plain


class BadLine(DomainError):
    """A line of the budget that cannot be read."""

    code = "bad_budget_line"
    status = 422
    message = _l("Line %(number)s could not be read. Write it like: %(example)s")


class BudgetForm(FlaskForm):  # type: ignore[misc]
    """What one seat costs, one line each: code; label; quantity; unit price; group (T, E or U)."""

    title = StringField(_l("Title"), [DataRequired(), Length(max=160)])
    lines = TextAreaField(_l("Lines"), [DataRequired(), Length(max=20_000)], render_kw={"rows": 14})

    def read(self, currency: str) -> list[Line]:
        """The lines, amounts by the reader's locale. Raises `BadLine` with the line's number."""
        found = []
        for number, text in enumerate((self.lines.data or "").splitlines(), 1):
            if text.strip():
                found.append(_line(number, text, currency))
        return found

    @staticmethod
    def written(budget: Budget) -> str:
        """A budget's lines as they are typed here."""
        locale = reader()
        return "\n".join(
            f"{one.code}; {one.label}; {one.quantity}; {format_plain(one.unit_price, locale)}; {one.category}"
            for one in budget.lines
            if not one.is_source
        )


def _line(number: int, text: str, currency: str) -> Line:
    parts = [part.strip() for part in text.split(";")]
    try:
        code, label, quantity, price, group = parts
        if not code or not label or group not in GROUPS or not re.fullmatch(r"[1-9][0-9]{0,3}", quantity):
            raise ValueError(text)
        return Line(
            code=code,
            label=label,
            category=group,
            unit_price=Money.parse(price, currency, reader()),
            quantity=int(quantity),
        )
    except (ValueError, BadAmount) as wrong:
        example = f"L01; {_EXAMPLE}; 1; {format_plain(Money.of('2050.00', 'CAD'), reader())}; T"
        raise BadLine(field="lines", number=number, example=example) from wrong


_EXAMPLE = _l("Return flight")


class _Boxes(SelectMultipleField):
    """Several choices, one box each."""

    widget = ListWidget(prefix_label=False)
    option_widget = CheckboxInput()


class AgreementForm(FlaskForm):  # type: ignore[misc]
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
    categories = _Boxes(_l("It may pay only"), choices=as_choices(GROUPS.items()))
    serves = _Boxes(_l("For these delegations, in this order"), coerce=int)
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
