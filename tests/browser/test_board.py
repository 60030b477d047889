"""The seat board with its script: found by typing, filtered in place; and the same without it."""

import pytest
from playwright.sync_api import Browser

from access.models import User
from delegations.models import Delegation
from delegations.seats import nominations
from delegations.seats.nominations import Nominate
from shared.database import transaction
from tests.browser.conftest import Site
from tests.delegations.conftest import BY, dakar, ondine, outaouais, person

__all__ = ["dakar", "ondine", "outaouais"]


@pytest.mark.parametrize("script", [True, False])
def test_the_board_with_and_without_its_script(
    browser: Browser, site: Site, outaouais: Delegation, ondine: User, script: bool
) -> None:
    with transaction():
        for seat, name in zip(outaouais.seats, ("Théo Démo", "Lison Substitut"), strict=False):
            nominations.nominate(seat, Nominate(person=person(name)), by=BY)
    context = browser.new_context(java_script_enabled=script, viewport={"width": 390, "height": 800})
    site.sign_in(context, ondine)
    page = context.new_page()
    page.goto(f"{site.url}/delegations/DKR05-OUT/seats")
    seats = page.locator(".board li:visible")
    assert seats.count() == 6
    page.get_by_role("link", name="The person 2").click()
    assert seats.count() == 2
    assert page.url.endswith("?move=nominee") is not script
    if script:
        page.get_by_label("Find a seat or a person").fill("theo")
        assert seats.count() == 1 and "Seats shown: 1" in page.locator(".find").inner_text()
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    context.close()
