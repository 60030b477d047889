"""A payer's card for the instalments of their plan: left on the network's page, taken off again."""

from typing import Any

from flask import current_app, flash, redirect, request, url_for

from delegations.pages import blueprint
from delegations.savings import card_deposits
from delegations.savings.views import payer_by_link
from shared.addresses import absolute
from shared.audit import System
from shared.database import db, transaction
from shared.errors import DomainError
from shared.forms import reader
from shared.i18n import _
from shared.limits import limiter
from shared.web import public
from treasury.cards import saved_cards


@blueprint.post("/plan/<token>/card")
@public
@limiter.limit("20 per minute")
def leave_card(token: str) -> Any:
    """Go on to the network's page, to leave a card there."""
    payer = payer_by_link(token)
    page = url_for("delegations.payers_plan", token=token)
    if request.form.get("agreed") != "yes":
        flash(_("Tick that you agree, so that the card can be charged on the days that are due."), "error")
        return redirect(f"{page}#card", 303)
    try:
        url = card_deposits.ask_for_card(
            payer,
            current_app.extensions["teranga.gateway"],
            success_url=absolute(url_for("delegations.card_left", token=token))
            + "?page={CHECKOUT_SESSION_ID}",
            cancel_url=absolute(page),
            locale=reader(),
        )
    except DomainError as refused:
        flash(refused.sentence(), "error")
        return redirect(f"{page}#card", 303)
    return redirect(url, 303)


@blueprint.get("/plan/<token>/card-left")
@public
@limiter.limit("60 per minute")
def card_left(token: str) -> Any:
    """Back from the network's page: its own message may be late, so it is asked."""
    payer = payer_by_link(token)
    page = request.args.get("page", "")
    card = saved_cards.card_page(page)
    if card is not None and (card.purpose, card.subject_id) == card_deposits.kept_for(payer):
        try:
            kept = saved_cards.look_at_page(page, current_app.extensions["teranga.gateway"])
        except DomainError as silent:
            kept = None
            flash(silent.sentence(), "error")
        if kept is not None:
            flash(_("Your card is kept. The instalments are taken from it on the days they are due."), "good")
    return redirect(url_for("delegations.payers_plan", token=token) + "#card", 303)


@blueprint.post("/plan/<token>/card/remove")
@public
@limiter.limit("20 per minute")
def remove_card(token: str) -> Any:
    """Take the card off: nothing more is taken from it."""
    payer = payer_by_link(token)
    with transaction():
        card = card_deposits.card_of(payer)
        method = card.method_id if card else ""
        if card is not None:
            saved_cards.remove_card(card, by=System(":".join(map(str, payer.opened_by))))
    db.session.rollback()
    if method:
        try:
            current_app.extensions["teranga.gateway"].forget_card(method)
        except DomainError:
            current_app.logger.warning("the network still keeps a card that was taken off")
        flash(_("The card is taken off. Pay your next instalments as you like."), "good")
    return redirect(url_for("delegations.payers_plan", token=token) + "#card", 303)
