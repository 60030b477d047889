"""Sign-in by link, one's own account, language; the people and the messages of the demonstration."""

import base64
from io import BytesIO
from typing import Any

from flask import (
    Blueprint,
    Response,
    current_app,
    flash,
    redirect,
    render_template,
    request,
    send_file,
    session,
    url_for,
)
from flask_login import current_user
from flask_security import login_user, logout_user
from sqlalchemy import select
from werkzeug.exceptions import HTTPException, MethodNotAllowed

from access import open_sessions, sign_in_links
from access.forms import AccountForm, LinkForm
from access.models import RoleName, User
from access.policy import ROLE_LABELS, Permission
from access.sign_in import FORMS_LIMIT
from access.users import one_address
from outbox import mail
from outbox.jobs import Job
from shared.database import db, transaction
from shared.errors import NotFound
from shared.i18n import LOCALES, LazyString, _, _l
from shared.limits import limiter
from shared.web import SIGNED_IN, locale_code, page_number, public, requires, same_origin_path

blueprint = Blueprint("access", __name__)

_SANDBOX = (
    "sandbox allow-popups allow-popups-to-escape-sandbox allow-top-navigation-by-user-activation; "
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'"
)


@blueprint.post("/sign-in/link")
@public
@limiter.limit(FORMS_LIMIT)
@limiter.limit(FORMS_LIMIT, key_func=lambda: f"link:{one_address(request.form.get('email', ''))}")
def send_link() -> Any:
    """Have the link sent. The answer is the same whether somebody has this address or not."""
    form = LinkForm()
    if not form.validate_on_submit():
        flash(_("Enter your e-mail address."), "error")
        return redirect(url_for("security.login", next=request.form.get("next") or None))
    with transaction():
        sign_in_links.ask(form.email.data or "", same_origin_path(request.form.get("next"), "/"))
    return render_template("access/link_sent.html", email=form.email.data)


@blueprint.get("/sign-in/link/<text>")
@public
def follow_link(text: str) -> Any:
    """Ask to go on. Opening alone signs nobody in: mail programs open links by themselves."""
    return render_template("access/follow_link.html", user=sign_in_links.look(text), text=text)


@blueprint.post("/sign-in/link/<text>")
@public
@limiter.limit(FORMS_LIMIT)
def use_link(text: str) -> Any:
    """Sign in with the link, once; who has a second factor is asked for it."""
    target = same_origin_path(request.args.get("next"), "/")
    with transaction():
        user = sign_in_links.spend(text)
        if not user.tf_primary_method:
            login_user(user, authn_via=["link"])
            return redirect(target)
    plugins = current_app.extensions["security"].two_factor_plugins
    return plugins.tf_enter(user, False, "link", next_loc=target)


@blueprint.post("/sign-out")
@public
def sign_out() -> Any:
    """Leave, and forget everything but the language."""
    with transaction():
        open_sessions.end(session.get("_user_id", ""))
    _leave()
    return redirect("/")


@blueprint.post("/account/sign-out-everywhere")
@requires(SIGNED_IN)
def sign_out_everywhere() -> Any:
    """Leave here and in every other browser: a telephone was lost, a shared computer left open."""
    with transaction():
        leaving = db.session.get_one(User, current_user.id)
        open_sessions.end_all(leaving)
        sign_in_links.revoke(leaving)
    _leave()
    flash(_("You are signed out everywhere."), "good")
    return redirect("/")


def _leave() -> None:
    logout_user()
    language = session.get("locale")
    session.clear()
    session["left"] = True  # the next page empties what the browser kept of pages
    if language:
        session["locale"] = language


@blueprint.route("/account", methods=["GET", "POST"])
@requires(SIGNED_IN)
def account() -> Any:
    """Name, language, and the ways to sign in."""
    form = AccountForm(obj=current_user)
    if form.validate_on_submit():
        with transaction():
            user = db.session.get_one(User, current_user.id)
            user.name, user.locale = (form.name.data or "").strip(), form.locale.data
        session["locale"] = form.locale.data
        flash(_("Saved."), "good")
        return redirect(url_for("access.account"))
    held = [grant for grant in current_user.grants if grant.revoked_at is None]
    return render_template("access/account.html", form=form, held=held, role_labels=ROLE_LABELS)


@blueprint.post("/language/<code>")
@public
def language(code: str) -> Any:
    """Read on in another language, on the same page."""
    if code not in LOCALES:
        raise NotFound
    session["locale"] = code
    return redirect(_page_of(same_origin_path(request.args.get("next"), "/")))


