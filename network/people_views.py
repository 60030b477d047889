"""People entered twice: two records side by side, made one or parted again, or kept apart for good."""

from typing import Any

from flask import flash, redirect, render_template, request, url_for

from access.asking import person
from access.policy import Permission, reach
from network import doubles, merging
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
    found = doubles.doubles()
    return render_template(
        "network/doubles.html",
        doubles=found,
        held=merging.held_by([one.id for pair in found for one in (pair.first, pair.second)]),
        merged=doubles.merged(),
        looked_at=doubles.looked_at(),
        why=LIKENESSES,
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
            merging.merge(duplicate, into, _reason(), by=actor)
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
            merging.part(duplicate, _reason(), by=actor)
            name = duplicate.name
    except DomainError as refused:
        flash(refused.sentence(), "error")
    else:
        flash(_("%(name)s is a person apart again.", name=name), "good")
    return redirect(url_for("network.double_people"))


@blueprint.post("/people/<int:person_id>/two")
@requires(P.NETWORK_EDIT)
def keep_people_apart(person_id: int) -> Any:
    """Say that this record and another are two people, or take that back."""
    actor = _everywhere()
    again = "again" in request.form
    try:
        with transaction():
            one, other = _person(person_id), _person(request.form.get("other", type=row_id) or 0)
            if again:
                merging.look_again(one, other, by=actor)
            else:
                merging.keep_apart(one, other, _reason(), by=actor)
            names = one.name, other.name
    except DomainError as refused:
        flash(refused.sentence(), "error")
    else:
        said = (
            _("%(first)s and %(second)s are looked at again.", first=names[0], second=names[1])
            if again
            else _(
                "%(first)s and %(second)s are two people. This is remembered.",
                first=names[0],
                second=names[1],
            )
        )
        flash(said, "good")
    return redirect(url_for("network.double_people"))


def _reason() -> str:
    return request.form.get("reason", "").strip()[:300]


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
