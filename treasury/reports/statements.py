"""Statements of a fund, of a payer (the passbook), of a funder: each line is a posted entry."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, func, select

from network.models import Organisation
from shared.clock import today
from shared.database import db
from shared.errors import NotFound
from shared.i18n import _
from shared.money import Money
from treasury import expectations, placing, queries
from treasury.expectations import Funder
from treasury.models import Account, AccountKind, EntryStatus, JournalEntry, Payment, Posting
from treasury.queries import SPENDABLE
from treasury.reports.books import account_link, said
from treasury.reports.values import Asked, Cell, Column, Kind, Linked, Report, Section, by_currency
from treasury.wording import METHODS, account_name

_POSTED = JournalEntry.status == EntryStatus.POSTED


@dataclass(frozen=True, slots=True)
class Moved:
    """What one entry did to a fund's balance in one currency."""

    entry: Linked
    on: date
    narration: str
    amount: Money


def fund(asked: Asked) -> Report:
    """A fund from a day to a day: what it began with, each entry that moved it, what it ends with."""
    chosen = asked.fund
    if chosen is None:
        raise NotFound
    until = asked.until or today()
    mine = Posting.fund_id == chosen.id
    moved = _moved(mine, asked.since, until)
    opening = {one.currency: one for one in _before(mine, asked.since)}
    currencies = sorted({*opening, *(one.amount.currency for one in moved)})
    sections = [
        _running(
            _("Fund %(code)s, %(currency)s", code=chosen.code, currency=currency),
            opening.get(currency, Money.zero(currency)),
            [one for one in moved if one.amount.currency == currency],
        )
        for currency in currencies
    ]
    return Report(
        _("Statement of a fund"), f"{chosen.name} · {_span(asked, until)}", sections, note=chosen.aim
    )


def _moved(which: ColumnElement[bool], since: date | None, until: date) -> list[Moved]:
    total = func.sum(Posting.amount_minor)
    chosen = (
        select(
            JournalEntry.id,
            JournalEntry.number,
            JournalEntry.dated_on,
            JournalEntry.narration,
            Posting.currency,
            total,
        )
        .join(Posting.entry)
        .join(Account, Account.id == Posting.account_id)
        .where(_POSTED, SPENDABLE, which, JournalEntry.dated_on <= until)
        .group_by(JournalEntry.id, Posting.currency)
        .having(total != 0)
        .order_by(JournalEntry.dated_on, JournalEntry.number)
    )
    if since:
        chosen = chosen.where(JournalEntry.dated_on >= since)
    return [
        Moved(_numbered(key, number), on, narration, Money(int(minor), currency))
        for key, number, on, narration, currency, minor in db.session.execute(chosen)
    ]


def _numbered(key: int, number: int | None) -> Linked:
    return Linked(number or 0, "treasury.entry", {"entry_id": key})


def _before(which: ColumnElement[bool], since: date | None) -> list[Money]:
    if since is None:
        return []
    rows = db.session.execute(
        select(Posting.currency, func.sum(Posting.amount_minor))
        .join(Posting.entry)
        .join(Account, Account.id == Posting.account_id)
        .where(_POSTED, SPENDABLE, which, JournalEntry.dated_on < since)
        .group_by(Posting.currency)
    )
    return [Money(int(minor), currency) for currency, minor in rows]


def _running(title: str, opening: Money, moved: Sequence[Moved]) -> Section:
    """Each movement with the balance after it, between what there was and what there is."""
    currency, zero = opening.currency, Money.zero(opening.currency)

    def rows() -> Iterator[Sequence[Cell]]:
        balance = opening
        yield [None, None, _("Opening balance"), None, None, balance]
        for one in moved:
            balance += one.amount
            came, went = max(one.amount, zero), max(-one.amount, zero)
            yield [one.on, one.entry, one.narration, came or None, went or None, balance]

    came = Money.total((max(one.amount, zero) for one in moved), currency)
    went = Money.total((max(-one.amount, zero) for one in moved), currency)
    return Section(
        title=title,
        columns=[
            Column(_("Date"), Kind.DATE),
            Column(_("Entry"), Kind.NUMBER),
            Column(_("What happened")),
            Column(_("In"), Kind.MONEY),
            Column(_("Out"), Kind.MONEY),
            Column(_("Balance"), Kind.MONEY),
        ],
        rows=list(rows()),
        total=[None, None, _("Closing balance"), came, went, opening + came - went],
        currency=currency,
    )


def payer(asked: Asked) -> Report:
    """The passbook of a payer: everything it paid and what was taken back, added up line by line."""
    found = db.session.get(Organisation, asked.payer_id) if asked.payer_id else None
    if found is None:
        raise NotFound
    until = asked.until or today()
    rows = _paid(found.id, asked.since, until)
    sections = []
    for currency in by_currency(amount for *_rest, amount in rows):
        mine = [row for row in rows if row[-1].currency == currency]
        whole = Money.total((row[-1] for row in mine), currency)
        sections.append(
            Section(
                title=_("%(name)s, %(currency)s", name=found.name, currency=currency),
                columns=[
                    Column(_("Date"), Kind.DATE),
                    Column(_("Entry"), Kind.NUMBER),
                    Column(_("For")),
                    Column(_("Reference")),
                    Column(_("How")),
                    Column(_("Amount"), Kind.MONEY),
                    Column(_("Together"), Kind.MONEY),
                ],
                rows=list(_added(mine, Money.zero(currency))),
                total=[None, None, _("Total"), "", "", whole, None],
                currency=currency,
            )
        )
    note = _(
        "Every line comes from a posted entry. This acknowledges payments; it is not a donation receipt."
    )
    return Report(_("Passbook"), f"{found.name} · {_span(asked, until)}", sections, note=note)


