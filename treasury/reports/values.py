"""A report as values: sections of rows, which become a page, a paper, a workbook or plain text alike."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any

from documents.spreadsheets import Cell as Written
from documents.spreadsheets import Sheet
from shared.i18n import LazyString, _
from shared.money import Money
from treasury.models import Fund


@dataclass(frozen=True, slots=True)
class Linked:
    """A cell that leads to what makes it, on the page; on paper and in files it is what it shows."""

    shows: str | int
    endpoint: str
    args: Mapping[str, Any]


Cell = str | int | date | Money | Linked | None


class Kind(StrEnum):
    """What stands in a column."""

    TEXT = "text"
    DATE = "date"
    COUNT = "count"
    """How many, with the reader's separators."""
    NUMBER = "number"
    """What names a thing: the number of an entry, written as it is."""
    MONEY = "money"
    """An amount in the section's currency, which is not repeated."""
    AMOUNT = "amount"
    """An amount with its currency: each row may have another."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column's head and what stands in it."""

    label: str
    kind: Kind = Kind.TEXT


@dataclass(frozen=True, slots=True)
class Section:
    """One table in one currency (or none): its columns, rows, and the row that adds them up."""

    title: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[Cell]]
    total: Sequence[Cell] = ()
    currency: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Drawing:
    """A curve with its table behind it: lines of points from 0 to 1, and what stands at its edges."""

    label: str
    series: Sequence[Mapping[str, Any]]
    start: str
    end: str
    top: str


@dataclass(frozen=True, slots=True)
class Report:
    """A report of a day, for a reader; `drawings` belong to the page, their tables are the sections."""

    title: str
    subtitle: str
    sections: Sequence[Section]
    note: str = ""
    drawings: Sequence[Drawing] = ()


@dataclass(frozen=True, slots=True)
class Asked:
    """What a report is asked about; each report takes what it knows of (`Recipe.asks`)."""

    fund: Fund | None = None
    payer_id: int | None = None
    funder: str = ""
    currency: str = ""
    since: date | None = None
    until: date | None = None
    locale: str = "en"


@dataclass(frozen=True, slots=True)
class Recipe:
    """A report that can be asked for: its name for people, what it tells, what it must be told first."""

    title: LazyString
    tells: LazyString
    make: Callable[[Asked], Report]
    asks: Sequence[str] = field(default_factory=tuple)


def by_currency(amounts: Iterable[Money]) -> dict[str, list[Money]]:
    """Amounts apart by currency, in its order: they are never added across."""
    found: dict[str, list[Money]] = {}
    for one in sorted(amounts, key=lambda one: one.currency):
        found.setdefault(one.currency, []).append(one)
    return found


def sheets(report: Report) -> list[Sheet]:
    """The report's sections for a spreadsheet: dates as ISO texts, the currency in a column of its own, where
    a section has one for all its rows. One with nothing in it says so.
    """
    if not report.sections:
        return [Sheet(title=report.title, heads=[report.subtitle, _("Nothing to report")], rows=[])]
    return [
        Sheet(
            title=section.title,
            heads=[*(one.label for one in section.columns), *([_("Currency")] if section.currency else [])],
            rows=[
                [
                    *(_written(cell, one.kind) for cell, one in zip(row, section.columns, strict=True)),
                    *([section.currency] if section.currency else []),
                ]
                for row in (*section.rows, *([section.total] if section.total else []))
            ],
        )
        for section in report.sections
    ]


def bare(cell: Cell) -> str | int | date | Money | None:
    """What a cell shows where nothing can be followed."""
    return cell.shows if isinstance(cell, Linked) else cell


def _written(cell: Cell, kind: Kind) -> Written:
    plain = bare(cell)
    if isinstance(plain, date):
        return plain.isoformat()
    return str(plain) if kind is Kind.AMOUNT and plain is not None else plain
