"""CSV as banks export it: delimiter, titles, dates, decimals and signs are recognised, then rows are read."""

import csv
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from shared.i18n import LazyString, _l
from shared.money import EXPONENTS, Money, exponent
from treasury.statement_amounts import currency_of, decimal_sign_of, read_amount
from treasury.statement_balances import Balanced, opening_and_closing
from treasury.statement_columns import Columns, columns_of, role_of
from treasury.statement_dates import date_order_of, read_date
from treasury.statement_text import tidy
from treasury.statement_values import (
    MAX_ROWS,
    Assumptions,
    ColumnsUnknown,
    CurrencyUnknown,
    Movement,
    Rejected,
    StatementAccount,
    StatementFile,
    TooManyRows,
    UnknownFormat,
    UnreadableRow,
    quoted,
    tell_twins_apart,
)

_DELIMITERS = (";", ",", "\t", "|")
_TITLES_WITHIN = 60  # lines; banks write an address, a period and a balance above the titles
_LONGEST_ROW = 6  # lines of one quoted row
_AS_TEXT = re.compile(r'="(.*)"')  # how spreadsheets are told to leave figures alone

_DEBIT_WORDS = frozenset(
    ("d", "db", "dr", "dbit", "debit", "débit", "débito", "debito", "cargo", "retrait", "-")
)
_CREDIT_WORDS = frozenset(
    ("c", "cr", "crdt", "credit", "crédit", "crédito", "credito", "abono", "dépôt", "+")
)

_Row = tuple[int, list[str]]  # number of its first line, cells


@dataclass(frozen=True, slots=True)
class _Table:
    """The rows below the titles, as cells, with the facts that only the whole table can tell."""

    columns: Columns
    account: str
    currency: str | None
    date_order: str | None
    decimal_sign: str | None
    debits_negative: bool
    dates: dict[str, date] = field(default_factory=dict)


def read_csv(text: str, assume: Assumptions) -> StatementFile:
    """The accounts of a table: one per account and currency named in it, usually one.

    Raises `UnknownFormat`, `ColumnsUnknown`, `CurrencyUnknown`, `AmbiguousDates`, `UnsignedAmounts`.
    """
    lines = text.split("\n")
    delimiter, titles_at, columns = _find_titles(lines)
    rejected: list[Rejected] = []
    rows = list(_rows(lines, titles_at + 1, delimiter, columns.width, rejected))
    account, currency = _preamble(lines[:titles_at], delimiter)
    columns = _with_sides(columns, rows)
    table = _understand(columns, rows, account, currency, assume)
    accounts: dict[tuple[str, str], list[Balanced]] = {}
    for row, cells in rows:
        try:
            key, balanced = _movement(table, row, cells)
        except UnreadableRow as unreadable:
            rejected.append(Rejected(row, unreadable.reason))
        else:
            accounts.setdefault(key, []).append(balanced)
    rejected.sort(key=lambda one: one.row)
    unsigned = len(columns.amounts) > 0 and "side" not in columns.places
    return StatementFile(
        "csv",
        tuple(_account(key, entries, rejected, unsigned) for key, entries in accounts.items()),
        tuple(rejected),
    )


def _account(
    key: tuple[str, str], entries: list[Balanced], rejected: list[Rejected], unsigned: bool
) -> StatementAccount:
    opening, closing = opening_and_closing(entries, [one.row for one in rejected], may_lack_signs=unsigned)
    return StatementAccount(*key, opening, closing, tell_twins_apart(entry.movement for entry in entries))


def _find_titles(lines: list[str]) -> tuple[str, int, Columns]:
    """Delimiter, index of the row of titles and its columns: the first row that most titles are known of."""
    best: tuple[int, str, int, Columns] | None = None
    tabular = False
    for delimiter in _DELIMITERS:
        for index, line in enumerate(lines[:_TITLES_WITHIN]):
            cells = _cells(line, delimiter) if delimiter in line and len(line) < 5000 else None
            tabular = tabular or (cells is not None and len(cells) >= 3)
            columns = columns_of(cells) if cells else None
            if columns and (best is None or columns.known > best[0]):
                best = (columns.known, delimiter, index, columns)
    if best is None:
        raise ColumnsUnknown if tabular and not lines[0].startswith("<") else UnknownFormat
    return best[1:]


