"""Seats and their people: a seat is taken once, a person sits once, a substitute inherits everything."""

from datetime import date

import pytest
from sqlalchemy import select

from access import links
from access.links import LinkExpired
from access.models import User
from delegations.lifecycle import invitations
from delegations.lifecycle.invitations import InviteDelegation, MoreThanRequested
from delegations.lifecycle.moves import NotInThisState
from delegations.models import (
    Delegation,
    DelegationStatus,
    Nomination,
    NominationStatus,
    Seat,
    SeatStatus,
)
from delegations.seats import leaving, nominations, seats
from delegations.seats.approvals import WordMissing
from delegations.seats.nominations import (
    Accredited,
    AlreadyNominated,
    Nominate,
    NominationOver,
    SeatTaken,
)
from delegations.seats.seats import ReasonMissing, SeatNotFree
from events import badges, editions
from events import registration as registrations
from events.editions import AddTier
from events.models import BadgeStatus, Edition, RegistrationStatus
from network.people import CompleteRecord
from outbox.jobs import Job
from shared.audit import AuditRecord
from shared.database import db, transaction
from tests.delegations.conftest import BY, accredited, cad, delegation_of, person

pytestmark = pytest.mark.usefixtures("both_databases")

RECORD = CompleteRecord(name="Lison Substitut", country="CA", languages=("fr", "es"))


def trail(subject: object, action: str) -> list[AuditRecord]:
    label = f"{type(subject).__name__}:{subject.id}"  # type: ignore[attr-defined]
    return list(
        db.session.scalars(
            select(AuditRecord).where(AuditRecord.subject == label, AuditRecord.action == action)
        )
    )


def token_in_mail(to: str) -> str:
    """The token of the last private link mailed to an address."""
    found = [job.payload["text"] for job in db.session.scalars(select(Job)) if job.payload.get("to") == to]
    return str(found[-1].rpartition("/nominee/")[2].split()[0])


def test_outaouais_is_invited_asks_for_six_seats_and_gets_them(dakar: Edition) -> None:
    with transaction():
        delegation = invitations.invite(
            InviteDelegation(
                edition_id=dakar.id, code="dkr05-out", name="Outaouais", contact_email="Ondine@example.org"
            ),
            by=BY,
        )
        invitations.request_seats(delegation, 6, "Cégep, ville, CJE", by=BY)
        given = invitations.allocate_seats(delegation, 6, by=BY)
        assert [seat.code for seat in given] == [f"DKR05-OUT-{n:02}" for n in range(1, 7)]
        invitations.confirm(delegation, by=BY)
    assert (delegation.code, delegation.status) == ("DKR05-OUT", DelegationStatus.CONFIRMED)
    assert [record.details["to"] for record in trail(delegation, "delegation.allocate")] == ["allocated"]


def test_seats_are_allocated_once(outaouais: Delegation) -> None:
    with pytest.raises(NotInThisState, match="confirmed"), transaction():
        invitations.allocate_seats(outaouais, 6, by=BY)
    assert len(outaouais.seats) == 6


def test_nobody_is_given_more_than_they_asked_for(dakar: Edition) -> None:
    with transaction():
        delegation = invitations.invite(
            InviteDelegation(edition_id=dakar.id, code="DKR05-QUE", name="Québec"), by=BY
        )
        invitations.request_seats(delegation, 3, "", by=BY)
    with pytest.raises(MoreThanRequested), transaction():
        invitations.allocate_seats(delegation, 4, by=BY)
    with pytest.raises(invitations.CodeTaken), transaction():
        invitations.invite(InviteDelegation(edition_id=dakar.id, code="DKR05-QUE", name="Encore"), by=BY)


def test_a_seat_is_named_only_once_confirmed(dakar: Edition) -> None:
    with transaction():
        delegation = invitations.invite(
            InviteDelegation(edition_id=dakar.id, code="DKR05-QUE", name="Québec"), by=BY
        )
        invitations.request_seats(delegation, 1, "", by=BY)
        [seat] = invitations.allocate_seats(delegation, 1, by=BY)
    with pytest.raises(NotInThisState), transaction():
        nominations.nominate(seat, Nominate(person=person("Théo Démo")), by=BY)


