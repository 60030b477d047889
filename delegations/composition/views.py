"""What an edition wants of its delegations, how each of them stands, and the gathering as a whole."""

from typing import Any

from flask import flash, redirect, url_for
from sqlalchemy import select
from wtforms import BooleanField, IntegerField, SelectField
from wtforms.validators import InputRequired

from access.asking import person
from access.policy import Permission, can
from delegations import queries
from delegations.composition import rules
from delegations.composition.balance import balances_of, whole_balance
from delegations.composition.measuring import FIVE, Wanted
from delegations.composition.models import RuleKind
from delegations.composition.words import sentence_of, wanted_of
from delegations.models import Delegation
from delegations.pages import actor, blueprint, form_page
from network.wording import COMPONENTS
from shared.database import db, transaction
from shared.errors import DomainError, Forbidden
from shared.forms import Form, as_choices, explain
from shared.i18n import _, _l
from shared.web import requires

P = Permission


class RuleForm(Form):
    """What is wanted, how much of it, and whether it binds."""

    kind = SelectField(_l("What is wanted"), choices=lambda: as_choices(rules.NAMES.items()))
    value = IntegerField(_l("How many"), [InputRequired()])
    binds = BooleanField(
        _l(
            "It binds: no record is confirmed that would make it impossible, "
            "and no delegation is locked before it is kept"
        )
    )
    together = BooleanField(_l("Measured over the whole gathering, not over each delegation"))


@blueprint.route("/delegations/composition/<code>", methods=["GET", "POST"])
@requires(P.DELEGATION_READ)
def composition(code: str) -> Any:
    """The rules, the gathering as one, and each delegation's balance."""
    edition = queries.find_edition(code, person(), P.DELEGATION_READ)
    may_set = can(person(), P.DELEGATION_ALLOCATE, edition_id=edition.id)
    form = RuleForm()
    if form.is_submitted() and not may_set:
        raise Forbidden
    if form.validate_on_submit():
        wanted = Wanted(RuleKind(form.kind.data), form.value.data or 0)
        try:
            with transaction():
                rules.set_rule(
                    edition, wanted, binds=form.binds.data, together=form.together.data, by=actor()
                )
        except DomainError as refused:
            explain(form, refused)
        else:
            flash(_("The rule holds from now on."), "good")
            return redirect(url_for("delegations.composition", code=code))
    found = select(Delegation).where(Delegation.edition_id == edition.id).order_by(Delegation.code)
    balances = balances_of(edition)
    return form_page(
        "delegations/composition.html",
        form,
        edition=edition,
        rules=rules.rules_of(edition.id),
        whole=whole_balance(edition),
        rows=[(one, balances[one.id]) for one in db.session.scalars(found) if balances[one.id].people],
        names=rules.NAMES,
        components=COMPONENTS,
        five=FIVE,
        wanted_of=wanted_of,
        sentence_of=sentence_of,
        may_set=may_set,
    )


@blueprint.post("/delegations/composition/<code>/<int:rule_id>/lift")
@requires(P.DELEGATION_ALLOCATE)
def lift_rule(code: str, rule_id: int) -> Any:
    """Want it no more."""
    edition = queries.find_edition(code, person(), P.DELEGATION_ALLOCATE)
    with transaction():
        rules.lift_rule(edition, rule_id, by=actor())
    flash(_("The rule is lifted."), "good")
    return redirect(url_for("delegations.composition", code=code))
