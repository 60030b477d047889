"""Dakar's desk (S1b) and the summer university of 2007 (S2): registrations, fees, badges, arrivals."""

from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import select

from delegations.joining import requests
from delegations.models import Delegation
from demonstration.records import read_csv, read_toml
from demonstration.savings_chapter import found_delegation
from demonstration.stage import MACHINE, Stage, on
from events import badges, checkin, editions, programme, registration
from events.models import BadgeRole, Edition, Registration
from network.models import Person
from network.people import PersonDetails, details_of
from shared.database import db
from shared.money import Money
from treasury import payments
from treasury.models import PaymentMethod, PaymentStatus

FEES_SETTLED = date(2005, 10, 27)
DESK = "Hall 1"


def settle_fees(stage: Stage) -> None:
    """Each delegation's fund pays its people's fees, but for the seat that is still short."""
    for delegation in stage.delegations.values():
        plan = next(iter(delegation.plans))
        with on(FEES_SETTLED):
            for seat in delegation.seats:
                found = seat.registration
                if (
                    found is None
                    or found.payment is None
                    or found.payment.status is not PaymentStatus.REQUESTED
                ):
                    continue
                if seat.code == "DKR05-DEV-04":
                    registration.admit_unpaid(
                        found, "Solde de 688,20 suivi par la trésorerie", by=stage.organiser
                    )
                    continue
                payments.settle_from_fund(
                    found.payment, plan.fund_id, FEES_SETTLED, by=stage.treasurer, category="L05"
                )
                payments.approve_receipt(found.payment, by=stage.approver)


def invite_guests(stage: Stage) -> None:
    """Guests, interpreters and volunteers come outside the thirty seats, at no fee."""
    edition = stage.editions["DKR05"]
    with on(date(2005, 10, 28)):
        for row in read_csv("people"):
            if row["edition"] == edition.code and not row["seat"]:
                command = registration.Register(
                    person=details_of(stage.people[row["id"]]),
                    role=BadgeRole(row["role"]),
                    fee=Money.zero(edition.currency),
                    is_demo=True,
                    provenance="I",
                )
                registration.register(edition, command, by=stage.organiser)
        visas(stage, "S1")


def open_desk(stage: Stage) -> None:
    """22 November 2005, first hour: badges printed, a lost one copied, the first people in."""
    edition = stage.editions["DKR05"]
    with on(date(2005, 11, 21)):
        badges.issue_all(edition, by=stage.organiser)
    with on(date(2005, 11, 22), hour=9):
        lost = _registration(edition, "DKR05-OUT-02")
        badges.reissue(lost, "Badge perdu", by=stage.organiser)
    with on(date(2005, 11, 22), hour=10):
        seats = [f"DKR05-OUT-0{n}" for n in (1, 2, 3, 4)] + [f"DKR05-QUE-0{n}" for n in (1, 2, 3)]
        for minute, seat in enumerate(seats):
            badge = badges.issue_badge(_registration(edition, seat), by=stage.organiser)
            scan = checkin.ScanBadge(
                code=badge.short_code,
                desk=DESK,
                scan_key=f"demonstration-{seat}",
                at=datetime(2005, 11, 22, 9, 5 + 4 * minute, tzinfo=UTC),
            )
            checkin.check_in(edition, scan, by=stage.users["H07"])


def hold_summer_university(stage: Stage) -> None:
    """180 registrations by tier, all but the first few paid by transfer; fictional to the last."""
    edition = stage.editions["UE07"]
    by_card = {row["number"] for row in read_toml("cards")["paid"]}
    wanted = next(row for row in read_toml("editions")["editions"] if row["code"] == "UE07")["registrations"]
    number = 0
    for tier, count in wanted.items():
        with on(date(2007, 5, 15)):
            for _ in range(count):
                number += 1
                if number not in by_card:
                    _participant(stage, tier, number)
    with on(date(2007, 6, 13)):
        badges.issue_all(edition, by=stage.organiser)
        visas(stage, "S2")
    row = read_toml("delegations")["next"]
    with on(date(2007, 6, 15)):
        _announce(stage.editions[row["edition"]])
        next_one = found_delegation(stage, row, row["edition"])
        _asks_to_join(stage, next_one, row["asks_to_join"])


def _announce(edition: Edition) -> None:
    """The summer university hears of the gathering that comes; nobody registers for it yet."""
    editions.open_registration(edition, by=MACHINE)
    editions.close_registration(edition, by=MACHINE)


def _asks_to_join(stage: Stage, delegation: Delegation, rows: list[dict[str, Any]]) -> None:
    """Participants of the summer university who would come along."""
    for row in rows:
        own = db.session.scalars(
            select(Registration)
            .join(Registration.person)
            .where(
                Registration.edition_id == stage.editions["UE07"].id,
                Person.email == email_of(row["participant"]),
            )
        ).one()
        requests.ask(own, delegation, row["note"])


def email_of(number: int) -> str:
    """Where a fictional participant of the summer university is written to."""
    return f"participant{number:03}@example.org"


def register(stage: Stage, tier: str, number: int, method: PaymentMethod) -> Registration:
    """A fictional participant of the summer university registers and chooses how to pay."""
    command = registration.Register(
        person=PersonDetails(
            name=f"Participant·e fictif·ve {number:03}",
            email=email_of(number),
            organisation_name="Groupe fictif",
            country="CA",
            languages=("fr",),
            is_demo=True,
            provenance="I",
        ),
        tier_code=tier,
        method=method,
        is_demo=True,
        provenance="I",
    )
    return registration.register(stage.editions["UE07"], command, by=stage.organiser)


def _participant(stage: Stage, tier: str, number: int) -> None:
    made = register(stage, tier, number, PaymentMethod.TRANSFER)
    if made.payment is not None:
        day = date(2007, 5, 22)
        receipt = payments.RecordReceipt(received_on=day)
        payments.record_receipt(made.payment, receipt, by=stage.treasurer)
        payments.approve_receipt(made.payment, by=stage.approver)


def visas(stage: Stage, clock: str) -> None:
    """What came of the visas asked for, up to a clock position."""
    for row in read_csv("visas"):
        if row["clock"] == clock:
            person = stage.people.get(row["person"])
            programme.request_visa(
                stage.editions[row["edition"]],
                row["label"],
                programme.VisaOutcome(row["outcome"]),
                person_id=person.id if person else None,
                provenance=row["provenance"],
                by=MACHINE,
            )


def _registration(edition: Edition, seat_code: str) -> Registration:
    return db.session.scalars(
        select(Registration).where(Registration.edition_id == edition.id, Registration.seat_code == seat_code)
    ).one()
