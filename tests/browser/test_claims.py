"""A claim is written on a phone while the network is down: kept, sent once when it is back, or corrected."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Error, Page, expect

from access.models import User
from delegations.budgets import claims
from delegations.budgets.claim_models import ClaimLine, ExpenseClaim
from delegations.budgets.claims import OpenClaim
from delegations.models import Delegation
from shared.database import db, transaction
from tests.browser.conftest import Site
from tests.delegations.conftest import dakar, ondine, outaouais
from tests.delegations.test_comparison import xof

pytestmark = pytest.mark.browser
__all__ = ["dakar", "ondine", "outaouais"]


@pytest.fixture
def address(site: Site, outaouais: Delegation, ondine: User) -> str:
    with transaction():
        opened = OpenClaim(title="Taxis de Dakar", currency="XOF")
        claim = claims.open_claim(outaouais, opened, by=ondine)
        return f"{site.url}/delegations/{outaouais.code}/claims/{claim.id}"


@pytest.fixture
def phone(browser: Browser, site: Site, ondine: User) -> Iterator[BrowserContext]:
    context = browser.new_context(viewport={"width": 390, "height": 844})
    site.sign_in(context, ondine)
    yield context
    for page in context.pages:  # nothing is under way when the next test begins
        page.wait_for_load_state("networkidle")
    context.close()


@pytest.fixture
def photograph(tmp_path: Path) -> Path:
    file = tmp_path / "IMG_0001.jpg"
    Image.effect_noise((3000, 2200), 90).convert("RGB").save(file, "JPEG", quality=90)  # some megabytes
    return file


def write(page: Page, what: str, amount: str, photograph: Path | None = None) -> None:
    page.get_by_label("What was paid").fill(what)
    page.get_by_label("Amount").fill(amount)
    page.get_by_label("On", exact=True).fill("2005-11-25")
    if photograph:
        page.get_by_label("Photograph of the voucher").set_input_files(photograph)
    else:
        page.get_by_label("Without a voucher: why").fill("lost")
    page.get_by_role("button", name="Keep the line").click()


def kept() -> list[tuple[str, bool]]:
    db.session.rollback()
    lines = db.session.query(ClaimLine).order_by(ClaimLine.number)
    return [(line.description, line.voucher is not None) for line in lines]


def waits_here(page: Page) -> int:
    """How many forms wait in this browser to be sent."""
    count: int = page.evaluate(
        "() => new Promise((told) => indexedDB.open('teranga-forms').onsuccess = ({ target }) => {"
        " target.result.transaction('kept').objectStore('kept').getAll().onsuccess = (all) =>"
        " told(all.target.result.filter((one) => one.waits).length); })"
    )
    return count


def test_what_is_written_without_network_leaves_once_when_it_is_back(
    site: Site, address: str, phone: BrowserContext, photograph: Path
) -> None:
    page = phone.new_page()
    page.goto(address)
    phone.set_offline(True)
    write(page, "Taxi to Pikine", "4 000", photograph)
    box = page.locator("#kept")
    expect(box).to_contain_text("Taxi to Pikine · November 25, 2005 · 4 000")
    expect(box).to_contain_text("It stays on this device")
    expect(page.get_by_label("What was paid")).to_have_value("")
    write(page, "Taxi back", "4 500")
    expect(box.get_by_role("listitem")).to_have_count(2)
    page.close()  # the phone is put away; nothing is lost
    phone.set_offline(False)
    page = phone.new_page()
    page.goto(address)
    expect(page.get_by_role("row", name="Taxi back")).to_be_visible()
    expect(page.locator("#kept")).to_be_hidden()
    assert kept() == [("Taxi to Pikine", True), ("Taxi back", False)]
    [first, *_rest] = db.session.query(ClaimLine).order_by(ClaimLine.number)
    assert first.voucher and first.voucher.size < photograph.stat().st_size / 2  # made smaller on the phone
    page.reload()
    assert len(kept()) == 2


def test_an_answer_that_is_lost_makes_no_second_line(site: Site, address: str, phone: BrowserContext) -> None:
    page = phone.new_page()
    page.add_init_script("delete Navigator.prototype.serviceWorker")  # what it passes on, no route sees
    page.goto(address)
    lost = []

    def lose(route: object) -> None:
        lost.append(route.fetch(max_redirects=0))  # type: ignore[attr-defined]  # it arrives, and its answer does not
        route.abort()  # type: ignore[attr-defined]

    page.route(address, lambda route: lose(route) if route.request.method == "POST" else route.continue_())
    write(page, "Taxi", "4 000")
    expect(page.locator("#kept")).to_contain_text("Taxi")
    assert ([one.status for one in lost], kept()) == ([302], [("Taxi", False)])
    page.unroute(address)
    page.get_by_role("button", name="Send now").click()
    expect(page.get_by_role("row", name="Taxi")).to_be_visible()
    expect(page.locator("#kept")).to_be_hidden()
    assert kept() == [("Taxi", False)]


def test_what_is_refused_comes_back_to_be_corrected_and_half_a_form_survives(
    site: Site, address: str, phone: BrowserContext
) -> None:
    page = phone.new_page()
    page.goto(address)
    phone.set_offline(True)
    write(page, "Taxi", "four thousand")
    phone.set_offline(False)
    box = page.locator("#kept")
    expect(box).to_contain_text("This amount could not be read")
    box.get_by_role("button", name="Correct it").click()
    expect(page.get_by_label("What was paid")).to_have_value("Taxi")
    page.get_by_label("Amount").fill("4 000")
    page.get_by_role("button", name="Keep the line").click()
    expect(page.get_by_role("row", name="Taxi")).to_be_visible()
    page.get_by_label("What was paid").fill("Dinner")
    page.get_by_label("What was paid").blur()
    page.wait_for_timeout(100)
    page.close()
    page = phone.new_page()
    page.goto(address)
    expect(page.get_by_label("What was paid")).to_have_value("Dinner")
    db.session.rollback()
    assert [line.amount for line in db.session.query(ClaimLine)] == [xof("4000")]


def test_a_line_corrected_where_it_was_refused_leaves_nothing_behind(
    site: Site, address: str, phone: BrowserContext
) -> None:
    page = phone.new_page()
    page.goto(address)
    write(page, "Taxi", "four thousand")
    box = page.locator("#kept")
    expect(box).to_contain_text("This amount could not be read")
    page.get_by_label("Amount").fill("4 000")
    page.get_by_role("button", name="Keep the line").click()
    expect(page.get_by_role("row", name="Taxi")).to_be_visible()
    assert waits_here(page) == 0, "the refused one, sent again later, would claim the same taxi twice"


def test_a_refused_line_stands_in_its_form_after_a_reload_and_is_one_with_its_correction(
    site: Site, address: str, phone: BrowserContext
) -> None:
    page = phone.new_page()
    page.goto(address)
    write(page, "Taxi", "four thousand")
    expect(page.locator("#amount-error")).to_contain_text("This amount could not be read")  # at its field
    expect(page.get_by_label("Amount")).to_be_focused()
    page.reload()
    expect(page.get_by_label("What was paid")).to_have_value("Taxi")
    expect(page.locator("#amount-error")).to_contain_text("This amount could not be read")
    page.get_by_label("Amount").fill("4 OOO")
    page.get_by_label("Amount").blur()
    page.wait_for_timeout(100)
    page.reload()  # halfway through the correction
    expect(page.get_by_label("Amount")).to_have_value("4 OOO")
    page.get_by_label("Amount").fill("4 000")
    page.get_by_role("button", name="Keep the line").click()
    expect(page.get_by_role("row", name="Taxi")).to_be_visible()
    assert (waits_here(page), kept()) == (0, [("Taxi", False)])


def test_a_line_without_a_voucher_is_refused_at_the_field_for_its_reason(
    site: Site, address: str, phone: BrowserContext
) -> None:
    page = phone.new_page()
    page.goto(address)
    page.get_by_label("What was paid").fill("Taxi")
    page.get_by_label("Amount").fill("4 000")
    page.get_by_role("button", name="Keep the line").click()
    why = page.get_by_label("Without a voucher: why")
    expect(why).to_have_attribute("aria-invalid", "true")
    expect(page.locator(".field", has=why)).to_contain_text("Add the voucher, or say why there is none.")
    page.locator("#kept").get_by_role("button", name="Forget it").click()
    expect(page.get_by_label("What was paid")).to_have_value("")
    expect(page.locator("form .error")).to_have_count(0)
    assert (waits_here(page), kept()) == (0, [])


def test_a_claim_opens_without_network_as_its_empty_form(
    site: Site, address: str, phone: BrowserContext
) -> None:
    page = phone.new_page()
    page.goto(address)
    while not page.evaluate("(url) => caches.match(url).then(Boolean)", f"{address}/line"):
        page.wait_for_timeout(50)
    page.close()
    site.down()
    page = phone.new_page()
    page.goto(address)
    expect(page.get_by_text("This form opens without network too.")).to_be_visible()
    write(page, "Taxi", "4 000")
    expect(page.locator("#kept")).to_contain_text("Taxi")
    site.up()
    page.get_by_role("button", name="Send now").click()
    expect(page.get_by_role("row", name="Taxi")).to_be_visible()
    expect(page.get_by_role("heading", name="Taxis de Dakar")).to_be_visible()
    assert kept() == [("Taxi", False)]


def kept_here(page: Page) -> list[str]:
    """The addresses that this browser opens without network, but for what pages are made of."""
    found: list[str] = page.evaluate(
        "async () => (await Promise.all((await caches.keys()).map(async (name) => (await (await "
        "caches.open(name)).keys()).map((one) => new URL(one.url).pathname)))).flat()"
    )
    return [one for one in found if not one.startswith("/static/")]


def test_a_new_claim_is_begun_without_network_with_all_its_lines(
    site: Site, address: str, phone: BrowserContext, photograph: Path
) -> None:
    claims_page = address.rsplit("/", 1)[0]
    page = phone.new_page()
    page.goto(claims_page)
    while not kept_here(page):
        page.wait_for_timeout(50)
    page.close()
    site.down()
    page = phone.new_page()
    page.goto(f"{claims_page}/new")
    page.get_by_label("What for").fill("Visite de Thiès")
    page.get_by_label("Currency").select_option("XOF")
    write(page, "Car rapide", "1 500", photograph)
    expect(page.locator("#kept")).to_contain_text("Car rapide")
    page.close()  # put away, and taken out again
    page = phone.new_page()
    page.goto(claims_page)
    expect(page.get_by_label("What for")).to_have_value("Visite de Thiès")  # a further line belongs to it
    write(page, "Repas", "2 500")
    expect(page.locator("#kept").get_by_role("listitem")).to_have_count(2)
    page.get_by_role("button", name="Begin another claim").click()
    page.get_by_label("What for").fill("Retour")
    write(page, "Taxi", "9 000")
    expect(page.locator("#kept").get_by_role("listitem")).to_have_count(3)
    site.up()
    page.get_by_role("button", name="Send now").click()
    expect(page.get_by_role("heading", name="Retour")).to_be_visible()
    db.session.rollback()
    begun = db.session.query(ExpenseClaim).order_by(ExpenseClaim.id).all()[1:]
    assert [(one.title, str(one.total), len(one.lines)) for one in begun] == [
        ("Visite de Thiès", str(xof("4000")), 2),
        ("Retour", str(xof("9000")), 1),
    ]
    assert begun[0].lines[0].voucher is not None


def test_after_sign_out_no_page_stays_and_what_waits_does(
    site: Site, address: str, phone: BrowserContext
) -> None:
    page = phone.new_page()
    page.goto(address)
    while not kept_here(page):
        page.wait_for_timeout(50)
    phone.set_offline(True)
    write(page, "Taxi", "4 000")
    expect(page.locator("#kept")).to_contain_text("Taxi")
    phone.set_offline(False)
    page.route(address, lambda route: route.abort() if route.request.method == "POST" else route.continue_())
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_load_state("networkidle")
    assert kept_here(page) == []
    assert (waits_here(page), kept()) == (1, [])
    phone.set_offline(True)
    with pytest.raises(Error):
        page.goto(f"{address}/line")


def test_a_late_voucher_is_kept_too(
    site: Site, address: str, phone: BrowserContext, photograph: Path
) -> None:
    page = phone.new_page()
    page.goto(address)
    write(page, "Taxi", "4 000")
    expect(page.get_by_role("row", name="Taxi")).to_be_visible()
    phone.set_offline(True)
    page.get_by_role("row", name="Taxi").get_by_label("Photograph of the voucher").set_input_files(photograph)
    page.get_by_role("button", name="Add the voucher").click()
    expect(page.locator("#kept")).to_contain_text("Taxi · with its photograph")
    assert kept() == [("Taxi", False)]
    phone.set_offline(False)
    expect(page.locator("#kept")).to_be_hidden()
    assert kept() == [("Taxi", True)]


def test_without_javascript_the_form_is_a_form(
    browser: Browser, site: Site, address: str, ondine: User
) -> None:
    context = browser.new_context(java_script_enabled=False)
    site.sign_in(context, ondine)
    page = context.new_page()
    page.goto(address)
    write(page, "Taxi", "4 000")
    expect(page.get_by_text("The line is kept.")).to_be_visible()
    assert kept() == [("Taxi", False)]
