"""Pages about funds: opened and described, overdrafts, commitments, who keeps them, how the books began."""

from typing import Any, TypeVar

from babel import Locale
from flask import Blueprint, flash, redirect, render_template, request, url_for
from sqlalchemy import select

from access.policy import Permission
from shared.database import Base, db, transaction
from shared.errors import DomainError, NotFound
from shared.forms import explain, reader
from shared.i18n import _
from shared.web import requires, row_id
from treasury.books.frameworks import frameworks
from treasury.drafting import drafted
from treasury.forms import day, words
from treasury.funds import commitments, funds, openings, overdrafts
from treasury.funds.commitment_models import Commitment
from treasury.funds.forms import (
    CommitmentForm,
    EntityForm,
    FundForm,
    NewFundForm,
    OpeningForm,
    OverdraftForm,
    ReleaseForm,
)
from treasury.funds.models import LegalEntity, Overdraft
from treasury.models import Fund, FundKind
from treasury.pages import page_context, whoever_acts
from treasury.reports import journal_queries
from treasury.wording import COMMITMENT_STEPS

blueprint = Blueprint("funds", __name__, url_prefix="/treasury")
blueprint.context_processor(page_context)

Row = TypeVar("Row", bound=Base)


@blueprint.route("/funds/new", methods=["GET", "POST"])
@requires(Permission.ENTRY_RECORD)
def new_fund() -> Any:
    """Open a fund by hand."""
    form = NewFundForm()
    if form.validate_on_submit():
        try:
            with transaction():
                kind = FundKind(form.kind.data)
                code = funds.open_fund(words(form.code), kind, form.command(), by=whoever_acts()).code
        except DomainError as refused:
            explain(form, refused)
        else:
            return redirect(url_for("treasury.fund", code=code))
    return _form("fund_form", form, fund=None)


@blueprint.route("/fund-details/<int:fund_id>", methods=["GET", "POST"])
@requires(Permission.ENTRY_RECORD)
def describe_fund(fund_id: int) -> Any:
    """Say what a fund is for, when it may be spent, who keeps it."""
    fund = _found(Fund, fund_id)
    form = FundForm(obj=fund, data={"entity": str(fund.entity_id or "")})
    if form.validate_on_submit():
        try:
            with transaction():
                code = funds.describe(_found(Fund, fund_id), form.command(), by=whoever_acts()).code
        except DomainError as refused:
            explain(form, refused)
        else:
            return redirect(url_for("treasury.fund", code=code))
    return _form("fund_form", form, fund=_found(Fund, fund_id))


@blueprint.route("/overdrafts/new", methods=["GET", "POST"])
@requires(Permission.ENTRY_APPROVE)
def new_overdraft() -> Any:
    """Let a fund go below zero, for a reason."""
    form = OverdraftForm(data={"fund": request.args.get("fund", "")})
    if form.validate_on_submit():
        try:
            with transaction():
                allowed = overdrafts.allow(form.command(), by=whoever_acts())
                code = db.session.get_one(Fund, allowed.fund_id).code
        except DomainError as refused:
            explain(form, refused)
        else:
            flash(_("The overdraft is allowed, and its reason is kept."), "good")
            return redirect(url_for("treasury.fund", code=code))
    return _form("overdraft_form", form)


@blueprint.post("/overdrafts/<int:overdraft_id>/withdraw")
@requires(Permission.ENTRY_APPROVE)
def withdraw_overdraft(overdraft_id: int) -> Any:
    """Allow it no longer."""
    with transaction():
        overdraft = overdrafts.withdraw(_found(Overdraft, overdraft_id), by=whoever_acts())
        code = db.session.get_one(Fund, overdraft.fund_id).code
    flash(_("The overdraft is allowed no longer."), "good")
    return redirect(url_for("treasury.fund", code=code))


@blueprint.get("/commitments")
@requires(Permission.LEDGER_READ)
def all_commitments() -> Any:
    """What is promised and not yet paid."""
    return render_template("treasury/commitments.html", found=commitments.outstanding())


@blueprint.route("/commitments/new", methods=["GET", "POST"])
@requires(Permission.ENTRY_RECORD)
def new_commitment() -> Any:
    """Promise money of a fund."""
    form = CommitmentForm(data={"fund": request.args.get("fund", "")})
    if form.validate_on_submit():
        try:
            with transaction():
                commitment_id = commitments.reserve(form.command(), by=whoever_acts()).id
        except DomainError as refused:
            explain(form, refused)
        else:
            flash(_("Promised: it is kept aside until it is paid or given back."), "good")
            return redirect(url_for("funds.commitment", commitment_id=commitment_id))
    return _form("commitment_form", form)


