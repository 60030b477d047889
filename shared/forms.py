"""What every form shares: amounts read by the reader's locale, choices, errors at the field."""

import re
from collections.abc import Iterable
from typing import Any

from flask_babel import Domain, get_locale
from flask_wtf import FlaskForm
from wtforms import StringField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]
from wtforms.form import Form as WTForm
from wtforms.i18n import messages_path
from wtforms.validators import StopValidation, ValidationError

from shared.errors import DomainError
from shared.i18n import DEFAULT_LOCALE, _l
from shared.money import BadAmount, Money, format_plain

_UNPRINTABLE = re.compile(
    r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufdd0-\ufdef\ufffd-\uffff]"
)
"""What no page and no badge can show, and what turns the direction of the text around it."""


def printable(form: Any, field: Any) -> None:
    """A validator: every character can be shown."""
    if _UNPRINTABLE.search(str(field.data or "")):
        raise ValidationError(str(_CANNOT_PRINT))


_CANNOT_PRINT = _l("There are characters in this that cannot be printed. Type it again.")


class Part(WTForm):
    """A form inside a form, such as a line of it: whatever is typed into it can be shown."""

    class Meta:
        sentences = Domain([messages_path()], domain="wtforms")  # Flask-WTF reads the file for each request

        def get_translations(self, form: Any) -> Any:
            return self.sentences.get_translations()

    def validate(self, extra_validators: Any = None) -> bool:
        """Whether everything is right; what is not is said at its field."""
        texts = [field.short_name for field in self if isinstance(field, StringField)]
        return super().validate({name: [printable] for name in texts} | (extra_validators or {}))


class Form(Part, FlaskForm):  # type: ignore[misc]
    """A form of this house."""


class MoneyField(StringField):
    """An amount in `currency` (set it before validation; `fixed`: no field of the form chooses another).

    It is read by the rule of the reader's locale. What was typed stays; `amount` is what it means, validated.
    """

    def __init__(self, label: Any = None, validators: Any = None, currency: str = "", **options: Any) -> None:
        options.setdefault("render_kw", {"inputmode": "decimal", "autocomplete": "off"})
        super().__init__(label, validators, **options)
        self.currency = currency
        self.fixed = not any(name.endswith("currency") for name in dir(options.get("_form")))
        self.amount: Money | None = None

    def _value(self) -> str:
        offered: Any = self.data
        return format_plain(offered, reader()) if isinstance(offered, Money) else str(offered or "")

    def pre_validate(self, form: Any) -> None:
        """Read the amount. An empty field is left to the other validators."""
        if not (text := str(self.data or "").strip()):
            return
        try:
            self.amount = Money.parse(text, self.currency, reader())
        except BadAmount as problem:
            raise StopValidation(problem.sentence()) from problem

    def required(self) -> Money:
        """The amount of a field that has passed `InputRequired`."""
        assert self.amount is not None, "asked for an amount before validation"
        return self.amount


def as_choices(pairs: Iterable[tuple[Any, Any]]) -> list[SelectChoice]:
    """Values and labels as the choices of a field."""
    return [SelectChoice(value, label) for value, label in pairs]


def reader() -> str:
    """The reader's locale as a code."""
    return str(get_locale() or DEFAULT_LOCALE)


def explain(form: Form, refused: DomainError) -> None:
    """Put what an operation refused at its field, or at the head of the form."""
    field = form[refused.field] if refused.field and refused.field in form else None
    if field is None:
        form.form_errors.append(refused.sentence())
    else:
        field.errors = [*field.errors, refused.sentence()]


def more_than_nothing(form: Any, field: MoneyField) -> None:
    """A validator: the amount is positive."""
    if field.amount is not None and field.amount.minor <= 0:
        raise ValidationError(str(_POSITIVE))


_POSITIVE = _l("The amount must be more than zero.")
