"""The small world in which every route is tried by everybody, and what stands for each part of an address."""

from dataclasses import dataclass, field
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

from sqlalchemy import select

from access import grants, links, open_sessions, tokens, users
from access.models import RoleName, User
from access.tokens import SCOPES
from access.users import CreateUser
from delegations.budgets import advances, claims
from delegations.budgets.advances import AskAdvance
from delegations.budgets.versions import CreateBudget, Line, create_budget
from delegations.funder_reports import reports as funder_reports
from delegations.funder_reports.reports import SendReport
from delegations.funding import agreements, dues, locks, services
from delegations.funding.agreement_models import DutyKind
from delegations.funding.agreements import AddAgreement
from delegations.funding.locks import LockLine
from delegations.funding.services import RecordService
from delegations.interest import asking
from delegations.models import Delegation, FundingAgreement, FundingKind, SavingsPlan
from delegations.savings.payer_models import Payer
from delegations.savings.payers import AddPayer, add_payer
from delegations.savings.plans import RecordDeposit, record_deposit
from delegations.savings.reminders import stop_token
from delegations.seats import letters, nominations, offers, waiting
from delegations.seats.nominations import Nominate
from delegations.seats.waiting import Wait
from delegations.support import applying
from delegations.support import decisions as support
from events import editions
from events.editions import CreateEdition
from events.models import Edition
from events.registration import Register, register
from network.directory import AddOrganisation, add_organisation
from network.people import PersonDetails
from shared.audit import System
from shared.clock import now
from shared.database import db, transaction
from tests.conftest import FOR_GOOD
from tests.delegations.conftest import cad, delegation_of, plan_of
from treasury import attachments, attention, chart, payments, placing
from treasury.cards import refunds
from treasury.cards.refunds import RequestRefund
from treasury.desk import cash
from treasury.desk.cash import OpenBox
from treasury.funds import commitments, funds, overdrafts
from treasury.funds.commitments import Reserve
from treasury.funds.funds import DescribeEntity
from treasury.funds.overdrafts import AllowOverdraft
from treasury.models import Account, Attention, JournalEntry, Payment, Period, StatementLine
from treasury.paper import gifts, payment_papers
from treasury.paper.models import GiftNature
from treasury.paper.payment_papers import MadeOutTo
from treasury.reconciliation import links as reconciliation
from treasury.statements.importing import import_statement
from treasury.statements.reading import inspect
from treasury.statements.uploads import keep_upload
from treasury.statements.values import Assumptions

BY = System("matrix")
PEOPLE = "delegate head other_head organiser treasurer approver volunteer auditor administrator".split()


@dataclass(slots=True)
class World:
    """Sessions by actor (their tokens), keys by scope, and the values of addresses by their prefix."""

    sessions: dict[str, str] = field(default_factory=dict)
    keys: dict[str, str] = field(default_factory=dict)
    places: dict[str, dict[str, Any]] = field(default_factory=dict)

    def address(self, rule: str) -> str:
        """`rule` with its parts filled in, by the longest prefix that knows each of them."""
        filled = rule
        for part in [part.split(">")[0] for part in rule.split("<")[1:]]:
            name = part.rpartition(":")[2]
            known = [
                prefix for prefix in self.places if rule.startswith(prefix) and name in self.places[prefix]
            ]
            assert known, f"tests/matrix_world.py does not say what <{part}> is in {rule}: add it to `places`"
            filled = filled.replace(f"<{part}>", str(self.places[max(known, key=len)][name]))
        return filled


