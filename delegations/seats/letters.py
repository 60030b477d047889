"""Nomination letters: sent by the delegation or the person, looked at by the organisers.

    missing → uploaded → verified / refused

A letter belongs to one nomination: a substitute brings another one.
"""

from collections.abc import Iterable

from sqlalchemy import select

from access.models import User
from delegations.lifecycle import moves as lifecycle
from delegations.models import CURRENT_NOMINATION, CredentialStatus, Nomination
from delegations.seats.letter_models import NominationLetter
from delegations.seats.nominations import NominationOver
from delegations.seats.seats import reason_of
from documents.uploads import harmless
from shared import audit
from shared.audit import Actor
from shared.clock import now
from shared.database import db, hold
from shared.errors import Conflict
from shared.i18n import LazyString, _l
from treasury.attachments import shown_name

C = CredentialStatus

STATES: dict[CredentialStatus, LazyString] = {
    C.MISSING: _l("no letter yet"),
    C.UPLOADED: _l("to be looked at"),
    C.VERIFIED: _l("verified"),
    C.REFUSED: _l("another one is needed"),
}
"""A letter's state in words."""


class AnotherLetter(Conflict):
    """While somebody looked at one letter, another one came or somebody else decided."""

    code = "another_letter"
    message = _l("Another letter came meanwhile, or somebody has decided: look at it again.")


def put(nomination: Nomination, content: bytes, label: str, *, by: Actor) -> NominationLetter:
    """Keep a letter, re-encoded or sandboxed; it is looked at before it counts. The same one is kept once.

    Raises `TooLarge`, `NotADocument`, `NominationOver`.
    """
    upload = harmless(content)
    _hold(nomination)
    last = letter_of(nomination)
    if last and last.sha256 == upload.sha256:
        return last
    known = db.session.scalar(
        select(NominationLetter).where(
            NominationLetter.nomination_id == nomination.id, NominationLetter.sha256 == upload.sha256
        )
    )
    if known:  # an earlier one comes back: it is the last one now
        db.session.delete(known)
        db.session.flush()
    letter = NominationLetter(
        nomination_id=nomination.id,
        media_type=upload.media_type,
        sha256=upload.sha256,
        size=len(upload.content),
        label=shown_name(label),
        content=upload.content,
        sent_by=by.actor_label,
    )
    db.session.add(letter)
    nomination.credential = C.UPLOADED
    audit.record("nomination.letter", nomination, by=by, sha256=upload.sha256)
    return letter


def letter_of(nomination: Nomination) -> NominationLetter | None:
    """The letter that counts: the last one."""
    return letters_of([nomination]).get(nomination.id)


def letters_of(nominations: Iterable[Nomination]) -> dict[int, NominationLetter]:
    """The letter that counts of each of these nominations, by their ids, without the content."""
    found = select(NominationLetter).where(
        NominationLetter.nomination_id.in_([one.id for one in nominations])
    )
    return {one.nomination_id: one for one in db.session.scalars(found.order_by(NominationLetter.id))}


def verify(nomination: Nomination, letter_id: int, *, by: User) -> NominationLetter:
    """Say that this letter names this person. Raises `AnotherLetter`, `NominationOver`."""
    letter = _looked_at(nomination, letter_id, by)
    nomination.credential = C.VERIFIED
    audit.record("nomination.letter_verified", nomination, by=by, sha256=letter.sha256)
    return letter


def refuse(nomination: Nomination, letter_id: int, reason: str, *, by: User) -> NominationLetter:
    """Say what is wrong with this letter; another one is waited for.

    Raises `AnotherLetter`, `NominationOver`, `ReasonMissing`.
    """
    reason = reason_of(reason)
    letter = _looked_at(nomination, letter_id, by)
    letter.refused_because, nomination.credential = reason, C.REFUSED
    audit.record("nomination.letter_refused", nomination, by=by, reason=reason, sha256=letter.sha256)
    return letter


def _looked_at(nomination: Nomination, letter_id: int, by: User) -> NominationLetter:
    _hold(nomination)
    letter = letter_of(nomination)
    if letter is None or letter.id != letter_id or nomination.credential is not C.UPLOADED:
        raise AnotherLetter
    letter.looked_at, letter.looked_by_id, letter.refused_because = now(), by.id, ""
    return letter


def _hold(nomination: Nomination) -> None:
    hold(nomination)
    lifecycle.must_be(nomination.seat.delegation, *lifecycle.ALIVE)
    if nomination.status not in CURRENT_NOMINATION:
        raise NominationOver(state=nomination.status.value)
