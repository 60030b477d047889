"""Who may do what: the permission list, what each role allows, and the question `can`.

Deny by default: a route without `requires(...)` or `public` answers 403 to everybody (see `shared/web.py`),
and the tests walk every route with every actor.
"""

from dataclasses import dataclass
from enum import StrEnum

from access.models import RoleName, ScopeKind, User
from shared.i18n import LazyString, _l


class Permission(StrEnum):
    """Everything that can be allowed, in alphabetical order."""

    ACCESS_MANAGE = "access.manage"
    ATTENTION_RESOLVE = "attention.resolve"
    AUDIT_READ = "audit.read"
    BADGE_ISSUE = "badge.issue"
    CHECKIN_SCAN = "checkin.scan"
    DELEGATION_ALLOCATE = "delegation.allocate"
    DELEGATION_CREATE = "delegation.create"
    DELEGATION_EDIT = "delegation.edit"
    DELEGATION_READ = "delegation.read"
    EDITION_MANAGE = "edition.manage"
    ENTRY_APPROVE = "entry.approve"
    ENTRY_RECORD = "entry.record"
    LEDGER_READ = "ledger.read"
    NETWORK_EDIT = "network.edit"
    NETWORK_READ = "network.read"
    NOMINATION_ACCREDIT = "nomination.accredit"
    OUTBOX_READ = "outbox.read"
    PAPER_ISSUE = "paper.issue"
    PLAN_MANAGE = "plan.manage"
    REGISTRATION_MANAGE = "registration.manage"
    REGISTRATION_READ = "registration.read"
    REPORT_AUDIT = "report.audit"
    STATEMENT_RECONCILE = "statement.reconcile"
    SUPPORT_READ = "support.read"
    SUPPORT_SCORE = "support.score"


ROLE_LABELS: dict[RoleName, LazyString] = {
    RoleName.ADMINISTRATOR: _l("Administrator"),
    RoleName.ORGANISER: _l("Organiser"),
    RoleName.TREASURER: _l("Treasurer"),
    RoleName.APPROVER: _l("Approver"),
    RoleName.AUDITOR: _l("Auditor"),
    RoleName.VOLUNTEER: _l("Welcome volunteer"),
    RoleName.HEAD_OF_DELEGATION: _l("Head of delegation"),
    RoleName.DELEGATE: _l("Delegate"),
    RoleName.COMMITTEE: _l("Member of the support fund’s committee"),
}

P = Permission

_READ_MONEY = {P.LEDGER_READ, P.AUDIT_READ, P.DELEGATION_READ, P.SUPPORT_READ}
_DESK = {P.CHECKIN_SCAN}

ALLOWS: dict[RoleName, frozenset[Permission]] = {
    RoleName.ADMINISTRATOR: frozenset(
        {P.ACCESS_MANAGE, P.AUDIT_READ, P.EDITION_MANAGE, P.NETWORK_READ, P.NETWORK_EDIT, P.OUTBOX_READ}
    ),
    RoleName.ORGANISER: frozenset(
        {
            P.BADGE_ISSUE, P.DELEGATION_ALLOCATE, P.DELEGATION_CREATE, P.DELEGATION_EDIT, P.DELEGATION_READ,
            P.EDITION_MANAGE, P.NETWORK_READ, P.NETWORK_EDIT, P.NOMINATION_ACCREDIT, P.REGISTRATION_MANAGE,
            P.REGISTRATION_READ, P.SUPPORT_READ, *_DESK,
        }
    ),
    RoleName.TREASURER: frozenset(
        {
            P.ATTENTION_RESOLVE, P.ENTRY_RECORD, P.NETWORK_READ, P.PAPER_ISSUE, P.PLAN_MANAGE,
            P.STATEMENT_RECONCILE, *_READ_MONEY,
        }
    ),
    RoleName.APPROVER: frozenset({P.ENTRY_APPROVE, P.NETWORK_READ, *_READ_MONEY}),
    RoleName.AUDITOR: frozenset({P.NETWORK_READ, P.REGISTRATION_READ, P.REPORT_AUDIT, *_READ_MONEY}),
    RoleName.VOLUNTEER: frozenset(_DESK),
    RoleName.HEAD_OF_DELEGATION: frozenset({P.DELEGATION_EDIT, P.DELEGATION_READ, P.PLAN_MANAGE}),
    RoleName.DELEGATE: frozenset(),
    RoleName.COMMITTEE: frozenset({P.SUPPORT_READ, P.SUPPORT_SCORE}),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Reach:
    """Where somebody holds a permission: everywhere, or in these editions and delegations (ids)."""

    everywhere: bool = False
    editions: frozenset[int] = frozenset()
    delegations: frozenset[int] = frozenset()

    def __bool__(self) -> bool:
        return self.everywhere or bool(self.editions or self.delegations)

    def covers(self, *, edition_id: int | None = None, delegation_id: int | None = None) -> bool:
        """Does it hold for this edition or delegation? A delegation is covered by its edition too."""
        return self.everywhere or edition_id in self.editions or delegation_id in self.delegations


def reach(user: User | None, permission: Permission) -> Reach:
    """Where `user` (None for somebody not signed in) holds `permission`."""
    grants = [
        grant
        for grant in (user.grants if user and user.active else [])
        if grant.revoked_at is None and permission in ALLOWS[grant.role]
    ]
    return Reach(
        everywhere=any(grant.scope_kind is ScopeKind.EVERYWHERE for grant in grants),
        editions=frozenset(g.scope_id for g in grants if g.scope_kind is ScopeKind.EDITION and g.scope_id),
        delegations=frozenset(
            g.scope_id for g in grants if g.scope_kind is ScopeKind.DELEGATION and g.scope_id
        ),
    )


def can(
    user: User | None,
    permission: Permission,
    *,
    edition_id: int | None = None,
    delegation_id: int | None = None,
) -> bool:
    """May `user` do this here? Without a place: may they do it anywhere at all?"""
    held = reach(user, permission)
    if edition_id is None and delegation_id is None:
        return bool(held)
    return held.covers(edition_id=edition_id, delegation_id=delegation_id)
