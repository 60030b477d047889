"""Payment references that a person can read aloud, type and find again in a bank's text.

A reference is `TG`, six drawn characters and one check character, shown as ``TG7K-492Q-X``. The alphabet has
31 characters, none of which looks like another (no 0 O 1 I L); 31 is prime, so a weighted sum with distinct
weights detects every single wrong character and every exchange of two characters, wherever they stand.
"""

import re
import secrets
import unicodedata
from collections.abc import Callable

ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
PREFIX = "TG"
_DRAWN = "".join(c for c in ALPHABET if c not in "AEUY")  # without vowels no reference spells a word
_LENGTH = len(PREFIX) + 6 + 1
_VALUES = {character: value for value, character in enumerate(ALPHABET)}

_GAP = r"[\s\-\u2010-\u2015\u2212._/:]{0,3}"
_SHAPE = re.compile(
    "(?=(" + _GAP.join(PREFIX) + (_GAP + f"[{_DRAWN}]") * 6 + _GAP + f"[{ALPHABET}]" + "))",
)


def new_reference(draw: Callable[[int], int] = secrets.randbelow) -> str:
    """A new payment reference as it is shown, e.g. ``TG7K-492Q-X``; one of 387 million.

    `draw(n)` returns an integer from 0 to n − 1. The caller keeps references unique.
    """
    body = PREFIX + "".join(_DRAWN[draw(len(_DRAWN))] for _position in range(6))
    return show_reference(body + _check(body))


def is_valid(text: str) -> bool:
    """Whether `text` is one whole reference with the right check; case and separators do not count."""
    compact = compact_reference(text)
    return bool(_SHAPE.match(compact)) and len(compact) == _LENGTH and _check(compact[:-1]) == compact[-1]


def find_references(text: str) -> list[str]:
    """The valid references written somewhere in `text`, as they are shown, in order, each once.

    Banks cut, join and respace what people type, so separators and case do not count and a reference may be
    glued to other words. One whose check character is wrong is not found.
    """
    upper = unicodedata.normalize("NFKC", text).upper()
    if "T" not in upper or "G" not in upper:
        return []
    found = (compact_reference(match[1]) for match in _SHAPE.finditer(upper))
    return list(dict.fromkeys(show_reference(one) for one in found if _check(one[:-1]) == one[-1]))


def nearest(text: str) -> list[str]:
    """The valid references that one slip of the hand away from `text` are, as they are shown.

    A slip is a character that is wrong, missing or too many, or two that changed places; the check character
    leaves few of those that are thinkable. None for a text that is no reference at all.
    """
    typed = compact_reference(text)
    if abs(len(typed) - _LENGTH) > 1:
        return []
    places = range(len(typed) + 1)
    missing = {typed[:k] + one + typed[k:] for k in places for one in PREFIX + ALPHABET}
    too_many = {typed[:k] + typed[k + 1 :] for k in places}
    wrong = {typed[:k] + one + typed[k + 1 :] for k in places for one in PREFIX + ALPHABET}
    exchanged = {
        typed[:k] + typed[m] + typed[k + 1 : m] + typed[k] + typed[m + 1 :]
        for m in range(len(typed))
        for k in range(m)
    }
    return sorted(show_reference(one) for one in missing | too_many | wrong | exchanged if is_valid(one))


def compact_reference(text: str) -> str:
    """`text` in capitals without spaces and punctuation: the form in which references are compared."""
    upper = unicodedata.normalize("NFKC", text).upper()
    return "".join(character for character in upper if character.isalnum())


def show_reference(compact: str) -> str:
    """A compact reference in the groups people read: ``TG7K492QX`` → ``TG7K-492Q-X``."""
    return f"{compact[:4]}-{compact[4:8]}-{compact[8:]}"


def _check(body: str) -> str:
    total = sum((position + 2) * _VALUES[character] for position, character in enumerate(body))
    return ALPHABET[-total % len(ALPHABET)]
