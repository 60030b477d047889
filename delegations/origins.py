"""Where entries of the books come from, as delegations know it: a decision, a claim, an advance."""

from collections.abc import Mapping, Sequence

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from delegations.budgets.claim_models import Advance, AdvanceEntry, ExpenseClaim
from delegations.models import SupportAward, SupportDecision
from events.models import Edition
from shared.database import db
from shared.i18n import _
from treasury.reports.trails import ORIGINS, Origin


def install() -> None:
    """Tell the books what delegations know; called in `app.py`. Of an advance's entries a claim says more."""
    ORIGINS.update({"decisions": decisions, "advances": advances, "claims": claims})


def decisions(entry_ids: Sequence[int]) -> Mapping[int, Origin]:
    """The decision of the support fund that each entry carries out."""
    rows = db.session.execute(
        select(SupportAward.entry_id, SupportDecision.number, SupportDecision.title, Edition.code)
        .join(SupportAward.decision)
        .join(Edition, Edition.id == SupportDecision.edition_id)
        .where(SupportAward.entry_id.in_(entry_ids))
    )
    return {
        key: Origin(
            _("decision %(number)s of the support fund: %(title)s", number=number, title=title),
            "delegations.support_decision",
            {"code": code, "number": number},
        )
        for key, number, title, code in rows
        if key
    }


def claims(entry_ids: Sequence[int]) -> Mapping[int, Origin]:
    """The expense claim that each entry pays."""
    chosen = select(ExpenseClaim).where(ExpenseClaim.entry_id.in_(entry_ids))
    found = db.session.scalars(chosen.options(joinedload(ExpenseClaim.delegation)))
    return {
        one.entry_id: Origin(
            _("expense claim: %(title)s", title=one.title),
            "delegations.claim",
            {"code": one.delegation.code, "claim_id": one.id},
        )
        for one in found
        if one.entry_id
    }


def advances(entry_ids: Sequence[int]) -> Mapping[int, Origin]:
    """The advance whose life each entry is a step of."""
    rows = db.session.execute(
        select(AdvanceEntry.entry_id, Advance)
        .join(Advance, Advance.id == AdvanceEntry.advance_id)
        .where(AdvanceEntry.entry_id.in_(entry_ids))
        .options(joinedload(Advance.delegation), joinedload(Advance.holder))
    )
    return {
        key: Origin(
            _("an advance to %(name)s", name=advance.holder.name),
            "delegations.money_in_hands",
            {"code": advance.delegation.code},
        )
        for key, advance in rows
    }
