"""Budgets to begin from: a seat in Dakar, two ways of sharing the cost of people abroad, a secretariat.

Totals of the seat and of the secretariat are facts of the seeds (002_4af135d043c93d97.txt), and so is who
pays what in the two shared costs (002_4af135d043c93d97.txt, 003_51b7dcd57b52af05.txt); every price is an
illustration in Canadian dollars that its reader changes.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from delegations.budgets.models import AT_RISK, IN_KIND, SEAT
from delegations.budgets.versions import Line
from shared.i18n import LazyString, _l
from shared.money import Money

CURRENCY = "CAD"
"""That of every price here."""

KINDS: Mapping[str, LazyString] = {
    SEAT: _l("What one seat costs"),
    "secretariat": _l("Secretariat and travels"),
    "summer": _l("Summer university"),
    "partnership": _l("Partnership with a shared cost"),
    "placement": _l("Placement abroad"),
    "other": _l("Another budget"),
}
"""What a budget is of."""

OF_A_DELEGATION = (SEAT, "partnership", "placement", "other")
"""What one delegation plans by itself; the rest is the whole edition's."""

_LETTERS = {SEAT: "L", "secretariat": "S", "summer": "E", "partnership": "P", "placement": "D"}


def code_of(kind: str, number: int) -> str:
    """The code that a line is offered: each kind has its letter, for a posting names a line by its code."""
    return f"{_LETTERS.get(kind, 'X')}{number:02}"


@dataclass(frozen=True, slots=True)
class Cost:
    """One line to begin from; `payer` is the code of the source that pays all of it, if one does."""

    label: LazyString
    price: str
    category: str = ""
    quantity: int = 1
    people: int = 1
    days: int = 1
    payer: str = ""


@dataclass(frozen=True, slots=True)
class Source:
    """Somebody who is meant to pay, with what they said, where they did."""

    code: str
    label: LazyString
    said: str = "0.00"
    at_risk: bool = False

    @property
    def offers(self) -> Money:
        """What they said they will pay in all; nothing where they did not."""
        return Money.of(self.said, CURRENCY)


@dataclass(frozen=True, slots=True)
class Template:
    """A budget to begin from."""

    kind: str
    title: LazyString
    sources: tuple[Source, ...]
    costs: tuple[Cost, ...]

    @property
    def total(self) -> Money:
        """What its lines cost in money; what is given in kind stands outside."""
        return Money.total(
            (_whole(line) for line in self.lines() if _cash(line)),
            CURRENCY,
        )

    @property
    def holds(self) -> list[tuple[Line, Money, str]]:
        """What it says before it is taken: each cost, its whole amount, and who pays all of it, if known."""
        names = {one.code: str(one.label) for one in self.sources}
        return [
            (line, _whole(line), "".join(names[code] for code in line.paid_by or ()))
            for line in self.lines()
            if not line.is_source
        ]

    def lines(self) -> list[Line]:
        """Its lines and sources, labelled in the reader's language."""
        costs = [_line(code_of(self.kind, number), one) for number, one in enumerate(self.costs, 1)]
        sources = [
            Line(
                code=one.code,
                label=str(one.label),
                category=AT_RISK if one.at_risk else "",
                unit_price=one.offers,
                is_source=True,
            )
            for one in self.sources
        ]
        return [*costs, *sources]


def _cash(line: Line) -> bool:
    return not line.is_source and line.category != IN_KIND


def _whole(line: Line) -> Money:
    return line.unit_price * (line.quantity * line.people * line.days)


def _line(code: str, cost: Cost) -> Line:
    price = Money.of(cost.price, CURRENCY)
    line = Line(
        code=code,
        label=str(cost.label),
        category=cost.category,
        unit_price=price,
        quantity=cost.quantity,
        people=cost.people,
        days=cost.days,
    )
    return replace(line, paid_by={cost.payer: _whole(line)}) if cost.payer else line


