"""The menu of the treasury: every page has its one place, and nobody is led where they may not go."""

from flask import Flask

from access.models import User
from tests.treasury.desk import Desk
from treasury import navigation


def test_every_page_of_the_treasury_has_its_place(app: Flask) -> None:
    lost = [
        rule.endpoint
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith("/treasury") and "GET" in (rule.methods or ()) and not _place(rule.endpoint)
    ]
    assert lost == []
    assert navigation.where("events.public") is None


def _place(endpoint: str) -> str:
    found = navigation.where(endpoint)
    return found[1].endpoint if found else ""


def test_a_page_named_by_itself_is_not_taken_by_its_room() -> None:
    assert _place("entries.new_transfer") == "treasury.funds"
    assert _place("entries.new_entry") == "treasury.journal"


def test_each_page_of_the_menu_answers_and_says_where_one_is(app: Flask, aristide: User) -> None:
    desk = Desk(app, aristide)
    with app.test_request_context():
        addresses = {
            page.endpoint: app.url_for(page.endpoint, _external=False)
            for group in navigation.GROUPS
            for page in group.pages
        }
    for endpoint, address in addresses.items():
        assert f'href="{address}" aria-current="page"' in desk.see(address), endpoint
