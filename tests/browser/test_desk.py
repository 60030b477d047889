"""The welcome desk in Chromium: on without network, scans sent later, camera, photo, and without a script."""

import io
import re
from pathlib import Path
from typing import Any

import pypdfium2
import pytest
from axe_playwright_python.sync_playwright import Axe
from PIL import Image
from playwright.sync_api import Browser, BrowserType, Page, expect
from sqlalchemy import select

from access import grants, users
from access.models import RoleName, User
from access.users import CreateUser
from events import badges
from events.badge_codes import BadgeClaim, new_key_pair, sign
from events.models import Badge, CheckIn, Edition, Registration, Scan, ScanResult
from shared.clock import now
from shared.database import db, transaction
from tests.browser.conftest import Site
from tests.events.desk import badge_of, outaouais
from tests.events.gathering import BY, dakar

pytestmark = pytest.mark.browser


@pytest.fixture
def edition(site: Site) -> Edition:
    return dakar()


@pytest.fixture
def party(edition: Edition) -> list[Badge]:
    """The badges of Outaouais: Ondine Exemple, Boris N’Exemple-Échantillon, Chloé Spécimen."""
    return [badge_of(one) for one in outaouais(edition)]


@pytest.fixture
def boubacar(edition: Edition) -> User:
    """Boubacar Échantillon, who welcomes people at Dakar 2005."""
    with transaction():
        user = users.create_user(
            CreateUser(email="boubacar@example.org", name="Boubacar Échantillon", locale="en"), by=BY
        )
        grants.grant(user, RoleName.VOLUNTEER, by=BY, edition_id=edition.id)
    return user


def desk(browser: Browser, site: Site, user: User, **options: Any) -> Page:
    """Somebody's browser at the desk of Dakar 2005."""
    context = browser.new_context(viewport={"width": 390, "height": 844}, **options)
    site.sign_in(context, user)
    page = context.new_page()
    page.on("pageerror", lambda error: pytest.fail(f"script: {error}"))
    page.goto(f"{site.url}/check-in/DKR05")
    return page


def ready(page: Page) -> Page:
    """The same once the page and the list are kept on the device."""
    page.get_by_role("button", name="Keep the list on this device").click()
    expect(page.locator("#state")).to_contain_text("List on this device of")
    page.wait_for_function(
        "caches.open('teranga-desk-page').then((c) => c.keys()).then((keys) => keys.length >= 8)"
    )
    return page


def present(page: Page, code: str) -> Any:
    """Type a code as a volunteer or a hand scanner does; the verdict."""
    page.get_by_label("Code of the badge").fill(code)
    page.keyboard.press("Enter")
    return page.locator("#verdict")


def scans() -> list[tuple[str, bool]]:
    db.session.rollback()
    return [(scan.result.value, scan.offline) for scan in db.session.scalars(select(Scan).order_by(Scan.id))]


