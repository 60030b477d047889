"""The auditor's sample: chance that can be repeated, and the whole trail of what it picked."""

import hashlib
from datetime import date

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from access.models import Grant, RoleName, User
from shared.database import db, transaction
from shared.money import Money
from tests.treasury.conftest import Ask
from tests.treasury.desk import Desk
from treasury import chart, ledger
from treasury.ledger import Leg
from treasury.models import Fund
from treasury.reports import trails
from treasury.reports.sampling import Sample


@pytest.fixture
def auditor(app: Flask) -> Desk:
    with transaction():
        user = User(email="mary@example.org", name="Mary Sample")
        db.session.add(user)
        db.session.flush()
        db.session.add(Grant(user_id=user.id, role=RoleName.AUDITOR))
    return Desk(app, user)


@given(seed=st.text(max_size=20), size=st.integers(1, 25), first=st.integers(1, 50), count=st.integers(0, 60))
def test_a_sample_is_of_its_span_without_repeats_and_always_the_same(
    seed: str, size: int, first: int, count: int
) -> None:
    drawn = Sample(seed, size, first, first + count - 1)
    numbers = drawn.numbers()
    assert numbers == drawn.numbers()
    assert len(set(numbers)) == len(numbers) == min(size, count)
    assert all(first <= one < first + count for one in numbers)


def test_anybody_can_draw_it_again_with_sha256_alone() -> None:
    made = [int(hashlib.sha256(f"dakar:{n}".encode()).hexdigest(), 16) % 162 + 1 for n in (1, 2, 3)]
    assert Sample("dakar", 3, 1, 162).numbers() == made
    assert Sample("lima", 3, 1, 162).numbers() != made


def test_the_auditor_sees_whole_trails_and_the_same_ones_again(auditor: Desk, receive: Ask) -> None:
    payments = [receive(f"{n}00.00") for n in range(1, 6)]
    page = auditor.see("/treasury/sample?seed=dakar&size=2")
    assert page.count("<article") == 2
    picked = [payments[number - 1] for number in Sample("dakar", 2, 1, 5).numbers()]
    for one in picked:
        assert one.entry
        for told in (one.reference, one.entry.hash or "?", "Aristide Fictif", "Zoé Témoin"):
            assert told in page
    assert "recomputed, the same" in page
    assert auditor.see("/treasury/sample?seed=dakar&size=2&first=1&last=5").count("<article") == 2


def test_where_an_entry_of_the_machine_comes_from_is_said_in_words(
    auditor: Desk, receive: Ask, outaouais: Fund
) -> None:
    receive("750.00")
    three = Money.of("3.00", "CAD")
    legs = [Leg(chart.BANK_FEES, outaouais.id, three), Leg(chart.BANK, outaouais.id, -three)]
    with transaction():
        entry = ledger.post_now(
            date(2005, 10, 20), "Payout", legs, source="payout:po_1", idempotency_key="po"
        )
    page = auditor.see(f"/treasury/entries/{entry.id}")
    assert "a payout of the card network" in page
    assert ">po_1<" in page


def test_a_sample_of_nothing_and_a_strange_address_answer(auditor: Desk, app: Flask) -> None:
    for address in ("", "?seed=x", "?seed=x&size=-4&first=900&last=-1", "?seed=x&size=a"):
        assert "<article" not in auditor.see(f"/treasury/sample{address}")


def test_a_seed_is_offered_and_the_home_leads_the_auditor_there(auditor: Desk, receive: Ask) -> None:
    receive()
    assert 'href="/treasury/sample"' in auditor.see("/treasury")
    first, second = auditor.see("/treasury/sample"), auditor.see("/treasury/sample")
    assert first != second  # another seed each time


def test_a_changed_entry_is_told(receive: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    payment = receive()
    assert payment.entry_id
    assert trails.trail(payment.entry_id).intact
    monkeypatch.setattr("treasury.books.seals.digest", lambda *_given: "0" * 64)
    assert trails.trail(payment.entry_id).intact is False
