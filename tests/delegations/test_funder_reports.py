"""What a funder is told: figures with their status, frozen when they are sent, read without an account."""

import io
import re
from dataclasses import replace
from datetime import date
from fractions import Fraction

import pytest
from flask import Flask
from flask.testing import FlaskClient
from python_calamine import CalamineWorkbook
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError

from access import grants, users
from access.models import RoleName, User
from access.users import CreateUser
from delegations.funder_reports import gathering as funder_gathering
from delegations.funder_reports import reports as funder_reports
from delegations.funder_reports.figures import Facts, Status, kept, read
from delegations.funder_reports.models import FunderReport
from delegations.funder_reports.reports import NobodyToSend, SendReport
from delegations.funding import agreements, receiving
from delegations.funding.agreements import AddAgreement
from delegations.funding.services import RecordService, ServiceState, record_service
from delegations.models import Delegation, FundingAgreement, FundingKind, SavingsPlan
from events.models import HeadcountFigure
from outbox.jobs import Job
from shared.clock import now, travel_to
from shared.database import db, transaction
from shared.errors import Conflict
from tests.conftest import sign_in
from tests.delegations.conftest import BY, cad, deposit
from tests.printing import words
from tests.treasury.desk import Desk
from treasury import attachments, chart, ledger
from treasury.funds import commitments
from treasury.funds.commitments import Reserve
from treasury.ledger import Leg, SamePerson
from treasury.reports.files import file_of
from treasury.reports.values import Column, Kind, Report, Section

TO_CLIO = SendReport(
    addressee="Clio Maquette", email="clio@example.org", locale="en", words="Six people left."
)
_LINK = re.compile(r"/report/[\w-]+")


