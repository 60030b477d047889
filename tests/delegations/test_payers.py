"""Several payers of one plan, one payer of several: each has their own share, reference and reminders."""

from datetime import UTC, date, datetime, timedelta
from fractions import Fraction

import pytest
from flask.testing import FlaskClient
from sqlalchemy import event, select, text
from sqlalchemy.exc import DBAPIError

from access import links
from access.models import User
from delegations import queries
from delegations.expectations import instalments
from delegations.models import Delegation, SavingsPlan
from delegations.savings import changes as plan_changes
from delegations.savings import payer_queries, payers
from delegations.savings import plans as savings
from delegations.savings import reminders as plan_reminders
from delegations.savings import versions as plan_versions
from delegations.savings.changes import ChangePlan
from delegations.savings.models import Cause, PlanReminder
from delegations.savings.payer_models import Payer, PayerSaved
from delegations.savings.payer_standings import others_of, standing_of, standings
from delegations.savings.payers import AddPayer, NobodyLeft, PaysAlready, SharesTooLarge, StopPayer
from delegations.savings.plans import RecordDeposit
from delegations.savings.replanning import Policy
from network import directory
from network.directory import AddOrganisation
from outbox.jobs import Job
from shared import clock
from shared.database import db, transaction
from tests.conftest import sign_in
from tests.delegations.conftest import BY, cad, deposit, plan_of
from treasury import payments

THIRD = Fraction(1, 3)


