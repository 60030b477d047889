"""Composition: what is kept, still possible or out of reach; a rule that binds refuses in time."""

import pytest
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st

from access import links
from access.models import User
from delegations.composition import rules
from delegations.composition.balance import balance_of, whole_balance
from delegations.composition.binding import NotBalanced, OutOfBalance
from delegations.composition.measuring import State, Traits, Wanted, measure
from delegations.composition.models import RuleKind, SelfPortrait
from delegations.composition.rules import BadRule
from delegations.composition.words import sentence_of
from delegations.lifecycle import standing
from delegations.models import Delegation, Nomination, Seat
from delegations.seats import nominations
from delegations.seats.nominations import Nominate
from events.models import Edition
from network.models import Component
from network.people import CompleteRecord
from shared.clock import now
from shared.database import db, transaction
from tests.conftest import sign_in
from tests.delegations.conftest import BY, person

HALF_WOMEN = Wanted(RuleKind.WOMEN, 50)
WOMAN, MAN, NO_WORD = Traits(woman=True), Traits(woman=False), Traits()


@pytest.fixture(autouse=True)
def no_tokens(monkeypatch: pytest.MonkeyPatch) -> None:
    """The forms' tokens are the framework's; these tests post without them."""
    monkeypatch.setattr("flask_wtf.csrf.validate_csrf", lambda *_given, **_options: None)


@pytest.mark.parametrize(
    ("people", "free", "state", "missing"),
    [
        ([WOMAN] * 3 + [MAN] * 3, 0, State.MET, 0),
        ([WOMAN, MAN, MAN, MAN], 2, State.OPEN, 2),  # both free seats would have to be women's
        ([WOMAN, MAN, MAN, MAN, MAN], 1, State.MISSED, 2),
        ([WOMAN, NO_WORD, NO_WORD, MAN, MAN, MAN], 0, State.OPEN, 2),
        ([], 6, State.OPEN, 3),
    ],
)
def test_half_of_six_seats(people: list[Traits], free: int, state: State, missing: int) -> None:
    found = measure(HALF_WOMEN, people, free)
    assert (found.state, found.missing) == (state, missing)


def test_five_components_and_one_south_for_two_north() -> None:
    three = [Traits(Component(letter)) for letter in "ESSP"]
    assert measure(Wanted(RuleKind.COMPONENTS, 3), three, 0).state is State.MISSED  # P stands beside
    assert measure(Wanted(RuleKind.COMPONENTS, 3), three, 1).state is State.OPEN
    assert measure(Wanted(RuleKind.COMPONENTS, 3), [Traits(Component.ENTERPRISE)], 0).state is State.MET
    south = [Traits(country=code) for code in ("SN", "ML", "CA", "CA", "CA", "FR")]
    assert measure(Wanted(RuleKind.SOUTH, 2), south, 0).state is State.MET
    assert measure(Wanted(RuleKind.SOUTH, 2), [*south, Traits(country="CA")], 0).missing == 1


def test_one_is_wanted_and_two_are() -> None:
    assert sentence_of(measure(HALF_WOMEN, [WOMAN, MAN], 0)) == "1 of 2; 1 is wanted."
    assert sentence_of(measure(HALF_WOMEN, [WOMAN, WOMAN, MAN], 0)) == "2 of 3; 2 are wanted."


@given(
    st.sampled_from(RuleKind),
    st.integers(1, 100),
    st.lists(
        st.builds(
            Traits,
            st.none() | st.sampled_from(Component),
            st.none() | st.booleans(),
            st.none() | st.booleans(),
            st.sampled_from(["", "CA", "SN"]),
        ),
        max_size=8,
    ),
    st.integers(0, 4),
)
def test_what_is_still_possible_can_be_reached(
    kind: RuleKind, value: int, people: list[Traits], free: int
) -> None:
    """With the free seats filled at best and everybody's best word a rule is met, unless out of reach."""
    wanted = Wanted(kind, value)
    missing = [one for one in Component if one not in {who.component for who in people}]
    best = iter(missing + [Component.ENTERPRISE] * 12)

    def at_best(one: Traits) -> Traits:
        return Traits(
            one.component or next(best),
            one.woman if one.woman is not None else True,
            one.young if one.young is not None else True,
            one.country or "SN",
        )

    filled = [at_best(one) for one in [*people, *[Traits()] * free]]
    reached = measure(wanted, filled, 0).state is State.MET
    assert reached == (measure(wanted, people, free).state is not State.MISSED)


