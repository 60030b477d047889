"""Names as people and banks write them: without accents, shortened, cut, in another order."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable
from functools import lru_cache
from math import log

# Words of banks and grammar that name nobody.
_EMPTY_WORDS = frozenset(
    """a an and au aux cad ch chq cheque cie counter credit d da das de debit del dep deposit depot des
    direct do dos du e el en et etrf eur fees frais guichet in inc inst interac l la las le les los ltd
    m madame mandat mme monsieur mr no of ou paiement para payment por pour prlv provision recu ref
    reference retourne sa sans sarl sepa the to transfer transferencia transfert trf un une vers
    versement vir virement y xof
    """.split()
)
_SHORT_FORMS = {
    "ass": "association", "asso": "association", "ctre": "centre", "coll": "collectif", "mtl": "montreal",
    "qc": "quebec", "intl": "international", "nat": "national",
    "st": "saint", "ste": "sainte",
}  # fmt: skip
_WORD = re.compile(r"[a-z0-9]+")
_SAME_WORD = 84.0  # percent of rapidfuzz's ratio: about one letter wrong in six
_SAME_NAME = 95.0  # of all words glued together
_INITIALS = 0.8  # what three initials or more are worth


@lru_cache(maxsize=50_000)
def name_words(text: str) -> tuple[str, ...]:
    """The words of `text` that may name somebody: small letters, no accents, short forms written out."""
    letters = unicodedata.normalize("NFKD", text.casefold().replace("œ", "oe").replace("æ", "ae"))
    plain = "".join(c for c in letters if not unicodedata.combining(c))
    words = (_SHORT_FORMS.get(word, word) for word in _WORD.findall(plain))
    return tuple(word for word in words if word not in _EMPTY_WORDS and not word.isdigit())


class Names:
    """How much each word tells among the names that are known: "fictif" in all of them tells little."""

    def __init__(self, names: Iterable[str]) -> None:
        distinct = {name_words(name) for name in names}
        having = Counter(word for words in distinct for word in set(words))
        self._telling = {word: log(1 + len(distinct) / times) for word, times in having.items()}
        self._closeness: dict[tuple[tuple[str, ...], tuple[str, ...]], float] = {}

    def closeness(self, text: str, name: str) -> float:
        """How surely `text` (what a bank wrote) names `name`: from 0 to 1. Other words do no harm."""
        key = (name_words(text), name_words(name))
        found = self._closeness.get(key)
        if found is None:
            found = self._closeness[key] = self._compare(*key)
        return found

    def _compare(self, written: tuple[str, ...], name: tuple[str, ...]) -> float:
        if not written or not name:
            return 0.0
        initials = len(name) >= 3 and "".join(word[0] for word in name) in written
        if _beginnings(written).isdisjoint(_beginnings(name)):
            return _INITIALS if initials else 0.0
        whole = told = 0.0
        for word in name:
            telling = self._telling.get(word, 1.0)
            whole += telling
            told += (
                telling if word in written else telling * max([_likeness(word, other) for other in written])
            )
        closeness = told / whole
        if closeness < _INITIALS and initials:
            return _INITIALS
        if closeness < 1 and _alike("".join(written), "".join(name)) >= _SAME_NAME:
            return 1.0
        return closeness


@lru_cache(maxsize=50_000)
def _beginnings(words: tuple[str, ...]) -> frozenset[str]:
    """How the words begin: names of which no word begins alike are not compared letter by letter."""
    return frozenset(word[:2] for word in words)


@lru_cache(maxsize=200_000)
def _likeness(word: str, other: str) -> float:
    """How well the written `other` stands for `word`: shortened, glued to another word, mistyped."""
    if (len(other) >= 3 and word.startswith(other)) or (len(word) >= 5 and word in other):
        return 0.9
    alike = _alike(word, other) if len(word) >= 4 else 0.0
    return alike / 100 if alike >= _SAME_WORD else 0.0


def _alike(one: str, other: str) -> float:
    """How alike two texts are, letter by letter, in percent."""
    from rapidfuzz.fuzz import ratio  # 4 MB for who reconciles

    return float(ratio(one, other))
