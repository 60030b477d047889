"""Asking people when they come and where they sleep: one message each, and not twice within a day."""

from collections.abc import Sequence
from datetime import timedelta

from flask_babel import force_locale
from sqlalchemy import func, select

from access.models import PrivateLink
from delegations.models import Delegation, Nomination, NominationStatus
from delegations.seats import nominations
from delegations.sending import dated, send, spoken
from delegations.stays import stays
from delegations.stays.journeys import Traveller, travellers
from shared.audit import Actor
from shared.clock import now
from shared.database import db, hold
from shared.i18n import _

A_DAY = timedelta(days=1)


def to_ask(delegation: Delegation, known: Sequence[Traveller]) -> list[Nomination]:
    """Who completed their record, can be written to, has not told, and got no private link for a day."""
    if stays.is_over(delegation.edition):
        return []
    ready = [
        one.nomination
        for one in known
        if one.untold
        and one.nomination.status in (NominationStatus.COMPLETED, NominationStatus.ACCREDITED)
        and one.nomination.person.email
    ]
    lately = db.session.scalars(
        select(PrivateLink.subject_id)
        .where(PrivateLink.purpose == "nominee", PrivateLink.subject_id.in_([one.id for one in ready]))
        .group_by(PrivateLink.subject_id)
        .having(func.max(PrivateLink.created_at) > now() - A_DAY)
    ).all()
    return [one for one in ready if one.id not in lately]


def ask(delegation: Delegation, *, by: Actor) -> int:
    """Mail everybody of `to_ask` a new private link to the page of their stay. Returns how many they are."""
    hold(delegation)
    asked = to_ask(delegation, travellers(delegation))
    for nomination in asked:
        token = nominations.new_link(nomination, by=by, action="nomination.stay_asked")
        _write(nomination, token)
    return len(asked)


def _write(nomination: Nomination, token: str) -> None:
    person, edition = nomination.person, nomination.seat.delegation.edition
    with force_locale(spoken(person.locale)):
        send(
            person.email,
            _("When do you arrive? %(edition)s", edition=dated(edition)),
            [
                _("%(name)s, say when you arrive and leave, and whether you need a place to sleep.",
                  name=person.name),
                _("What you do not know yet can wait: the page takes it later too."),
                _("This link is yours alone. Do not pass it on."),
            ],
            _("Tell my journey"),
            f"/nominee/{token}/stay",
        )  # fmt: skip