Paid = tuple[date, Linked, str, Linked, str, Money]


def _paid(payer_id: int, since: date | None, until: date) -> list[Paid]:
    """What a payer's payments brought, and, negative, what was given or taken back, or placed elsewhere."""
    mine = {one.id: one for one in db.session.scalars(select(Payment).where(Payment.payer_id == payer_id))}
    owner = placing.entries_of(mine)
    total = func.sum(Posting.amount_minor)
    chosen = (
        select(JournalEntry, Posting.fund_id, Account.code, Posting.currency, total)
        .join(Posting.entry)
        .join(Account, Account.id == Posting.account_id)
        .where(JournalEntry.id.in_(owner), _POSTED, JournalEntry.dated_on <= until)
        .group_by(JournalEntry.id, Posting.fund_id, Account.code, Posting.currency)
        .order_by(JournalEntry.dated_on, JournalEntry.number)
    )
    if since:
        chosen = chosen.where(JournalEntry.dated_on >= since)
    rows: list[Paid] = []
    for entry, fund_id, code, currency, minor in db.session.execute(chosen):
        payment = mine[owner[entry.id]]
        if (fund_id, code) != (payment.fund_id, payment.income_code):
            continue
        came = entry.id == payment.entry_id
        words = payment.description if came else entry.narration
        how = str(METHODS[payment.method]) if came else ""
        amount = Money(-int(minor), currency)
        asked = Linked(payment.reference, "payments.payment", {"reference": payment.reference})
        rows.append((entry.dated_on, _numbered(entry.id, entry.number), words, asked, how, amount))
    return rows


def _added(rows: Sequence[Paid], together: Money) -> Iterator[Sequence[Cell]]:
    for row in rows:
        together += row[-1]
        yield [*row, together]


def funder(asked: Asked) -> Report:
    """For a funder: what was promised, what came, what it paid by account and category, what is left."""
    known = {one.code: one for one in expectations.funders()}
    if asked.funder not in known:
        raise NotFound
    one, until = known[asked.funder], asked.until or today()
    sections = [_promise(one, until)]
    if one.fund_id is not None:
        mine = Posting.fund_id == one.fund_id
        sections += _uses(mine, asked.since, until)
        opening = {money.currency: money for money in _before(mine, asked.since)}
        moved = _moved(mine, asked.since, until)
        for currency in sorted({*opening, *(row.amount.currency for row in moved)}):
            rows = [row for row in moved if row.amount.currency == currency]
            title = _("Entries, %(currency)s", currency=currency)
            sections.append(_running(title, opening.get(currency, Money.zero(currency)), rows))
    return Report(
        _("Statement for a funder"), f"{one.name} · {_span(asked, until)}", sections, note=one.terms
    )


def _promise(one: Funder, until: date) -> Section:
    came = queries.income(one.fund_id, until) if one.fund_id is not None else []
    currency = one.promised.currency if one.promised else came[0].currency if came else "CAD"
    received = Money.total((money for money in came if money.currency == currency), currency)
    rows: list[Sequence[Cell]] = []
    if one.promised:
        rows.append([_("Promised at most"), one.promised])
    rows.append([_("Received"), received])
    if one.promised:
        rows.append([_("Not received"), max(one.promised - received, Money.zero(currency))])
    waits = _("It waits for: %(what)s. It counts nothing meanwhile.", what=one.blocked)
    return Section(
        title=_("Promised and received"),
        columns=[Column(_("What")), Column(_("Amount"), Kind.MONEY)],
        rows=rows,
        currency=currency,
        note=waits if one.blocked else "",
    )


def _uses(which: ColumnElement[bool], since: date | None, until: date) -> list[Section]:
    """What the money paid, or where it was given on, by account and budget category."""
    total = func.sum(Posting.amount_minor)
    chosen = (
        select(Account, Posting.category, total)
        .join(Posting, Posting.account_id == Account.id)
        .join(Posting.entry)
        .where(
            _POSTED,
            which,
            Account.kind.in_((AccountKind.EXPENSE, AccountKind.EQUITY)),
            JournalEntry.dated_on <= until,
        )
        .group_by(Account.id, Posting.category)
        .having(total != 0)
        .order_by(Account.code, Posting.category)
    )
    if since:
        chosen = chosen.where(JournalEntry.dated_on >= since)
    rows = [
        (account, category, Money(int(minor), account.currency))
        for account, category, minor in db.session.execute(chosen)
    ]
    sections = []
    for currency in by_currency(amount for _account, _category, amount in rows):
        mine = [row for row in rows if row[-1].currency == currency]
        sections.append(
            Section(
                title=_("What it paid, %(currency)s", currency=currency),
                columns=[
                    Column(_("Account")),
                    Column(_("Name")),
                    Column(_("Budget line")),
                    Column(_("Amount"), Kind.MONEY),
                ],
                rows=[
                    [account_link(one.code, currency), account_name(one), category, amount]
                    for one, category, amount in mine
                ],
                total=[_("Total"), "", "", Money.total((row[-1] for row in mine), currency)],
                currency=currency,
            )
        )
    return sections


def _span(asked: Asked, until: date) -> str:
    if asked.since is None:
        return str(_("up to %(day)s", day=said(until, asked.locale)))
    since = said(asked.since, asked.locale)
    return str(_("from %(since)s to %(until)s", since=since, until=said(until, asked.locale)))
