"""From a phone: an advance, a claim with a photograph, a missing voucher, three people, the entry."""

import io
from datetime import date
from typing import Any

import pytest
from flask.testing import FlaskClient
from PIL import Image
from sqlalchemy import select

from access.models import User
from delegations.budgets import advances
from delegations.budgets.claim_models import Advance, ClaimStatus, ExpenseClaim
from delegations.models import SavingsPlan
from shared.database import db, transaction
from shared.money import Money
from tests.conftest import sign_in
from tests.delegations.conftest import cad, deposit
from tests.events.browsing import fill_in, press
from treasury import approvals, chart
from treasury.models import EntryStatus, JournalEntry

HERE, DAY = "/delegations/DKR05-OUT", "2005-11-20"


def photograph() -> tuple[io.BytesIO, str]:
    written = io.BytesIO()
    Image.new("RGB", (60, 40), "white").save(written, "JPEG")
    written.seek(0)
    return written, "recu.jpg"


@pytest.fixture
def saved(plan: SavingsPlan, aristide: User, zoe: User) -> SavingsPlan:
    with transaction():
        chart.open_chart("CAD")
        chart.open_chart("XOF")
        deposit(plan, "9000.00", date(2005, 10, 1), aristide, zoe)
    return plan


def test_an_advance_is_claimed_and_paid_by_three_people(
    client: FlaskClient, saved: SavingsPlan, ondine: User, aristide: User, zoe: User
) -> None:
    sign_in(client, aristide)
    asked: dict[str, Any] = {
        "holder": ondine.id,
        "fund": saved.fund_id,
        "amount": "200,00",
        "purpose": "Taxis",
        "given_on": DAY,
    }
    assert fill_in(client, f"{HERE}/advances/new", **asked).status_code == 302
    sign_in(client, zoe)
    assert press(client, f"{HERE}/claims", f"{HERE}/advances/1/give").status_code == 302
    sign_in(client, aristide)
    changed: dict[str, Any] = {"given": "200,00", "received": "83 000", "slip": "415,00", "changed_on": DAY}
    assert fill_in(client, f"{HERE}/advances/1/change/XOF", **changed).status_code == 302
    with transaction():
        draft = db.session.scalars(select(JournalEntry).where(JournalEntry.status == EntryStatus.DRAFT)).one()
        approvals.approve(draft, by=zoe)

    sign_in(client, ondine)
    opened = fill_in(client, f"{HERE}/claims/new", title="Taxis de Dakar", currency="XOF", advance=1)
    page = opened.headers["Location"]
    paid: dict[str, Any] = {"description": "Taxi", "amount": "50 000", "category": "L04", "spent_on": DAY}
    assert fill_in(client, page, **paid).status_code == 422  # no voucher, and no reason
    assert fill_in(client, page, **paid, voucher=photograph()).status_code == 302
    lost: dict[str, Any] = {
        "description": "Car",
        "amount": "24 000",
        "category": "",
        "missing_reason": "reçu perdu",
    }
    assert fill_in(client, page, **lost, spent_on=DAY).status_code == 302
    shown = client.get(page).text
    assert ("reçu perdu" in shown, "il manque 1 pièce" in shown) == (True, True)
    assert press(client, page, f"{page}/submit").status_code == 302

    sign_in(client, aristide)
    assert "/return/XOF" in client.get(f"{HERE}/claims").text
    sign_in(client, zoe)
    assert client.get(f"{page}/send-back").text.count("Renvoyer la note de frais") == 3  # title, head, button
    assert press(client, page, f"{page}/approve").status_code == 302
    sign_in(client, aristide)
    assert press(client, page, f"{page}/pay").status_code == 302
    claim = db.session.scalars(select(ExpenseClaim)).one()
    assert (claim.status, claim.payer_id) == (ClaimStatus.PAID, aristide.id)
    [advance] = db.session.scalars(select(Advance))
    given = client.get(f"/treasury/entries/{advance.entries[0].entry_id}").text
    assert "une avance à Ondine Exemple" in given
    assert advances.in_hand(advance)["XOF"] == Money.of("9000", "XOF")
    assert fill_in(client, f"{HERE}/advances/1/return/XOF", amount="9 000", on=DAY).status_code == 302
    entry = f"/treasury/entries/{claim.entry_id}"
    trail = client.get(entry).text
    assert f'<a href="{page}">note de frais\xa0: Taxis de Dakar</a>' in trail  # and no longer somebody's hand
    assert entry in client.get(page).text
    told = client.get(f"{HERE}/claims").text
    assert "rendu par la personne" in told and "attend une deuxième personne" in told
    assert "/return/XOF" not in told  # all that is left is in the draft
    sign_in(client, ondine)  # who does not keep the books reads the words without the way to the entry
    assert (entry in client.get(page).text, entry in client.get(f"{HERE}/claims").text) == (False, False)


