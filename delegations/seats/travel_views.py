"""Whoever asks for a visa tells what a consulate reads on their invitation letter, by a private link."""

from datetime import date
from typing import Any

from flask import flash, redirect, url_for
from wtforms import DateField, StringField
from wtforms.validators import Length, Optional, Regexp, ValidationError

from delegations.models import Nomination
from delegations.pages import blueprint, form_page
from delegations.seats import travel, visas
from delegations.seats.private_link_views import nominee_of
from shared.audit import System
from shared.clock import today
from shared.database import hold, transaction
from shared.errors import NotFound
from shared.forms import Form
from shared.i18n import _, _l
from shared.limits import limiter
from shared.web import public


class TravelForm(Form):
    """A birth date and a passport number, both free to leave out."""

    born_on = DateField(_l("Date of birth"), [Optional()])
    passport = StringField(
        _l("Passport number"),
        [Optional(), Length(max=20), Regexp(r"^[A-Za-z0-9 ]+$", message=_l("Letters and figures only."))],
        render_kw={"autocomplete": "off", "autocapitalize": "characters"},
    )

    def validate_born_on(self, field: DateField) -> None:
        """Somebody who travels was born."""
        if field.data and not date(1900, 1, 1) <= field.data < today():
            raise ValidationError(str(_("This cannot be the day of a birth.")))


@blueprint.route("/nominee/<token>/travel", methods=["GET", "POST"])
@public
@limiter.limit("30 per hour")
def travel_document(token: str) -> Any:
    """What the letter says of this person, while a visa is asked for."""
    nomination = _nomination(token)
    known = travel.document_of(nomination)
    told = {"born_on": known.born_on, "passport": known.passport} if known else {}
    form = TravelForm(data=told)
    if form.validate_on_submit():
        with transaction():
            hold(nomination)
            if not visas.is_open(nomination):
                raise NotFound
            travel.tell(
                nomination, form.born_on.data, form.passport.data or "", by=System(f"nominee:{nomination.id}")
            )
        flash(_("Kept for your letter."), "good")
        return redirect(url_for("delegations.nominee", token=token))
    return form_page("delegations/travel.html", form, nomination=nomination, token=token)


def _nomination(token: str) -> Nomination:
    nomination = nominee_of(token)
    if not visas.is_open(nomination):
        raise NotFound
    return nomination
