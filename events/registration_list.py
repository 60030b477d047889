"""The organiser's list of registrations: searched, filtered, sorted, a page at a time or whole for export."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Select, case, func, or_, select
from sqlalchemy.orm import joinedload

from access.models import User
from events.models import Edition, FeeTier, Registration, RegistrationStatus
from network.models import Organisation, Person
from shared.audit import AuditRecord
from shared.database import db
from shared.errors import NotFound
from shared.money import Money
from treasury.models import Payment

PAGE = 50
_BATCH = 1000  # rows read at a time for an export


def _named(told: Any) -> ColumnElement[Any]:
    """What is told of a person; nothing while the registration waits for a name, whoever left it."""
    return case((Registration.status == RegistrationStatus.VACANT, ""), else_=told)


_NAME, _EMAIL = _named(Person.name), _named(Person.email)
_ORGANISATION = _named(func.coalesce(Organisation.name, Person.organisation_name))

ORDERS: dict[str, tuple[Any, ...]] = {
    "newest": (Registration.created_at.desc(), Registration.id.desc()),
    "oldest": (Registration.created_at, Registration.id),
    "name": (func.lower(_NAME), Registration.id),
    "status": (Registration.status, Registration.id),
    "party": (Registration.party_code, Registration.id),
}
"""How the list may be sorted."""

_LISTED: tuple[Any, ...] = (
    Registration.id,
    Registration.code,
    _NAME,
    _EMAIL,
    _ORGANISATION,
    Registration.status,
    Registration.fee_minor,
    Registration.currency,
    Registration.party_code,
    Registration.created_at,
    Registration.admit_unpaid,
)

_EXPORTED: tuple[Any, ...] = (
    Registration.code,
    _NAME,
    _EMAIL,
    _ORGANISATION,
    _named(Person.country),
    Person.languages,
    Registration.role,
    Registration.status,
    Registration.tier_id,
    Registration.fee_minor,
    Registration.currency,
    Payment.reference,
    Payment.status,
    Registration.party_code,
    Registration.seat_code,
    Registration.admit_unpaid,
    Registration.created_at,
)

EXPORT_COLUMNS = (
    "code", "name", "email", "organisation", "country", "languages", "role", "status", "tier", "fee",
    "currency", "reference", "payment", "delegation", "seat", "admitted_unpaid", "registered_at",
)  # fmt: skip
"""Names of the columns, the same in every language, so that a spreadsheet made once works again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What of the list is asked for; empty means everything, and so does what does not exist."""

    text: str = ""
    status: str = ""
    tier: str = ""
    party: str = ""
    order: str = "newest"
    page: int = 1


class Row(NamedTuple):
    """One line of the list."""

    id: int
    code: str
    name: str
    email: str
    organisation: str
    status: RegistrationStatus
    fee: Money
    party_code: str
    created_at: datetime
    admit_unpaid: bool


@dataclass(frozen=True, slots=True)
class Listing:
    """A page of the list, counted."""

    rows: list[Row]
    page: int
    pages: int
    total: int

    @property
    def has_prev(self) -> bool:
        return self.page > 1

    @property
    def has_next(self) -> bool:
        return self.page < self.pages

    @property
    def prev_num(self) -> int:
        return self.page - 1

    @property
    def next_num(self) -> int:
        return self.page + 1


def listing(edition: Edition, wanted: Wanted) -> Listing:
    """One page of the registrations that are wanted; past the last page, the last one."""
    conditions, order = _conditions(edition, wanted), ORDERS.get(wanted.order, ORDERS["newest"])
    page_of = _joined(select(*_LISTED)).order_by(*order)
    if wanted.text.strip():  # looking into every name is done once, and its page is picked by number
        keys = db.session.scalars(_joined(select(Registration.id)).where(*conditions).order_by(*order)).all()
        page, pages = _clamped(wanted.page, len(keys))
        found = db.session.execute(page_of.where(Registration.id.in_(keys[(page - 1) * PAGE : page * PAGE])))
        return Listing([_row(*one) for one in found], page, pages, len(keys))
    total = db.session.scalar(select(func.count()).select_from(Registration).where(*conditions)) or 0
    page, pages = _clamped(wanted.page, total)
    found = db.session.execute(page_of.where(*conditions).limit(PAGE).offset((page - 1) * PAGE))
    return Listing([_row(*one) for one in found], page, pages, total)


def _clamped(page: int, total: int) -> tuple[int, int]:
    """The page to show, and how many there are."""
    pages = max(1, -(-total // PAGE))
    return min(max(1, page), pages), pages


def _row(
    key: int,
    code: str,
    name: str,
    email: str,
    organisation: str,
    status: RegistrationStatus,
    minor: int,
    currency: str,
    party: str,
    at: datetime,
    admitted: bool,
) -> Row:
    return Row(key, code, name, email, organisation, status, Money(minor, currency), party, at, admitted)


def parties(edition: Edition) -> list[tuple[str, str]]:
    """(code, name) of the delegations that registrations of this edition came with."""
    found = db.session.execute(
        select(Registration.party_code, func.max(Registration.party_name))
        .where(Registration.edition_id == edition.id, Registration.party_code != "")
        .group_by(Registration.party_code)
        .order_by(Registration.party_code)
    )
    return [(code, name or code) for code, name in found]


def counts(edition: Edition) -> dict[RegistrationStatus, int]:
    """How many registrations stand where."""
    found = db.session.execute(
        select(Registration.status, func.count())
        .where(Registration.edition_id == edition.id)
        .group_by(Registration.status)
    )
    return {RegistrationStatus(status): count for status, count in found}


def exported(edition: Edition, wanted: Wanted, locale: str) -> Iterator[tuple[str, ...]]:
    """Every wanted registration as the texts of a line, in the columns of `EXPORT_COLUMNS`.

    Moments are in the edition's zone, amounts plain decimals.
    """
    zone = ZoneInfo(edition.zone)
    tiers = {tier.id: tier.label.get(locale) or tier.code for tier in edition.tiers}
    found = db.session.execute(
        _joined(select(*_EXPORTED))
        .outerjoin(Payment, Payment.id == Registration.payment_id)
        .where(*_conditions(edition, wanted))
        .order_by(*ORDERS.get(wanted.order, ORDERS["newest"]))
        .execution_options(yield_per=_BATCH)
    )
    for one in found:
        yield (
            *one[:5],
            " ".join(one[5]) if one[7] is not RegistrationStatus.VACANT else "",
            one[6].value,
            one[7].value,
            tiers.get(one[8], ""),
            Money(one[9], one[10]).decimal(),
            one[10],
            one[11] or "",
            one[12].value if one[12] else "",
            one[13],
            one[14],
            "1" if one[15] else "",
            one[16].astimezone(zone).isoformat(" ", "minutes")[:16],
        )


def of_edition(edition: Edition, registration_id: int) -> Registration:
    """One registration of this edition, with what its page shows. Raises `NotFound` for another edition's."""
    found = db.session.scalar(
        select(Registration)
        .where(Registration.id == registration_id, Registration.edition_id == edition.id)
        .options(
            joinedload(Registration.person),
            joinedload(Registration.tier),
            joinedload(Registration.payment),
        )
    )
    if found is None:
        raise NotFound
    return found


