"""The network's map of interest: who was asked about a gathering, what they say, what to do next for each."""

from collections.abc import Sequence
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_sqlalchemy.pagination import Pagination
from sqlalchemy import Select, select
from wtforms import BooleanField, RadioField, SelectMultipleField, TextAreaField
from wtforms.validators import InputRequired, Length

from access import links
from access.asking import person, speak
from access.policy import Permission, can, reach
from delegations import queries
from delegations.interest import asking, whereabouts
from delegations.interest.models import Interest
from delegations.interest.whereabouts import Next, Standing, Where
from delegations.lifecycle import moves, standing
from delegations.models import Delegation
from delegations.pages import actor, blueprint, form_page
from events.models import Edition, EditionStatus
from network import survey
from network.fields import at_least_one
from network.queries import actions
from network.queries import organisation as find_organisation
from network.wording import SECTORS
from shared.audit import System
from shared.clock import today
from shared.database import db, transaction
from shared.errors import DomainError, Forbidden, NotFound
from shared.forms import Form, as_choices, explain
from shared.i18n import _, _l, ngettext
from shared.limits import limiter
from shared.web import page_number, public, requires, row_id

P = Permission
_URGENCY = list(Next)
_PAGE = 50


class AnswerForm(Form):
    """What a body answers about a gathering."""

    interested = RadioField(
        _l("Does this gathering interest you?"),
        [InputRequired()],
        choices=as_choices([("yes", _l("Yes")), ("no", _l("Not this time"))]),
    )
    plans = BooleanField(_l("We think of sending a delegation"))
    hosts = BooleanField(_l("We would host an activity on the way there"))
    note = TextAreaField(_l("Anything else"), [Length(max=2000)])

    def told(self) -> asking.Answer:
        """The answer."""
        return asking.Answer(
            interested=self.interested.data == "yes",
            plans=bool(self.plans.data),
            hosts=bool(self.hosts.data),
            note=self.note.data or "",
        )


class RowPages(Pagination):
    """A page of `rows` that are read already: the picture and the figures count them all."""

    def _query_items(self) -> list[Any]:
        return list(self._query_args["rows"][self._query_offset : self._query_offset + self.per_page])

    def _query_count(self) -> int:
        return len(self._query_args["rows"])


class AskForm(Form):
    """Whom to ask."""

    organisations = SelectMultipleField(_l("Whom to ask"), [at_least_one], coerce=int)


@blueprint.get("/delegations/interest")
@requires(P.NETWORK_READ)
def interest() -> Any:
    """The map of the gathering that comes next, or that came last."""
    asked = select(Interest.edition_id)
    coming = (Edition.status != EditionStatus.ARCHIVED) & (Edition.ends_on >= today())
    found = _readable(select(Edition).where(coming | Edition.id.in_(asked)).order_by(Edition.starts_on))
    ahead = (one for one in found if one.ends_on >= today())
    edition = next(ahead, found[-1] if found else None)
    if edition is None:
        return redirect(url_for("network.directory"))
    return redirect(url_for("delegations.interest_map", code=edition.code))


@blueprint.get("/delegations/interest/<code>")
@requires(P.NETWORK_READ)
def interest_map(code: str) -> Any:
    """The picture, the figures, and a row a body with its next thing."""
    edition = queries.find_edition(code, person(), P.NETWORK_READ)
    found = whereabouts.network_of(edition)
    day, state = today(), request.args.get("state", "")
    rows = [(one, one.where(day), whereabouts.next_thing(one, day)) for one in found]
    wanted = [row for row in rows if not state or row[1] == state]
    wanted.sort(key=lambda row: _URGENCY.index(row[2]))
    return render_template(
        "delegations/interest.html",
        edition=edition,
        others=_others(edition),
        counts=whereabouts.counts(found),
        places=_by_place(found),
        rows=RowPages(page=page_number(), per_page=_PAGE, error_out=False, rows=wanted),
        state=state,
        day=day,
        due=sum(whereabouts.may_remind(one, day) for one in found),
        left_to_ask=len(whereabouts.not_asked(edition)),
        surveys=[report for report in _surveys(edition) if report.warnings],
        words=whereabouts.WORDS,
        sectors=SECTORS,
        whose_move=standing.WHOSE_MOVE,
        states=moves.STATES,
        may_ask=can(person(), P.NETWORK_EDIT, edition_id=edition.id),
        may_invite=can(person(), P.DELEGATION_CREATE, edition_id=edition.id),
        may_follow=can(person(), P.DELEGATION_READ, edition_id=edition.id),
    )


