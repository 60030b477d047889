"""The advance of Dakar, its claims and its settlement: three people, to the franc, on both databases."""

from dataclasses import replace
from datetime import date

import pytest
from flask import Flask
from sqlalchemy import func, select, text
from sqlalchemy.exc import DatabaseError, IntegrityError

from access import grants, users
from access.models import RoleName, User
from access.users import CreateUser
from delegations.budgets import advances, claims, spending
from delegations.budgets.advances import AskAdvance, ChangeAdvance
from delegations.budgets.claim_models import Advance, ClaimStatus, ExpenseClaim
from delegations.budgets.claims import AddLine, OpenClaim
from delegations.lifecycle import standing
from delegations.lifecycle.standing import OpenMatters, StillOpen
from delegations.models import Delegation, SavingsPlan
from delegations.seats.seats import ReasonMissing
from shared.database import db, transaction
from shared.errors import Conflict
from shared.money import Money, format_money
from tests.delegations.conftest import BY, cad, deposit
from tests.delegations.test_comparison import DEMO_RATE, xof
from treasury import approvals, attachments, chart, ledger, queries
from treasury.books import verification
from treasury.books.rates import Rate
from treasury.document_models import EntryDocument
from treasury.funds.overdrafts import FundOverdrawn
from treasury.ledger import Leg, SamePerson
from treasury.models import JournalEntry

TAXI = b"%PDF-1.7 a receipt"
REFERENCE = Rate("CAD", "XOF", DEMO_RATE, date(2005, 6, 30), "average of April to June 2005")
both = pytest.mark.usefixtures("both_databases")


@pytest.fixture
def advance(app: Flask, plan: SavingsPlan, ondine: User, aristide: User, zoe: User) -> Advance:
    """2,000.00 CAD of P1, written by Aristide, given by Zoé to Ondine, who changes them at 415.00."""
    ask = AskAdvance(
        fund_id=plan.fund_id,
        holder_id=ondine.id,
        amount=cad("2000.00"),
        purpose="Avance à Ondine Exemple",
        given_on=date(2005, 11, 11),
    )
    change = ChangeAdvance(
        given=cad("2000.00"),
        received=xof("830000"),
        changed_on=date(2005, 11, 16),
        slip="Change à Dakar, 415,00",
        reference=REFERENCE,
    )
    with transaction():
        chart.open_chart("CAD")
        chart.open_chart("XOF")
        deposit(plan, "9000.00", date(2005, 10, 1), aristide, zoe)
        advance = advances.ask_advance(plan.delegation, ask, by=aristide)
        advances.give_advance(advance, by=zoe)
        approvals.approve(advances.change_advance(advance, change, by=aristide), by=zoe)
    return advance


def claim_of(advance: Advance, by: User, *amounts: str, missing: str = "") -> ExpenseClaim:
    """A claim in francs, one line an amount with its receipt, and one of `missing` without."""
    opened = OpenClaim(title="Note de frais", currency="XOF", advance_id=advance.id)
    day = date(2005, 11, 25)
    with transaction():
        claim = claims.open_claim(advance.delegation, opened, by=by)
        for number, amount in enumerate(amounts):
            line = AddLine(
                spent_on=day,
                description=f"Auberge {number}",
                amount=xof(amount),
                category="L02",
                voucher=TAXI + str(number).encode(),
                voucher_name="photo.pdf",
            )
            claims.add_line(claim, line, by=by)
        if missing:
            lost = AddLine(
                spent_on=day,
                description="Taxi",
                amount=xof(missing),
                category="L04",
                missing_reason="reçu perdu",
            )
            claims.add_line(claim, lost, by=by)
    return claim


