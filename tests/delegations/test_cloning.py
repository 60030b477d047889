"""Beginning a delegation's successor: previewed, then made; nothing of the past changes."""

from datetime import UTC, date, datetime
from fractions import Fraction

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from access import users
from access.models import User
from access.users import CreateUser
from delegations.budgets.models import SEAT, BudgetStatus
from delegations.budgets.queries import versions_of
from delegations.budgets.versions import seat_budgets
from delegations.lifecycle import cloning, focal_points, handing_over, standing
from delegations.lifecycle.cloning import AlreadyCloned, Clone, NotLater
from delegations.lifecycle.focal_models import FocalRank
from delegations.lifecycle.handing_over import HandOver
from delegations.models import Delegation, DelegationStatus, SavingsPlan
from delegations.savings import changes, payers
from delegations.savings import plans as savings
from delegations.savings.payer_models import Payer
from delegations.savings.payer_standings import who_pays_on
from delegations.savings.payers import AddPayer, StopPayer
from delegations.savings.replanning import Policy
from events import editions
from events.editions import CreateEdition
from events.models import Edition
from shared import clock
from shared.audit import AuditRecord
from shared.database import Base, db, transaction
from tests.conftest import sign_in
from tests.delegations.conftest import BY, cad, deposit


@pytest.fixture(autouse=True)
def no_tokens(monkeypatch: pytest.MonkeyPatch) -> None:
    """The forms' tokens are the framework's; these tests post without them."""
    monkeypatch.setattr("flask_wtf.csrf.validate_csrf", lambda *_given, **_options: None)


@pytest.fixture
def lux(dakar: Edition) -> Edition:
    """Lux'09, in April 2009, which counts in euros and Canadian dollars."""
    with transaction():
        return editions.create_edition(
            CreateEdition(
                code="RIP-2009", series_id=dakar.series_id, name="Lux’09", starts_on=date(2009, 4, 22),
                ends_on=date(2009, 4, 25), zone="Europe/Luxembourg", place="Luxembourg", country="LU",
                fee=cad("0.00"), currencies=("CAD", "EUR"), capacity=1000,
            ),
            by=BY,
        )  # fmt: skip


def everything() -> dict[str, set[str]]:
    """Every row there is, by its table."""
    return {
        table.name: {repr(tuple(row)) for row in db.session.execute(select(table))}
        for table in Base.metadata.sorted_tables
    }


def test_a_plan_begins_again_by_the_months_between_the_gatherings(
    outaouais: Delegation, plan: SavingsPlan, lux: Edition
) -> None:
    """P1: 12 × 750.00 from January 2003, begun again in June 2006; later, only what is left of the time."""
    clock.travel_to(datetime(2006, 1, 15, 12, tzinfo=UTC))
    [again] = cloning.proposal(outaouais, lux).plans
    assert (again.first_due, again.last_due, again.count) == (date(2006, 6, 15), date(2009, 3, 15), 12)
    assert (again.code, again.target, again.each) == ("P1-2009", cad("9000.00"), cad("750.00"))
    clock.travel_to(datetime(2007, 6, 15, 12, tzinfo=UTC))
    [late] = cloning.proposal(outaouais, lux).plans
    assert (late.first_due, late.last_due, late.count) == (date(2007, 9, 15), date(2009, 3, 15), 7)
    [more] = cloning.proposal(outaouais, lux, seats=7).plans
    assert more.target == cad("10500.00")


def test_all_who_pay_a_plan_pay_its_successor_in_their_shares(
    outaouais: Delegation, plan: SavingsPlan, lux: Edition, aristide: User
) -> None:
    """The first payer stopped; the union pays a third, the workshop what is left of it."""
    clock.travel_to(datetime(2004, 1, 10, 12, tzinfo=UTC))
    with transaction():
        union, workshop = (
            payers.add_payer(
                plan,
                AddPayer(
                    organisation_id=savings.payer_named(
                        name, f"{name[0].lower()}@example.org", "fr", by=BY
                    ).id,
                    share=Fraction(1, share),
                    since=date(2004, 1, 15),
                    email="epargne@example.org",
                ),
                by=BY,
            )
            for name, share in (("Syndicat fictif", 4), ("Atelier fictif", 2))
        )
    with transaction():
        stands = changes.situation(plan)
        key = stands.key(stands.need, payers.share_left(Payer(plan)))
        stop = StopPayer(policy=Policy.ACCEPT, reason="a payé sa part", key=key)
        payers.stop_payer(Payer(plan), stop, by=aristide)
    clock.travel_to(datetime(2006, 1, 15, 12, tzinfo=UTC))
    [again] = cloning.proposal(outaouais, lux).plans
    asked = [(union.id, Fraction(1, 3)), (workshop.id, Fraction(2, 3))]
    assert [(payer.id, share) for payer, share in again.payers] == asked
    wanted = Clone(
        code="RIP-2009-OUT", name="Outaouais 2009", seats=6, budget=False, plans=frozenset([plan.id])
    )
    with transaction():
        [begun] = cloning.clone(outaouais, lux, wanted, by=aristide).plans
    paying = who_pays_on([begun])[begun.id]
    assert [(payer.id, share) for payer, share in paying] == asked
    assert {payer.written_to for payer, _share in paying} == {"epargne@example.org"}


