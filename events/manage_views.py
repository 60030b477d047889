"""The organiser's pages: series and editions set up, opened, closed."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from flask import Blueprint, flash, redirect, render_template, request, url_for
from sqlalchemy import select

from access.asking import person
from access.models import User
from access.policy import Permission, can, reach
from events import editions, places
from events.manage_forms import ZONES, EditionForm, NewEditionForm, TierForm
from events.models import Edition, EventSeries, RegistrationStatus
from events.owed_again import owing_again
from events.programme import SESSION_LABELS, Lacking, sessions
from events.registration_list import counts
from shared.database import db, transaction
from shared.errors import DomainError, NotFound
from shared.forms import explain
from shared.i18n import LazyString, _, _l, ngettext
from shared.web import requires

blueprint = Blueprint("manage", __name__, url_prefix="/manage/events")

STATUS_LABELS: dict[RegistrationStatus, tuple[str, LazyString]] = {
    RegistrationStatus.CONFIRMED: ("good", _l("confirmed")),
    RegistrationStatus.UNPAID: ("wait", _l("unpaid")),
    RegistrationStatus.AWAITING_APPROVAL: ("wait", _l("awaiting approval")),
    RegistrationStatus.OFFERED: ("wait", _l("place offered")),
    RegistrationStatus.WAITLISTED: ("wait", _l("waiting list")),
    RegistrationStatus.VACANT: ("wait", _l("waits for a name")),
    RegistrationStatus.CANCELLED: ("off", _l("cancelled")),
}
"""How a registration's status is shown: the kind of tag and the word."""


@dataclass(frozen=True, slots=True)
class Step:
    """Something an edition needs, done on another page: `url` has ``CODE`` where its code stands."""

    label: LazyString
    hint: LazyString
    url: str
    permission: Permission

    def address(self, edition: Edition) -> str:
        """Where it is done for this edition."""
        return self.url.replace("CODE", quote(edition.code))


STEPS: list[Step] = []
"""What an organiser does for an edition, in order; `app.py` fills it, since rooms above have their part."""


def asked_by() -> User:
    """Whoever is signed in; the door has seen to it that somebody is."""
    user = person()
    if user is None:
        raise NotFound
    return user


def managed(code: str, permission: Permission) -> Edition:
    """The edition of this code, where the asker holds `permission` for it. Raises `NotFound` otherwise."""
    edition = db.session.scalar(select(Edition).where(Edition.code == code))
    if edition is None or not can(person(), permission, edition_id=edition.id):
        raise NotFound
    return edition


LACKING: dict[str, LazyString] = {
    Lacking.INTERPRETERS: _l("in three languages or more"),
    Lacking.ROOM: _l("without a room"),
    Lacking.END: _l("without an end"),
}
"""Why an organiser looks at a session."""


@blueprint.get("")
@requires(Permission.REGISTRATION_READ)
def index() -> Any:
    """The editions one looks after, latest first."""
    held = reach(person(), Permission.REGISTRATION_READ)
    wanted = select(Edition).order_by(Edition.starts_on.desc())
    if not held.everywhere:
        wanted = wanted.where(Edition.id.in_(held.editions))
    return render_template(
        "events/manage/index.html",
        editions=db.session.scalars(wanted).all(),
        may_create=reach(person(), Permission.EDITION_MANAGE).everywhere,
    )


@blueprint.route("/new", methods=["GET", "POST"])
@requires(Permission.EDITION_MANAGE)
def new() -> Any:
    """A new edition, of a series that exists or of a new one. For who looks after all editions."""
    if not reach(person(), Permission.EDITION_MANAGE).everywhere:
        raise NotFound
    form = NewEditionForm(db.session.scalars(select(EventSeries).order_by(EventSeries.name)).all())
    status = 200
    if form.validate_on_submit():
        try:
            with transaction():
                made = editions.create_edition(form.command(_series(form)), by=asked_by())
                code = made.code
        except DomainError as refused:
            explain(form, refused)
            status = refused.status
        else:
            flash(_("The gathering is set up. The public does not see it before you open it."), "good")
            return redirect(url_for(".overview", code=code), 303)
    elif form.is_submitted():
        status = 422
    return render_template("events/manage/form.html", form=form, edition=None, zones=ZONES), status