@both
def test_the_advance_of_dakar_comes_out_to_the_franc(
    advance: Advance, ondine: User, aristide: User, zoe: User
) -> None:
    claim = claim_of(advance, ondine, "600000", "188500", missing="24000")
    assert (claim.total, [line.amount for line in claim.without_voucher]) == (xof("812500"), [xof("24000")])
    with transaction():
        claims.submit_claim(claim, by=ondine)
        claims.approve_claim(claim, by=zoe)
        entry = claims.pay_claim(claim, date(2005, 12, 5), by=aristide)
    assert advances.in_hand(advance) == {"CAD": cad("0.00"), "XOF": xof("17500")}
    assert not advances.settled(advance)
    with transaction():
        back = advances.return_advance(advance, xof("17500"), date(2005, 12, 5), by=aristide)
        approvals.approve(back, by=zoe)
    assert back.narration == f"{advance.purpose} – {format_money(xof('17500'), 'fr')}"
    assert advances.settled(advance)
    assert advances.difference(advance) == {"XOF": xof("7267")}  # 837,267 at the rate of reference
    assert queries.fund_balance(advance.fund_id, "XOF") == xof("17500")
    assert (entry.author_id, entry.approver_id) == (aristide.id, zoe.id)  # Zoé never records
    sealed = select(func.count(EntryDocument.id)).where(EntryDocument.entry_id == entry.id)
    assert db.session.scalar(sealed) == 2
    total = spending.of_delegation(advance.delegation).comparison.total.figures
    assert (total["XOF"].actual, total["CAD"].actual) == (xof("819767"), cad("0.00"))  # claims and exchange
    assert verification.check().sound


@both
def test_each_line_has_its_own_voucher_behind_the_figure(
    advance: Advance, ondine: User, aristide: User, zoe: User
) -> None:
    claim = claim_of(advance, ondine, "500000", "295000", missing="24000")
    with transaction():
        claims.submit_claim(claim, by=ondine)
        claims.approve_claim(claim, by=zoe)
        entry = claims.pay_claim(claim, date(2005, 12, 5), by=aristide)
        attachments.attach(entry, TAXI + b"slip", "bordereau.pdf", by=aristide)  # of the whole entry

    def behind(code: str, group: str) -> dict[str, list[str]]:
        found = spending.papers(
            advance.delegation.edition_id, spending.funds_of(advance.delegation), group, code
        )
        return {one.posting.memo: [paper.label for paper in one.documents] for one in found}

    assert behind("L02", "U") == {
        "Auberge 0": ["Auberge 0", "bordereau.pdf"],
        "Auberge 1": ["Auberge 1", "bordereau.pdf"],
    }
    assert behind("L04", "T") == {"Taxi – reçu perdu": ["bordereau.pdf"]}


@both
def test_claimant_approver_and_payer_are_three_people(
    advance: Advance, ondine: User, aristide: User, zoe: User
) -> None:
    claim = claim_of(advance, ondine, "812500")
    with pytest.raises(claims.NotYours):
        claims.submit_claim(claim, by=zoe)
    with transaction():
        claims.submit_claim(claim, by=ondine)
    with pytest.raises(SamePerson):
        claims.approve_claim(claim, by=ondine)
    with transaction():
        claims.approve_claim(claim, by=zoe)
    for same in (ondine, zoe):
        with pytest.raises(SamePerson):
            claims.pay_claim(claim, date(2005, 12, 5), by=same)
    db.session.rollback()
    assert claim.status is ClaimStatus.APPROVED


@both
def test_an_entry_recorded_by_the_approver_proves_no_payment(
    advance: Advance, ondine: User, aristide: User, zoe: User
) -> None:
    claim = claim_of(advance, ondine, "812500")
    with transaction():
        claims.submit_claim(claim, by=ondine)
        claims.approve_claim(claim, by=zoe)
        legs = [Leg(chart.STAY, claim.fund_id, xof("1")), Leg(chart.ADVANCES, claim.fund_id, xof("-1"))]
        turned = ledger.post(ledger.draft(date(2005, 12, 5), "Turned", legs, by=zoe), by=aristide)
    paid = text("UPDATE expense_claim SET status = 'paid', payer_id = :payer, entry_id = :entry")
    with pytest.raises(DatabaseError, match="its payer recorded the entry"):
        db.session.execute(paid, {"payer": aristide.id, "entry": turned.id})


FORBIDDEN = {
    "approved by the claimant": "UPDATE expense_claim SET status = 'approved', approver_id = claimant_id",
    "paid unposted": "UPDATE expense_claim SET status = 'paid', payer_id = 1, entry_id = 1",
    "another claimant": "UPDATE expense_claim SET claimant_id = 1",
    "removed": "DELETE FROM expense_claim",
    "another amount": "UPDATE claim_line SET amount_minor = 1",
    "a line less": "DELETE FROM claim_line",
    "another voucher": "UPDATE claim_voucher SET label = 'x'",
    "a larger advance": "UPDATE advance SET amount_minor = 1",
    "an advance to its approver": "UPDATE advance SET holder_id = approver_id",
    "an entry of another": "UPDATE advance_entry SET step = 'returned'",
    "an entry less": "DELETE FROM advance_entry",
}


