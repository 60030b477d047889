"""An agreement with a funder: what it says, what it earned, what is due, what was called up; its versions."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from sqlalchemy import select

from access.policy import Permission, can
from delegations.funding import agreement_words as words
from delegations.funding import agreements, dues, receiving
from delegations.funding.agreement_forms import ArrivalForm, DrawdownForm, DutyForm, TermsForm
from delegations.funding.coverage import FunderUse, NetworkCoverage
from delegations.funding.coverage_queries import network_coverage
from delegations.funding.terms import merged, read, terms_of
from delegations.models import Delegation, FundingAgreement
from delegations.pages import actor, blueprint, form_page
from events.models import Edition
from network.editing import ChangedMeanwhile
from shared.clock import today
from shared.database import db, transaction
from shared.errors import DomainError, Forbidden, NotFound
from shared.forms import explain
from shared.i18n import _
from shared.money import Money
from shared.web import requires
from treasury import queries

P = Permission


@dataclass(frozen=True, slots=True)
class _Place:
    """An agreement, its edition and the delegations there are."""

    edition: Edition
    agreement: FundingAgreement
    members: Sequence[Delegation]

    @property
    def names(self) -> dict[int, str]:
        return {one.id: one.name for one in self.members}

    @property
    def url(self) -> str:
        return url_for("delegations.agreement", code=self.edition.code, agreement=self.agreement.code)

    def used(self) -> FunderUse | None:
        """What the agreement pays now."""
        return network_coverage(self.edition).funders.get(self.agreement.code)

    def earned(self) -> Money:
        """What it may be asked for: what its base money earned and may be used."""
        use = self.used()
        return use.used if use and use.used.currency else Money.zero(self.agreement.currency)

    def received(self) -> Money:
        """What came from the funder, by the books."""
        zero = Money.zero(self.agreement.currency)
        if self.agreement.fund_id is None:
            return zero
        came = queries.income(self.agreement.fund_id, today())
        return next((one for one in came if one.currency == self.agreement.currency), zero)


def _place(code: str, agreement: str, *permissions: Permission) -> _Place:
    """The agreement, for somebody who may look at its edition's delegations, and holds one of `permissions`.

    Raises `NotFound`, `Forbidden`.
    """
    edition = db.session.scalar(select(Edition).where(Edition.code == code))
    if edition is None or not can(actor(), P.DELEGATION_READ, edition_id=edition.id):
        raise NotFound
    found = db.session.scalar(
        select(FundingAgreement).where(
            FundingAgreement.code == agreement, FundingAgreement.edition_id == edition.id
        )
    )
    if found is None:
        raise NotFound
    if permissions and not any(can(actor(), one, edition_id=edition.id) for one in permissions):
        raise Forbidden
    members = db.session.scalars(
        select(Delegation).where(Delegation.edition_id == edition.id).order_by(Delegation.code)
    ).all()
    return _Place(edition, found, members)


_KEEPERS = P.EDITION_MANAGE, P.ENTRY_RECORD


@blueprint.get("/delegations/funders/<code>/<agreement>")
@requires(P.DELEGATION_READ)
def agreement(code: str, agreement: str) -> Any:
    """One agreement: its terms, what it earned, what is due, what was called up, how it came to this."""
    return _page(_place(code, agreement))


def _page(
    place: _Place,
    duty: DutyForm | None = None,
    drawdown: DrawdownForm | None = None,
    arrival: ArrivalForm | None = None,
) -> Any:
    duty, drawdown = duty or DutyForm(formdata=None), drawdown or DrawdownForm(formdata=None)
    arrival = arrival or ArrivalForm(formdata=None)
    drawdown.amount.currency = arrival.arrived.currency = place.agreement.currency
    use, earned, received = place.used(), place.earned(), place.received()
    claims = dues.claims_of(place.agreement)
    may = {one: can(actor(), one, edition_id=place.edition.id) for one in _KEEPERS}
    page = render_template(
        "delegations/agreement.html",
        edition=place.edition,
        agreement=place.agreement,
        terms=list(words.told(terms_of(place.agreement), place.names)),
        use=use,
        names={one.code: one.name for one in place.members},
        earned=earned,
        received=received,
        left=dues.callable_now(claims, earned, received),
        claims=list(dues.replayed(claims, received))[::-1],
        duties=dues.duties_of(place.agreement),
        kinds=words.DUTIES,
        today=today(),
        story=words.story(list(agreements.versions_of(place.agreement)), place.names),
        duty=duty,
        drawdown=drawdown,
        arrival=arrival,
        waiting=receiving.waiting(place.agreement),
        may_record=may[P.ENTRY_RECORD],
        may_see_entries=can(actor(), P.LEDGER_READ),
        may_change=may[P.EDITION_MANAGE],
        may_keep=any(may.values()),
    )
    return page, 422 if duty.errors or drawdown.errors or arrival.errors else 200


@blueprint.route("/delegations/funders/<code>/<agreement>/change", methods=["GET", "POST"])
@requires(P.DELEGATION_READ)
def change_agreement(code: str, agreement: str) -> Any:
    """Change the terms: a new version, from now on."""
    place = _place(code, agreement, P.EDITION_MANAGE)
    now, last = terms_of(place.agreement), agreements.versions_of(place.agreement)[-1].number
    form = TermsForm(now, place.members, last)
    if form.validate_on_submit():
        try:
            with transaction():
                agreements.change_agreement(
                    place.agreement, form.terms(), form.reason.data or "", seen=form.seen.data, by=actor()
                )
                network_coverage(place.edition)  # refuses what contradicts another agreement's order
        except ChangedMeanwhile as refused:
            form = _beside(place, form)
            explain(form, refused)
        except DomainError as refused:
            explain(form, refused)
        else:
            flash(_("The new terms hold from now on; the earlier version stays readable."), "good")
            return redirect(place.url)
    return form_page(
        "delegations/agreement_terms.html",
        form,
        edition=place.edition,
        agreement=place.agreement,
        is_match=place.agreement.kind.value == "match",
    )


def _beside(place: _Place, sent: TermsForm) -> TermsForm:
    """The form again, on what stands now: all that was typed, and what somebody else changed beside it."""
    versions = agreements.versions_of(place.agreement)
    seen = next((read(one.terms) for one in versions if one.number == sent.seen.data), sent.before)
    mine, now = sent.terms(), read(versions[-1].terms)
    form = TermsForm(merged(seen, mine, now), place.members, versions[-1].number, formdata=None)
    form.reason.data = sent.reason.data
    form.changes = words.meanwhile(seen, mine, now, place.names)
    return form


@blueprint.get("/delegations/funders/<code>/<agreement>/versions/<int:number>")
@requires(P.DELEGATION_READ)
def agreement_version(code: str, agreement: str, number: int) -> Any:
    """One version: its terms, and what today's money would come to under it, beside what holds."""
    place = _place(code, agreement)
    versions = agreements.versions_of(place.agreement)
    version = next((one for one in versions if one.number == number), None)
    if version is None:
        raise NotFound
    terms = read(version.terms)
    then = network_coverage(place.edition, instead={place.agreement.id: terms})
    now = network_coverage(place.edition)
    pairs = {
        one: tuple(
            dict(found.funders[place.agreement.code].by_delegation).get(one)
            if place.agreement.code in found.funders
            else None
            for found in (then, now)
        )
        for one in sorted(now.delegations)
    }
    return render_template(
        "delegations/agreement_version.html",
        edition=place.edition,
        agreement=place.agreement,
        version=version,
        last=versions[-1].number,
        terms=list(words.told(terms, place.names)),
        pairs={code: pair for code, pair in pairs.items() if any(pair)},
        names={one.code: one.name for one in place.members},
        totals=[_missing(found, place.agreement.currency) for found in (then, now)],
    )


