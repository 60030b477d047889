"""Papers issued, printed, voided and replaced: a serial without a gap, the same bytes at every printing.

What a paper says is frozen when it is issued; the database refuses a gap, a change and a deletion (see the
migration of `paper`). The PDF is set once, outside of any transaction, and kept.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import joinedload, undefer

from access.models import User
from documents.pdf import render_pdf
from outbox.jobs import enqueue
from shared import audit
from shared.audit import Actor
from shared.clock import now, today
from shared.database import db, hold, transaction
from shared.errors import DomainError, NotFound
from shared.i18n import _l
from shared.money import Money
from treasury.funds.models import LegalEntity
from treasury.funds.standings import keeper
from treasury.models import Fund
from treasury.paper.models import Paper, PaperKind
from treasury.paper.printing import page_of


class NoHolder(DomainError):
    """A paper is made in the name of a legal entity."""

    code = "no_holder"
    message = _l("Enter first the legal entity that keeps this fund: papers are made in its name.")


class AlreadyIssued(DomainError):
    """One living paper of a kind for one payment or gift."""

    code = "already_issued"
    message = _l("This was issued already: %(serial)s. Void it to replace it.")


class AlreadyVoided(DomainError):
    """A paper is voided once."""

    code = "already_voided"
    message = _l("This paper was voided already.")


class ReasonWanted(DomainError):
    """A paper is voided for a reason that an auditor reads."""

    code = "reason_wanted"
    status = 422
    message = _l("Say why it is voided.")


class NoAddress(DomainError):
    """A message needs an address."""

    code = "no_address"
    status = 422
    message = _l("There is no e-mail address to send it to.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """All that a paper will say. `facts` is plain JSON: see the template of that name."""

    kind: PaperKind
    entity_id: int
    locale: str
    addressee: str
    email: str
    amount: Money
    template: str
    facts: Mapping[str, Any]
    payment_id: int | None = None
    gift_id: int | None = None
    corrects_id: int | None = None


def holder_of(fund: Fund) -> LegalEntity:
    """The legal entity in whose name papers about a fund are made. Raises `NoHolder`."""
    found = keeper(fund)
    if found is None:
        raise NoHolder
    return found


def holder_facts(entity: LegalEntity) -> dict[str, Any]:
    """What papers say of the body that makes them, as it is today."""
    return {
        "name": entity.name,
        "country": entity.country,
        "address": entity.address,
        "registration_number": entity.registration_number,
        "charity_number": entity.charity_number,
    }


def issue(content: Content, *, by: Actor, replaces: Paper | None = None) -> Paper:
    """Give the next serial of its holder, kind and year to a paper, and freeze it. Raises `AlreadyIssued`."""
    hold(db.session.get_one(LegalEntity, content.entity_id))  # one after another: no gap, no twin
    if living := living_paper(content.kind, payment_id=content.payment_id, gift_id=content.gift_id):
        raise AlreadyIssued(serial=living.serial)
    day = today()
    last = select(func.max(Paper.number)).where(
        Paper.entity_id == content.entity_id, Paper.kind == content.kind, Paper.year == day.year
    )
    paper = Paper(
        entity_id=content.entity_id,
        kind=content.kind,
        year=day.year,
        number=(db.session.scalar(last) or 0) + 1,
        issued_on=day,
        locale=content.locale,
        template=content.template,
        addressee=content.addressee,
        email=content.email,
        amount=content.amount,
        facts=dict(content.facts),
        payment_id=content.payment_id,
        gift_id=content.gift_id,
        corrects_id=content.corrects_id,
        replaces_id=replaces.id if replaces else None,
        issued_by_id=by.id if isinstance(by, User) else None,
    )
    db.session.add(paper)
    audit.record("paper.issue", paper, by=by, serial=paper.serial, kind=paper.kind.value)
    return paper


def living_paper(
    kind: PaperKind, *, payment_id: int | None = None, gift_id: int | None = None
) -> Paper | None:
    """The paper of a kind that holds for a payment or a gift; credit notes may be several, so none."""
    if kind is PaperKind.CREDIT_NOTE:
        return None
    of = Paper.gift_id == gift_id if gift_id else Paper.payment_id == payment_id
    return db.session.scalar(select(Paper).where(Paper.kind == kind, of, Paper.voided_at.is_(None)))


def void(paper: Paper, reason: str, *, by: Actor) -> Paper:
    """Say that a paper no longer holds, and why. Its number stays taken. Raises `AlreadyVoided`."""
    if not reason.strip():
        raise ReasonWanted(field="reason")
    hold(paper)
    if paper.voided_at is not None:
        raise AlreadyVoided
    who = by.id if isinstance(by, User) else None
    paper.voided_at, paper.void_reason, paper.voided_by_id = now(), reason.strip(), who
    audit.record("paper.void", paper, by=by, reason=paper.void_reason, serial=paper.serial)
    return paper


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction:
    """To whom the new paper is made out."""

    addressee: str
    address: str
    locale: str
    email: str = ""


def reissue(
    paper: Paper,
    reason: str,
    correction: Correction,
    *,
    by: Actor,
    amount: Money | None = None,
    facts: Mapping[str, Any] = MappingProxyType({}),
) -> Paper:
    """Void a paper and issue another in its place, made out as it should have been.

    With `amount`, of that much instead, and `facts` say so.

    Raises `AlreadyVoided`, `ReasonWanted`.
    """
    void(paper, reason, by=by)
    entity = db.session.get_one(LegalEntity, paper.entity_id)
    content = Content(
        kind=paper.kind,
        entity_id=paper.entity_id,
        locale=paper.locale,
        addressee=paper.addressee,
        email=paper.email,
        amount=paper.amount if amount is None else amount,
        template=paper.template,
        facts={
            **paper.facts,
            **facts,
            "holder": holder_facts(entity),
            "address": correction.address.strip(),
            "replaces": paper.serial,
        },
        payment_id=paper.payment_id,
        gift_id=paper.gift_id,
        corrects_id=paper.corrects_id,
    )
    content = replace(
        content, addressee=correction.addressee.strip(), locale=correction.locale, email=correction.email
    )
    return issue(content, by=by, replaces=paper)


def printed(paper_id: int) -> bytes:
    """The PDF of a paper: set when first asked for, then always the same bytes. Opens its own transaction.

    Raises `NotFound`, and what `render_pdf` raises.
    """
    paper = db.session.get(Paper, paper_id, options=[undefer(Paper.pdf)])
    if paper is None:
        raise NotFound
    if paper.pdf is not None:
        return paper.pdf
    pdf = render_pdf(page_of(paper))
    with transaction():
        paper = db.session.get_one(
            Paper, paper_id, options=[undefer(Paper.pdf)], with_for_update=True, populate_existing=True
        )
        if paper.pdf is None:  # else somebody printed it meanwhile: theirs is the one
            paper.pdf, paper.sha256 = pdf, hashlib.sha256(pdf).hexdigest()
        return paper.pdf


def send(paper: Paper, *, by: Actor) -> None:
    """Have the payer receive it by e-mail, with a private link. Raises `NoAddress`, `AlreadyVoided`."""
    if not paper.email:
        raise NoAddress
    if paper.voided_at is not None:
        raise AlreadyVoided
    audit.record("paper.send", paper, by=by, serial=paper.serial)
    enqueue("paper-message", {"paper": paper.id})


def find(paper_id: int) -> Paper:
    """A paper by its id. Raises `NotFound`."""
    found = db.session.get(Paper, paper_id)
    if found is None:
        raise NotFound
    return found


def replaced_by(paper: Paper) -> Paper | None:
    """The paper that was issued in its place, if one was."""
    return db.session.scalar(select(Paper).where(Paper.replaces_id == paper.id))


def credit_notes(invoice: Paper) -> Sequence[Paper]:
    """The credit notes of an invoice that hold."""
    return db.session.scalars(
        select(Paper).where(Paper.corrects_id == invoice.id, Paper.voided_at.is_(None)).order_by(Paper.id)
    ).all()


def papers(text: str = "", kind: PaperKind | None = None, *, voided: bool = False) -> Select[Paper]:
    """Papers by addressee or serial, the latest first; with `voided`, only those that no longer hold."""
    chosen = select(Paper).order_by(Paper.id.desc()).options(joinedload(Paper.entity))
    if kind is not None:
        chosen = chosen.where(Paper.kind == kind)
    if voided:
        chosen = chosen.where(Paper.voided_at.is_not(None))
    if text:
        head, _dash, tail = text.strip().rpartition("-")
        found = Paper.addressee.icontains(text, autoescape=True)
        year = head[-4:]
        if tail.isdigit() and year.isdigit() and len(tail) < 10:
            found = or_(found, (Paper.year == int(year)) & (Paper.number == int(tail)))
        chosen = chosen.where(found)
    return chosen


def of_payment(payment_id: int) -> Sequence[Paper]:
    """Every paper about a payment, the voided too, the latest first."""
    return db.session.scalars(
        select(Paper).where(Paper.payment_id == payment_id).order_by(Paper.id.desc())
    ).all()


@dataclass(frozen=True, slots=True)
class Series:
    """The serials of a holder, kind and year: how many, how many voided, and how many are missing."""

    entity: LegalEntity
    kind: PaperKind
    year: int
    count: int
    voided: int
    last: int

    @property
    def missing(self) -> int:
        """How many numbers below the last one were never issued: the database allows none."""
        return self.last - self.count


def series() -> list[Series]:
    """Every series, the latest year first."""
    rows = db.session.execute(
        select(
            LegalEntity,
            Paper.kind,
            Paper.year,
            func.count(),
            func.count(Paper.voided_at),
            func.max(Paper.number),
        )
        .join(Paper, Paper.entity_id == LegalEntity.id)
        .group_by(LegalEntity.id, Paper.kind, Paper.year)
        .order_by(Paper.year.desc(), LegalEntity.name, Paper.kind)
    )
    return [Series(*row) for row in rows]
