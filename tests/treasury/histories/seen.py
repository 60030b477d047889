"""What the bank shows: lines imported, matched, compared with the books, accepted together, undone."""

from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule
from sqlalchemy import select

from shared.database import db
from shared.money import Money
from tests.treasury.histories.chapter import ANY, CAD
from tests.treasury.histories.plain_books import PlainEntry
from tests.treasury.histories.written import Written
from treasury.models import Account, Posting, ReconciliationLink, StatementLine
from treasury.reconciliation import proposals
from treasury.reconciliation.links import accept_sure, confirm, undo
from treasury.statements.importing import import_statement
from treasury.statements.values import ParsedLine, StatementAccount, StatementFile


class Seen(Written):
    """Bank lines and the entries they are."""

    def __init__(self) -> None:
        super().__init__()
        self.links: list[list[int]] = []

    @precondition(lambda self: self.posted)
    @rule(which=ANY, twice=st.booleans(), short=st.sampled_from([0, 0, 100]))
    def bank_tells(self, which: int, twice: bool, short: int) -> None:
        """The bank shows a movement with its mark, perhaps some of it, perhaps in two files."""
        entry = self.posted[which % len(self.posted)]
        moved = self._moved_at_bank(entry)
        if abs(moved) <= short:
            return
        minor, mark = moved - (short if moved > 0 else -short), self.marks[entry]
        line = ParsedLine(entry.day, Money(minor, CAD), mark, "", "seen", None, 1, f"{mark} {minor}")
        file = StatementFile("csv", (StatementAccount("", CAD, None, None, (line,)),), ())

        def make() -> Any:
            return import_statement(self._account(), file, by=self.aristide, file_name="a")

        for _file in range(1 + twice):
            self.expect("", make)
        self.lines[mark, minor] = 1

    @precondition(lambda self: self.lines and self.posted)
    @rule(line=ANY, which=ANY)
    def match(self, line: int, which: int) -> None:
        """A bank line is said to be an entry."""
        found = self._lines()[line % len(self.lines)]
        entry = self.posted[which % len(self.posted)]
        posting = self._posting(entry)
        if posting is None:
            return
        key, other, minor = found.id, posting.id, found.amount_minor
        left = min(self._left(1, key, minor), self._left(2, other, posting.amount_minor))
        known = any((one[1], one[2]) == (key, other) for one in self.links)
        if (minor > 0) != (posting.amount_minor > 0):
            refusal = "does_not_fit"
        else:
            refusal = "" if left or known else "nothing_left"

        def make() -> Any:
            line, other_posting = db.session.get_one(StatementLine, key), db.session.get_one(Posting, other)
            return confirm(line, other_posting, by=self.zoe)

        made = self.expect(refusal, make)
        if made is not None and left:
            self.links.append([made, key, other, left])

    @precondition(lambda self: self.lines)
    @rule(compared=st.sampled_from([True, True, False]))
    def accept(self, compared: bool) -> None:
        """The sure proposals are accepted together: now `compared`, or as they were kept some time ago.

        Each says that a line is the entry whose mark it quotes; one that could not be mistaken is among them.
        """
        if compared:
            self.expect("", lambda: proposals.keep(proposals.compare(self._account())))
        made: list[list[int]] = []

        def make() -> None:
            offers = proposals.offers(self._account(), [one.id for one in self._lines()])
            best = [(line, found[0]) for line, found in offers.proposals.items()]
            seen = [
                (line, offers.postings(one)[0]) for line, one in best if one.sure and offers.postings(one)
            ]
            for link in accept_sure(self._account(), by=self.zoe, seen=seen):
                made.append([link.id, link.line_id, link.posting_id, abs(link.amount_minor)])

        certain = self._certain() if compared else set()
        self.expect("", make)
        pairs = self._by_mark()
        for link in made:
            assert (link[1], link[2]) in pairs, "accepted, and it is another's"
        assert certain <= {(link[1], link[2]) for link in made}, (
            "it could not be mistaken, and was not accepted"
        )
        self.links += made

    @precondition(lambda self: self.links)
    @rule(which=ANY)
    def undo(self, which: int) -> None:
        """One link is taken back, and no other."""
        link = self.links.pop(which % len(self.links))
        self.expect("", lambda: undo(db.session.get_one(ReconciliationLink, link[0]), by=self.zoe))

    def _by_mark(self) -> set[tuple[int, int]]:
        """Lines with the posting of the entry whose mark they quote."""
        postings = {self.marks[one]: self._posting(one) for one in self.posted if one in self.marks}
        return {(line.id, found.id) for line in self._lines() if (found := postings[line.reference])}

    def _certain(self) -> set[tuple[int, int]]:
        """Of these, what is whole and open on both sides while no other line quotes the mark."""
        quoted = [mark for mark, _minor in self.lines]
        found = set()
        for line in self._lines():
            entry = next(one for one, mark in self.marks.items() if mark == line.reference)
            posting = self._posting(entry)
            assert posting is not None
            untouched = not any(line.id == one[1] or posting.id == one[2] for one in self.links)
            whole = line.amount_minor == posting.amount_minor
            if untouched and whole and quoted.count(line.reference) == 1:
                found.add((line.id, posting.id))
        db.session.rollback()
        return found

    def _left(self, side: int, key: int, minor: int) -> int:
        return abs(minor) - sum(one[3] for one in self.links if one[side] == key)

    def _moved_at_bank(self, entry: PlainEntry) -> int:
        return sum(minor for _fund, account, _code, minor in entry.legs if account == self.bank)

    def _account(self) -> Account:
        return db.session.get_one(Account, self.bank_id)

    def _posting(self, entry: PlainEntry) -> Posting | None:
        chosen = select(Posting).where(
            Posting.entry_id == self.real[entry], Posting.account_id == self.bank_id
        )
        return db.session.scalar(chosen)

    def _lines(self) -> list[StatementLine]:
        chosen = select(StatementLine).where(StatementLine.account_id == self.bank_id)
        return list(db.session.scalars(chosen.order_by(StatementLine.id)))
