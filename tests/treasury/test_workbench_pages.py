"""Lines matched by hand: an entry of two funds is one tick, a part is of one, a slip is undone at once."""

from datetime import date

import pytest
from flask import Flask

from access.models import User
from shared.database import db, transaction
from shared.money import Money
from tests.treasury.bank import bank_posting, bring_in, lines_of
from tests.treasury.conftest import Ask
from tests.treasury.desk import Desk
from treasury import approvals, chart, ledger
from treasury.ledger import Leg
from treasury.models import Account, EntryStatus, Fund, JournalEntry, ReconciliationLink
from treasury.reconciliation import open_money, taking_back
from treasury.reconciliation.differences import settle_with_difference


@pytest.fixture
def treasurer(app: Flask, aristide: User) -> Desk:
    return Desk(app, aristide)


@pytest.fixture
def shared_deposit(bank: Account, outaouais: Fund, sorel: Fund, aristide: User, zoe: User) -> list[int]:
    """One deposit slip of 1,000.00 that two delegations share: two postings, one movement at the bank."""
    given = ((outaouais, "600.00"), (sorel, "400.00"))
    with transaction():
        entry = ledger.draft(
            date(2005, 10, 15),
            "Bordereau de dépôt",
            [
                leg
                for fund, amount in given
                for leg in (
                    Leg(chart.BANK, fund.id, Money.of(amount, "CAD")),
                    Leg(chart.GIFTS, fund.id, -Money.of(amount, "CAD")),
                )
            ],
            by=aristide,
        )
    with transaction():
        ledger.post(entry, by=zoe)
    return [one.id for one in entry.postings if one.account.code == chart.BANK]


def linked() -> list[int]:
    db.session.rollback()
    live = db.session.query(ReconciliationLink).filter(ReconciliationLink.undone_at.is_(None))
    return sorted(one.amount_minor for one in live)


def test_an_entry_that_two_funds_share_is_one_tick_and_matched_whole(
    treasurer: Desk, bank: Account, aristide: User, shared_deposit: list[int]
) -> None:
    line = lines_of(bring_in(bank, aristide, "20/10/2005;DEPOT;;2 000,00;"))[0]
    page = f"/treasury/statements/lines/{line.id}"
    tick = ",".join(map(str, shared_deposit))
    assert f'name="posting" value="{tick}"' in treasurer.see(page)
    treasurer.press(page, f"{page}/confirm", posting=tick)
    assert linked() == [40000, 60000]


def test_a_part_of_such_an_entry_takes_its_postings_in_their_order(
    treasurer: Desk, bank: Account, aristide: User, shared_deposit: list[int]
) -> None:
    line = lines_of(bring_in(bank, aristide, "20/10/2005;DEPOT;;2 000,00;"))[0]
    page = f"/treasury/statements/lines/{line.id}"
    tick = ",".join(map(str, shared_deposit))
    too_much = treasurer.press(page, f"{page}/confirm", posting=tick, amount="1000.01")
    assert (too_much.status_code, linked()) == (409, [])
    assert "checked" in too_much.text  # what was ticked stays ticked
    treasurer.press(page, f"{page}/confirm", posting=tick, amount="700")
    assert linked() == [10000, 60000]


def test_a_part_pressed_twice_is_matched_once(
    treasurer: Desk, bank: Account, aristide: User, shared_deposit: list[int]
) -> None:
    line = lines_of(bring_in(bank, aristide, "20/10/2005;DEPOT;;2 000,00;"))[0]
    page = f"/treasury/statements/lines/{line.id}"
    part = {"posting": ",".join(map(str, shared_deposit)), "amount": "300", "left": "200000"}
    assert 'name="left" value="200000"' in treasurer.see(page)
    treasurer.press(page, f"{page}/confirm", **part)
    again = treasurer.press(page, f"{page}/confirm", **part)
    assert (again.status_code, "matched meanwhile" in again.text, linked()) == (409, True, [30000])
    treasurer.press(page, f"{page}/confirm", **{**part, "left": "170000"})
    assert linked() == [30000, 30000]


def test_a_part_is_of_one_and_never_of_the_first_of_two(
    treasurer: Desk, bank: Account, aristide: User, receive: Ask
) -> None:
    ticks = [str(bank_posting(receive("562.50", on=date(2005, month, 15))).id) for month in (7, 10)]
    line = lines_of(bring_in(bank, aristide, "16/10/2005;DEPOT;;1 125,00;"))[0]
    page = f"/treasury/statements/lines/{line.id}"
    refused = treasurer.press(page, f"{page}/confirm", posting=ticks, amount="100")
    assert (refused.status_code, "tick only that one" in refused.text) == (422, True)
    assert (refused.text.count(" checked"), linked()) == (2, [])


