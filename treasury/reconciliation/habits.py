"""What confirmed links teach: how the bank writes each payer, and what was written from a line before.

Nothing is stored of it but what a person told to forget: a link that is undone no longer teaches.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, select
from sqlalchemy.orm import aliased

from access.models import User
from shared import audit
from shared.audit import Actor
from shared.clock import now
from shared.database import db
from shared.money import Money
from treasury.models import Account, Fund, JournalEntry, Payment, Posting, ReconciliationLink, StatementLine
from treasury.reconciliation.marks import marks_of, plain_words
from treasury.reconciliation.models import ForgottenHabit
from treasury.reconciliation.values import Habit, HabitKind, LineToMatch

_NEWEST = 20_000  # links that still teach
_NEWEST_WRITTEN = 500

Mark = tuple[HabitKind, str, str]
"""The kind, what the bank wrote, and the payer it means."""


@dataclass(frozen=True, slots=True)
class Learnt:
    """A habit as people see it: when it was confirmed last."""

    habit: Habit
    last_on: date


@dataclass(frozen=True, slots=True)
class WrittenBefore:
    """How a line in these words was written into the books the last time."""

    account: Account
    fund_id: int
    fund: str
    narration: str


def habits(account: Account) -> list[Habit]:
    """Every habit of this account that was not forgotten."""
    return [one.habit for one in learnt(account)]


def learnt(account: Account) -> list[Learnt]:
    """Every habit of this account with its last day, by payer and wording."""
    forgotten = _forgotten(account)
    times: dict[Mark, int] = {}
    last: dict[Mark, date] = {}
    for link_id, line, payer in _confirmed(account):
        for kind, wording in marks_of(line):
            mark = (kind, wording, payer)
            if link_id > forgotten.get(mark, 0):
                times[mark] = times.get(mark, 0) + 1
                last[mark] = max(last.get(mark, line.dated_on), line.dated_on)
    ordered = sorted(times, key=lambda mark: (mark[2], mark[0], mark[1]))
    return [Learnt(Habit(mark[1], mark[2], times[mark], mark[0]), last[mark]) for mark in ordered]


def _forgotten(account: Account) -> dict[Mark, int]:
    rows = db.session.scalars(select(ForgottenHabit).where(ForgottenHabit.account_id == account.id))
    return {(HabitKind(one.kind), one.wording, one.name): one.links_to for one in rows}


def _confirmed(account: Account) -> Iterable[tuple[int, LineToMatch, str]]:
    """The newest live links of lines that one payer alone explains, with the line and the payer's name."""
    settled = func.coalesce(JournalEntry.reverses_id, JournalEntry.id)
    payers = func.min(Payment.payer_name)
    rows = db.session.execute(
        select(
            func.max(ReconciliationLink.id),
            StatementLine.dated_on,
            StatementLine.reference,
            StatementLine.name,
            StatementLine.memo,
            StatementLine.counterparty,
            payers,
        )
        .select_from(ReconciliationLink)
        .join(StatementLine, StatementLine.id == ReconciliationLink.line_id)
        .join(Posting, Posting.id == ReconciliationLink.posting_id)
        .join(JournalEntry, JournalEntry.id == Posting.entry_id)
        .join(Payment, Payment.entry_id == settled)
        .where(
            StatementLine.account_id == account.id,
            ReconciliationLink.undone_at.is_(None),
            Payment.payer_name != "",
        )
        .group_by(StatementLine.id)
        .having(payers == func.max(Payment.payer_name))
        .order_by(func.max(ReconciliationLink.id).desc())
        .limit(_NEWEST)
    )
    for link_id, day, reference, name, memo, counterparty, payer in rows:
        line = LineToMatch(
            key=link_id,
            dated_on=day,
            amount=Money.zero(account.currency),
            reference=reference,
            name=name or memo,
            memo=memo if name else "",
            account=counterparty,
        )
        yield link_id, line, payer


def forget(account: Account, habit: Habit, *, by: Actor) -> None:
    """What links taught of this wording counts no more; what is confirmed from now on teaches again."""
    last = db.session.scalar(select(func.max(ReconciliationLink.id))) or 0
    known = db.session.scalar(
        select(ForgottenHabit).where(
            ForgottenHabit.account_id == account.id,
            ForgottenHabit.kind == habit.kind.value,
            ForgottenHabit.wording == habit.wording,
            ForgottenHabit.name == habit.name,
        )
    )
    if known is None:
        known = ForgottenHabit(
            account_id=account.id,
            kind=habit.kind.value,
            wording=habit.wording,
            name=habit.name,
            links_to=last,
        )
        db.session.add(known)
    known.links_to, known.forgotten_at = last, now()
    known.forgotten_by_id = by.id if isinstance(by, User) else None
    audit.record("habit.forget", known, by=by, wording=habit.wording, name=habit.name)


def written_before(account: Account, lines: Collection[StatementLine]) -> dict[int, WrittenBefore]:
    """For each line (by id) in whose words an entry was written before: what the last one said."""
    wanted = {one.id: (plain_words(f"{one.name} {one.memo}"), one.amount_minor > 0) for one in lines}
    if not any(words for words, _way in wanted.values()):
        return {}
    known: dict[tuple[tuple[str, ...], bool], int] = {}
    rows = db.session.execute(
        select(StatementLine.name, StatementLine.memo, StatementLine.amount_minor, Posting.entry_id)
        .join(ReconciliationLink, ReconciliationLink.line_id == StatementLine.id)
        .join(Posting, Posting.id == ReconciliationLink.posting_id)
        .where(
            StatementLine.account_id == account.id,
            ReconciliationLink.undone_at.is_(None),
            ReconciliationLink.reasons.contains('"recorded"'),
            ~select(Payment.id).where(Payment.entry_id == Posting.entry_id).exists(),
        )
        .order_by(ReconciliationLink.id.desc())
        .limit(_NEWEST_WRITTEN)
    )
    for name, memo, minor, entry_id in rows:
        known.setdefault((plain_words(f"{name} {memo}"), minor > 0), entry_id)
    entries = {line_id: known[mark] for line_id, mark in wanted.items() if mark[0] and mark in known}
    told = _what_they_said(account, set(entries.values()))
    return {line_id: told[entry] for line_id, entry in entries.items() if entry in told}


def _what_they_said(account: Account, entries: set[int]) -> dict[int, WrittenBefore]:
    other = aliased(Account)
    rows = db.session.execute(
        select(Posting.entry_id, other, Fund.id, Fund.code, JournalEntry.narration)
        .join(other, other.id == Posting.account_id)
        .join(Fund, Fund.id == Posting.fund_id)
        .join(JournalEntry, JournalEntry.id == Posting.entry_id)
        .where(Posting.entry_id.in_(entries), Posting.account_id != account.id)
    ).all()
    counted: dict[int, list[WrittenBefore]] = {}
    for entry, against, fund_id, fund, narration in rows:
        counted.setdefault(entry, []).append(WrittenBefore(against, fund_id, fund, narration))
    return {entry: found[0] for entry, found in counted.items() if len(found) == 1}
