"""The pages of stays: a person's own by their private link, a seat's, a delegation's, a gathering's."""

from collections.abc import Mapping
from typing import Any

from flask import Response, flash, redirect, render_template, request, url_for
from sqlalchemy import select

from access.asking import person
from access.policy import Permission
from delegations import queries
from delegations.models import Delegation, Nomination
from delegations.pages import actor, blueprint, form_page, may_here
from delegations.seats.private_link_views import nominee_of
from delegations.stays import asking, journeys, listing, stays
from delegations.stays.forms import SeatStayForm, StayForm
from documents.spreadsheets import CSV_MIME, XLSX_MIME, as_csv, as_workbook
from shared import audit
from shared.audit import Actor, System
from shared.database import db, hold, transaction
from shared.errors import DomainError, NotFound
from shared.forms import explain
from shared.i18n import _, ngettext
from shared.limits import limiter
from shared.web import page_number, public, requires

P = Permission
_PAGE = 25


@blueprint.route("/nominee/<token>/stay", methods=["GET", "POST"])
@public
@limiter.limit("60 per hour")
def own_stay(token: str) -> Any:
    """The person tells when they come and go, and whether they need a bed."""
    nomination = nominee_of(token)
    form = StayForm()
    if _keep(nomination, form, by=System(f"nominee:{nomination.id}")):
        flash(_("Your journey is kept. You may change it here at any time."), "good")
        return redirect(url_for("delegations.nominee", token=token))
    stay = stays.stay_of(nomination)
    return form_page("delegations/own_stay.html", form, token=token, stay=stay, **_about(nomination))


@blueprint.route("/delegations/<code>/seats/<int:number>/stay", methods=["GET", "POST"])
@requires(P.DELEGATION_EDIT)
def seat_stay(code: str, number: int) -> Any:
    """The delegation tells it for the person of a seat, and says where they sleep."""
    delegation = queries.find_delegation(code, person(), P.DELEGATION_EDIT)
    nomination = queries.find_seat(delegation, number).nomination
    if nomination is None:
        raise NotFound
    form = SeatStayForm()
    if _keep(nomination, form, by=actor()):
        flash(_("The journey of %(name)s is kept.", name=nomination.person.name), "good")
        return redirect(url_for("delegations.journeys_of", code=code))
    places = journeys.rooms(journeys.travellers(delegation))
    return form_page("delegations/seat_stay.html", form, places=places, **_about(nomination))


@blueprint.get("/delegations/<code>/journeys")
@requires(P.DELEGATION_READ)
def journeys_of(code: str) -> Any:
    """Who of a delegation comes on which day, and who sleeps where."""
    delegation = queries.find_delegation(code, person())
    known, may = journeys.travellers(delegation), may_here(delegation)
    return render_template(
        "delegations/journeys.html",
        delegation=delegation,
        edition=delegation.edition,
        travellers=known,
        tally=journeys.tallies([delegation.id]).get(delegation.id, journeys.Tally()),
        days=journeys.days_of(delegation),
        rooms=journeys.rooms(known),
        lodgings=stays.LODGINGS,
        over=stays.is_over(delegation.edition),
        to_ask=len(asking.to_ask(delegation, known)) if may["edit"] else 0,
        may=may,
    )


@blueprint.post("/delegations/<code>/journeys/ask")
@requires(P.DELEGATION_EDIT)
def ask_journeys(code: str) -> Any:
    """Ask whoever has not told when they come, by a message with their private link."""
    delegation = queries.find_delegation(code, person(), P.DELEGATION_EDIT)
    with transaction():
        asked = asking.ask(delegation, by=actor())
    if asked:
        flash(ngettext("%(num)s person is asked.", "%(num)s people are asked.", asked), "good")
    else:
        flash(_("Everybody who can be written to has told, or was asked today."))
    return redirect(url_for("delegations.journeys_of", code=code))


@blueprint.get("/delegations/arrivals/<code>")
@requires(P.NOMINATION_ACCREDIT)
def arrivals(code: str) -> Any:
    """The days on which a whole gathering's delegations come and go, and whose people have no bed yet."""
    edition = queries.find_edition(code, person(), P.NOMINATION_ACCREDIT)
    listed = db.paginate(
        select(Delegation)
        .where(Delegation.edition_id == edition.id, Delegation.seats.any())
        .order_by(Delegation.code),
        page=page_number(),
        per_page=_PAGE,
        error_out=False,
    )
    return render_template(
        "delegations/arrivals.html",
        edition=edition,
        days=journeys.days_to(edition),
        tally=journeys.tally_to(edition),
        listed=listed,
        tallies=journeys.tallies(one.id for one in listed.items),
        nobody=journeys.Tally(),
        url_of=lambda number: url_for("delegations.arrivals", code=code, page=number),
    )


@blueprint.get("/delegations/arrivals/<code>/file.<any(csv,xlsx):ending>")
@requires(P.NOMINATION_ACCREDIT)
def arrivals_file(code: str, ending: str) -> Any:
    """Everybody by day of arrival, for whoever fetches them and hands out the keys. That it left is noted."""
    edition = queries.find_edition(code, person(), P.NOMINATION_ACCREDIT)
    told = listing.sheet(edition, journeys.travellers_to(edition))
    with transaction():
        audit.record("edition.arrivals_export", edition, by=actor(), format=ending)
    headers = {"Content-Disposition": f'attachment; filename="{code}-arrivals.{ending}"'}
    if ending == "csv":
        return Response(as_csv([told]).encode(), content_type=CSV_MIME, headers=headers)
    return Response(as_workbook([told]), content_type=XLSX_MIME, headers=headers)


def _keep(nomination: Nomination, form: StayForm, *, by: Actor) -> bool:
    """Keep what was sent, if it may be; else show the form, with what is known or with what is wrong."""
    if request.method == "GET":
        form.show(form.known(stays.stay_of(nomination)))
        return False
    if not form.validate_on_submit():
        return False
    try:
        with transaction():
            hold(nomination)
            form.must_be_as_seen(form.known(stays.stay_of(nomination)))
            stays.tell(nomination, form.command(), by=by)
            if isinstance(form, SeatStayForm):
                stays.lodge(nomination, form.place.data or "", by=by)
    except DomainError as refused:
        explain(form, refused)
        return False
    return True


def _about(nomination: Nomination) -> Mapping[str, Any]:
    """What both forms' pages say of the journey."""
    delegation = nomination.seat.delegation
    return {
        "nomination": nomination,
        "seat": nomination.seat,
        "delegation": delegation,
        "edition": delegation.edition,
        "over": stays.is_over(delegation.edition),
    }
