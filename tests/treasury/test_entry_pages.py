"""Entries in a browser: from one person to another, written by hand, thrown away, reversed."""

import re
from html import unescape
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from access.models import Grant, RoleName, User
from shared.database import db, transaction
from shared.money import Money
from tests.treasury.conftest import Ask
from tests.treasury.desk import Desk
from treasury import attention, chart, queries
from treasury.models import (
    Attention,
    EntryStatus,
    Fund,
    JournalEntry,
    PaymentStatus,
)


def drafts() -> list[JournalEntry]:
    db.session.rollback()
    return list(db.session.scalars(select(JournalEntry).where(JournalEntry.status == EntryStatus.DRAFT)))


# Two people -------------------------------------------------------------------------------------------


def test_a_receipt_goes_from_one_person_to_another(
    treasurer: Desk, approver: Desk, ask: Ask, settled: list[int]
) -> None:
    payment = ask()
    page = f"/treasury/payments/{payment.reference}"
    sent = treasurer.press(
        page, f"{page}/receipt", received_on="2005-10-15", method="transfer", account_code=chart.BANK
    )
    assert sent.status_code == 302
    assert "You wrote this: somebody else approves it." in treasurer.see("/treasury")
    (draft,) = drafts()
    assert treasurer.client.post(f"/treasury/entries/{draft.id}/approve").status_code == 400  # no token
    home = approver.client.get("/treasury").text
    for _twice in range(2):
        assert approver.send(home, f"/treasury/entries/{draft.id}/approve").status_code == 302
    db.session.rollback()
    assert (payment.status, settled) == (PaymentStatus.SETTLED, [payment.id])
    assert queries.cash_by_currency() == [Money.of("750.00", "CAD")]


def test_a_treasurer_who_is_also_an_approver_does_not_approve_alone(
    app: Flask, aristide: User, ask: Ask
) -> None:
    with transaction():
        db.session.add(Grant(user_id=aristide.id, role=RoleName.APPROVER))
    desk = Desk(app, aristide)
    payment = ask()
    page = f"/treasury/payments/{payment.reference}"
    desk.press(page, f"{page}/receipt", received_on="2005-10-15", method="cash", account_code=chart.CASH)
    (draft,) = drafts()
    entry = desk.client.get(f"/treasury/entries/{draft.id}").text
    assert "/approve" not in entry
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', entry)
    assert token
    answer = desk.client.post(f"/treasury/entries/{draft.id}/approve", data={"csrf_token": token[1]})
    assert answer.status_code == 403
    assert drafts() == [draft]


def test_a_receipt_sent_twice_is_recorded_once(treasurer: Desk, ask: Ask) -> None:
    payment = ask()
    page = f"/treasury/payments/{payment.reference}"
    html = treasurer.client.get(page).text
    for _twice in range(2):
        sent = treasurer.send(
            html, f"{page}/receipt", received_on="2005-10-15", method="cheque", account_code=chart.CHEQUES
        )
        assert sent.status_code == 302
    assert len(drafts()) == 1


def test_a_day_that_has_not_come_is_refused_and_what_was_typed_is_kept(treasurer: Desk, ask: Ask) -> None:
    payment = ask()
    page = f"/treasury/payments/{payment.reference}"
    sent = treasurer.press(
        page,
        f"{page}/receipt",
        received_on="2999-01-01",
        method="cash",
        account_code=chart.CASH,
        narration="In an envelope",
    )
    assert sent.status_code == 422
    assert "This day has not come yet." in sent.text
    assert 'value="In an envelope"' in sent.text
    assert drafts() == []


def test_a_returned_cheque_goes_from_one_person_to_another(
    treasurer: Desk, approver: Desk, receive: Ask
) -> None:
    payment = receive("375.00")
    page = f"/treasury/payments/{payment.reference}"
    html = treasurer.client.get(page).text
    for _twice in range(2):
        treasurer.send(html, f"{page}/return", on="2005-10-20", reason="No provision")
    (mirror,) = drafts()
    approver.press(page, f"/treasury/entries/{mirror.id}/approve")
    db.session.rollback()
    assert payment.status is PaymentStatus.RETURNED
    assert queries.cash_by_currency() == [Money.zero("CAD")]


# Written by hand --------------------------------------------------------------------------------------


def entry_form(fund: Fund, debit: str = "12.50", credit: str = "12.50") -> dict[str, Any]:
    return {
        "dated_on": "2005-10-31",
        "narration": "Monthly fee",
        "currency": "CAD",
        "legs-0-account": chart.BANK_FEES,
        "legs-0-fund": str(fund.id),
        "legs-0-debit": debit,
        "legs-1-account": chart.BANK,
        "legs-1-fund": str(fund.id),
        "legs-1-credit": credit,
    }