def test_ondine_is_named_completes_her_record_and_is_accredited(seat: Seat, ondine: User) -> None:
    with transaction():
        nomination = nominations.nominate(seat, Nominate(person=person("Ondine Exemple")), by=ondine)
    token = token_in_mail("ondine@example.org")
    assert links.open_link("nominee", token) == nomination.id
    with pytest.raises(NominationOver), transaction():  # not before the person has completed it
        nominations.accredit(nomination, by=BY)
    with transaction():
        nominations.complete(nomination, CompleteRecord(name="Ondine Exemple", languages=("fr", "en")))
    with pytest.raises(WordMissing), transaction():  # the delegation looks first
        nominations.accredit(nomination, by=BY)
    with transaction():
        nominations.endorse(nomination, by=ondine)
        nominations.endorse(nomination, by=ondine)
        assert len(trail(nomination, "nomination.endorse")) == 1
        registration = nominations.accredit(nomination, by=BY)
    assert (seat.status, nomination.status) == (SeatStatus.ACCREDITED, NominationStatus.ACCREDITED)
    assert registration.status is RegistrationStatus.UNPAID
    assert (registration.party_code, registration.seat_code) == ("DKR05-OUT", "DKR05-OUT-01")
    with pytest.raises(NominationOver), transaction():  # pressed twice
        nominations.accredit(nomination, by=BY)


def test_a_seat_is_taken_once(seat: Seat) -> None:
    with transaction():
        nominations.nominate(seat, Nominate(person=person("Théo Démo")), by=BY)
    with pytest.raises(SeatTaken, match="Théo Démo was named"), transaction():
        nominations.nominate(seat, Nominate(person=person("Lison Substitut")), by=BY)
    assert len(db.session.scalars(select(Nomination)).all()) == 1


def test_a_person_sits_in_one_seat(outaouais: Delegation) -> None:
    first, second = outaouais.seats[:2]
    with transaction():
        nominations.nominate(first, Nominate(person=person("Théo Démo")), by=BY)
    with pytest.raises(AlreadyNominated, match="DKR05-OUT-01"), transaction():
        nominations.nominate(second, Nominate(person=person("Théo Démo")), by=BY)
    assert second.status is SeatStatus.PLANNED


def test_a_returned_record_comes_back_with_a_new_link(seat: Seat) -> None:
    with transaction():
        nomination = nominations.nominate(seat, Nominate(person=person("Théo Démo")), by=BY)
        nominations.complete(nomination, CompleteRecord(name="Théo Démo"))
    first = token_in_mail("théo@example.org")
    with pytest.raises(ReasonMissing), transaction():
        nominations.return_(nomination, "  ", by=BY)
    with transaction():
        nominations.return_(nomination, "Langues manquantes", by=BY)
    second = token_in_mail("théo@example.org")
    with pytest.raises(LinkExpired):
        links.open_link("nominee", first)
    assert links.open_link("nominee", second) == nomination.id
    with transaction():
        nominations.complete(nomination, CompleteRecord(name="Théo Démo", languages=("fr",)))
    assert nomination.status is NominationStatus.COMPLETED


def test_a_refused_person_frees_the_seat(seat: Seat) -> None:
    with transaction():
        nomination = nominations.nominate(seat, Nominate(person=person("Théo Démo")), by=BY)
        nominations.refuse(nomination, "Lettre non signée", by=BY)
    assert (seat.status, seat.nomination) == (SeatStatus.PLANNED, None)
    with transaction():
        nominations.nominate(seat, Nominate(person=person("Théo Démo")), by=BY)


def test_an_accredited_person_is_replaced_not_taken_back(seat: Seat) -> None:
    with transaction():
        nomination = accredited(seat, "Théo Démo")
    with pytest.raises(Accredited), transaction():
        nominations.withdraw_nomination(nomination, "Ne vient pas", by=BY)


