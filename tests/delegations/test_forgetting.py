"""Diets and access needs are gone thirty days after the gathering; what an auditor needs stays."""

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from delegations import forgetting
from delegations.models import Delegation
from delegations.seats import nominations
from delegations.seats.nominations import Nominate
from events.models import Edition
from network.models import Person
from network.people import CompleteRecord
from outbox.jobs import Job
from shared.audit import AuditRecord
from shared.database import db, transaction
from tests.delegations.conftest import BY, person


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


def test_the_job_plans_the_next_day_once(ondine_told: Person, dakar: Edition) -> None:
    day = (dakar.ends_on + timedelta(days=40)).isoformat()
    for _twice in range(2):
        forgetting.forget_today({"day": day})
    assert ondine_told.diet == ""
    jobs = db.session.scalars(select(Job).where(Job.kind == forgetting.JOB)).all()
    assert [job.key for job in jobs] == [f"forgetting:{dakar.ends_on + timedelta(days=41)}"]