def _page_of(target: str) -> str:
    """`target`; where a form was refused at an address that only takes what is sent, the page above it."""
    known = current_app.url_map.bind("")
    path = target.partition("?")[0]
    try:
        known.match(path)
    except MethodNotAllowed:
        while not known.test(path, "GET"):
            path = path.rpartition("/")[0] or "/"
        return path
    except HTTPException:
        pass
    return target


TO_TRY: dict[RoleName, LazyString] = {
    RoleName.ORGANISER: _l("Set up a gathering, invite a delegation, accredit people, print the badges."),
    RoleName.TREASURER: _l("Record a deposit, import a bank statement, see whose money it is."),
    RoleName.APPROVER: _l("Approve what somebody else recorded: without a second person nothing counts."),
    RoleName.HEAD_OF_DELEGATION: _l("See what pays for the seats and what is missing, name a person."),
    RoleName.VOLUNTEER: _l("Check badges at the desk, even with the network down; see who has arrived."),
    RoleName.AUDITOR: _l("Read everything, change nothing, recompute the whole journal."),
    RoleName.DELEGATE: _l("Keep your code for the door, follow your own registration."),
    RoleName.COMMITTEE: _l("Score what the support fund is asked for; stand aside where you are concerned."),
}
"""What the demonstration suggests to each role."""


@blueprint.get("/demo")
@public
def demo() -> Any:
    """The people of the demonstration: be one of them with one click."""
    people = db.session.scalars(select(User).where(*_demo_people()).order_by(User.id)).all()
    return render_template("access/demo.html", people=people, role_labels=ROLE_LABELS, to_try=TO_TRY)


@blueprint.post("/demo/<int:user_id>")
@public
def become(user_id: int) -> Any:
    """Sign in as a person of the demonstration."""
    user = db.session.scalar(select(User).where(User.id == user_id, *_demo_people()))
    if user is None:
        raise NotFound
    reading = locale_code()  # the visitor reads on in the language of the page they came from
    with transaction():
        open_sessions.end(session.get("_user_id", ""))
        logout_user()
        login_user(user, authn_via=["demonstration"])
    session["locale"] = reading
    return redirect(same_origin_path(request.args.get("next"), "/"))


def _demo_people() -> tuple[Any, ...]:
    """Which users a visitor may become. Raises `NotFound` outside the demonstration."""
    if not current_app.config["TERANGA_DEMO"]:
        raise NotFound
    return User.is_demo, User.active


@blueprint.get("/outbox")
@requires(Permission.OUTBOX_READ)
def outbox() -> Any:
    """The messages, newest first: to whom, and whether they left. Found by their reader or subject."""
    text = request.args.get("q", "").strip()[:100]
    page = db.paginate(mail.written(text), page=page_number(), per_page=20)
    return render_template("access/outbox.html", page=page, text=text)


@blueprint.get("/outbox/<int:job_id>")
@requires(Permission.OUTBOX_READ)
def message(job_id: int) -> Any:
    """One message of a demonstration as its reader sees it."""
    return render_template("access/message.html", job=_message(job_id))


@blueprint.get("/outbox/<int:job_id>/html")
@requires(Permission.OUTBOX_READ)
def message_html(job_id: int) -> Any:
    """The message itself, in a sandbox: it runs nothing, and its links open outside the frame."""
    html = _message(job_id).payload["html"].replace("<head>", '<head><base target="_top">', 1)
    return Response(html, headers={"Content-Security-Policy": _SANDBOX})


@blueprint.get("/outbox/<int:job_id>/attachments/<int:number>")
@requires(Permission.OUTBOX_READ)
def attachment(job_id: int, number: int) -> Any:
    """A file that came with it, to keep and never to open here."""
    files = _message(job_id).payload["attachments"]
    if not 0 <= number < len(files):
        raise NotFound
    file = files[number]
    return send_file(
        BytesIO(base64.b64decode(file["content"])),
        mimetype=file["mime"],
        as_attachment=True,
        download_name=file["name"],
    )


def _message(job_id: int) -> Job:
    """A message of the demonstration. Elsewhere nobody reads what others were sent: it may open doors."""
    job = db.session.get(Job, job_id)
    if job is None or job.kind != "mail" or not current_app.config["TERANGA_DEMO"]:
        raise NotFound
    if "html" not in job.payload:  # it left, and is forgotten
        raise NotFound
    return job
