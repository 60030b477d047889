"""The support fund's committee: who scores, who stands aside, what is minuted, what the books then say."""

from dataclasses import replace
from datetime import date
from fractions import Fraction
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import insert, update
from sqlalchemy.exc import DBAPIError

from access import grants, users
from access.models import RoleName, User
from access.users import CreateUser
from delegations.models import Delegation, SupportDecision
from delegations.support import applying, committee
from delegations.support import decisions as support
from delegations.support.applying import AddGrid, Apply, BadGrid, Conflicted, ScoresMissing
from delegations.support.committee import Minute, MoreThanAsked, NotCarried, NotYet, Ruling
from delegations.support.models import ApplicationOutcome, CommitteeVote, Opinion, SupportApplication, Vote
from delegations.support.scoring import Criterion, standing
from delegations.support.story import fund_of, story_of
from events import editions
from events.editions import CreateEdition
from events.models import Edition
from shared.clock import now
from shared.database import db, transaction
from shared.errors import Conflict
from tests.conftest import sign_in
from tests.delegations.conftest import BY, cad
from tests.events.browsing import fill_in, press
from treasury import chart, ledger
from treasury.funds.funds import DescribeFund, open_fund
from treasury.ledger import Leg, SamePerson
from treasury.models import Fund, FundKind, JournalEntry

SIX = ("Mobilise", "Durable", "Novateur", "En réseau", "Pèse", "Unit")
ON = date(2005, 10, 25)


@pytest.fixture
def pool(dakar: Edition, aristide: User, zoe: User) -> Fund:
    """The fund B6 with 1,000.00 of gifts."""
    with transaction():
        fund = support.open_fund("B6", "Fonds international de soutien", by=BY)
        legs = [Leg(chart.BANK, fund.id, cad("1000.00")), Leg(chart.GIFTS, fund.id, cad("-1000.00"))]
        ledger.post(ledger.draft(ON, "Dons", legs, by=aristide), by=zoe)
    return fund


@pytest.fixture
def people(dakar: Edition) -> dict[str, User]:
    """Maude, Gaspard and Noé sit on the committee."""
    found = {}
    with transaction():
        for name in ("Maude", "Gaspard", "Noé"):
            user = users.create_user(CreateUser(email=f"{name[0].lower()}@example.org", name=name), by=BY)
            grants.grant(user, RoleName.COMMITTEE, by=BY, edition_id=dakar.id)
            found[name] = user
    return found


@pytest.fixture
def asked(outaouais: Delegation, pool: Fund, ondine: User, people: dict[str, User]) -> SupportApplication:
    """Outaouais asks for 480.00, on the six criteria."""
    with transaction():
        grid = applying.add_grid(
            AddGrid(code="six", name="Six critères", criteria=[(label, 1) for label in SIX]), by=BY
        )
        return applying.apply(
            Apply(
                edition_id=outaouais.edition_id,
                fund_id=pool.id,
                grid_id=grid.id,
                label=outaouais.name,
                amount=cad("480.00"),
                grounds="Tout est épargné",
                delegation_id=outaouais.id,
            ),
            by=ondine,
        )


def test_the_same_request_sent_twice_is_one(asked: SupportApplication, ondine: User) -> None:
    command = Apply(
        edition_id=asked.edition_id,
        fund_id=asked.fund_id,
        grid_id=asked.grid_id,
        label=asked.label,
        amount=asked.amount,
        grounds=asked.grounds,
        delegation_id=asked.delegation_id,
    )
    with transaction():
        assert applying.apply(command, by=ondine).id == asked.id
        assert applying.apply(replace(command, amount=cad("20.00")), by=ondine).id != asked.id


def points(application: SupportApplication, *given: int) -> dict[int, int]:
    return {one.id: number for one, number in zip(application.grid.criteria, given, strict=True)}


def a_minute(asked: SupportApplication, people: dict[str, User], *votes: Vote) -> Minute:
    return Minute(
        edition_id=asked.edition_id,
        fund_id=asked.fund_id,
        decided_on=ON,
        title="Décision",
        reason="Elle a tout épargné",
        rulings=[Ruling(application_id=asked.id, granted=cad("480.00"))],
        votes={user.id: vote for user, vote in zip(people.values(), votes, strict=False)},
    )


def test_the_mean_is_exact_and_weighted() -> None:
    criteria = [Criterion(1, "A", 2), Criterion(2, "B")]
    found = standing(criteria, 5, [{1: 5, 2: 0}, {1: 4, 2: 1}])
    assert found
    assert [one.mean for one in found.criteria] == [Fraction(9, 2), Fraction(1, 2)]
    assert (found.share, found.percent) == (Fraction(19, 30), 63)
    assert standing(criteria, 5, []) is None


