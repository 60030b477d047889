"""The treasury in a browser: who sees and does what, forms sent twice, what was typed kept, few queries."""

import io
import re
from datetime import date
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select
from werkzeug.test import TestResponse

from access.models import Grant, RoleName, User
from shared.database import db, transaction
from shared.money import Money
from tests.counting import count_queries
from tests.treasury.conftest import Ask
from tests.treasury.desk import Desk
from treasury import attention, chart, payments, queries
from treasury.models import (
    Account,
    EntryStatus,
    Fund,
    JournalEntry,
    Payment,
    PaymentStatus,
    ReconciliationLink,
    StatementLine,
)

DEMO = Path(__file__).parents[2] / "demonstration" / "samples"


@pytest.fixture
def auditor(app: Flask) -> Desk:
    with transaction():
        user = User(email="mary@example.org", name="Mary Sample")
        db.session.add(user)
        db.session.flush()
        db.session.add(Grant(user_id=user.id, role=RoleName.AUDITOR))
    return Desk(app, user)


def drafts() -> list[JournalEntry]:
    db.session.rollback()
    return list(db.session.scalars(select(JournalEntry).where(JournalEntry.status == EntryStatus.DRAFT)))


def import_october(desk: Desk) -> TestResponse:
    """Through the pages: choose, look, agree."""
    account = db.session.scalar(select(Account.id).where(Account.code == chart.BANK))
    file = (io.BytesIO((DEMO / "releve-octobre-2005.ofx").read_bytes()), "releve-octobre-2005.ofx")
    sent = desk.press("/treasury/statements/import", "", files={"file": file}, account=str(account))
    preview = sent.headers["Location"]
    return desk.send(desk.see(preview), preview)


# What there is ----------------------------------------------------------------------------------------


def test_home_says_what_there_is_and_never_adds_currencies(
    treasurer: Desk, receive: Ask, outaouais: Fund, aristide: User, zoe: User
) -> None:
    from treasury import approvals, ledger
    from treasury.ledger import Leg

    receive("750.00")
    with transaction():
        chart.open_chart("XOF")
        francs = Money.of("830000", "XOF")
        entry = ledger.draft(
            date(2005, 11, 15),
            "Opening of the cash box in Dakar",
            [Leg(chart.CASH, outaouais.id, francs), Leg(chart.OPENING, outaouais.id, -francs)],
            by=aristide,
        )
        approvals.approve(entry, by=zoe)
    page = treasurer.see("/treasury")
    assert "750.00\xa0CAD" in page
    assert "830,000\xa0F\u202fCFA" in page
    assert "830,750" not in page


def test_each_figure_leads_to_the_postings_that_make_it(
    treasurer: Desk, receive: Ask, outaouais: Fund
) -> None:
    payment = receive("750.00")
    home = treasurer.see("/treasury")
    for url in ("/treasury/cash/CAD", "/treasury/funds/DKR05-OUT"):
        assert f'href="{url}"' in home
        assert f"/treasury/entries/{payment.entry_id}" in treasurer.see(url)
    assert "750.00" in treasurer.see("/treasury/accounts/1010?currency=CAD")
    entry = treasurer.see(f"/treasury/entries/{payment.entry_id}")
    assert payment.entry
    for told in ("Aristide Fictif", "Zoé Témoin", payment.entry.hash or "?", payment.reference):
        assert told in entry


def test_the_trial_balance_is_even_on_screen_and_as_a_table(treasurer: Desk, receive: Ask) -> None:
    receive("750.00")
    assert "equal" in treasurer.see("/treasury/trial-balance")
    table = treasurer.client.get("/treasury/trial-balance.csv")
    rows = table.text.lstrip("\ufeff").splitlines()
    assert table.mimetype == "text/csv"
    assert rows[1:] == ["1010,Bank,asset,750.00,CAD", "4100,Savings deposits,income,-750.00,CAD"]


def test_the_auditor_reads_everything_and_can_do_nothing(
    auditor: Desk, treasurer: Desk, receive: Ask, ask: Ask, aristide: User
) -> None:
    payment = receive()
    asked = ask()
    import_october(treasurer)
    pages = (
        "/treasury",
        "/treasury/journal",
        "/treasury/sample?seed=dakar&size=4",
        "/treasury/vouchers-missing",
        "/treasury/check",
        "/treasury/statements",
        "/treasury/statements/1",
        "/treasury/statements/lines/1",
        f"/treasury/entries/{payment.entry_id}",
        f"/treasury/payments/{asked.reference}",
    )
    for url in pages:
        html = auditor.see(url)
        posting = [one for one in re.findall(r'method="post" action="([^"]*)"', html) if "/treasury/" in one]
        assert [one for one in posting if not one.startswith(("/language", "/sign-out"))] == []
    assert auditor.client.get("/treasury/entries/new").status_code == 403
    assert auditor.client.get("/treasury/statements/import").status_code == 403


def test_what_is_not_there_is_not_found(treasurer: Desk, bank: Account) -> None:
    for url in (
        "/treasury/funds/NOTHING",
        "/treasury/accounts/9999",
        "/treasury/entries/77",
        "/treasury/payments/TG00-0000-0",
        "/treasury/statements/9",
        "/treasury/statements/lines/9",
        "/treasury/attention/9",
    ):
        treasurer.see(url, 404)


# Payments are found -----------------------------------------------------------------------------------