def test_the_substitution_of_mau_03(dakar: Edition) -> None:
    with transaction():
        mauricie = delegation_of(dakar, "MAU", "Mauricie", 3)
        seat = mauricie.seats[2]
        old = accredited(seat, "Délégué·e fictif·ve 27")
        registration, payment = seat.registration, seat.registration and seat.registration.payment_id
        assert registration
        code = registration.code
        registrations.admit_unpaid(registration, "Réglé par la délégation", by=BY)
        badge = badges.issue_badge(registration, by=BY)
    with transaction():
        new = nominations.substitute(
            seat, Nominate(person=person("Lison Substitut")), "Empêchement familial", by=BY
        )
    assert (old.status, old.reason) == (NominationStatus.SUBSTITUTED, "Empêchement familial")
    assert seat.registration_id == registration.id
    assert registration.payment_id == payment
    assert (registration.person.name, registration.seat_code) == ("Lison Substitut", "DKR05-MAU-03")
    assert registration.code != code
    assert badge.status is BadgeStatus.REVOKED
    assert [one.id for one in seat.nominations] == [old.id, new.id]
    assert [record.details for record in trail(seat, "seat.substitute")] == [
        {"left": old.id, "joined": new.id}
    ]
    with transaction():
        nominations.complete(new, RECORD)
        assert nominations.accredit(new, by=BY).id == registration.id
    assert seat.status is SeatStatus.ACCREDITED


@pytest.mark.usefixtures("both_databases")
def test_a_substitute_who_declines_is_free_and_the_seat_is_open(seat: Seat, outaouais: Delegation) -> None:
    with transaction():
        accredited(seat, "Délégué·e fictif·ve 27")
        lison = nominations.substitute(
            seat, Nominate(person=person("Lison Substitut")), "Empêchement familial", by=BY
        )
    registration = seat.registration
    assert registration and registration.payment
    payment = registration.payment
    with transaction():
        leaving.decline(lison, "Un autre voyage")
    assert (lison.status, lison.reason, seat.nomination) == (
        NominationStatus.WITHDRAWN, "Un autre voyage", None
    )  # fmt: skip
    assert (seat.status, registration.status) == (SeatStatus.PLANNED, RegistrationStatus.VACANT)
    assert not badges.is_admitted(registration)
    with transaction():  # she is free: another seat may be hers, and is registered
        again = accredited(outaouais.seats[1], "Lison Substitut")
        noe = nominations.nominate(seat, Nominate(person=person("Noé Essai")), by=BY)
    assert again.seat.registration_id != registration.id
    assert (registration.person.name, registration.status) == ("Noé Essai", RegistrationStatus.UNPAID)
    assert registration.payment_id == payment.id
    with transaction():
        nominations.complete(noe, RECORD)
        nominations.endorse(noe, by=BY)
        assert nominations.accredit(noe, by=BY).id == registration.id


def test_a_seat_given_back_cancels_the_registration_that_waits_for_a_name(seat: Seat) -> None:
    with transaction():
        accredited(seat, "Délégué·e fictif·ve 27")
        lison = nominations.substitute(seat, Nominate(person=person("Lison Substitut")), "Malade", by=BY)
        nominations.refuse(lison, "Pas de la région", by=BY)
        waiting = seat.registration
        assert waiting
    assert waiting.status.value == "vacant"
    with transaction():
        seats.release(seat, "Personne d’autre", by=BY)
    assert waiting.status.value == "cancelled"