@pytest.mark.usefixtures("both_databases")
def test_a_decision_is_scored_voted_minuted_approved_and_cited(
    asked: SupportApplication, people: dict[str, User], aristide: User, zoe: User, dakar: Edition
) -> None:
    with transaction():
        applying.score(asked, points(asked, 5, 4, 3, 4, 3, 4), "", by=people["Maude"])
        applying.score(asked, points(asked, 0, 0, 0, 0, 0, 0), "", by=people["Gaspard"])
        applying.declare_conflict(asked, "Y siège", by=people["Gaspard"])
    found = applying.standing_of(asked)
    assert found
    assert (found.scorers, found.percent) == (1, 77)  # what Gaspard scored counts no more
    with transaction():
        minute = a_minute(asked, people, Vote.FOR, Vote.WITHDREW, Vote.FOR)
        decision = committee.minute(minute, by=aristide)
    assert decision.members_present == ["Maude", "Gaspard", "Noé"]
    with pytest.raises(SamePerson), transaction():
        support.approve(decision, by=aristide)
    with transaction():
        support.approve(decision, by=zoe)
    [award] = decision.awards
    entry = db.session.get_one(JournalEntry, award.entry_id)
    assert f"n° {decision.number}, 2005-10-25" in entry.narration
    story = story_of(asked.fund_id, dakar)
    assert (story.received, story.gaps, story.balance) == (cad("1000.00"), cad("480.00"), cad("520.00"))
    with pytest.raises(Conflict), transaction():
        applying.score(asked, points(asked, 1, 1, 1, 1, 1, 1), "", by=people["Noé"])


@pytest.mark.usefixtures("both_databases")
def test_who_has_an_interest_neither_scores_nor_decides(
    asked: SupportApplication, people: dict[str, User], aristide: User, zoe: User, ondine: User
) -> None:
    gaspard = people["Gaspard"]
    with transaction():
        applying.declare_conflict(asked, "Y siège", by=gaspard)
        applying.declare_conflict(asked, "Sa sœur", by=zoe)
    for person in (gaspard, ondine):
        with pytest.raises(Conflicted), transaction():
            applying.score(asked, points(asked, 5, 5, 5, 5, 5, 5), "", by=person)
    minute = a_minute(asked, people, Vote.FOR, Vote.FOR, Vote.FOR)
    with pytest.raises(Conflicted), transaction():
        committee.minute(minute, by=aristide)
    with transaction():
        decision = committee.minute(replace(minute, votes=dict(list(minute.votes.items())[::2])), by=aristide)
    with pytest.raises(Conflicted), transaction():
        support.approve(decision, by=zoe)
    # The database says so too, whoever writes past the operations.
    for past in (
        insert(Opinion).values(application_id=asked.id, scorer_id=gaspard.id, remark="", at=now()),
        insert(CommitteeVote).values(decision_id=decision.id, member_id=gaspard.id, vote=Vote.FOR),
        update(SupportDecision).values(approver_id=zoe.id),
        update(CommitteeVote).values(vote=Vote.AGAINST),
        update(ApplicationOutcome).values(award_id=None),
    ):
        with pytest.raises(DBAPIError), transaction():
            db.session.execute(past)


def test_a_decision_needs_more_votes_for_it_than_against_it(
    asked: SupportApplication, people: dict[str, User], aristide: User
) -> None:
    for votes in ((Vote.FOR,), (Vote.FOR, Vote.AGAINST), (Vote.FOR, Vote.WITHDREW), ()):
        with pytest.raises(NotCarried), transaction():
            committee.minute(a_minute(asked, people, *votes), by=aristide)


def test_what_is_sent_back_can_be_decided_again(
    asked: SupportApplication, people: dict[str, User], aristide: User, zoe: User
) -> None:
    minute = a_minute(asked, people, Vote.FOR, Vote.FOR)
    with transaction():
        first = committee.minute(minute, by=aristide)
    with transaction():
        committee.send_back(first, "Le montant a changé", by=zoe)
    with pytest.raises(Conflict), transaction():
        support.approve(first, by=zoe)
    nothing = [Ruling(application_id=asked.id, granted=None)]
    with transaction():
        second = committee.minute(replace(minute, rulings=nothing), by=aristide)
        support.approve(second, by=zoe)
    assert (second.number, second.awards) == (first.number + 1, [])


def test_half_an_opinion_and_an_empty_grid_are_refused(
    asked: SupportApplication, people: dict[str, User]
) -> None:
    for wrong in (points(asked, 5, 5, 5, 5, 5, 6), {}):
        with pytest.raises(ScoresMissing), transaction():
            applying.score(asked, wrong, "", by=people["Maude"])
    for criteria in ([], [("A", 1), ("A", 1)], [("A", 0)]):
        with pytest.raises(BadGrid), transaction():
            applying.add_grid(AddGrid(code="x", name="X", criteria=criteria), by=BY)


