"""The organiser's badges: issue what is missing, print all, a delegation or one, copy a lost one."""

from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from sqlalchemy import select

from access.asking import person
from access.models import User
from access.policy import Permission
from events import badges, desk_queries, visibility
from events.checkin import ReasonMissing
from events.models import ROLE_LABELS, BadgeStatus, Edition, Registration
from shared.database import db, transaction
from shared.errors import DomainError, NotFound
from shared.i18n import _, ngettext
from shared.web import locale_code, page_number, requires

blueprint = Blueprint("badges", __name__, url_prefix="/manage/events/<code>")

MOST_IN_A_FILE = 300
"""Badges printed while somebody waits (about two seconds); more are offered in several files."""

A_PAGE = 50


def _edition(code: str) -> Edition:
    return visibility.find_edition(code, person(), Permission.BADGE_ISSUE)


def _organiser() -> User:
    user = person()
    assert user is not None, "the door lets only people with a role in"
    return user


@blueprint.get("/badges")
@requires(Permission.BADGE_ISSUE)
def overview(code: str) -> Any:
    """How far the badges are, what to print, and who has which."""
    edition = _edition(code)
    words, party = request.args.get("q", "").strip()[:80], request.args.get("party", "")[:40]
    counts = desk_queries.badge_counts(edition)
    page = db.paginate(
        desk_queries.badge_list(edition, text=words, party=party),
        page=page_number(),
        per_page=A_PAGE,
        max_per_page=A_PAGE,
        error_out=False,
    )
    return render_template(
        "events/desk/badges.html",
        edition=edition,
        counts=counts,
        parties=desk_queries.badge_parties(edition),
        parts=list(range(1, -(-counts.issued // MOST_IN_A_FILE) + 1)),
        most=MOST_IN_A_FILE,
        page=page,
        words=words,
        party=party,
        role_labels=ROLE_LABELS,
        in_force=_in_force,
        statuses=BadgeStatus,
    )


def _in_force(registration: Registration) -> Any:
    """The badge that opens the door, if there is one; the copies come in their order."""
    good = (BadgeStatus.ISSUED, BadgeStatus.COLLECTED)
    return next((badge for badge in registration.badges if badge.status in good), None)


@blueprint.post("/badges/issue")
@requires(Permission.BADGE_ISSUE)
def issue(code: str) -> Any:
    """Issue the badges that are missing."""
    edition, user = _edition(code), _organiser()
    with transaction():
        count = badges.issue_all(edition, by=user)
    told = ngettext("%(num)s badge issued.", "%(num)s badges issued.", count)
    flash(told if count else _("No badge was missing."), "good" if count else "info")
    return redirect(url_for("badges.overview", code=code))


@blueprint.get("/badges.pdf")
@requires(Permission.BADGE_ISSUE)
def sheet(code: str) -> Any:
    """The badges in force as A4 sheets of four: all, one delegation's (`party`), one registration's
    (`registration`, its code), or one file's worth (`part`, from 1)."""
    edition = _edition(code)
    party, wanted = request.args.get("party", ""), request.args.get("registration", "")
    registration_id = _registration(edition, wanted).id if wanted else None
    found = badges.printable(edition, party=party, registration_id=registration_id)
    part = request.args.get("part", type=int)
    if part is not None and part > 0:
        found = found[(part - 1) * MOST_IN_A_FILE : part * MOST_IN_A_FILE]
    elif len(found) > MOST_IN_A_FILE:
        flash(_("These are many badges: print them file by file."), "info")
        return redirect(url_for("badges.overview", code=code))
    name = f"{edition.code}-badges-{party or wanted or part or 'all'}"
    return Response(
        badges.sheet(edition, found, locale=locale_code()),
        mimetype="application/pdf",
        headers={"Content-Disposition": f'inline; filename="{_plain(name)}.pdf"'},
    )


def _plain(name: str) -> str:
    return "".join(
        character for character in name if character.isascii() and (character.isalnum() or character == "-")
    )


@blueprint.route("/badges/<registration_code>/copy", methods=["GET", "POST"])
@requires(Permission.BADGE_ISSUE)
def copy(code: str, registration_code: str) -> Any:
    """A new copy for a lost or spoilt badge: says why, and the one before opens no door any more."""
    edition, user = _edition(code), _organiser()
    registration = _registration(edition, registration_code)
    reason = request.form.get("reason", "").strip()[:500]
    error = ""
    if request.method == "POST":
        try:
            with transaction():
                if not reason:
                    raise ReasonMissing(field="reason")
                badge = badges.reissue(registration, reason, by=user)
                told = _(
                    "Copy %(number)s is ready to print; the badge before it was revoked.", number=badge.copy
                )
            flash(told, "good")
            return redirect(url_for("badges.copy", code=code, registration_code=registration_code, done=1))
        except DomainError as refused:
            error = refused.sentence()
    answer = render_template(
        "events/desk/copy.html",
        edition=edition,
        registration=registration,
        badge=_in_force(registration),
        reason=reason,
        error=error,
        done=bool(request.args.get("done")),
    )
    return answer, 422 if error else 200


def _registration(edition: Edition, code: str) -> Registration:
    found = db.session.scalar(
        select(Registration).where(Registration.edition_id == edition.id, Registration.code == code)
    )
    if found is None:
        raise NotFound
    return found