def test_what_was_matched_last_stays_in_sight_with_its_undo(
    treasurer: Desk, bank: Account, aristide: User, receive: Ask
) -> None:
    posting = bank_posting(receive())
    statement = bring_in(bank, aristide, "15/10/2005;HERON;;750,00;", "16/10/2005;X;;1,00;")
    first, second = lines_of(statement)
    page = f"/treasury/statements/{statement.id}"
    done = treasurer.press(
        page, f"/treasury/statements/lines/{first.id}/confirm", posting=str(posting.id)
    ).headers["Location"]
    assert f"matched={first.id}#line-{second.id}" in done
    shown = treasurer.see(done)
    strip = shown.partition('id="just-matched"')[2].partition("</section>")[0]
    assert f'id="line-{first.id}"' in strip
    assert "/undo" in strip
    treasurer.send(shown, strip.partition('action="')[2].partition('"')[0])
    assert linked() == []
    for nothing in (f"{page}?matched={second.id}", f"{page}?matched=999", f"{page}?matched=x"):
        assert "just-matched" not in treasurer.see(nothing)


def test_a_name_with_a_remark_between_brackets_is_known_without_it(bank: Account, receive: Ask) -> None:
    receive(payer="Volet Rives (type MRI)")
    [money] = open_money.open_postings(bank)
    assert money.candidate.names == ("Volet Rives (type MRI)", "Volet Rives")


@pytest.mark.parametrize(
    ("paid", "account"), [("742,50", chart.BANK_FEES), ("752,50", chart.EXCHANGE)], ids=["fee", "exchange"]
)
def test_a_match_taken_back_takes_the_draft_of_its_difference_along(
    treasurer: Desk, bank: Account, aristide: User, receive: Ask, paid: str, account: str
) -> None:
    posting = bank_posting(receive())
    statement = bring_in(bank, aristide, f"15/10/2005;RESEAU FICTIF DU GRAND HERON;;{paid};")
    line = lines_of(statement)[0]
    page = f"/treasury/statements/{statement.id}"
    difference = f"/treasury/statements/lines/{line.id}/difference"
    treasurer.press(page, difference, posting=str(posting.id), account=account)
    [link] = db.session.query(ReconciliationLink).all()
    shown = treasurer.see(f"{page}?show=all")
    for _twice in range(2):
        treasurer.send(shown, f"/treasury/statements/links/{link.id}/undo")
    assert linked() == []
    assert db.session.query(JournalEntry).filter_by(status=EntryStatus.DRAFT).count() == 0
    again = treasurer.see(page)
    assert "Réseau fictif du Grand-Héron" in again
    assert again.count("The draft of its difference was thrown away.") == 1


def test_a_difference_that_was_approved_stays_when_its_match_is_taken_back(
    treasurer: Desk, bank: Account, aristide: User, zoe: User, receive: Ask
) -> None:
    posting = bank_posting(receive())
    line = lines_of(bring_in(bank, aristide, "15/10/2005;HERON;;742,50;"))[0]
    with transaction():
        entry = settle_with_difference(line, posting, chart.BANK_FEES, "Fee", by=aristide)
    with transaction():
        approvals.approve(entry, by=zoe)
    with transaction():
        assert not taking_back.take_back(db.session.query(ReconciliationLink).one(), by=aristide)
    [money] = open_money.open_postings(bank)
    assert money.candidate.amount == Money.of("742.50", "CAD")


def test_money_in_is_not_taken_for_a_fee_and_more_than_is_shown_is_said(
    treasurer: Desk, bank: Account, aristide: User, receive: Ask
) -> None:
    for month in range(1, 13):
        receive("375.00", on=date(2004, month, 15))
    lines = lines_of(bring_in(bank, aristide, "20/10/2005;X;;35,00;", "21/10/2005;FRAIS;;-4,95;"))
    pages = [treasurer.see(f"/treasury/statements/lines/{one.id}") for one in lines]
    assert [
        f'<option selected value="{code}">' in page
        for code, page in zip(("1900", "5800"), pages, strict=True)
    ]
    assert "The nearest 15" not in pages[0]
    for month in range(1, 4):
        receive("375.00", on=date(2005, month, 15))
    assert "The nearest 15 are shown" in treasurer.see(f"/treasury/statements/lines/{lines[0].id}")
