"""Seldom evidence: words that name nobody, beginnings that begin too much, initials, a bank's silence."""

from datetime import date

import pytest

from tests.treasury.test_matching import CAP, HERON, due, line
from treasury.books import rates
from treasury.reconciliation.marks import References
from treasury.reconciliation.matching import Habit, HabitKind, propose
from treasury.reconciliation.names import Names
from treasury.references import new_reference


def test_what_was_learnt_of_words_that_name_nobody_counts_for_nothing() -> None:
    lines, money = [line("a", "750.00", "DEPOT CHEQUE")], [due("1", "750.00", HERON), due("2", "750.00", CAP)]
    habit = Habit("depot cheque", HERON, 9, HabitKind.WORDS)
    assert propose(lines, money, [habit]) == propose(lines, money)


def test_a_beginning_that_many_references_share_points_to_none() -> None:
    for count, told in ((8, True), (9, False)):
        found = References(_valid(count)).nearly(line("a", "1.00", "TG22"))
        assert bool(found) == told


def _valid(count: int) -> list[str]:
    """So many references that begin alike."""
    found = []
    for last in range(count):
        places = iter((0, 0, 0, 0, 0, last))
        found.append(new_reference(lambda _n, places=places: next(places)).replace("-", ""))  # type: ignore[misc]
    return found


@pytest.mark.parametrize(("written", "name"), [("RGH RESERVE", HERON.replace("fictif du ", "du "))])
def test_initials_tell_more_than_a_word_that_begins_alike(written: str, name: str) -> None:
    names = Names([name, CAP])
    assert names.closeness(written, name) == names.closeness("RGH", name) > 0


def test_where_the_central_bank_is_silent_the_day_before_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    days = [date(2005, 10, 13), date(2005, 10, 14)]
    table = (["CAD"], days, ["2005-10-13,1.4100", "2005-10-14,N/A"])
    monkeypatch.setattr(rates, "_history", lambda: table)
    found = rates._per_euro("CAD", days[1])
    assert found is not None
    assert (float(found[0]), found[1]) == (1.41, days[0])
    monkeypatch.setattr(rates, "_history", lambda: (["CAD"], days[1:], ["2005-10-14,N/A"]))
    assert rates._per_euro("CAD", days[1]) is None
