"""A bank's file from the moment it is sent until its lines are here: kept, looked at, agreed to, let go.

Looking stores nothing. How a person said that a table is read is remembered for the next file like it.
"""

import hashlib
import json
import zlib
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import delete, or_, select

from access.models import User
from shared import audit
from shared.clock import now
from shared.database import db
from shared.money import Money
from treasury.models import Account, BankStatement
from treasury.statements import continuity
from treasury.statements import importing as statement_import
from treasury.statements.importing import SeveralAccounts
from treasury.statements.layouts import restored, stored
from treasury.statements.models import RememberedLayout, StatementUpload
from treasury.statements.reading import fits, inspect
from treasury.statements.sheets import is_workbook
from treasury.statements.text import MAX_BYTES
from treasury.statements.values import Assumptions, EmptyFile, FileTooLarge, Layout

LONG = 1024 * 1024
"""Bytes from which a file is read and imported beside the pages, with its progress shown."""

_PACKED = 6
_KEPT = timedelta(days=1)
_FIRST, _LISTED = 8, 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What a file says of an account, short enough to show and to keep. Amounts are minor units.

    `choices` are the file's accounts where one of several has to be chosen first; the rest is then empty.
    Where it does not follow the statement before, `break_since` and `break_until` tell between which days,
    `expected_minor` what the account holds by that statement, `begins_minor` what it holds by this one.
    `other_number` is the account that the files told of so far, if this one tells of another.
    """

    format: str
    currency: str
    choices: tuple[str, ...] = ()
    bank_account: str = ""
    new: int = 0
    repeated: int = 0
    rejected_count: int = 0
    total_minor: int = 0
    opening_minor: int | None = None
    closing_minor: int | None = None
    gap_minor: int | None = None
    gap_row: int | None = None
    gap_on: str | None = None
    break_since: str | None = None
    break_until: str | None = None
    expected_minor: int | None = None
    begins_minor: int | None = None
    other_number: str = ""
    first: tuple[tuple[str, int, str, str], ...] = ()
    rejected: tuple[tuple[int, str], ...] = ()

    def money(self, minor: int | None) -> Money | None:
        """An amount of this look."""
        return None if minor is None else Money(minor, self.currency)

    def lines(self) -> list[dict[str, Any]]:
        """The first new lines, as they were understood."""
        return [
            {
                "date": date.fromisoformat(day),
                "amount": Money(minor, self.currency),
                "reference": reference,
                "name": name,
            }
            for day, minor, reference, name in self.first
        ]

    @staticmethod
    def day(written: str | None) -> date | None:
        """A day of this look."""
        return None if written is None else date.fromisoformat(written)

    @property
    def tabular(self) -> bool:
        """Its columns were guessed, or told by a person."""
        return self.format in ("csv", "xlsx")


def look_at(
    data: bytes, file_name: str, account: Account, assume: Assumptions, bank_account: str | None = None
) -> Look:
    """What importing `data` into `account` would do. Raises what reading and planning raise."""
    found = inspect(data, file_name, assume)
    try:
        planned = statement_import.plan(account, found, bank_account)
    except SeveralAccounts:
        names = tuple(one.account for one in found.accounts if one.currency == account.currency)
        return Look(format=found.format, currency=account.currency, choices=names)
    source, start, joint = planned.source, planned.gap_start, continuity.break_of_plan(account, planned)
    return Look(
        format=found.format,
        currency=account.currency,
        bank_account=source.account,
        new=len(planned.new),
        repeated=planned.repeated,
        rejected_count=len(found.rejected),
        total_minor=planned.total.minor,
        opening_minor=None if source.opening is None else source.opening.minor,
        closing_minor=None if source.closing is None else source.closing.minor,
        gap_minor=None if planned.gap is None else planned.gap.minor,
        gap_row=start.row if start else None,
        gap_on=start.date.isoformat() if start else None,
        break_since=joint.since.isoformat() if joint else None,
        break_until=joint.until.isoformat() if joint else None,
        expected_minor=joint.expected.minor if joint else None,
        begins_minor=joint.opening.minor if joint else None,
        other_number=continuity.other_number(account, source.account),
        first=tuple(
            (one.date.isoformat(), one.amount.minor, one.reference, one.name or one.memo)
            for one in planned.new[:_FIRST]
        ),
        rejected=planned.rejected[:_LISTED],
    )


def kept_look(upload: StatementUpload) -> Look | None:
    """What was found in a long file, once it was looked at."""
    if upload.look is None:
        return None
    fields = dict(upload.look)
    fields["choices"] = tuple(fields["choices"])
    fields["first"] = tuple((day, minor, ref, name) for day, minor, ref, name in fields["first"])
    fields["rejected"] = tuple((row, reason) for row, reason in fields["rejected"])
    return Look(**fields)


def look_again(upload: StatementUpload) -> Look:
    """Look at the file that was sent, as it is to be read now."""
    return look_at(
        content_of(upload), upload.file_name, upload.account, assumptions_of(upload), upload.bank_account
    )


def keep_look(upload: StatementUpload, look: Look) -> None:
    """Keep what was found in a long file."""
    upload.look = json.loads(json.dumps(asdict(look)))


def is_long(data: bytes) -> bool:
    """Whether reading `data` would keep a page waiting."""
    return weight(data) > LONG


def weight(data: bytes) -> int:
    """Bytes to be read; a workbook unpacks into several times its size."""
    return len(data) * (_PACKED if is_workbook(data) else 1)


def keep_upload(
    account: Account, data: bytes, file_name: str, assume: Assumptions, *, by: User
) -> StatementUpload:
    """Keep a file that was sent, for a day. Raises `EmptyFile`, `FileTooLarge`."""
    check_size(data)
    _let_old_ones_go()
    upload = StatementUpload(
        account_id=account.id,
        uploaded_by_id=by.id,
        file_name=file_name[:200],
        size=weight(data),
        content=zlib.compress(data, 6),
        assumed={},
    )
    db.session.add(upload)
    read_as(upload, assume, told=False)
    db.session.flush()
    return upload


def _let_old_ones_go() -> None:
    """Those that nobody agreed to, and those whose lines are all here."""
    here = select(BankStatement.id).where(BankStatement.complete.is_(True))
    db.session.execute(
        delete(StatementUpload).where(
            StatementUpload.created_at < now() - _KEPT,
            or_(StatementUpload.agreed_at.is_(None), StatementUpload.statement_id.in_(here)),
        )
    )


def check_size(data: bytes) -> None:
    """Raises `EmptyFile`, `FileTooLarge`."""
    if not data.strip():
        raise EmptyFile
    if len(data) > MAX_BYTES:
        raise FileTooLarge(megabytes=MAX_BYTES // 1024 // 1024)


def content_of(upload: StatementUpload) -> bytes:
    """The file as it was sent."""
    return zlib.decompress(upload.content)


def assumptions_of(upload: StatementUpload) -> Assumptions:
    """What the reader is told about this file."""
    fields = upload.assumed
    return Assumptions(
        currency=upload.account.currency,
        date_order=fields["date_order"],
        decimal_sign=fields["decimal_sign"],
        layout=restored(fields["layout"]) if fields["layout"] else None,
    )


def read_as(upload: StatementUpload, assume: Assumptions, *, told: bool = True) -> None:
    """Have the file read in another way from now on; `told` says that a person looked at its columns."""
    upload.assumed = {
        "date_order": assume.date_order,
        "decimal_sign": assume.decimal_sign,
        "layout": stored(assume.layout) if assume.layout else None,
        "told": told,
    }
    upload.look, upload.problem = None, ""


def choose_account(upload: StatementUpload, bank_account: str) -> None:
    """Say which of the file's accounts is meant."""
    upload.bank_account, upload.look = bank_account[:200], None


