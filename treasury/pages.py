"""What every page of the treasury knows: who looks at it, what they may do, what codes are called."""

from typing import Any

from access.asking import person
from access.models import User
from access.policy import Permission, can
from shared.errors import Forbidden
from shared.forms import reader
from treasury import navigation
from treasury.attention_actions import resolution_words
from treasury.funds import overdrafts
from treasury.queries import moved
from treasury.reconciliation.links import reasons_of
from treasury.respoken import respoken
from treasury.wording import (
    ATTENTION,
    FUND_KINDS,
    METHODS,
    PAPER_TITLES,
    PAYMENT_STATES,
    REFUND_STATES,
    UNKNOWN_ATTENTION,
    WHERE,
    account_name,
    bank_words,
    in_words,
    rate_figure,
    rate_source,
)


def page_context() -> dict[str, Any]:
    """For the templates."""
    me = person()
    return {
        "me": me,
        "may_record": can(me, Permission.ENTRY_RECORD),
        "may_approve": can(me, Permission.ENTRY_APPROVE),
        "may_reconcile": can(me, Permission.STATEMENT_RECONCILE),
        "may_resolve": can(me, Permission.ATTENTION_RESOLVE),
        "may_issue": can(me, Permission.PAPER_ISSUE),
        "menu_groups": navigation.GROUPS,
        "where": navigation.where,
        "account_name": account_name,
        "rate_figure": rate_figure,
        "rate_source": rate_source,
        "moved": moved,
        "fund_kinds": FUND_KINDS,
        "methods": METHODS,
        "paper_titles": PAPER_TITLES,
        "refund_states": REFUND_STATES,
        "payment_states": PAYMENT_STATES,
        "attention_words": lambda kind: ATTENTION.get(kind, UNKNOWN_ATTENTION),
        "attention_where": WHERE.get,
        "bank_words": bank_words,
        "in_words": in_words,
        "overdraft_reason": lambda reason: respoken(reason, [overdrafts.HAPPENED]),
        "resolution_words": resolution_words,
        "said": lambda reasons: [reason.sentence(reader()) for reason in reasons],
        "reasons_of": reasons_of,
    }


def whoever_acts() -> User:
    """The person who does this. The page's permission let nobody else in."""
    me = person()
    if me is None:
        raise Forbidden
    return me
