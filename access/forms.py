"""The forms of sign-in and of one's own account."""

from babel import Locale
from flask_security.forms import TwoFactorRescueForm, TwoFactorSetupForm
from wtforms import EmailField, RadioField, SelectField, StringField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]
from wtforms.validators import DataRequired, Length

from shared.forms import Form, as_choices
from shared.i18n import LOCALES, _l

LANGUAGES = as_choices((code, Locale.parse(code).display_name.capitalize()) for code in LOCALES)
"""The languages of the product, each under its own name."""


class LinkForm(Form):
    """Where to send the link to."""

    email = EmailField(_l("E-mail address"), [DataRequired(), Length(max=255)])


class AccountForm(Form):
    """What people may change about themselves."""

    name = StringField(_l("Name"), [DataRequired(), Length(max=120)])
    locale = SelectField(_l("Language"), choices=LANGUAGES)


class SecondFactorForm(TwoFactorSetupForm):
    """Set up an authenticator, or do without."""

    setup = RadioField(
        _l("Second factor"),
        choices=[
            SelectChoice("authenticator", _l("Set up an authenticator")),
            SelectChoice("disable", _l("Do without it from now on")),
        ],
    )


class RescueForm(TwoFactorRescueForm):
    """Flask-Security makes it beside the form for the code; who lost everything writes to a person."""

    help_setup = RadioField(choices=[])
