"""The organiser's forms: a series, an edition, a fee."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from wtforms import (
    BooleanField,
    DateField,
    DateTimeLocalField,
    Field,
    IntegerField,
    SelectField,
    StringField,
    TextAreaField,
)
from wtforms.validators import DataRequired, InputRequired, Length, NumberRange, Optional, ValidationError

from events.editions import AddTier, CreateEdition, EditionDetails, is_zone
from events.models import Edition, EventSeries
from network.fields import CountryField, LanguagesField
from shared.forms import Form, MoneyField
from shared.i18n import LOCALES, _, _l
from shared.money import EXPONENTS, Money

ZONES = (
    "Africa/Abidjan", "Africa/Algiers", "Africa/Bamako", "Africa/Casablanca", "Africa/Dakar",
    "Africa/Johannesburg", "Africa/Kinshasa", "Africa/Lagos", "Africa/Nairobi", "Africa/Tunis",
    "America/Bogota", "America/Halifax", "America/La_Paz", "America/Lima", "America/Mexico_City",
    "America/Montevideo", "America/Port-au-Prince", "America/Sao_Paulo", "America/Toronto",
    "America/Vancouver", "Asia/Kolkata", "Asia/Manila", "Asia/Tokyo", "Europe/Brussels",
    "Europe/Lisbon", "Europe/London", "Europe/Luxembourg", "Europe/Madrid", "Europe/Paris",
    "Europe/Zurich",
)  # fmt: skip
"""Zones suggested while typing; any other of the IANA database is accepted."""

_CURRENCIES: Any = sorted(EXPONENTS)


class EditionForm(Form):
    """Everything that an edition says about itself. Moments are typed in its own zone."""

    name = StringField(_l("Name"), [DataRequired(_l("Write the name.")), Length(max=200)])
    theme = StringField(_l("Theme"), [Length(max=300)])
    description = TextAreaField(_l("What it is about"), [Length(max=4000)])
    starts_on = DateField(_l("First day"), [InputRequired(_l("Choose the first day."))])
    ends_on = DateField(_l("Last day"), [InputRequired(_l("Choose the last day."))])
    place = StringField(_l("Town and place"), [DataRequired(_l("Write the place.")), Length(max=200)])
    country = CountryField(_l("Country"), [DataRequired(_l("Choose the country."))])
    zone = StringField(
        _l("Time zone"), [DataRequired(_l("Write the time zone, like Africa/Dakar.")), Length(max=60)]
    )
    languages = LanguagesField(_l("Languages of the gathering"))
    currency = SelectField(_l("Currency of the fee"), choices=_CURRENCIES)
    fee = MoneyField(_l("Registration fee"), [InputRequired(_l("Write the fee; 0 if it is free."))])
    currencies = StringField(_l("Other currencies accepted"), [Length(max=100)])
    capacity = IntegerField(_l("Places"), [Optional(), NumberRange(0, 1_000_000)])
    registration_opens_at = DateTimeLocalField(_l("Registration opens"), [Optional()])
    registration_closes_at = DateTimeLocalField(_l("Registration closes"), [Optional()])
    delegation_deadline = DateField(_l("Delegations name their people until"), [Optional()])
    open_to_public = BooleanField(_l("Anybody may register, not only delegations"), default=True)

    def __init__(self, edition: Edition | None = None) -> None:
        super().__init__(data=_known(edition) if edition else {"currency": "CAD", "languages": ["fr"]})
        self.fee.currency = self.currency.data if self.currency.data in EXPONENTS else "CAD"

    def validate_zone(self, field: Field) -> None:
        """A zone of the IANA database."""
        if not is_zone(field.data or ""):
            raise ValidationError(_("This is not a time zone. Write one like Africa/Dakar."))

    def details(self) -> EditionDetails:
        """What was typed."""
        return EditionDetails(**self._values())

    def _values(self) -> dict[str, Any]:
        return {
            "name": self.name.data,
            "theme": self.theme.data or "",
            "description": self.description.data or "",
            "starts_on": self.starts_on.data,
            "ends_on": self.ends_on.data,
            "zone": self.zone.data,
            "place": self.place.data,
            "country": self.country.data,
            "fee": self.fee.required(),
            "currencies": tuple((self.currencies.data or "").replace(",", " ").split()),
            "languages": tuple(self.languages.data or ()),
            "capacity": self.capacity.data,
            "registration_opens_at": self._moment(self.registration_opens_at.data),
            "registration_closes_at": self._moment(self.registration_closes_at.data),
            "delegation_deadline": self.delegation_deadline.data,
            "open_to_public": self.open_to_public.data,
        }

    def _moment(self, typed: datetime | None) -> datetime | None:
        return typed and typed.replace(tzinfo=ZoneInfo(self.zone.data or "UTC"))


class NewEditionForm(EditionForm):
    """An edition of a series that exists, or of a new one."""

    series = SelectField(_l("Series"))
    series_code = StringField(_l("Code of the new series"), [Length(max=20)])
    series_name = StringField(_l("Name of the new series"), [Length(max=200)])
    code = StringField(_l("Code"), [DataRequired(_l("Write a code, like DKR05.")), Length(max=20)])

    def __init__(self, series: Sequence[EventSeries]) -> None:
        super().__init__()
        self.series.choices = [*((str(one.id), one.name) for one in series), ("", _("A new series"))]

    def validate_series_name(self, field: Field) -> None:
        """A new series has a code and a name."""
        if self.wants_series() and not ((field.data or "").strip() and (self.series_code.data or "").strip()):
            raise ValidationError(_("Write the code and the name of the new series."))

    def wants_series(self) -> bool:
        """Whether the edition begins a series: chosen so, or a new one was named."""
        named = (self.series_code.data or "").strip() or (self.series_name.data or "").strip()
        return bool(named or not self.series.data)

    def command(self, series_id: int) -> CreateEdition:
        """The new edition of this series."""
        return CreateEdition(code=self.code.data or "", series_id=series_id, **self._values())


class TierForm(Form):
    """One more fee to choose from."""

    code = StringField(_l("Code"), [DataRequired(_l("Write a code, like solidaire.")), Length(max=30)])
    label_fr = StringField(_l("Name in French"), [DataRequired(_l("Write the name.")), Length(max=60)])
    label_en = StringField(_l("Name in English"), [Length(max=60)])
    amount = MoneyField(_l("Amount"), [InputRequired(_l("Write the amount; 0 if it is free."))])

    def __init__(self, edition: Edition) -> None:
        super().__init__()
        self.amount.currency = edition.fee.currency

    def command(self) -> AddTier:
        """The new fee."""
        labels = {locale: self[f"label_{locale}"].data or "" for locale in LOCALES}
        return AddTier(code=self.code.data or "", label=labels, amount=self.amount.required())


class ReasonForm(Form):
    """Why something is decided about somebody."""

    reason = StringField(_l("Reason"), [DataRequired(_l("Write the reason.")), Length(max=300)])


class ReceiptForm(Form):
    """Money seen to arrive."""

    received_on = DateField(_l("Received on"), [InputRequired(_l("Choose the day."))])


def _known(edition: Edition) -> dict[str, Any]:
    zone = ZoneInfo(edition.zone)
    moments = {
        name: moment and moment.astimezone(zone).replace(tzinfo=None)
        for name in ("registration_opens_at", "registration_closes_at")
        for moment in (getattr(edition, name),)
    }
    same = (
        "name", "theme", "description", "starts_on", "ends_on", "zone", "place", "country", "capacity",
        "delegation_deadline", "open_to_public", "languages",
    )  # fmt: skip
    fee: Money = edition.fee
    return {
        **{name: getattr(edition, name) for name in same},
        **moments,
        "currency": fee.currency,
        "fee": fee,
        "currencies": ", ".join(code for code in edition.currencies if code != fee.currency),
    }