@pytest.fixture(autouse=True)
def _no_csrf(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("flask_wtf.csrf.validate_csrf", lambda *_given, **_options: None)


@pytest.fixture
def union(plan: SavingsPlan) -> Payer:
    """A union that pays a third of P1 from its beginning, and reads English."""
    with transaction():
        return joined(plan, "Syndicat fictif", THIRD, locale="en")


def joined(plan: SavingsPlan, name: str, share: Fraction, *, locale: str = "fr") -> Payer:
    """Another body that pays the plan from its beginning; call it in a transaction."""
    email = f"{name.split()[0].lower()}@example.org"
    body = directory.add_organisation(
        AddOrganisation(name=name, email=email, locale=locale, fictional=True), by=BY
    )
    command = AddPayer(organisation_id=body.id, share=share, since=date(2003, 1, 15))
    return payers.add_payer(plan, command, by=BY)


def paid(payer: Payer, amount: str, on: date, aristide: User, zoe: User) -> None:
    with transaction():
        command = RecordDeposit(amount=cad(amount), received_on=on, payer_id=payer.id)
        payments.approve_receipt(savings.record_deposit(payer.plan, command, by=aristide), by=zoe)


def on(day: str) -> None:
    clock.travel_to(datetime.fromisoformat(day).replace(hour=12, tzinfo=UTC))


def late(plan: SavingsPlan) -> list[str]:
    return [one.status.late_amount.decimal() if one.status else "–" for one in standings([plan])[plan.id]]


def subjects(to: str) -> list[str]:
    return [
        str(job.payload["subject"]) for job in db.session.scalars(select(Job)) if job.payload.get("to") == to
    ]


@pytest.mark.usefixtures("both_databases")
def test_a_deposit_of_the_one_never_counts_for_the_other(
    plan: SavingsPlan, union: Payer, aristide: User, zoe: User
) -> None:
    before = savings.schedule_of(plan)
    assert union.reference != plan.reference
    paid(union, "500.00", date(2003, 1, 15), aristide, zoe)  # two of its instalments
    on("2003-02-01")
    assert late(plan) == ["500.00", "0.00"]
    assert [(one.who, one.amount) for one in instalments() if one.who] == [(plan.payer.name, cad("500.00"))]
    status = savings.plan_status(plan)
    assert (status.saved, status.late_amount) == (cad("500.00"), cad("250.00"))  # the plan's, as ever
    assert savings.schedule_of(plan) == before
    theirs = standing_of(union)
    assert theirs.status and (theirs.status.target, theirs.status.ahead_amount) == (
        cad("3000.00"),
        cad("250.00"),
    )
    assert [one.amount for one in theirs.deposits] == [cad("500.00")]
    deposit_mails = [subject for subject in subjects("syndicat@example.org") if subject.startswith("Deposit")]
    assert len(deposit_mails) == 1  # in its language, to it alone
    assert len(subjects("p1@example.org")) == 1


@pytest.mark.usefixtures("both_databases")
def test_a_returned_cheque_is_taken_from_whose_it_was(
    plan: SavingsPlan, union: Payer, aristide: User, zoe: User
) -> None:
    with transaction():
        command = RecordDeposit(amount=cad("250.00"), received_on=date(2003, 1, 15), payer_id=union.id)
        payment = savings.record_deposit(plan, command, by=aristide)
        payments.approve_receipt(payment, by=zoe)
        deposit(plan, "500.00", date(2003, 1, 15), aristide, zoe)
        mirror = payments.return_receipt(payment, date(2003, 1, 20), "Chèque retourné", by=aristide)
        payments.approve_return(payment, mirror, by=zoe)
    on("2003-02-01")
    assert late(plan) == ["0.00", "250.00"]


def test_each_is_reminded_of_their_own_part_in_their_language(
    plan: SavingsPlan, union: Payer, aristide: User, zoe: User
) -> None:
    on("2003-01-08")
    plan_reminders.plan_reminders({"day": "2003-01-08"})
    [english] = [one for one in subjects("syndicat@example.org") if one.startswith("Soon")]
    [french] = [one for one in subjects("p1@example.org") if one.startswith("Bientôt")]
    assert "250.00" in english and "500,00" in french
    with transaction():
        plan_reminders.stop(Payer(plan), by=BY)
    on("2003-01-15")
    plan_reminders.plan_reminders({"day": "2003-01-15"})
    told = db.session.scalars(select(PlanReminder).where(PlanReminder.payer_id == union.id)).all()
    assert len(told) == 2 and len(db.session.scalars(select(PlanReminder)).all()) == 3
    paid(union, "250.00", date(2003, 1, 15), aristide, zoe)
    on("2003-01-22")
    plan_reminders.plan_reminders({"day": "2003-01-22"})
    assert len(db.session.scalars(select(PlanReminder)).all()) == 3


@pytest.mark.parametrize(("first", "asked"), [("change", "3000.00"), ("payer", "2500.00")])
def test_who_comes_on_the_day_of_a_change_pays_their_share_of_what_the_plan_then_asks(
    plan: SavingsPlan, first: str, asked: str
) -> None:
    """Two instalments of 750.00 missed: spread before a third payer comes, the arrears are theirs too."""
    on("2003-05-01")
    stands = plan_changes.situation(plan)
    spread = ChangePlan(
        cause=Cause.DEPOSITS, policy=Policy.SPREAD, seats=6, need=stands.need, reason="Deux manquées",
        key=stands.key(stands.need),
    )  # fmt: skip
    with transaction():
        body = directory.add_organisation(AddOrganisation(name="Caisse fictive", fictional=True), by=BY).id
    command = AddPayer(organisation_id=body, share=THIRD, since=date(2003, 5, 1))
    for step in ("change", "come") if first == "change" else ("come", "change"):
        with transaction():
            if step == "change":
                plan_changes.change_plan(plan, spread, by=BY)
            else:
                payers.add_payer(plan, command, by=BY)
    _first, other = standings([plan])[plan.id]
    assert other.status and other.status.target == cad(asked)


def test_the_shares_are_never_more_than_the_whole(plan: SavingsPlan, union: Payer) -> None:
    with pytest.raises(PaysAlready), transaction():
        payers.add_payer(
            plan, AddPayer(organisation_id=union.id, share=THIRD, since=date(2003, 1, 15)), by=BY
        )
    with pytest.raises(SharesTooLarge, match="100 %"), transaction():
        payers.set_share(union, Fraction(11, 10), date(2003, 1, 15), "", by=BY)
    with transaction():
        payers.set_share(union, Fraction(1), date(2004, 1, 15), "", by=BY)
    with pytest.raises(SharesTooLarge), transaction():  # none is left in 2004
        joined(plan, "Caisse fictive", THIRD)
    asked = standing_of(union).status
    assert asked and asked.target == cad("7000.00")  # 4 × 250.00 and 8 × 750.00


@pytest.mark.usefixtures("both_databases")
def test_one_who_stops_is_asked_for_nothing_more_and_the_others_are_told(
    plan: SavingsPlan, union: Payer, aristide: User, zoe: User
) -> None:
    with transaction():
        fund = joined(plan, "Caisse fictive", THIRD)
    for payer in (Payer(plan), union):
        paid(payer, "250.00", date(2003, 1, 15), aristide, zoe)
    on("2003-02-01")
    stands = plan_changes.situation(plan)
    assert payers.share_left(fund) == THIRD
    assert stands.difference(stands.need, THIRD) == cad("3000.00")  # eleven of 250.00 to come, one late
    key = stands.key(stands.need, THIRD)
    command = StopPayer(policy=Policy.SPREAD, reason="Caisse dissoute", key=key)
    ways = dict(plan_changes.ways(plan, stands, stands.need, THIRD))
    with transaction():
        payers.stop_payer(fund, command, by=BY)
    assert list(ways[Policy.SPREAD].instalments) == savings.schedule_of(plan)  # the preview's
    first, second, gone = standings([plan])[plan.id]
    assert (gone.left, gone.share, gone.status) == (True, Fraction(0), None)  # it had paid nothing
    assert [one.status and one.status.target for one in (first, second)] == [cad("4500.00")] * 2
    assert late(plan) == ["0.00", "0.00", "–"]
    with transaction():
        joined(plan, "Amis fictifs", Fraction(0))
        need = cad("9600.00")
        key = plan_changes.situation(plan).key(need)
        dearer = ChangePlan(
            cause=Cause.PRICE, policy=Policy.SPREAD, seats=1, need=need, reason="Billet", key=key
        )
        plan_changes.change_plan(plan, dearer, by=BY)
    assert [subject[:5] for subject in subjects("amis@example.org")] == ["Votre"]  # only that it is open
    assert any("changed" in subject for subject in subjects("syndicat@example.org"))
    assert not any("modifié" in subject for subject in subjects("caisse@example.org"))
    with pytest.raises(DBAPIError), transaction():
        db.session.execute(text("UPDATE plan_share SET numerator = 0"))
    with pytest.raises(DBAPIError), transaction():
        db.session.execute(text("DELETE FROM payer_saved"))
    assert len(db.session.scalars(select(PayerSaved)).all()) == 5


def by_thirds(outaouais: Delegation) -> tuple[SavingsPlan, Payer, Payer]:
    """P1, opened on 20 December 2002 and paid by thirds before anything fell due."""
    on("2002-12-20")
    with transaction():
        plan = plan_of(outaouais, "P1", "9000.00", 12)
    with transaction():
        return plan, joined(plan, "Syndicat fictif", THIRD), joined(plan, "Caisse fictive", THIRD)


def test_each_version_tells_what_it_asked_of_each_payer(
    client: FlaskClient, outaouais: Delegation, ondine: User
) -> None:
    """9,000.00 by thirds; one stops: 4,500.00 each; the ticket grows dearer: 4,800.00 each."""
    plan, union, fund = by_thirds(outaouais)
    on("2002-12-21")
    stands = plan_changes.situation(plan)
    with transaction():
        command = StopPayer(policy=Policy.SPREAD, reason="Dissoute", key=stands.key(stands.need, THIRD))
        payers.stop_payer(fund, command, by=BY)
    on("2002-12-22")
    with transaction():
        need = cad("9600.00")
        dearer = ChangePlan(
            cause=Cause.PRICE, policy=Policy.SPREAD, seats=1, need=need, reason="Billet",
            key=plan_changes.situation(plan).key(need),
        )  # fmt: skip
        plan_changes.change_plan(plan, dearer, by=BY)
        token = links.issue_link(*union.opened_by, clock.now() + timedelta(days=1))
    versions = plan_versions.changes_of(plan)
    assert payer_queries.asked_by_version(plan, versions) == {
        2: {plan.payer_id: cad("4500.00"), union.id: cad("4500.00"), fund.id: cad("0.00")},
        3: {plan.payer_id: cad("4800.00"), union.id: cad("4800.00"), fund.id: cad("0.00")},
    }
    sign_in(client, ondine)
    page = client.get("/delegations/DKR05-OUT/plans/P1").get_data(as_text=True)
    told = page.split('class="versions"')[1].split("</ol>")[0]
    assert told.count("Syndicat fictif") == 2 and "4\u202f800,00" in told
    theirs = (
        client.get(f"/plan/{token}").get_data(as_text=True).split('class="versions"')[1].split("</ol>")[0]
    )
    assert "4\u202f500,00" in theirs and "4\u202f800,00" in theirs and "fictif" not in theirs
    assert client.get(f"/plan/{token}/passbook.pdf").status_code == 200


def test_one_who_stops_before_they_began_never_begins(
    outaouais: Delegation, aristide: User, zoe: User
) -> None:
    plan, union, fund = by_thirds(outaouais)
    stands = plan_changes.situation(plan)
    command = StopPayer(policy=Policy.SPREAD, reason="Dissous", key=stands.key(stands.need, THIRD))
    with transaction():
        payers.stop_payer(union, command, by=BY)
    first, gone, other = standings([plan])[plan.id]
    assert (gone.status, gone.coming, other.coming) == (None, None, (date(2003, 1, 15), Fraction(1, 2)))
    assert [one.status and one.status.target for one in (first, other)] == [cad("4500.00")] * 2
    assert fund.reference == other.payer.reference


def test_somebody_must_be_left_to_pay(plan: SavingsPlan, union: Payer) -> None:
    with transaction():
        payers.set_share(union, Fraction(1), date(2003, 1, 15), "", by=BY)
    on("2003-02-01")
    with pytest.raises(NobodyLeft):
        payers.share_left(union)
    assert payers.share_left(Payer(plan)) == 0


def test_a_payer_of_a_shared_plan_is_reminded_by_hand_of_their_own_part(
    client: FlaskClient, plan: SavingsPlan, union: Payer, ondine: User
) -> None:
    clock.travel_to(clock.now() + timedelta(minutes=5))
    sign_in(client, ondine)
    page = "/delegations/DKR05-OUT/plans/P1"
    shown = client.get(page).get_data(as_text=True)
    assert shown.count(f'action="{page}/remind"') == 2  # one for each
    assert f"La référence de {plan.payer.name}" in shown
    assert client.post(f"{page}/remind", data={"payer": union.id}).status_code == 302
    assert [one for one in subjects("syndicat@example.org") if "where it stands" in one]
    assert not [one for one in subjects("p1@example.org") if "où il en est" in one]
    texts = [str(job.payload.get("text")) for job in db.session.scalars(select(Job))]
    assert any("0.00 CAD saved of 3,000.00 CAD" in one.replace("\xa0", " ") for one in texts)
    with transaction():
        plan_reminders.stop(union, by=BY)
    shown = client.get(page).get_data(as_text=True)
    assert shown.count(f'action="{page}/remind"') == 1 and "ne veut pas de rappels" in shown


@pytest.mark.usefixtures("both_databases")
def test_one_payer_of_several_plans_keeps_them_apart(
    outaouais: Delegation, plan: SavingsPlan, union: Payer, aristide: User, zoe: User, client: FlaskClient
) -> None:
    with transaction():
        other = plan_of(outaouais, "P2", "3000.00", 12)
        again = payers.add_payer(
            other, AddPayer(organisation_id=union.id, share=Fraction(1, 2), since=date(2003, 1, 15)), by=BY
        )
        token = links.issue_link(*union.opened_by, clock.now() + timedelta(days=9))
    paid(union, "250.00", date(2003, 1, 15), aristide, zoe)
    assert [one.payer.plan.code for one in others_of(union)] == ["P2"]
    assert (standing_of(again).saved, standing_of(union).saved) == (cad("0.00"), cad("250.00"))
    page = client.get(f"/plan/{token}").get_data(as_text=True)
    assert union.reference in page and again.reference in page and plan.reference not in page
    assert "Payeur fictif" not in page  # who else pays is nobody's business but the delegation's
    book = client.get(f"/plan/{token}/passbook.pdf")
    assert book.status_code == 200 and book.data.startswith(b"%PDF")


@pytest.mark.usefixtures("both_databases")
def test_the_delegation_s_page_names_all_who_pay_in_one_question_for_all_plans(
    client: FlaskClient, plan: SavingsPlan, union: Payer, outaouais: Delegation, ondine: User
) -> None:
    sign_in(client, ondine)
    assert f"{plan.payer.name} · Syndicat fictif" in client.get("/delegations/DKR05-OUT").text
    with transaction():
        other = plan_of(outaouais, "P2", "3000.00", 12)
        joined(other, "Caisse fictive", THIRD)
    asked: list[str] = []
    listener = event.listens_for(db.engine, "before_cursor_execute")
    listener(lambda *told: asked.append(told[2]))
    named = payer_queries.payer_names(queries.plans_of(outaouais))
    assert [names[1:] for names in named.values()] == [["Syndicat fictif"], ["Caisse fictive"]]
    assert len([one for one in asked if "FROM plan_payer" in one]) == 1


def test_a_treasurer_says_whose_deposit_it_is(
    client: FlaskClient, plan: SavingsPlan, union: Payer, aristide: User
) -> None:
    sign_in(client, aristide)
    page = "/delegations/DKR05-OUT/plans/P1/deposit"
    sent = {"amount": "250,00", "received_on": "2003-01-15", "method": "transfer"}
    assert client.post(page, data=sent).status_code == 422
    assert client.post(page, data=sent | {"payer": str(union.id)}).status_code == 302
    shown = client.get(page.removesuffix("/deposit")).get_data(as_text=True)
    assert "Syndicat fictif · " in shown and 'href="/treasury/funds/DKR05-OUT/P1"' in shown
    with transaction():
        tokens = [
            links.issue_link(*one.opened_by, clock.now() + timedelta(days=9)) for one in (union, Payer(plan))
        ]
    theirs, others = (client.get(f"/plan/{token}").get_data(as_text=True) for token in tokens)
    assert "250.00" in theirs.split('class="say wait"')[1]
    assert 'class="say wait"' not in others and "/treasury/" not in theirs


def test_the_head_adds_a_payer_changes_a_share_and_says_who_stops(
    client: FlaskClient, plan: SavingsPlan, ondine: User
) -> None:
    on("2003-02-01")
    sign_in(client, ondine)
    page = "/delegations/DKR05-OUT/plans/P1"
    assert "paie la totalité" in client.get(page).get_data(as_text=True)
    assert client.get(f"{page}/payers/add").status_code == 200
    sent = {
        "payer_name": "Caisse fictive", "payer_email": "caisse@example.org", "locale": "fr",
        "share": "un tiers", "since": "2003-04-15",
    }  # fmt: skip
    refused = client.post(f"{page}/payers/add", data=sent)
    assert refused.status_code == 422 and "un tiers" in refused.get_data(as_text=True)
    assert client.post(f"{page}/payers/add", data=sent | {"share": "120 %"}).status_code == 422
    assert client.post(f"{page}/payers/add", data=sent | {"share": "1/3"}).status_code == 302
    _first, fund = payer_queries.payers_of(plan)
    shown = client.get(page).get_data(as_text=True)
    assert "1/3" in shown and fund.reference in shown
    share = f"{page}/payers/{fund.id}/share"
    assert client.get(share).status_code == 200
    assert client.post(share, data={"share": "25 %", "since": "2003-04-15"}).status_code == 302
    assert client.get(f"{page}/payers/{plan.payer_id}/share").status_code == 404
    on("2003-05-01")
    assert 'value="1\u202f312,50"' in client.get(page).get_data(as_text=True)  # and 750,00
    stop = f"{page}/payers/{fund.id}/stop"
    asked = client.get(stop).get_data(as_text=True)
    assert asked.count('name="policy"') == 4
    key = asked.split('name="key" value="')[1].split('"')[0]
    assert client.post(stop, data={"key": key, "reason": "Dissoute"}).status_code == 422  # no way chosen
    chosen = {"key": key, "reason": "Dissoute", "policy": "accept"}
    assert client.post(stop, data=chosen | {"reason": ""}).status_code == 422
    assert client.post(stop, data=chosen | {"key": "1.20030101.0.1.0"}).status_code == 422
    assert client.post(stop, data=chosen).status_code == 302
    assert client.get(f"{page}/payers/{plan.payer_id}/stop").status_code == 302  # nobody else is left
    assert client.get(f"{page}/payers/999999/stop").status_code == 404