def _missing(network: NetworkCoverage, currency: str) -> Money:
    """What nothing covers in all the delegations that count in `currency`."""
    mine = (one.remaining for one in network.delegations.values() if one.currency == currency)
    return Money.total(mine, currency)


@blueprint.post("/delegations/funders/<code>/<agreement>/unblock")
@requires(P.DELEGATION_READ)
def unblock_agreement(code: str, agreement: str) -> Any:
    """What the agreement waited for is there: say what, a registration number for instance."""
    place = _place(code, agreement, P.EDITION_MANAGE)
    proof = request.form.get("proof", "").strip()[:160]
    if not proof:
        flash(_("Write what proves it: the registration number, the day of the signature."), "error")
    elif place.agreement.blocked_reason:
        try:
            with transaction():
                agreements.unblock(place.agreement, proof, by=actor())
                network_coverage(place.edition)  # refuses what contradicts another agreement's order
        except DomainError as refused:
            flash(refused.sentence(), "error")
        else:
            flash(_("It counts from now on."), "good")
    return redirect(place.url)


@blueprint.post("/delegations/funders/<code>/<agreement>/duties")
@requires(P.DELEGATION_READ)
def add_duty(code: str, agreement: str) -> Any:
    """Note what will be due to the funder."""
    place, form = _place(code, agreement, *_KEEPERS), DutyForm()
    if form.validate_on_submit() and form.due_on.data:
        with transaction():
            dues.add_duty(place.agreement, form.duty, form.what.data or "", form.due_on.data, by=actor())
        flash(_("Noted: it is on the organiser’s list until it is done."), "good")
        return redirect(f"{place.url}#due")
    return _page(place, duty=form)


