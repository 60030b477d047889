"""Fifteen answers on one screen: for a head, a coordinator, an organiser."""

from typing import Any

from flask import render_template, url_for
from sqlalchemy import select

from access.asking import person
from access.policy import Permission, can
from delegations import queries
from delegations.answers import coordinator as network_answers
from delegations.answers import head as head_answers
from delegations.answers import organiser as edition_answers
from delegations.funding import dues
from delegations.funding.agreement_words import DUTIES
from delegations.models import Delegation
from delegations.pages import blueprint
from events.models import Edition
from shared.clock import today
from shared.database import db
from shared.errors import NotFound
from shared.i18n import _
from shared.web import requires

P = Permission


@blueprint.get("/delegations/<code>/answers")
@requires(P.DELEGATION_READ)
def head_asks(code: str) -> Any:
    """A delegation at a glance."""
    delegation = queries.find_delegation(code, person())
    return render_template(
        "delegations/answers.html",
        title=delegation.name,
        sentence=_(
            "What a head of delegation wants to know, at a glance; each answer leads to what makes it."
        ),
        back=[{"url": url_for("delegations.show", code=code), "label": delegation.name}],
        topics=head_answers.TOPICS,
        answers=head_answers.answers(delegation),
    )


@blueprint.get("/delegations/answers/<code>")
@requires(P.DELEGATION_READ)
def coordinator_asks(code: str) -> Any:
    """All the delegations of an edition that the reader looks after, at a glance."""
    edition = _edition(code)
    mine = queries.delegations_within_reach(person()).where(Delegation.edition_id == edition.id)
    found = db.session.scalars(mine.order_by(Delegation.code)).all()
    if not found:
        raise NotFound
    return render_template(
        "delegations/answers.html",
        title=_("The delegations of %(edition)s", edition=edition.name),
        sentence=_("What a coordinator wants to know, at a glance; each answer leads to what makes it."),
        back=[{"url": url_for("delegations.index"), "label": _("Delegations")}],
        topics=network_answers.TOPICS,
        answers=network_answers.answers(
            edition, found, wide=can(person(), P.DELEGATION_READ, edition_id=edition.id)
        ),
    )


@blueprint.get("/manage/events/<code>/answers")
@requires(P.REGISTRATION_READ)
def organiser_asks(code: str) -> Any:
    """A gathering at a glance, for who organises it."""
    edition = _edition(code)
    if not can(person(), P.REGISTRATION_READ, edition_id=edition.id):
        raise NotFound
    return render_template(
        "delegations/answers.html",
        title=edition.name,
        sentence=_("What an organiser wants to know, at a glance; each answer leads to what makes it."),
        back=[{"url": url_for("manage.overview", code=code), "label": edition.name}],
        topics=edition_answers.TOPICS,
        answers=edition_answers.answers(
            edition,
            edition_answers.May(
                manage=can(person(), P.EDITION_MANAGE, edition_id=edition.id),
                accredit=can(person(), P.NOMINATION_ACCREDIT, edition_id=edition.id),
                print=can(person(), P.BADGE_ISSUE, edition_id=edition.id),
            ),
        ),
        due=dues.due_in(edition.id) if can(person(), P.DELEGATION_READ, edition_id=edition.id) else (),
        kinds=DUTIES,
        edition=edition,
        today=today(),
    )


def _edition(code: str) -> Edition:
    edition = db.session.scalar(select(Edition).where(Edition.code == code))
    if edition is None:
        raise NotFound
    return edition
