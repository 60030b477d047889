"""A transfer that quotes a payer's reference: their deposit from the bank's line on, whatever its amount."""

import re
from datetime import date
from fractions import Fraction

from flask import Flask
from sqlalchemy import select

from access.models import User
from delegations.models import SavingsPlan
from delegations.savings import plans as savings
from delegations.savings.payer_models import Payer
from delegations.savings.payer_standings import standings
from shared.database import db, transaction
from tests.delegations.conftest import cad
from tests.delegations.test_payers import joined, paid
from tests.treasury.bank import bring_in, lines_of, looked_at
from tests.treasury.desk import Desk
from treasury import approvals, chart, ledger
from treasury.models import ReconciliationLink
from treasury.reconciliation import standing_references


def test_a_line_that_quotes_a_payer_is_recorded_as_theirs_and_matched_when_approved(
    app: Flask, plan: SavingsPlan, aristide: User, zoe: User
) -> None:
    bank = ledger.account(chart.BANK, "CAD")
    with transaction():
        union: Payer = joined(plan, "Syndicat fictif", Fraction(1, 3))
    typed = union.reference.replace("-", " ").lower()
    rows = (f"20/01/2003;VIR DIVERS {typed};;261,50;", "20/01/2003;VIR INCONNU TG7K-492Q-X;;40,00;")
    line, unknown = lines_of(bring_in(bank, aristide, *rows))
    assert list(standing_references.quoted([line, unknown])) == [line.id]
    treasurer = Desk(app, aristide)
    page = f"/treasury/statements/lines/{line.id}"
    assert f"deposit of {union.organisation.name}" in treasurer.see(page)
    assert treasurer.press(page, page + "/quoted").status_code in (302, 303)
    assert f"deposit of {union.organisation.name}" not in treasurer.see(page)  # a second time it is no choice
    [waiting] = savings.deposits_to_approve(plan)
    assert (waiting.payer_id, waiting.amount) == (union.id, cad("261.50"))
    with transaction():
        assert waiting.entry
        approvals.approve(waiting.entry, by=zoe)
    first, theirs = standings([plan])[plan.id]
    assert (first.saved, theirs.saved) == (cad("0.00"), cad("261.50"))
    assert [one.amount_minor for one in db.session.scalars(select(ReconciliationLink))] == [26150]


def test_a_quoted_line_is_recorded_once_however_often_it_is_pressed_and_no_other_line_is(
    app: Flask, plan: SavingsPlan, aristide: User
) -> None:
    bank = ledger.account(chart.BANK, "CAD")
    with transaction():
        union: Payer = joined(plan, "Syndicat fictif", Fraction(1, 3))
    rows = (f"20/01/2003;VIR DIVERS {union.reference};;261,50;", "20/01/2003;VIR INCONNU;;40,00;")
    line, unknown = lines_of(bring_in(bank, aristide, *rows))
    treasurer = Desk(app, aristide)
    page, other = (f"/treasury/statements/lines/{one.id}" for one in (line, unknown))
    seen = treasurer.see(page)
    for said in ("Recorded. Somebody else approves it", "An entry was already written from this line"):
        treasurer.send(seen, f"{page}/quoted")
        assert said in treasurer.see(other)
    strange = treasurer.send(seen.replace(f"{page}/quoted", f"{other}/quoted"), f"{other}/quoted")
    assert strange.status_code == 404  # it quotes nothing
    [waiting] = savings.deposits_to_approve(plan)
    assert waiting.amount == cad("261.50")


def test_what_a_line_quotes_stands_before_what_only_resembles_it(
    app: Flask, plan: SavingsPlan, aristide: User, zoe: User
) -> None:
    """Enter takes the first choice: the deposit that is quoted, unless it may have been recorded already."""
    bank = ledger.account(chart.BANK, "CAD")
    with transaction():
        union: Payer = joined(plan, "Syndicat fictif", Fraction(1, 3))
    paid(union, "300.00", date(2003, 1, 19), aristide, zoe)
    row = f"20/01/2003;VIR SYNDICAT FICTIF {union.reference};;%s;"
    less, same = lines_of(bring_in(bank, aristide, row % "261,50", row % "300,00"))
    looked_at(bank, less, same)
    treasurer = Desk(app, aristide)
    for line, first, second in ((less, "quoted", "confirm"), (same, "confirm", "quoted")):
        page = treasurer.see(f"/treasury/statements/lines/{line.id}")
        keys = re.findall(rf'lines/{line.id}/(\w+)" data-key="([12])"', page)
        assert keys == [(first, "1"), (second, "2")]