def test_a_payment_is_found_by_its_reference_however_it_is_typed(treasurer: Desk, ask: Ask) -> None:
    payment = ask()
    typed = payment.reference.lower().replace("-", " ")
    found = treasurer.client.get("/treasury/payments", query_string={"q": typed})
    assert found.headers["Location"].endswith(f"/treasury/payments/{payment.reference}")
    assert payment.reference in treasurer.see("/treasury/payments?q=grand-h%C3%A9ron")
    assert "No payment found" in treasurer.see("/treasury/payments?q=%25")


# Statements -------------------------------------------------------------------------------------------


def test_lines_are_matched_all_sure_ones_at_once_and_one_undone(
    treasurer: Desk, receive: Ask, sorel: Fund
) -> None:
    receive()
    receive("250.00", fund=sorel, payer="Atelier fictif des Îles", on=date(2005, 10, 15))
    before = queries.trial_balance()
    bench = import_october(treasurer).headers["Location"]
    page = treasurer.see(bench)
    assert "The amount is the same." in page
    assert "The name is close to Réseau fictif du Grand-Héron." in page
    treasurer.press(f"{bench}?show=sure", f"{bench}/accept")
    db.session.rollback()
    links = db.session.scalars(select(ReconciliationLink).order_by(ReconciliationLink.id)).all()
    assert len(links) == 2
    for _twice in range(2):
        treasurer.client.post(
            f"/treasury/statements/links/{links[0].id}/undo",
            data={"csrf_token": _token(treasurer, f"{bench}?show=all")},
        )
    db.session.rollback()
    assert [one.undone_at is None for one in links] == [False, True]
    assert queries.trial_balance() == before


def _token(desk: Desk, page: str) -> str:
    found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', desk.client.get(page).text)
    assert found
    return found[1]


def test_a_line_that_is_written_into_the_books_is_matched_when_approved(
    treasurer: Desk, approver: Desk, house: Fund
) -> None:
    bench = import_october(treasurer).headers["Location"]
    fee = db.session.scalars(select(StatementLine).where(StatementLine.amount_minor == -1250)).one()
    page = f"/treasury/statements/lines/{fee.id}"
    missing = treasurer.press(page, f"{page}/entry", account_code=chart.BANK_FEES, fund="", narration="Fee")
    assert missing.status_code == 422
    html = treasurer.client.get(page).text
    for _twice in range(2):
        treasurer.send(
            html, f"{page}/entry", account_code=chart.BANK_FEES, fund=str(house.id), narration="Monthly fee"
        )
    (draft,) = drafts()
    assert "waits for approval" in treasurer.see(bench)
    approver.press("/treasury", f"/treasury/entries/{draft.id}/approve")
    assert "It was recorded from this line." in treasurer.see(f"{bench}?show=all")


def test_samples_are_for_the_demonstration_only(treasurer: Desk) -> None:
    treasurer.see("/treasury/statements/samples/releve-octobre-2005.ofx", 404)


@pytest.mark.settings(demo=True)
def test_samples_can_be_taken_in_the_demonstration(treasurer: Desk, bank: Account) -> None:
    page = treasurer.see("/treasury/statements/import")
    assert "/treasury/statements/samples/releve-novembre-2005.csv" in page
    with treasurer.client.get("/treasury/statements/samples/releve-octobre-2005.ofx") as answer:
        assert answer.data.startswith(b"OFXHEADER")
    treasurer.see("/treasury/statements/samples/load.py", 404)


# Few queries ------------------------------------------------------------------------------------------

PAGES = (
    "/treasury",
    "/treasury/cash/CAD",
    "/treasury/funds",
    "/treasury/funds/DKR05-OUT",
    "/treasury/accounts/1010",
    "/treasury/journal",
    "/treasury/sample?seed=dakar&size=4",
    "/treasury/vouchers-missing",
    "/treasury/trial-balance",
    "/treasury/payments",
    "/treasury/statements",
    "/treasury/statements/1",
    "/treasury/statements/1?show=all",
    "/treasury/statements/lines/1",
    "/treasury/entries/new",
)


def test_no_page_asks_more_of_the_database_when_there_is_more(
    treasurer: Desk, ask: Ask, receive: Ask, aristide: User
) -> None:
    def fill(count: int) -> None:
        for number in range(count):
            payment = receive(f"{number + 1}00.00", payer=f"Payeur fictif {number}")
            waiting = ask(payer=f"Autre payeur fictif {number}")
            with transaction():
                payments.record_receipt(
                    waiting, payments.RecordReceipt(received_on=date(2005, 10, 15)), by=aristide
                )
                attention.attend("surplus", f"payment:{payment.id}", payment_id=payment.id, details="")

    def asked() -> dict[str, int]:
        counts = {}
        for url in PAGES:
            with count_queries() as sent:
                treasurer.see(url)
            counts[url] = len(sent)
        return counts

    import_october(treasurer)
    receive()
    fill(3)
    treasurer.see("/treasury/statements/1")  # what came since is compared once
    few = asked()
    fill(12)
    treasurer.see("/treasury/statements/1")
    assert asked() == few
    assert few.pop("/treasury") <= 42  # fifteen questions, what several pay, and what waits
    assert max(few.values()) <= 20, few


def test_payments_are_listed_with_their_state(treasurer: Desk, receive: Ask, ask: Ask) -> None:
    paid, open_one = receive(), ask("10.00")
    html = treasurer.see("/treasury/payments?status=requested")
    assert open_one.reference in html
    assert paid.reference not in html
    assert db.session.get_one(Payment, paid.id).status is PaymentStatus.SETTLED
