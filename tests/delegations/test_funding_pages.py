"""An organiser, a head and a treasurer work with a funder's terms, locks and services on their pages."""

from datetime import date

import pytest
from flask.testing import FlaskClient

from access.models import User
from delegations.funding import agreements, dues, kept, locks
from delegations.funding.agreements import AddAgreement
from delegations.funding.services import services_of
from delegations.funding.terms import terms_of
from delegations.models import Delegation, FundingAgreement, FundingKind, SavingsPlan
from shared.audit import System
from shared.database import transaction
from tests.conftest import sign_in
from tests.delegations.conftest import deposit
from tests.delegations.network import cad
from tests.events.browsing import hidden_fields, press

B1 = "/delegations/funders/DKR05/B1"


@pytest.fixture
def grant(outaouais: Delegation, plan: SavingsPlan, aristide: User, zoe: User) -> FundingAgreement:
    """A grant of 240.00 a seat for education, once it is signed."""
    with transaction():
        deposit(plan, "9000.00", date(2003, 6, 15), aristide, zoe)
        return agreements.add_agreement(
            AddAgreement(
                edition_id=outaouais.edition_id, code="B1", name="Volet Écoles", kind=FundingKind.GRANT,
                currency="CAD", amount=cad("240.00"), categories=("E",), serves=(outaouais.id,),
            ),
            by=System(),
        )  # fmt: skip


def test_terms_change_with_a_reason_and_nothing_typed_is_lost(
    client: FlaskClient, grant: FundingAgreement, outaouais: Delegation, fatou: User
) -> None:
    sign_in(client, fatou)
    typed = {"amount": "200,00", "through": "Fédération fictive", "turns-0-turn": "1", "reason": ""}
    refused = press(client, f"{B1}/change", f"{B1}/change", **typed)
    assert refused.status_code == 422 and "Fédération fictive" in refused.text
    assert press(client, f"{B1}/change", f"{B1}/change", **typed | {"reason": "Lettre"}).status_code == 302
    told = client.get(B1).text
    assert "Fédération fictive" in told and "240,00" in told and "200,00" in told
    assert "version 1" in client.get(f"{B1}/versions/1").text


def test_what_is_due_is_on_the_organiser_s_list_until_it_is_done(
    client: FlaskClient, grant: FundingAgreement, fatou: User
) -> None:
    sign_in(client, fatou)
    press(client, B1, f"{B1}/duties", kind="report", what="Rapport final", due_on="2005-12-31")
    assert "Rapport final" in client.get("/manage/events/DKR05/answers").text
    [duty] = dues.duties_of(grant)
    press(client, B1, f"{B1}/duties/{duty.id}/done", words="Par la poste")
    assert "Rapport final" not in client.get("/manage/events/DKR05/answers").text


def test_money_is_called_up_as_far_as_it_is_earned(
    client: FlaskClient, grant: FundingAgreement, aristide: User
) -> None:
    sign_in(client, aristide)
    claim = {"amount": "9999,00", "evidence": "Listes"}
    assert press(client, B1, f"{B1}/drawdowns", **claim).status_code == 422
    assert press(client, B1, f"{B1}/drawdowns", **claim | {"amount": "100,00"}).status_code == 302
    assert [one.amount for one in dues.claims_of(grant)] == [cad("100.00")]
    press(client, B1, f"{B1}/drawdowns/1/take-back", reason="Mauvais formulaire")
    assert "Mauvais formulaire" in client.get(B1).text


def test_a_line_is_locked_kept_compared_and_lifted(
    client: FlaskClient, grant: FundingAgreement, outaouais: Delegation, fatou: User
) -> None:
    sign_in(client, fatou)
    page = f"/delegations/{outaouais.code}/allocation"
    press(client, page, f"{page}/kept", title="Avant la lettre")
    lock = {"seat": str(outaouais.seats[1].id), "line": "L09", "source": "own", "amount": "150,00"}
    assert press(client, page, f"{page}/locks", **lock).status_code == 422  # no reason
    wrong = press(client, page, f"{page}/locks", **lock | {"line": "L01", "source": "B1", "reason": "Lettre"})
    assert wrong.status_code == 422 and "B1 ne peut pas payer ce poste" in wrong.text  # education, no flight
    assert press(client, page, f"{page}/locks", **lock, reason="Lettre").status_code == 302
    assert "Avant la lettre" in client.get(f"{page}/compare?a=1&b=now").text
    assert client.get(f"{page}/compare?a=7").status_code == 404
    assert client.get(f"{page}/compare?a={'9' * 30}&b=x").status_code == 200  # no number: that of now
    [made] = locks.locks_of(outaouais)
    press(client, page, f"{page}/locks/{made.id}/lift")
    assert not locks.locks_of(outaouais) and len(kept.kept_of(outaouais)) == 1


def test_a_head_declares_a_service_and_somebody_else_accepts_it(
    client: FlaskClient, grant: FundingAgreement, outaouais: Delegation, ondine: User, aristide: User
) -> None:
    sign_in(client, ondine)
    page = f"/delegations/{outaouais.code}/services"
    given = {"description": "Traduction", "kind": "time", "giver": "Réseau fictif", "given_on": "2003-06-15",
             "quantity": "18", "unit": "page", "rate": "45,00", "basis": "Tarif"}  # fmt: skip
    assert press(client, page, page, **given | {"rate": "0"}).status_code == 422
    assert press(client, page, page, **given).status_code == 302
    [service] = services_of(outaouais)
    assert (service.value, service.state) == (cad("810.00"), "pending")
    where = f"/delegations/in-kind/{service.id}"
    assert client.post(where, data={"verdict": "accepted"}).status_code in (400, 403)
    sign_in(client, aristide)
    assert press(client, where, where, verdict="accepted").status_code == 422  # no proof
    assert press(client, where, where, verdict="accepted", evidence="Textes remis").status_code == 302
    assert "864" in client.get("/delegations/in-kind/file.csv").text


def test_two_people_change_the_terms_and_neither_loses_what_the_other_agreed(
    client: FlaskClient, grant: FundingAgreement, fatou: User
) -> None:
    sign_in(client, fatou)
    opened = hidden_fields(client.get(f"{B1}/change").text)["seen"]
    first = {"name": "Volet Écoles", "amount": "240,00", "cap": "700,00", "reason": "la première"}
    press(client, f"{B1}/change", f"{B1}/change", **first, seen=opened)
    second = first | {"amount": "200,00", "cap": "", "through": "Fédération", "reason": "la seconde"}
    told = press(client, f"{B1}/change", f"{B1}/change", **second, seen=opened)
    assert told.status_code == 422 and 'id="changed"' in told.text and "la seconde" in told.text
    again = second | {"cap": "700,00", "seen": hidden_fields(told.text)["seen"]}
    assert press(client, f"{B1}/change", f"{B1}/change", **again).status_code == 302
    terms = terms_of(grant)
    assert (terms.cap, terms.amount, terms.through) == (cad("700.00"), cad("200.00"), "Fédération")
