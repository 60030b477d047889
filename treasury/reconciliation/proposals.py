"""What each open bank line may be, compared once and kept: a page reads the proposals of the lines it shows.

Proposals are made again when something new could match: lines, entries or payments came, a link taught a
habit or was undone. A small account is compared at once, a large one by a job while the page shows what was
found before. Whatever was settled meanwhile drops out when proposals are read, so an old one cannot mislead.
"""

import json
from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, delete, func, insert, select

from outbox.jobs import enqueue
from shared.clock import now
from shared.database import db, transaction
from treasury.models import Account, LedgerHead, Payment, ReconciliationLink, StatementLine
from treasury.reconciliation import open_money
from treasury.reconciliation.habits import habits
from treasury.reconciliation.models import MatchingRun, MatchProposal
from treasury.reconciliation.open_money import OpenMoney
from treasury.reconciliation.values import Key, LineToMatch, Proposal, Reason, reason_from, reason_written

JOB = "matching"

AT_ONCE = 400
"""Open lines and open money in all that are compared while a page waits (a quarter of a second)."""

_DAMPED = 25  # entries or links that a large account gathers before it is compared again
_PATIENCE = timedelta(minutes=10)
_CHUNK = 2000
_NO_LONGER = "out of date"


@dataclass(frozen=True, slots=True)
class Standing:
    """What an account's proposals know, beside what there is. `made_at` is when they were made."""

    account_id: int
    now: str
    known: str
    newest_line: int
    large: bool
    on_its_way: bool
    made_at: datetime | None

    @property
    def fresh(self) -> bool:
        return self.now == self.known


@dataclass(frozen=True, slots=True)
class Compared:
    """A comparison that was made and is to be kept."""

    standing: Standing
    size: int
    lines: Sequence[LineToMatch]
    money: dict[str, OpenMoney]
    proposals: Sequence[Proposal]


@dataclass(frozen=True, slots=True)
class Offers:
    """Of some lines: what is left of each, what it may be (the best first), and the open money meant."""

    left: dict[int, LineToMatch] = field(default_factory=dict)
    proposals: dict[int, list[Proposal]] = field(default_factory=dict)
    money: dict[str, OpenMoney] = field(default_factory=dict)

    def of(self, line_id: int) -> list[Proposal]:
        """What this line may be."""
        return self.proposals.get(line_id, [])

    def meant(self, proposal: Proposal) -> list[OpenMoney]:
        """The open money that a proposal names."""
        return [self.money[str(key)] for key in proposal.candidate_keys]

    def postings(self, proposal: Proposal) -> list[int]:
        """The postings to link if it is accepted; none if it means a payment that is not recorded."""
        return [posting for one in self.meant(proposal) for posting in one.posting_ids]