def test_the_desk_goes_on_without_network_and_sends_what_it_kept(
    browser: Browser, site: Site, boubacar: User, edition: Edition, party: list[Badge]
) -> None:
    ondine, boris, chloe = party
    lost = boris.short_code
    with transaction():
        boris = badges.reissue(boris.registration, "Badge perdu", by=BY)
    signed = badges.signed_code(edition, chloe)
    forged = sign(
        BadgeClaim(edition="DKR05", serial=chloe.id, token=chloe.token, expires=now().replace(microsecond=0)),
        new_key_pair().private,
    )
    page = ready(desk(browser, site, boubacar))
    page.get_by_label("This desk").fill("Hall 2")
    expect(present(page, ondine.short_code)).to_contain_text("Ondine Exemple")

    site.down()
    expect(present(page, ondine.short_code)).to_contain_text("Already in")
    expect(present(page, f"{boris.short_code[:4]} {boris.short_code[4:].lower()}")).to_contain_text("Boris")
    expect(page.locator("#state")).to_contain_text("Scans kept on this device: 1")
    expect(present(page, boris.short_code)).to_contain_text("Already in")
    expect(present(page, lost)).to_contain_text("ya no es válida")
    expect(present(page, forged)).to_contain_text("Code not known")
    expect(present(page, "TG1-NOTHING")).to_contain_text("Code not known")
    expect(page.locator("#state")).to_contain_text("Scans kept on this device: 2")

    page.reload()
    expect(page.get_by_role("heading", name="Welcome desk")).to_be_visible()
    expect(page.locator("#state")).to_contain_text("No network")
    expect(present(page, signed)).to_contain_text("Welcome")
    expect(page.locator("#verdict")).to_contain_text("Chloé Spécimen")
    expect(page.locator("#state")).to_contain_text("Scans kept on this device: 3")
    assert scans() == [("welcome", False)]

    site.up()
    page.reload()
    expect(page.locator("#state")).not_to_contain_text("Scans kept", timeout=15_000)
    assert scans() == [("welcome", False), ("welcome", True), ("revoked", True), ("welcome", True)]
    arrived = db.session.scalars(select(CheckIn.desk).order_by(CheckIn.id)).all()
    assert arrived == ["Hall 2"] * 3
    expect(page.locator("#told")).to_contain_text("Badge no longer valid")
    page.context.close()


def test_one_badge_at_two_desks_without_network_is_flagged_at_the_second(
    browser: Browser, site: Site, boubacar: User, party: list[Badge]
) -> None:
    desks = [ready(desk(browser, site, boubacar)) for _desk in range(2)]
    site.down()
    for number, page in enumerate(desks, 1):
        page.get_by_label("This desk").fill(f"Hall {number}")
        expect(present(page, party[0].short_code)).to_contain_text("Welcome")
        expect(page.locator("#state")).to_contain_text("Scans kept on this device: 1")
    site.up()
    for page in desks:
        page.evaluate("window.dispatchEvent(new Event('online'))")
        expect(page.locator("#state")).not_to_contain_text("Scans kept", timeout=15_000)
    expect(desks[1].locator("#told")).to_contain_text("Ondine Exemple · Look again")
    expect(desks[0].locator("#told")).to_be_hidden()
    assert scans() == [(ScanResult.WELCOME, True), (ScanResult.FLAGGED, True)]
    desks[1].get_by_role("link", name="Scans to look at again").click()
    expect(desks[1].get_by_role("row", name=re.compile("Ondine Exemple.*Hall 2.*Hall 1"))).to_be_visible()
    for page in desks:
        page.context.close()


def test_without_a_list_a_code_is_kept_for_later(
    browser: Browser, site: Site, boubacar: User, party: list[Badge]
) -> None:
    page = desk(browser, site, boubacar)
    expect(page.locator("#state")).to_contain_text("no list yet")
    site.down()
    expect(present(page, party[0].short_code)).to_contain_text("Kept for later")
    site.up()
    page.evaluate("window.dispatchEvent(new Event('online'))")
    expect(page.locator("#state")).not_to_contain_text("Scans kept", timeout=15_000)
    assert scans() == [("welcome", True)]
    page.context.close()


def test_who_was_signed_out_signs_in_again_and_loses_nothing(
    browser: Browser, site: Site, boubacar: User, party: list[Badge]
) -> None:
    page = ready(desk(browser, site, boubacar))
    page.context.clear_cookies()
    expect(present(page, party[0].short_code)).to_contain_text("Welcome")
    expect(page.locator("#state")).to_contain_text("Sign in again")
    site.sign_in(page.context, boubacar)
    page.evaluate("window.dispatchEvent(new Event('online'))")
    expect(page.locator("#state")).not_to_contain_text("Scans kept", timeout=15_000)
    assert scans() == [("welcome", True)]
    page.context.close()


def _picture(edition: Edition, badge: Badge) -> Image.Image:
    """The badge as a camera sees it: the printed sheet's lower left, on the size of a video frame."""
    page = pypdfium2.PdfDocument(io.BytesIO(badges.sheet(edition, [badge])))[0]
    sheet: Image.Image = page.render(scale=3).to_pil()
    near = sheet.convert("RGB").crop((20, 760, 540, 1150))
    return near.resize((640, 480)).rotate(4, fillcolor="white")


