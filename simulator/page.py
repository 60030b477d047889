"""The page to pay on, ``/c/pay/<session>``: complete without JavaScript, French or English."""

from flask import Blueprint, Response, current_app, make_response, redirect, render_template, request

from simulator import checkout
from simulator.api import memory
from simulator.cards import Decline, read_number
from simulator.money import shown
from simulator.wire import Object
from simulator.words import WORDS, language, reason

page = Blueprint("page", __name__, url_prefix="/c/pay")


@page.get("/<id_>")
def show(id_: str) -> Response:
    """What is to be paid and how; or that it is paid, expired or unknown."""
    session = _session(id_)
    if session is None or session["status"] != "open":
        return _closed(session)
    return _form(session, None)


@page.post("/<id_>")
def pay(id_: str) -> Response:
    """Try the card once. Paid (now or before): back to the application. Declined: the page again, and why."""
    store, form = memory(), request.form
    number = read_number(form.get("card") or form.get("number", ""))
    name, email = form.get("name", "")[:200], form.get("email", "")[:200]
    with store.writing():
        session = store.find(id_)
        if session is None or session["object"] != "checkout.session":
            return _closed(None)
        try:
            decline = checkout.pay_session(store, session, number=number, name=name, email=email)
        except checkout.SessionClosed:
            decline = None
    if decline:
        return _form(session, decline)
    if session["status"] != "complete":
        return _closed(session)
    courier = current_app.extensions["simulator_courier"]
    if courier.mode == "first":
        courier.flush(held=False)
    return _private(make_response(redirect(checkout.return_url(session), 303)))


def _session(id_: str) -> Object | None:
    store = memory()
    with store.writing():
        found = store.find(id_)
        return checkout.lapse(store, found) if found and found["object"] == "checkout.session" else None


def _form(session: Object, decline: Decline | None) -> Response:
    lang = language(session["locale"], request.accept_languages)
    why = reason(decline.code, decline.decline_code, lang) if decline else None
    total = session["amount_total"]
    amount = shown(total, session["currency"], lang) if total is not None else None
    items = [
        (item["description"], item["quantity"], shown(item["amount_total"], item["currency"], lang))
        for item in session["_line_items"]
    ]
    email = request.form.get("email") or session["customer_email"] or ""
    body = render_template(
        "pay.html", lang=lang, words=WORDS[lang], session=session, amount=amount, items=items, email=email,
        why=why,
        name=request.form.get("name", ""),
    )  # fmt: skip
    return _private(make_response(body, 402 if decline else 200))


def _closed(session: Object | None) -> Response:
    lang = language(session["locale"] if session else None, request.accept_languages)
    state = "unknown" if session is None else "done" if session["status"] == "complete" else "expired"
    onward = None
    if session is not None:
        onward = checkout.return_url(session) if state == "done" else session["cancel_url"]
    body = render_template("closed.html", lang=lang, words=WORDS[lang], state=state, onward=onward)
    return _private(make_response(body, {"unknown": 404, "done": 200, "expired": 410}[state]))


def _private(response: Response) -> Response:
    response.headers["Cache-Control"] = "no-store"
    response.headers["Content-Security-Policy"] = (
        "default-src 'none'; style-src 'self'; frame-ancestors 'none'"
    )
    response.headers["Referrer-Policy"] = "no-referrer"
    return response
