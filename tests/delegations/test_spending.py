"""What was spent and promised of a budget, from the ledger to the page."""

from dataclasses import replace
from datetime import date
from fractions import Fraction

import pytest
from flask import Flask
from flask.testing import FlaskClient

from access.models import User
from delegations.budgets import spending
from delegations.budgets.versions import Line
from delegations.lifecycle import umbrellas
from delegations.models import Delegation, SavingsPlan
from events.models import Edition
from shared.database import transaction
from shared.money import Money, format_plain
from tests.conftest import sign_in
from tests.delegations.conftest import BY, cad, delegation_of, deposit
from tests.delegations.test_budget_versions import FLIGHT, drafted
from tests.delegations.test_comparison import DEMO_RATE, xof
from treasury import attachments, chart, ledger
from treasury.books import exchange, rates
from treasury.books.rates import Rate
from treasury.funds import commitments
from treasury.ledger import Leg

DAY = date(2005, 11, 20)


@pytest.fixture
def spent(app: Flask, plan: SavingsPlan, aristide: User, zoe: User) -> None:
    """9,000.00 are saved; 2,100.00 paid for a flight of line L01, 40.00 of fees, 500.00 are promised."""
    with transaction():
        chart.open_chart("CAD")
        deposit(plan, "9000.00", date(2005, 10, 1), aristide, zoe)
        exchange.type_rate(Rate("CAD", "XOF", DEMO_RATE, date(2005, 6, 30), "average"), by=aristide)
        legs = [
            Leg(chart.TRAVEL, plan.fund_id, cad("2100.00"), category="L01"),
            Leg(chart.BANK_FEES, plan.fund_id, cad("40.00")),
            Leg(chart.BANK, plan.fund_id, cad("-2140.00")),
        ]
        flight = ledger.draft(DAY, "Flight", legs, by=aristide)
        attachments.attach(flight, b"%PDF-1.7 ticket", "billet.pdf", by=aristide)
        ledger.post(flight, by=zoe)
        unposted = [
            Leg(chart.STAY, plan.fund_id, cad("1.00"), category="L02"),
            Leg(chart.BANK, plan.fund_id, cad("-1.00")),
        ]
        ledger.draft(DAY, "Only a draft", unposted, by=aristide)
        promise = commitments.Reserve(
            fund_id=plan.fund_id, amount=cad("500.00"), payee="Auberge", purpose="Nuits", dated_on=DAY
        )
        commitments.reserve(promise, by=aristide)


@pytest.mark.usefixtures("both_databases", "spent")
def test_a_rate_that_only_a_draft_is_written_at_tells_nothing_else(
    client: FlaskClient, dakar: Edition, fatou: User
) -> None:
    before = spending.reference_rates("CAD", ["XOF"])
    inn = Line(code="L02", label="Auberge", category="U", unit_price=xof("18500"))
    typed = Rate("CAD", "XOF", Fraction(400), date(2005, 11, 22), "typed")
    drafted(dakar, FLIGHT, replace(inn, rate=typed), by=fatou)
    assert spending.reference_rates("CAD", ["XOF"]) == before
    dirham = Rate("CAD", "MAD", Fraction(7), date(2005, 11, 22), "typed")
    price = Money.of("70.00", "MAD")
    hostel = replace(inn, unit_price=price, rate=dirham)
    draft = drafted(dakar, FLIGHT, hostel, by=fatou)
    assert spending.reference_rates("CAD", ["MAD"]) == {"MAD": dirham}  # nobody knows another
    sign_in(client, fatou)
    assert "1 CAD = 7 MAD" in client.get(f"/delegations/budgets/{draft.id}").text


