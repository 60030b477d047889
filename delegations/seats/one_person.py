"""What of a delegation moves when two records are made one person, and what keeps them two."""

from delegations.models import Nomination
from delegations.seats import waiting
from delegations.seats.waiting_models import WaitingPerson
from events.models import Edition
from network.merging import Tie
from network.models import Person
from shared.database import db
from shared.errors import DomainError
from shared.i18n import _l

TIES = (
    Tie(Nomination.person_id, _l("Seats, now or earlier")),
    Tie(WaitingPerson.person_id, _l("Places in a line for a seat")),
)


class BothPlaced(DomainError):
    """Both records sit, or wait, in one gathering: one of them leaves first."""

    code = "both_placed"
    message = _l(
        "%(one)s and %(other)s both have a seat, or wait for one, at %(edition)s: free one of the two first."
    )


def one_place(duplicate: Person, into: Person) -> None:
    """Raises `BothPlaced` when both hold a seat of the same edition, or wait for one."""
    both = waiting.editions_of(duplicate.id) & waiting.editions_of(into.id)
    if both:
        edition = db.session.get_one(Edition, min(both))
        raise BothPlaced(one=duplicate.name, other=into.name, edition=edition.name)