_FLIGHT, _NIGHTS, _PER_DIEM = _l("Return flight Montréal–Dakar"), _l("Lodging"), _l("Meals and allowance")
_INSURANCE, _VACCINES = _l("Travel insurance"), _l("Vaccines, malaria tablets")
_PAPERS, _TRAINING = _l("Passport, documents"), _l("Training before departure")

TEMPLATES: Mapping[str, Template] = {
    "dakar": Template(
        SEAT,
        _l("A seat in Dakar, 15–27 November 2005, 12 nights"),
        (
            Source("A", _l("The organisation’s savings")),
            Source("B", _l("Matches and grants")),
            Source("C", _l("Support fund")),
        ),
        (
            Cost(_FLIGHT, "2050.00", "T"),
            Cost(_NIGHTS, "45.00", "U", days=12),
            Cost(_PER_DIEM, "35.00", "U", days=12),
            Cost(_l("Local transport, field visits"), "180.00", "T"),
            Cost(_l("Registration fee"), "250.00", "U"),
            Cost(_INSURANCE, "110.00", "T"),
            Cost(_VACCINES, "220.00", "U"),
            Cost(_PAPERS, "90.00", "T"),
            Cost(_TRAINING, "150.00", "E"),
            Cost(_l("Contribution to the international support fund"), "250.00", "T"),
            Cost(_l("Report back and dissemination"), "90.00", "E"),
            Cost(_l("Contingencies"), "150.00", "U"),
        ),
    ),
    "municipal": Template(
        "partnership",
        _l("Municipal partnership: a federation (type FCM) pays travel, lodging and per diem"),
        (Source("FED", _l("Federation (type FCM)")), Source("MUN", _l("Municipality: its staff’s time"))),
        (
            Cost(_FLIGHT, "2050.00", "T", people=2, payer="FED"),
            Cost(_NIGHTS, "45.00", "U", people=2, days=12, payer="FED"),
            Cost(_PER_DIEM, "35.00", "U", people=2, days=12, payer="FED"),
            Cost(_l("Time of municipal staff, hours"), "32.00", IN_KIND, quantity=40, payer="MUN"),
        ),
    ),
    "placement": Template(
        "placement",
        _l("Placement: a cooperation organisation (OCI) pays training, stay and per diem"),
        (Source("OCI", _l("Cooperation organisation (OCI)")), Source("COL", _l("Fund-raising"))),
        (
            Cost(_FLIGHT, "2050.00", "T", payer="COL"),
            Cost(_NIGHTS, "45.00", "U", days=12, payer="OCI"),
            Cost(_PER_DIEM, "35.00", "U", days=12, payer="OCI"),
            Cost(_TRAINING, "150.00", "E", payer="OCI"),
            Cost(_INSURANCE, "110.00", "T", payer="COL"),
            Cost(_VACCINES, "220.00", "U", payer="COL"),
            Cost(_PAPERS, "90.00", "T", payer="COL"),
        ),
    ),
    "secretariat": Template(
        "secretariat",
        _l("Secretariat and travels: 50,000 + 75,000"),
        (
            Source("R01", _l("Members"), "25000.00"),
            Source("R02", _l("Matches"), "25000.00"),
            Source("R03", _l("Types MRI and ACDI"), "45000.00"),
            Source("R04", _l("Type SACA"), "15000.00"),
            Source("R05", _l("Foundations"), "15000.00", at_risk=True),
        ),
        (
            Cost(_l("Half-time post"), "34000.00"),
            Cost(_l("Employer’s charges"), "4420.00"),
            Cost(_l("Workstation"), "3200.00"),
            Cost(_l("Telecommunications"), "2880.00"),
            Cost(_l("Rent"), "4000.00"),
            Cost(_l("Insurance and bank"), "1500.00"),
            Cost(_l("Travel in Canada"), "24000.00"),
            Cost(_l("International travel"), "21000.00"),
            Cost(_l("Montréal commission"), "14000.00"),
            Cost(_l("Translation and interpreting"), "9000.00"),
            Cost(_l("Website"), "4500.00"),
            Cost(_l("Contingencies"), "2500.00"),
        ),
    ),
}
"""By their name in an address."""