@both
def test_the_database_keeps_what_was_handed_in(advance: Advance, ondine: User) -> None:
    claim = claim_of(advance, ondine, "812500")
    with transaction():
        claims.submit_claim(claim, by=ondine)
    passed = []
    for what, statement in FORBIDDEN.items():
        try:
            db.session.execute(text(statement))
            passed.append(what)
        except DatabaseError:
            pass
        db.session.rollback()
    assert passed == []


@both
def test_a_draft_may_change_and_a_voucher_may_come_late(advance: Advance, ondine: User, zoe: User) -> None:
    claim = claim_of(advance, ondine, "1000", "2000", missing="500")
    with transaction():
        claims.remove_line(claim.lines[0], by=ondine)
        claims.submit_claim(claim, by=ondine)
    with pytest.raises(ReasonMissing):
        claims.send_back(claim, " ", by=zoe)
    with transaction():
        claims.send_back(claim, "Which taxi?", by=zoe)
        claims.submit_claim(claim, by=ondine)
        claims.add_voucher(claim.lines[-1], TAXI, "taxi.pdf", by=ondine)
    assert (claim.total, claim.without_voucher) == (xof("2500"), [])
    assert claims.add_voucher(claim.lines[-1], TAXI, "again.pdf", by=ondine).label == "taxi.pdf"  # sent twice
    with pytest.raises(claims.NotThatFar):
        claims.add_voucher(claim.lines[-1], TAXI + b"2", "another.pdf", by=ondine)
    with pytest.raises(claims.NotThatFar):
        claims.remove_line(claim.lines[0], by=ondine)


def test_more_than_the_advance_comes_from_the_bank(
    advance: Advance, ondine: User, aristide: User, zoe: User
) -> None:
    claim = claim_of(advance, ondine, "830001")
    with transaction():
        claims.submit_claim(claim, by=ondine)
        claims.approve_claim(claim, by=zoe)
    assert claims.from_advance(claim) == xof("830000")
    with pytest.raises(FundOverdrawn):  # the fund has dollars, and no francs at the bank
        claims.pay_claim(claim, date(2005, 12, 5), by=aristide)


def test_an_advance_is_given_once_by_a_third_person(
    outaouais: Delegation, advance: Advance, ondine: User, aristide: User, zoe: User
) -> None:
    ask = AskAdvance(
        fund_id=advance.fund_id,
        holder_id=ondine.id,
        amount=cad("10.00"),
        purpose="Taxi",
        given_on=date(2005, 11, 12),
    )
    with pytest.raises(SamePerson):
        advances.ask_advance(outaouais, ask, by=ondine)
    with transaction():
        second = advances.ask_advance(outaouais, ask, by=aristide)
    for same in (aristide, ondine):
        with pytest.raises(SamePerson):
            advances.give_advance(second, by=same)
    with pytest.raises(Conflict):
        advances.give_advance(advance, by=zoe)
    with pytest.raises(advances.NotSoMuchLeft):
        advances.return_advance(advance, xof("830001"), date(2005, 12, 1), by=aristide)


@both
def test_what_is_sent_twice_is_one_and_no_draft_takes_what_another_takes(
    advance: Advance, ondine: User, aristide: User, zoe: User
) -> None:
    """17,500 XOF given back, sent twice; of the 830,000 only 812,500 are left to claim or to give back."""
    day, slip = date(2005, 12, 5), "Rechange, 0,0024"
    with transaction():
        back = advances.return_advance(advance, xof("17500"), day, by=aristide)
        assert advances.return_advance(advance, xof("17500"), day, by=aristide) is back
    assert (advances.in_hand(advance)["XOF"], advances.free(advance, "XOF")) == (xof("830000"), xof("812500"))
    with pytest.raises(advances.NotSoMuchLeft), transaction():
        advances.return_advance(advance, xof("812501"), day, by=aristide)
    assert claims.from_advance(claim_of(advance, ondine, "820000")) == xof("812500")
    change = ChangeAdvance(given=xof("400000"), received=cad("960.00"), changed_on=day, slip=slip)
    with transaction():
        changed = advances.change_advance(advance, change, by=aristide)
        assert advances.change_advance(advance, change, by=aristide) is changed
        approvals.approve(back, by=zoe)
        approvals.approve(changed, by=zoe)
    assert advances.in_hand(advance) == {"CAD": cad("960.00"), "XOF": xof("412500")}
    again = AskAdvance(
        fund_id=advance.fund_id, holder_id=ondine.id, amount=cad("500.00"), purpose="Taxis", given_on=day
    )
    with transaction():
        asked = advances.ask_advance(advance.delegation, again, by=aristide)
        assert advances.ask_advance(advance.delegation, again, by=aristide) is asked