@blueprint.get("/commitments/<int:commitment_id>")
@requires(Permission.LEDGER_READ)
def commitment(commitment_id: int) -> Any:
    """One promise, and what became of it."""
    return _commitment_page(_found(Commitment, commitment_id), ReleaseForm())


@blueprint.post("/commitments/<int:commitment_id>/release")
@requires(Permission.ENTRY_RECORD)
def release_commitment(commitment_id: int) -> Any:
    """Give back a part or all of a promise."""
    found = _found(Commitment, commitment_id)
    form = ReleaseForm()
    form.amount.currency = found.currency
    if form.validate_on_submit():
        try:
            with transaction():
                commitments.release(
                    _found(Commitment, commitment_id),
                    form.amount.required(),
                    words(form.reason),
                    by=whoever_acts(),
                )
        except DomainError as refused:
            explain(form, refused)
        else:
            flash(_("Given back to the fund: it is available again."), "good")
            return redirect(url_for("funds.commitment", commitment_id=commitment_id))
    return _commitment_page(_found(Commitment, commitment_id), form)


@blueprint.post("/entries/<int:entry_id>/commitment")
@requires(Permission.ENTRY_RECORD)
def consume(entry_id: int) -> Any:
    """Say which promise a draft pays."""
    try:
        with transaction():
            chosen = request.form.get("commitment", type=row_id) or 0
            commitments.intend(journal_queries.entry(entry_id), _found(Commitment, chosen))
    except NotFound:
        raise
    except DomainError as refused:
        flash(refused.sentence(), "error")
    else:
        flash(_("Once approved, the draft pays this promise."), "good")
    return redirect(url_for("treasury.entry", entry_id=entry_id))


def _commitment_page(found: Commitment, form: ReleaseForm) -> Any:
    form.amount.currency = found.currency
    if not form.is_submitted():
        form = ReleaseForm(data={"amount": found.outstanding})
    return _form("commitment", form, commitment=found, steps=COMMITMENT_STEPS)


@blueprint.get("/entities")
@requires(Permission.LEDGER_READ)
def entities() -> Any:
    """The legal entities that keep money."""
    found = db.session.scalars(select(LegalEntity).order_by(LegalEntity.name)).all()
    charts = {key: one.title[reader()] for key, one in frameworks().items()}
    spoken = Locale.parse(reader())
    return render_template(
        "treasury/entities.html",
        entities=found,
        charts=charts,
        countries=spoken.territories,
        months=spoken.months["stand-alone"]["wide"],
    )


@blueprint.route("/entities/new", methods=["GET", "POST"])
@requires(Permission.ENTRY_RECORD)
def new_entity() -> Any:
    """Enter a legal entity."""
    form = EntityForm()
    if form.validate_on_submit():
        with transaction():
            funds.describe_entity(None, form.command(), by=whoever_acts())
        return redirect(url_for("funds.entities"))
    return _form("entity_form", form, entity=None)


@blueprint.route("/entities/<int:entity_id>", methods=["GET", "POST"])
@requires(Permission.ENTRY_RECORD)
def describe_entity(entity_id: int) -> Any:
    """Change what is known of a legal entity."""
    form = EntityForm(obj=_found(LegalEntity, entity_id))
    if form.validate_on_submit():
        with transaction():
            funds.describe_entity(_found(LegalEntity, entity_id), form.command(), by=whoever_acts())
        return redirect(url_for("funds.entities"))
    return _form("entity_form", form, entity=_found(LegalEntity, entity_id))


@blueprint.post("/entities/<int:entity_id>/default")
@requires(Permission.ENTRY_RECORD)
def default_entity(entity_id: int) -> Any:
    """Funds that name nobody are kept by this one."""
    with transaction():
        funds.make_default(_found(LegalEntity, entity_id), by=whoever_acts())
    return redirect(url_for("funds.entities"))


@blueprint.route("/openings/new", methods=["GET", "POST"])
@requires(Permission.ENTRY_RECORD)
def new_opening() -> Any:
    """Say what stood on each account when the books begin; another person posts it."""
    form = OpeningForm()
    if form.validate_on_submit():
        return drafted(
            form,
            lambda: openings.open_books(
                day(form.dated_on),
                words(form.narration),
                form.openings(),
                by=whoever_acts(),
                idempotency_key=form.key,
            ),
            "treasury/opening_form.html",
        )
    return _form("opening_form", form)


def _form(template: str, form: Any, **more: Any) -> Any:
    page = render_template(f"treasury/{template}.html", form=form, **more)
    return page, 422 if form.errors or form.form_errors else 200


def _found(kind: type[Row], key: int) -> Row:
    found = db.session.get(kind, key)
    if found is None:
        raise NotFound
    return found
