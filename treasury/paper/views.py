"""Papers as pages: found, issued for a payment, printed, sent, voided and replaced; and read by the payer."""

from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for

from access import links
from access.asking import speak
from access.policy import Permission
from shared.database import db, transaction
from shared.errors import DomainError
from shared.forms import explain, reader
from shared.i18n import _, ngettext
from shared.limits import limiter
from shared.money import Money, format_money
from shared.web import page_number, public, requires
from treasury.models import Payment, PaymentStatus
from treasury.pages import page_context, whoever_acts
from treasury.paper import messages as paper_messages
from treasury.paper import outlived, papers, payment_papers
from treasury.paper.forms import CreditForm, PaperForm, VoidForm
from treasury.paper.models import Paper, PaperKind
from treasury.paper.outlived import Outlived
from treasury.reports import journal_queries

blueprint = Blueprint("papers", __name__)
blueprint.context_processor(page_context)

_PAGE = 50


@blueprint.get("/treasury/papers")
@requires(Permission.LEDGER_READ)
def index() -> Any:
    """Every paper that left the house, and its series of numbers."""
    text = request.args.get("q", "").strip()[:100]
    asked = request.args.get("kind", "")
    kind = PaperKind(asked) if asked in set(PaperKind) else None
    voided = request.args.get("voided") == "1"
    listed = db.paginate(
        papers.papers(text, kind, voided=voided),
        page=page_number(),
        per_page=_PAGE,
        error_out=False,
    )
    return render_template(
        "treasury/papers.html",
        page=listed,
        text=text,
        kind=kind,
        voided=voided,
        kinds=list(PaperKind),
        series=papers.series(),
        missing=payment_papers.count_missing(),
        at_once=payment_papers.AT_ONCE,
    )


@blueprint.post("/treasury/papers/missing")
@requires(Permission.PAPER_ISSUE)
def issue_missing() -> Any:
    """Acknowledge everything that came and has no paper yet, and have each payer receive it."""
    try:
        with transaction():
            count = payment_papers.acknowledge_all(by=whoever_acts())
    except DomainError as refused:
        flash(refused.sentence(), "error")
    else:
        flash(ngettext("%(num)s paper is issued.", "%(num)s papers are issued.", count), "good")
    return redirect(url_for("papers.index"))


@blueprint.get("/treasury/papers/<int:paper_id>")
@requires(Permission.LEDGER_READ)
def show(paper_id: int) -> Any:
    """One paper: what it says, what became of it, what can be done."""
    paper = papers.find(paper_id)
    invoice = paper.kind is PaperKind.INVOICE
    return render_template(
        "treasury/paper.html",
        paper=paper,
        replaced_by=papers.replaced_by(paper),
        outlived=outlived.outlived_by(paper),
        credit_notes=papers.credit_notes(paper) if invoice else (),
        still_asked=payment_papers.still_asked(paper) if invoice else None,
    )


@blueprint.get("/treasury/papers/<int:paper_id>/print.pdf")
@requires(Permission.LEDGER_READ)
def print_pdf(paper_id: int) -> Any:
    """The paper as it was printed the first time."""
    return _pdf(papers.find(paper_id))


def _pdf(paper: Paper) -> Response:
    name = f"{paper.serial}.pdf"
    return Response(
        papers.printed(paper.id),
        mimetype="application/pdf",
        headers={"Content-Disposition": f'inline; filename="{name}"'},
    )


@blueprint.post("/treasury/papers/<int:paper_id>/send")
@requires(Permission.PAPER_ISSUE)
def send(paper_id: int) -> Any:
    """Have it delivered by e-mail."""
    try:
        with transaction():
            papers.send(papers.find(paper_id), by=whoever_acts())
    except DomainError as refused:
        flash(refused.sentence(), "error")
    else:
        flash(_("It is on its way."), "good")
    return redirect(url_for("papers.show", paper_id=paper_id))


@blueprint.route("/treasury/papers/<int:paper_id>/void", methods=["GET", "POST"])
@requires(Permission.PAPER_ISSUE)
def void(paper_id: int) -> Any:
    """Void a paper with a reason, and issue another in its place."""
    paper = papers.find(paper_id)
    gone = outlived.outlived_by(paper)
    form = VoidForm(
        reason=_why(gone) if gone else "",
        name=paper.addressee,
        address=paper.facts.get("address", ""),
        email=paper.email,
        locale=paper.locale,
        replace=gone is None or gone.left.minor > 0,
        send=bool(paper.email),
    )
    if not form.validate_on_submit():
        return _void_page(form, paper_id, 422 if form.errors else 200)
    try:
        with transaction():
            shown = _voided(papers.find(paper_id), form)
    except DomainError as refused:
        explain(form, refused)
        return _void_page(form, paper_id, 409)
    flash(_("Voided. Its number stays taken, and its reason can be read."), "good")
    return redirect(url_for("papers.show", paper_id=shown))