def agree(upload: StatementUpload, *, by: User) -> None:
    """The file is to be imported as it was shown; how its table is read is remembered. Twice is once."""
    if upload.agreed_at is None:
        upload.agreed_at = now()
        if upload.assumed["told"] and upload.assumed["layout"]:
            _remember(upload, by)


def _remember(upload: StatementUpload, by: User) -> None:
    layout = restored(upload.assumed["layout"])
    key = _key(layout)
    kept = db.session.scalar(
        select(RememberedLayout).where(
            RememberedLayout.account_id == upload.account_id, RememberedLayout.key == key
        )
    )
    fields = {name: upload.assumed[name] for name in ("date_order", "decimal_sign", "layout")}
    if kept is None:
        kept = RememberedLayout(account_id=upload.account_id, key=key, layout=fields)
        db.session.add(kept)
    kept.layout, kept.told_by_id, kept.told_at = fields, by.id, now()
    audit.record("statement.layout", kept, by=by, account=upload.account_id)


def _key(layout: Layout) -> str:
    """What makes two tables alike: their titles, or their number of columns."""
    told = layout.titles or (str(len(layout.roles)), layout.delimiter)
    return hashlib.sha256("\x1f".join(told).encode()).hexdigest()


def remembered(account: Account, data: bytes) -> Assumptions:
    """What is known of tables like this one from files of the same account."""
    kept = db.session.scalars(
        select(RememberedLayout)
        .where(RememberedLayout.account_id == account.id)
        .order_by(RememberedLayout.told_at.desc())
    )
    for one in kept:
        layout = restored(one.layout["layout"])
        if fits(data, layout):
            return Assumptions(
                currency=account.currency,
                date_order=one.layout["date_order"],
                decimal_sign=one.layout["decimal_sign"],
                layout=layout,
            )
    return Assumptions(currency=account.currency)


def discard(upload: StatementUpload) -> None:
    """Let a file go that is not to be imported."""
    if upload.statement_id is None:
        db.session.delete(upload)