def build() -> World:
    """Dakar 2005: the delegations Outaouais and Québec, a plan, a nominee, a registration, everybody."""
    world = World()
    with transaction():
        edition = _dakar()
        outaouais = delegation_of(edition, "OUT", "Outaouais", 6)
        quebec = delegation_of(edition, "QUE", "Québec", 3)
    people = _people(world, edition, outaouais, quebec)
    later = now() + timedelta(days=30)
    with transaction():
        chart.open_chart("CAD")
        plan = plan_of(outaouais, "P1", "9000.00", 12)
        second = add_organisation(
            AddOrganisation(name="Syndicat fictif", email="syndicat@example.org"), by=BY
        )
        share = AddPayer(organisation_id=second.id, share=Fraction(1, 3), since=date(2003, 1, 15))
        add_payer(plan, share, by=BY)
        eve = Nominate(person=PersonDetails(name="Ève Gabarit", email="eve@example.org"))
        nominee = nominations.nominate(outaouais.seats[0], eve, by=BY)
        letter = letters.put(nominee, b"%PDF-1.7", "letter.pdf", by=BY)
        waiting.wait(outaouais, Wait(person=PersonDetails(name="Noé Essai")), by=BY)
        [offer] = offers.make(outaouais, by=BY)
        waits = waiting.wait(outaouais, Wait(person=PersonDetails(name="Ruth Placeholder")), by=BY)
        marc = PersonDetails(name="Marc Modèle", email="marc@example.org")
        single = register(edition, Register(person=marc, seat_code="X-01"), by=BY)
        known = asking.note_asked(edition, plan.payer, by=BY)
        items = [Line(code="L01", label="Billet", category="travel", unit_price=cad("2100.00"))]
        budget = create_budget(CreateBudget(edition_id=edition.id, lines=items), by=people["treasurer"])
        world.places = {
            "/": {"code": "DKR05", "user_id": 1, "job_id": 1, "number": 0, "organisation_id": plan.payer_id},
            "/static/": {"filename": "css/teranga.css"},
            "/language/": {"code": "fr"},
            "/sign-in/": {"text": "never-issued", "token": "never-issued"},
            "/network/people/": {"person_id": single.person_id},
            "/account/": {"token": "never-issued"},
            "/manage/events/": {
                "registration_id": single.id,
                "registration_code": single.code,
                "step": "close",
            },
            "/manage/events/<code>/registrations/": {"step": "admit"},
            "/api/v1/delegations": {"code": outaouais.code, "plan": plan.code},
            "/delegations": {
                "code": outaouais.code,
                "number": 1,
                "plan_code": plan.code,
                "plan": plan.code,
                "payer_id": second.id,
                "group": "other",
                "line": "-",
                "move": "lock",
                "rank": "primary",
                "request_id": 0,
                "member_id": 0,
                "name": letter.file_name,
                "ending": "csv",
            },
            "/reminders/": {"token": stop_token(Payer(plan))},
            "/delegations/rules/": {"code": "DKR05"},
            "/delegations/visas/": {"code": "DKR05"},
            "/delegations/arrivals/": {"code": "DKR05", "ending": "csv"},
            "/delegations/reset/": {"code": "DKR05"},
            "/delegations/quotas/": {"code": "DKR05", "quota_id": 0},
            "/delegations/composition/": {"code": "DKR05", "rule_id": 0},
            "/delegations/interest/": {"code": "DKR05", "ending": "csv"},
            "/interest/": {"token": links.issue_link("interest", known.id, later)},
            "/delegations/costs/": {"code": "DKR05"},
            "/delegations/budgets/": {"budget_id": budget.id, "other_id": budget.id, "line_id": 1},
            "/delegations/services/": {"code": "DKR05"},
            "/delegations/funders/": {"code": "DKR05"},
            "/delegations/answers/": {"code": "DKR05"},
            "/delegations/spending/": {"code": "DKR05"},
            "/delegations/reports/": {"code": "DKR05", "agreement": "B1", "ending": "csv"},
            "/delegations/<code>/waiting/": {
                "waiting_id": waits.id,
                "offer_id": offer.id,
                "step": "leave",
                "answer": "accept",
            },
            "/offer/": {"token": links.issue_link(offers.LINK, offer.id, later)},
            "/nominee/": {"token": links.issue_link("nominee", nominee.id, later)},
            "/plan/": {"token": links.issue_link("plan", plan.id, later)},
            "/registration/": {
                "request_id": 0,
                "token": links.issue_link("registration", single.id, later),
                "code": single.code,
            },
        }
    world.places["/treasury"] = _money(plan, people["treasurer"], people["approver"])
    world.places |= _claims(outaouais, people)
    world.places |= _support(outaouais, people)
    world.places |= _report(edition, outaouais, people["treasurer"])
    world.places["/treasury/funds/"] = {"code": outaouais.code}
    world.places |= _books(outaouais, waiting=world.places["/treasury"]["entry_id"], people=people)
    world.places |= _papers(outaouais, world.places["/treasury"]["reference"], people["treasurer"])
    world.places["/treasury/entries/<int:entry_id>/reverse"] = {
        "entry_id": world.places["/treasury"].pop("posted_id")
    }
    return world