@pytest.mark.usefixtures("both_databases")
def test_a_line_that_came_back_is_corrected_in_its_form_and_keeps_its_voucher(
    client: FlaskClient, saved: SavingsPlan, ondine: User, zoe: User
) -> None:
    seats = [one.id for one in saved.delegation.seats[:2]]
    sign_in(client, ondine)
    page = fill_in(client, f"{HERE}/claims/new", title="Repas", currency="CAD", advance=0).headers["Location"]
    line: dict[str, Any] = {"description": "Repas", "amount": "12,01", "category": "L03", "spent_on": DAY}
    assert fill_in(client, page, **line, seats=seats, voucher=photograph()).status_code == 302
    press(client, page, f"{page}/submit")
    change = f"{page}/1/change"
    assert client.get(change).status_code == 302  # nothing is corrected while somebody looks at it
    sign_in(client, zoe)
    press(client, page, f"{page}/send-back", reason="De quel jour est-ce ?")
    sign_in(client, ondine)
    assert f'href="{change}"' in client.get(page).text
    form = client.get(change).text
    assert all(word in form for word in ("De quel jour", 'value="Repas"', 'value="12,01"'))
    assert form.count(" checked") == 2
    line |= {"spent_on": "2005-11-19", "seats": seats}
    assert fill_in(client, change, **line | {"amount": "douze"}).status_code == 422
    line["amount"] = "12,00"
    assert fill_in(client, change, **line).status_code == 302
    [claim] = db.session.scalars(select(ExpenseClaim))
    [kept] = claim.lines
    assert (kept.description, kept.amount, kept.spent_on) == ("Repas", cad("12.00"), date(2005, 11, 19))
    assert [(one.seat_id, one.amount) for one in kept.shares] == [(one, cad("6.00")) for one in seats]
    assert kept.voucher and kept.voucher.label == "recu.jpg"
    other = (photograph()[0], "autre.jpg")
    assert fill_in(client, change, **line, voucher=other).status_code == 302
    db.session.expire_all()
    assert kept.voucher.label == "autre.jpg"


def test_a_voucher_leaves_as_an_attachment_and_may_come_late(
    client: FlaskClient, saved: SavingsPlan, ondine: User, zoe: User
) -> None:
    sign_in(client, ondine)
    page = fill_in(client, f"{HERE}/claims/new", title="Repas", currency="CAD", advance=0).headers["Location"]
    line: dict[str, Any] = {
        "description": "Repas",
        "amount": "12,00",
        "category": "L03",
        "missing_reason": "à venir",
    }
    assert fill_in(client, page, **line, spent_on=DAY).status_code == 302
    assert press(client, page, f"{page}/submit").status_code == 302
    sign_in(client, zoe)
    assert press(client, page, f"{page}/send-back", reason="Quel repas ?").status_code == 302
    sign_in(client, ondine)
    assert "Quel repas" in client.get(page).text
    assert press(client, page, f"{page}/1/voucher", voucher=photograph()).status_code == 302
    answer = client.get(f"{page}/1/voucher-1.jpg")
    assert (answer.status_code, answer.headers["Content-Security-Policy"]) == (
        200,
        "default-src 'none'; sandbox",
    )
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert press(client, page, f"{page}/1/remove").status_code == 302
    assert press(client, page, f"{page}/submit").status_code == 302  # nothing left to hand in: said so
    assert db.session.scalars(select(ExpenseClaim)).one().status is ClaimStatus.DRAFT
