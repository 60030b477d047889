"""A nominee's private link: opened, or asked for again once it opens no more."""

from typing import Any

from flask import flash, redirect, render_template, url_for

from access import links
from access.asking import speak
from access.links import LinkExpired
from delegations import queries
from delegations.models import CURRENT_NOMINATION, Nomination
from delegations.pages import blueprint
from delegations.seats import nominations
from shared.audit import System
from shared.database import db, transaction
from shared.errors import DomainError
from shared.i18n import _
from shared.limits import limiter
from shared.web import public


class NomineeLinkOver(LinkExpired):
    """The link was good once; `token` is its text."""

    def __init__(self, token: str) -> None:
        super().__init__()
        self.token = token


def nominee_of(token: str) -> Nomination:
    """Whose link this is; the page speaks their language. Raises `NotFound`, `NomineeLinkOver`."""
    try:
        nomination = queries.current_nomination(links.open_link("nominee", token))
    except LinkExpired:
        raise NomineeLinkOver(token) from None
    speak(nomination.person.locale)
    return nomination


@blueprint.errorhandler(NomineeLinkOver)
def link_over(refused: NomineeLinkOver) -> Any:
    """What to do with a link that opens no more. Nothing is shown of the record or of its address."""
    nomination = db.session.get_one(Nomination, links.led_to("nominee", refused.token))
    speak(nomination.person.locale)
    page = render_template(
        "delegations/link_over.html",
        token=refused.token,
        delegation=nomination.seat.delegation,
        stands=nomination.status in CURRENT_NOMINATION,
        can_be_mailed=bool(nomination.person.email),
    )
    return page, refused.status


@blueprint.post("/nominee/<token>/again")
@public
@limiter.limit("10 per hour")
def link_again(token: str) -> Any:
    """Mail a new link to the address that is known; whoever has the old one sees nothing of it."""
    nomination = queries.current_nomination(links.led_to("nominee", token))
    speak(nomination.person.locale)
    try:
        with transaction():
            nominations.renew_link(nomination, by=System(f"nominee:{nomination.id}"))
    except DomainError as refused:
        flash(refused.sentence(), "error")
    else:
        flash(_("A new link is on its way to your e-mail address."), "good")
    return redirect(url_for("delegations.nominee", token=token))
