"""The *fichier des écritures comptables* of the French tax administration: one entity, one year, in euros.

Fields and their order: article A47 A-1 of the *livre des procédures fiscales*. Our codes go to the chart of
associations (`charts/france.toml`); what is in another currency is told in euros at the day's rate, with the
original amount beside it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date

from sqlalchemy import func, select

from shared.clock import today
from shared.database import db
from shared.errors import DomainError
from shared.i18n import _l
from shared.money import Money
from treasury import chart
from treasury.books import rates
from treasury.books.frameworks import frameworks
from treasury.funds.funds import default_entity
from treasury.funds.models import LegalEntity
from treasury.models import AccountKind, EntryStatus, JournalEntry
from treasury.reports.export_rows import Booked, Key, Line, Span, before, booked

FIELDS = (
    "JournalCode", "JournalLib", "EcritureNum", "EcritureDate", "CompteNum", "CompteLib", "CompAuxNum",
    "CompAuxLib", "PieceRef", "PieceDate", "EcritureLib", "Debit", "Credit", "EcritureLet", "DateLet",
    "ValidDate", "Montantdevise", "Idevise",
)  # fmt: skip

_JOURNALS = {"AN": "À nouveaux", "BQ": "Banque", "CA": "Caisse", "OD": "Opérations diverses"}
_RESULT = (AccountKind.INCOME, AccountKind.EXPENSE)


class NoEntity(DomainError):
    """The file is that of one legal entity."""

    code = "no_entity"
    message = _l("Enter first the legal entity whose books these are.")


@dataclass(frozen=True, slots=True)
class _Row:
    """A line in euros, beside what it was."""

    key: Key
    euros: Money
    original: Money


def fec(span: Span) -> Iterator[str]:
    """The file, tab separated: openings first, then every entry of the year. Raises `NoEntity`, `NoRate`."""
    entity, year = whose(span), _year(span)
    yield "\t".join(FIELDS) + "\r\n"
    first = date(year, 1, 1)
    number = 0
    if opening := _opening(first, entity):
        number += 1
        yield from _written("AN", number, first, first, "À nouveaux", "AN", opening)
    for entry in booked(Span(year=year, entity=entity)):
        number += 1
        rows = _in_euros(entry.lines, entry.dated_on)
        yield from _written(
            _journal(entry),
            number,
            entry.dated_on,
            entry.posted_on,
            entry.narration,
            f"E{entry.number}",
            rows,
        )


def file_name(span: Span) -> str:
    """The name that the rule asks for: the registration number, ``FEC``, the day the year ends."""
    digits = "".join(one for one in whose(span).registration_number if one.isdigit())[:9]
    return f"{digits.rjust(9, '0')}FEC{_year(span)}1231.txt"


def whose(span: Span) -> LegalEntity:
    """The legal entity whose books are exported: the default one unless it is named. Raises `NoEntity`."""
    entity = span.entity or default_entity()
    if entity is None:
        raise NoEntity
    return entity


def _year(span: Span) -> int:
    if span.year:
        return span.year
    last = db.session.scalar(
        select(func.max(JournalEntry.dated_on)).where(JournalEntry.status == EntryStatus.POSTED)
    )
    return (last or today()).year


def _opening(first: date, entity: LegalEntity) -> list[_Row]:
    """What stood before: results of earlier years, carried or not, go where they are carried."""
    sums: dict[tuple[str, int, str], Line] = {}
    for one in before(first, entity):
        key = one.key
        if key.kind in _RESULT or key.code == chart.YEAR_RESULT:
            key = replace(key, code=chart.CARRIED, kind=AccountKind.EQUITY, name="")
        place = (key.code, key.fund_id, one.balance.currency)
        amount = one.balance + sums[place].amount if place in sums else one.balance
        sums[place] = Line(key, amount, "")
    return _in_euros([line for line in sums.values() if line.amount], first)


def _in_euros(lines: Sequence[Line], day: date) -> list[_Row]:
    """Each currency balances by itself, and so it does in euros: what rounding leaves goes with the next."""
    rows: list[_Row] = []
    seen: dict[tuple[int, str], tuple[int, Money]] = {}
    for line in lines:
        currency = line.amount.currency
        rate = rates.rate_on(currency, "EUR", day).value
        at = (line.key.fund_id, currency)
        so_far, told = seen.get(at, (0, Money.zero("EUR")))
        so_far += line.amount.minor
        euros = Money(so_far, currency).convert(rate, "EUR") - told
        seen[at] = so_far, told + euros
        rows.append(_Row(line.key, euros, line.amount))
    return rows


def _journal(entry: Booked) -> str:
    codes = {line.key.code for line in entry.lines}
    if codes & {chart.BANK, chart.STRIPE, chart.MOBILE_MONEY, chart.CHEQUES}:
        return "BQ"
    return "CA" if chart.CASH in codes else "OD"


def _written(
    journal: str, number: int, on: date, valid: date, words: str, piece: str, rows: Sequence[_Row]
) -> Iterator[str]:
    places = frameworks()["france"].places
    for row in rows:
        place = places[row.key.code]
        foreign = row.original.currency != "EUR"
        fields = (
            journal, _JOURNALS[journal], str(number), _day(on), place.code, place.name, "", "",
            piece, _day(on), words, _amount(row.euros, 1), _amount(row.euros, -1), "", "", _day(valid),
            row.original.decimal().replace(".", ",") if foreign else "",
            row.original.currency if foreign else "",
        )  # fmt: skip
        yield "\t".join(" ".join(field.split()) for field in fields) + "\r\n"


def _day(day: date) -> str:
    return day.strftime("%Y%m%d")


def _amount(euros: Money, side: int) -> str:
    """The amount where it stands on that side (debit 1, credit -1), else zero; with a comma."""
    return (euros * side if euros.minor * side > 0 else Money.zero("EUR")).decimal().replace(".", ",")
