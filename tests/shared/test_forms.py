"""An amount typed into a form means what the reader's language says, or is refused and kept as typed."""

from typing import Any

import pytest
from flask import Flask
from flask_babel import force_locale
from werkzeug.datastructures import MultiDict
from wtforms import FieldList, FormField, StringField
from wtforms.validators import InputRequired, Length

from shared.errors import DomainError
from shared.forms import Form, MoneyField, Part, explain, more_than_nothing
from shared.money import Money


class Row(Part):
    memo = StringField("Memo", [Length(max=60)])


class Example(Form):
    class Meta:
        csrf = False

    amount = MoneyField("Amount", [InputRequired(), more_than_nothing])
    name = StringField("Name", [Length(max=60)])
    rows = FieldList(FormField(Row), min_entries=1)


def filled(app: Flask, locale: str, text: str, currency: str = "CAD") -> Any:
    with app.test_request_context(method="POST"), force_locale(locale):
        form = Example(MultiDict({"amount": text}))
        form.amount.currency = currency
        form.validate()
        assert form.amount._value() == text  # what was typed stays
        return form.amount


class Chosen(Example):
    given_currency = StringField("Currency")


def test_a_label_tells_the_currency_that_nobody_chooses(app: Flask) -> None:
    field = app.jinja_env.get_template("macros/forms.html").module.field  # type: ignore[attr-defined]
    with app.test_request_context():
        labels = []
        for form in (Example(), Chosen()):
            form.amount.currency = "XOF"
            labels.append(field(form.amount).split("</label>")[0])
    assert ["XOF" in one for one in labels] == [True, False]


@pytest.mark.parametrize(
    ("locale", "text", "minor"),
    [
        ("fr", "4 500,00", 450000),
        ("fr", "4\u202f500,5", 450050),
        ("en", "4,500.00", 450000),
        ("en", "4,500", 450000),
        ("fr", "750", 75000),
    ],
)
def test_an_amount_is_read_by_the_readers_rule(app: Flask, locale: str, text: str, minor: int) -> None:
    assert filled(app, locale, text).amount == Money(minor, "CAD")


@pytest.mark.parametrize(
    ("locale", "text"),
    [
        ("fr", "4,500.00"),
        ("fr", "1e3"),
        ("fr", "NaN"),
        ("fr", "1_000"),
        ("fr", "−5"),
        ("en", "٤٥٠"),
        ("fr", "4,500"),
    ],
)
def test_what_could_mean_two_things_is_refused(app: Flask, locale: str, text: str) -> None:
    field = filled(app, locale, text)
    assert field.amount is None
    assert len(field.errors) == 1


def test_francs_have_no_cents(app: Flask) -> None:
    assert filled(app, "fr", "830 000", "XOF").amount == Money(830000, "XOF")
    assert filled(app, "fr", "830 000,50", "XOF").errors


def test_an_empty_or_zero_amount_is_refused(app: Flask) -> None:
    assert filled(app, "fr", "").errors
    assert filled(app, "fr", "0,00").errors


def test_a_refusal_stands_at_its_field_or_at_the_head(app: Flask) -> None:
    with app.test_request_context(method="POST"):
        form = Example(MultiDict({"amount": "750"}))
        explain(form, DomainError(field="name"))
        explain(form, DomainError())
        assert len(form.name.errors) == len(form.form_errors) == 1


@pytest.mark.parametrize("field", ["name", "rows-0-memo"])
@pytest.mark.parametrize(
    ("text", "fine"),
    [
        ("Ndèye Ŋóoy ★ 名前 فاطمة 😀", True),
        ("two\nlines\tand a tab", True),
        ("Nul\x00", False),
        ("\x1b[31mred", False),
        ("moc.elpmaxe\u202eFatou", False),
        ("\ud800", False),
    ],
)
def test_what_no_page_can_show_is_said_at_its_field(app: Flask, field: str, text: str, fine: bool) -> None:
    with app.test_request_context(method="POST"), force_locale("en"):
        form = Example(MultiDict({"amount": "1", field: text}))
        form.amount.currency = "CAD"
        assert form.validate() is fine
        assert ("cannot be printed" in str(form.errors)) is not fine


@pytest.mark.parametrize("field", ["name", "rows-0-memo"])
def test_what_is_too_long_is_said_in_the_readers_language(app: Flask, field: str) -> None:
    with app.test_request_context(method="POST"), force_locale("fr"):
        form = Example(MultiDict({"amount": "1", field: "x" * 61}))
        form.amount.currency = "CAD"
        assert not form.validate()
        [said] = form.name.errors or form.rows[0].memo.errors
        assert said == "Le champ ne peut pas contenir plus de 60 caractères."
