"""What a bank statement's file says, as values: accounts, lines, and the rows that could not be read."""

import hashlib
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from shared.errors import DomainError
from shared.i18n import LazyString, _l
from shared.money import Money

MAX_ROWS = 250_000


@dataclass(frozen=True, slots=True)
class ParsedLine:
    """One movement of an account; money in is positive.

    `identity` is the same whenever the same movement is imported again, and differs between two genuine
    movements that look alike: `occurrence` counts those inside the file, from 1.
    """

    date: date
    amount: Money
    reference: str
    name: str
    memo: str
    bank_id: str | None
    occurrence: int
    identity: str


@dataclass(frozen=True, slots=True)
class Rejected:
    """A row that was not imported. `row` counts as a person would: lines of a CSV file, movements of OFX."""

    row: int
    reason: LazyString


@dataclass(frozen=True, slots=True)
class StatementAccount:
    """The movements of one account in one currency, in the file's order.

    `opening` and `closing` are given only where the file states them, or where a running balance agrees
    with every line.
    """

    account: str
    currency: str
    opening: Money | None
    closing: Money | None
    lines: tuple[ParsedLine, ...]


@dataclass(frozen=True, slots=True)
class StatementFile:
    """A whole file: `format` is ``ofx`` or ``csv``."""

    format: str
    accounts: tuple[StatementAccount, ...]
    rejected: tuple[Rejected, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Assumptions:
    """What the reader is told because the file may not say it; each is used only where the file is silent.

    `currency` is an ISO code, `date_order` one of ``dmy``, ``mdy``, ``ymd``, `decimal_sign` ``.`` or ``,``.
    """

    currency: str | None = None
    date_order: str | None = None
    decimal_sign: str | None = None


class UnreadableRow(ValueError):
    """This row cannot be read; the others may be. Carries the reason for people."""

    def __init__(self, reason: LazyString) -> None:
        self.reason = reason
        super().__init__()


class StatementRefused(DomainError):
    """Nothing of this file can be imported."""

    code = "statement_refused"
    status = 422
    message = _l("This file could not be read as a bank statement.")


class UnknownFormat(StatementRefused):
    """The file is of no kind that is read."""

    code = "statement_format_unknown"
    message = _l(
        "This does not look like a bank statement in OFX, QFX or CSV form. "
        "Your bank’s website usually offers one of these for download."
    )


class ColumnsUnknown(StatementRefused):
    """A table whose titles do not tell where date and amount stand."""

    code = "statement_columns_unknown"
    message = _l(
        "This table has no row of titles that names at least a date and an amount (or debit and credit). "
        "Add one above the first movement."
    )


class FormatNotRead(StatementRefused):
    """The kind of file is recognised, but only others are read."""

    code = "statement_format_not_read"
    message = _l("This is a file of the kind %(kind)s, which is not read yet. Download OFX or CSV instead.")


class EmptyFile(StatementRefused):
    """No bytes, or only spaces."""

    code = "statement_empty"
    message = _l("This file is empty.")


class FileTooLarge(StatementRefused):
    """More bytes than one statement may have."""

    code = "statement_too_large"
    status = 413
    message = _l("This file is larger than %(megabytes)s MB. Download a shorter period.")


class TooManyRows(StatementRefused):
    """More rows than one statement may have, readable or not."""

    code = "statement_too_long"
    status = 413
    message = _l("This file has more than %(count)s rows. Download a shorter period.")


class BinaryContent(StatementRefused):
    """NUL characters: a damaged or binary file."""

    code = "statement_binary"
    message = _l("This file is damaged or is not text.")


class ForbiddenMarkup(StatementRefused):
    """A document type or entity declaration, which no bank writes and attackers do."""

    code = "statement_forbidden_markup"
    message = _l(
        "This file contains declarations (DOCTYPE, ENTITY) that no bank statement needs. It was not read."
    )


class NoAccount(StatementRefused):
    """OFX without any account statement, such as an answer that reports an error."""

    code = "statement_without_account"
    message = _l("This file holds no account statement.")


class CurrencyUnknown(StatementRefused):
    """Neither the file nor the reader says which currency the amounts are in."""

    code = "statement_currency_unknown"
    message = _l(
        "This file does not say its currency. Choose the account it belongs to, or name the currency."
    )


class AmbiguousDates(StatementRefused):
    """Day and month cannot be told apart anywhere in the column."""

    code = "statement_dates_ambiguous"
    message = _l(
        "Every date of this file can be read in more than one way (%(example)s). "
        "Say which comes first: the day, the month or the year."
    )


class UnsignedAmounts(StatementRefused):
    """The running balance shows that withdrawals are written without a sign."""

    code = "statement_amounts_unsigned"
    message = _l(
        "The amounts of this file carry no sign, and its balance shows that some are withdrawals "
        "(row %(row)s). "
        "Download a form with a sign or with two columns, debit and credit."
    )


@dataclass(frozen=True, slots=True)
class Movement:
    """A movement as read, before it is told apart from its twins."""

    row: int
    date: date
    amount: Money
    reference: str
    name: str
    memo: str
    bank_id: str | None

    def fingerprint(self) -> str:
        """Hash of what identifies the movement: the bank's own id with date and amount, else all it says.

        Date and amount are kept beside the id because some banks start their ids again in every file.
        """
        told = (self.bank_id,) if self.bank_id else (None, self.reference, self.name, self.memo)
        text = repr((self.date.isoformat(), self.amount.minor, self.amount.currency, *told))
        return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:40]


def tell_twins_apart(movements: Iterable[Movement]) -> tuple[ParsedLine, ...]:
    """Lines with an identity each: fingerprint and number of the occurrence inside this file's account."""
    seen: Counter[str] = Counter()
    lines = []
    for movement in movements:
        fingerprint = movement.fingerprint()
        seen[fingerprint] += 1
        occurrence = seen[fingerprint]
        lines.append(
            ParsedLine(
                movement.date, movement.amount, movement.reference, movement.name, movement.memo,
                movement.bank_id, occurrence, f"{fingerprint}-{occurrence}",
            )
        )  # fmt: skip
    return tuple(lines)


def quoted(text: str) -> str:
    """`text` short enough to stand inside a sentence."""
    return text if len(text) <= 40 else text[:39] + "…"