def _series(form: NewEditionForm) -> int:
    if not form.wants_series():
        return int(form.series.data)
    try:
        return editions.create_series(
            form.series_code.data or "", form.series_name.data or "", by=asked_by()
        ).id
    except DomainError as refused:
        refused.field = "series_code"
        raise


@blueprint.get("/<code>")
@requires(Permission.REGISTRATION_READ)
def overview(code: str) -> Any:
    """Where an edition stands, and what can be done with it."""
    edition = managed(code, Permission.REGISTRATION_READ)
    return _overview(edition, TierForm(edition))


def _overview(edition: Edition, tier_form: TierForm, status: int = 200) -> Any:
    return (
        render_template(
            "events/manage/overview.html",
            edition=edition,
            counts=counts(edition),
            owing_again=owing_again(edition),
            labels=STATUS_LABELS,
            tier_form=tier_form,
            steps=[one for one in STEPS if can(person(), one.permission, edition_id=edition.id)],
            may_manage=can(person(), Permission.EDITION_MANAGE, edition_id=edition.id),
        ),
        status,
    )


@blueprint.get("/<code>/programme")
@requires(Permission.REGISTRATION_READ)
def programme(code: str) -> Any:
    """The sessions with what an organiser looks at in each: room, languages, end."""
    edition = managed(code, Permission.REGISTRATION_READ)
    asked = request.args.get("lacking", "")
    lacking = Lacking(asked) if asked in LACKING else None
    return render_template(
        "events/manage/programme.html",
        edition=edition,
        sessions=sessions(edition, lacking),
        lacking=lacking,
        words=LACKING,
        session_labels=SESSION_LABELS,
    )


@blueprint.route("/<code>/edit", methods=["GET", "POST"])
@requires(Permission.EDITION_MANAGE)
def edit(code: str) -> Any:
    """Change what an edition says; places that become free go to the waiting list."""
    edition = managed(code, Permission.EDITION_MANAGE)
    form = EditionForm(edition)
    status = 200
    if form.validate_on_submit():
        try:
            with transaction():
                editions.change_edition(edition, form.details(), by=asked_by())
                offered = places.offer_places(edition, by=asked_by())
        except DomainError as refused:
            explain(form, refused)
            status = refused.status
        else:
            flash(_("Saved."), "good")
            if offered:
                flash(
                    ngettext(
                        "%(num)s place is offered to who waits.",
                        "%(num)s places are offered to who waits.",
                        offered,
                    ),
                    "info",
                )
            return redirect(url_for(".overview", code=code), 303)
    elif form.is_submitted():
        status = 422
    return render_template("events/manage/form.html", form=form, edition=edition, zones=ZONES), status


@blueprint.post("/<code>/tiers")
@requires(Permission.EDITION_MANAGE)
def add_tier(code: str) -> Any:
    """One more fee to choose from."""
    edition = managed(code, Permission.EDITION_MANAGE)
    form = TierForm(edition)
    status = 422
    if form.validate_on_submit():
        try:
            with transaction():
                editions.add_tier(edition, form.command(), by=asked_by())
        except DomainError as refused:
            explain(form, refused)
            status = refused.status
        else:
            return redirect(url_for(".overview", code=code, _anchor="tiers"), 303)
    return _overview(edition, form, status)


@blueprint.post("/<code>/<any(open,close,archive):step>")
@requires(Permission.EDITION_MANAGE)
def move(code: str, step: str) -> Any:
    """Open, close or archive an edition."""
    edition = managed(code, Permission.EDITION_MANAGE)
    operation = {
        "open": editions.open_registration,
        "close": editions.close_registration,
        "archive": editions.archive_edition,
    }[step]
    with transaction():
        operation(edition, by=asked_by())
        places.offer_places(edition, by=asked_by())
    return redirect(url_for(".overview", code=code), 303)
