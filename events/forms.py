"""The form by which anybody registers, without an account."""

import hashlib
import secrets
from collections.abc import Iterable
from typing import Any

from itsdangerous import BadSignature, TimestampSigner
from wtforms import (
    BooleanField,
    EmailField,
    Field,
    HiddenField,
    RadioField,
    StringField,
    SubmitField,
    TextAreaField,
)
from wtforms.validators import DataRequired, InputRequired, Length, Optional, ValidationError

from events.models import Edition
from events.registration import Register
from network.fields import CountryField, LanguagesField, an_address
from network.people import PersonDetails
from shared.forms import Form
from shared.i18n import _, _l
from treasury.models import PaymentMethod

QUICKEST = 2  # seconds a person needs at least


class RegistrationForm(Form):
    """Name, address and fee; the rest helps to welcome people."""

    name = StringField(
        _l("Name"),
        [DataRequired(_l("Write the name as it should stand on the badge.")), Length(max=160)],
    )
    email = EmailField(
        _l("E-mail address"),
        [
            DataRequired(_l("Write the address where we can reach you.")),
            Length(max=255),
            an_address,
        ],
    )
    organisation_name = StringField(_l("Organisation"), [Optional(), Length(max=200)])
    country = CountryField(_l("Country"), [DataRequired(_l("Choose the country you come from."))])
    languages = LanguagesField(_l("Languages you understand"), [Optional()])
    access_needs = TextAreaField(_l("Access needs"), [Optional(), Length(max=1000)])
    access_needs_consent = BooleanField(
        _l("I agree that the welcome team keeps my access needs until the gathering is over")
    )
    tier = RadioField(_l("Your fee"), [InputRequired(_l("Choose one of the fees."))])
    method = RadioField(_l("How you pay"), validate_choice=False)
    website = StringField(_l("Leave this empty"))
    submission = HiddenField()
    waitlist = SubmitField(_l("Join the waiting list"))

    def __init__(self, edition: Edition, locale: str, secret: str, *, cards: bool, patient: bool) -> None:
        """`cards`: payment by card is set up. `patient`: a form filled faster than people can is refused."""
        super().__init__()
        self._secret, self._signer = secret, _signer(secret)
        self._patient = patient
        self.edition = edition
        self.locale = locale
        if edition.tiers:
            self.tier.choices = [(tier.code, label(tier.label, locale)) for tier in edition.tiers]
        else:
            del self.tier
        if self._may_cost():
            self.method.choices = [
                *([(PaymentMethod.CARD.value, _("By card, now"))] if cards else []),
                (PaymentMethod.TRANSFER.value, _("By bank transfer")),
            ]
        else:
            del self.method
        if not self.is_submitted():
            self.submission.data = new_submission(secret)

    def validate_website(self, field: Field) -> None:
        """A field that people do not see; programs fill it in."""
        if field.data:
            raise ValidationError(_("Leave this field empty."))

    def validate_submission(self, field: Field) -> None:
        """Our own key, and not filled in faster than people can."""
        try:
            _key, moment = self._signer.unsign(field.data or "", return_timestamp=True)
        except BadSignature:
            self.submission.data = new_submission(self._secret)
            raise ValidationError(_("This form was open for too long. Send it again.")) from None
        if self._patient and (self._now() - moment).total_seconds() < QUICKEST:
            raise ValidationError(_("That was quicker than people are. Look it over and send it again."))

    def validate_method(self, field: Field) -> None:
        """Needed as soon as something is due."""
        if self.due() and field.data not in {value for value, *_rest in self.method.iter_choices()}:
            raise ValidationError(_("Choose how you pay."))

    def validate_access_needs_consent(self, field: Field) -> None:
        """Access needs are about health: kept with consent only."""
        if (self.access_needs.data or "").strip() and not field.data:
            raise ValidationError(_("Tick the box to let us keep your access needs, or leave them empty."))

    def due(self) -> bool:
        """Whether the fee that was chosen is more than zero."""
        if not self.edition.tiers:
            return bool(self.edition.fee.minor)
        return any(tier.amount.minor for tier in self.edition.tiers if tier.code == self.tier.data)

    def chosen_method(self) -> PaymentMethod | None:
        """Card or transfer; None when nothing is due."""
        chosen = self.method.data if "method" in self and self.due() else None
        return PaymentMethod(chosen) if chosen else None

    def wants_to_wait(self) -> bool:
        """Whether the button that joins the waiting list was pressed."""
        return bool(self.waitlist.data)

    def command(self, *, waitlist_ok: bool) -> Register:
        """What this form asks for."""
        return Register(
            person=PersonDetails(
                name=self.name.data or "",
                email=self.email.data or "",
                organisation_name=self.organisation_name.data or "",
                country=self.country.data,
                locale=self.locale,
                languages=tuple(self.languages.data or ()),
            ),
            submission_key=self._key(),
            tier_code=self.tier.data if "tier" in self else None,
            method=self.chosen_method(),
            waitlist_ok=waitlist_ok,
            access_needs=(self.access_needs.data or "").strip(),
        )

    def _key(self) -> str:
        """The same form sent again for the same person is one registration; gone back to and filled in for
        somebody else, or for another gathering, it is another."""
        drawn = self._signer.unsign(self.submission.data or "")
        about = (self.edition.code, self.name.data or "", (self.email.data or "").casefold())
        return hashlib.sha256(b"\0".join([drawn, *(text.encode() for text in about)])).hexdigest()[:40]

    def _may_cost(self) -> bool:
        amounts: Iterable[int] = [tier.amount.minor for tier in self.edition.tiers] or [
            self.edition.fee.minor
        ]
        return any(amounts)

    def _now(self) -> Any:
        return self._signer.timestamp_to_datetime(self._signer.get_timestamp())


def new_submission(secret: str) -> str:
    """A form's own key: drawn, and stamped with the moment it was given out."""
    return _signer(secret).sign(secrets.token_urlsafe(24)).decode()


def _signer(secret: str) -> TimestampSigner:
    return TimestampSigner(secret, salt="registration form")


def label(labels: dict[str, str], locale: str) -> str:
    """A label in the reader's language, else in the first there is."""
    return labels.get(locale) or next(iter(labels.values()), "")
