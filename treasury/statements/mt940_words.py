"""What tag 86 of MT940 says: German sub-fields, Dutch words between slashes, or a plain sentence."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from treasury.statements.text import account_number, tidy, unescaped

_SUBFIELD = re.compile(r"\?([0-9]{2})")
_SEPA = re.compile(r"(?<![A-Z])(EREF|KREF|MREF|CRED|DEBT|SVWZ|ABWA|ABWE|IBAN|BIC|PURP|COAM|OAMT)[+:]")
_SLASHED = re.compile(
    r"/(TRTP|TRCD|IBAN|BIC|NAME|REMI|EREF|MARF|CSID|PREF|CNTP|ORDP|BENM|RTRN|ISDT|SVCL|ULTB|ULTD|INFO|USTD|"
    r"STRD|ADDR|ID|CDTRREFTP|CDTRREF|PURP|SWOC|RREF|OCMT|CHGS|EXCH)/"
)
_SEAM = "\x1f"  # between sub-fields: a mark may begin there, a word goes on
_NO_REFERENCE = frozenset({"", "NOTPROVIDED", "NONREF", "NONE"})


@dataclass(frozen=True, slots=True)
class Words:
    """Who, under which reference, all the rest in one sentence, and from which account."""

    name: str = ""
    reference: str = ""
    memo: str = ""
    account: str = ""


def words_of(lines: Sequence[str]) -> Words:
    """The words of the lines under tag 86."""
    text = "".join(lines)
    if len(_SUBFIELD.findall(text)) >= 2:
        return _german(text)
    if len(_SLASHED.findall(text)) >= 2:
        return _dutch(text)
    sentence = unescaped(" ".join(lines))
    marks = dict(_marked(sentence))
    return Words(
        memo=sentence,
        reference=_reference(marks.get("EREF", "")),
        account=account_number(marks.get("IBAN", "").partition(" ")[0]),
    )


def _german(text: str) -> Words:
    pieces = _SUBFIELD.split(text)
    fields: dict[str, str] = {}
    for number, piece in zip(pieces[1::2], pieces[2::2], strict=True):
        fields[number] = fields.get(number, "") + piece
    purpose = _SEAM.join(fields.get(str(n), "") for n in (*range(20, 30), *range(60, 64)))
    marks = dict(_marked(purpose))
    told = marks.get("SVWZ") or ("" if marks else purpose.replace(_SEAM, ""))
    return Words(
        name=unescaped(fields.get("32", "") + fields.get("33", "")),
        reference=_reference(marks.get("EREF", "")),
        memo=unescaped(told or fields.get("00", "")),
        account=account_number(fields.get("38", "") or fields.get("31", "") or marks.get("IBAN", "")),
    )


def _marked(text: str) -> list[tuple[str, str]]:
    """The values behind EREF+, SVWZ+ and their like."""
    pieces = _SEPA.split(text)
    return [
        (mark, value.replace(_SEAM, "").strip())
        for mark, value in zip(pieces[1::2], pieces[2::2], strict=True)
    ]


def _dutch(text: str) -> Words:
    pieces = _SLASHED.split(text)
    fields: dict[str, str] = {}
    for word, piece in zip(pieces[1::2], pieces[2::2], strict=True):
        fields.setdefault(word, piece.strip("/ "))
    counterparty = fields.get("CNTP", "").split("/")  # account/bank/name/town
    name = fields.get("NAME", "") or (counterparty[2] if len(counterparty) > 2 else "")
    memo = fields.get("REMI", "") or fields.get("USTD", "") or fields.get("INFO", "")
    memo = memo.removeprefix("USTD//").removeprefix("STRD/CUR/")
    account = account_number(fields.get("IBAN", "") or counterparty[0])
    return Words(unescaped(name), _reference(fields.get("EREF", "")), unescaped(memo), account)


def _reference(text: str) -> str:
    bare = tidy(text)
    return "" if bare.upper() in _NO_REFERENCE else bare
