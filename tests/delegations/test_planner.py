"""The public planner: what a group has to put aside, with the demonstration's figures."""

import re
from dataclasses import replace
from datetime import date
from fractions import Fraction

import pytest
from flask.testing import FlaskClient
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from access.models import User
from delegations.models import Delegation, SavingsPlan
from delegations.savings import plans as savings
from delegations.savings.planner import Question, TooNear, answer
from delegations.savings.schedule import HALF_YEAR, MONTH, QUARTER, Frequency
from shared.database import db
from shared.money import Money
from tests.conftest import sign_in
from tests.delegations.conftest import cad

DAKAR = Question(
    people=1, each=cad("4500.00"), already=cad("0.00"), leaves=date(2005, 11, 15),
    first=date(2003, 1, 15), every=MONTH,
)  # fmt: skip


def test_one_seat_of_dakar_over_34_months() -> None:
    found = answer(replace(DAKAR, leaves=date(2005, 11, 1)))
    assert [step.instalment.amount for step in found.steps] == [cad("132.35")] * 33 + [cad("132.45")]
    assert found.steps[-1].together == found.need == cad("4500.00")


def test_a_funder_who_adds_two_for_one_and_pays_travel_only() -> None:
    """P1, the teaching case: 9,000.00 would do if the match could pay everything; travel is 6 × 2,680.00."""
    six = replace(DAKAR, people=6, every=QUARTER, match=Fraction(2))
    assert (answer(six).own, answer(six).matched) == (cad("9000.00"), cad("18000.00"))
    assert answer(six).usual == cad("750.00")
    travel = answer(replace(six, payable=cad("2680.00")))
    assert (travel.own, travel.matched) == (cad("10920.00"), cad("16080.00"))
    assert travel.unusable == cad("5760.00")
    assert answer(replace(six, match=Fraction(0))).own == cad("27000.00")


def test_one_franc_is_saved_before_it_is_matched() -> None:
    franc = replace(DAKAR, each=Money(1, "XOF"), already=Money(0, "XOF"), match=Fraction(2))
    assert (answer(franc).own, answer(franc).matched) == (Money(1, "XOF"), Money(0, "XOF"))


def test_what_each_person_is_told_is_enough_and_not_a_cent_more() -> None:
    three = answer(replace(DAKAR, people=3, leaves=date(2005, 11, 1)))
    assert (three.usual, three.steps[-1].instalment.amount) == (cad("397.05"), cad("397.35"))
    assert three.usual_for_each(3) == cad("132.36")  # 132.35 would leave 30 cents missing after 34 deposits
    assert answer(replace(DAKAR, people=6, every=QUARTER, match=Fraction(2))).usual_for_each(6) == cad(
        "125.00"
    )


def test_what_is_there_already_and_what_is_too_near() -> None:
    assert answer(replace(DAKAR, already=cad("4500.00"))).steps == ()
    assert answer(replace(DAKAR, already=cad("9000.00"))).own == cad("0.00")
    with pytest.raises(TooNear):
        answer(replace(DAKAR, first=date(2005, 11, 15)))
    assert len(answer(replace(DAKAR, each=Money(3, "XOF"), already=Money(0, "XOF"))).steps) == 3


@settings(deadline=None, max_examples=80)
@given(
    st.integers(1, 40), st.integers(1, 10**7), st.integers(0, 10**8), st.integers(1, 4000),
    st.sampled_from([MONTH, QUARTER, HALF_YEAR, Frequency(5)]),
    st.sampled_from([Fraction(0), Fraction(1, 2), Fraction(1), Fraction(2), Fraction(1, 3)]),
    st.none() | st.integers(0, 10**7),
)  # fmt: skip
def test_the_answer_is_enough_and_the_least(
    people: int, each: int, already: int, days: int, every: Frequency, match: Fraction, payable: int | None
) -> None:
    first = date(2003, 1, 31)
    question = Question(
        people=people, each=Money(each, "XOF"), already=Money(already, "XOF"), first=first, every=every,
        leaves=date.fromordinal(first.toordinal() + days), match=match,
        payable=None if payable is None else Money(payable, "XOF"),
    )  # fmt: skip
    found = answer(question)
    most = each * people if payable is None else payable * people

    def enough(own: int) -> bool:
        return found.already.minor + own + min(int(own * match), most) >= found.need.minor

    assert found.already + found.own + found.matched == found.need
    assert enough(found.own.minor) and (not found.own or not enough(found.own.minor - 1))
    assert sum(step.instalment.amount.minor for step in found.steps) == found.own.minor
    if found.steps:
        together = people * len(found.steps)
        assert 0 <= found.usual_for_each(people).minor * together - found.own.minor < together
    if found.steps:
        assert found.steps[-1].together == found.need
        assert all(step.instalment.due < question.leaves for step in found.steps)


