"""A list of people as somebody has it (CSV, a workbook, pasted) to rows of plain cells; nothing is stored.

Titles are recognised in four languages; without titles the address tells its column and the first other
column is the name. Formulas stay text, and characters that turn the direction of text around are taken out.
"""

import csv
import io
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from network.people import normalised_name
from shared.errors import DomainError
from shared.i18n import _l
from treasury.statements.sheets import is_workbook, sheets
from treasury.statements.text import decode

MOST_ROWS = 1000
COLUMNS = ("name", "email", "organisation", "country", "languages", "role", "seat", "party", "whole")
_TITLES = {
    "name": "name|full name|nom|nom complet|nom et prénom|nom prénom|prénom et nom|prénom nom|personne|"
    "nombre|nombre completo|nombre y apellido|nome|nome completo",
    "first": "first name|given name|prénom|prénoms|nombre de pila|primeiro nome",
    "last": "last name|surname|family name|nom de famille|apellido|apellidos|sobrenome|apelido",
    "email": "email|e mail|mail|email address|e mail address|courriel|adresse courriel|adresse|"
    "adresse électronique|correo|correo electrónico|endereço eletrônico",
    "organisation": "organisation|organization|organisme|association|structure|organización|organização",
    "country": "country|pays|país",
    "languages": "language|languages|langue|langues|idioma|idiomas|línguas",
    "role": "role|rôle|fonction|qualité|rol|função|papel",
    "seat": "seat|seat code|place|code|code de la place|siège|plaza|vaga",
    "number": "row of the list",
    "hidden": "had hidden characters",
    "whole": "whole|together|all together|ensemble|tous ensemble|toutes ensemble|juntos|juntas",
    "party": "group|party|groupe|famille|équipe|family|team|grupo|familia|família|equipo|equipe",
}
_FIELD_OF = {normalised_name(word): field for field, words in _TITLES.items() for word in words.split("|")}
_OTHER_KINDS = (b"<", b"%PDF", b"{\\rtf", b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"\xd0\xcf\x11\xe0")
"""How pages, documents, pictures and old workbooks begin; no list of people does."""
_INVISIBLE = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]"
)


class ListUnreadable(DomainError):
    """Neither text nor a workbook, or no row with a name in it."""

    code = "list_unreadable"
    status = 422
    message = _l("We found no names in this. A column with names is needed, and better one with addresses.")


class ListTooLong(DomainError):
    """More rows than one list may have."""

    code = "list_too_long"
    status = 422
    message = _l("This list has more than %(most)s rows. Cut it into several.")


class NotAList(DomainError):
    """A file of another kind: a page, a picture, a document."""

    code = "not_a_list"
    status = 422
    message = _l("This file is no list. Save it as XLSX or CSV and send that, or paste the rows.")


@dataclass(frozen=True, slots=True)
class Written:
    """One row as it was written, cleaned of what cannot be seen; `hidden` says that something was."""

    number: int
    cells: dict[str, str]
    hidden: bool = False

    def __getitem__(self, column: str) -> str:
        return self.cells.get(column, "")


def read_list(data: bytes) -> list[Written]:
    """The rows of a list. Raises `NotAList`, `ListUnreadable`, `ListTooLong`, and what workbooks raise."""
    if is_workbook(data):
        tables: Iterable[Sequence[tuple[int, list[str]]]] = sheets(data)
    elif data.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(_OTHER_KINDS):
        raise NotAList(field="file")
    else:
        tables = [_from_text(decode(data))]
    for rows in tables:
        if found := _read(rows):
            return found
    raise ListUnreadable(field="file")


def as_text(rows: Iterable[Written]) -> str:
    """The same rows as text that `read_list` reads again: what a report shows is what is taken in."""
    out = io.StringIO()
    writer = csv.writer(out, delimiter="\t", lineterminator="\n")
    writer.writerow([_TITLES["number"], _TITLES["hidden"], *COLUMNS])
    for row in rows:
        writer.writerow([row.number, "x" * row.hidden, *(row[column] for column in COLUMNS)])
    return out.getvalue()


def _from_text(text: str) -> list[tuple[int, list[str]]]:
    head = text[:4000]
    delimiter = max("\t;,|", key=lambda one: (min(head.count(one), 1 + head.count("\n")), head.count(one)))
    try:
        return list(enumerate(csv.reader(io.StringIO(text), delimiter=delimiter), 1))
    except csv.Error:
        raise ListUnreadable(field="file") from None


def _read(rows: Sequence[tuple[int, list[str]]]) -> list[Written]:
    filled = [(number, cells) for number, cells in rows if any(cell.strip() for cell in cells)]
    if not filled:
        return []
    columns = _titled(filled[0][1])
    if columns:
        filled = filled[1:]
    else:
        columns = _guessed(filled)
    if len(filled) > MOST_ROWS:
        raise ListTooLong(field="file", most=MOST_ROWS)
    return [_written(number, cells, columns) for number, cells in filled] if columns else []


def _titled(cells: Sequence[str]) -> dict[int, str]:
    """Which column is what, if this row is one of titles: it names the people's column, and no address."""
    found = {
        place: field
        for place, cell in enumerate(cells)
        if (field := _FIELD_OF.get(normalised_name(_seen(cell))))
    }
    named = {"name", "last", "first"} & set(found.values())
    return found if named and not any("@" in cell for cell in cells) else {}


def _guessed(rows: Sequence[tuple[int, list[str]]]) -> dict[int, str]:
    """Without titles: the column of addresses, then names, organisations and countries in that order."""
    width = max(len(cells) for _number, cells in rows)
    addresses = [sum("@" in (cells + [""] * width)[place] for _n, cells in rows) for place in range(width)]
    email = max(range(width), key=lambda place: addresses[place])
    if not addresses[email] and width > 1:
        return {0: "name", 1: "organisation"}
    others = iter(("name", "organisation", "country"))
    if not addresses[email]:
        return {0: "name"}
    return {place: "email" if place == email else next(others, "") for place in range(width)}


def _written(number: int, cells: Sequence[str], columns: dict[int, str]) -> Written:
    seen: dict[str, str] = {}
    hidden = False
    for place, field in columns.items():
        cell = cells[place] if place < len(cells) else ""
        hidden = hidden or bool(_INVISIBLE.search(cell.strip("\ufeff")))
        seen[field] = _seen(cell)
    first, last = seen.pop("first", ""), seen.pop("last", "")
    if first or last:  # « Nom » beside « Prénom » is the family's name
        seen["name"] = " ".join(part for part in (first, last or seen.get("name", "")) if part)
    told = seen.pop("number", "")
    number = int(told) if told.isascii() and told.isdigit() and len(told) < 8 else number
    return Written(number, seen, hidden or bool(seen.pop("hidden", "")))


def _seen(cell: str) -> str:
    return " ".join(_INVISIBLE.sub("", cell).split())