def _void_page(form: VoidForm, paper_id: int, status: int) -> Any:
    paper = papers.find(paper_id)
    page = render_template(
        "treasury/paper_void.html", form=form, paper=paper, gone=outlived.outlived_by(paper)
    )
    return page, status


def _why(gone: Outlived) -> str:
    """The likely reason, to be changed by whoever knows better."""
    words = {"said": format_money(gone.said, reader()), "left": format_money(gone.left, reader())}
    if gone.left.minor > 0:
        return str(_("Given or taken back in part: of %(said)s, %(left)s is left", **words))
    return str(_("Given or taken back: nothing is left of %(said)s", **words))


def _voided(paper: Paper, form: VoidForm) -> int:
    """Do it; the id of the paper to show next."""
    reason = (form.reason.data or "").strip()
    if not form.replace.data:
        return papers.void(paper, reason, by=whoever_acts()).id
    new = outlived.replace(paper, reason, form.correction(), by=whoever_acts())
    if form.send.data and new.email:
        papers.send(new, by=whoever_acts())
    return new.id


@blueprint.route("/treasury/papers/<int:paper_id>/credit", methods=["GET", "POST"])
@requires(Permission.PAPER_ISSUE)
def credit(paper_id: int) -> Any:
    """Issue a credit note on an invoice."""
    invoice = papers.find(paper_id)
    still = payment_papers.still_asked(invoice)
    if request.method == "GET" and not still:
        flash(_("Nothing is left to credit on this invoice."), "wait")
        return redirect(url_for("papers.show", paper_id=paper_id))
    form = CreditForm(amount=still)
    form.amount.currency = invoice.currency
    if not form.validate_on_submit():
        return _credit_page(form, invoice, still, 422 if form.errors else 200)
    try:
        with transaction():
            note = payment_papers.credit(
                papers.find(paper_id), form.amount.required(), form.reason.data or "", by=whoever_acts()
            ).id
    except DomainError as refused:
        explain(form, refused)
        return _credit_page(form, papers.find(paper_id), still, refused.status)
    flash(_("The credit note is issued."), "good")
    return redirect(url_for("papers.show", paper_id=note))


def _credit_page(form: CreditForm, invoice: Paper, still: Money, status: int) -> Any:
    page = render_template("treasury/paper_credit.html", form=form, paper=invoice, still_asked=still)
    return page, status


@blueprint.route("/treasury/payments/<reference>/paper", methods=["GET", "POST"])
@requires(Permission.PAPER_ISSUE)
def issue(reference: str) -> Any:
    """Issue the receipt of a payment, or its invoice."""
    payment = journal_queries.payment(reference)
    to = payment_papers.payer_of(payment)
    form = PaperForm(name=to.name, email=to.email, locale=to.locale, send=bool(to.email))
    form.offer(_kinds(payment))
    if not form.validate_on_submit():
        return _issue_page(form, payment, 422 if form.errors else 200)
    try:
        with transaction():
            payment = journal_queries.payment(reference)
            make = (
                payment_papers.invoice if form.kind.data == PaperKind.INVOICE else payment_papers.acknowledge
            )
            paper = make(payment, form.made_out_to(), by=whoever_acts())
            if form.send.data and paper.email:
                papers.send(paper, by=whoever_acts())
            issued = paper.id
    except DomainError as refused:
        explain(form, refused)
        return _issue_page(form, journal_queries.payment(reference), refused.status)
    flash(_("Issued."), "good")
    return redirect(url_for("papers.show", paper_id=issued))


def _kinds(payment: Payment) -> list[PaperKind]:
    """What can be issued now: what came is acknowledged, what is asked is invoiced."""
    settled = payment.status is PaymentStatus.SETTLED
    return [*([payment_papers.acknowledgement_kind(payment)] if settled else []), PaperKind.INVOICE]


def _issue_page(form: PaperForm, payment: Payment, status: int) -> Any:
    known = papers.of_payment(payment.id)
    return render_template("treasury/paper_issue.html", form=form, payment=payment, papers=known), status


@blueprint.get("/paper/<token>")
@public
@limiter.limit("60 per minute")
def payers(token: str) -> Any:
    """A paper for whom it is made out to, by a private link and in their language."""
    paper = papers.find(links.open_link(paper_messages.PURPOSE, token))
    speak(paper.locale)
    replaced = papers.replaced_by(paper)
    return render_template("treasury/payers_paper.html", paper=paper, token=token, replaced_by=replaced)


@blueprint.get("/paper/<token>/print.pdf")
@public
@limiter.limit("20 per minute")
def payers_pdf(token: str) -> Any:
    """The print of a payer's paper, as long as it holds; then of the one in its place."""
    paper = papers.find(links.open_link(paper_messages.PURPOSE, token))
    while paper.voided_at is not None and (later := papers.replaced_by(paper)):
        paper = later
    if paper.voided_at is not None:
        raise papers.AlreadyVoided
    return _pdf(paper)