@blueprint.post("/delegations/funders/<code>/<agreement>/duties/<int:duty_id>/done")
@requires(P.DELEGATION_READ)
def finish_duty(code: str, agreement: str, duty_id: int) -> Any:
    """It was handed over."""
    place = _place(code, agreement, *_KEEPERS)
    duty = dues.duty_of(place.agreement, duty_id)
    with transaction():
        dues.finish_duty(duty, request.form.get("words", "")[:300], by=actor())
    flash(_("Done."), "good")
    return redirect(f"{place.url}#due")


@blueprint.post("/delegations/funders/<code>/<agreement>/drawdowns")
@requires(P.DELEGATION_READ)
def claim_drawdown(code: str, agreement: str) -> Any:
    """Call up money that was earned."""
    place, form = _place(code, agreement, *_KEEPERS), DrawdownForm()
    form.amount.currency = place.agreement.currency
    if form.validate_on_submit():
        try:
            with transaction():
                dues.claim(
                    place.agreement,
                    form.amount.required(),
                    form.evidence.data or "",
                    earned=place.earned(),
                    received=place.received(),
                    by=actor(),
                )
        except DomainError as refused:
            explain(form, refused)
        else:
            flash(_("Called up. When the money is in the books, the claim shows as received."), "good")
            return redirect(f"{place.url}#claims")
    return _page(place, drawdown=form)


@blueprint.post("/delegations/funders/<code>/<agreement>/drawdowns/<int:number>/take-back")
@requires(P.DELEGATION_READ)
def take_back_drawdown(code: str, agreement: str, number: int) -> Any:
    """A claim does not stand any more."""
    place = _place(code, agreement, *_KEEPERS)
    found = next((one for one in dues.claims_of(place.agreement) if one.number == number), None)
    if found is None:
        raise NotFound
    try:
        with transaction():
            dues.take_back(found, request.form.get("reason", "")[:300], by=actor())
    except DomainError as refused:
        flash(refused.sentence(), "error")
    return redirect(f"{place.url}#claims")


@blueprint.post("/delegations/funders/<code>/<agreement>/received")
@requires(P.ENTRY_RECORD)
def receive_from_funder(code: str, agreement: str) -> Any:
    """The treasurer records what the funder sent; somebody else approves it."""
    place, form = _place(code, agreement, P.ENTRY_RECORD), ArrivalForm()
    form.arrived.currency = place.agreement.currency
    if form.validate_on_submit() and form.received_on.data:
        command = receiving.Receive(
            amount=form.arrived.required(),
            received_on=form.received_on.data,
            note=form.note.data or "",
            key=form.key,
        )
        try:
            with transaction():
                receiving.receive(place.agreement, command, by=actor())
        except DomainError as refused:
            explain(form, refused)
        else:
            flash(_("What arrived is recorded. It counts once somebody else has approved it."), "good")
            return redirect(f"{place.url}#claims")
    return _page(place, arrival=form)
