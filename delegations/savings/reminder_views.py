"""A payer stops the reminders of their plan, or wants them again, by the link in each of them."""

from typing import Any

from flask import flash, redirect, render_template, request, url_for

from delegations.pages import blueprint
from delegations.savings import reminders as plan_reminders
from delegations.savings.views import plan_by_link
from shared.audit import System
from shared.database import transaction
from shared.i18n import _
from shared.limits import limiter
from shared.web import public


@blueprint.route("/plan/<token>/reminders", methods=["GET", "POST"])
@public
@limiter.limit("20 per minute")
def reminders(token: str) -> Any:
    """Ask before anything changes: a mail program that opens every link stops nothing."""
    plan = plan_by_link(token)
    if request.method == "GET":
        return render_template(
            "delegations/reminders.html", plan=plan, token=token, stopped=plan_reminders.stopped(plan)
        )
    by = System(f"plan:{plan.id}")
    with transaction():
        if request.form.get("wanted") == "yes":
            plan_reminders.resume(plan, by=by)
            told = _("Reminders will come again.")
        else:
            plan_reminders.stop(plan, by=by)
            told = _("No more reminders will come. Your plan stays as it is.")
    flash(told, "good")
    return redirect(url_for("delegations.reminders", token=token))
