"""What delegations answer of a treasurer's questions: match unusable, lines uncovered, services in kind."""

from collections.abc import Iterable

from sqlalchemy import func, select

from delegations.budgets.claim_models import WAITING, ClaimLine, ClaimStatus, ClaimVoucher, ExpenseClaim
from delegations.budgets.models import Budget, BudgetStatus
from delegations.funding.coverage_queries import network_coverage
from delegations.funding.service_models import InKind
from delegations.funding.services import ServiceState
from delegations.models import Delegation
from events.models import Edition
from shared.clock import today
from shared.database import db
from shared.i18n import _, ngettext, pgettext
from shared.money import Money
from treasury.reports.answers import ELSEWHERE, Answer, Topic, together


def coverage() -> Iterable[Answer]:
    """Of the gathering that comes next (or came last): match offered and unusable, costs uncovered."""
    edition = _nearest()
    if edition is None:
        return
    found = network_coverage(edition).delegations.values()
    unusable = together(one.match_unusable for one in found)
    yield Answer(
        Topic.TO_COME,
        _("Match unusable"),
        "delegations.index",
        unusable,
        words="" if unusable else pgettext("match", "none"),
        state="wait" if unusable else "good",
        note=edition.name,
    )
    missing = together(one.remaining for one in found)
    yield Answer(
        Topic.TO_COME,
        _("Lines uncovered"),
        "delegations.index",
        missing,
        words="" if missing else _("none"),
        state="bad" if missing else "good",
        note=edition.name,
    )


def _nearest() -> Edition | None:
    """The first edition with delegations that is not over; when all are, the last one."""
    mine = select(Edition).where(Edition.id.in_(select(Delegation.edition_id)))
    coming = mine.where(Edition.ends_on >= today()).order_by(Edition.starts_on)
    past = mine.order_by(Edition.starts_on.desc())
    return db.session.scalars(coming.limit(1)).first() or db.session.scalars(past.limit(1)).first()


def services() -> Iterable[Answer]:
    """What was given in kind and accepted: a total of its own, never a part of cash."""
    accepted = worth(ServiceState.ACCEPTED)
    pending = worth(ServiceState.PENDING)
    if not accepted and not pending:
        return
    yield Answer(
        Topic.HELD,
        _("In kind, apart from cash"),
        "delegations.services_given",
        accepted,
        words="" if accepted else _("none accepted yet"),
        note=_("valued services, never money"),
    )


def claims() -> Iterable[Answer]:
    """Claims that wait for an approver or a payer, and what was claimed without a voucher."""
    rows = db.session.execute(
        select(ClaimLine.currency, func.sum(ClaimLine.amount_minor))
        .join(ExpenseClaim, ExpenseClaim.id == ClaimLine.claim_id)
        .where(ExpenseClaim.status.in_(WAITING))
        .group_by(ClaimLine.currency)
        .order_by(ClaimLine.currency)
    )
    waiting = [Money(int(minor), currency) for currency, minor in rows]
    yield Answer(
        Topic.PROVED,
        _("Claims waiting"),
        "delegations.all_claims",
        waiting,
        words="" if waiting else pgettext("claim", "none"),
        state="wait" if waiting else "good",
    )
    if lines := _without_voucher():
        yield Answer(
            Topic.PROVED,
            _("Claimed without voucher"),
            "delegations.all_claims",
            words=ngettext("%(num)s line", "%(num)s lines", lines),
            state="bad",
        )


def budgets() -> Iterable[Answer]:
    """Drafts of budgets that wait for somebody else's approval, gathering by gathering."""
    rows = db.session.execute(
        select(Edition.code, Edition.name, func.count(Budget.id))
        .join(Budget, Budget.edition_id == Edition.id)
        .where(Budget.status == BudgetStatus.DRAFT)
        .group_by(Edition.code, Edition.name, Edition.starts_on)
        .order_by(Edition.starts_on)
    )
    for code, name, count in rows:
        yield Answer(
            Topic.TO_COME,
            _("Budgets to approve"),
            "delegations.costs",
            words=ngettext("%(num)s version", "%(num)s versions", count),
            state="wait",
            note=name,
            args={"code": code},
        )


def _without_voucher() -> int:
    lines = (
        select(func.count(ClaimLine.id))
        .join(ExpenseClaim, ExpenseClaim.id == ClaimLine.claim_id)
        .outerjoin(ClaimVoucher, ClaimVoucher.line_id == ClaimLine.id)
        .where(ExpenseClaim.status != ClaimStatus.DRAFT, ClaimVoucher.line_id.is_(None))
    )
    return db.session.scalar(lines) or 0


def worth(state: ServiceState) -> list[Money]:
    """What the services in that state are worth together, one amount a currency."""
    rows = db.session.execute(
        select(InKind.currency, func.sum(InKind.value_minor))
        .where(InKind.state == state)
        .group_by(InKind.currency)
        .order_by(InKind.currency)
    )
    return [Money(int(minor), currency) for currency, minor in rows]


def install() -> None:
    """Let the treasury's home ask all of this."""
    ELSEWHERE.update({"coverage": coverage, "in-kind": services, "claims": claims, "budgets": budgets})