def test_the_camera_reads_a_printed_badge(
    browser_type: BrowserType,
    browser_type_launch_args: dict[str, Any],
    tmp_path: Path,
    site: Site,
    boubacar: User,
    edition: Edition,
    party: list[Badge],
) -> None:
    film = tmp_path / "badge.mjpeg"
    frame = io.BytesIO()
    _picture(edition, party[0]).save(frame, "JPEG", quality=92)
    film.write_bytes(frame.getvalue() * 5)
    arguments = [
        *browser_type_launch_args["args"],
        "--use-fake-ui-for-media-stream",
        "--use-fake-device-for-media-stream",
        f"--use-file-for-fake-video-capture={film}",
    ]
    browser = browser_type.launch(**{**browser_type_launch_args, "args": arguments})
    page = desk(browser, site, boubacar, permissions=["camera"])
    page.get_by_role("button", name="Scan with the camera").click()
    expect(page.locator("#verdict")).to_contain_text("Ondine Exemple", timeout=20_000)
    page.wait_for_timeout(600)
    assert scans() == [("welcome", False)], "a badge held before the camera is one scan"
    page.get_by_role("button", name="Scan with the camera").click()
    expect(page.locator("#viewfinder")).to_be_hidden()
    browser.close()


def test_a_photo_is_read_where_no_camera_may_be_used(
    browser: Browser, site: Site, boubacar: User, edition: Edition, party: list[Badge], tmp_path: Path
) -> None:
    page = desk(browser, site, boubacar)
    nothing = tmp_path / "nothing.png"
    Image.new("RGB", (300, 300), "white").save(nothing)
    page.locator("#photo").set_input_files(nothing)
    expect(page.locator("#state")).to_contain_text("No code was found")
    photo = tmp_path / "badge.jpg"
    _picture(edition, party[1]).save(photo)
    page.locator("#photo").set_input_files(photo)
    expect(page.locator("#verdict")).to_contain_text("Boris N’Exemple-Échantillon", timeout=15_000)
    page.context.close()


def test_the_desk_works_without_a_script(
    browser: Browser, site: Site, boubacar: User, party: list[Badge]
) -> None:
    page = desk(browser, site, boubacar, java_script_enabled=False)
    expect(page.get_by_role("button", name="Scan with the camera")).to_be_hidden()
    page.get_by_label("This desk").fill("Hall 1")
    expect(present(page, party[0].short_code)).to_contain_text("Ondine Exemple")
    page.get_by_label("Delegation, name or seat").fill("outa")
    page.get_by_role("button", name="Ask").click()
    expect(page.locator("main")).to_contain_text("1 of 3 are here.")
    page.context.close()


@pytest.mark.parametrize("locale", ["fr", "en"])
def test_axe_finds_nothing_at_the_desk(
    browser: Browser, site: Site, edition: Edition, party: list[Badge], locale: str
) -> None:
    with transaction():
        user = users.create_user(CreateUser(email="fatou@example.org", name="Fatou Modèle"), by=BY)
        grants.grant(user, RoleName.ORGANISER, by=BY)
    registration: Registration = party[0].registration
    context = browser.new_context()
    site.sign_in(context, user, locale)
    page = context.new_page()
    for path in (
        "/check-in/DKR05",
        "/check-in/DKR05/arrivals",
        "/check-in/DKR05/arrivals?q=outaouais",
        "/check-in/DKR05/look-again",
        "/manage/events/DKR05/badges",
        f"/manage/events/DKR05/badges/{registration.code}/copy",
    ):
        page.goto(f"{site.url}{path}")
        if path == "/check-in/DKR05":
            page.locator("#code").fill(party[0].short_code)
            page.keyboard.press("Enter")
            expect(page.locator("#verdict")).to_contain_text("Ondine")
        found = Axe().run(page)
        assert found.violations_count == 0, f"{path}: {found.generate_report()}"
    context.close()