def test_from_the_request_to_the_public_page(
    client: FlaskClient, asked: SupportApplication, people: dict[str, User], aristide: User, zoe: User
) -> None:
    fund, one = "/delegations/support/DKR05", f"/delegations/support/DKR05/{asked.id}"
    sign_in(client, people["Maude"])
    scored: dict[str, Any] = {f"c{criterion.id}": "4" for criterion in asked.grid.criteria}
    assert fill_in(client, one, **scored, remark="").status_code == 302
    assert press(client, one, f"{one}/aside", reason="").status_code == 302
    sign_in(client, aristide)
    typed: dict[str, Any] = {"title": "Décision 1", "decided_on": "2005-10-25", "reason": "Tout est épargné"}
    typed |= {f"votes-{row}-vote": "for" for row in range(3)} | {"rulings-0-ruling": "give"}
    refused = fill_in(client, f"{fund}/decide", **(typed | {"rulings-0-amount": ""}))
    assert (refused.status_code, "Décision 1" in refused.text) == (422, True)
    typed["rulings-0-amount"] = "480,00"
    assert fill_in(client, f"{fund}/decide", **typed).status_code == 302
    sign_in(client, zoe)
    minute = f"{fund}/decisions/1"
    assert press(client, minute, f"{minute}/approve").status_code == 302
    assert "520,00" in client.get(fund).text
    client.get("/sign-out")
    public = client.get("/support/DKR05").text
    assert "480,00" in public
    assert not any(word in public for word in ("Maude", "Ondine", "Outaouais", "DKR05-OUT"))


def test_no_more_is_given_than_was_asked_and_no_meeting_is_minuted_before_it(
    asked: SupportApplication, people: dict[str, User], aristide: User
) -> None:
    minute = a_minute(asked, people, Vote.FOR, Vote.FOR)
    with pytest.raises(NotYet), transaction():
        committee.minute(replace(minute, decided_on=date(2999, 1, 1)), by=aristide)
    much = [Ruling(application_id=asked.id, granted=cad("480.01"))]
    with pytest.raises(MoreThanAsked), transaction():
        committee.minute(replace(minute, rulings=much), by=aristide)


def test_a_member_finds_what_waits_for_them_from_the_menu(
    client: FlaskClient, asked: SupportApplication, people: dict[str, User]
) -> None:
    sign_in(client, people["Gaspard"])
    assert 'href="/delegations/support"' in client.get("/").text
    here = f"/delegations/support/DKR05/{asked.id}"
    assert here in client.get("/delegations/support").text
    nothing_chosen = {f"c{one.id}": "" for one in asked.grid.criteria}
    assert press(client, here, here, **nothing_chosen).status_code == 422  # no zero that nobody meant
    scored: dict[str, Any] = {f"c{one.id}": "3" for one in asked.grid.criteria}
    assert press(client, here, here, **scored).status_code == 302
    assert here not in client.get("/delegations/support").text


def test_a_request_is_taken_back_until_it_is_decided(
    client: FlaskClient, asked: SupportApplication, outaouais: Delegation, ondine: User
) -> None:
    sign_in(client, ondine)
    page = f"/delegations/{outaouais.code}/support"
    press(client, page, f"{page}/{asked.id}/take-back")
    assert "Reprise" in client.get(page).text and not committee.open_ones(asked.edition_id)
    press(client, page, f"{page}/{asked.id}/take-back")
    assert "ou déjà repris" in client.get(page).text


def test_a_second_gathering_is_told_what_the_fund_gave_the_first(
    asked: SupportApplication, people: dict[str, User], aristide: User, zoe: User, pool: Fund
) -> None:
    with transaction():
        support.approve(committee.minute(a_minute(asked, people, Vote.FOR, Vote.FOR), by=aristide), by=zoe)
        thies = editions.create_edition(
            CreateEdition(
                code="THI07", series_id=asked.edition.series_id, name="Thiès 2007", zone="Africa/Dakar",
                starts_on=date(2007, 11, 10), ends_on=date(2007, 11, 14), place="Thiès", country="SN",
                fee=cad("0.00"), currencies=("CAD",), capacity=100,
            ),
            by=BY,
        )  # fmt: skip
    story = story_of(pool.id, thies)
    assert (story.received, story.other, story.given) == (cad("1000.00"), cad("0.00"), cad("0.00"))
    assert (story.elsewhere, story.balance) == (cad("480.00"), cad("520.00"))
    with transaction():
        own = open_fund("B7", FundKind.POOL, DescribeFund(name="Thiès", event="THI07"), by=BY)
    assert (fund_of(thies), fund_of(asked.edition)) == (own.id, pool.id)
