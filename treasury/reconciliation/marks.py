"""What a bank's text tells of who pays and for what: references, also mistyped, and account numbers."""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from functools import lru_cache

from treasury.reconciliation.names import name_words
from treasury.reconciliation.values import HabitKind, LineToMatch
from treasury.references import compact_reference, find_references, is_valid

_TOKEN = re.compile(r"[A-Z0-9]+")
_JOINED = 4  # words that spaces may have made of one reference
_LEAST = 5  # characters of a reference that running text proves
_CUT = 4  # characters of a reference that a bank cut off
_MOST_OF_A_CUT = 8  # references that begin alike, beyond which the beginning tells nothing
_ALIKE = str.maketrans("ZSBOQIL", "2580011")
_IBAN = re.compile(r"\b[A-Z]{2}\d{2}(?:\s?[A-Z0-9]{4}){2,7}(?:\s?[A-Z0-9]{1,3})?\b")


class References:
    """Known references, to be found in what people type and banks cut: positions by compact reference."""

    def __init__(self, references: Iterable[str]) -> None:
        self._known = {one for one in references if one}
        ours = [one for one in self._known if is_valid(one)]
        self._dropped: dict[str, set[str]] = defaultdict(set)
        self._beginnings: dict[str, set[str]] = defaultdict(set)
        for one in ours:  # a cheque's number that is one off is another cheque
            folded = one.translate(_ALIKE)
            for text in _without_one(folded):
                self._dropped[text].add(one)
            for length in range(_CUT, len(one)):
                self._beginnings[folded[:length]].add(one)

    def exact(self, line: LineToMatch) -> set[str]:
        """Known references that the bank's text holds.

        The bank's own field may hold any; in running text a short or wordlike one proves nothing.
        """
        found = set(valid_references(line))
        found.add(compact_reference(line.reference))
        for joined in _joined(line.text):
            if len(joined) >= _LEAST and any(character.isdigit() for character in joined):
                found.add(joined)
        return found & self._known

    def nearly(self, line: LineToMatch) -> set[str]:
        """Known references that the text holds but for one character, two exchanged, or an end cut off.

        A reference that stands there whole, with a right check, is no other one's beginning or slip.
        """
        found: set[str] = set()
        whole = valid_references(line)
        for joined in _joined(line.text):
            if len(joined) < _CUT or not any(character.isdigit() for character in joined):
                continue
            if any(joined in one for one in whole):
                continue
            folded = joined.translate(_ALIKE)
            if len(joined) >= 2 * _CUT:
                for text in _without_one(folded):
                    found |= self._dropped.get(text, set())
            begins = self._beginnings.get(folded, set())
            if len(begins) <= _MOST_OF_A_CUT:
                found |= begins
        return found


def _without_one(text: str) -> set[str]:
    """`text`, and `text` without each of its characters: two that are one slip apart have one in common."""
    return {text, *(text[:at] + text[at + 1 :] for at in range(len(text)))}


def _joined(text: str) -> Iterable[str]:
    tokens = _TOKEN.findall(text.upper())
    for start in range(len(tokens)):
        for end in range(start + 1, min(start + _JOINED, len(tokens)) + 1):
            yield "".join(tokens[start:end])


def valid_references(line: LineToMatch) -> list[str]:
    """References with a right check that the text holds, known or not, compact."""
    return [compact_reference(one) for one in find_references(line.text)]


def account_numbers(text: str) -> Sequence[str]:
    """IBANs with right check digits that stand in the text, without spaces."""
    if not any(character.isdigit() for character in text):
        return ()
    found = (re.sub(r"\s", "", match[0]) for match in _IBAN.finditer(text.upper()))
    return [one for one in found if _checks(one)]


def _checks(number: str) -> bool:
    moved = number[4:] + number[:4]
    return int("".join(str(int(character, 36)) for character in moved)) % 97 == 1


def payer_words(line: LineToMatch) -> tuple[str, ...]:
    """The words of the bank's text that may name the payer: without references, numbers and accounts."""
    return naming_words(line.name or line.memo)


@lru_cache(maxsize=50_000)
def naming_words(text: str) -> tuple[str, ...]:
    """The words of a text that may name somebody."""
    kept = (one for one in text.split() if not any(character.isdigit() for character in one))
    return name_words(" ".join(kept))


def marks_of(line: LineToMatch) -> list[tuple[HabitKind, str]]:
    """What a confirmed line teaches: its account numbers, its references, its words; the surest first."""
    numbers = dict.fromkeys(filter(None, (line.account, *account_numbers(line.text))))
    return [
        *((HabitKind.ACCOUNT, number) for number in numbers),
        *((HabitKind.REFERENCE, reference) for reference in valid_references(line)),
        *((HabitKind.WORDS, " ".join(words)) for words in [payer_words(line)] if words),
    ]


def plain_words(text: str) -> tuple[str, ...]:
    """All words of a text but those with figures: what tells one kind of bank fee from another."""
    words = (word.strip(".,;:-").casefold() for word in text.split())
    return tuple(word for word in words if word and not any(one.isdigit() for one in word))
