"""An agreement in words: each of its terms, and what changed from version to version."""

from collections.abc import Iterator, Mapping
from typing import Any

from delegations.budgets.versions import GROUPS
from delegations.funding.agreement_models import AgreementVersion, DutyKind
from delegations.funding.offers import Basis, Condition
from delegations.funding.terms import Sharing, Terms, changed, read
from delegations.models import FundingKind
from network.editing import Change
from shared.forms import reader
from shared.i18n import LazyString, _, _l, show_date
from shared.money import Money, format_money

BASES: dict[Basis, LazyString] = {
    Basis.CASH: _l("cash received from the delegation’s payers"),
    Basis.SERVICES: _l("services in kind that were accepted"),
}
SHARINGS: dict[Sharing, LazyString] = {
    Sharing.STATED: _l("each in turn, in the stated order"),
    Sharing.FIRST_COME: _l("who saves first: it is used as base money arrives"),
    Sharing.PRO_RATA: _l("all in proportion to what each could draw"),
}
WAITS: dict[str, LazyString] = {
    "": _l("nothing is missing"),
    Condition.CHARITY_NUMBER.value: _l("a charity registration is needed"),
    Condition.SIGNATURE.value: _l("a signature is needed"),
}
DUTIES: dict[DutyKind, LazyString] = {
    DutyKind.REPORT: _l("a report"),
    DutyKind.EVIDENCE: _l("evidence"),
}
LABELS: dict[str, LazyString] = {
    "name": _l("Name"),
    "kind": _l("Kind"),
    "currency": _l("Currency"),
    "ratio": _l("Ratio"),
    "amount": _l("Amount"),
    "cap": _l("At most"),
    "categories": _l("It may pay"),
    "serves": _l("For"),
    "blocked": _l("Before it counts"),
    "basis": _l("Counted on"),
    "opens": _l("From"),
    "closes": _l("Until"),
    "sharing": _l("Who draws first"),
    "stacks": _l("With other funders"),
    "through": _l("Through"),
}
KINDS: dict[FundingKind, LazyString] = {
    FundingKind.MATCH: _l("match"),
    FundingKind.GRANT: _l("grant a seat"),
    FundingKind.PLEDGE: _l("pledge"),
}
_OF_A_MATCH = {"ratio", "basis", "opens", "closes", "stacks"}


def told(terms: Terms, names: Mapping[int, str]) -> Iterator[tuple[str, str]]:
    """Each term that says something, as a label and a value. `names` are delegations' by id."""
    for field in ("kind", "ratio", "basis", "amount", "cap", "categories", "opens", "closes", "serves",
                  "sharing", "stacks", "through", "blocked"):  # fmt: skip
        if field in _OF_A_MATCH and terms.kind is not FundingKind.MATCH:
            continue
        if field == "sharing" and (terms.cap is None or len(terms.serves) == 1):
            continue
        if shown := value(terms, field, names):
            yield str(LABELS[field]), shown


def value(terms: Terms, field: str, names: Mapping[int, str]) -> str:
    """One term in words; empty where it says nothing."""
    found: Any = getattr(terms, field)
    if isinstance(found, Money):
        return format_money(found, reader())
    if field == "ratio":
        return _("%(more)s for %(base)s", more=found.numerator, base=found.denominator) if found else ""
    if field == "categories":
        return ", ".join(str(GROUPS.get(one, one)) for one in found) or _("anything")
    if field == "serves":
        return ", ".join(names.get(one, "?") for one in found) or _("every delegation")
    if field == "stacks":
        return str(_("it doubles what others double too") if found else _("no dollar is doubled twice"))
    if field in ("opens", "closes"):
        return str(show_date(found)) if found else ""
    return str(_WORDS.get(field, {}).get(found, found or ""))


_WORDS: dict[str, Mapping[Any, LazyString]] = {
    "kind": KINDS,
    "basis": BASES,
    "sharing": SHARINGS,
    "blocked": WAITS,
}


def meanwhile(seen: Terms, mine: Terms, now: Terms, names: Mapping[int, str]) -> tuple[Change, ...]:
    """What somebody else changed while a form was open, beside what was typed."""
    my_own = set(changed(seen, mine))
    return tuple(
        Change(
            str(LABELS[field]),
            value(seen, field, names) or "–",
            value(now, field, names) or "–",
            (value(mine, field, names) or "–") if field in my_own else "",
        )
        for field in changed(seen, now)
        if getattr(mine, field) != getattr(now, field)
    )


def story(versions: list[AgreementVersion], names: Mapping[int, str]) -> list[dict[str, Any]]:
    """Versions, the latest first, each with what changed: (label, before, after)."""
    found: list[dict[str, Any]] = []
    before: Terms | None = None
    for one in versions:
        terms = read(one.terms)
        changes = [
            (str(LABELS[field]), value(before, field, names) or "–", value(terms, field, names) or "–")
            for field in (changed(before, terms) if before else ())
            if before
        ]
        found.append({"version": one, "changes": changes})
        before = terms
    return found[::-1]
