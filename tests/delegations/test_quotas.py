"""Quotas count seats; umbrellas add up their members once, and never in a circle."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.exc import DatabaseError

from access.models import User
from delegations.lifecycle import invitations, quotas, standing, umbrellas
from delegations.lifecycle.invitations import InviteDelegation
from delegations.lifecycle.quota_models import QuotaScope
from delegations.lifecycle.quotas import QuotaBelow, QuotaFull
from delegations.lifecycle.umbrella_models import UmbrellaMember
from delegations.lifecycle.umbrellas import CannotHold
from delegations.models import Delegation, Seat
from delegations.seats import seats
from events.models import Edition
from network import directory
from network.directory import AddOrganisation
from shared.database import db, transaction, write
from tests.conftest import sign_in
from tests.delegations.conftest import BY, cad, delegation_of

pytestmark = pytest.mark.usefixtures("both_databases")


@pytest.fixture(autouse=True)
def no_tokens(monkeypatch: pytest.MonkeyPatch) -> None:
    """The forms' tokens are the framework's; these tests post without them."""
    monkeypatch.setattr("flask_wtf.csrf.validate_csrf", lambda *_given, **_options: None)


def asking(edition: Edition, code: str, count: int, region: str = "Outaouais") -> Delegation:
    """A delegation of a region that waits for its seats; call it in a transaction."""
    body = directory.add_organisation(
        AddOrganisation(name=f"Réseau fictif {code}", region=region, sector="finance", fictional=True), by=BY
    )
    one = invitations.invite(
        InviteDelegation(
            edition_id=edition.id, code=f"{edition.code}-{code}", name=code, organisation_id=body.id
        ),
        by=BY,
    )
    return invitations.request_seats(one, count, "", by=BY)


def test_a_region_has_so_many_seats_and_the_refusal_says_by_how_many(dakar: Edition) -> None:
    with transaction():
        first, second = asking(dakar, "AAA", 6), asking(dakar, "BBB", 4)
        elsewhere = asking(dakar, "CCC", 9, "Mauricie")
        quotas.set_quota(dakar, QuotaScope.REGION, "Outaouais", 8, by=BY)
        invitations.allocate_seats(first, 6, by=BY)
        invitations.allocate_seats(elsewhere, 9, by=BY)
    with (
        pytest.raises(QuotaFull, match="Outaouais is 8, 6 of them given: this is 2 too many"),
        transaction(),
    ):
        invitations.allocate_seats(second, 4, by=BY)
    with transaction():
        invitations.confirm(first, by=BY)
        for seat in first.seats[:2]:
            seats.release(seat, "De trop", by=BY)
        invitations.allocate_seats(second, 4, by=BY)
    [state] = quotas.quotas_of(dakar)
    assert (state.name, state.used, state.left) == ("Outaouais", 8, 0)
    with pytest.raises(QuotaBelow, match="8"), transaction():
        quotas.set_quota(dakar, QuotaScope.REGION, "Outaouais", 7, by=BY)


def test_who_comes_back_needs_room_again(dakar: Edition) -> None:
    with transaction():
        first, second = asking(dakar, "AAA", 6), asking(dakar, "BBB", 6)
        quotas.set_quota(dakar, QuotaScope.SECTOR, "finance", 6, by=BY)
        invitations.allocate_seats(first, 6, by=BY)
        standing.withdraw(first, "Plus de moyens", by=BY)
        invitations.allocate_seats(second, 6, by=BY)
    with pytest.raises(QuotaFull), transaction():
        standing.restore(first, "Un don", by=BY)


def test_two_organisers_give_the_last_seats_once(app: Flask, dakar: Edition) -> None:
    with transaction():
        waiting = [asking(dakar, f"D{n}", 2).id for n in range(4)]
        quotas.set_quota(dakar, QuotaScope.REGION, "Outaouais", 5, by=BY)

    def give(key: int) -> bool:
        with app.app_context():
            try:
                with transaction():
                    invitations.allocate_seats(db.session.get_one(Delegation, key), 2, by=BY)
            except QuotaFull:
                return False
            return True

    with ThreadPoolExecutor(4) as pool:
        given = list(pool.map(give, waiting))
    db.session.rollback()
    assert sum(given) == 2
    assert db.session.scalar(select(func.count(Seat.id))) == 4


def test_two_networks_one_stay_each_counted_once(dakar: Edition, outaouais: Delegation) -> None:
    with transaction():
        quebec, stay = delegation_of(dakar, "QUE", "Québec", 3), delegation_of(dakar, "CAN", "Séjour", 1)
        umbrellas.add_member(stay, outaouais, by=BY)
        umbrellas.add_member(stay, quebec, by=BY)
    together = umbrellas.consolidated(stay)
    assert (together.seats, together.totals and together.totals.need) == (10, cad("45000.00"))
    for above, below in [(stay, stay), (outaouais, stay), (quebec, outaouais), (stay, quebec)]:
        with pytest.raises(CannotHold), transaction():
            umbrellas.add_member(above, below, by=BY)
    with pytest.raises(DatabaseError, match="no umbrella under an umbrella"), transaction():
        write(UmbrellaMember(member_id=stay.id, umbrella_id=quebec.id))
    with transaction():
        umbrellas.remove_member(stay, quebec.id, by=BY)
    assert umbrellas.consolidated(stay).seats == 7


def test_the_pages_set_a_quota_and_add_a_member(
    client: FlaskClient, dakar: Edition, outaouais: Delegation, fatou: User, ondine: User
) -> None:
    with transaction():
        stay = delegation_of(dakar, "CAN", "Séjour canadien", 1)
    sign_in(client, fatou)
    told = client.post("/delegations/quotas/DKR05", data={"about": "delegation:DKR05-OUT", "seats": "5"})
    assert told.status_code == 422
    client.post("/delegations/quotas/DKR05", data={"about": "delegation:DKR05-OUT", "seats": "8"})
    assert "6 places sur 8" in client.get("/delegations/quotas/DKR05").get_data(as_text=True)
    client.post("/delegations/DKR05-CAN/members", data={"member": str(outaouais.id)})
    db.session.rollback()
    assert umbrellas.umbrella_of(outaouais) is stay
    sign_in(client, ondine)
    page = client.get("/delegations/DKR05-OUT/members").get_data(as_text=True)
    assert "Séjour canadien" in page
    assert client.get("/delegations/DKR05-CAN/members").status_code == 404
