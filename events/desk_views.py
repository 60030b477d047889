"""The welcome desk: scan or type, who has arrived, what to look at again; made to go on without network."""

import hashlib
import secrets
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from flask import (
    Blueprint,
    Response,
    current_app,
    flash,
    g,
    jsonify,
    make_response,
    redirect,
    render_template,
    request,
    send_from_directory,
    session,
    url_for,
)
from sqlalchemy import select

from access.asking import person
from access.models import User
from access.policy import Permission, can
from documents.pdf import render_pdf
from events import badge_codes, checkin, desk_queries, visibility
from events.checkin import ENTRANCE, ScanBadge, ScanOutcome
from events.models import ROLE_LABELS, CheckIn, Edition, EditionStatus, ScanResult
from events.verdicts import KINDS, REFUSED_POLITELY, Verdict, moment, verdict_of
from shared.clock import now
from shared.database import db, transaction
from shared.errors import DomainError, Forbidden, NotFound
from shared.i18n import _
from shared.limits import limiter
from shared.web import csrf, locale_code, requires, row_id

blueprint = Blueprint("desk", __name__)

GUESSES = "30 per minute; 300 per hour"
"""Codes that nobody knows, by one person: enough for tired fingers, too few to find a badge."""

MOST_AT_ONCE = 50
"""Scans in one message of a device that was offline."""

_POLICY = (
    "default-src 'self'; img-src 'self' data: blob:; worker-src 'self' blob:; object-src 'none'; "
    "base-uri 'none'; frame-ancestors 'none'; form-action 'self'"
)
"""The code reader decodes in a worker, and photos, that it makes itself: hence blob: on this page only."""


def _few_guesses(view: Callable[..., Any]) -> Callable[..., Any]:
    """Counts only answers that name nobody."""
    return limiter.limit(
        GUESSES,
        key_func=lambda: f"desk:{getattr(person(), 'id', '')}",
        deduct_when=lambda _response: bool(g.get("guessed")),
    )(view)


def _edition(code: str) -> Edition:
    return visibility.find_edition(code, person(), Permission.CHECKIN_SCAN)


def _volunteer() -> User:
    user = person()
    assert user is not None, "the door lets only people with a role in"
    return user


@blueprint.get("/check-in")
@requires(Permission.CHECKIN_SCAN)
def editions() -> Any:
    """Choose where you welcome people; who has one gathering is led there."""
    mine = [
        edition
        for edition in db.session.scalars(
            select(Edition)
            .where(Edition.status.in_((EditionStatus.OPEN, EditionStatus.CLOSED)))
            .order_by(Edition.starts_on.desc())
        )
        if can(person(), Permission.CHECKIN_SCAN, edition_id=edition.id)
    ]
    if len(mine) == 1:
        return redirect(url_for("desk.desk", code=mine[0].code))
    return render_template("events/desk/editions.html", editions=mine)


@blueprint.route("/check-in/<code>", methods=["GET", "POST"])
@requires(Permission.CHECKIN_SCAN)
@_few_guesses
def desk(code: str) -> Any:
    """One field for a code, one large answer. Sending the same page twice is one scan."""
    verdict = None
    if request.method == "POST":
        session["desk"] = _clean(request.form.get("desk", ""), 60)
        typed = request.form.get("code", "").strip()
        if typed:
            key = _clean(request.form.get("scan_key", ""), 64) or secrets.token_hex(12)
            verdict = _scan(_edition(code), ScanBadge(code=typed, desk=session["desk"], scan_key=key))
    edition = _edition(code)
    response = make_response(
        render_template(
            "events/desk/desk.html",
            edition=edition,
            verdict=verdict,
            kinds=KINDS,
            no_verdict=Verdict(),
            polite=REFUSED_POLITELY,
            desk=session.get("desk", ""),
            scan_key=secrets.token_hex(12),
            parties=checkin.arrivals(edition),
            odd=desk_queries.look_again(edition),
            role_labels={role.value: str(label) for role, label in ROLE_LABELS.items()},
        )
    )
    response.headers["Content-Security-Policy"] = _POLICY
    return response


def _scan(edition: Edition, command: ScanBadge) -> Verdict:
    """Answer one scan in one transaction."""
    user = _volunteer()
    db.session.expunge_all()  # what was read of edition and volunteer is all a scan needs: no second reading
    with transaction():
        outcome: ScanOutcome = checkin.check_in(edition, command, by=user)
        told = verdict_of(edition, outcome, locale_code())
    if outcome.result is ScanResult.UNKNOWN:
        g.guessed = True
    return told


class Unreadable(DomainError):
    """A device sent something that is no list of scans."""

    code = "unreadable_scans"
    status = 422


@blueprint.post("/check-in/<code>/scans")
@requires(Permission.CHECKIN_SCAN)
@_few_guesses
def scans(code: str) -> Any:
    """Scans of a device, now or kept while it was offline: ``{"desk", "scans": [{"scan_key", "code", "ago"
    (seconds), "offline"}]}``. Each is answered once for good by its key, so a device may send again.

    A page opened offline has no fresh form token: that the message comes from our own page is told by the
    browser instead.
    """
    if not _from_our_page():
        raise Forbidden
    edition = _edition(code)
    try:
        commands = [_command(one) for one in _listed(request.get_json(silent=True))]
    except Unreadable as refused:
        return jsonify({"code": refused.code}), refused.status
    answers = [{"scan_key": command.scan_key, **_scan(edition, command).as_json()} for command in commands]
    return jsonify({"answers": answers})


csrf.exempt(scans)  # `_from_our_page` stands in for it


def _from_our_page() -> bool:
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site == "same-origin"
    return urlsplit(request.headers.get("Origin", "")).netloc == request.host


