"""The pages for everybody: the gatherings, one gathering, its registration form."""

from typing import Any

from flask import Blueprint, current_app, redirect, render_template, request, session, url_for
from flask_wtf.csrf import generate_csrf

from access.asking import person
from events import queries, registration
from events.editions import Window, places_left, window
from events.forms import RegistrationForm, label, new_submission
from events.manage_views import STATUS_LABELS
from events.models import Edition, Registration, RegistrationStatus
from events.own_views import to_checkout
from events.places import tell
from events.programme import FIGURE_LABELS, SESSION_LABELS
from events.registration import AlreadyRegistered, private_link
from events.wording import (
    city_of,
    country,
    days,
    deadline,
    hour,
    last_day,
    own_names,
    partial_date,
)
from network.wording import source_of
from shared.audit import System
from shared.clock import today
from shared.database import db, transaction
from shared.errors import DomainError
from shared.forms import explain
from shared.i18n import _
from shared.limits import limiter
from shared.money import Money, format_money
from shared.web import locale_code, public
from treasury.models import PaymentMethod

blueprint = Blueprint("events", __name__)

REGISTRATIONS_LIMIT = "60 per minute; 600 per hour"
"""By one address: a school may register its class from one connection."""

_PUBLIC = System("public form")


@blueprint.app_context_processor
def _words() -> dict[str, Any]:
    """Dates and names as the reader's language says them."""
    return {
        "days": lambda start, end: days(start, end, locale_code()),
        "hour": lambda moment, zone: hour(moment, zone, locale_code()),
        "deadline": lambda moment, zone: deadline(moment, zone, locale_code()),
        "last_day": lambda moment, zone: last_day(moment, zone, locale_code()),
        "city_of": lambda zone: city_of(zone, locale_code()),
        "country_name": lambda code: country(code, locale_code()),
        "partial_date": lambda text: partial_date(text, locale_code()),
        "own_names": own_names,
        "source_of": source_of,
        "labelled": lambda labels: label(labels, locale_code()),
        "places_left": places_left,
        "window": window,
    }


@blueprint.get("/")
@public
def home() -> Any:
    """The gatherings to come and those that were; what Teranga does, or what concerns who signed in."""
    user = person()
    return render_template(
        "events/home.html",
        found=queries.gatherings(),
        figure_labels=FIGURE_LABELS,
        own=queries.registrations_of(user.email) if user else [],
        own_labels=STATUS_LABELS,
    )


@blueprint.get("/events/<code>")
@public
def edition(code: str) -> Any:
    """One gathering, without a person and without an amount owed."""
    found = queries.public_edition(code)
    return render_template(
        "events/edition.html",
        edition=found,
        state=window(found),
        fees=fees_of(found),
        programme=queries.programme(found),
        milestones=queries.milestones(found),
        headcounts=queries.headcounts([found.id]),
        session_labels=SESSION_LABELS,
        figure_labels=FIGURE_LABELS,
    )


@blueprint.route("/events/<code>/register", methods=["GET", "POST"])
@public
@limiter.limit(REGISTRATIONS_LIMIT, methods=["POST"], exempt_when=lambda: current_app.config["TERANGA_DEMO"])
def register(code: str) -> Any:
    """The form, and what was typed in it kept until it is right."""
    told = _told(code) if request.method == "GET" else None
    if told in _pages:
        return _own(_pages[told])
    found = queries.public_edition(code)
    if window(found) is not Window.OPEN:
        return render_template("events/register_closed.html", edition=found, state=window(found)), 409
    form = _form(found)
    if told:
        return _own(_kept(told, form, _form_page(found, form)))
    status = 422
    if form.validate_on_submit():
        try:
            return _register(found, form)
        except DomainError as refused:
            status = refused.status
            _say_why(form, refused)
    return _form_page(found, form), status


def _form(found: Edition) -> RegistrationForm:
    settings = current_app.config["SETTINGS"]
    return RegistrationForm(
        found,
        locale_code(),
        settings.secret_key,
        cards=bool(settings.stripe_secret_key),
        patient=settings.rate_limits and not settings.demo,
    )


def _form_page(found: Edition, form: RegistrationForm) -> str:
    return render_template(
        "events/register.html",
        edition=found,
        form=form,
        full=is_full(found),
        cards=_fee_cards(found),
        methods={
            PaymentMethod.CARD: {
                "label": _("By card, now"),
                "note": _("On the page of our card service."),
            },
            PaymentMethod.TRANSFER: {
                "label": _("By bank transfer"),
                "note": _("You receive a reference to write in it."),
            },
        },
    )


def _told(code: str) -> tuple[object, ...] | None:
    """What the form says before anything is typed, if nothing in it is about who asks.

    When registration opens, everybody asks for the same page at once: for who is not signed in it is set
    once, and afterwards only its two tokens change.
    """
    facts = queries.form_facts(code)
    if not facts or request.query_string or "_flashes" in session or person() is not None:
        return None
    return current_app.config["SETTINGS"], locale_code(), window(facts[0]), repr(facts)


def _kept(told: tuple[object, ...], form: RegistrationForm, page: str) -> str:
    """The page that was just set, without its tokens, kept for the next who asks."""
    if len(_pages) >= _MOST_PAGES:
        _pages.clear()
    kept = page.replace(str(form.submission.data), _SUBMISSION).replace(generate_csrf(), _CSRF)
    _pages[told] = kept
    return kept


def _own(page: str) -> str:
    """A kept page with tokens of its own."""
    fresh = new_submission(current_app.config["SETTINGS"].secret_key)
    return page.replace(_SUBMISSION, fresh).replace(_CSRF, generate_csrf())


_SUBMISSION, _CSRF = "\0submission\0", "\0csrf\0"
_MOST_PAGES = 64
_pages: dict[tuple[object, ...] | None, str] = {}


def _fee_cards(found: Edition) -> dict[str, dict[str, str]]:
    locale = locale_code()
    return {
        tier.code: {"label": label(tier.label, locale), "amount": format_money(tier.amount, locale)}
        for tier in found.tiers
    }


def _register(found: Edition, form: RegistrationForm) -> Any:
    command = form.command(waitlist_ok=form.wants_to_wait())  # read before the lock is held
    with transaction():
        made = registration.register(found, command, by=_PUBLIC)
        token = private_link(made)
        by_card = form.chosen_method() is PaymentMethod.CARD and made.status is RegistrationStatus.UNPAID
    if by_card:
        return to_checkout(made, token)
    return redirect(url_for("registration.page", token=token), 303)


def _say_why(form: RegistrationForm, refused: DomainError) -> None:
    """At the form; who is registered already receives the confirmation again, once a day."""
    explain(form, refused)
    if isinstance(refused, AlreadyRegistered):
        with transaction():
            known = db.session.get_one(Registration, refused.details["registration_id"])
            tell(known, known.status.value, key=f"registration-again:{known.id}:{today()}")


def is_full(edition: Edition) -> bool:
    """Whether only the waiting list is left."""
    return places_left(edition) == 0


def fees_of(edition: Edition) -> list[Money]:
    """The fee, or the lowest and the highest of several."""
    amounts = sorted((tier.amount for tier in edition.tiers), key=lambda amount: amount.minor)
    return [amounts[0], amounts[-1]] if amounts else [edition.fee]
