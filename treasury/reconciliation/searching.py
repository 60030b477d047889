"""What a person looks for a bank line by hand: among all that is open, and among payments asked for."""

from shared.database import db
from shared.money import Money
from treasury.models import Account, StatementLine
from treasury.reconciliation import open_money
from treasury.reconciliation.names import name_words
from treasury.reports import journal_queries

SHOWN = 15
"""How many are shown; more are for another search."""


def others(account: Account, found: StatementLine, left: Money, text: str) -> list[open_money.OpenMoney]:
    """What is open the same way, the nearest amount and day first; with words, what holds them."""
    if not text:
        return open_money.nearest_postings(account, left, found.dated_on, SHOWN)
    wanted, words = text.casefold(), set(name_words(text))

    def holds(one: open_money.OpenMoney) -> bool:
        said = (
            one.title,
            one.fund,
            one.candidate.reference,
            one.candidate.amount.decimal(),
            *one.candidate.names,
        )
        plain = {word for name in one.candidate.names for word in name_words(name)}
        return wanted in " ".join(said).casefold() or bool(words and words <= plain)

    def apart(one: open_money.OpenMoney) -> tuple[int, int]:
        return abs(one.candidate.amount.minor - left.minor), abs(
            (one.candidate.dated_on - found.dated_on).days
        )

    same_way = (
        one for one in open_money.open_postings(account) if one.candidate.amount.minor * left.minor > 0
    )
    return sorted((one for one in same_way if holds(one)), key=apart)[:SHOWN]


def asked(account: Account, text: str) -> list[open_money.OpenMoney]:
    """Payments asked for that a person searches by words."""
    if not text:
        return []
    chosen = journal_queries.payments(text).limit(SHOWN)
    return [
        open_money.as_open_money(one)
        for one in db.session.scalars(chosen)
        if one.currency == account.currency and one.status in open_money.NOT_RECORDED
    ]
