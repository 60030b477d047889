"""The bank statements that came in, and the lines of one, as tables to take along."""

from collections import defaultdict
from collections.abc import Sequence

from sqlalchemy import select

from shared.database import db
from shared.i18n import _, show_date
from shared.money import Money
from treasury.models import BankStatement, JournalEntry, Posting, ReconciliationLink, StatementLine
from treasury.reports.values import Cell, Column, Kind, Report, Section
from treasury.statements.listing import Row
from treasury.wording import account_name, bank_words


def list_of(rows: Sequence[Row]) -> Report:
    """The statements of a list: their days and balances, how many lines, how many wait."""
    told: list[Sequence[Cell]] = [
        (
            row.statement.file_name,
            f"{account_name(row.statement.account)} · {row.statement.account.currency}",
            row.statement.first_on,
            row.statement.last_on,
            row.statement.imported_at.date(),
            row.lines,
            row.left,
            row.closed_on,
            _("taken back") if row.statement.withdrawn_at else "",
        )
        for row in rows
    ]
    columns = [
        Column(_("File")),
        Column(_("Account")),
        Column(_("First day"), Kind.DATE),
        Column(_("Last day"), Kind.DATE),
        Column(_("Imported"), Kind.DATE),
        Column(_("Lines"), Kind.COUNT),
        Column(_("Lines to match"), Kind.COUNT),
        Column(_("Closed on"), Kind.DATE),
        Column(_("State")),
    ]
    title = _("Bank statements")
    return Report(title, "", [Section(title, columns, told)])


def lines_of(statement: BankStatement) -> Report:
    """Every line of a statement as the bank told it, what is left of it to explain, and by what it is."""
    currency = statement.account.currency
    explained: dict[int, int] = defaultdict(int)
    entries: dict[int, list[int | None]] = defaultdict(list)
    for line_id, minor, number in db.session.execute(
        select(ReconciliationLink.line_id, ReconciliationLink.amount_minor, JournalEntry.number)
        .join(StatementLine, StatementLine.id == ReconciliationLink.line_id)
        .join(Posting, Posting.id == ReconciliationLink.posting_id)
        .join(JournalEntry, JournalEntry.id == Posting.entry_id)
        .where(StatementLine.statement_id == statement.id, ReconciliationLink.undone_at.is_(None))
        .order_by(ReconciliationLink.id)
    ):
        explained[line_id] += minor
        entries[line_id].append(number)
    told: list[Sequence[Cell]] = [
        (
            line.dated_on,
            bank_words(line.name),
            bank_words(line.memo) if line.memo != line.name else "",
            line.reference,
            line.counterparty,
            line.amount,
            line.amount - Money(explained[line.id], currency),
            ", ".join(map(str, dict.fromkeys(entries[line.id]))),
        )
        for line in db.session.scalars(
            select(StatementLine)
            .where(StatementLine.statement_id == statement.id)
            .order_by(StatementLine.dated_on, StatementLine.id)
        )
    ]
    columns = [
        Column(_("Date"), Kind.DATE),
        Column(_("Name")),
        Column(_("The bank says")),
        Column(_("Reference")),
        Column(_("The other’s account")),
        Column(_("Amount"), Kind.MONEY),
        Column(_("Left to explain"), Kind.MONEY),
        Column(_("Entries")),
    ]
    title = statement.file_name or _("Statement %(number)s", number=statement.id)
    days = " – ".join(show_date(one) for one in (statement.first_on, statement.last_on) if one)
    return Report(title, days, [Section(title, columns, told, currency=currency)])