def _dakar() -> Edition:
    series = editions.create_series("RIP", "Rencontres", by=BY)
    details = CreateEdition(
        code="DKR05",
        series_id=series.id,
        name="Dakar 2005",
        starts_on=date(2005, 11, 22),
        ends_on=date(2005, 11, 26),
        zone="Africa/Dakar",
        place="Dakar",
        country="SN",
        fee=cad("250.00"),
        currencies=("CAD", "XOF"),
        capacity=1000,
    )
    edition = editions.create_edition(details, by=BY)
    return editions.open_registration(edition, by=BY)


def _money(plan: SavingsPlan, treasurer: User, approver: User) -> dict[str, Any]:
    """A deposit approved and matched, one to approve, a line of the bank more, a thing to look at."""
    with transaction():
        settled = record_deposit(plan, _deposit(15), by=treasurer)
        payments.approve_receipt(settled, by=approver)
        waiting = record_deposit(plan, _deposit(16), by=treasurer)
        attention.attend("late", "matrix", details="", payment_id=settled.id)
        bank = db.session.scalars(
            select(Account).where(Account.code == chart.BANK, Account.currency == "CAD")
        ).one()
        text = "Date;Libellé;Montant;Solde\n15/01/2003;DEPOT;750,00;750,00\n17/01/2003;DEPOT;10,00;760,00\n"
        found = inspect(text.encode(), "releve.csv", Assumptions(currency="CAD"))
        statement = import_statement(bank, found, by=treasurer, file_name="releve.csv")
        matched, free = db.session.scalars(select(StatementLine).order_by(StatementLine.id)).all()
        assert settled.entry
        assert waiting.entry
        posting = next(one for one in settled.entry.postings if one.account_id == bank.id)
        refund = refunds.request_refund(
            settled, RequestRefund(amount=cad("1.00"), reason="matrix", on=date(2003, 1, 20)), by=treasurer
        )
        place = placing.Place(amount=cad("1.00"), on=date(2003, 1, 20), narration="matrix")
        credit = placing.keep_as_credit(settled, place, by=treasurer)
        box = cash.open_box(
            OpenBox(place="Desk", currency="CAD", fund_id=settled.fund_id, count={}), by=treasurer
        )
        link = reconciliation.confirm(matched, posting, by=treasurer)
        return {
            "code": bank.code,
            "currency": "CAD",
            "entry_id": waiting.entry.id,
            "posted_id": settled.entry.id,
            "reference": waiting.reference,
            "attention_id": db.session.scalars(select(Attention.id)).first(),
            "statement_id": statement.id,
            "upload_id": keep_upload(
                bank, text.encode(), "releve.csv", Assumptions(currency="CAD"), by=treasurer
            ).id,
            "action": "accept",
            "session_id": box.id,
            "refund_id": refund.id,
            "object_id": "none",
            "placement_id": credit.id,
            "line_id": free.id,
            "link_id": link.id,
            "account_id": bank.id,
            "closing_id": 0,
            "offset_id": 0,
            "name": "releve.csv",
        }


def _report(edition: Edition, outaouais: Delegation, treasurer: User) -> dict[str, dict[str, Any]]:
    """A grant for Outaouais, and the report on it that its funder was sent."""
    with transaction():
        grant = AddAgreement(
            edition_id=edition.id,
            code="B1",
            name="Volet Grands-Vents",
            kind=FundingKind.GRANT,
            currency="CAD",
            amount=cad("100.00"),
            serves=[outaouais.id],
        )
        agreement = agreements.add_agreement(grant, by=BY)
        to = SendReport(addressee="Clio Maquette", email="clio@example.org", locale="fr")
        report = funder_reports.send_report(agreement, to, by=treasurer)
        link = links.issue_link(funder_reports.PURPOSE, report.id, now() + timedelta(days=30))
        return {
            "/delegations/funders/<code>/<agreement>": _due(agreement, outaouais, treasurer),
            "/delegations/in-kind/": _given(outaouais, treasurer),
            "/delegations/<code>/allocation/": _locked(outaouais, treasurer),
            "/delegations/reports/sent/": {"report_id": report.id, "step": "again", "ending": "csv"},
            "/report/": {"token": link, "ending": "csv", "number": 1},
        }


