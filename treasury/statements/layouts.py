"""How a table is read: which column is what, said by its titles, guessed from its cells, or told by a person.

A layout is remembered for the next file of the same bank account; it fits a file that has the same titles.
"""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from shared.i18n import LazyString, _l
from treasury.statements.columns import Columns, arranged, columns_of, role_of
from treasury.statements.dates import looks_like_date
from treasury.statements.values import Layout

ROLES: dict[str, LazyString] = {
    "": _l("is not read"),
    "date": _l("date"),
    "value date": _l("value date"),
    "amount": _l("amount"),
    "debit": _l("money out"),
    "credit": _l("money in"),
    "side": _l("debit or credit"),
    "fee": _l("fee, taken besides"),
    "balance": _l("balance"),
    "name": _l("name"),
    "memo": _l("description"),
    "reference": _l("reference"),
    "id": _l("the bank’s number"),
    "status": _l("status"),
    "currency": _l("currency"),
    "account": _l("account"),
    "counterparty": _l("the other party’s account or telephone"),
}
"""What a column may be, in the order in which it is offered."""

_MONEY = frozenset(("amount", "debit", "credit"))

SEARCHED = 60
"""Rows in which the titles stand; banks write an address, a period and a balance above them."""

Row = tuple[int, list[str]]
"""Number of a row, as an editor counts, and its cells."""


def columns_in(layout: Layout) -> Columns | None:
    """Positions by role, or None without a date and an amount."""
    titles = layout.titles or ("",) * len(layout.roles)
    return arranged(
        [(role or None, role_of(title)[1]) for role, title in zip(layout.roles, titles, strict=True)]
    )


def first_row(layout: Layout, rows: Sequence[Row]) -> int | None:
    """Index of the first movement among `rows` (the head of a table); None if the layout does not fit."""
    for index, (_number, cells) in enumerate(rows):
        if layout.titles and tuple(cells[: len(layout.titles)]) == layout.titles:
            return index + 1
        if not layout.titles and len(cells) == len(layout.roles) and _dated(layout, cells):
            return index
    return None


def _dated(layout: Layout, cells: Sequence[str]) -> bool:
    return any(
        looks_like_date(cell)
        for cell, role in zip(cells, layout.roles, strict=True)
        if role in ("date", "value date")
    )


def stored(layout: Layout) -> dict[str, Any]:
    """The layout for a row of the database."""
    return asdict(layout)


def restored(fields: dict[str, Any]) -> Layout:
    """The layout that `stored` wrote."""
    return Layout(**{**fields, "roles": tuple(fields["roles"]), "titles": tuple(fields["titles"])})


def titles_among(rows: Sequence[Row]) -> tuple[int, Columns] | None:
    """Index of the row of titles that most is known of, and its columns."""
    best: tuple[int, Columns] | None = None
    for index, (_number, cells) in enumerate(rows):
        columns = columns_of(cells)
        if columns and (best is None or columns.known > best[1].known):
            best = index, columns
    return best


def guess(rows: Sequence[Row]) -> Layout:
    """A layout for the head of a table: by its titles, else by what the cells look like."""
    titled = titles_among(rows)
    if titled:
        titles = tuple(rows[titled[0]][1][: titled[1].width])
        return Layout(roles=titled[1].roles(), titles=titles)
    width = max((len(cells) for _number, cells in rows), default=0)
    regular = [cells for _number, cells in rows if len(cells) == width]
    titles = _plausible_titles(regular)
    return Layout(roles=_named_first(titles, _roles_by_content(regular, width)), titles=titles)


def _named_first(titles: Sequence[str], guessed: tuple[str, ...]) -> tuple[str, ...]:
    """What each title says; the cells tell the rest, and money only where no title names any."""
    if not titles:
        return guessed
    named = [role if (role := role_of(title)[0]) in ROLES else "" for title in titles]
    told = {*named, *_MONEY} if _MONEY.intersection(named) else {*named}
    return tuple(said or ("" if role in told else role) for said, role in zip(named, guessed, strict=True))


def _plausible_titles(rows: Sequence[Sequence[str]]) -> tuple[str, ...]:
    """The first full row, if it holds neither a date nor an amount."""
    if len(rows) > 1 and not any(looks_like_date(cell) or _figure(cell) for cell in rows[0]):
        return tuple(rows[0])
    return ()


def _roles_by_content(rows: Sequence[Sequence[str]], width: int) -> tuple[str, ...]:
    """The first column of dates; of figures the first is the amount, the last of several the balance."""
    roles = [""] * width
    kinds = [_kind([cells[place] for cells in rows]) for place in range(width)]
    dates = [place for place in range(width) if kinds[place] == "date"]
    figures = [place for place in range(width) if kinds[place] in ("money", "sparse money")]
    words = [place for place in range(width) if kinds[place] == "words"]
    for place, role in zip(dates, ("date", "value date"), strict=False):
        roles[place] = role
    sparse = [place for place in figures if kinds[place] == "sparse money"]
    if len(sparse) >= 2:
        roles[sparse[0]], roles[sparse[1]] = "debit", "credit"
        rest = [place for place in figures if place not in sparse]
    else:
        rest = figures[1:]
        for place in figures[:1]:
            roles[place] = "amount"
    for place in rest[-1:]:
        roles[place] = "balance"
    for place in sorted(words, key=lambda place: -sum(len(cells[place]) for cells in rows))[:1]:
        roles[place] = "memo"
    return tuple(roles)


def _kind(cells: Sequence[str]) -> str:
    filled = [cell for cell in cells if cell]
    if not filled:
        return ""
    if 2 * sum(map(looks_like_date, filled)) > len(filled):
        return "date"
    if 2 * sum(map(_figure, filled)) > len(filled):
        decimal = any("," in cell or "." in cell for cell in filled)
        return ("money" if len(filled) * 10 > len(cells) * 9 else "sparse money") if decimal else "number"
    return "words"


def _figure(cell: str) -> bool:
    digits = sum(letter.isdigit() for letter in cell)
    return (
        0 < len(cell) <= 24
        and 2 * digits >= len(cell)
        and not any(map(str.isalpha, cell.strip("CADEURXOF$€ ")))
    )
