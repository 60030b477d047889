"""One entry of a CAMT statement as movements: the whole of it, or its details where they add up to it."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from xml.etree.ElementTree import Element

from shared.i18n import _l
from shared.money import EXPONENTS, Money
from treasury.statement_accounts import Movement
from treasury.statement_amounts import read_amount
from treasury.statement_dates import read_date
from treasury.statement_text import unescaped
from treasury.statement_values import UnreadableRow, quoted

_NO_REFERENCE = frozenset({"", "NOTPROVIDED", "NOT PROVIDED", "NONREF", "NONE", "0"})
_PENDING = {
    "PDNG": _l("This movement is still pending at the bank."),
    "FUTR": _l("This movement lies in the future."),
    "INFO": _l("This movement is for information only; the bank has not booked it."),
}
_REFERENCES = (
    "RmtInf/Strd/CdtrRefInf/Ref", "Refs/EndToEndId", "Refs/ChqNb", "Refs/InstrId", "Refs/PmtInfId",
)  # fmt: skip
_IDS = ("Refs/AcctSvcrRef", "Refs/TxId", "Refs/UETR")


def balance_of(element: Element, currency: str | None) -> tuple[str, Money | None]:
    """Kind (OPBD, CLBD, …) and amount of a balance; None if it is of another currency or cannot be read."""
    kind = _text(element, "Tp/CdOrPrtry/Cd") or _text(element, "Tp/Cd")
    amount = element.find("Amt")
    code = currency or ("" if amount is None else amount.get("Ccy", "").strip().upper())
    try:
        return kind, _signed(element, code) if code in EXPONENTS else None
    except UnreadableRow:
        return kind, None


def entry_movements(element: Element, row: int, currency: str) -> list[Movement]:
    """The movements of one booked entry: one, or several parts of it. Raises `UnreadableRow`."""
    status = _text(element, "Sts") or _text(element, "Sts/Cd") or _text(element, "Sts/Prtry")
    if status in _PENDING:
        raise UnreadableRow(_PENDING[status])
    if currency not in EXPONENTS:
        raise UnreadableRow(
            _l("The currency %(currency)s is not one that is kept here.", currency=quoted(currency))
        )
    amount = _signed(element, currency)
    details = element.findall("NtryDtls/TxDtls")
    only = details[0] if len(details) == 1 else None
    whole = Movement(
        row=row,
        date=_date(element),
        amount=amount,
        reference=(_reference(only) if only is not None else "") or _reference_of_batch(element),
        name="",
        memo="",
        bank_id=_meant(_text(element, "AcctSvcrRef")) or (_bank_id(only) if only is not None else None),
    )
    told = _text(element, "AddtlNtryInf")
    if only is not None:
        return [_worded(whole, _name(only, amount), _memo(only) or told)]
    worded = _worded(whole, "", told or " · ".join(dict.fromkeys(_each(details, amount))))
    return _parts(worded, details, told) or [worded]


def _worded(movement: Movement, name: str, memo: str) -> Movement:
    return replace(movement, name=name or memo, memo=memo)


def _parts(whole: Movement, details: list[Element], told: str) -> list[Movement]:
    """The details as parts of `whole`; none unless each has an amount in its currency and they add up."""
    currency = whole.amount.currency
    amounts = [_detail_amount(detail, whole.amount) for detail in details]
    found = [amount for amount in amounts if amount is not None]
    if len(details) < 2 or len(found) < len(details) or Money.total(found, currency) != whole.amount:
        return []
    entry = whole.fingerprint()
    parts = []
    for number, (detail, amount) in enumerate(zip(details, found, strict=True), 1):
        part = replace(
            whole,
            amount=amount,
            reference=_reference(detail) or whole.reference,
            bank_id=_bank_id(detail) or whole.bank_id,
            part=number,
            entry=entry,
        )
        parts.append(_worded(part, _name(detail, amount), _memo(detail) or told))
    return parts


def _detail_amount(detail: Element, whole: Money) -> Money | None:
    """A detail's amount with its own sign, else the entry's; None unless it is in the account's currency."""
    for path in (".", "AmtDtls/TxAmt", "AmtDtls/InstdAmt"):
        holder = detail.find(path)
        if holder is None or holder.find("Amt") is None:
            continue
        try:
            amount = abs(_signed(holder, whole.currency, "CRDT"))
        except UnreadableRow:
            return None
        side = _text(detail, "CdtDbtInd")
        return -amount if side == "DBIT" or (not side and whole.minor < 0) else amount
    return None


def _signed(element: Element, currency: str, side: str = "") -> Money:
    amount = element.find("Amt")
    written = "" if amount is None else (amount.text or "").strip()
    named = "" if amount is None else amount.get("Ccy", currency).strip().upper()
    if written and named != currency:
        raise UnreadableRow(
            _l(
                "The amount is in %(other)s, the account in %(currency)s.",
                other=quoted(named),
                currency=currency,
            )
        )
    found = read_amount(written, currency, _decimal_sign(written))
    side = side or _text(element, "CdtDbtInd")
    if side not in ("CRDT", "DBIT") or found.minor < 0:
        raise UnreadableRow(
            _l("Debit or credit: “%(text)s” does not tell which.", text=quoted(side or written))
        )
    return -found if side == "DBIT" else found


def _decimal_sign(written: str) -> str | None:
    """The format's sign is a point, and it groups nothing; some banks write a comma."""
    marks = [mark for mark in written if mark in ".,"]
    return marks[0] if len(marks) == 1 else None


def _date(element: Element) -> date:
    for path in ("BookgDt/Dt", "BookgDt/DtTm", "ValDt/Dt", "ValDt/DtTm"):
        if written := _text(element, path):
            return read_date(written[:10], "ymd")
    return read_date("", "ymd")


def _name(detail: Element, amount: Money) -> str:
    """The other party: who paid if money came in, else who was paid; under whatever level it stands."""
    party = "Dbtr" if amount.minor > 0 else "Cdtr"
    for role in (f"Ultmt{party}", party, "InitgPty"):
        for path in (f"RltdPties/{role}/Pty/Nm", f"RltdPties/{role}/Nm"):
            if found := _text(detail, path):
                return found
    return ""


def _each(details: list[Element], amount: Money) -> Iterator[str]:
    for detail in details:
        yield from filter(None, (_name(detail, amount), _memo(detail)))


def _memo(detail: Element) -> str:
    told = [_clean(one.text) for one in detail.findall("RmtInf/Ustrd")]
    told += [_clean(one.text) for one in detail.findall("RmtInf/Strd/AddtlRmtInf")]
    return " ".join(filter(None, told)) or _text(detail, "AddtlTxInf")


def _reference(detail: Element) -> str:
    return next((found for path in _REFERENCES if (found := _meant(_text(detail, path)))), "")


def _reference_of_batch(element: Element) -> str:
    return _meant(_text(element, "NtryDtls/Btch/PmtInfId")) or _meant(_text(element, "NtryDtls/Btch/MsgId"))


def _bank_id(detail: Element) -> str | None:
    return next((found for path in _IDS if (found := _meant(_text(detail, path)))), None)


def _meant(text: str) -> str:
    """`text` unless it is one of the ways to say that there is none."""
    return "" if text.upper() in _NO_REFERENCE else text


def _text(element: Element, path: str) -> str:
    return _clean(element.findtext(path, ""))


def _clean(text: str | None) -> str:
    return unescaped(text or "")
