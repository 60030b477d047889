"""A year of a small treasury, with the truth known: who paid what, how the bank wrote it, what the books say.

Thirty payers or more, as treasurers meet them: late, in two transfers, for several at once, for each other,
under a married name, with a reference mistyped, cut or of another month; fees held back on the way, twins,
returned cheques, money that nobody announced, entries that never reach the bank. Nothing here knows how
matching works: it writes what a bank and a treasurer would write, from a seed.
"""

import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from random import Random

from shared.money import Money
from treasury.reconciliation.values import Candidate, LineToMatch
from treasury.references import new_reference

CURRENCY = "CAD"
FIRST_DAY = date(2005, 1, 3)
DAYS = 360

_KINDS = (
    "Réseau", "Carrefour", "Coopérative", "Friperie", "Atelier", "Centre", "Association", "Collectif",
    "Caisse", "Fondation", "Maison", "Comité", "Regroupement", "Fédération", "Groupe", "Comptoir",
)  # fmt: skip
_PLACES = (
    "du Grand-Héron", "du Cap", "des Trois-Ponts", "du Fil", "des Îles", "du Faubourg", "de l’Érable",
    "de la Rive", "du Marais", "des Semences", "de Saint-Élie", "de Sainte-Ange", "du Vieux-Moulin",
    "de la Petite-Nation", "du Haut-Pays", "des Deux-Rives", "de l’Anse", "du Lac-Noir", "de la Pointe",
    "des Prés", "du Rang Quatre", "de la Côte", "des Laurentides", "de l’Outaouais",
)  # fmt: skip
_FEMALE = ("Ondine", "Zoé", "Awa", "Lison", "Fatou", "Ève", "Inès", "Marième", "Clio", "Béatrice", "Noémie")
_MALE = ("Aristide", "Boubacar", "Marc", "Gaspard", "Léon", "Étienne", "Ousmane", "Théo", "François", "Joël")
_FAMILY = (
    "Exemple", "Fictif", "Témoin", "Échantillon", "Substitut", "Modèle", "Gabarit", "Doublon", "Maquette",
    "Brouillon", "Ébauche", "Canevas", "Croquis", "Prototype", "Lambda", "N’Importe", "Quelconque", "Dupond",
)  # fmt: skip
_SUMS = (12500, 25000, 25000, 37500, 37500, 56250, 75000, 75000, 39705, 60000)
_FEES_OF_PEOPLE = (2500, 2500, 6000, 6000, 8500, 4000)
_SHOPS = (
    ("Agence fictive Large-Vue", "AGENCE LARGE-VUE INC"), ("Imprimerie fictive du Quai", "IMPR DU QUAI"),
    ("Salle fictive des Arts", "SALLE DES ARTS LOCATION"), ("Traiteur fictif Mil et Maïs", "MIL ET MAIS ENR"),
    ("Interprètes fictifs associés", "INTERPRETES ASS."), ("Assurances fictives Abri", "ABRI ASSURANCES"),
)  # fmt: skip
_STRANGERS = ("M TREMBLOTIN PAUL", "LOTERIE DES ANCIENS", "DON ANONYME", "9123-4567 QUEBEC INC", "REMB TAXES")


@dataclass(frozen=True, slots=True)
class Payer:
    """Somebody who pays: the name in the books, other names known there, and as the bank writes it."""

    name: str
    known_as: tuple[str, ...]
    banked_as: tuple[str, ...]
    amount: int
    every: int
    iban: str
    quotes: float
    standing_order: bool
    lateness: int
    person: bool


@dataclass
class Year:
    """What the bank said, what the books say, and which is which (line → posting → minor units).

    `known_on` tells from which day on a posting stands in the books. A line that is absent from `truth`
    has no counterpart there.
    """

    lines: list[LineToMatch] = field(default_factory=list)
    postings: list[Candidate] = field(default_factory=list)
    truth: dict[str, dict[str, int]] = field(default_factory=dict)
    known_on: dict[str, date] = field(default_factory=dict)


def year(seed: int, payers: int = 30, scale: int = 1) -> Year:
    """A year of `payers` payers; `scale` repeats each one's payments within the year, for measuring speed."""
    return _Writer(Random(seed), payers).write(scale)


