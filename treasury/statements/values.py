"""What a bank statement's file says, as values: accounts, lines, and the rows that could not be read."""

from dataclasses import dataclass
from datetime import date

from shared.errors import DomainError
from shared.i18n import LazyString, _l
from shared.money import Money

MAX_ROWS = 250_000

FEE = "Frais / Fee"
"""The name of a fee that a file tells beside its movement: in a statement, in no reader's language."""


@dataclass(frozen=True, slots=True)
class ParsedLine:
    """One movement of an account; money in is positive.

    `identity` is the same whenever the same movement is imported again, and differs between two genuine
    movements that look alike: `occurrence` counts those inside the file, from 1. `counterparty` is the number
    of the other party's account, where the bank tells it.
    """

    date: date
    amount: Money
    reference: str
    name: str
    memo: str
    bank_id: str | None
    occurrence: int
    identity: str
    counterparty: str = ""


@dataclass(frozen=True, slots=True)
class Rejected:
    """A row that was not imported. `row` counts as a person would.

    It is the line of a text or sheet (CSV, QIF, MT940, XLSX), the number of the movement in OFX and CAMT.
    """

    row: int
    reason: LazyString


@dataclass(frozen=True, slots=True)
class GapStart:
    """The first movement from which the bank's balances no longer follow from its movements."""

    row: int
    date: date


@dataclass(frozen=True, slots=True)
class StatementAccount:
    """The movements of one account in one currency, in the file's order.

    `opening` and `closing` are given only where the file states them, or where a running balance agrees
    with the lines. Where opening, lines and closing disagree, `gap_start` tells from which line on, if it
    can be told.
    """

    account: str
    currency: str
    opening: Money | None
    closing: Money | None
    lines: tuple[ParsedLine, ...]
    gap_start: GapStart | None = None


@dataclass(frozen=True, slots=True)
class StatementFile:
    """A whole file: `format` is one of ``ofx``, ``qif``, ``mt940``, ``camt053``, ``csv``, ``xlsx``."""

    format: str
    accounts: tuple[StatementAccount, ...]
    rejected: tuple[Rejected, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """How a table is read: a role for each column, and what else a table does not say by itself.

    `titles` are the texts above the columns, empty if there are none. `inverted` says that money out is
    written without a sign and money in with a minus. `encoding` and `delimiter` are empty for a sheet.
    """

    roles: tuple[str, ...]
    titles: tuple[str, ...] = ()
    delimiter: str = ""
    encoding: str = ""
    inverted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Assumptions:
    """What the reader is told because the file may not say it; each is used only where the file is silent.

    `currency` is an ISO code, `date_order` one of ``dmy``, ``mdy``, ``ymd``, `decimal_sign` ``.`` or ``,``.
    `layout` says what the columns of a table are; one that does not fit the table is not used.
    """

    currency: str | None = None
    date_order: str | None = None
    decimal_sign: str | None = None
    layout: Layout | None = None


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
        "This does not look like a bank statement in OFX, QFX, QIF, MT940, CAMT.053, CSV or XLSX form. "
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
    message = _l(
        "This is a file of the kind %(kind)s, which is not read. Download OFX, CAMT.053 or CSV instead."
    )


class NotFinal(StatementRefused):
    """A report within the day: its movements will come again, perhaps otherwise, in the statement."""

    code = "statement_not_final"
    message = _l(
        "This is a %(kind)s report, which banks send before the day is closed: it may still change. "
        "Download the account’s statement (CAMT.053, MT940) instead."
    )


class BrokenMarkup(StatementRefused):
    """XML that no reader can follow: cut, or with tags that do not match."""

    code = "statement_broken_markup"
    message = _l("This file is damaged at its line %(line)s. Download it again: nothing of it was read.")


class TooDeep(StatementRefused):
    """Markup nested far beyond what a statement needs."""

    code = "statement_too_deep"
    message = _l("This file is nested more deeply than any bank statement. It was not read.")


class PackedTooTight(StatementRefused):
    """A workbook that unpacks into far more than it holds."""

    code = "statement_packed_too_tight"
    status = 413
    message = _l("This workbook unpacks into more than %(megabytes)s MB or is packed in a suspicious way.")


class BrokenWorkbook(StatementRefused):
    """Something that begins like a workbook and is none."""

    code = "statement_broken_workbook"
    message = _l("This workbook is damaged or protected by a password.")


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
    """A file of a known kind without any account statement, such as an answer that reports an error."""

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


def quoted(text: str) -> str:
    """`text` short enough to stand inside a sentence."""
    return text if len(text) <= 40 else text[:39] + "…"