@pytest.fixture
def b1(outaouais: Delegation, plan: SavingsPlan, aristide: User, zoe: User) -> FundingAgreement:
    """Volet Grands-Vents: 2 for 1 on cash, travel only, 24,000.00 at most; 9,000.00 saved, all received."""
    with transaction():
        for quarter in range(12):
            day = date(2003 + quarter // 4, 1 + quarter % 4 * 3, 15)
            deposit(plan, "750.00", day, aristide, zoe)
        agreement = agreements.add_agreement(
            AddAgreement(
                edition_id=outaouais.edition_id,
                code="B1",
                name="Volet Grands-Vents",
                kind=FundingKind.MATCH,
                currency="CAD",
                ratio=Fraction(2),
                cap=cad("24000.00"),
                categories=("T",),
                serves=(outaouais.id,),
            ),
            by=BY,
        )
        arrived = receiving.Receive(amount=cad("16080.00"), received_on=date(2005, 10, 17))
        ledger.post(receiving.receive(agreement, arrived, by=aristide), by=zoe)
    return agreement


def spend(agreement: FundingAgreement, line: str, amount: str, by: User, then: User, *, proved: bool) -> None:
    """A bill paid from the agreement's fund on one line, with or without its document."""
    assert agreement.fund_id
    with transaction():
        legs = [
            Leg(chart.TRAVEL, agreement.fund_id, cad(amount), category=line),
            Leg(chart.BANK, agreement.fund_id, -cad(amount)),
        ]
        entry = ledger.draft(date(2005, 10, 20), "Billets", legs, by=by)
        if proved:
            attachments.attach(entry, b"%PDF-1.7", "billets.pdf", by=by)
        ledger.post(entry, by=then)


@pytest.fixture
def spent(b1: FundingAgreement, aristide: User, zoe: User) -> FundingAgreement:
    """12,300.00 on tickets with their bill, 540.00 on a hotel that B1 may not pay, without one."""
    spend(b1, "L01", "12300.00", aristide, zoe, proved=True)
    spend(b1, "L02", "540.00", aristide, zoe, proved=False)
    return b1


@pytest.mark.usefixtures("both_databases")
def test_a_funder_is_told_what_it_gave_what_it_paid_and_what_is_left(
    app: Flask, spent: FundingAgreement
) -> None:
    facts = funder_gathering.gather(spent)
    told = {name: getattr(facts, name) for name in ("promised", "earned", "received", "spent", "left")}
    assert {name: (one.amounts, one.status) for name, one in told.items()} == {
        "promised": ((cad("24000.00"),), Status.PLANNED),
        "earned": ((cad("16080.00"),), Status.EXPECTED),  # six seats of 2,680.00 that it may pay
        "received": ((cad("16080.00"),), Status.REPORTED),
        "spent": ((cad("12840.00"),), Status.REPORTED),
        "left": ((cad("3240.00"),), Status.REPORTED),
    }
    lines = {one.code: (one.meant, one.spent, one.allowed) for one in facts.lines}
    assert lines["L01"] == (cad("12300.00"), (cad("12300.00"),), True)
    assert lines["L02"] == (cad("0.00"), (cad("540.00"),), False)
    assert facts.outside == [cad("540.00")]
    assert (facts.proved, len(facts.proofs), facts.seats) == (1, 2, 6)
    assert (facts.shared.own, facts.shared.this, facts.shared.missing) == (
        cad("9000.00"),
        cad("16080.00"),
        cad("1920.00"),
    )
    assert facts.shared.need == cad("27000.00")
    assert read(kept(facts)) == facts


def test_what_became_of_the_money_adds_up_to_what_came(spent: FundingAgreement, zoe: User) -> None:
    """What is promised is still in the fund: drawn beside what is left, it is not counted twice."""
    assert spent.fund_id
    with transaction():
        flight = Reserve(
            fund_id=spent.fund_id,
            amount=cad("2050.00"),
            payee="Agence fictive",
            purpose="L01",
            dated_on=date(2005, 10, 20),
        )
        commitments.reserve(flight, by=zoe)
    facts = funder_gathering.gather(spent)
    assert facts.left.amounts == (cad("3240.00"),)
    assert facts.became == (cad("12840.00"), cad("2050.00"), cad("1190.00"))
    assert facts.received.amounts == (sum(facts.became, start=cad("0.00")),)


def test_people_are_counted_by_whom_and_never_added(b1: FundingAgreement, outaouais: Delegation) -> None:
    with transaction():
        for people, status in ((500, "planned"), (1000, "expected"), (1200, "reported"), (1500, "recalled")):
            db.session.add(
                HeadcountFigure(edition_id=outaouais.edition_id, people=people, status=status, provenance="F")
            )
    facts = funder_gathering.gather(b1)
    published = [(one.count, one.status) for one in facts.people if one.what == "gathering"]
    assert published == [(500, "planned"), (1000, "expected"), (1200, "reported"), (1500, "recalled")]
    assert 500 + 1000 + 1200 + 1500 not in {one.count for one in facts.people}


def test_counts_have_separators_and_entries_their_bare_number(
    app: Flask, client: FlaskClient, b1: FundingAgreement, outaouais: Delegation, aristide: User
) -> None:
    with transaction():
        db.session.add(
            HeadcountFigure(edition_id=outaouais.edition_id, people=1200, status="reported", provenance="F")
        )
    sign_in(client, aristide)
    report = "/delegations/reports/DKR05/B1"
    assert ">1\u202f200<" in client.get(report).text
    assert "1 200 déclaré" in words(client.get(f"{report}/file.pdf").data)
    heads = [Column("Écriture", Kind.NUMBER), Column("Gens", Kind.COUNT)]
    with app.test_request_context(headers={"Accept-Language": "en"}):
        section = Section("Gens", heads, [[1999, 1200]], total=[None, 1201])
        printed = words(file_of(Report("R", "", [section]), "pdf", "r", dated=False).data)
    assert "1999 1,200 1,201" in printed


def test_services_stand_beside_the_money(b1: FundingAgreement, outaouais: Delegation) -> None:
    """B1 serves the Outaouais: what was given for all is not of its report."""
    translation = RecordService(
        edition_id=outaouais.edition_id,
        description="Traduction",
        giver="Collectif fictif Horizons",
        quantity=18,
        unit="page",
        value=cad("810.00"),
        state=ServiceState.ACCEPTED,
    )
    before = funder_gathering.gather(b1)
    with transaction():
        record_service(translation, by=BY)
        record_service(replace(translation, delegation_id=outaouais.id, value=cad("90.00")), by=BY)
    after = funder_gathering.gather(b1)
    assert after.services.accepted == (cad("90.00"),)
    assert funder_gathering.services_of(outaouais.edition).accepted == (cad("900.00"),)
    assert (after.received, after.spent, after.left, after.shared) == (
        before.received,
        before.spent,
        before.left,
        before.shared,
    )


def send(agreement: FundingAgreement, by: User, command: SendReport = TO_CLIO) -> FunderReport:
    with transaction():
        return funder_reports.send_report(agreement, command, by=by)


@pytest.mark.usefixtures("both_databases")
def test_a_sent_report_keeps_its_figures(
    app: Flask, spent: FundingAgreement, aristide: User, zoe: User
) -> None:
    report = send(spent, aristide)
    spend(spent, "L04", "180.00", aristide, zoe, proved=True)
    assert read(report.facts).spent.amounts == (cad("12840.00"),)
    assert funder_gathering.gather(spent).spent.amounts == (cad("13020.00"),)
    again = send(spent, aristide)
    assert (report.number, again.number) == (1, 2)
    for change in (
        "UPDATE funder_report SET facts = '{}'",
        "UPDATE funder_report SET email = 'other@example.org'",
        "DELETE FROM funder_report",
    ):
        with pytest.raises(DatabaseError, match="what was told stays"), transaction():
            db.session.execute(text(change))


def link_in(messages: list[str]) -> str:
    found = [match[0] for body in messages for match in _LINK.finditer(body)]
    return found[-1]


@pytest.fixture
def link(app: Flask, spent: FundingAgreement, aristide: User) -> str:
    """The link that Clio Maquette receives."""
    command = SendReport(
        addressee="Clio Maquette",
        email="clio@example.org",
        locale="en",
        words="Six people left.",
        open_papers=True,
    )
    send(spent, aristide, command)
    return _sent_link()


def _sent_link() -> str:
    """What the message to the funder leads to; only the digest of it is kept."""
    bodies = [str(one.payload) for one in db.session.query(Job).order_by(Job.id)]
    return link_in(bodies)


def test_a_funder_reads_it_by_a_link_without_an_account(app: Flask, link: str) -> None:
    reader = app.test_client()
    page = reader.get(link).text
    for told in ("Six people left.", "12,840.00", "3,240.00", "540.00", "Aristide", "never added up"):
        assert told in page, told
    assert page.count('class="what"') == 16  # fifteen questions, and whether an auditor looked
    assert "Billets" not in page  # what an entry says may name people
    book = CalamineWorkbook.from_filelike(io.BytesIO(reader.get(f"{link}/file.xlsx").data))
    assert len(book.sheet_names) == 7
    assert book.sheet_names[3:5] == ["Who pays the seats of these…", "Evidence"]  # whole words
    heads = [book.get_sheet_by_name(name).to_python()[0] for name in book.sheet_names]
    assert all(head.count("Currency") == 1 for head in heads[:4])
    rows = book.get_sheet_by_index(1).to_python()
    assert [row[2] for row in rows if str(row[0]).startswith("L02")] == [540.0]
    assert reader.get(f"{link}/file.pdf").data.startswith(b"%PDF")
    paper = reader.get(f"{link}/documents/1")
    assert paper.data == b"%PDF-1.7"
    assert "sandbox" in paper.headers["Content-Security-Policy"]
    assert reader.get(f"{link}/documents/2").status_code == 404


def test_the_same_form_sent_twice_is_one_report(spent: FundingAgreement, aristide: User, zoe: User) -> None:
    first, told = send(spent, aristide), db.session.query(Job).count()
    assert send(spent, aristide).id == first.id
    assert db.session.query(Job).count() == told
    assert send(spent, zoe).number == 2  # somebody else's word is another report


def test_documents_stay_in_the_house_unless_it_was_said(
    app: Flask, spent: FundingAgreement, aristide: User
) -> None:
    send(spent, aristide)
    closed = _sent_link()
    assert app.test_client().get(f"{closed}/documents/1").status_code == 404
    assert "Documents:" not in app.test_client().get(closed).text


def test_a_link_ends_when_it_is_closed_or_replaced(app: Flask, link: str, aristide: User) -> None:
    report = db.session.query(FunderReport).one()
    with transaction():
        funder_reports.send_again(report, by=aristide)
    newer = _sent_link()
    assert (app.test_client().get(link).status_code, app.test_client().get(newer).status_code) == (410, 200)
    with transaction():
        funder_reports.end_links(report, by=aristide)
    assert app.test_client().get(newer).status_code == 410
    with pytest.raises(Conflict), transaction():
        funder_reports.end_links(report, by=aristide)


def test_a_link_ends_by_itself_a_year_later_and_the_house_says_so(
    app: Flask, client: FlaskClient, link: str, aristide: User
) -> None:
    sign_in(client, aristide)
    page = f"/delegations/reports/sent/{db.session.query(FunderReport).one().id}"
    assert "</span>ouvert</span>" in client.get(page).text
    travel_to(now() + funder_reports.LINK_LASTS)
    reader = app.test_client()
    assert [reader.get(f"{link}{end}").status_code for end in ("", "/file.pdf", "/documents/1")] == [410] * 3
    sign_in(client, aristide)
    assert "</span>fermé</span>" in client.get(page).text


def test_an_auditor_vouches_for_it_and_nobody_for_their_own(
    app: Flask, spent: FundingAgreement, aristide: User, link: str
) -> None:
    with transaction():
        mary = users.create_user(CreateUser(email="mary@example.org", name="Mary Sample"), by=BY)
        grants.grant(mary, RoleName.AUDITOR, by=BY)
    report = db.session.query(FunderReport).one()
    with pytest.raises(SamePerson), transaction():
        funder_reports.vouch(report, "Mine", by=aristide)
    desk = Desk(app, mary)
    page = f"/delegations/reports/sent/{report.id}"
    assert "audited" not in app.test_client().get(link).text
    assert desk.press(page, f"{page}/audit", words="Compared with the bank").status_code == 303
    told = app.test_client().get(link).text
    assert "Compared with the bank" in told
    assert "audited" in told
    with pytest.raises(DatabaseError, match="what was told stays"), transaction():
        db.session.execute(text("UPDATE funder_report SET audit_words = 'Other'"))


def test_a_treasurer_sends_it_from_the_page(app: Flask, spent: FundingAgreement, aristide: User) -> None:
    desk = Desk(app, aristide)
    page = "/delegations/reports/DKR05/B1"
    refused = desk.press(page, f"{page}/send", addressee="Clio", email="nowhere", words="Six people left.")
    assert refused.status_code == 422
    assert "Six people left." in refused.text
    sent = desk.press(page, f"{page}/send", addressee="Clio", email="clio@example.org", locale="fr")
    assert sent.status_code == 303
    assert "Report 1 to Volet Grands-Vents" in desk.see(sent.headers["Location"])
    with pytest.raises(NobodyToSend), transaction():
        funder_reports.send_report(spent, SendReport(addressee=" ", email="", locale="fr"), by=aristide)


def test_what_waits_for_a_condition_says_so(outaouais: Delegation) -> None:
    from delegations.funding.offers import Condition

    with transaction():
        pledge = agreements.add_agreement(
            AddAgreement(
                edition_id=outaouais.edition_id,
                code="B4",
                name="Fondation fictive Arc-en-Rive",
                kind=FundingKind.PLEDGE,
                currency="CAD",
                amount=cad("5000.00"),
                blocked=Condition.CHARITY_NUMBER,
            ),
            by=BY,
        )
    facts: Facts = funder_gathering.gather(pledge)
    assert (facts.waits_for, facts.earned.amounts, facts.served) == ("charity_number", (), ())
    assert facts.promised.amounts == (cad("5000.00"),)