def _others(edition: Edition) -> Sequence[Edition]:
    """The other gatherings that have a map: somebody was asked, or a delegation is there."""
    mapped = select(Interest.edition_id).union(select(Delegation.edition_id))
    found = select(Edition).where(Edition.id.in_(mapped), Edition.id != edition.id)
    return _readable(found.order_by(Edition.starts_on))


def _readable(query: Select[Edition]) -> list[Edition]:
    """Those of these gatherings whose network the reader may see."""
    held = reach(person(), P.NETWORK_READ)
    return [one for one in db.session.scalars(query) if held.covers(edition_id=one.id)]


def _surveys(edition: Edition) -> list[survey.SurveyReport]:
    """What surveys about this gathering name and state."""
    return [
        survey.report(one)
        for one in actions()
        if one.kind == survey.KIND and one.facts.get("about") == edition.code
    ]


def _by_place(found: Sequence[Standing]) -> list[tuple[str, list[tuple[Standing, Where]]]]:
    """The bodies as the picture groups them: by region, else by sector; in each, by what they say."""
    order, day = list(Where), today()
    places: dict[str, list[tuple[Standing, Where]]] = {}
    for one in sorted(found, key=lambda each: order.index(each.where(day))):
        body = one.organisation
        name = body.region or str(SECTORS.get(body.sector, body.sector)) or _("elsewhere")
        places.setdefault(name, []).append((one, one.where(day)))
    return sorted(places.items(), key=lambda pair: (-len(pair[1]), pair[0].casefold()))


@blueprint.post("/delegations/interest/<code>/remind")
@requires(P.NETWORK_EDIT)
def remind_network(code: str) -> Any:
    """Remind one body, or all whose turn it is."""
    edition = queries.find_edition(code, person(), P.NETWORK_EDIT)
    one = request.form.get("organisation", type=row_id)
    try:
        with transaction():
            if one is None:
                sent = asking.remind_all(edition, by=actor())
            else:
                asking.remind(_asked(edition, one), by=actor())
                sent = 1
    except DomainError as refused:
        flash(refused.sentence(), "error")
    else:
        told = ngettext("%(num)s reminder is on its way.", "%(num)s reminders are on their way.", sent)
        flash(told if sent else _("Nobody is to be reminded today."), "good")
    return redirect(url_for("delegations.interest_map", code=code))


def _asked(edition: Edition, organisation_id: int) -> Interest:
    known = _known(edition, organisation_id)
    if known is None:
        raise NotFound
    return known


def _known(edition: Edition, organisation_id: int) -> Interest | None:
    return db.session.scalar(
        select(Interest).where(Interest.edition_id == edition.id, Interest.organisation_id == organisation_id)
    )


@blueprint.route("/delegations/interest/<code>/ask", methods=["GET", "POST"])
@requires(P.NETWORK_EDIT)
def ask_network(code: str) -> Any:
    """Choose whom to ask; who has an address receives a letter with a link, the others you ask yourself."""
    edition = queries.find_edition(code, person(), P.NETWORK_EDIT)
    candidates = whereabouts.not_asked(edition)
    form = AskForm()
    form.organisations.choices = as_choices((one.id, one.name) for one in candidates)
    if request.method == "GET" and request.args.get("tick") == "all":
        form.organisations.data = [one.id for one in candidates if one.email]
    if form.validate_on_submit():
        wanted = set(form.organisations.data or ())
        with transaction():
            asked = asking.ask(edition, [one for one in candidates if one.id in wanted], by=actor())
            written = sum(bool(one.organisation.email) for one in asked)
        flash(
            _("Asked: %(asked)s, of whom %(written)s by e-mail.", asked=len(asked), written=written), "good"
        )
        return redirect(url_for("delegations.interest_map", code=code))
    return form_page(
        "delegations/interest_ask.html", form, edition=edition, candidates=candidates, sectors=SECTORS
    )


