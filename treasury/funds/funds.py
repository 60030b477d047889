"""Funds opened and described by hand: what for, when it may be spent, who keeps the money."""

import re
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select, update

from shared import audit
from shared.audit import Actor
from shared.database import db, hold
from shared.errors import DomainError
from shared.i18n import _l, told
from treasury.funds.models import LegalEntity
from treasury.models import AccountKind, Fund, FundKind, JournalEntry

_CODE = re.compile(r"[A-Z0-9][A-Z0-9-]*(/[A-Z0-9-]+)*")


class OutsideWindow(DomainError):
    """A fund is spent in its window."""

    code = "outside_window"
    message = _l("The fund %(fund)s may be spent %(window)s. Choose a date within, or another fund.")


class BadFund(DomainError):
    """A code that others can type, a name, and a window that does not end before it begins."""

    code = "bad_fund"
    status = 422
    message = _l("Give the fund a code of capitals, digits, - and /, and a name.")


class WindowReversed(DomainError):
    """The end is before the start."""

    code = "window_reversed"
    status = 422
    message = _l("The last day is before the first.")


class FundCodeTaken(DomainError):
    """Codes are unique."""

    code = "fund_code_taken"
    message = _l("There is a fund %(code)s already.")


@dataclass(frozen=True, slots=True, kw_only=True)
class DescribeFund:
    """All that may be said of a fund; `purpose` lists budget categories it may pay, empty for any."""

    name: str
    aim: str = ""
    purpose: str = ""
    event: str = ""
    starts_on: date | None = None
    ends_on: date | None = None
    entity_id: int | None = None


def open_fund(code: str, kind: FundKind, command: DescribeFund, *, by: Actor) -> Fund:
    """Open a fund. Raises `BadFund`, `FundCodeTaken`, `WindowReversed`; each names its field."""
    code = code.strip().upper()
    if not _CODE.fullmatch(code) or len(code) > 40:
        raise BadFund(field="code")
    if db.session.scalar(select(Fund.id).where(Fund.code == code)):
        raise FundCodeTaken(field="code", code=code)
    fund = Fund(code=code, name=command.name, kind=kind)
    db.session.add(fund)
    return describe(fund, command, by=by)


def describe(fund: Fund, command: DescribeFund, *, by: Actor) -> Fund:
    """Say what a fund is for, when it may be spent and who keeps it. Raises `BadFund`, `WindowReversed`."""
    if not command.name.strip():
        raise BadFund(field="name")
    if command.starts_on and command.ends_on and command.ends_on < command.starts_on:
        raise WindowReversed(field="ends_on")
    hold(fund)
    fund.name, fund.aim, fund.purpose = command.name.strip(), command.aim.strip(), command.purpose.strip()
    fund.event, fund.entity_id = command.event.strip(), command.entity_id
    fund.starts_on, fund.ends_on = command.starts_on, command.ends_on
    audit.record("fund.describe", fund, by=by, starts=str(fund.starts_on), ends=str(fund.ends_on))
    return fund


def see_window(entry: JournalEntry) -> None:
    """A person's entry spends each fund within its window; what happened by itself is recorded anyway.

    Raises `OutsideWindow`.
    """
    if entry.author_id is None or entry.reverses_id is not None:
        return
    for one in entry.postings:
        if one.account.kind is AccountKind.EXPENSE and one.amount_minor > 0:
            fund, day = one.fund, entry.dated_on
            if (fund.starts_on and day < fund.starts_on) or (fund.ends_on and day > fund.ends_on):
                window = " – ".join(told(day) if day else "…" for day in (fund.starts_on, fund.ends_on))
                raise OutsideWindow(fund=fund.code, window=window)


@dataclass(frozen=True, slots=True, kw_only=True)
class DescribeEntity:
    """What papers need of a body that keeps money; `framework` names a file of `charts/`."""

    name: str
    country: str = ""
    address: str = ""
    registration_number: str = ""
    charity_number: str = ""
    framework: str = "quebec"
    year_starts: int = 1


def describe_entity(entity: LegalEntity | None, command: DescribeEntity, *, by: Actor) -> LegalEntity:
    """Enter a legal entity, or change what is known of one. The first one is the default."""
    if entity is None:
        first = db.session.scalar(select(LegalEntity.id).limit(1)) is None
        entity = LegalEntity(name=command.name.strip(), is_default=first)
        db.session.add(entity)
    else:
        hold(entity)
    entity.name, entity.country = command.name.strip(), command.country.strip().upper()
    entity.address, entity.framework = command.address.strip(), command.framework
    entity.registration_number = command.registration_number.strip()
    entity.charity_number, entity.year_starts = command.charity_number.strip(), command.year_starts
    audit.record("entity.describe", entity, by=by, name=entity.name, charity_number=entity.charity_number)
    return entity


def make_default(entity: LegalEntity, *, by: Actor) -> None:
    """Funds without an entity of their own are kept by this one from now on."""
    db.session.execute(update(LegalEntity).values(is_default=False))
    hold(entity)
    entity.is_default = True
    audit.record("entity.default", entity, by=by)


def default_entity() -> LegalEntity | None:
    """Who keeps the funds that name nobody; None until a legal entity is entered."""
    return db.session.scalar(select(LegalEntity).where(LegalEntity.is_default))
