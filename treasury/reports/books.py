"""Reports of the whole books: the trial balance, cash by currency, what exchanges cost."""

from collections.abc import Sequence
from datetime import date

from babel.dates import format_date
from sqlalchemy import func, select

from shared.clock import today
from shared.database import db
from shared.i18n import _
from shared.money import Money
from treasury.books import exchange
from treasury.models import Account, EntryStatus, Fund, JournalEntry, Posting
from treasury.queries import SPENDABLE, BalanceRow
from treasury.reports.values import Asked, Cell, Column, Kind, Linked, Report, Section
from treasury.wording import ACCOUNT_KINDS, account_name, rate_told

_POSTED = JournalEntry.status == EntryStatus.POSTED


def trial_balance(asked: Asked) -> Report:
    """Every account up to a day: debit on one side, credit on the other, equal in every currency."""
    until = asked.until or today()
    sections = []
    balances = _balances(until)
    for currency in sorted({row.balance.currency for row in balances}):
        rows = [row for row in balances if row.balance.currency == currency]
        zero = Money.zero(currency)
        debit = Money.total((max(row.balance, zero) for row in rows), currency)
        credit = Money.total((max(-row.balance, zero) for row in rows), currency)
        sections.append(
            Section(
                title=currency,
                columns=[
                    Column(_("Account")),
                    Column(_("Name")),
                    Column(_("Kind")),
                    Column(_("Debit"), Kind.MONEY),
                    Column(_("Credit"), Kind.MONEY),
                ],
                rows=[_two_sides(row) for row in rows],
                total=[_("Both sides"), "", "", debit, credit],
                currency=currency,
            )
        )
    return Report(_("Trial balance"), _until(until, asked), sections)


def _two_sides(row: BalanceRow) -> Sequence[Cell]:
    debit = row.balance if row.balance.minor >= 0 else None
    credit = -row.balance if row.balance.minor < 0 else None
    return [
        account_link(row.code, row.balance.currency),
        account_name(row),
        str(ACCOUNT_KINDS[row.kind]),
        debit,
        credit,
    ]


def account_link(code: str, currency: str) -> Linked:
    """An account's code, leading to its postings."""
    return Linked(code, "treasury.account", {"code": code, "currency": currency})


def _balances(until: date) -> list[BalanceRow]:
    total = func.sum(Posting.amount_minor)
    rows = db.session.execute(
        select(Account.code, Account.name, Account.kind, Account.currency, total)
        .join(Posting, Posting.account_id == Account.id)
        .join(Posting.entry)
        .where(_POSTED, JournalEntry.dated_on <= until)
        .group_by(Account.id, Account.code, Account.name, Account.kind, Account.currency)
        .order_by(Account.currency, Account.code)
    )
    return [
        BalanceRow(code, name, kind, Money(int(minor), currency))
        for code, name, kind, currency, minor in rows
    ]


def cash(asked: Asked) -> Report:
    """What there is in each currency on a day: on which accounts, and what of it is restricted or owed."""
    until = asked.until or today()
    total = func.sum(Posting.amount_minor)
    rows = db.session.execute(
        select(Account, Fund.kind, total)
        .join(Posting, Posting.account_id == Account.id)
        .join(Posting.entry)
        .join(Fund, Fund.id == Posting.fund_id)
        .where(_POSTED, SPENDABLE, JournalEntry.dated_on <= until)
        .group_by(Account.id, Fund.kind)
        .having(total != 0)
        .order_by(Account.currency, Account.code, Fund.kind)
    ).all()
    sections = []
    for currency in sorted({account.currency for account, _kind, _minor in rows}):
        mine = [(account, kind, int(minor)) for account, kind, minor in rows if account.currency == currency]
        sections.append(_cash_section(currency, mine))
    return Report(_("Cash by currency"), _until(until, asked), sections)


def _cash_section(currency: str, rows: Sequence[tuple[Account, str, int]]) -> Section:
    accounts = list(dict.fromkeys(account for account, _kind, _minor in rows))

    def of(account: Account | None, free: bool | None) -> Money:
        chosen = (
            minor
            for one, kind, minor in rows
            if account in (None, one) and free in (None, kind == "unrestricted")
        )
        return Money(sum(chosen), currency)

    return Section(
        title=currency,
        columns=[
            Column(_("Account")),
            Column(_("Name")),
            Column(_("Restricted"), Kind.MONEY),
            Column(_("Free to use"), Kind.MONEY),
            Column(_("Together"), Kind.MONEY),
        ],
        rows=[
            [
                account_link(one.code, currency),
                account_name(one),
                of(one, False),
                of(one, True),
                of(one, None),
            ]
            for one in accounts
        ],
        total=[_("Together"), "", of(None, False), of(None, True), of(None, None)],
        currency=currency,
    )


def exchange_differences(asked: Asked) -> Report:
    """What exchanges cost each event and fund, in each currency, and every conversion that made it."""
    sections = []
    differences = exchange.differences()
    for currency in sorted({one.amount.currency for one in differences}):
        rows = [one for one in differences if one.amount.currency == currency]
        sections.append(
            Section(
                title=_("By event and fund, %(currency)s", currency=currency),
                columns=[
                    Column(_("Event")), Column(_("Fund")), Column(_("Name")), Column(_("Cost"), Kind.MONEY)
                ],
                rows=[
                    [
                        one.fund.event,
                        Linked(one.fund.code, "treasury.fund", {"code": one.fund.code}),
                        one.fund.name,
                        one.amount,
                    ]
                    for one in rows
                ],
                total=[_("Total"), "", "", Money.total((one.amount for one in rows), currency)],
                currency=currency,
                note=_("Above zero the exchange cost money, below zero it brought some."),
            )
        )  # fmt: skip
    changed = exchange.conversions()
    if changed:
        sections.append(
            Section(
                title=_("Conversions"),
                columns=[
                    Column(_("Date"), Kind.DATE),
                    Column(_("Fund")),
                    Column(_("Given"), Kind.AMOUNT),
                    Column(_("Received"), Kind.AMOUNT),
                    Column(_("Where the amounts were read")),
                    Column(_("Rate of reference")),
                    Column(_("Difference"), Kind.AMOUNT),
                ],
                rows=[
                    [
                        one.entry.dated_on,
                        one.fund.code,
                        one.given,
                        one.received,
                        Linked(one.told.source, "treasury.entry", {"entry_id": one.entry.id}),
                        rate_told(one.held),
                        one.difference,
                    ]
                    for one in changed
                ],
            )
        )
    return Report(_("Exchange differences"), _until(today(), asked), sections)


def _until(until: date, asked: Asked) -> str:
    return str(_("as of %(day)s", day=said(until, asked.locale)))


def said(day: date, locale: str) -> str:
    """A day in words."""
    return str(format_date(day, "long", locale=locale))