def test_a_draft_of_an_advance_can_be_thrown_away(advance: Advance, aristide: User) -> None:
    with transaction():
        entry = advances.return_advance(advance, xof("5"), date(2005, 12, 1), by=aristide)
        approvals.discard(entry, "Mistyped", by=aristide)
    assert db.session.get(JournalEntry, entry.id) is None
    assert advances.in_hand(advance)["XOF"] == xof("830000")


@both
def test_no_claim_is_charged_to_an_advance_before_it_is_handed_over(
    advance: Advance, ondine: User, aristide: User, zoe: User
) -> None:
    delegation = advance.delegation
    ask = AskAdvance(
        fund_id=advance.fund_id,
        holder_id=ondine.id,
        amount=cad("500.00"),
        purpose="Taxis",
        given_on=date(2005, 11, 20),
    )
    with transaction():
        second = advances.ask_advance(delegation, ask, by=aristide)
    opened = OpenClaim(title="Taxis", currency="CAD", advance_id=second.id)
    with pytest.raises(claims.NotHandedOver), transaction():
        claims.open_claim(delegation, opened, by=ondine)
    with transaction():
        advances.give_advance(second, by=zoe)
        assert claims.open_claim(delegation, opened, by=ondine).advance_id == second.id


def test_a_claim_is_of_one_s_own_advance(advance: Advance, outaouais: Delegation) -> None:
    with transaction():
        other = users.create_user(CreateUser(email="lison@example.org", name="Lison Substitut"), by=BY)
        grants.grant(other, RoleName.HEAD_OF_DELEGATION, by=BY, delegation_id=outaouais.id)
    opened = OpenClaim(title="Note", currency="XOF", advance_id=advance.id)
    with pytest.raises(claims.OtherAdvance):
        claims.open_claim(outaouais, opened, by=other)
    with pytest.raises(claims.BadClaim):
        claims.open_claim(outaouais, OpenClaim(title=" ", currency="XOF"), by=other)
    own = claims.open_claim(outaouais, OpenClaim(title="Note", currency="XOF"), by=other)
    nothing = AddLine(spent_on=date(2005, 11, 25), description="Taxi", amount=Money.zero("XOF"))
    with pytest.raises(claims.BadClaim):
        claims.add_line(own, nothing, by=other)
    with pytest.raises(claims.BadClaim):
        claims.submit_claim(own, by=other)


def test_a_delegation_is_closed_over_an_open_advance_only_with_a_reason(advance: Advance) -> None:
    """830,000 XOF in Ondine's hands: closing says so first, and keeps why it went on."""
    outaouais = advance.delegation
    with transaction():
        standing.lock(outaouais, "", by=BY)
    assert standing.open_matters(outaouais) == OpenMatters((xof("830000"),), 0)
    with pytest.raises(StillOpen), transaction():
        standing.close(outaouais, " ", by=BY)
    with transaction():
        standing.close(outaouais, "Avance perdue, le conseil en est informé", by=BY)
    assert standing.steps_of(outaouais)[-1].reason == "Avance perdue, le conseil en est informé"


@both
def test_a_claim_that_a_phone_begins_is_found_again_by_its_key(outaouais: Delegation, ondine: User) -> None:
    begun = OpenClaim(title="Taxis", currency="XOF", key="a1")
    with transaction():
        first = claims.open_claim(outaouais, begun, by=ondine)
        taxi = AddLine(
            spent_on=date(2005, 11, 25),
            description="Taxi",
            amount=xof("4000"),
            missing_reason="Perdu",
            key="l",
        )
        claims.add_line(first, taxi, by=ondine)
    with transaction():
        corrected = replace(begun, title="Taxis de Dakar")
        assert claims.open_claim(outaouais, corrected, by=ondine).id == first.id
        other = claims.open_claim(
            outaouais, replace(begun, key="b2"), by=ondine
        )  # the same words, begun anew
    assert other.id != first.id
    with pytest.raises(IntegrityError), transaction():
        db.session.add(
            ExpenseClaim(
                delegation_id=outaouais.id, fund_id=first.fund_id, claimant_id=ondine.id,
                currency="XOF", title="Deux fois", sent_key="a1",
            )
        )  # fmt: skip
