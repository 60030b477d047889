"""Birth date and passport number of somebody who asks for a visa: for the invitation letter, and no longer.

Only the person and who accredits read them; the trail says that they were told, never what.
"""

from datetime import date

from sqlalchemy import delete

from delegations.models import Nomination
from delegations.seats.visa_models import TravelDocument
from shared import audit
from shared.audit import Actor
from shared.clock import now
from shared.database import db


def document_of(nomination: Nomination) -> TravelDocument | None:
    """What the person told."""
    return db.session.get(TravelDocument, nomination.id)


def tell(nomination: Nomination, born_on: date | None, passport: str, *, by: Actor) -> None:
    """Keep what the person tells; telling nothing takes it away."""
    forget(nomination)
    number = "".join(passport.split()).upper()
    if born_on or number:
        db.session.add(
            TravelDocument(nomination_id=nomination.id, born_on=born_on, passport=number, told_at=now())
        )
    audit.record("visa.travel_document", nomination, by=by)


def forget(nomination: Nomination) -> None:
    """The consulate has answered, or the person left."""
    db.session.execute(delete(TravelDocument).where(TravelDocument.nomination_id == nomination.id))
