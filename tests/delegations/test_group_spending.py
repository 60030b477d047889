"""One voucher for several seats, and a line that a phone sends twice: to the franc, on both databases."""

from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError

from access.models import User
from delegations.budgets import claims, group_spending, spending
from delegations.budgets.claim_models import Advance, ClaimLine, ClaimStatus, ExpenseClaim
from delegations.budgets.claims import AddLine, OpenClaim
from delegations.models import Delegation
from shared.database import db, transaction
from tests.delegations.conftest import delegation_of
from tests.delegations.test_claims import TAXI, advance
from tests.delegations.test_comparison import xof
from treasury import ledger

__all__ = ["advance"]
both = pytest.mark.usefixtures("both_databases")
MEAL = AddLine(
    spent_on=date(2005, 11, 23),
    description="Repas à trois",
    amount=xof("50000"),
    category="L03",
    voucher=TAXI,
    key="form:of-the-phone",
)


@pytest.fixture
def claim(advance: Advance, ondine: User) -> ExpenseClaim:
    opened = OpenClaim(title="Dakar", currency="XOF", advance_id=advance.id)
    with transaction():
        return claims.open_claim(advance.delegation, opened, by=ondine)


def lines() -> list[ClaimLine]:
    db.session.rollback()
    return list(db.session.query(ClaimLine).order_by(ClaimLine.number))


@both
def test_a_line_that_is_sent_twice_is_one(claim: ExpenseClaim, ondine: User, zoe: User) -> None:
    again = OpenClaim(title="Dakar", currency="XOF", advance_id=claim.advance_id)
    assert claims.open_claim(claim.delegation, again, by=ondine).id == claim.id  # nothing is in it yet
    for _sent in (1, 2):
        with transaction():
            claims.add_line(claim, MEAL, by=ondine)
    assert [line.amount for line in lines()] == [xof("50000")]
    assert claims.open_claim(claim.delegation, again, by=ondine).id != claim.id
    with pytest.raises(claims.SentBefore):
        claims.add_line(claim, replace(MEAL, amount=xof("5000")), by=ondine)
    with pytest.raises(claims.NotYours):
        claims.add_line(claim, MEAL, by=zoe)
    db.session.rollback()
    with transaction():
        claims.submit_claim(claim, by=ondine)
        assert claims.add_line(claim, MEAL, by=ondine).number == 1  # the phone had no answer, and asks again
    with pytest.raises(claims.NotThatFar):
        claims.add_line(claim, replace(MEAL, key="form:another"), by=ondine)


@both
def test_one_voucher_is_split_over_seats_and_followed_into_the_ledger(
    claim: ExpenseClaim, outaouais: Delegation, ondine: User, aristide: User, zoe: User
) -> None:
    three = [seat.id for seat in outaouais.seats[:3]]
    with transaction():
        claims.add_line(claim, replace(MEAL, seat_ids=three), by=ondine)
        claims.submit_claim(claim, by=ondine)
        claims.approve_claim(claim, by=zoe)
    assert group_spending.by_seat(outaouais) == {}  # nothing is paid yet
    with transaction():
        entry = claims.pay_claim(claim, date(2005, 12, 5), by=aristide)
    told = group_spending.by_seat(outaouais)
    thirds = {"DKR05-OUT-01": "16666", "DKR05-OUT-02": "16667", "DKR05-OUT-03": "16667"}
    assert told == {code: {"XOF": xof(part)} for code, part in thirds.items()}
    costs = [(one.memo[:12], one.amount) for one in entry.postings if one.category == "L03"]
    assert costs == [(code, xof(part)) for code, part in thirds.items()]
    rows = {(row.group, row.code): row for row in spending.of_delegation(outaouais).comparison.rows}
    assert rows["U", "L03"].figures["XOF"].actual == xof("50000")
    with transaction():
        mirror = ledger.reverse(entry, date(2005, 12, 6), "Mistaken", by=aristide)
        ledger.post(mirror, by=zoe)
    assert group_spending.by_seat(outaouais) == {}


@both
def test_shares_are_of_the_delegation_s_seats_and_stay(
    claim: ExpenseClaim, outaouais: Delegation, ondine: User
) -> None:
    with transaction():
        quebec = delegation_of(outaouais.edition, "QUE", "Québec", 1)
    with pytest.raises(group_spending.OtherSeats):
        claims.add_line(claim, replace(MEAL, seat_ids=[quebec.seats[0].id]), by=ondine)
    db.session.rollback()
    with transaction():
        claims.add_line(claim, replace(MEAL, seat_ids=[seat.id for seat in outaouais.seats]), by=ondine)
    strange = f"INSERT INTO claim_share VALUES (1, {quebec.seats[0].id}, 1, 'XOF')"
    with pytest.raises(DatabaseError, match="seats of its delegation"):
        db.session.execute(text(strange))
    db.session.rollback()
    with transaction():
        claims.submit_claim(claim, by=ondine)
    for statement in ("UPDATE claim_share SET amount_minor = 1", "DELETE FROM claim_share"):
        with pytest.raises(DatabaseError):
            db.session.execute(text(statement))
        db.session.rollback()
    assert claim.status is ClaimStatus.SUBMITTED