def _preamble(lines: list[str], delimiter: str) -> tuple[str, str | None]:
    """Account and currency, where the lines above the titles name them."""
    told: dict[str, str] = {}
    for line in lines:
        cells = _cells(line, delimiter) or []
        for cell, following in zip(cells, [*cells[1:], ""], strict=False):
            label, _colon, value = cell.partition(":")
            role, _currency = role_of(label)
            if role in ("account", "currency") and (value.strip() or following):
                told.setdefault(role, tidy(value.strip() or following))
    currency = told.get("currency", "").upper()
    return told.get("account", ""), currency if currency in EXPONENTS else None


def _rows(
    lines: list[str], start: int, delimiter: str, width: int, rejected: list[Rejected]
) -> Iterator[_Row]:
    """The rows from line `start` on, numbered from 1 as an editor does; unreadable ones go to `rejected`."""
    blank = delimiter + ' "\t\u00a0'
    index = start
    rows = 0
    while index < len(lines):
        taken = 1
        line = lines[index]
        if line.strip(blank):
            rows += 1
            if rows > MAX_ROWS:
                raise TooManyRows(count=MAX_ROWS)
            cells: list[str] | None
            if '"' in line:
                cells, taken = _quoted_row(lines, index, delimiter, width)
            else:
                cells = [cell.strip() for cell in line.split(delimiter)]
            while cells and len(cells) > width and not cells[-1]:
                cells.pop()
            if cells and len(cells) == width:
                yield index + 1, cells
            else:
                rejected.append(Rejected(index + 1, _row_problem(cells, width)))
        index += taken


def _row_problem(cells: list[str] | None, width: int) -> LazyString:
    if cells is None:
        return _l("The quotation marks of this row do not match.")
    return _l("This row has %(count)s columns, the titles have %(width)s.", count=len(cells), width=width)


def _quoted_row(lines: list[str], index: int, delimiter: str, width: int) -> tuple[list[str] | None, int]:
    """Cells of a row with quotation marks, and how many lines it takes. One that never closes takes one."""
    cells = _cells(lines[index], delimiter)
    if cells is not None:
        return cells, 1
    for taken in range(2, _LONGEST_ROW + 1):
        if index + taken > len(lines):
            break
        cells = _cells("\n".join(lines[index : index + taken]), delimiter)
        if cells is not None and len(cells) == width:
            return cells, taken
    return None, 1


def _cells(line: str, delimiter: str) -> list[str] | None:
    try:
        rows = list(csv.reader([line], delimiter=delimiter, strict=True, skipinitialspace=True))
    except csv.Error:
        return None
    cells = [cell.strip() for row in rows for cell in row]
    return [_AS_TEXT.sub(r"\1", cell) for cell in cells] if '="' in line else cells


def _with_sides(columns: Columns, rows: list[_Row]) -> Columns:
    """A column of types that only says debit or credit tells the sign of the amounts."""
    if "side" in columns.places or "type" not in columns.places or not columns.amounts:
        return columns
    words = {_side_word(columns.text("type", cells)) for _row, cells in rows}
    if not words or not words <= _DEBIT_WORDS | _CREDIT_WORDS:
        return columns
    return replace(columns, places={**columns.places, "side": columns.places["type"]})


def _side_word(text: str) -> str:
    return text.casefold().strip(" .")


