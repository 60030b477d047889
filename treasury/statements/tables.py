"""Rows of a table to movements: what only whole columns can tell is decided first, then each row is read.

The rows come from CSV or from a spreadsheet.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from shared.i18n import _l
from shared.money import EXPONENTS, Money, exponent
from treasury.statements.accounts import Movement, Stretch, accounts_of
from treasury.statements.amounts import currency_of, decimal_sign_of, read_amount
from treasury.statements.balances import Balanced, balances_of, fees_apart
from treasury.statements.columns import Columns, role_of
from treasury.statements.dates import date_order_of, read_date
from treasury.statements.layouts import Row
from treasury.statements.text import account_number, tidy
from treasury.statements.values import (
    FEE,
    Assumptions,
    CurrencyUnknown,
    Rejected,
    StatementFile,
    UnreadableRow,
    quoted,
)

_DEBIT_WORDS = frozenset(
    ("d", "db", "dr", "dbit", "debit", "débit", "débito", "debito", "cargo", "retrait", "-")
)
_CREDIT_WORDS = frozenset(
    ("c", "cr", "crdt", "credit", "crédit", "crédito", "credito", "abono", "dépôt", "+")
)
_PENDING = _l("This movement is still pending at the bank.")
_FAILED = _l("This movement failed or was cancelled; no money moved.")
_WORDS = (
    (
        _PENDING,
        """pending|en attente|en cours|à venir|a venir|in progress|processing|uncleared|authorised|authorized|
        non comptabilisé|pendiente|en proceso|pendente|em processamento""",
    ),
    (
        _FAILED,
        """failed|échoué|échouée|echoue|échec|echec|rejected|rejeté|rejetée|declined|refusé|refusée|cancelled|
        canceled|annulé|annulée|annule|expired|expiré|fallido|fallida|rechazado|rechazada|cancelado|
        cancelada|anulado|falhou|falhada|recusado|recusada""",
    ),
)
_NOT_BOOKED = {word.strip(): problem for problem, words in _WORDS for word in words.split("|")}


@dataclass(frozen=True, slots=True)
class _Table:
    """The rows below the titles, as cells, with the facts that only the whole table can tell."""

    columns: Columns
    account: str
    currency: str | None
    date_order: str | None
    decimal_sign: str | None
    debits_negative: bool
    inverted: bool = False
    dates: dict[str, date] = field(default_factory=dict)


def read_table(
    kind: str,
    columns: Columns,
    above: Sequence[Sequence[str]],
    rows: list[Row],
    rejected: list[Rejected],
    assume: Assumptions,
) -> StatementFile:
    """The accounts of a table: one per account and currency named in it, usually one.

    `above` are the rows before the titles, `rejected` those that could not even be split into cells. Raises
    `CurrencyUnknown`, `AmbiguousDates`, `UnsignedAmounts`. `rows` is emptied.
    """
    account, currency = _preamble(above)
    columns = _with_sides(columns, rows)
    table = _understand(columns, rows, account, currency, assume)
    accounts: dict[tuple[str, str], list[Balanced]] = {}
    rows.reverse()
    while rows:  # let go of as they are read, so that a long table is not in memory twice
        row, cells = rows.pop()
        try:
            key, balanced = _movement(table, row, cells)
        except UnreadableRow as unreadable:
            rejected.append(Rejected(row, unreadable.reason))
        else:
            accounts.setdefault(key, []).append(balanced)
    rejected.sort(key=lambda one: one.row)
    lacking = bool(columns.amounts) and "side" not in columns.places and not table.inverted
    skipped = [one.row for one in rejected]
    stretches = [_stretch(key, entries, skipped, lacking) for key, entries in accounts.items()]
    return StatementFile(kind, accounts_of(stretches), tuple(rejected))


def _stretch(key: tuple[str, str], entries: list[Balanced], skipped: list[int], lacking: bool) -> Stretch:
    if not fees_apart(entries, skipped):
        entries = [replace(one, fee=None) if one.fee else one for one in entries]
    found = balances_of(entries, skipped, may_lack_signs=lacking)
    movements = []
    for one in entries:
        amount = one.movement.amount
        movements.append(replace(one.movement, amount=-amount) if found.inverted else one.movement)
        if one.fee:
            movements.append(_fee_of(one.movement, one.fee))
    return Stretch(*key, found.opening, found.closing, movements, found.gap_start)


def _fee_of(movement: Movement, fee: Money) -> Movement:
    """The fee of a movement as one of its own; without its reference, since it pays nothing asked for."""
    told = movement.bank_id or movement.reference
    bank_id = f"{movement.bank_id}:fee" if movement.bank_id else None
    return replace(
        movement,
        amount=fee,
        reference="",
        name=FEE,
        memo=" · ".join(filter(None, (movement.name, told))),
        bank_id=bank_id,
        counterparty="",
    )


def _preamble(above: Sequence[Sequence[str]]) -> tuple[str, str | None]:
    """Account and currency, where the lines above the titles name them."""
    told: dict[str, str] = {}
    for cells in above:
        for cell, following in zip(cells, [*cells[1:], ""], strict=False):
            label, _colon, value = cell.partition(":")
            role, _currency = role_of(label)
            if role in ("account", "currency") and (value.strip() or following):
                told.setdefault(role, tidy(value.strip() or following))
    currency = told.get("currency", "").upper()
    return told.get("account", ""), currency if currency in EXPONENTS else None


def _with_sides(columns: Columns, rows: list[Row]) -> Columns:
    """A column of types that only says debit or credit tells the sign of the amounts."""
    if "side" in columns.places or "type" not in columns.places or not columns.amounts:
        return columns
    words = {_word(columns.text("type", cells)) for _row, cells in rows}
    if not words or not words <= _DEBIT_WORDS | _CREDIT_WORDS:
        return columns
    return replace(columns, places={**columns.places, "side": columns.places["type"]})


def _word(text: str) -> str:
    return text.casefold().strip(" .")


def _understand(
    columns: Columns,
    rows: list[Row],
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
        assume.layout is not None and assume.layout.inverted,
    )


def _date_text(columns: Columns, cells: Sequence[str]) -> str:
    return next((cells[place] for place in columns.dates if cells[place]), "")


def _movement(table: _Table, row: int, cells: list[str]) -> tuple[tuple[str, str], Balanced]:
    """One row as a movement with its balance, and the (account, currency) it belongs to."""
    columns = table.columns
    if problem := _NOT_BOOKED.get(_word(columns.text("status", cells))):
        raise UnreadableRow(problem)
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
        counterparty=account_number(columns.text("counterparty", cells)),
    )
    account = tidy(columns.text("account", cells)) or table.account
    balance, fee = _balance(table, cells, amount.currency), _fee(table, cells, amount.currency)
    return (account, amount.currency), Balanced(movement, balance, fee)


def _fee(table: _Table, cells: list[str], currency: str) -> Money | None:
    """What the operator took, as money out whatever its sign; None without one."""
    written = table.columns.text("fee", cells)
    return -abs(read_amount(written, currency, table.decimal_sign)) or None if written else None


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
    if "side" in columns.places:
        return _sided(amount, columns.text("side", cells))
    return -amount if table.inverted and filled[0] in columns.amounts else amount


def _sided(amount: Money, side: str) -> Money:
    """`amount` with the sign that a column D/C tells; a sign of its own must not contradict it."""
    word = _word(side)
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