def test_an_entry_by_hand_is_one_draft_however_often_it_is_sent(treasurer: Desk, house: Fund) -> None:
    html = treasurer.client.get("/treasury/entries/new").text
    for _twice in range(2):
        sent = treasurer.send(html, "/treasury/entries/new", **entry_form(house))
        assert sent.status_code == 302, sent.text
    (draft,) = drafts()
    assert {(one.account.code, one.amount_minor) for one in draft.postings} == {
        ("5800", 1250),
        ("1010", -1250),
    }


@pytest.mark.parametrize(
    ("debit", "credit", "told"),
    [
        ("12.50", "12.49", "the two sides differ by 0.01\u00a0CAD"),
        ("1e3", "12.50", "could not be read"),
        ("12,50", "12.50", "could not be read"),
        ("", "12.50", "An amount on one of the two sides."),
    ],
)
def test_an_entry_that_is_not_right_is_said_and_kept(
    treasurer: Desk, house: Fund, debit: str, credit: str, told: str
) -> None:
    sent = treasurer.press(
        "/treasury/entries/new", "/treasury/entries/new", **entry_form(house, debit, credit)
    )
    assert sent.status_code in (409, 422)
    assert told in unescape(sent.text)
    assert 'value="Monthly fee"' in sent.text
    if debit:
        assert f'value="{debit}"' in sent.text
    assert drafts() == []


def test_more_rows_keep_what_was_typed(treasurer: Desk, house: Fund) -> None:
    sent = treasurer.press(
        "/treasury/entries/new", "/treasury/entries/new", more="More rows", **entry_form(house)
    )
    assert sent.text.count("<fieldset>") == 6
    assert 'value="12.50"' in sent.text


def test_money_moves_between_two_different_funds(treasurer: Desk, outaouais: Fund, sorel: Fund) -> None:
    form: dict[str, Any] = {
        "source": str(outaouais.id),
        "target": str(outaouais.id),
        "currency": "CAD",
        "amount": "100.00",
        "dated_on": "2005-10-20",
        "narration": "Decision 1",
    }
    same = treasurer.press("/treasury/transfers/new", "/treasury/transfers/new", **form)
    assert "Choose another fund" in same.text
    html = treasurer.client.get("/treasury/transfers/new").text
    for _twice in range(2):
        sent = treasurer.send(html, "/treasury/transfers/new", **{**form, "target": str(sorel.id)})
        assert sent.status_code == 302
    (draft,) = drafts()
    assert sorted(one.amount_minor for one in draft.postings) == [-10000, -10000, 10000, 10000]


def test_an_address_fills_a_move_in(treasurer: Desk, outaouais: Fund, sorel: Fund) -> None:
    filled = f"source={outaouais.id}&target={sorel.id}&currency=CAD&minor=450000&narration=Seat%205"
    html = treasurer.client.get(f"/treasury/transfers/new?{filled}").text
    for fund in (outaouais, sorel):
        assert re.search(rf'<option selected value="{fund.id}"', html)
    assert 'value="4,500.00"' in html and 'value="Seat 5"' in html
    odd = treasurer.client.get("/treasury/transfers/new?source=x&minor=1&currency=ZZZ&target=" + "9" * 30)
    assert odd.status_code == 200 and 'value="0.01"' not in odd.text


def test_a_draft_is_thrown_away_with_a_reason(treasurer: Desk, ask: Ask) -> None:
    payment = ask()
    page = f"/treasury/payments/{payment.reference}"
    treasurer.press(page, f"{page}/receipt", received_on="2005-10-15", method="cash", account_code=chart.CASH)
    (draft,) = drafts()
    discard = f"/treasury/entries/{draft.id}/discard"
    assert "This field is required" in treasurer.press(discard, discard, reason=" ").text
    assert treasurer.press(discard, discard, reason="Wrong day").status_code == 302
    assert drafts() == []


def test_a_posted_entry_is_reversed_by_two_people(treasurer: Desk, approver: Desk, receive: Ask) -> None:
    payment = receive("750.00")
    page = f"/treasury/entries/{payment.entry_id}/reverse"
    html = treasurer.client.get(page).text
    for _twice in range(2):
        treasurer.send(html, page, dated_on="2005-10-20", reason="Wrong payer")
    (mirror,) = drafts()
    approver.press(f"/treasury/entries/{mirror.id}", f"/treasury/entries/{mirror.id}/approve")
    assert queries.cash_by_currency() == [Money.zero("CAD")]


def test_attention_is_resolved_in_words(treasurer: Desk, ask: Ask) -> None:
    payment = ask()
    with transaction():
        attention.attend("paid_twice", "charge:ch_9", payment_id=payment.id, details="750.00 CAD")
    assert "Paid twice" in treasurer.see("/treasury")
    one = db.session.scalars(select(Attention)).one()
    treasurer.press(f"/treasury/attention/{one.id}", "", resolution="Given back on 20 October")
    assert "Paid twice" not in treasurer.see("/treasury")
