"""A payer stops the reminders of their plan, or wants them again, by the link in each of them."""

from typing import Any

from flask import flash, redirect, render_template, request, url_for

from access.asking import speak
from delegations.pages import blueprint
from delegations.savings import reminders as plan_reminders
from delegations.savings.payer_models import Payer
from delegations.savings.views import payer_by_link
from outbox.mail import ONE_CLICK
from shared.audit import System
from shared.database import transaction
from shared.i18n import _
from shared.limits import limiter
from shared.web import csrf, public


@blueprint.get("/plan/<token>/reminders")
@public
def reminders(token: str) -> Any:
    """From the plan's page, and from older messages."""
    return redirect(
        url_for("delegations.stop_reminders", token=plan_reminders.stop_token(payer_by_link(token)))
    )


@blueprint.route("/reminders/<token>", methods=["GET", "POST"])
@public
@limiter.limit("120 per minute")
def stop_reminders(token: str) -> Any:
    """Looking changes nothing: mail programs open every link. One click of theirs is a form (RFC 8058)."""
    payer = plan_reminders.open_stop(token)
    speak(payer.organisation.locale)
    if request.method == "GET":
        return _page(payer, token)
    by = System(f"plan:{payer.plan.id}")
    name, _equals, value = ONE_CLICK.partition("=")
    with transaction():
        if request.form.get("wanted") == "yes":
            plan_reminders.resume(payer, by=by)
            told = _("Reminders will come again.")
        else:
            plan_reminders.stop(payer, by=by)
            told = _("No more reminders will come. Your plan stays as it is.")
    if request.form.get(name) == value:
        return _page(payer, token)  # answered where it was asked: a redirect would lose the form
    flash(told, "good")
    return redirect(url_for("delegations.stop_reminders", token=token))


csrf.exempt(stop_reminders)  # the token is all that is asked of a mail program, which has no session


def _page(payer: Payer, token: str) -> str:
    return render_template(
        "delegations/reminders.html", plan=payer.plan, token=token, stopped=plan_reminders.stopped(payer)
    )