@blueprint.route("/delegations/interest/<code>/<int:organisation_id>", methods=["GET", "POST"])
@requires(P.NETWORK_READ)
def interest_of(code: str, organisation_id: int) -> Any:
    """One body: what it was sent and answered; what it says by telephone is written down here."""
    edition = queries.find_edition(code, person(), P.NETWORK_READ)
    body = find_organisation(organisation_id)
    may_write = can(person(), P.NETWORK_EDIT, edition_id=edition.id)
    known = _known(edition, organisation_id)
    form = AnswerForm(data=_as_told(known) if request.method == "GET" else None)
    if form.is_submitted() and not may_write:
        raise Forbidden
    if form.validate_on_submit():
        try:
            with transaction():
                asked = _known(edition, body.id) or asking.note_asked(edition, body, by=actor())
                asking.answer(asked, form.told(), by=actor())
        except DomainError as refused:
            explain(form, refused)
        else:
            flash(_("Their answer is written down."), "good")
            return redirect(url_for("delegations.interest_map", code=code))
    sent = next((one for one in whereabouts.network_of(edition) if one.organisation.id == body.id), None)
    one = sent or Standing(body, edition.starts_on)
    return form_page(
        "delegations/interest_of.html",
        form,
        edition=edition,
        one=one,
        where=one.where(today()) if sent else None,
        words=whereabouts.WORDS,
        states=moves.STATES,
        sectors=SECTORS,
        may_write=may_write,
        may_remind=may_write and whereabouts.may_remind(one, today()),
        may_invite=bool(sent)
        and whereabouts.next_thing(one, today()) is Next.INVITE
        and can(person(), P.DELEGATION_CREATE, edition_id=edition.id),
    )


def _as_told(known: Interest | None) -> dict[str, Any] | None:
    if known is None or known.answered_at is None:
        return None
    return {
        "interested": "yes" if known.interested else "no",
        "plans": known.plans,
        "hosts": known.hosts,
        "note": known.note,
    }


@blueprint.route("/interest/<token>", methods=["GET", "POST"])
@public
@limiter.limit("20 per minute")
def answer_interest(token: str) -> Any:
    """A body answers by its private link: no account, half a minute, and it can change its mind."""
    known = _by_link(token)
    form = AnswerForm(data=_as_told(known) if request.method == "GET" else None)
    if form.validate_on_submit():
        try:
            with transaction():
                asking.answer(known, form.told(), by=System(f"interest:{known.id}"))
        except DomainError as refused:
            explain(form, refused)
        else:
            flash(_("Thank you: your answer has arrived. You can change it here."), "good")
            return redirect(url_for("delegations.answer_interest", token=token))
    return form_page(
        "delegations/interest_answer.html", form, known=known, edition=known.edition, token=token
    )


@blueprint.route("/interest/<token>/reminders", methods=["GET", "POST"])
@public
@limiter.limit("20 per minute")
def interest_reminders(token: str) -> Any:
    """Ask before anything changes: a mail program that opens every link stops nothing."""
    known = _by_link(token)
    if request.method == "GET":
        return render_template(
            "delegations/interest_reminders.html", known=known, edition=known.edition, token=token
        )
    by = System(f"interest:{known.id}")
    with transaction():
        if request.form.get("wanted") == "yes":
            asking.resume(known, by=by)
        else:
            asking.stop(known, by=by)
    flash(_("It is done."), "good")
    return redirect(url_for("delegations.interest_reminders", token=token))


def _by_link(token: str) -> Interest:
    """The question that a private link opens, its page in the body's language unless they chose another."""
    known = db.session.get(Interest, links.open_link(asking.LINK, token))
    if known is None:
        raise NotFound
    speak(known.organisation.locale)
    return known