def test_who_comes_after_a_cancelled_registration_is_registered_anew(seat: Seat) -> None:
    with transaction():
        accredited(seat, "Délégué·e fictif·ve 27")
        cancelled = seat.registration
        assert cancelled
        registrations.cancel(cancelled, "Inscrite deux fois", by=BY)
    with transaction():
        lison = nominations.substitute(seat, Nominate(person=person("Lison Substitut")), "Malade", by=BY)
        nominations.withdraw_nomination(lison, "Un autre voyage", by=BY)
        noe = nominations.nominate(seat, Nominate(person=person("Noé Essai")), by=BY)
        nominations.complete(noe, RECORD)
        nominations.endorse(noe, by=BY)
        fresh = nominations.accredit(noe, by=BY)
    assert (cancelled.status, cancelled.person.name) == (
        RegistrationStatus.CANCELLED, "Délégué·e fictif·ve 27"
    )  # fmt: skip
    assert (seat.registered, fresh.status, fresh.person.name) == (
        fresh, RegistrationStatus.UNPAID, noe.person.name
    )  # fmt: skip
    assert cancelled.payment_id != fresh.payment_id


def test_the_same_person_is_registered_anew_after_a_cancellation_and_a_correction(seat: Seat) -> None:
    with transaction():
        nomination = accredited(seat, "Lison Substitut")
        first = seat.registration
        assert first
        registrations.cancel(first, "Par erreur", by=BY)
        nominations.complete(nomination, CompleteRecord(name="Lise Substitut", country="CA"))
        nominations.endorse(nomination, by=BY)
        again = nominations.accredit(nomination, by=BY)
    assert (again.id != first.id, again.status) == (True, RegistrationStatus.UNPAID)


def test_nobody_is_replaced_by_themselves_nor_without_a_reason(seat: Seat) -> None:
    with transaction():
        nominations.nominate(seat, Nominate(person=person("Théo Démo")), by=BY)
    with pytest.raises(AlreadyNominated), transaction():
        nominations.substitute(seat, Nominate(person=person("Théo Démo")), "Erreur", by=BY)
    with pytest.raises(ReasonMissing), transaction():
        nominations.substitute(seat, Nominate(person=person("Lison Substitut")), "", by=BY)
    assert seat.nomination and seat.nomination.person.name == "Théo Démo"


def test_an_empty_seat_has_nobody_to_replace(seat: Seat) -> None:
    with pytest.raises(SeatNotFree), transaction():
        nominations.substitute(seat, Nominate(person=person("Lison Substitut")), "Visa", by=BY)


def test_the_withdrawal_in_coo(dakar: Edition) -> None:
    with transaction():
        coo = delegation_of(dakar, "COO", "Coopération internationale", 5)
        seat = coo.seats[4]
        nomination = accredited(seat, "Théo Démo")
        registration = seat.registration
        assert registration
        registrations.admit_unpaid(registration, "Réglé par la délégation", by=BY)
        badge = badges.issue_badge(registration, by=BY)
    with transaction():
        seats.withdraw_seat(seat, "Changement d’emploi", date(2005, 3, 11), by=BY)
    assert (seat.status, seat.status_reason) == (SeatStatus.WITHDRAWN, "Changement d’emploi")
    assert nomination.status is NominationStatus.WITHDRAWN
    assert registration.status is RegistrationStatus.CANCELLED
    assert badge.status is BadgeStatus.REVOKED
    [record] = trail(seat, "seat.withdraw")
    assert record.details["on"] == "2005-03-11"
    with pytest.raises(SeatNotFree), transaction():  # pressed twice
        seats.withdraw_seat(seat, "Encore", date(2005, 3, 12), by=BY)


def test_an_empty_seat_is_given_back(seat: Seat) -> None:
    with transaction():
        seats.set_nominator(seat, " Cégep  fictif ", by=BY)
        seats.release(seat, "Trop de places", by=BY)
    assert (seat.nominator, seat.status) == ("Cégep fictif", SeatStatus.RELEASED)
    with pytest.raises(SeatNotFree), transaction():
        nominations.nominate(seat, Nominate(person=person("Théo Démo")), by=BY)


def test_a_seat_pays_the_full_fee_where_the_public_chooses_among_several(seat: Seat) -> None:
    with transaction():
        reduced = AddTier(code="reduit", label={"fr": "Réduit"}, amount=cad("25.00"))
        editions.add_tier(seat.delegation.edition, reduced, by=BY)
        accredited(seat, "Théo Démo")
    assert seat.registration and seat.registration.fee == cad("250.00")
