"""A year of thirty payers whose truth is known: what is accepted together is right, and little is typed."""

import pytest

from bench import reconciliation, treasury_year
from bench.reconciliation import AUTO_RIGHT, NO_TYPING, Desk, quality
from treasury.reconciliation.matching import Proposal, propose

SEEDS = (41, 42, 43, 44)


def test_four_years_are_matched_as_well_as_the_bench_demands() -> None:
    found = quality(SEEDS)
    assert found.lines > 1400
    assert found.recall > 0.6
    assert (found.precision >= AUTO_RIGHT, found.mistakes) == (True, [])
    assert found.no_typing >= NO_TYPING, found.missed


def test_a_matcher_that_takes_the_first_offer_for_sure_is_found_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def eager(*asked: object) -> list[Proposal]:
        found = propose(*asked)  # type: ignore[arg-type]
        first = {one.line_key: one for one in reversed(found)}
        return [
            Proposal(one.line_key, one.candidate_keys, one.score, True, one.reasons) for one in first.values()
        ]

    monkeypatch.setattr(reconciliation, "propose", eager)
    assert Desk(treasury_year.year(SEEDS[0])).work().precision < AUTO_RIGHT


def test_a_year_is_the_same_from_the_same_seed_and_holds_the_hard_cases() -> None:
    one, again = treasury_year.year(41), treasury_year.year(41)
    assert (one.lines, one.postings, one.truth) == (again.lines, again.postings, again.truth)
    assert one.lines != treasury_year.year(42).lines
    shares = [len(parts) for parts in one.truth.values()]
    parts = [key for truth in one.truth.values() for key in truth]
    assert max(shares) > 1  # one line for several
    assert len(parts) > len(set(parts))  # several lines for one
    assert any(line.amount.minor < 0 and "RETOURNE" in line.name for line in one.lines)
    assert len(one.truth) < len(one.lines)  # money that nobody recorded
    assert {str(posting.key) for posting in one.postings} - set(parts)  # entries that never reach the bank