# --- the page ---

ASKED = {
    "people": "6", "place": "Dakar", "currency": "CAD", "each": "4 500,00", "leaves": "2105-11-15",
    "first": "2103-01-15", "every": "3", "match": "2", "already": "", "payable": "2 680,00",
}  # fmt: skip


def test_anybody_asks_and_keeps_the_answer_as_a_link(client: FlaskClient) -> None:
    assert client.get("/planner").status_code == 200  # an example, to be changed
    page = client.get("/planner", query_string=ASKED)
    text = page.get_data(as_text=True).replace("\u202f", " ").replace("\xa0", " ")
    assert page.status_code == 200
    assert "910,00 CAD" in text and "10 920,00 CAD" in text and "5 760,00 CAD" in text
    refused = client.get("/planner", query_string=ASKED | {"each": "beaucoup", "people": "0"})
    assert refused.status_code == 422 and 'value="beaucoup"' in refused.get_data(as_text=True)
    once = client.get("/planner", query_string=ASKED | {"leaves": "2103-01-16"}).get_data(as_text=True)
    assert 'class="per">chaque trimestre' in text and 'class="per">chaque' not in once  # one deposit
    there = client.get("/planner", query_string=ASKED | {"already": "30 000"}).get_data(as_text=True)
    assert "30\u202f000,00\u00a0CAD sont de côté" in there
    near = client.get("/planner", query_string=ASKED | {"leaves": "2103-01-15"})
    assert near.status_code == 422
    assert client.get("/planner", query_string=ASKED | {"match": "9"}).status_code == 422


def test_a_head_turns_it_into_a_plan(client: FlaskClient, outaouais: Delegation, ondine: User) -> None:
    assert "plans/open" not in client.get("/planner", query_string=ASKED).get_data(as_text=True)
    sign_in(client, ondine)
    page = client.get("/planner", query_string=ASKED).get_data(as_text=True)
    link = page.split('href="/delegations/DKR05-OUT/plans/open?')[1].split('"')[0].replace("&amp;", "&")
    form = client.get(f"/delegations/DKR05-OUT/plans/open?{link}").get_data(as_text=True)
    for value in ("10\u202f920,00", "2103-01-15", 'value="12"'):
        assert value in form
    assert client.get("/delegations/DKR05-OUT/plans/open?target=x&first_due=y").status_code == 200


def test_the_plan_that_is_opened_asks_for_what_the_planner_showed(
    client: FlaskClient, outaouais: Delegation, ondine: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Three seats over 34 months: 33 deposits of 397.05 and the last of 397.35, here and there."""
    monkeypatch.setattr("flask_wtf.csrf.validate_csrf", lambda *_given, **_options: None)
    sign_in(client, ondine)
    asked = ASKED | {"people": "3", "leaves": "2105-11-01", "every": "1", "match": "0", "payable": ""}
    page = client.get("/planner", query_string=asked).get_data(as_text=True)
    link = page.split('href="/delegations/DKR05-OUT/plans/open?')[1].split('"')[0].replace("&amp;", "&")
    form = client.get(f"/delegations/DKR05-OUT/plans/open?{link}").get_data(as_text=True)
    filled = dict(re.findall(r'<input[^>]* name="(\w+)"[^>]* value="([^"]*)"', form))
    chosen = {
        name: re.search(r'<option selected value="(\w+)"', options)
        for name, options in re.findall(r'<select[^>]* name="(\w+)"[^>]*>(.*?)</select>', form, re.DOTALL)
    }
    typed = filled | {name: one[1] for name, one in chosen.items() if one}
    typed |= {"payer_name": "Réseau", "payer_email": "p1@example.org"}
    assert client.post("/delegations/DKR05-OUT/plans/open", data=typed).status_code == 302
    plan = db.session.scalars(select(SavingsPlan)).one()
    question = replace(DAKAR, people=3, first=date(2103, 1, 15), leaves=date(2105, 11, 1))
    shown = [step.instalment for step in answer(question).steps]
    assert savings.schedule_of(plan) == shown
    assert [str(one.amount) for one in shown[-2:]] == [str(cad("397.05")), str(cad("397.35"))]
