"""Every page there is, opened in a real browser: axe finds nothing, and nothing scrolls sideways.

The pages are the GET routes of `tests/access_matrix.txt`, in the world of `tests/matrix_world.py`, each read
by somebody whom the table lets in: in French on a phone, in English on a desktop.
"""

import pytest
from axe_playwright_python.sync_playwright import Axe
from flask import Flask
from playwright.sync_api import Browser
from sqlalchemy import select

from access.models import User
from shared.database import db
from tests.browser.conftest import Site
from tests.matrix_world import PEOPLE, World, build
from tests.test_access_matrix import ACTORS, ask, rows

pytestmark = pytest.mark.browser

READERS = ["anonymous", *PEOPLE]
SEEN = """axe.run({resultTypes: ["violations"]}).then(found => ({
    lang: document.documentElement.lang,
    sideways: document.documentElement.scrollWidth > document.documentElement.clientWidth,
    violations: found.violations.map(one => [one.id, one.nodes[0].target.join(" ")])}))"""


def _pages(app: Flask, world: World) -> dict[str, list[str]]:
    """Addresses by who reads them."""
    pages: dict[str, list[str]] = {}
    for row in rows():
        let_in = [actor for actor in READERS if row.cells[ACTORS.index(actor)] == "yes"]
        document = "." in row.rule.rpartition("/")[2]  # a PDF, a table: made at a cost, and no page
        if row.method != "GET" or document or not let_in:
            continue
        url = world.address(row.rule)
        for reader in let_in:
            answer = ask(app, world, "GET", url, reader)
            if answer.status_code == 200 and answer.mimetype == "text/html":
                pages.setdefault(reader, []).append(url)
                break
    return pages


@pytest.mark.parametrize(("locale", "width"), [("fr", 390), ("en", 1280)])
def test_every_page_is_for_everybody(browser: Browser, site: Site, locale: str, width: int) -> None:
    world = build()
    pages = _pages(site.app, world)
    assert sum(map(len, pages.values())) > 50
    wrong = []
    for reader, urls in pages.items():
        context = browser.new_context(viewport={"width": width, "height": 900})
        user = db.session.scalar(select(User).where(User.email == f"{reader}@example.org"))
        site.sign_in(context, user, locale)
        context.add_init_script(Axe().axe_script)
        page = context.new_page()
        for url in urls:
            page.goto(site.url + url)
            seen = page.evaluate(SEEN)  # all at once: each question costs the browser a turn
            if seen["lang"] != locale:
                wrong.append(f"{url}: not in {locale}")
            if seen["sideways"]:
                wrong.append(f"{url}: scrolls sideways at {width} pixels")
            wrong += [f"{url}: {rule} at {where}, as {reader}" for rule, where in seen["violations"]]
        context.close()
    assert not wrong, "\n".join(wrong)
