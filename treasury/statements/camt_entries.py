"""One entry of a CAMT statement as movements: the whole of it, or its details where they add up to it."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from xml.etree.ElementTree import Element

from shared.i18n import _l
from shared.money import EXPONENTS, Money
from treasury.statements.accounts import Movement
from treasury.statements.amounts import read_amount
from treasury.statements.dates import read_date
from treasury.statements.text import account_number, unescaped
from treasury.statements.values import UnreadableRow, quoted

_NO_REFERENCE = frozenset({"", "NOTPROVIDED", "NOT PROVIDED", "NONREF", "NONE", "0"})
_PENDING = {
    "PDNG": _l("This movement is still pending at the bank."),
    "FUTR": _l("This movement lies in the future."),
    "INFO": _l("This movement is for information only; the bank has not booked it."),
}
_REFERENCES = (
    "RmtInf/Strd/CdtrRefInf/Ref", "Refs/EndToEndId", "Refs/ChqNb", "Refs/InstrId", "Refs/PmtInfId",
    "Refs/MndtId",
)  # fmt: skip
_IDS = ("Refs/AcctSvcrRef", "Refs/TxId", "Refs/UETR")
_PAYERS, _PAID = (
    tuple(
        f"RltdPties/{role}/{below}"
        for role in (f"Ultmt{party}", party, "InitgPty")
        for below in ("Pty/Nm", "Nm")
    )
    for party in ("Dbtr", "Cdtr")
)
_PAYING_ACCOUNTS, _PAID_ACCOUNTS = (
    tuple(f"RltdPties/{party}Acct/Id/{below}" for below in ("IBAN", "Othr/Id")) for party in ("Dbtr", "Cdtr")
)
_DATES = ("BookgDt/Dt", "BookgDt/DtTm", "ValDt/Dt", "ValDt/DtTm")
_DETAIL_AMOUNTS = ("Amt", "AmtDtls/TxAmt/Amt", "AmtDtls/InstdAmt/Amt")

Told = dict[str, list[str]]
"""What an element says, by the path to it; ``@Ccy`` behind the path of an amount is its currency."""


def told_by(element: Element) -> Told:
    """Everything below `element`, except the details of an entry."""
    told: Told = {}
    waiting = [(child, child.tag) for child in reversed(element)]
    while waiting:
        one, path = waiting.pop()
        if len(one):
            waiting.extend((child, f"{path}/{child.tag}") for child in reversed(one) if child.tag != "TxDtls")
        else:
            told.setdefault(path, []).append(one.text or "")
            if currency := one.get("Ccy"):
                told.setdefault(path + "@Ccy", []).append(currency.strip().upper())
    return told


def text(told: Told, *paths: str) -> str:
    """The first of `paths` that says something."""
    for path in paths:
        if path in told and (found := unescaped(told[path][0])):
            return found
    return ""


def balance_of(element: Element, currency: str | None) -> tuple[str, Money | None]:
    """Kind (OPBD, CLBD, …) and amount of a balance; None if it is of another currency or cannot be read."""
    told = told_by(element)
    kind = text(told, "Tp/CdOrPrtry/Cd", "Tp/Cd")
    code = currency or text(told, "Amt@Ccy")
    try:
        return kind, _signed(told, "Amt", code, text(told, "CdtDbtInd")) if code in EXPONENTS else None
    except UnreadableRow:
        return kind, None


def entry_movements(element: Element, row: int, currency: str) -> list[Movement]:
    """The movements of one booked entry: one, or several parts of it. Raises `UnreadableRow`."""
    told = told_by(element)
    if problem := _PENDING.get(text(told, "Sts", "Sts/Cd", "Sts/Prtry")):
        raise UnreadableRow(problem)
    if currency not in EXPONENTS:
        raise UnreadableRow(
            _l("The currency %(currency)s is not one that is kept here.", currency=quoted(currency))
        )
    amount = _signed(told, "Amt", currency, text(told, "CdtDbtInd"))
    details = [told_by(one) for holder in element.findall("NtryDtls") for one in holder.findall("TxDtls")]
    only = details[0] if len(details) == 1 else {}
    besides = text(told, "AddtlNtryInf")
    memo = _memo(only) or besides or " · ".join(dict.fromkeys(_each(details, amount)))
    whole = Movement(
        row=row,
        date=_date(told),
        amount=amount,
        reference=_meant(only, _REFERENCES)
        or _meant(told, ("NtryDtls/Btch/PmtInfId", "NtryDtls/Btch/MsgId")),
        name=_name(only, amount) or memo,
        memo=memo,
        bank_id=_meant(told, ("AcctSvcrRef",)) or _meant(only, _IDS) or None,
        counterparty=_counterparty(only, amount),
    )
    return _parts(whole, details, besides) or [whole]


def _parts(whole: Movement, details: Sequence[Told], besides: str) -> list[Movement]:
    """The details as parts of `whole`; none unless each has an amount in its currency and they add up."""
    if len(details) < 2:
        return []
    amounts = [_detail_amount(detail, whole.amount) for detail in details]
    found = [amount for amount in amounts if amount is not None]
    if len(found) < len(details) or Money.total(found, whole.amount.currency) != whole.amount:
        return []
    entry = whole.fingerprint()
    parts = []
    for number, (detail, amount) in enumerate(zip(details, found, strict=True), 1):
        memo = _memo(detail) or besides
        part = replace(
            whole,
            amount=amount,
            reference=_meant(detail, _REFERENCES) or whole.reference,
            name=_name(detail, amount) or memo,
            memo=memo,
            bank_id=_meant(detail, _IDS) or whole.bank_id,
            part=number,
            entry=entry,
            counterparty=_counterparty(detail, amount),
        )
        parts.append(part)
    return parts


def _detail_amount(detail: Told, whole: Money) -> Money | None:
    """A detail's amount with its own sign, else the entry's; None unless it is in the account's currency."""
    path = next((path for path in _DETAIL_AMOUNTS if path in detail), "")
    try:
        amount = _signed(detail, path, whole.currency, "CRDT")
    except UnreadableRow:
        return None
    side = text(detail, "CdtDbtInd")
    return -amount if side == "DBIT" or (not side and whole.minor < 0) else amount


