"""The public planner with and without its script, and a plan's change previewed on a phone."""

from datetime import UTC, date, datetime

from playwright.sync_api import Browser, Page, ViewportSize, expect

from access.models import User
from delegations.models import SavingsPlan
from delegations.savings import plans as savings
from shared import clock
from shared.database import transaction
from tests.browser.conftest import Site
from tests.delegations.conftest import dakar, deposit, ondine, outaouais, plan

__all__ = ["dakar", "ondine", "outaouais", "plan"]

PHONE: ViewportSize = {"width": 390, "height": 800}


def _typed(page: Page, url: str) -> None:
    """P1's question: six people to Dakar, a funder adds two for one and pays travel only."""
    page.goto(
        f"{url}/planner?first=2003-01-15&leaves=2005-11-15&people=5&each=4500.00&currency=CAD&every=3&match=2"
    )
    page.get_by_label("What the funder may pay of one person").fill("2680.00")
    page.get_by_label("How many people").fill("6")


def test_the_planner_draws_while_one_types_and_says_the_same_without_its_script(
    browser: Browser, site: Site
) -> None:
    answers = []
    for script in (True, False):
        context = browser.new_context(java_script_enabled=script, viewport=PHONE)
        site.sign_in(context, None)
        page = context.new_page()
        _typed(page, site.url)
        if not script:
            page.get_by_role("button", name="Work it out").click()
        expect(page.locator("#answer")).to_contain_text(
            "10,920.00"
        )  # without a click, where there is a script
        assert "people=6" in page.url
        assert "16,080.00" in page.locator("#answer").inner_text()
        answers.append(
            (page.locator("#answer h2").inner_text(), page.locator("#answer svg").last.inner_html())
        )
        if script:
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        context.close()
    assert answers[0] == answers[1]  # the figures and the curve


def test_a_change_is_previewed_and_chosen_on_a_phone(
    browser: Browser, site: Site, plan: SavingsPlan, ondine: User, aristide: User, zoe: User
) -> None:
    with transaction():
        for month in (1, 4):
            deposit(plan, "750.00", date(2003, month, 15), aristide, zoe)
    clock.travel_to(datetime(2003, 8, 1, 12, tzinfo=UTC))  # July is missing
    context = browser.new_context(viewport=PHONE)
    site.sign_in(context, ondine, "fr")
    page = context.new_page()
    page.goto(f"{site.url}/delegations/DKR05-OUT/plans/P1")
    page.get_by_role("link", name="Modifier le plan").click()
    ways = page.locator(".choice-cards .card")
    assert ways.count() == 4
    page.get_by_label("Pour combien de places").fill("1")  # six are active: one is this plan's
    page.get_by_role("button", name="Voir ce que cela donne").click()
    expect(page.locator("#ways")).to_contain_text("750,00\u00a0CAD de plus")
    assert "833,33" in ways.nth(0).inner_text() and "manquera 750,00" in ways.nth(3).inner_text()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    ways.nth(1).locator("label").click()
    page.get_by_label("Raison").fill("Accord du bureau")
    page.get_by_role("button", name="Modifier le plan").click()
    expect(page.locator(".versions")).to_contain_text("Accord du bureau")
    assert [part.amount.decimal() for part in savings.schedule_of(plan)][2:4] == ["1500.00", "750.00"]
    context.close()
