"""The journal for plain-text accounting (beancount, hledger): an account in a fund is one there."""

import re
import unicodedata
from collections.abc import Iterator
from datetime import timedelta

from shared.clock import today
from shared.money import exponent
from treasury.models import AccountKind
from treasury.reports.export_rows import Key, Span, Standing, booked, standings

_ROOTS = {
    AccountKind.ASSET: "Assets",
    AccountKind.LIABILITY: "Liabilities",
    AccountKind.EQUITY: "Equity",
    AccountKind.INCOME: "Income",
    AccountKind.EXPENSE: "Expenses",
}
_HLEDGER_TYPES = {
    AccountKind.ASSET: "A",
    AccountKind.LIABILITY: "L",
    AccountKind.EQUITY: "E",
    AccountKind.INCOME: "R",
    AccountKind.EXPENSE: "X",
}


def beancount(span: Span) -> Iterator[str]:
    """A beancount journal that ends with an assertion of every balance, so that its checker proves them."""
    kept = standings(span)
    named = _names(kept)
    yield 'option "title" "Teranga"\n'
    for currency in sorted({one.balance.currency for one in kept}):
        yield f'option "operating_currency" "{currency}"\n'
    yield "\n"
    for key, name in named.items():
        mine = [one for one in kept if one.key == key]
        currencies = ",".join(sorted({one.balance.currency for one in mine}))
        yield f"{min(one.first for one in mine)} open {name} {currencies}\n"
    last = None
    for entry in booked(span):
        last = max(last or entry.dated_on, entry.dated_on)
        yield f'\n{entry.dated_on} * "{_quoted(entry.narration)}"\n'
        yield f'  number: {entry.number}\n  hash: "{entry.hash}"\n'
        for line in entry.lines:
            yield f"  {named[line.key]}  {line.amount.decimal()} {line.amount.currency}\n"
    yield "\n"
    after = (last or today()) + timedelta(days=1)
    for one in kept:
        yield f"{after} balance {named[one.key]}  {one.balance.decimal()} {one.balance.currency}\n"


def hledger(span: Span) -> Iterator[str]:
    """An hledger journal with its accounts and commodities declared."""
    kept = standings(span)
    named = _names(kept)
    for currency in sorted({one.balance.currency for one in kept}):
        yield f"commodity 1000.{'0' * exponent(currency)} {currency}\n"
    yield "\n"
    for key, name in named.items():
        yield f"account {name}  ; type: {_HLEDGER_TYPES[key.kind]}\n"
    for entry in booked(span):
        yield f"\n{entry.dated_on} * ({entry.number}) {_plain(entry.narration)}\n"
        for line in entry.lines:
            memo = f"  ; {_plain(line.memo)}" if line.memo else ""
            yield f"    {named[line.key]}  {line.amount.decimal()} {line.amount.currency}{memo}\n"


def _names(kept: list[Standing]) -> dict[Key, str]:
    """A name for each account within a fund; two that would be written alike are told apart by a number."""
    funds: dict[int, str] = {}
    written: set[str] = set()
    for one in kept:
        if one.key.fund_id not in funds:
            name = _word(one.key.fund)
            funds[one.key.fund_id] = name if name not in written else f"{name}-{one.key.fund_id}"
            written.add(funds[one.key.fund_id])
    return {
        one.key: f"{_ROOTS[one.key.kind]}:{one.key.code}-{_word(one.key.name)}:{funds[one.key.fund_id]}"
        for one in kept
    }


def _word(text: str) -> str:
    """A part of an account's name: letters without accents, digits and dashes, a capital first."""
    bare = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    word = re.sub(r"[^A-Za-z0-9]+", "-", bare).strip("-") or "X"
    return word[0].upper() + word[1:]


def _quoted(text: str) -> str:
    """Words between quotation marks."""
    return text.replace("\\", "\\\\").replace('"', '\\"')


def _plain(text: str) -> str:
    """Words of a description: what would begin a comment or part a payee is written otherwise."""
    return text.translate(str.maketrans(";|", ",/")).strip()