def standing(account: Account) -> Standing:
    """Whether proposals are as of now, and if not, how they are best made."""
    run = db.session.get(MatchingRun, account.id)
    here = (StatementLine.account_id == account.id, StatementLine.statement_id.not_in(open_money.coming_in()))
    seen = run.newest_line if run else 0
    line, come, *newest = db.session.execute(
        select(
            _one(select(func.max(StatementLine.id)).where(*here)),
            _one(select(func.count(StatementLine.id)).where(*here, StatementLine.id > seen)),
            _one(select(LedgerHead.number)),
            _one(select(func.max(Payment.id))),
            _one(select(func.max(ReconciliationLink.id))),
        )
    ).one()
    large = (run.size if run else 0) + come > AT_ONCE
    counts = (line, *(one // (_DAMPED if large else 1) for one in newest))
    told = ("large " if large else "") + " ".join(map(str, counts))
    asked_at = run.asked_at if run and run.asked == told else None
    waiting = asked_at is not None and now() - asked_at < _PATIENCE
    return Standing(
        account.id,
        told,
        run.known if run else "",
        line,
        large,
        waiting,
        run.made_at if run and run.known else None,
    )


def _one(chosen: Select[Any]) -> ColumnElement[int]:
    return func.coalesce(chosen.scalar_subquery(), 0)


def compare(account: Account) -> Compared:
    """Compare all that is open on `account`; nothing is stored."""
    from treasury.reconciliation.matching import propose  # numpy and scipy: 60 MB that no other page needs

    then = standing(account)
    lines = open_money.open_lines(account)
    waiting = [*open_money.open_postings(account), *open_money.requested_payments(account, lines)]
    money = {str(one.candidate.key): one for one in waiting}
    found = propose(lines, [one.candidate for one in waiting], habits(account))
    return Compared(then, len(lines) + len(waiting), lines, money, found)


def keep(compared: Compared) -> Standing:
    """Store a comparison in place of the one before; how the account stands then."""
    account_id = compared.standing.account_id
    run = _run(account_id)
    run.known, run.newest_line = compared.standing.now, compared.standing.newest_line
    run.made_at, run.size = now(), compared.size
    db.session.execute(delete(MatchProposal).where(MatchProposal.account_id == account_id))
    left = {int(line.key): line.amount.minor for line in compared.lines}
    places: dict[int, int] = defaultdict(int)
    rows = []
    for one in compared.proposals:
        line_id = int(one.line_key)
        rows.append(
            {
                "account_id": account_id,
                "line_id": line_id,
                "place": places[line_id],
                "line_minor": left[line_id],
                "money": json.dumps(_amounts(one.candidate_keys, compared.money)),
                "score": one.score,
                "sure": one.sure and not _asked_for(one.candidate_keys),
                "reasons": json.dumps([reason_written(why) for why in one.reasons], ensure_ascii=False),
            }
        )
        places[line_id] += 1
    for at in range(0, len(rows), _CHUNK):
        db.session.execute(insert(MatchProposal), rows[at : at + _CHUNK])
    db.session.flush()
    return replace(compared.standing, known=run.known, made_at=run.made_at)


def _amounts(keys: Sequence[Key], money: dict[str, OpenMoney]) -> list[tuple[str, int]]:
    return [(str(key), money[str(key)].candidate.amount.minor) for key in keys]


def _asked_for(keys: Sequence[Key]) -> bool:
    """Whether it means a payment that is not recorded: a person records it, nothing is linked yet."""
    return any(str(key).startswith("payment:") for key in keys)


def _run(account_id: int) -> MatchingRun:
    run = db.session.get(MatchingRun, account_id, with_for_update=True)
    if run is None:
        run = MatchingRun(account_id=account_id)
        db.session.add(run)
        db.session.flush()
    return run


def ask(account: Account, what: Standing) -> None:
    """Have a large account compared by a job, once for what is known now."""
    run = _run(account.id)
    run.asked, run.asked_at = what.now, now()
    enqueue(JOB, {"account": account.id}, key=f"match:{account.id}:{what.now}:{now():%Y%m%d%H%M}")


def run_job(payload: dict[str, Any]) -> None:
    """The job of `ask`: compare, then keep."""
    account = db.session.get(Account, payload["account"])
    if account is not None:
        compared = compare(account)
        with transaction():
            keep(compared)


def out_of_date(account_id: int) -> None:
    """Say that what was known no longer is: a link was undone, a draft thrown away, a habit forgotten."""
    run = db.session.get(MatchingRun, account_id)
    if run is not None:
        run.known = _NO_LONGER


def offers(account: Account, line_ids: Collection[int]) -> Offers:
    """What these lines may be, of the proposals kept, as far as it is all still open as it was then."""
    left = {int(line.key): line for line in open_money.open_lines(account, line_ids)}
    kept = db.session.scalars(
        select(MatchProposal)
        .where(MatchProposal.line_id.in_(list(left)))
        .order_by(MatchProposal.line_id, MatchProposal.place)
    ).all()
    then = {one.id: dict(json.loads(one.money)) for one in kept}
    money = open_money.by_keys(account, {key for amounts in then.values() for key in amounts})
    found: dict[int, list[Proposal]] = defaultdict(list)
    for one in kept:
        if one.line_minor == left[one.line_id].amount.minor and _open_still(then[one.id], money):
            found[one.line_id].append(
                Proposal(one.line_id, tuple(then[one.id]), one.score, one.sure, _reasons(one.reasons))
            )
    return Offers(left, dict(found), money)


def _open_still(then: dict[str, int], money: dict[str, OpenMoney]) -> bool:
    return all(key in money and money[key].candidate.amount.minor == minor for key, minor in then.items())


def _reasons(text: str) -> tuple[Reason, ...]:
    return tuple(reason_from(one) for one in json.loads(text))


def sure_lines(account: Account, statement_id: int | None = None) -> Any:
    """Which lines have a sure proposal, oldest first: a selection of line ids."""
    chosen = (
        select(MatchProposal.line_id)
        .join(StatementLine, StatementLine.id == MatchProposal.line_id)
        .where(
            MatchProposal.account_id == account.id,
            MatchProposal.sure.is_(True),
            open_money.line_left() == MatchProposal.line_minor,
        )
        .order_by(StatementLine.dated_on, StatementLine.id)
    )
    return chosen if statement_id is None else chosen.where(StatementLine.statement_id == statement_id)
