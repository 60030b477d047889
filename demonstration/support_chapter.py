"""The withdrawal in COO, the substitution in MAU, the support fund's decisions, services, accreditation."""

from datetime import date
from typing import Any

from sqlalchemy import select

from delegations.funding import services
from delegations.funding.service_models import ServiceKind
from delegations.models import Delegation, Nomination, Seat, SeatStatus
from delegations.seats import nominations, seats
from delegations.support import decisions as support
from demonstration import committee_chapter, seats_chapter
from demonstration.records import amount, read_csv, read_toml
from demonstration.stage import MACHINE, Stage, on
from events.models import BadgeRole
from network.people import CompleteRecord, PersonDetails, details_of, remaining
from shared.database import db
from shared.money import Money
from treasury import chart, ledger
from treasury.funds import transfers
from treasury.ledger import Leg

NAMED = date(2005, 6, 20)
ACCREDITED = date(2005, 7, 15)


def tell(stage: Stage) -> None:
    """From the first names (June 2005) to the day the plans closed."""
    story = read_toml("delegations")
    funding = read_toml("funding")["support"]
    with on(date(2005, 3, 1)):
        stage.funds["B6"] = support.open_fund(funding["code"], funding["name"], is_demo=True, by=MACHINE)
    _withdrawal(stage, next(row for row in story["delegations"] if "withdrawal" in row))
    _names(stage, story["substitution"])
    seats_chapter.wait_for_seats(stage)
    _substitution(stage, story["substitution"])
    seats_chapter.tell_journeys(stage)
    _support_fund(stage, funding)
    with on(date(2005, 10, 28)):
        _services(stage)


def _withdrawal(stage: Stage, row: dict[str, Any]) -> None:
    """Théo Démo was named early; he leaves, the seat with him, and a minuted decision frees its money."""
    story = row["withdrawal"]
    delegation = stage.delegations[row["code"]]
    seat = _seat(delegation, story["seat"])
    with on(date(2005, 1, 20)):
        _nominate(seat, details_of(stage.people["H02"]), BadgeRole.DELEGATE, stage)
    with on(story["on"]):
        seats.withdraw_seat(seat, story["reason"], story["on"], by=stage.organiser)
    with on(story["moved_on"]):
        move = support.MoveSavings(
            support_fund_id=stage.funds["B6"].id,
            amount=amount(story["moved"]),
            decided_on=story["moved_on"],
            minute=f"Décision minutée : le montant de {seat.code} va au fonds de soutien",
        )
        plan = stage.plans[row["plan"]["code"]]
        ledger.post(support.move_savings(plan, move, by=stage.treasurer), by=stage.approver)


def _names(stage: Stage, substitution: dict[str, Any]) -> None:
    """Each seat gets its person, who completes their record and is accredited."""
    heads = {"DKR05-OUT-01": "H01", "DKR05-QUE-01": "H04"}
    number = 0
    for delegation in stage.delegations.values():
        with on(NAMED):
            named = []
            for seat in delegation.seats:
                if seat.status is SeatStatus.WITHDRAWN:
                    continue
                if seat.code in heads:
                    named.append(
                        _nominate(seat, details_of(stage.people[heads[seat.code]]), BadgeRole.HEAD, stage)
                    )
                    continue
                if seat.code == substitution["seat"]:
                    details = _fictional(substitution["first_holder"], "delegue27@example.org", delegation)
                else:
                    number += 1
                    name = f"Délégué·e fictif·ve {number:02}"
                    details = _fictional(name, f"delegue{number:02}@example.org", delegation)
                named.append(_nominate(seat, details, BadgeRole.DELEGATE, stage))
        seats_chapter.send_letters([one for one in named if one.role is BadgeRole.HEAD], stage)
        with on(ACCREDITED):
            for nomination in named:
                _accredit(nomination, stage)


def _fictional(name: str, email: str, delegation: Delegation) -> PersonDetails:
    payer = delegation.organisation
    return PersonDetails(
        name=name,
        email=email,
        organisation_id=payer.id if payer else None,
        organisation_name=payer.name if payer else "",
        country="CA",
        languages=("fr",),
        is_demo=True,
        provenance="I",
    )


