"""What people say of themselves in a form: address, country, languages, in the reader's words."""

from functools import lru_cache
from typing import Any

from babel import Locale
from markupsafe import Markup
from wtforms import SelectField, SelectMultipleField
from wtforms.validators import Email, ValidationError
from wtforms.widgets import CheckboxInput, ListWidget, Select, html_params

from shared.forms import as_choices, reader
from shared.i18n import DEFAULT_LOCALE, LOCALES, _l

SPOKEN = ("fr", "en", "es", "pt", "wo", "ar", "bm", "de", "it")
"""Languages that people of these gatherings speak, offered first to last."""

an_address = Email(_l("This is not an e-mail address. It looks like name@example.org."))
"""A validator: something that can be written to; what is not is told in the words of this house."""


class LanguagesField(SelectMultipleField):
    """The languages somebody speaks, one box each."""

    widget = ListWidget(prefix_label=False)
    option_widget = CheckboxInput()

    def __init__(self, label: Any = None, validators: Any = None, **options: Any) -> None:
        super().__init__(label, validators, choices=lambda: as_choices(language_choices()), **options)


class Countries(Select):
    """The list of 250 countries, written once for each language and choice rather than for each reader."""

    def __call__(self, field: Any, **attributes: Any) -> Markup:
        """The list with the field's country chosen."""
        attributes = {"id": field.id, **({"required": True} if field.flags.required else {}), **attributes}
        chosen = field.data if field.data in _codes() else ""
        return Markup("<select {}>{}</select>").format(
            Markup(html_params(name=field.name, **attributes)),  # noqa: S704 - escapes by itself
            _country_options(reader(), chosen),
        )


@lru_cache(maxsize=1024)
def _country_options(locale: str, chosen: str) -> Markup:
    option, marked = Markup('<option value="{}"{}>{}</option>'), Markup(" selected")
    return Markup("").join(
        option.format(code, marked if code == chosen else "", name) for code, name in _countries(locale)
    )


class CountryField(SelectField):
    """A country, by its name in the reader's language."""

    widget = Countries()

    def __init__(self, label: Any = None, validators: Any = None, **options: Any) -> None:
        super().__init__(label, validators, choices=[], **options)

    def pre_validate(self, form: Any) -> None:
        """One of the countries, looked up rather than searched for."""
        if self.data not in _codes():
            raise ValidationError(self.gettext("Not a valid choice."))


class LocaleField(SelectField):
    """The language in which somebody is written to, each by its own name."""

    def __init__(self, label: Any = None, validators: Any = None, **options: Any) -> None:
        super().__init__(
            label, validators, choices=as_choices((one, own_name(one)) for one in LOCALES), **options
        )


def own_name(code: str) -> str:
    """A language as its speakers call it: ``Français``."""
    return (Locale.parse(code).get_display_name(code) or code).capitalize()


def language_choices() -> list[tuple[str, str]]:
    """Spoken languages, named in the reader's."""
    names = Locale.parse(reader()).languages
    return [(code, names.get(code, code)) for code in SPOKEN]


def country_choices() -> list[tuple[str, str]]:
    """Every country by its name in the reader's language, an empty choice first."""
    return list(_countries(reader()))


@lru_cache(maxsize=len(LOCALES))
def _countries(locale: str) -> tuple[tuple[str, str], ...]:
    names = Locale.parse(locale).territories
    countries = [(code, name) for code, name in names.items() if len(code) == 2 and code.isalpha()]
    return (("", "—"), *sorted(((c, n) for c, n in countries if c not in _NO_COUNTRY), key=_by_name))


@lru_cache(maxsize=1)
def _codes() -> frozenset[str]:
    return frozenset(code for code, _name in _countries(DEFAULT_LOCALE))


_NO_COUNTRY = {"EU", "EZ", "UN", "XA", "XB", "ZZ", "QO"}
_PLAIN = str.maketrans("ÀÂÄÅÇÉÈÊËÎÏÔÖØÙÛÜ", "AAAACEEEEIIOOOUUU")


def _by_name(choice: tuple[str, str]) -> str:
    """French sorts Émirats with E, not after Z."""
    return choice[1].upper().translate(_PLAIN)


def at_least_one(form: Any, field: Any) -> None:
    """A validator: something is chosen. It marks no box as required, or browsers would want them all."""
    if not field.data:
        raise ValidationError(str(_CHOOSE))


_CHOOSE = _l("Choose at least one.")
