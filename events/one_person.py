"""What keeps two records of people from being made one at a gathering, and what of it moves with them."""

from sqlalchemy import select
from sqlalchemy.orm import aliased

from events.models import NOBODY_COMES, Edition, Registration, VisaRequest
from network.merging import Tie
from network.models import Person
from shared.database import db
from shared.errors import DomainError
from shared.i18n import _l

TIES = (
    Tie(Registration.person_id, _l("Registrations, with their badges")),
    Tie(VisaRequest.person_id, _l("Visa requests")),
)


class BothRegistered(DomainError):
    """Both records hold a registration of one gathering: one of them is cancelled first."""

    code = "both_registered"
    message = _l("%(one)s and %(other)s are both registered for %(edition)s: cancel one of the two first.")


def one_registration(duplicate: Person, into: Person) -> None:
    """Raises `BothRegistered` when both hold a place, or wait for one, in the same edition."""
    other = aliased(Registration)
    edition = db.session.scalar(
        select(Edition.name)
        .join(Registration, Registration.edition_id == Edition.id)
        .join(other, other.edition_id == Edition.id)
        .where(
            Registration.person_id == duplicate.id,
            Registration.status.not_in(NOBODY_COMES),
            other.person_id == into.id,
            other.status.not_in(NOBODY_COMES),
        )
    )
    if edition:
        raise BothRegistered(one=duplicate.name, other=into.name, edition=edition)
