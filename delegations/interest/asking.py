"""Asking the network about a gathering: the question, kind reminders, and the answer, written or heard."""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import select

from access import links
from delegations.interest import messages
from delegations.interest.models import Interest, InterestReminder
from delegations.interest.whereabouts import may_remind, standing_of
from events.models import Edition
from network.models import Organisation
from shared import audit
from shared.audit import Actor
from shared.clock import now, today
from shared.database import db, hold, write
from shared.errors import DomainError
from shared.i18n import _l

LINK = "interest"


class CannotRemind(DomainError):
    """Nobody is reminded who answered, wants no reminder, was just written to, or has no address."""

    code = "cannot_remind"
    message = _l("%(name)s is not reminded now: the page says what to do instead.")


class ContradictoryAnswer(DomainError):
    """Who does not come this time neither hosts nor plans a delegation."""

    code = "contradictory_answer"
    status = 422
    message = _l(
        "“Not this time” goes with nothing else: untick the rest, or choose that you are interested."
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a body answers. Not `interested`: not this time."""

    interested: bool
    plans: bool = False
    hosts: bool = False
    note: str = ""


def ask(
    edition: Edition, organisations: Iterable[Organisation], *, is_demo: bool = False, by: Actor
) -> list[Interest]:
    """Ask those who were not asked yet; who has an address receives the question with a private link."""
    hold(edition)
    known = set(db.session.scalars(select(Interest.organisation_id).where(Interest.edition_id == edition.id)))
    asked = []
    for one in organisations:
        if one.id not in known:
            known.add(one.id)
            asked.append(note_asked(edition, one, is_demo=is_demo, by=by))
    for interest in asked:
        if interest.organisation.email:
            messages.tell_asked(interest, _link(interest))
    return asked


def note_asked(
    edition: Edition, organisation: Organisation, *, is_demo: bool = False, provenance: str = "", by: Actor
) -> Interest:
    """Write down that a body was asked, by whatever way: nothing is sent."""
    interest = Interest(
        edition_id=edition.id, organisation_id=organisation.id, is_demo=is_demo, provenance=provenance
    )
    write(interest)
    audit.record("interest.ask", interest, by=by, organisation=organisation.id, edition=edition.code)
    return interest


def remind(interest: Interest, *, by: Actor) -> InterestReminder:
    """Send the next reminder. Pressed twice, the second finds that it has just left.

    Raises `CannotRemind`.
    """
    hold(interest)
    if not may_remind(standing_of(interest), today()):
        raise CannotRemind(name=interest.organisation.name)
    return _send_reminder(interest, by=by)


def remind_all(edition: Edition, *, by: Actor) -> int:
    """Remind everybody whose turn it is, once even when two press at once; how many were written to."""
    silent = db.session.scalars(
        select(Interest)
        .where(
            Interest.edition_id == edition.id, Interest.answered_at.is_(None), Interest.stopped_at.is_(None)
        )
        .order_by(Interest.id)
    ).all()
    sent = 0
    for one in silent:
        if may_remind(standing_of(one), today()):
            hold(one)  # and look again: somebody else may have just done it
            if may_remind(standing_of(one), today()):
                _send_reminder(one, by=by)
                sent += 1
    return sent


def _send_reminder(interest: Interest, *, by: Actor) -> InterestReminder:
    reminder = InterestReminder(interest_id=interest.id, number=len(interest.reminders) + 1)
    write(reminder)
    audit.record("interest.remind", interest, by=by, number=reminder.number)
    messages.tell_reminded(interest, reminder.number, _link(interest))
    return reminder


def answer(interest: Interest, told: Answer, *, by: Actor) -> Interest:
    """Write down what a body answers; answering again replaces it. Raises `ContradictoryAnswer`."""
    if not told.interested and (told.plans or told.hosts):
        raise ContradictoryAnswer(field="interested")
    hold(interest)
    interest.answered_at = now()
    interest.interested, interest.plans, interest.hosts = told.interested, told.plans, told.hosts
    interest.note = " ".join(told.note.split())
    audit.record(
        "interest.answer", interest, by=by, interested=told.interested, plans=told.plans, hosts=told.hosts
    )
    return interest


def stop(interest: Interest, *, by: Actor) -> None:
    """Send it no more reminders about this gathering; twice is once."""
    hold(interest)
    if not interest.stopped_at:
        interest.stopped_at = now()
        audit.record("interest.stop", interest, by=by)


def resume(interest: Interest, *, by: Actor) -> None:
    """It wants to be reminded after all."""
    hold(interest)
    if interest.stopped_at:
        interest.stopped_at = None
        audit.record("interest.resume", interest, by=by)


def _link(interest: Interest) -> str:
    return links.issue_link(LINK, interest.id, messages.until(interest.edition))
