"""One's own registration, opened by a private link: where it stands, pay, take a place, cancel, calendar."""

from typing import Any

from flask import (
    Blueprint,
    Response,
    current_app,
    flash,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from sqlalchemy import select

from access import links
from access.asking import person
from events import owed_again, places, queries, registration
from events.calendar import MIME, calendar_file
from events.further import FURTHER
from events.messages import GONE, fee_of_a_seat
from events.models import HOLDS_A_PLACE, Registration, RegistrationStatus
from events.places import PURPOSE, tell
from shared.addresses import absolute
from shared.audit import System
from shared.clock import now
from shared.database import db, transaction
from shared.errors import DomainError, NotFound
from shared.i18n import _
from shared.limits import limiter
from shared.web import SIGNED_IN, public, requires
from treasury import payments
from treasury.bank_details import bank_details, code_for
from treasury.cards.books import settle_checkout
from treasury.cards.checkouts import start_checkout
from treasury.cards.gateway_values import CheckoutState, CheckoutStatus, PaymentGateway
from treasury.models import Payment, PaymentMethod, PaymentStatus

blueprint = Blueprint("registration", __name__, url_prefix="/registration")

LINK_LIMIT = "30 per minute"
_ONESELF = System("private link")


@blueprint.after_request
def _keep_private(response: Response) -> Response:
    response.headers["X-Robots-Tag"] = "noindex"
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


@blueprint.get("/<token>")
@public
@limiter.limit(LINK_LIMIT)
def page(token: str) -> Any:
    """Where the registration stands and what happens next."""
    own = _own(token)
    return render_template(
        "events/own.html",
        token=token,
        registration=own,
        edition=own.edition,
        payment=own.payment,
        seat_fee=fee_of_a_seat(own) if own.seat_code else "",
        gone=[(one, GONE[owed_again.why_gone(one)]) for one in owed_again.earlier_payments(own)],
        holds_a_place=own.status in HOLDS_A_PLACE,
        offer_open=own.status is RegistrationStatus.OFFERED
        and bool(own.offered_until and own.offered_until > now()),
        bank_details=bank_details(),
        code=code_for(own.payment.amount, own.payment.reference) if own.payment else None,
        cards=bool(current_app.config["SETTINGS"].stripe_secret_key),
        further=[one(own, token) for one in FURTHER],
    )


@blueprint.post("/own/<code>")
@requires(SIGNED_IN)
@limiter.limit(LINK_LIMIT)
def reopen(code: str) -> Any:
    """To the page of a registration in the address of whoever is signed in, by a new private link."""
    user = person()
    mine = [one for one in queries.registrations_of(user.email) if one.code == code] if user else []
    if not mine:
        raise NotFound
    with transaction():
        token = registration.private_link(mine[0])
    return redirect(url_for(".page", token=token), 303)


@blueprint.post("/<token>/pay")
@public
@limiter.limit(LINK_LIMIT)
def pay(token: str) -> Any:
    """To the page to pay on; the same page again while it is open."""
    own = _own(token)
    if not _is_due(own.payment):
        return redirect(url_for(".page", token=token), 303)
    return to_checkout(own, token)


@blueprint.get("/paid")
@public
@limiter.limit(LINK_LIMIT)
def paid() -> Any:
    """Back from the page to pay on: ask the network how it stands. Only the payer knows the checkout's id."""
    checkout = request.args.get("checkout", "")
    payment = db.session.scalar(
        select(Payment).where(Payment.checkout_id == checkout, Payment.purpose == PURPOSE)
    )
    if payment is None or not checkout:
        raise NotFound
    gateway: PaymentGateway = current_app.extensions["teranga.gateway"]
    subject = payment.subject_id
    try:
        state = gateway.fetch_checkout(checkout)
    except DomainError as silent:
        flash(silent.sentence(), "error")
        state = None
    with transaction():
        if state is not None and state.paid:
            settle_checkout(state)
        own = db.session.get_one(Registration, subject)
        token = registration.private_link(own)
    if state is not None:
        _tell_outcome(state)
    return redirect(url_for(".page", token=token), 303)


@blueprint.get("/back/<code>")
@public
@limiter.limit(LINK_LIMIT)
def back(code: str) -> Any:
    """Back without having paid: to one's page if this browser came from it, else where to find the link."""
    token = session.get("paying", {}).get(code)
    if token is None:
        return render_template("events/back.html"), 200
    own = _own(token)
    if _is_due(own.payment) and own.payment and own.payment.checkout_id:
        gateway: PaymentGateway = current_app.extensions["teranga.gateway"]
        try:
            _tell_outcome(gateway.fetch_checkout(own.payment.checkout_id))
        except DomainError as silent:
            flash(silent.sentence(), "error")
    return redirect(url_for(".page", token=token), 303)


@blueprint.post("/<token>/take")
@public
@limiter.limit(LINK_LIMIT)
def take(token: str) -> Any:
    """Take the place that was offered."""
    own = _own(token)
    by_card = request.form.get("method") == PaymentMethod.CARD
    with transaction():
        places.accept_offer(
            own, method=PaymentMethod.CARD if by_card else PaymentMethod.TRANSFER, by=_ONESELF
        )
    flash(_("The place is yours."), "good")
    return redirect(url_for(".page", token=token), 303)


@blueprint.post("/<token>/cancel")
@public
@limiter.limit(LINK_LIMIT)
def cancel(token: str) -> Any:
    """Give the place back."""
    own = _own(token)
    with transaction():
        registration.cancel(own, "cancelled by the person", by=_ONESELF)
    flash(_("Your registration is cancelled. Thank you for telling us."), "good")
    return redirect(url_for(".page", token=token), 303)


@blueprint.post("/<token>/again")
@public
@limiter.limit("3 per hour")
def again(token: str) -> Any:
    """Send the message again."""
    own = _own(token)
    with transaction():
        tell(own, _about(own))
    flash(_("The message is on its way again."), "good")
    return redirect(url_for(".page", token=token), 303)


@blueprint.get("/<token>/calendar.ics")
@public
@limiter.limit(LINK_LIMIT)
def calendar(token: str) -> Any:
    """The dates for one's diary."""
    own = _own(token)
    return Response(
        calendar_file(own),
        headers={
            "Content-Type": MIME,
            "Content-Disposition": f'attachment; filename="{own.edition.code}.ics"',
        },
    )


def _own(token: str) -> Registration:
    return db.session.get_one(Registration, links.open_link(PURPOSE, token))


def _about(own: Registration) -> str:
    """What the message about a registration says last."""
    if _is_settled(own.payment):
        return "paid"
    again = own.status is RegistrationStatus.UNPAID and owed_again.earlier_payments(own)
    return "owed_again" if again else own.status.value


def _is_due(payment: Payment | None) -> bool:
    return payment is not None and payment.status is PaymentStatus.REQUESTED


def _is_settled(payment: Payment | None) -> bool:
    return payment is not None and payment.status is PaymentStatus.SETTLED


def to_checkout(own: Registration, token: str) -> Any:
    """Send the browser to the page to pay on, or to one's own page with the reason why not."""
    assert own.payment is not None
    kept = {code: text for code, text in session.get("paying", {}).items() if code != own.code}
    session["paying"] = dict([*list(kept.items())[-4:], (own.code, token)])
    gateway: PaymentGateway = current_app.extensions["teranga.gateway"]
    try:
        url = start_checkout(
            own.payment.id,
            gateway,
            success_url=absolute("/registration/paid?checkout={CHECKOUT_SESSION_ID}"),
            cancel_url=absolute(f"/registration/back/{own.code}"),
            locale=own.person.locale,
        )
    except DomainError as refused:
        flash(refused.sentence(), "info" if isinstance(refused, payments.AlreadySettled) else "error")
        return redirect(url_for("registration.page", token=token), 303)
    return redirect(url, 303)


def _tell_outcome(state: CheckoutState) -> None:
    """Paid, declined, or still waiting."""
    if state.paid:
        flash(_("Paid. Thank you!"), "good")
    elif state.charge:
        flash(_("The bank declined this card. Nothing was taken; try another card."), "error")
    elif state.status is CheckoutStatus.OPEN:
        flash(_("Not paid yet. Your place is kept; you can pay later from this page."), "info")
