"""At the door: one arrival each, told when and where; foreign, forged and old badges; scans sent later."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from datetime import UTC, datetime, timedelta
from threading import Barrier

import pytest
from flask import Flask
from sqlalchemy import func, select

from events import badges, checkin, registration
from events.badge_codes import BadgeClaim, new_key_pair, sign, spaced
from events.checkin import LONGEST_OFFLINE, ReasonMissing, ScanBadge, check_in, undo_check_in
from events.desk_queries import badge_counts, look_again, people, roster
from events.models import Badge, BadgeStatus, CheckIn, Edition, Registration, Scan, ScanResult
from network.people import PersonDetails
from shared import clock
from shared.audit import AuditRecord
from shared.database import db, transaction
from tests.counting import count_queries
from tests.events.desk import NAMES, admit, badge_of, outaouais, scan
from tests.events.gathering import BY, dakar, summer_university

OPENING = datetime(2005, 11, 22, 9, 5, tzinfo=UTC)


@pytest.fixture
def edition(both_databases: str, app: Flask) -> Edition:
    return dakar()


@pytest.fixture
def ondine(edition: Edition) -> Registration:
    """Ondine Exemple, head of Outaouais, at 9:05 on the first day."""
    head = outaouais(edition)[0]
    clock.travel_to(OPENING)
    return head


def _at(arrival: CheckIn) -> datetime:
    """The moment of an arrival, to the minute: the clock goes on during a test."""
    return arrival.at.replace(second=0, microsecond=0)


def _count(kind: type) -> int:
    db.session.rollback()
    return db.session.scalar(select(func.count()).select_from(kind)) or 0


def test_welcome_then_already_in_with_time_and_place(edition: Edition, ondine: Registration) -> None:
    badge = badge_of(ondine)
    first = scan(edition, badges.signed_code(edition, badge))
    assert first.result is ScanResult.WELCOME
    assert first.registration and first.registration.person.name == "Ondine Exemple"
    assert badge.status is BadgeStatus.COLLECTED
    clock.travel_to(OPENING + timedelta(minutes=20))
    second = scan(edition, badge.short_code, desk="Hall 2")
    assert second.result is ScanResult.ALREADY_IN
    assert second.arrival and first.arrival
    assert (second.arrival.at, second.arrival.desk) == (first.arrival.at, "Hall 1")
    assert _at(second.arrival) == OPENING
    assert _count(CheckIn) == 1


@pytest.mark.parametrize(
    "typed", [str, spaced, lambda code: f"  {spaced(code).lower()} ", lambda c: f"{c[:4]}-{c[4:]}"]
)
def test_a_code_is_typed_as_people_type(
    edition: Edition, ondine: Registration, typed: Callable[[str], str]
) -> None:
    assert scan(edition, typed(badge_of(ondine).short_code)).result is ScanResult.WELCOME


def test_a_revoked_badge_is_refused_and_its_copy_welcome(edition: Edition, ondine: Registration) -> None:
    lost = badge_of(ondine)
    with transaction():
        copy = badges.reissue(ondine, "Badge perdu", by=BY)
    for code in (lost.short_code, badges.signed_code(edition, lost)):
        refused = scan(edition, code)
        assert (refused.result, refused.arrival) == (ScanResult.REVOKED, None)
    assert _count(CheckIn) == 0
    assert scan(edition, copy.short_code).result is ScanResult.WELCOME


def test_the_first_badge_of_somebody_replaced_is_refused(edition: Edition) -> None:
    seat = admit(
        edition, "Marcel Maquette", party_code="DKR05-MAU", party_name="Mauricie", seat_code="DKR05-MAU-03"
    )
    first = badge_of(seat)
    with transaction():
        registration.replace_person(
            seat, PersonDetails(name="Lison Substitut", email="lison@example.org", country="CA"), by=BY
        )
        badges.revoke_all(seat, "Substitution", by=BY)
    second = badge_of(seat)
    assert scan(edition, first.short_code).result is ScanResult.REVOKED
    welcome = scan(edition, second.short_code)
    assert welcome.result is ScanResult.WELCOME
    assert welcome.registration and welcome.registration.person.name == "Lison Substitut"
    assert (second.copy, welcome.registration.seat_code) == (2, "DKR05-MAU-03")


def test_a_cancelled_registration_opens_no_door(edition: Edition, ondine: Registration) -> None:
    badge = badge_of(ondine)
    with transaction():
        registration.cancel(ondine, "ne vient pas", by=BY)
    assert scan(edition, badge.short_code).result is ScanResult.REVOKED


def test_a_badge_of_another_edition_is_recognised_and_its_bearer_not_named(edition: Edition) -> None:
    other = summer_university()
    badge = badge_of(admit(other, "Personne Ailleurs"))
    for code in (badge.short_code, badges.signed_code(other, badge)):
        outcome = scan(edition, code)
        assert (outcome.result, outcome.registration) == (ScanResult.OTHER_EDITION, None)


def test_forged_codes_and_typing_mistakes_are_unknown(edition: Edition, ondine: Registration) -> None:
    badge = badge_of(ondine)
    claim = BadgeClaim(edition="DKR05", serial=badge.id, token=badge.token, expires=OPENING)
    signed = badges.signed_code(edition, badge)
    wrong = "A" if badge.short_code[0] != "A" else "B"
    for code in (
        sign(claim, new_key_pair().private),
        f"{signed[:-9]}{'A' if signed[-9] != 'A' else 'B'}{signed[-8:]}",
        f"{wrong}{badge.short_code[1:]}",
        "",
        "TG1-",
        "TG1-é",
        "\x00",
        "' OR 1=1 --",
        "x" * 5000,
    ):
        assert scan(edition, code).result is ScanResult.UNKNOWN
    assert scan(edition, signed).result is ScanResult.WELCOME


def test_the_same_scan_sent_twice_is_one_scan(edition: Edition, ondine: Registration) -> None:
    code = badge_of(ondine).short_code
    for _again in range(3):
        outcome = scan(edition, code, "device-1:7", offline=True)
        assert outcome.result is ScanResult.WELCOME
        assert outcome.arrival and outcome.badge
    assert (_count(Scan), _count(CheckIn)) == (1, 1)


def test_two_desks_offline_the_first_is_kept_the_second_flagged(
    edition: Edition, ondine: Registration
) -> None:
    code = badges.signed_code(edition, badge_of(ondine))
    clock.travel_to(OPENING + timedelta(hours=1))
    one = scan(edition, code, "a", at=OPENING, offline=True)
    two = scan(edition, code, "b", at=OPENING + timedelta(minutes=4), desk="Hall 2", offline=True)
    assert (one.result, two.result) == (ScanResult.WELCOME, ScanResult.FLAGGED)
    assert two.arrival and (two.arrival.at, two.arrival.desk) == (OPENING, "Hall 1")
    [odd] = look_again(edition)
    assert (odd.name, odd.desk, odd.at) == ("Ondine Exemple", "Hall 2", OPENING + timedelta(minutes=4))
    assert (odd.first_desk, odd.first_at) == ("Hall 1", OPENING)


def test_an_arrival_is_dated_by_the_device_within_reason(edition: Edition) -> None:
    people = outaouais(edition)
    clock.travel_to(OPENING)
    told = {
        OPENING - timedelta(minutes=30): OPENING - timedelta(minutes=30),
        OPENING + timedelta(minutes=1): OPENING,
        OPENING - LONGEST_OFFLINE - timedelta(seconds=1): OPENING,
    }
    for person, (claimed, believed) in zip(people, told.items(), strict=True):
        arrival = scan(edition, badge_of(person).short_code, at=claimed, offline=True).arrival
        assert arrival and _at(arrival) == believed


def test_an_arrival_is_taken_back_with_a_reason(edition: Edition, ondine: Registration) -> None:
    code = badge_of(ondine).short_code
    arrival = scan(edition, code).arrival
    assert arrival
    with pytest.raises(ReasonMissing), transaction():
        undo_check_in(arrival, " ", by=BY)
    with transaction():
        undo_check_in(arrival, "mauvaise personne", by=BY)
    [record] = db.session.scalars(select(AuditRecord).where(AuditRecord.action == "checkin.undo"))
    assert (record.reason, record.details["desk"]) == ("mauvaise personne", "Hall 1")
    assert scan(edition, code).result is ScanResult.WELCOME


def test_outaouais_has_arrived_in_part(edition: Edition) -> None:
    first, second, _third = outaouais(edition)
    admit(edition, "Venue Seule")
    for one in (first, second):
        scan(edition, badge_of(one).short_code)
    for text in ("outaouais", "OUTA", "dkr05-out", "Outaouáis"):
        [party] = checkin.arrivals(edition, text)
        assert (party.name, party.arrived, party.expected) == ("Outaouais", 2, 3)
    assert checkin.arrivals(edition, "%") == []
    assert [(p.code, p.expected) for p in checkin.arrivals(edition)] == [("DKR05-OUT", 3), ("", 1)]
    missing = [one.name for one in people(edition, party="DKR05-OUT") if one.at is None]
    assert missing == [NAMES[2]]
    assert [one.name for one in people(edition, text="n’exemple")] == [NAMES[1]]
    assert [one.name for one in people(edition, party="")] == ["Venue Seule"]
    counts = badge_counts(edition)
    assert (counts.admitted, counts.issued, counts.collected, counts.missing) == (4, 2, 2, 2)


def test_the_roster_knows_every_badge_and_nothing_of_money_or_needs(
    edition: Edition, ondine: Registration
) -> None:
    badge_of(ondine)
    with transaction():
        badges.reissue(ondine, "Badge perdu", by=BY)
        ondine.person.diet, ondine.person.access_needs = "sans arachide", "rampe"
    rows = roster(edition)
    assert [(row["name"], row["good"]) for row in rows] == [
        ("Ondine Exemple", False),
        ("Ondine Exemple", True),
    ]
    assert set(rows[0]) == {
        "serial",
        "token",
        "code",
        "name",
        "delegation",
        "role",
        "seat",
        "good",
        "at",
        "desk",
    }


def test_a_scan_asks_few_questions(edition: Edition, ondine: Registration) -> None:
    code = badges.signed_code(edition, badge_of(ondine))
    db.session.refresh(edition)
    with transaction():
        db.session.refresh(edition)
        with count_queries() as seen:
            check_in(edition, ScanBadge(code=code, desk="Hall 1", scan_key="k"), by=BY)
    assert len(seen) <= 3, seen


def test_one_badge_at_many_desks_at_the_same_moment_arrives_once(
    app: Flask, edition: Edition, ondine: Registration
) -> None:
    code, results = badge_of(ondine).short_code, _at_once(app, edition, badge_of(ondine).short_code)
    assert results.count(ScanResult.WELCOME) == 1
    assert results.count(ScanResult.ALREADY_IN) == _DESKS - 1
    assert (_count(CheckIn), _count(Scan)) == (1, _DESKS)
    assert scan(edition, code).result is ScanResult.ALREADY_IN


def test_a_badge_replaced_while_it_is_being_scanned_opens_no_door(
    app: Flask, edition: Edition, ondine: Registration
) -> None:
    code, edition_id = badge_of(ondine).short_code, edition.id

    def desk() -> ScanResult:
        with app.app_context(), transaction():
            command = ScanBadge(code=code, desk="Hall 1", scan_key="late")
            return check_in(db.session.get_one(Edition, edition_id), command, by=BY).result

    with ThreadPoolExecutor(1) as thread:
        with transaction():
            badges.reissue(ondine, "Badge perdu", by=BY)
            waiting = thread.submit(desk)
            assert not wait([waiting], timeout=0.5).done, "the desk waits for the copy to be made"
        assert waiting.result(timeout=20) is ScanResult.REVOKED
    assert _count(CheckIn) == 0


def test_without_the_lock_the_same_rush_is_answered_wrongly(
    app: Flask, edition: Edition, ondine: Registration, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: desks that all look before any of them writes all see nobody."""
    gate = Barrier(_DESKS, timeout=20)
    looked = checkin._before

    def look_together(badge: Badge | None, command: ScanBadge) -> tuple[int | None, int | None]:
        found = looked(badge, command)
        gate.wait()
        return found

    monkeypatch.setattr(checkin, "_before", look_together)
    monkeypatch.setattr(checkin, "_locked_badge", _unlocked)
    with pytest.raises(Exception, match=r"(?i)unique|locked|duplicate"):
        _at_once(app, edition, badge_of(ondine).short_code, locking=False)


_DESKS = 6


def _unlocked(short_code: str) -> Badge | None:
    return db.session.scalar(select(Badge).where(Badge.short_code == short_code))


def _at_once(app: Flask, edition: Edition, code: str, *, locking: bool = True) -> list[ScanResult]:
    """What that many desks are told when they present one badge together."""
    start, edition_id = Barrier(_DESKS), edition.id

    def desk(number: int) -> ScanResult:
        with app.app_context():
            start.wait()
            command = ScanBadge(code=code, desk=f"Hall {number}", scan_key=f"rush-{number}")
            try:
                if locking:
                    with transaction():
                        return check_in(db.session.get_one(Edition, edition_id), command, by=BY).result
                result = check_in(db.session.get_one(Edition, edition_id), command, by=BY).result
                db.session.commit()
                return result
            finally:
                db.session.remove()

    db.session.rollback()
    with ThreadPoolExecutor(_DESKS) as threads:
        return list(threads.map(desk, range(_DESKS)))
