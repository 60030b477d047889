"""An account reconciled to a day as a report to keep: the bridge from books to bank and its parts."""

from collections.abc import Iterator
from datetime import date

from shared.i18n import _, pgettext, show_date
from shared.money import Money
from treasury.models import Account
from treasury.reconciliation import reconciled
from treasury.reconciliation.models import StatementClosing
from treasury.reconciliation.reconciled import Standing
from treasury.reports.values import Cell, Column, Kind, Report, Section
from treasury.statements import continuity
from treasury.wording import account_name

_MOST = 100_000


def report(account: Account, on: date) -> Report:
    """Books, in transit, only at the bank, the bank's balance; then each line of it, gaps and closings."""
    found = reconciled.standing(account, on)
    return Report(
        _("Books and bank"),
        f"{account_name(account)} · {account.currency} · {show_date(on)}",
        [
            _bridge(found),
            _in_transit(found),
            _only_at_the_bank(found),
            *_gaps(account),
            *_closings(account),
        ],
    )


def _bridge(found: Standing) -> Section:
    rows: list[list[Cell]] = [
        [_("Books"), found.books],
        [_("less what is in transit"), -found.in_transit],
        [_("plus what only the bank has"), found.unknown],
        [_("So the bank should hold"), found.expected],
        [_("The bank says"), found.bank],
        [_("Unexplained"), found.difference],
    ]
    columns = [Column(_("What")), Column(_("Amount"), Kind.MONEY)]
    return Section(_("From the books to the bank"), columns, rows, currency=found.account.currency)


def _in_transit(found: Standing) -> Section:
    rows: list[list[Cell]] = [
        [
            one.candidate.dated_on,
            one.entry_number,
            one.title,
            one.fund,
            (found.on - one.candidate.dated_on).days,
            one.candidate.amount,
        ]
        for one in reconciled.money_in_transit(found.account, found.on)
    ]
    return Section(
        _("In transit"),
        [
            Column(_("Day"), Kind.DATE),
            Column(_("Entry"), Kind.NUMBER),
            Column(_("What")),
            Column(_("Fund")),
            Column(_("Days since"), Kind.COUNT),
            Column(_("Amount"), Kind.MONEY),
        ],
        rows,
        total=[None, None, _("In transit"), "", None, found.in_transit] if rows else (),
        currency=found.account.currency,
        note="" if rows else _("The bank has seen all that the books have."),
    )


def _only_at_the_bank(found: Standing) -> Section:
    rows: list[list[Cell]] = [
        [one.dated_on, one.name, one.reference, one.amount]
        for one in reconciled.lines_unknown(found.account, found.on, _MOST)
    ]
    return Section(
        _("Only at the bank"),
        [
            Column(_("Day"), Kind.DATE),
            Column(_("The bank says")),
            Column(_("Reference")),
            Column(_("Amount"), Kind.MONEY),
        ],
        rows,
        total=[None, _("Only at the bank"), "", found.unknown] if rows else (),
        currency=found.account.currency,
        note="" if rows else _("The books explain every line of the bank."),
    )


def _gaps(account: Account) -> Iterator[Section]:
    """Where the bank's statements do not follow each other, if anywhere."""
    rows: list[list[Cell]] = [
        [one.since, one.until, one.expected, one.opening, one.amount] for one in continuity.breaks(account)
    ]
    if rows:
        yield Section(
            _("Missing between statements"),
            [
                Column(_("From"), Kind.DATE),
                Column(_("Up to"), Kind.DATE),
                Column(_("By the statement before"), Kind.MONEY),
                Column(_("The next begins with"), Kind.MONEY),
                Column(_("Difference"), Kind.MONEY),
            ],
            rows,
            currency=account.currency,
        )


def _state(closing: StatementClosing) -> str:
    if closing.reopened_at:
        return str(_("reopened: %(reason)s", reason=closing.reason))
    return str(pgettext("statement", "closed"))


def _closings(account: Account) -> Iterator[Section]:
    """What was reconciled, to which day and by whom, with what was opened again and why."""
    rows: list[list[Cell]] = [
        [
            one.reconciled_to,
            one.statement.file_name,
            one.closed_by.name,
            _state(one),
            Money(one.bank_minor, account.currency),
        ]
        for one in reconciled.closings(account)
    ]
    if rows:
        yield Section(
            _("Statements closed"),
            [
                Column(_("Reconciled to"), Kind.DATE),
                Column(_("File")),
                Column(_("Closed by")),
                Column(_("State")),
                Column(_("Balance at the bank"), Kind.MONEY),
            ],
            rows,
            currency=account.currency,
        )
