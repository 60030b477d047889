"""What a payout is made of, by the network's own list, each part with its payment and entry here."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select

from shared.database import db
from shared.i18n import LazyString, _l
from shared.money import Money
from treasury.cards.models import Payout
from treasury.cards.payouts import move_key
from treasury.cards.values import BalanceMove, CardNetwork
from treasury.models import JournalEntry, Payment

_WORDS: dict[str, LazyString] = {
    "charge": _l("Paid by card"),
    "dispute": _l("Disputed, or the dispute won"),
    "payout-back": _l("A payout that came back"),
    "refund": _l("Given back to the card"),
    "refund-failed": _l("The refund came back"),
}
"""What a part is, by what the key of its entry begins with."""


@dataclass(frozen=True, slots=True)
class Part:
    """A move of the network's balance: what it is, its entry here, and whose it is."""

    move: BalanceMove
    words: LazyString
    entry: JournalEntry | None
    payment: Payment | None


@dataclass(frozen=True, slots=True)
class Parts:
    """The parts of a payout with their totals; together they are what was sent, or they differ by `rest`."""

    parts: Sequence[Part]
    amount: Money
    fee: Money
    net: Money
    rest: Money


def parts_of(payout: Payout, gateway: CardNetwork) -> Parts | None:
    """What the network says an automatic payout is made of; None for one asked for by hand, which it is not.

    Raises the gateway's errors.
    """
    if not payout.automatic:
        return None
    moves = gateway.fetch_payout(payout.object_id).moves
    entries = _entries([move_key(one) for one in moves])
    payments = _payments(list(entries.values()))
    parts = []
    for one in moves:
        key = move_key(one)
        entry = entries.get(key)
        words = _WORDS.get(key.partition(":")[0], _l("Something else at the network"))
        parts.append(Part(one, words, entry, payments.get(entry.source) if entry else None))
    currency = payout.currency
    amount = Money.total((one.amount for one in moves), currency)
    fee = Money.total((one.fee for one in moves), currency)
    net = amount - fee
    return Parts(parts, amount, fee, net, payout.amount - net)


def _entries(keys: Sequence[str]) -> dict[str, JournalEntry]:
    found = db.session.scalars(select(JournalEntry).where(JournalEntry.idempotency_key.in_(keys)))
    return {one.idempotency_key or "": one for one in found}


def _payments(entries: Sequence[JournalEntry]) -> dict[str, Payment]:
    """By the source that their entries name."""
    ids = {
        int(number)
        for room, _colon, number in (one.source.partition(":") for one in entries)
        if room == "payment" and number.isdigit()
    }
    return {
        f"payment:{one.id}": one for one in db.session.scalars(select(Payment).where(Payment.id.in_(ids)))
    }