def _due(agreement: FundingAgreement, delegation: Delegation, treasurer: User) -> dict[str, Any]:
    """A report that is due, and money that was called up."""
    duty = dues.add_duty(agreement, DutyKind.REPORT, "Rapport final", date(2006, 1, 31), by=treasurer)
    some = cad("10.00")
    claim = dues.claim(agreement, some, "Billets", earned=some, received=some * 0, by=treasurer)
    return {"agreement": agreement.code, "duty_id": duty.id, "number": claim.number}


def _given(delegation: Delegation, treasurer: User) -> dict[str, Any]:
    """A service with a document, waiting to be decided on."""
    command = RecordService(
        edition_id=delegation.edition_id, delegation_id=delegation.id, description="Salles",
        giver="Réseau fictif", quantity=3, unit="soir", value=cad("450.00"),
    )  # fmt: skip
    service = services.record_service(command, by=treasurer)
    services.prove(service, b"%PDF-1.7", "feuille.pdf", by=treasurer)
    return {"service_id": service.id, "ending": "csv"}


def _locked(delegation: Delegation, treasurer: User) -> dict[str, Any]:
    """A line that is paid by the savings, by decision."""
    wanted = LockLine(line="L01", source="own", amount=cad("1.00"), cost=cad("1.00"), reason="Lettre")
    return {"lock_id": locks.lock(delegation.seats[0], wanted, by=treasurer).id}


def _claims(delegation: Delegation, people: dict[str, User]) -> dict[str, dict[str, Any]]:
    """An advance that is not given yet, and the head's claim with one voucher."""
    day = date(2003, 1, 31)
    with transaction():
        ask = AskAdvance(
            fund_id=delegation.fund_id,
            holder_id=people["head"].id,
            amount=cad("1.00"),
            purpose="Matrix",
            given_on=day,
        )
        advance = advances.ask_advance(delegation, ask, by=people["treasurer"])
        opened = claims.OpenClaim(title="Matrix", currency="CAD")
        claim = claims.open_claim(delegation, opened, by=people["head"])
        paid = claims.AddLine(spent_on=day, description="Taxi", amount=cad("1.00"), voucher=b"%PDF-1.7")
        line = claims.add_line(claim, paid, by=people["head"])
        assert line.voucher
        return {
            "/delegations/<code>/advances/": {"advance_id": advance.id, "currency": "XOF"},
            "/delegations/<code>/advances/<int:advance_id>/return/": {"currency": "CAD"},
            "/delegations/<code>/claims/": {
                "claim_id": claim.id,
                "number": 1,
                "name": line.voucher.file_name,
            },
        }


def _support(delegation: Delegation, people: dict[str, User]) -> dict[str, dict[str, Any]]:
    """A support fund, what the head asks of it, and a decision that waits for a second person."""
    with transaction():
        fund = support.open_fund("B6", "Support fund", by=BY)
        grid = applying.add_grid(applying.AddGrid(code="six", name="Six", criteria=[("One", 1)]), by=BY)
        asked = applying.Apply(
            edition_id=delegation.edition_id,
            fund_id=fund.id,
            grid_id=grid.id,
            label=delegation.name,
            amount=cad("1.00"),
            grounds="Matrix",
            delegation_id=delegation.id,
        )
        application = applying.apply(asked, by=people["head"])
        decision = support.decide(
            support.Decide(
                edition_id=delegation.edition_id,
                decided_on=date(2003, 1, 31),
                title="Matrix",
                fund_id=fund.id,
                awards=[],
            ),
            by=people["treasurer"],
        )
        return {
            "/support/": {"code": "DKR05"},
            "/delegations/<code>/support/": {"application_id": application.id},
            "/delegations/support/": {
                "code": "DKR05",
                "application_id": application.id,
                "number": decision.number,
            },
        }