def _listed(message: Any) -> list[dict[str, Any]]:
    scans = message.get("scans") if isinstance(message, dict) else None
    if not isinstance(scans, list) or len(scans) > MOST_AT_ONCE:
        raise Unreadable
    desk = message.get("desk", "")
    if not isinstance(desk, str) or not all(isinstance(one, dict) for one in scans):
        raise Unreadable
    return [{"desk": desk, **one} for one in scans]


def _command(one: dict[str, Any]) -> ScanBadge:
    code, key, desk, ago = (one.get(name) for name in ("code", "scan_key", "desk", "ago"))
    ago = 0 if ago is None else ago
    if not (isinstance(code, str) and isinstance(desk, str) and isinstance(key, str) and 0 < len(key) <= 64):
        raise Unreadable
    if isinstance(ago, bool) or not isinstance(ago, int | float) or not 0 <= ago < 1e9:
        raise Unreadable
    return ScanBadge(
        code=code[:300],
        desk=_clean(desk, 60),
        scan_key=_clean(key, 64),
        at=now() - timedelta(seconds=ago),
        offline=bool(one.get("offline")),
    )


def _clean(text: str, most: int) -> str:
    return "".join(character for character in text.strip() if character.isprintable())[:most]


@blueprint.get("/check-in/<code>/roster.json")
@requires(Permission.CHECKIN_SCAN)
def roster(code: str) -> Any:
    """What a device keeps for the hours without network: badges, names, delegations, roles, who is in; and
    the public key. Tokens leave only as digests."""
    edition = _edition(code)
    rows = desk_queries.roster(edition)
    for row in rows:
        row["hash"] = hashlib.sha256(row.pop("token").encode()).hexdigest()[:16]
        row["at"] = moment(row["at"], edition.zone, locale_code()) if row["at"] else ""
        row["desk"] = row["desk"] or ""
    public = badge_codes.public_key_of(edition.badge_key or b"")
    return jsonify(
        {
            "edition": edition.code,
            "made": moment(now(), edition.zone, locale_code()),
            "key": badge_codes.public_key_jwk(public),
            "badges": rows,
        }
    )


@blueprint.get("/check-in/<code>/arrivals")
@requires(Permission.CHECKIN_SCAN)
def arrivals(code: str) -> Any:
    """Has Outaouais arrived? Delegations, or people, that the words match; without words everybody."""
    edition = _edition(code)
    words, party = request.args.get("q", "").strip()[:80], request.args.get("party")
    parties = checkin.arrivals(edition, "" if party is not None else words)
    if party is not None:
        parties = [one for one in parties if one.code == party]
    elif words and len(parties) == 1:
        party = parties[0].code
    people = None
    if party is not None:
        people = desk_queries.people(edition, party=party, most=200)
    elif words and not parties:
        people = desk_queries.people(edition, text=words)
    return render_template(
        "events/desk/arrivals.html",
        edition=edition,
        words=words,
        party=party,
        parties=parties,
        people=people,
        told=lambda at: moment(at, edition.zone, locale_code()),
        role_labels=ROLE_LABELS,
    )


@blueprint.post("/check-in/<code>/undo")
@requires(Permission.CHECKIN_SCAN)
def undo(code: str) -> Any:
    """Take an arrival back, with a reason."""
    edition = _edition(code)
    edition_id, user = edition.id, _volunteer()
    back = url_for("desk.arrivals", code=edition.code, party=request.form.get("party", ""))
    registration_id = request.form.get("registration", type=row_id)
    try:
        with transaction():
            arrival = db.session.scalar(
                select(CheckIn).where(
                    CheckIn.edition_id == edition_id,
                    CheckIn.registration_id == registration_id,
                    CheckIn.zone == ENTRANCE,
                )
            )
            if arrival is None:
                raise NotFound
            checkin.undo_check_in(arrival, request.form.get("reason", "")[:500], by=user)
    except checkin.ReasonMissing as refused:
        flash(refused.sentence(), "error")
        return redirect(back)
    flash(_("The arrival was taken back."), "good")
    return redirect(back)


@blueprint.get("/check-in/<code>/look-again")
@requires(Permission.CHECKIN_SCAN)
def look_again(code: str) -> Any:
    """Scans made offline that do not fit: a badge at two desks, a badge that was revoked meanwhile."""
    edition = _edition(code)
    return render_template(
        "events/desk/look_again.html",
        edition=edition,
        odd=desk_queries.look_again(edition),
        told=lambda at: moment(at, edition.zone, locale_code()),
    )


@blueprint.get("/check-in/<code>/day-sheet.pdf")
@requires(Permission.CHECKIN_SCAN)
def day_sheet(code: str) -> Any:
    """The list on paper, with boxes to tick, for when the power is gone too."""
    edition = _edition(code)
    html = render_template(
        "events/print/day_sheet.html",
        lang=locale_code(),
        edition=edition,
        people=desk_queries.people(edition, most=None),
        printed_at=now(),
        told=lambda at: moment(at, edition.zone, locale_code()),
    )
    pdf = render_pdf(html, seconds=60)
    return Response(
        pdf,
        mimetype="application/pdf",
        headers={"Content-Disposition": f'inline; filename="{edition.code}-day-sheet.pdf"'},
    )


@blueprint.get("/check-in/service-worker.js")
@requires(Permission.CHECKIN_SCAN)
def service_worker() -> Any:
    """Served from here, so that it looks after the pages of the desk and no others."""
    folder = current_app.static_folder
    assert folder is not None
    response = send_from_directory(folder, "js/offline-pages.js", mimetype="text/javascript")
    response.headers["Cache-Control"] = "no-cache"
    return response