class _Writer:
    def __init__(self, draw: Random, payers: int) -> None:
        self.draw = draw
        self.year = Year()
        self.payers = self._payers(payers)
        self.cheque = 1000 + draw.randrange(500)
        self.bank_number = draw.randrange(10**6)

    # Who pays --------------------------------------------------------------------------------------------

    def _payers(self, count: int) -> list[Payer]:
        found: list[Payer] = []
        taken: set[str] = set()
        while len(found) < count:
            one = self._organisation() if self.draw.random() < 0.6 else self._person()
            if one.name not in taken:
                taken.add(one.name)
                found.append(one)
                if self.draw.random() < 0.12 and len(found) < count:  # somebody whom one confuses with them
                    found.append(self._neighbour(one, taken))
        return found

    def _organisation(self) -> Payer:
        kind, place = self.draw.choice(_KINDS), self.draw.choice(_PLACES)
        feminine = kind in {
            "Coopérative",
            "Friperie",
            "Association",
            "Caisse",
            "Fondation",
            "Maison",
            "Fédération",
        }
        name = f"{kind} {'fictive' if feminine else 'fictif'} {place}"
        short = "".join(word[0] for word in _words(name) if len(word) > 3)
        written = [name, f"{kind[:4]}. fict. {place}", f"{place.split(' ', 1)[-1]} {kind}"]
        known = (short,) if self.draw.random() < 0.3 else ()
        if self.draw.random() < 0.15:
            written = [short if known else f"{place.split(' ', 1)[-1]}"]
        return self._habits(name, known, (self.draw.choice(written),), person=False)

    def _person(self) -> Payer:
        female = self.draw.random() < 0.6
        first, family = self.draw.choice(_FEMALE if female else _MALE), self.draw.choice(_FAMILY)
        name = f"{first} {family}"
        title = "MME" if female else "M"
        written = [name, f"{family} {first}", f"{title} {first[0]} {family}", f"{title} {family} {first}"]
        known: tuple[str, ...] = ()
        style = self.draw.random()
        if style < 0.2:  # a married name, joined or instead
            other = self.draw.choice([one for one in _FAMILY if one != family])
            married = [
                f"{first} {family}-{other}",
                f"{title} {first} {other}",
                f"M OU MME {other} {self.draw.choice(_MALE)}",
            ]
            written = [self.draw.choice(married)]
            if self.draw.random() < 0.3:
                known = (f"{first} {other}",)
        elif style < 0.3:  # a joint account
            written = [
                f"M OU MME {self.draw.choice(_MALE)} {family}",
                f"{family} {first} ET {self.draw.choice(_MALE)}",
            ]
        return self._habits(name, known, (self.draw.choice(written),), person=True)

    def _neighbour(self, one: Payer, taken: set[str]) -> Payer:
        """The sister with the same family name, or the next village's cooperative; the same amount."""
        if one.person:
            family = one.name.split()[-1]
            name = next(
                f"{first} {family}"
                for first in _shuffled(self.draw, _FEMALE)
                if f"{first} {family}" not in taken
            )
            written = f"{family} {name.split()[0]}"
        else:
            place = _PLACES[self.draw.randrange(len(_PLACES))].split(" ", 1)[-1]
            name = f"{one.name.rsplit(' ', 1)[0]} {place}-Nord"
            written = name
        taken.add(name)
        other = self._habits(name, (), (written,), person=one.person)
        return replace(other, amount=one.amount, every=one.every, quotes=one.quotes, lateness=one.lateness)

    def _habits(self, name: str, known: tuple[str, ...], written: tuple[str, ...], *, person: bool) -> Payer:
        draw = self.draw
        return Payer(
            name,
            known,
            written,
            amount=draw.choice(_FEES_OF_PEOPLE if person else _SUMS),
            every=draw.choice((30, 30, 30, 61, 91)),
            iban=_iban(draw) if draw.random() < 0.35 else "",
            quotes=draw.choice((0.0, 0.5, 0.9, 0.95)),
            standing_order=draw.random() < 0.15,
            lateness=draw.choice((2, 3, 5, 5, 12, 40)),
            person=person,
        )

    # What happens ----------------------------------------------------------------------------------------

    def write(self, scale: int) -> Year:
        for payer in self.payers:
            for _again in range(scale):
                self._pays_a_year(payer)
        for _month in range(12 * scale):
            self._month_of_the_house(_month % 12)
        for _stray in range((len(self.payers) // 2) * scale):
            self._stray()
        self.year.lines.sort(key=lambda line: (line.dated_on, str(line.key)))
        self.year.postings.sort(key=lambda one: (one.dated_on, str(one.key)))
        return self.year

    def _pays_a_year(self, payer: Payer) -> None:
        draw = self.draw
        day = FIRST_DAY + timedelta(days=draw.randrange(payer.every))
        first_reference = ""
        while day < FIRST_DAY + timedelta(days=DAYS):
            reference = self._reference()
            first_reference = first_reference or reference
            quoted = first_reference if payer.standing_order else reference
            self._happens(payer, day + timedelta(days=draw.randrange(payer.lateness + 1)), reference, quoted)
            day += timedelta(days=payer.every)

    def _happens(self, payer: Payer, day: date, reference: str, quoted: str) -> None:
        """One payment, in one of the ways that payments are made."""
        ways: list[tuple[float, Callable[[], None]]] = [
            (0.70, lambda: self._plain(payer, day, reference, quoted)),
            (0.05, lambda: self._in_two(payer, day, reference, quoted)),
            (0.05, lambda: self._several_at_once(payer, day)),
            (0.03, lambda: self._for_two_payers(payer, day)),
            (0.04, lambda: self._twins(payer, day)),
            (0.03, lambda: self._cheque_returned(payer, day, reference)),
            (0.03, lambda: self._fee_held_back(payer, day, reference, quoted)),
            (0.03, lambda: self._by_somebody_else(payer, day, reference)),
            (0.04, lambda: self._cheque(payer, day, reference)),
        ]
        at = self.draw.random() * sum(weight for weight, _way in ways)
        for weight, way in ways:
            at -= weight
            if at <= 0:
                way()
                return
        ways[0][1]()

    def _plain(self, payer: Payer, day: date, reference: str, quoted: str) -> None:
        posting = self._books(payer, day, payer.amount, reference)
        self._bank(payer, day, payer.amount, quoted, {posting: payer.amount})

    def _in_two(self, payer: Payer, day: date, reference: str, quoted: str) -> None:
        posting = self._books(payer, day, payer.amount, reference)
        part = payer.amount * self.draw.choice((1, 2)) // 3 // 100 * 100 or payer.amount // 2
        for amount, later in ((part, 0), (payer.amount - part, self.draw.randrange(1, 20))):
            self._bank(payer, day + timedelta(days=later), amount, quoted, {posting: amount})

    def _several_at_once(self, payer: Payer, day: date) -> None:
        count = self.draw.choice((2, 2, 3, 4))
        made = {
            self._books(payer, day - timedelta(days=30 * n), payer.amount, self._reference()): payer.amount
            for n in range(count)
        }
        self._bank(payer, day, sum(made.values()), "", made)

    def _for_two_payers(self, payer: Payer, day: date) -> None:
        other = self.draw.choice(self.payers)
        mine = self._books(payer, day, payer.amount, self._reference())
        theirs = self._books(other, day, other.amount, self._reference())
        self._bank(payer, day, payer.amount + other.amount, "", {mine: payer.amount, theirs: other.amount})

    def _twins(self, payer: Payer, day: date) -> None:
        """Two seats paid on the same day by two transfers that look alike."""
        quotes = self.draw.random() < payer.quotes
        for _seat in range(2):
            reference = self._reference()
            posting = self._books(payer, day, payer.amount, reference)
            self._bank(payer, day, payer.amount, reference if quotes else "", {posting: payer.amount})

    def _cheque_returned(self, payer: Payer, day: date, reference: str) -> None:
        deposited = day + timedelta(days=self.draw.randrange(2, 12))
        returned = deposited + timedelta(days=self.draw.randrange(4, 10))
        again = returned + timedelta(days=self.draw.randrange(6, 25))
        amount = payer.amount
        first = self._books(payer, day, amount, reference)
        self._plainly("DEPOT CHEQUE", deposited, amount, {first: amount})
        back = self._books(payer, returned + timedelta(days=2), -amount, reference)
        self._plainly("CHEQUE RETOURNE SANS PROVISION", returned, -amount, {back: -amount})
        self._plainly("FRAIS CHEQUE RETOURNE", returned, -1000, {})
        replaced = self._books(payer, again, amount, self._reference())
        self._bank(payer, again + timedelta(days=1), amount, "", {replaced: amount})

    def _fee_held_back(self, payer: Payer, day: date, reference: str, quoted: str) -> None:
        fee = self.draw.choice((500, 750, 1500))
        amount = payer.amount * self.draw.choice((1, 2))
        posting = self._books(payer, day, amount, reference)
        self._bank(payer, day, amount - fee, quoted, {posting: amount - fee})

    def _by_somebody_else(self, payer: Payer, day: date, reference: str) -> None:
        posting = self._books(payer, day, payer.amount, reference)
        written = f"{self.draw.choice(_FEMALE)} {self.draw.choice(_FAMILY)}"
        aunt = replace(payer, name="", banked_as=(written,), iban="", standing_order=False)
        self._bank(aunt, day, payer.amount, reference, {posting: payer.amount})

    def _cheque(self, payer: Payer, day: date, reference: str) -> None:
        posting = self._books(payer, day, payer.amount, reference)
        later = day + timedelta(days=self.draw.randrange(1, 14))
        self._plainly(
            f"DEPOT GUICHET {self.draw.randrange(10**4):04}", later, payer.amount, {posting: payer.amount}
        )

    def _month_of_the_house(self, month: int) -> None:
        """Rent, suppliers, a fee, card payouts; sometimes interest."""
        draw, start = self.draw, FIRST_DAY + timedelta(days=30 * month)
        rent = self._books_of("Loyer", start, -33300, ("Immeubles fictifs de la Rive",))
        self._plainly(
            "PAIEMENT IMMEUBLES RIVE LOYER", start + timedelta(days=draw.randrange(3)), -33300, {rent: -33300}
        )
        for name, written in draw.sample(_SHOPS, 3):
            amount = -(draw.randrange(2000, 90000))
            day = start + timedelta(days=draw.randrange(28))
            self.cheque += 1
            by_cheque = draw.random() < 0.5
            number = f"{self.cheque}" if by_cheque else ""
            posting = self._books_of(f"Facture {draw.randrange(900)}", day, amount, (name,), number)
            seen = day + timedelta(days=draw.randrange(2, 45) if by_cheque else draw.randrange(3))
            if by_cheque:
                self._line(seen, amount, number, "CHEQUE", "", {posting: amount})
            else:
                self._plainly(written, seen, amount, {posting: amount})
        for _week in range(2):
            amount, day = draw.randrange(5000, 200000), start + timedelta(days=draw.randrange(28))
            payout = self._books_of("Virement Stripe", day, amount, ("Stripe",))
            seen = day + timedelta(days=draw.randrange(2, 6))
            self._plainly("STRIPE PAYMENTS CANADA ST-" + _letters(draw, 10), seen, amount, {payout: amount})
        self._plainly("FRAIS MENSUELS FORFAIT", start + timedelta(days=27), -1250, {})
        if draw.random() < 0.3:
            self._plainly("INTERETS CREDITEURS", start + timedelta(days=27), draw.randrange(10, 900), {})

    def _stray(self) -> None:
        """Money without an entry, an entry without money, an entry written twice."""
        draw, day = self.draw, FIRST_DAY + timedelta(days=self.draw.randrange(DAYS))
        payer = draw.choice(self.payers)
        kind = draw.random()
        if kind < 0.3:
            self._plainly(draw.choice(_STRANGERS), day, draw.choice((*_SUMS, *_FEES_OF_PEOPLE)), {})
        elif kind < 0.45:  # a payer's gift that nobody recorded
            self._bank(payer, day, draw.choice((payer.amount, 5000, 10000)), "", {})
        elif kind < 0.8:  # recorded in error, or lost in the post
            self._books(payer, day, payer.amount, self._reference())
        else:  # recorded twice
            reference = self._reference()
            posting = self._books(payer, day, payer.amount, reference)
            self._books(payer, day, payer.amount, "")
            self._bank(payer, day, payer.amount, reference, {posting: payer.amount})

    # What the books and the bank write -------------------------------------------------------------------

    def _books(self, payer: Payer, day: date, amount: int, reference: str) -> str:
        """A posting, dated a few days around what the bank will say, as treasurers learn of money."""
        noted = day + timedelta(days=self.draw.choice((-6, -2, -1, 0, 0, 0, 0, 1, 1, 2, 4)))
        return self._books_of("", noted, amount, (payer.name, *payer.known_as), reference)

    def _books_of(
        self, narration: str, day: date, amount: int, names: tuple[str, ...], reference: str = ""
    ) -> str:
        key = f"p{len(self.year.postings):05}"
        self.year.postings.append(
            Candidate(
                key=key,
                dated_on=day,
                amount=Money(amount, CURRENCY),
                reference=reference,
                names=names or (narration,),
                kind="posting",
            )
        )
        self.year.known_on[key] = day + timedelta(days=self.draw.choice((0, 0, 1, 3)))
        return key

    def _plainly(self, text: str, day: date, amount: int, truth: dict[str, int]) -> None:
        self._line(day, amount, "", text, "", truth)

    def _bank(self, payer: Payer, day: date, amount: int, quoted: str, truth: dict[str, int]) -> None:
        draw = self.draw
        name = draw.choice(payer.banked_as)
        said = self._typed(quoted) if quoted and draw.random() < payer.quotes else ""
        iban = payer.iban
        style = draw.random()
        shout = _shout(name)
        if style < 0.4:  # one narrow column for everything
            self._line(
                day,
                amount,
                "",
                f"{draw.choice(('VIR', 'INTERAC', 'DEP DIRECT', 'E-TRF'))} {shout} {said}"[:34].strip(),
                "",
                truth,
            )
        elif style < 0.8:
            memo = " ".join(
                one
                for one in (draw.choice(("", "DEPOT", "COTISATION", "DAKAR 2005", "MERCI")), said, iban)
                if one
            )
            self._line(day, amount, "", shout[:24], memo, truth)
        else:  # a bank that numbers its movements in the field for references
            self.bank_number += 7
            self._line(day, amount, f"{self.bank_number:08}", name[:30], f"{said} {iban}".strip(), truth)

    def _line(
        self, day: date, amount: int, reference: str, name: str, memo: str, truth: dict[str, int]
    ) -> None:
        key = f"l{len(self.year.lines):05}"
        self.year.lines.append(
            LineToMatch(
                key=key,
                dated_on=day,
                amount=Money(amount, CURRENCY),
                reference=reference,
                name=name,
                memo=memo,
            )
        )
        if truth:
            self.year.truth[key] = truth

    def _typed(self, reference: str) -> str:
        """A reference as people type it: mostly right, in any dress; some of them wrong."""
        draw, how = self.draw, self.draw.random()
        bare = reference.replace("-", "")
        if how < 0.5:
            return reference
        if how < 0.65:
            return bare.lower()
        if how < 0.75:
            return f"{bare[:4]} {bare[4:8]} {bare[8:]}"
        if how < 0.8:
            return f"REF{bare}SEPT"
        at = draw.randrange(2, len(bare))
        if how < 0.88:  # one wrong character
            return bare[:at] + draw.choice("23456789BCDFGHJKMN") + bare[at + 1 :]
        if how < 0.93:  # two exchanged
            return bare[: at - 1] + bare[at] + bare[at - 1] + bare[at + 1 :]
        if how < 0.97:  # cut
            return bare[: draw.randrange(4, 8)]
        return bare.replace("2", "Z").replace("5", "S").replace("8", "B")

    def _reference(self) -> str:
        return new_reference(self.draw.randrange)


def _words(name: str) -> list[str]:
    return name.replace("-", " ").replace("’", " ").split()


def _shout(name: str) -> str:
    plain = unicodedata.normalize("NFKD", name.replace("’", " ")).encode("ascii", "ignore").decode()
    return plain.upper()


def _letters(draw: Random, count: int) -> str:
    return "".join(draw.choice("ABCDEFGHJKLMNPQRSTUVWXYZ0123456789") for _n in range(count))


def _shuffled(draw: Random, words: tuple[str, ...]) -> list[str]:
    return draw.sample(words, len(words))


def _iban(draw: Random) -> str:
    """A French account number with the right check digits."""
    body = "".join(draw.choice("0123456789") for _n in range(23))
    check = 98 - int(body + "152700") % 97  # F = 15, R = 27
    return f"FR{check:02}{body}"
