"""People entered twice: two records side by side, made one or parted again."""

from typing import Any

from flask import flash, redirect, render_template, request, url_for

from access.asking import person
from access.policy import Permission, reach
from network import doubles, people
from network.models import Person
from network.same_person import LIKENESSES
from network.views import blueprint
from shared.database import db, transaction
from shared.errors import DomainError, Forbidden, NotFound
from shared.i18n import _
from shared.web import requires, row_id

P = Permission


@blueprint.get("/people/doubles")
@requires(P.NETWORK_EDIT)
def double_people() -> Any:
    """The records that may be the same person, and those that were merged."""
    _everywhere()
    return render_template(
        "network/doubles.html", doubles=doubles.doubles(), merged=doubles.merged(), why=LIKENESSES
    )


@blueprint.post("/people/<int:person_id>/merge")
@requires(P.NETWORK_EDIT)
def merge_people(person_id: int) -> Any:
    """Say that this record and the one it is merged into are one person."""
    actor = _everywhere()
    into_id = request.form.get("into", type=row_id) or 0
    try:
        with transaction():
            duplicate, into = _person(person_id), _person(into_id)
            people.merge(duplicate, into, request.form.get("reason", "").strip()[:300], by=actor)
            names = duplicate.name, into.name
    except DomainError as refused:
        flash(refused.sentence(), "error")
    else:
        flash(
            _("%(first)s is now %(second)s. It can be undone below.", first=names[0], second=names[1]), "good"
        )
    return redirect(url_for("network.double_people"))


@blueprint.post("/people/<int:person_id>/part")
@requires(P.NETWORK_EDIT)
def part_people(person_id: int) -> Any:
    """Part what was merged by mistake."""
    actor = _everywhere()
    try:
        with transaction():
            duplicate = _person(person_id)
            people.unmerge(duplicate, "", by=actor)
            name = duplicate.name
    except DomainError as refused:
        flash(refused.sentence(), "error")
    else:
        flash(_("%(name)s is a person apart again.", name=name), "good")
    return redirect(url_for("network.double_people"))


def _everywhere() -> Any:
    """Who acts; people belong to no edition, so who looks after one alone does not see them all."""
    user = person()
    if user is None or not reach(user, P.NETWORK_EDIT).everywhere:
        raise Forbidden
    return user


def _person(person_id: int) -> Person:
    found = db.session.get(Person, person_id)
    if found is None:
        raise NotFound
    return found
