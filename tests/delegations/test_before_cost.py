"""Before a delegation costs anything: its pages say which of seat and budget is missing, and lead there."""

from datetime import date

from flask.testing import FlaskClient

from access.models import User
from delegations.lifecycle import invitations
from delegations.lifecycle.invitations import InviteDelegation
from delegations.models import Delegation
from events import editions
from events.editions import CreateEdition
from events.models import Edition
from shared.database import transaction
from tests.conftest import sign_in
from tests.delegations.conftest import BY, cad, delegation_of

NO_SEAT = "il n’y a pas de place."
NO_BUDGET = "aucun budget approuvé ne dit ce que coûte une place."


def said(client: FlaskClient, code: str) -> tuple[str, str]:
    """What the page of a delegation and the one of its allocation say."""
    pages = [client.get(f"/delegations/{code}{page}") for page in ("", "/allocation")]
    return pages[0].get_data(as_text=True), pages[1].get_data(as_text=True)


def summer_school(dakar: Edition) -> Edition:
    """A gathering of the same series without a budget; call it in a transaction."""
    return editions.create_edition(
        CreateEdition(
            code="UE05", series_id=dakar.series_id, name="Université d’été", starts_on=date(2005, 6, 9),
            ends_on=date(2005, 6, 10), zone="America/Toronto", place="Jonquière", country="CA",
            fee=cad("250.00"), currencies=("CAD",), capacity=100,
        ),
        by=BY,
    )  # fmt: skip


def test_seats_without_a_budget_lead_to_the_budgets(client: FlaskClient, dakar: Edition, fatou: User) -> None:
    with transaction():
        school = summer_school(dakar)
        editions.open_registration(school, by=BY)
        delegation_of(school, "SAG", "Saguenay", 2)
    sign_in(client, fatou)
    for page in said(client, "UE05-SAG"):
        assert NO_BUDGET in page and NO_SEAT not in page
        assert '<a href="/delegations/costs/UE05">Budgets de la rencontre</a>' in page


def test_a_budget_without_seats_leads_to_the_seats(client: FlaskClient, dakar: Edition, fatou: User) -> None:
    with transaction():
        invitations.invite(InviteDelegation(edition_id=dakar.id, code="DKR05-CAN", name="Can"), by=BY)
    sign_in(client, fatou)
    _own, allocation = said(client, "DKR05-CAN")
    assert NO_SEAT in allocation and NO_BUDGET not in allocation
    assert '<a href="/delegations/DKR05-CAN/request">Demander des places</a>' in allocation


def test_nothing_is_missing_first_where_seats_have_a_budget(
    client: FlaskClient, outaouais: Delegation, ondine: User
) -> None:
    sign_in(client, ondine)
    for page in said(client, outaouais.code):
        assert NO_SEAT not in page and NO_BUDGET not in page