def _nominate(seat: Seat, details: PersonDetails, role: BadgeRole, stage: Stage) -> Nomination:
    return nominations.nominate(seat, nominations.Nominate(person=details, role=role), by=stage.organiser)


def _accredit(nomination: Nomination, stage: Stage) -> None:
    person = nomination.person
    about = CompleteRecord(
        name=person.name,
        organisation_name=person.shown_organisation,
        country="CA",
        locale=person.locale,
        languages=tuple(person.languages),
    )
    nominations.complete(nomination, about)
    nominations.endorse(nomination, by=stage.organiser)
    nominations.accredit(nomination, by=stage.organiser)


def _substitution(stage: Stage, story: dict[str, Any]) -> None:
    with on(story["on"]):
        seat = db.session.scalars(select(Seat).where(Seat.code == story["seat"])).one()
        lison = nominations.Nominate(person=details_of(remaining(stage.people["H03"])))
        new = nominations.substitute(seat, lison, story["reason"], by=stage.organiser)
        _accredit(new, stage)


def _support_fund(stage: Stage, data: dict[str, Any]) -> None:
    fund = stage.funds["B6"]
    for gift in data["gifts"]:
        with on(gift["on"]):
            given = amount(gift["amount"])
            legs = [Leg(chart.BANK, fund.id, given), Leg(chart.GIFTS, fund.id, -given)]
            entry = ledger.draft(gift["on"], gift["narration"], legs, by=stage.treasurer)
            ledger.post(entry, by=stage.approver)
    _contributions(stage, data)
    committee_chapter.tell(stage, data)


def _contributions(stage: Stage, data: dict[str, Any]) -> None:
    """Line L10 of every active seat goes to the support fund: from the match where there is one."""
    day, line = data["contributed_on"], data["contribution_line"]
    matched = {
        code: stage.funds[agreement["code"]]
        for agreement in read_toml("funding")["agreements"]
        if agreement["kind"] == "match"
        for code in agreement["serves"]
    }
    for delegation in stage.delegations.values():
        with on(day):
            active = [seat for seat in delegation.seats if seat.status is not SeatStatus.WITHDRAWN]
            due = Money.of("250.00", "CAD") * len(active)
            minute = f"{line} : contribution de {delegation.name}"
            plan = next(iter(delegation.plans))
            if delegation.code in matched:
                entry = transfers.transfer(
                    transfers.FundTransfer(
                        source_fund_id=matched[delegation.code].id,
                        target_fund_id=stage.funds["B6"].id,
                        amount=due,
                        dated_on=day,
                        narration=minute,
                        category=line,
                    ),
                    by=stage.treasurer,
                )
            else:
                move = support.MoveSavings(
                    support_fund_id=stage.funds["B6"].id, amount=due, decided_on=day, minute=minute
                )
                entry = support.contribute(plan, move, line, by=stage.treasurer)
            ledger.post(entry, by=stage.approver)


def _services(stage: Stage) -> None:
    edition = stage.editions["DKR05"]
    for row in read_csv("services"):
        services.record_service(
            services.RecordService(
                edition_id=edition.id,
                description=row["description"],
                giver=row["giver"],
                quantity=int(row["quantity"]),
                unit=row["unit"],
                value=amount(row["value"]),
                state=services.ServiceState(row["state"]),
                reason=row["reason"],
                kind=ServiceKind(row["kind"]),
                delegation_id=stage.delegations[row["delegation"]].id if row["delegation"] else None,
                given_on=date.fromisoformat(row["given_on"]) if row["given_on"] else None,
                basis=row["basis"],
                evidence=row["evidence"],
                is_demo=True,
                provenance=row["provenance"],
            ),
            by=stage.organiser,
        )


def _seat(delegation: Delegation, number: int) -> Seat:
    return next(seat for seat in delegation.seats if seat.number == number)
