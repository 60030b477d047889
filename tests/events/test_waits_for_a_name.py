"""A registration that waits for a name tells nobody who left it, and lets nobody in."""

import pytest
from flask import Flask
from flask.testing import FlaskClient

from access.models import User
from events import badges, checkin, desk_queries, registration
from events.checkin import ScanBadge
from events.models import Registration, RegistrationStatus, ScanResult
from events.registration_list import Wanted, exported, listing
from shared.database import transaction
from shared.money import Money
from tests.conftest import sign_in
from tests.events.gathering import BY, dakar, somebody

pytestmark = pytest.mark.usefixtures("both_databases")

PAGES = "/manage/events/DKR05/registrations"


@pytest.fixture
def vacant(app: Flask) -> Registration:
    """Confirmed with a badge, then left."""
    edition = dakar(fee=Money.of("0.00", "CAD"))
    with transaction():
        left = registration.register(edition, somebody(1, party_code="DKR05-OUT"), by=BY)
        badges.issue_badge(left, by=BY)
        registration.register(edition, somebody(2), by=BY)
        registration.vacate(left, "Empêchement familial", by=BY)
    return left


def test_lists_and_exports_tell_that_it_waits(vacant: Registration) -> None:
    edition, gone = vacant.edition, vacant.person
    [row] = listing(edition, Wanted(status="vacant")).rows
    assert (row.name, row.email, row.organisation, row.code) == ("", "", "", vacant.code)
    [line] = exported(edition, Wanted(status="vacant"), "fr")
    assert line[:6] == (vacant.code, "", "", "", "", "")
    assert [one.code for one in listing(edition, Wanted(text=gone.email)).rows] == []
    assert [one.code for one in listing(edition, Wanted(text=vacant.code)).rows] == [vacant.code]


def test_its_pages_name_nobody(client: FlaskClient, fatou: User, vacant: Registration) -> None:
    sign_in(client, fatou)
    for url, said in ((PAGES, "attend un nom"), (f"{PAGES}/{vacant.id}", "Personne n’est nommé")):
        page = client.get(url).text
        assert said in page, url
        assert vacant.person.name not in page and vacant.person.email not in page, url


def test_nobody_who_left_is_let_in_or_printed(vacant: Registration) -> None:
    edition, [old] = vacant.edition, vacant.badges
    with transaction():
        badges.issue_all(edition, by=BY)
        scan = ScanBadge(code=badges.signed_code(edition, old), desk="Porte", scan_key="1")
        assert checkin.check_in(edition, scan, by=BY).result is ScanResult.REVOKED
    expected = [one.registration_id for one in desk_queries.people(edition)]
    printed = [one.registration_id for one in badges.printable(edition)]
    assert (vacant.status, len(expected)) == (RegistrationStatus.VACANT, 1)
    assert vacant.id not in expected + printed
    assert [one["good"] for one in desk_queries.roster(edition)] == [False, True]
    with pytest.raises(badges.NotAdmitted), transaction():
        badges.issue_badge(vacant, by=BY)
