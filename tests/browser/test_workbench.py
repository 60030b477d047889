"""A statement matched by keyboard: Enter takes the first, F the fee with it, U undoes; sure ones at once."""

from datetime import date

import pytest
from playwright.sync_api import Browser, Page, expect

from access.models import User
from shared.database import db
from tests.browser.conftest import Site
from tests.treasury.bank import bring_in
from tests.treasury.conftest import Ask, ask, bank, house, outaouais, receive, settled, sorel
from treasury.models import Account, BankStatement, ReconciliationLink
from treasury.reconciliation.models import WriteOff

pytestmark = pytest.mark.browser
__all__ = ["ask", "bank", "house", "outaouais", "receive", "settled", "sorel"]


@pytest.fixture
def october(bank: Account, aristide: User, receive: Ask) -> BankStatement:
    """A deposit, one of which the bank kept 7.50, a fee of the bank."""
    receive("750.00", on=date(2005, 10, 15))
    receive("600.00", on=date(2005, 10, 18), payer="Atelier fictif des Îles")
    return bring_in(
        bank,
        aristide,
        "15/10/2005;VIR RESEAU FICTIF DU GRAND HERON;;750,00;750,00",
        "19/10/2005;ATELIER FICT. DES ILES;;592,50;1 342,50",
        "31/10/2005;FRAIS MENSUELS;;-12,50;1 330,00",
    )


@pytest.fixture
def page(browser: Browser, site: Site, aristide: User) -> Page:
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    site.sign_in(context, aristide)
    return context.new_page()


def links() -> list[ReconciliationLink]:
    db.session.rollback()
    return db.session.query(ReconciliationLink).order_by(ReconciliationLink.id).all()


def test_most_lines_are_one_keystroke(page: Page, site: Site, october: BankStatement) -> None:
    page.goto(f"{site.url}/treasury/statements/{october.id}")
    expect(page.locator(".match").first).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_text("1 of 3 lines are matched.")).to_be_visible()
    expect(page.locator(".match", has_text="592.50").first).to_be_focused()
    page.keyboard.press("f")
    expect(page.get_by_text("The difference is written off when somebody else approves it.")).to_be_visible()
    assert [one.amount_minor for one in links()] == [75000, 59250]
    assert db.session.query(WriteOff).count() == 1
    page.goto(f"{site.url}/treasury/statements/{october.id}?show=all")
    page.locator(".match").first.focus()
    page.keyboard.press("u")
    expect(page.get_by_text("Undone. The line waits again.")).to_be_visible()
    assert [one.undone_at is None for one in links()] == [False, True]


def test_a_slip_is_undone_from_the_line_after_it(page: Page, site: Site, october: BankStatement) -> None:
    page.goto(f"{site.url}/treasury/statements/{october.id}")
    page.keyboard.press("Enter")
    expect(page.locator(".match", has_text="592.50").first).to_be_focused()
    page.keyboard.press("u")
    expect(page.get_by_text("Undone. The line waits again.")).to_be_visible()
    expect(page.locator(".match", has_text="750.00").first).to_be_focused()
    assert [one.undone_at is None for one in links()] == [False]


def test_the_sure_ones_are_ticked_and_accepted_together(
    page: Page, site: Site, october: BankStatement
) -> None:
    page.goto(f"{site.url}/treasury/statements/{october.id}")
    page.get_by_role("link", name="Sure ones together (1)").click()
    expect(page.get_by_role("checkbox")).to_be_checked()
    page.get_by_role("button", name="Accept the ticked ones").click()
    expect(page.get_by_text("1 line is matched.")).to_be_visible()