def _signed(told: Told, path: str, currency: str, side: str) -> Money:
    written = text(told, path)
    named = text(told, path + "@Ccy") or currency
    if written and named != currency:
        raise UnreadableRow(
            _l(
                "The amount is in %(other)s, the account in %(currency)s.",
                other=quoted(named),
                currency=currency,
            )
        )
    found = read_amount(written, currency, _decimal_sign(written))
    if side not in ("CRDT", "DBIT") or found.minor < 0:
        unclear = quoted(side or written)
        raise UnreadableRow(_l("Debit or credit: “%(text)s” does not tell which.", text=unclear))
    return -found if side == "DBIT" else found


def _decimal_sign(written: str) -> str | None:
    """The format's sign is a point, and it groups nothing; some banks write a comma."""
    marks = [mark for mark in written if mark in ".,"]
    return marks[0] if len(marks) == 1 else None


def _date(told: Told) -> date:
    return read_date(text(told, *_DATES)[:10], "ymd")


def _name(detail: Told, amount: Money) -> str:
    """The other party: who paid if money came in, else who was paid; under whatever level it stands."""
    return text(detail, *(_PAYERS if amount.minor > 0 else _PAID))


def _counterparty(detail: Told, amount: Money) -> str:
    """The number of the other party's account."""
    return account_number(text(detail, *(_PAYING_ACCOUNTS if amount.minor > 0 else _PAID_ACCOUNTS)))


def _each(details: Sequence[Told], amount: Money) -> Iterator[str]:
    for detail in details:
        yield from filter(None, (_name(detail, amount), _memo(detail)))


def _memo(detail: Told) -> str:
    told = [*detail.get("RmtInf/Ustrd", ()), *detail.get("RmtInf/Strd/AddtlRmtInf", ())]
    return " ".join(filter(None, map(unescaped, told))) or text(detail, "AddtlTxInf")


def _meant(told: Told, paths: Sequence[str]) -> str:
    """The first of `paths` that does not only say that there is nothing."""
    found = (text(told, path) for path in paths if path in told)
    return next((one for one in found if one.upper() not in _NO_REFERENCE), "")
