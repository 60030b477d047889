"""/api/v1: editions, registrations, check-ins."""

import hashlib
from typing import Any

from flask import Blueprint, request, url_for

from access.api import Paging, answered, asking, listed, money, once, operation, page_of, protect
from access.policy import Permission
from events import checkin, registration, visibility
from events.api_models import (
    ArrivalOut,
    ArrivalPage,
    CheckInOut,
    EditionOut,
    EditionPage,
    NewCheckIn,
    NewRegistration,
    PaymentOut,
    PersonOut,
    RegistrationOut,
    RegistrationPage,
    RegistrationsAsked,
    TierOut,
)
from events.checkin import ScanBadge
from events.editions import places_left
from events.models import CheckIn, Edition, Registration
from events.registration import Register
from network.models import Person
from network.people import PersonDetails

blueprint = protect(Blueprint("events_api", __name__, url_prefix="/api/v1"))

_DESK = (Permission.CHECKIN_SCAN, Permission.REGISTRATION_READ)


@blueprint.get("/editions")
@operation("listEditions", scope="editions:read", query=Paging, answer=EditionPage)
def list_editions(query: Paging) -> Any:
    """The editions that are announced, oldest entry first."""
    found, following = page_of(visibility.visible_editions(asking()), Edition.id, query)
    return listed(EditionPage(items=[_edition(one) for one in found], next=following))


@blueprint.get("/editions/<code>")
@operation("getEdition", scope="editions:read", answer=EditionOut, refusals=(404,))
def get_edition(code: str) -> Any:
    """One edition."""
    return answered(_edition(visibility.find_edition(code, asking())))


@blueprint.get("/editions/<code>/registrations")
@operation(
    "listRegistrations",
    scope="registrations:read",
    query=RegistrationsAsked,
    answer=RegistrationPage,
    refusals=(404,),
)
def list_registrations(code: str, query: RegistrationsAsked) -> Any:
    """The registrations of an edition, oldest first."""
    edition = visibility.find_edition(code, asking(), Permission.REGISTRATION_READ)
    wanted = visibility.registrations_of(edition, query.status)
    found, following = page_of(wanted, Registration.id, query)
    return listed(RegistrationPage(items=[_registration(one) for one in found], next=following))


@blueprint.post("/editions/<code>/registrations")
@operation(
    "createRegistration",
    scope="registrations:write",
    body=NewRegistration,
    answer=RegistrationOut,
    status=201,
    refusals=(404, 409),
    example={
        "person": {
            "name": "Ondine Exemple",
            "email": "ondine@example.org",
            "organisation": "Réseau fictif du Grand-Héron",
            "country": "CA",
            "locale": "fr",
            "languages": ["fr", "en"],
        },
        "method": "transfer",
    },
)
def create_registration(code: str, json: NewRegistration) -> Any:
    """Register somebody, by the same rules as the public form."""

    def work() -> RegistrationOut:
        edition = visibility.edition_to_change(
            code, asking(), see=Permission.REGISTRATION_READ, change=Permission.REGISTRATION_MANAGE
        )
        return _registration(registration.register(edition, _command(json), by=asking()))

    return once(work, 201)


@blueprint.get("/registrations/<code>")
@operation("getRegistration", scope="registrations:read", answer=RegistrationOut, refusals=(404,))
def get_registration(code: str) -> Any:
    """One registration."""
    return answered(_registration(visibility.find_registration(code, asking())))


@blueprint.get("/editions/<code>/check-ins")
@operation("listCheckIns", scope="checkins:read", query=Paging, answer=ArrivalPage, refusals=(404,))
def list_check_ins(code: str, query: Paging) -> Any:
    """Who has arrived, first come first."""
    edition = visibility.find_edition(code, asking(), *_DESK)
    found, following = page_of(visibility.arrivals_of(edition), CheckIn.id, query)
    return listed(ArrivalPage(items=[_arrival(one) for one in found], next=following))


@blueprint.post("/editions/<code>/check-ins")
@operation(
    "checkIn",
    scope="checkins:write",
    body=NewCheckIn,
    answer=CheckInOut,
    refusals=(404,),
    example={"code": "7K3M-9PQR-2", "desk": "North door"},
)
def create_check_in(code: str, json: NewCheckIn) -> Any:
    """Say that a badge was scanned. Whatever is on it, the answer is a result."""

    def work() -> CheckInOut:
        user = asking()
        edition = visibility.edition_to_change(
            code, user, see=Permission.REGISTRATION_READ, change=Permission.CHECKIN_SCAN
        )
        key = hashlib.sha256(f"{user.id}:{request.headers['Idempotency-Key']}".encode()).hexdigest()
        scan = ScanBadge(code=json.code, desk=json.desk, scan_key=key, at=json.at, offline=json.offline)
        outcome = checkin.check_in(edition, scan, by=user)
        arrival = _arrival(outcome.arrival) if outcome.arrival else None
        return CheckInOut(result=outcome.result, arrival=arrival)

    return once(work)


def _command(given: NewRegistration) -> Register:
    person = given.person
    return Register(
        person=PersonDetails(
            name=person.name,
            email=person.email,
            organisation_name=person.organisation,
            country=person.country,
            locale=person.locale,
            languages=tuple(person.languages),
        ),
        tier_code=given.tier,
        method=given.method,
        role=given.role,
        access_needs=given.access_needs,
        waitlist_ok=given.waitlist_ok,
    )


def _edition(one: Edition) -> EditionOut:
    return EditionOut(
        code=one.code,
        name=one.name,
        theme=one.theme,
        status=one.status,
        starts_on=one.starts_on,
        ends_on=one.ends_on,
        zone=one.zone,
        place=one.place,
        country=one.country,
        languages=one.languages,
        currencies=sorted({one.currency, *one.currencies}),
        fee=money(one.fee),
        tiers=[TierOut(code=tier.code, label=tier.label, fee=money(tier.amount)) for tier in one.tiers],
        capacity=one.capacity,
        places_left=places_left(one),
        registration_opens_at=one.registration_opens_at,
        registration_closes_at=one.registration_closes_at,
        delegation_deadline=one.delegation_deadline,
        url=url_for("events_api.get_edition", code=one.code),
    )


def _registration(one: Registration) -> RegistrationOut:
    paid = one.payment
    return RegistrationOut(
        code=one.code,
        edition=one.edition.code,
        status=one.status,
        role=one.role,
        person=_person(one.named) if one.named else None,
        tier=one.tier.code if one.tier else None,
        fee=money(one.fee),
        payment=PaymentOut(
            reference=paid.reference, amount=money(paid.amount), method=paid.method, status=paid.status
        )
        if paid
        else None,
        party=one.party_code,
        seat=one.seat_code,
        admitted_unpaid=one.admit_unpaid,
        created_at=one.created_at,
        url=url_for("events_api.get_registration", code=one.code),
    )


def _person(one: Person) -> PersonOut:
    return PersonOut(
        name=one.name,
        email=one.email,
        organisation=one.shown_organisation,
        country=one.country,
        locale=one.locale,
        languages=one.languages,
    )


def _arrival(one: CheckIn) -> ArrivalOut:
    came = one.registration
    return ArrivalOut(
        registration=came.code,
        name=came.person.name,
        organisation=came.person.shown_organisation,
        party=came.party_code,
        seat=came.seat_code,
        role=came.role,
        zone=one.zone,
        desk=one.desk,
        at=one.at,
    )