@pytest.mark.usefixtures("spent")
def test_the_source_of_a_rate_is_told_in_the_reader_s_language(
    client: FlaskClient, dakar: Edition, aristide: User, fatou: User
) -> None:
    bank = Rate("CAD", "XOF", Fraction(420), date(2005, 11, 1), rates.CENTRAL_BANK)
    with transaction():
        exchange.type_rate(bank, by=aristide)
    inn = Line(code="L02", label="Auberge", category="U", unit_price=xof("18500"), rate=bank)
    draft = drafted(dakar, inn, by=fatou)
    sign_in(client, fatou)
    for page, times in ((f"/delegations/budgets/{draft.id}", 2), ("/delegations/spending/DKR05", 1)):
        assert client.get(page).text.count("source\xa0: Banque centrale européenne") == times


@pytest.mark.usefixtures("spent")
def test_only_what_is_posted_counts(outaouais: Delegation) -> None:
    found = spending.of_delegation(outaouais).comparison
    rows = {(row.group, row.code): row.figures["CAD"] for row in found.rows}
    assert (rows["T", "L01"].budget, rows["T", "L01"].actual) == (cad("12300.00"), cad("2100.00"))
    assert rows["U", "L02"].actual == cad("0.00")
    assert (rows[spending.OTHER, ""].actual, rows[spending.OTHER, ""].committed) == (
        cad("40.00"),
        cad("500.00"),
    )
    assert found.total.figures["CAD"].left == cad("24360.00")  # of 27,000.00
    assert found.total.figures["XOF"].budget == Money.of("11303107", "XOF")


@pytest.mark.usefixtures("spent")
def test_the_edition_is_the_sum_of_its_funds(outaouais: Delegation) -> None:
    here = spending.of_delegation(outaouais).comparison.total
    assert spending.of_edition(outaouais.edition).comparison.total == here


@pytest.mark.usefixtures("spent")
def test_a_network_counts_all_that_it_holds_and_each_of_them(
    client: FlaskClient, outaouais: Delegation, zoe: User
) -> None:
    with transaction():
        stay = delegation_of(outaouais.edition, "CAN", "Séjour canadien", 1)
        umbrellas.add_member(stay, outaouais, by=BY)
    total = spending.of_delegation(stay).comparison.total.figures["CAD"]
    assert (total.budget, total.actual) == (cad("31500.00"), cad("2140.00"))  # seven seats of 4,500.00
    sign_in(client, zoe)
    page = client.get("/delegations/DKR05-CAN/spending").text
    assert ("/delegations/DKR05-OUT/spending" in page, format_plain(cad("2140.00"), "fr") in page) == (
        True,
        True,
    )
    everything = client.get("/delegations/DKR05-CAN/spending/all/-").text
    assert ("Flight" in everything, "Only a draft" in everything) == (True, False)
    house = client.get("/delegations/spending").text
    assert format_plain(cad("28860.00"), "fr") in house  # 31,500.00 less 2,140.00 spent and 500.00 promised
    assert "/delegations/spending/DKR05/all/-" in house


@pytest.mark.usefixtures("spent")
def test_a_figure_leads_to_its_posting_and_its_document(
    client: FlaskClient, outaouais: Delegation, ondine: User, zoe: User
) -> None:
    sign_in(client, ondine)
    page = client.get("/delegations/DKR05-OUT/spending")
    assert format_plain(cad("2100.00"), "fr") in page.text
    assert "/delegations/DKR05-OUT/spending/T/L01" in page.text
    behind = client.get("/delegations/DKR05-OUT/spending/T/L01")
    assert ("billet.pdf" in behind.text, "/treasury/" in behind.text) == (True, False)
    assert client.get("/delegations/DKR05-OUT/spending/T/L99").status_code == 404
    assert "/delegations/spending/DKR05" not in page.text  # a head is not shown what they may not open
    sign_in(client, zoe)
    assert "entry-" in client.get("/delegations/DKR05-OUT/spending/T/L01").text
    assert "/delegations/spending/DKR05" in client.get("/delegations/DKR05-OUT/spending").text
    assert '"/delegations/spending"' in client.get("/delegations/spending/DKR05").text
    assert client.get("/delegations/spending").status_code == 200
    assert "sans pièce" not in client.get("/delegations/spending/DKR05/T/L01").text
