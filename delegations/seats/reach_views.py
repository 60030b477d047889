"""A person who was named without an e-mail address: give one, or hand them their private link."""

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from wtforms import EmailField
from wtforms.validators import DataRequired, Length

from access.asking import person
from access.policy import Permission
from delegations import queries
from delegations.pages import actor, blueprint, form_page
from delegations.seats import nominations, reaching
from network.fields import an_address
from shared.addresses import absolute
from shared.database import transaction
from shared.errors import DomainError, NotFound
from shared.forms import Form, explain
from shared.i18n import _, _l
from shared.web import requires

P = Permission


class AddressForm(Form):
    """Where the person is written to."""

    email = EmailField(_l("E-mail address"), [DataRequired(), an_address, Length(max=255)])


@blueprint.route("/delegations/<code>/seats/<int:number>/reach", methods=["GET", "POST"])
@requires(P.DELEGATION_EDIT)
def reach_person(code: str, number: int) -> Any:
    """Mail the link to the address that is given; with `hand`, show it once, to be handed over."""
    delegation = queries.find_delegation(code, person(), P.DELEGATION_EDIT)
    seat = queries.find_seat(delegation, number)
    nomination = seat.nomination
    if nomination is None:
        raise NotFound
    told = {"delegation": delegation, "seat": seat, "nomination": nomination, "lasts": nominations.LINK_LASTS}
    form = AddressForm(formdata=None) if "hand" in request.form else AddressForm()
    seat_page = url_for("delegations.show_seat", code=code, number=number)
    try:
        if "hand" in request.form:
            with transaction():
                token = reaching.hand_over_link(nomination, by=actor())
            link = absolute(url_for("delegations.nominee", token=token))
            return render_template("delegations/reach.html", form=form, link=link, **told)
        if form.validate_on_submit():
            with transaction():
                reaching.give_address(nomination, form.email.data or "", by=actor())
            flash(_("A private link is on its way to %(name)s.", name=nomination.person.name), "good")
            return redirect(seat_page)
    except DomainError as refused:
        explain(form, refused)
    return form_page("delegations/reach.html", form, link="", **told)