def _books(delegation: Delegation, waiting: int, people: dict[str, User]) -> dict[str, dict[str, Any]]:
    """A document of the draft, an overdraft and a promise of the delegation's fund, its keeper, a period."""
    day = date(2003, 1, 31)
    with transaction():
        fund, one = delegation.fund_id, cad("1.00")
        entry = db.session.get_one(JournalEntry, waiting)
        paper = attachments.attach(entry, b"%PDF-1.7", "slip.pdf", by=people["treasurer"])
        leave = AllowOverdraft(fund_id=fund, limit=one, starts_on=day, ends_on=day, reason="Matrix")
        overdraft = overdrafts.allow(leave, by=people["approver"])
        promise = Reserve(fund_id=fund, amount=one, payee="Agency", purpose="Ticket", dated_on=day)
        commitment = commitments.reserve(promise, by=people["treasurer"])
        entity = funds.describe_entity(None, DescribeEntity(name="Réseau"), by=people["treasurer"])
        period = Period(starts_on=date(2002, 1, 1), ends_on=date(2002, 12, 31), status="closed")
        db.session.add(period)
        db.session.flush()
        return {
            "/treasury/commitments/": {"commitment_id": commitment.id},
            "/treasury/documents/": {"document_id": paper.id, "name": paper.file_name},
            "/treasury/entities/": {"entity_id": entity.id},
            "/treasury/fund-details/": {"fund_id": fund},
            "/treasury/overdrafts/": {"overdraft_id": overdraft.id},
            "/treasury/periods/": {"period_id": period.id},
        }


def _papers(delegation: Delegation, reference: str, treasurer: User) -> dict[str, dict[str, Any]]:
    """An invoice, printed already, with the link of whom it is made out to; a gift of goods."""
    with transaction():
        asked = db.session.scalars(select(Payment).where(Payment.reference == reference)).one()
        invoice = payment_papers.invoice(asked, MadeOutTo(name="P1"), by=treasurer)
        db.session.flush()
        invoice.pdf, invoice.sha256 = b"%PDF-1.7", "0" * 64
        gift = gifts.record_gift(
            gifts.RecordGift(
                nature=GiftNature.KIND,
                fund_id=delegation.fund_id,
                donor_name="Clio Maquette",
                value=cad("10.00"),
                given_on=date(2003, 1, 31),
            ),
            by=treasurer,
        )
        db.session.flush()
        return {
            "/treasury/papers/": {"paper_id": invoice.id},
            "/treasury/gifts/": {"gift_id": gift.id},
            "/treasury/reports/": {"name": "cash", "ending": "csv", "form": "hledger"},
            "/treasury/reconciled/": {"ending": "csv"},
            "/treasury/statements/": {"ending": "csv"},
            "/paper/": {"token": links.issue_link("paper", invoice.id, now() + timedelta(days=30))},
        }


def _deposit(day: int) -> RecordDeposit:
    return RecordDeposit(amount=cad("750.00"), received_on=date(2003, 1, day))


def _people(world: World, edition: Edition, outaouais: Delegation, quebec: Delegation) -> dict[str, User]:
    where: dict[str, dict[str, int]] = {
        "delegate": {"delegation_id": outaouais.id},
        "head": {"delegation_id": outaouais.id},
        "other_head": {"delegation_id": quebec.id},
        "volunteer": {"edition_id": edition.id},
    }
    role_of = {"head": RoleName.HEAD_OF_DELEGATION, "other_head": RoleName.HEAD_OF_DELEGATION}
    made: dict[str, User] = {}
    with transaction():
        for name in PEOPLE:
            made[name] = users.create_user(CreateUser(email=f"{name}@example.org", name=name), by=BY)
            role = role_of.get(name) or RoleName(name)
            grants.grant(made[name], role, by=BY, **where.get(name, {}))
            world.sessions[name] = open_sessions.begin(made[name], lasts=FOR_GOOD)
        for scope in SCOPES:
            world.keys[scope] = tokens.issue_token(scope, made["organiser"], [scope], by=BY)[1]
    return made