def history(registration: Registration) -> list[tuple[AuditRecord, str]]:
    """What was done to a registration, oldest first, each with the name of who did it."""
    records = db.session.scalars(
        select(AuditRecord)
        .where(AuditRecord.subject == f"Registration:{registration.id}")
        .order_by(AuditRecord.id)
    ).all()
    keys = {int(one.actor[5:]) for one in records if re.fullmatch(r"user:\d+", one.actor)}
    names = {
        user.actor_label: user.name for user in db.session.scalars(select(User).where(User.id.in_(keys)))
    }
    return [(one, names.get(one.actor) or one.actor) for one in records]


def _joined(query: Select[Any]) -> Select[Any]:
    return query.join(Person, Person.id == Registration.person_id).outerjoin(
        Organisation, Organisation.id == Person.organisation_id
    )


def _conditions(edition: Edition, wanted: Wanted) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = [Registration.edition_id == edition.id]
    if wanted.status in set(RegistrationStatus):
        found.append(Registration.status == wanted.status)
    if wanted.tier:
        chosen = select(FeeTier.id).where(FeeTier.edition_id == edition.id, FeeTier.code == wanted.tier)
        found.append(Registration.tier_id == chosen.scalar_subquery())
    if wanted.party:
        found.append(Registration.party_code == wanted.party)
    found += [_mentions(word) for word in wanted.text.split()[:6]]
    return found


def _mentions(word: str) -> ColumnElement[bool]:
    """Somewhere in the name, address, organisation or code; SQLite knows no capitals but A to Z."""
    spellings = (
        (word,) if word.isascii() else dict.fromkeys((word, word.lower(), word.upper(), word.capitalize()))
    )
    everything = _NAME + "\n" + _EMAIL + "\n" + _ORGANISATION + "\n" + Registration.code
    return or_(*(everything.icontains(spelling, autoescape=True) for spelling in spellings))