def test_the_successor_is_begun_and_the_past_stays(
    both_databases: str, outaouais: Delegation, plan: SavingsPlan, lux: Edition, aristide: User, zoe: User
) -> None:
    clock.travel_to(datetime(2006, 1, 15, 12, tzinfo=UTC))
    with transaction():
        deposit(plan, "750.00", plan.first_due, aristide, zoe)
        ondine = HandOver(email="ondine@example.org", name="Ondine Exemple")
        handing_over.hand_over(outaouais, FocalRank.PRIMARY, ondine, by=BY)
        handing_over.hand_over(
            outaouais, FocalRank.BACKUP, HandOver(email="maude@example.org", name="Maude"), by=BY
        )
    before = everything()
    wanted = Clone(
        code="RIP-2009-OUT", name="Outaouais 2009", seats=6, budget=True, plans=frozenset([plan.id])
    )
    with transaction():
        made = cloning.clone(outaouais, lux, wanted, by=aristide)
    after = everything()
    assert {name for name, rows in before.items() if not rows <= after[name]} == set()
    assert (made.status, made.seats_requested, made.seats) == (DelegationStatus.SUBMITTED, 6, [])
    assert [one.user.name for one in focal_points.current(made).values()] == ["Ondine Exemple", "Maude"]
    [draft] = versions_of(lux.id, SEAT, made.id)
    old = seat_budgets(outaouais.edition_id)[None]
    assert (draft.status, draft.approver_id) == (BudgetStatus.DRAFT, None)
    assert [(one.code, one.amount) for one in draft.costs] == [(one.code, one.amount) for one in old.costs]
    [begun] = made.plans
    assert (begun.code, begun.target, begun.payer_id) == ("P1-2009", cad("9000.00"), plan.payer_id)
    assert cloning.parent_of(made) == outaouais
    assert [one.reached for one in standing.steps_of(made)][-1] is DelegationStatus.SUBMITTED
    with pytest.raises(AlreadyCloned), transaction():
        cloning.clone(outaouais, lux, wanted, by=aristide)
    with pytest.raises(NotLater), transaction():
        cloning.clone(made, outaouais.edition, wanted, by=aristide)


def test_nothing_is_made_before_the_button(
    outaouais: Delegation, plan: SavingsPlan, lux: Edition, client: FlaskClient, fatou: User
) -> None:
    sign_in(client, fatou)
    before = everything()
    page = client.get("/delegations/DKR05-OUT/next").get_data(as_text=True)
    assert ('value="RIP-2009-OUT"' in page, "Lux’09" in page) == (True, True)
    form = {"into": "RIP-2009", "name": "Outaouais", "code": "RIP-2009-OUT", "seats": "4", "budget": "y"}
    looked = client.post("/delegations/DKR05-OUT/next", data={**form, "look": "1"})
    assert looked.status_code == 200
    assert everything() == before
    refused = client.post("/delegations/DKR05-OUT/next", data={**form, "code": "petit code"})
    assert (refused.status_code, "petit code" in refused.get_data(as_text=True)) == (422, True)
    done = client.post("/delegations/DKR05-OUT/next", data=form)
    assert done.headers["Location"].endswith("/delegations/RIP-2009-OUT")
    told = client.get("/delegations/RIP-2009-OUT/path").get_data(as_text=True)
    assert 'href="/delegations/DKR05-OUT"' in told
    assert db.session.scalar(select(AuditRecord.id).where(AuditRecord.action == "delegation.clone"))


def test_without_a_later_gathering_the_page_says_so(
    outaouais: Delegation, client: FlaskClient, fatou: User
) -> None:
    with transaction():
        users.create_user(CreateUser(email="nobody@example.org", name="Personne"), by=BY)
    sign_in(client, fatou)
    assert "rencontre ultérieure" in client.get("/delegations/DKR05-OUT/next").get_data(as_text=True)
