"""Needs and papers of a journey are gone thirty days after the gathering; what an auditor needs stays."""

from datetime import UTC, date, datetime, timedelta
from html import unescape

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from access.models import User
from delegations import forgetting
from delegations.composition import rules
from delegations.composition.measuring import Traits
from delegations.composition.models import SelfPortrait
from delegations.models import CredentialStatus, Delegation, Nomination, Seat
from delegations.seats import letters, nominations, travel, visas
from delegations.seats.letter_models import NominationLetter
from delegations.seats.nominations import Nominate
from delegations.seats.visa_models import InvitationLetter, TravelDocument, VisaStep
from delegations.stays import stays
from delegations.stays.models import Stay
from delegations.stays.stays import TellStay
from events import registration as registrations
from events.models import Edition, VisaRequest
from events.programme import VisaOutcome
from network.models import Person
from network.people import CompleteRecord
from outbox.jobs import Job
from shared import clock
from shared.audit import AuditRecord
from shared.database import db, transaction
from tests.conftest import sign_in
from tests.delegations.conftest import BY, accredited, person
from tests.delegations.test_letters import photograph


@pytest.fixture
def ondine_told(outaouais: Delegation) -> Person:
    """Ondine Exemple, named for Dakar, told what she eats and what she needs."""
    with transaction():
        nomination = nominations.nominate(
            outaouais.seats[0], Nominate(person=person("Ondine Exemple")), by=BY
        )
        nominations.complete(
            nomination,
            CompleteRecord(
                name="Ondine Exemple",
                country="CA",
                languages=("fr",),
                diet="sans arachides",
                access_needs="une rampe",
                access_needs_consent=True,
            ),
        )
    return nomination.person


def forget(day: date) -> int:
    with transaction():
        return forgetting.forget(day)


@pytest.mark.usefixtures("both_databases")
def test_what_was_told_for_a_gathering_is_forgotten_after_thirty_days(
    ondine_told: Person, dakar: Edition
) -> None:
    kept_until = dakar.ends_on + timedelta(days=30)
    assert forget(kept_until) == 0
    assert (ondine_told.diet, ondine_told.access_needs) == ("sans arachides", "une rampe")
    assert forget(kept_until + timedelta(days=1)) == 1
    assert (ondine_told.diet, ondine_told.access_needs) == ("", "")
    assert ondine_told.access_needs_consented_at is None
    assert (ondine_told.name, ondine_told.email) == ("Ondine Exemple", "ondine@example.org")
    assert forget(kept_until + timedelta(days=2)) == 0
    [trail] = db.session.scalars(select(AuditRecord).where(AuditRecord.action == "person.forget"))
    assert (trail.subject, trail.details) == (f"Person:{ondine_told.id}", {})


def test_a_later_gathering_and_one_who_was_at_none_keep_it(ondine_told: Person, dakar: Edition) -> None:
    with transaction():
        awa = Person(name="Awa Imaginaire", diet="végétalien")
        db.session.add(awa)
        dakar.ends_on += timedelta(days=365)  # it is put off: she still comes
    assert forget(date(2006, 6, 1)) == 0
    assert (ondine_told.diet, awa.diet) == ("sans arachides", "végétalien")


@pytest.fixture
def amina(seat: Seat, fatou: User) -> Nomination:
    """Amina Prototype told what she is, and has her letters; no consulate answered."""
    clock.travel_to(datetime(2005, 10, 20, 9, tzinfo=UTC))
    with transaction():
        nomination = accredited(seat, "Amina Prototype")
        letter = letters.put(nomination, photograph(), "lettre.jpg", by=BY)
        letters.verify(nomination, letter.id, by=fatou)
        assert seat.registration
        registrations.admit_unpaid(seat.registration, "Prise en charge", by=BY)
        rules.tell(nomination, Traits(None, True, None), by=BY)
        visas.issue_letter(nomination, funded=True, by=fatou)
        travel.tell(nomination, date(1960, 4, 3), "SPECIMEN", by=BY)
        stays.tell(nomination, TellStay(arrives_on=date(2005, 11, 21)), by=BY)
        visas.note(nomination, VisaOutcome.UNANSWERED, date(2005, 10, 18), by=BY)
    return nomination


PAPERS = (NominationLetter, TravelDocument, InvitationLetter, SelfPortrait, Stay, VisaStep, VisaRequest)


def kept() -> list[int]:
    """How many papers of each kind there are."""
    return [len(db.session.scalars(select(kind)).all()) for kind in PAPERS]


@pytest.mark.usefixtures("both_databases")
def test_papers_of_the_journey_go_thirty_days_after(amina: Nomination, dakar: Edition) -> None:
    kept_until = dakar.ends_on + timedelta(days=30)
    assert (forget(kept_until), kept()) == (0, [1, 1, 1, 1, 1, 2, 1])
    assert (forget(kept_until + timedelta(days=1)), kept()) == (8, [0, 0, 0, 0, 0, 0, 0])
    assert (amina.credential, amina.seat.code) == (CredentialStatus.VERIFIED, "DKR05-OUT-01")
    [trail] = db.session.scalars(select(AuditRecord).where(AuditRecord.action == "edition.forget"))
    assert (trail.details["outcomes"], trail.details["letters"]) == ({"unanswered": 1}, 1)
    assert forget(kept_until + timedelta(days=2)) == 0


def test_papers_of_a_gathering_to_come_stay(amina: Nomination, dakar: Edition) -> None:
    with transaction():
        dakar.ends_on += timedelta(days=365)
    assert (forget(date(2006, 6, 1)), kept()) == (0, [1, 1, 1, 1, 1, 2, 1])


def test_the_page_of_a_letter_says_that_it_is_gone(
    client: FlaskClient, amina: Nomination, fatou: User, dakar: Edition
) -> None:
    forget(dakar.ends_on + timedelta(days=31))
    sign_in(client, fatou)
    shown = client.get("/delegations/DKR05-OUT/seats/1/letter").text
    assert ("n’est plus conservée" in unescape(shown), "lettre.jpg" in shown) == (True, False)


def test_the_job_plans_the_next_day_once(ondine_told: Person, dakar: Edition) -> None:
    day = (dakar.ends_on + timedelta(days=40)).isoformat()
    for _twice in range(2):
        forgetting.forget_today({"day": day})
    assert ondine_told.diet == ""
    jobs = db.session.scalars(select(Job).where(Job.kind == forgetting.JOB)).all()
    assert [job.key for job in jobs] == [f"forgetting:{dakar.ends_on + timedelta(days=41)}"]