def _understand(
    columns: Columns,
    rows: list[_Row],
    account: str,
    currency: str | None,
    assume: Assumptions,
) -> _Table:
    """Decide over whole columns what no single row can tell."""
    money = [place for place, _currency in columns.money()]
    amounts = [cells[place] for _row, cells in rows for place in money]
    balances = [cells[place] for _row, cells in rows for place in columns.places.get("balance", ())]
    marks = {mark for amount in amounts[:200] if (mark := currency_of(amount))}
    marks |= {columns.text("currency", cells).upper() for _row, cells in rows[:200]} - {""}
    stated = currency or (marks.pop() if len(marks) == 1 else None)
    usual = stated or next((code for _place, code in columns.money() if code), None) or assume.currency
    debits = [cells[place] for _row, cells in rows for place, _currency in columns.debits]
    negative = sum(
        1 for debit in debits if debit[:1] in ("-", "\u2212", "(") and debit.strip("-\u2212(0.,) ")
    )
    positive = sum(1 for debit in debits if debit[:1].isdigit() and debit.strip("0., "))
    return _Table(
        columns,
        account,
        stated or assume.currency,
        date_order_of((_date_text(columns, cells) for _row, cells in rows), assume.date_order),
        decimal_sign_of([*amounts, *balances], exponent(usual) if usual in EXPONENTS else 2)
        or assume.decimal_sign,
        negative > positive,
    )


def _date_text(columns: Columns, cells: Sequence[str]) -> str:
    return next((cells[place] for place in columns.dates if cells[place]), "")


def _movement(table: _Table, row: int, cells: list[str]) -> tuple[tuple[str, str], Balanced]:
    """One row as a movement with its balance, and the (account, currency) it belongs to."""
    columns = table.columns
    text = _date_text(columns, cells)
    dated_on = table.dates.get(text)
    if dated_on is None:
        dated_on = table.dates[text] = read_date(text, table.date_order)
    amount = _amount(table, cells)
    memo = tidy(columns.text("memo", cells))
    movement = Movement(
        row=row,
        date=dated_on,
        amount=amount,
        reference=tidy(columns.text("reference", cells)),
        name=tidy(columns.text("name", cells)) or memo,
        memo=memo,
        bank_id=tidy(columns.text("id", cells)) or None,
    )
    account = tidy(columns.text("account", cells)) or table.account
    return (account, amount.currency), Balanced(movement, _balance(table, cells, amount.currency))


def _amount(table: _Table, cells: list[str]) -> Money:
    columns = table.columns
    filled = [(place, code) for place, code in columns.money() if cells[place]]
    if len(filled) > 1:  # 0.00 in the other column is how some banks leave it empty
        filled = [one for one in filled if cells[one[0]].strip("0., ")] or filled[:1]
    if not filled:
        raise UnreadableRow(_l("There is no amount."))
    if len(filled) > 1:
        raise UnreadableRow(_l("This row has more than one amount."))
    place, code = filled[0]
    amount = read_amount(cells[place], _currency(table, cells, code), table.decimal_sign)
    if filled[0] in columns.debits:
        if amount and (amount.minor < 0) != table.debits_negative:
            raise UnreadableRow(_l("The sign of this withdrawal differs from the others in its column."))
        return -abs(amount)
    if filled[0] in columns.credits and amount.minor < 0:
        raise UnreadableRow(_l("This deposit has a minus sign."))
    return _sided(amount, columns.text("side", cells)) if "side" in columns.places else amount


def _sided(amount: Money, side: str) -> Money:
    """`amount` with the sign that a column D/C tells; a sign of its own must not contradict it."""
    word = _side_word(side)
    if word in _CREDIT_WORDS and amount.minor >= 0:
        return amount
    if word in _DEBIT_WORDS:
        return -abs(amount)
    raise UnreadableRow(_l("Debit or credit: “%(text)s” does not tell which.", text=quoted(side)))


def _currency(table: _Table, cells: list[str], named: str | None) -> str:
    currency = table.columns.text("currency", cells).upper() or named or table.currency
    if currency is None:
        raise CurrencyUnknown
    if currency not in EXPONENTS:
        raise UnreadableRow(
            _l("The currency %(currency)s is not one that is kept here.", currency=quoted(currency))
        )
    return currency


def _balance(table: _Table, cells: list[str], currency: str) -> Money | None:
    written = table.columns.text("balance", cells)
    try:
        return read_amount(written, currency, table.decimal_sign) if written else None
    except UnreadableRow:
        return None