def named(seat: Seat, name: str, told: Traits) -> Nomination:
    """Somebody named who completed their record and said this of themselves; call it in a transaction."""
    nomination = nominations.nominate(seat, Nominate(person=person(name)), by=BY)
    nominations.complete(nomination, CompleteRecord(name=name, country="CA", languages=("fr",)))
    rules.tell(nomination, told, by=BY)
    return nomination


def test_a_rule_that_binds_refuses_the_word_and_the_lock(both_databases: str, outaouais: Delegation) -> None:
    with transaction():
        rules.set_rule(outaouais.edition, HALF_WOMEN, binds=True, together=False, by=BY)
        men = [named(seat, f"Homme{n} Fictif", MAN) for n, seat in enumerate(outaouais.seats[:4])]
    assert balance_of(outaouais).kept[0].measure.state is State.MISSED
    with pytest.raises(OutOfBalance), transaction():
        nominations.endorse(men[3], by=BY)
    with transaction():
        nominations.withdraw_nomination(men[3], "Trop d’hommes", by=BY)
        for one in men[:3]:
            nominations.endorse(one, by=BY)
        for n, seat in enumerate(outaouais.seats[3:]):
            nominations.endorse(named(seat, f"Femme{n} Fictive", WOMAN if n else NO_WORD), by=BY)
    with pytest.raises(NotBalanced), transaction():
        standing.lock(outaouais, "", by=BY)
    with transaction():
        current = outaouais.seats[3].nomination
        assert current
        rules.tell(current, WOMAN, by=BY)
        standing.lock(outaouais, "", by=BY)


def test_a_rule_that_warns_refuses_nobody(outaouais: Delegation, dakar: Edition) -> None:
    with transaction():
        rules.set_rule(dakar, HALF_WOMEN, binds=False, together=False, by=BY)
        for n, seat in enumerate(outaouais.seats):
            nominations.endorse(named(seat, f"Homme{n} Fictif", MAN), by=BY)
        standing.lock(outaouais, "", by=BY)
    assert whole_balance(dakar).kept[0].measure.missing == 3
    with pytest.raises(BadRule), transaction():
        rules.set_rule(dakar, Wanted(RuleKind.COMPONENTS, 6), binds=False, together=False, by=BY)


def test_a_person_is_asked_only_for_a_rule_and_may_say_nothing(
    outaouais: Delegation, seat: Seat, client: FlaskClient
) -> None:
    with transaction():
        nomination = nominations.nominate(seat, Nominate(person=person("Ève Gabarit")), by=BY)
        token = links.issue_link("nominee", nomination.id, now() + nominations.LINK_LASTS)
    record = {"name": "Ève Gabarit", "country": "CA", "languages": "fr", "locale": "fr"}
    assert "parmi les femmes" not in client.get(f"/nominee/{token}").get_data(as_text=True)
    client.post(f"/nominee/{token}", data={**record, "woman": "yes"})
    assert db.session.get(SelfPortrait, nomination.id) is None
    with transaction():
        rules.set_rule(outaouais.edition, HALF_WOMEN, binds=False, together=False, by=BY)
    assert "parmi les femmes" in client.get(f"/nominee/{token}").get_data(as_text=True)
    client.post(f"/nominee/{token}", data={**record, "woman": "yes"})
    assert balance_of(outaouais).kept[0].measure.have == 1
    client.post(f"/nominee/{token}", data={**record, "woman": ""})
    taken_back = balance_of(outaouais).kept[0].measure
    assert (taken_back.have, taken_back.untold) == (0, 1)


def test_the_organiser_sets_and_lifts_a_rule(
    outaouais: Delegation, seat: Seat, client: FlaskClient, fatou: User, ondine: User
) -> None:
    with transaction():
        named(seat, "Ève Gabarit", Traits(Component.SUPPORT, woman=True))
    sign_in(client, fatou)
    address = "/delegations/composition/DKR05"
    assert client.post(address, data={"kind": "components", "value": "6"}).status_code == 422
    client.post(address, data={"kind": "components", "value": "3", "binds": "y"})
    page = client.get("/delegations/DKR05-OUT").get_data(as_text=True)
    assert "1 des cinq présentes" in page
    [rule] = rules.rules_of(outaouais.edition_id)
    assert rule.binds
    client.post(f"{address}/{rule.id}/lift")
    assert rules.rules_of(outaouais.edition_id) == []
