"""The list of delegations, a page at a time; a network's plans as bare numbers say what their replay says."""

from bisect import bisect_left
from collections import Counter
from datetime import date, timedelta
from itertools import pairwise

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

import delegations.views
from access import grants, users
from access.models import RoleName
from access.users import CreateUser
from delegations.expectations import _coming
from delegations.models import Delegation
from delegations.savings.schedule import (
    Deposit,
    Frequency,
    InstalmentState,
    Remainder,
    course,
    replay,
    schedule,
    stand,
)
from events.models import Edition
from shared.database import transaction
from shared.money import Money
from tests.delegations.conftest import BY, delegation_of
from tests.treasury.desk import Desk


def test_a_long_list_is_paged_and_searched(
    app: Flask, outaouais: Delegation, dakar: Edition, monkeypatch: pytest.MonkeyPatch
) -> None:
    with transaction():
        fatou = users.create_user(CreateUser(email="fatou@example.org", name="Fatou Modèle"), by=BY)
        grants.grant(fatou, RoleName.ORGANISER, by=BY)
        for code, name in (("QUE", "Québec"), ("MTL", "Montréal")):
            delegation_of(dakar, code, name, 1)
    desk = Desk(app, fatou)
    assert "Name or code" not in desk.see("/delegations")  # three fit one page, with their total
    assert "<tfoot>" in desk.see("/delegations")
    monkeypatch.setattr(delegations.views, "_PAGE", 2)
    first, second = desk.see("/delegations"), desk.see("/delegations?page=2")
    assert "Page 1 of 2, 3 in all" in first
    assert "<tfoot>" not in first  # a part has no total
    assert ("Montréal" in first, "Québec" in first, "Québec" in second) == (True, False, True)
    found = desk.see("/delegations?q=ébec")
    assert "Québec" in found
    assert "Montréal" not in found
    assert "No delegation found." in desk.see("/delegations?q=Atlantis")


@given(
    target=st.integers(12, 2_000_000),
    count=st.integers(1, 12),
    months=st.sampled_from((1, 3, 12)),
    remainder=st.sampled_from(Remainder),
    saved=st.integers(0, 2_500_000),
    days=st.integers(-40, 5000),
)
def test_bare_numbers_say_what_the_replay_says(
    target: int, count: int, months: int, remainder: Remainder, saved: int, days: int
) -> None:
    first = date(2003, 1, 31)
    day = first + timedelta(days=days)
    terms = (Money(target, "CAD"), count, first, Frequency(months), remainder)
    parts, numbers = schedule(*terms), course(*terms)
    status = replay(parts, [Deposit(day, Money(saved, "CAD"))] if saved else [], day)
    standing = stand(numbers, Money(saved, "CAD"), day)
    told = (standing.saved, standing.due_to_date, standing.late_amount, standing.ahead_amount)
    assert told == (status.saved, status.due_to_date, status.late_amount, status.ahead_amount)
    assert standing.next_due == (status.next_due and status.next_due.instalment.due)
    begins = bisect_left(numbers.dues, day)
    coming = zip(numbers.dues[begins:], pairwise(numbers.missing(saved, begins)), strict=True)
    left = [(due, Money(after - before, "CAD")) for due, (before, after) in coming if after > before]
    assert [*numbers.late(saved, day), *left] == [
        (one.instalment.due, one.instalment.amount - one.paid)
        for one in status.instalments
        if one.state is not InstalmentState.PAID
    ]


@given(
    plans=st.lists(
        st.tuples(st.integers(30, 90), st.integers(1, 6), st.integers(1, 3), st.integers(-5, 99)), max_size=8
    ),
    days=st.integers(-40, 400),
)
def test_what_is_to_come_of_all_plans_is_what_each_of_them_misses(
    plans: list[tuple[int, int, int, int]], days: int
) -> None:
    first = date(2003, 1, 31)
    day = first + timedelta(days=days)
    courses = [
        (course(Money(target, "CAD"), count, first, Frequency(months)), saved, 1)
        for target, count, months, saved in plans
    ]
    expected = Counter[tuple[date, str]]()
    for one, saved, _times in courses:
        standing = max(saved, 0)
        for due, amount in one.parts():
            paid = min(amount.minor, standing)
            standing -= paid
            if due >= day:
                expected[due, "CAD"] += amount.minor - paid
    found = _coming([*courses, *((one, saved, 2) for one, saved, _times in courses)], day)
    assert found == {key: 3 * minor for key, minor in expected.items()}
