"""The links of the chain of hashes: what each covers, so that nothing an auditor relies on changes unseen.

Seal 1 covers the entry and its postings; seal 2 also the exchange rates it names and the documents that were
there when it was posted.
"""

import hashlib
import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from sqlalchemy import Select, select

from shared.database import db
from treasury.document_models import EntryDocument
from treasury.models import ExchangeRate

PRESENT = 2

Row = list[Any]


class SealedPosting(Protocol):
    """What a seal covers of a posting."""

    id: Any
    account_id: Any
    fund_id: Any
    amount_minor: Any
    currency: Any
    category: Any
    memo: Any
    rate_id: Any


class SealedEntry(Protocol):
    """What a seal covers of an entry."""

    id: Any
    number: Any
    dated_on: Any
    narration: Any
    source: Any
    reverses_id: Any
    author_id: Any
    approver_id: Any
    seal: Any

    @property
    def postings(self) -> Sequence[SealedPosting]: ...


@dataclass(frozen=True, slots=True)
class Evidence:
    """What stands beside some entries: rates by id, and each entry's documents by its id."""

    rates: Mapping[int, Row]
    documents: Mapping[int, list[Row]]


def evidence(entries: Sequence[SealedEntry], ids: Sequence[int] | Select[int]) -> Evidence:
    """What stands beside these entries, in two questions at most; `ids` chooses them in the database."""
    named = {one.rate_id for entry in entries for one in entry.postings if one.rate_id}
    rates = db.session.scalars(select(ExchangeRate).where(ExchangeRate.id.in_(named))) if named else ()
    documents: dict[int, list[Row]] = defaultdict(list)
    columns = (EntryDocument.entry_id, EntryDocument.number, EntryDocument.sha256, EntryDocument.media_type)
    for entry_id, *row in db.session.execute(
        select(*columns)
        .where(EntryDocument.entry_id.in_(ids), EntryDocument.late.is_(False))
        .order_by(EntryDocument.entry_id, EntryDocument.number)
    ):
        documents[entry_id].append(row)
    return Evidence({one.id: _rate(one) for one in rates}, documents)


def digest(entry: SealedEntry, previous: str, beside: Evidence) -> str:
    """SHA-256 over the previous hash and everything that the entry's seal covers."""
    sealed = entry.seal >= PRESENT
    body: Row = [
        previous,
        entry.number,
        entry.dated_on.isoformat(),
        entry.narration,
        entry.source,
        entry.reverses_id,
        entry.author_id,
        entry.approver_id,
        sorted(_posting(one, beside if sealed else None) for one in entry.postings),
    ]
    if sealed:
        body += [entry.seal, beside.documents.get(entry.id, [])]
    text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _posting(one: SealedPosting, beside: Evidence | None) -> Row:
    row = [one.id, one.account_id, one.fund_id, one.amount_minor, one.currency, one.category, one.memo]
    return row if beside is None else [*row, beside.rates[one.rate_id] if one.rate_id else []]


def _rate(one: ExchangeRate) -> Row:
    return [one.base, one.quote, one.numerator, one.denominator, one.dated_on.isoformat(), one.source]
