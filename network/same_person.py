"""Is this the same human being? Names compared without accents, order, hyphens and spelling slips.

A likeness is a reason to look, never a decision: people merge records, the machine only finds them.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from network.people import normalised_email, normalised_name
from shared.i18n import LazyString, _l


class Likeness(StrEnum):
    """Why two records may be one person, the surest first."""

    SAME_NAME = "same_name"
    SAME_ADDRESS = "same_address"
    ONE_NAME_MORE = "one_name_more"
    NEARLY = "nearly"


LIKENESSES: dict[Likeness, LazyString] = {
    Likeness.SAME_NAME: _l("the same name, apart from accents or order"),
    Likeness.SAME_ADDRESS: _l("the same e-mail address and a name in common"),
    Likeness.ONE_NAME_MORE: _l("the same name with one name more, as after a marriage"),
    Likeness.NEARLY: _l("nearly the same spelling"),
}

_SLIPS = 2  # letters that may differ
_LETTERS_PER_SLIP = 7


@dataclass(frozen=True, slots=True)
class Who:
    """A name and an address, with the key of the record they stand on."""

    key: int
    name: str
    email: str = ""


@dataclass(frozen=True, slots=True)
class _Plain:
    who: Who
    words: tuple[str, ...]
    figures: tuple[str, ...]
    email: str


def likeness(one: Who, other: Who) -> Likeness | None:
    """Why these two may be the same person, or None."""
    return _alike(_plain(one), _plain(other))


class KnownPeople:
    """People already known, found by any word of their name or by their address."""

    def __init__(self, people: Iterable[Who] = ()) -> None:
        self._by_word: dict[str, list[_Plain]] = defaultdict(list)
        for one in people:
            self.add(one)

    def add(self, who: Who) -> None:
        """Know one person more."""
        plain = _plain(who)
        for word in _keys(plain):
            self._by_word[word].append(plain)

    def like(self, who: Who) -> list[tuple[Who, Likeness]]:
        """The people that this may be, each once, the surest first."""
        wanted = _plain(who)
        near = {id(one): one for word in _keys(wanted) for one in self._by_word.get(word, ())}
        found = [(one.who, why) for one in near.values() if (why := _alike(wanted, one))]
        return sorted(found, key=lambda pair: (list(Likeness).index(pair[1]), pair[0].key))


def pairs(people: Iterable[Who]) -> Iterator[tuple[Who, Who, Likeness]]:
    """Every two of these people that may be one, the earlier record first."""
    known = KnownPeople()
    for who in people:
        for other, why in known.like(who):
            yield other, who, why
        known.add(who)


def _plain(who: Who) -> _Plain:
    words = tuple(sorted(normalised_name(who.name).split()))
    figures = tuple(word for word in words if any(letter.isdigit() for letter in word))
    return _Plain(who, words, figures, normalised_email(who.email))


def _keys(plain: _Plain) -> set[str]:
    """What it is found under: no two people are alike who have no word in common."""
    return {word for word in plain.words if len(word) > 2} or set(plain.words)


def _alike(one: _Plain, other: _Plain) -> Likeness | None:
    if not one.words or not other.words or one.figures != other.figures:
        return None  # « Délégué 01 » is not « Délégué 02 »
    if one.words == other.words:
        return Likeness.SAME_NAME
    common = set(one.words) & set(other.words)
    if one.email and one.email == other.email and common:
        return Likeness.SAME_ADDRESS
    if len(common) >= 2 and (common == set(one.words) or common == set(other.words)):
        return Likeness.ONE_NAME_MORE
    return Likeness.NEARLY if common and _slipped(one.words, other.words) else None


def _slipped(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    """As many words, and so few letters that differ that it may be a slip."""
    if len(one) != len(other):
        return False
    longest = max(len("".join(one)), len("".join(other)))
    allowed = min(_SLIPS, longest // _LETTERS_PER_SLIP)
    if not allowed:
        return False
    from rapidfuzz.distance import Levenshtein  # 4 MB for who looks for doubles

    return Levenshtein.distance(" ".join(one), " ".join(other), score_cutoff=allowed) <= allowed
