"""Somebody named without an e-mail address: the delegation reaches them, by an address or by hand."""

from delegations.models import Nomination
from delegations.seats import nominations
from network import people
from network.models import Person
from shared.audit import Actor
from shared.database import hold
from shared.errors import DomainError
from shared.i18n import _l


class AddressKnown(DomainError):
    """Somebody can be written to: the link goes there and nowhere else."""

    code = "address_known"
    message = _l("An e-mail address of %(name)s is known by now: send the private link there.")


def give_address(nomination: Nomination, email: str, *, by: Actor) -> str:
    """Say where a person who had no address is written to, and mail them their link. Returns its token.

    Raises `AddressKnown` (an address is its person's: nobody else replaces it), `NominationOver`.
    """
    hold(nomination)
    hold(nomination.person)
    _must_have_no_address(nomination.person)
    people.give_address(nomination.person, email, by=by)
    return nominations.send_link(nomination, by=by)


def hand_over_link(nomination: Nomination, *, by: Actor) -> str:
    """A new link for the delegation to hand to the person; earlier ones stop working. Returns its token.

    Raises `AddressKnown`: where a message arrives, the link is the person's alone. Raises `NominationOver`.
    """
    hold(nomination)
    _must_have_no_address(nomination.person)
    nominations.must_be_unfinished(nomination)
    return nominations.new_link(nomination, by=by, action="nomination.link_handed")


def _must_have_no_address(person: Person) -> None:
    if person.email:
        raise AddressKnown(field="email", name=person.name)
