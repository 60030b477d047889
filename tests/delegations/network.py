"""The network of the demonstration as it stands on 31 October 2005, for tests of coverage."""

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction

from delegations.budgets.lines import CostLine
from delegations.funding.offers import (
    BlockedPledge,
    Condition,
    DelegationFunding,
    Funding,
    MatchAgreement,
    Seat,
    SeatGrant,
)
from shared.money import Money


def cad(text: str) -> Money:
    return Money.of(text, "CAD")


ONE_SEAT = (
    CostLine("L01", "Vol Montréal–Dakar aller-retour", "T", cad("2050.00")),
    CostLine("L02", "Hébergement", "U", cad("540.00")),
    CostLine("L03", "Repas et indemnité", "U", cad("420.00")),
    CostLine("L04", "Transport local, visites de terrain", "T", cad("180.00")),
    CostLine("L05", "Frais d’inscription", "U", cad("250.00")),
    CostLine("L06", "Assurance voyage", "T", cad("110.00")),
    CostLine("L07", "Vaccins, antipaludéens", "U", cad("220.00")),
    CostLine("L08", "Passeport, documents", "T", cad("90.00")),
    CostLine("L09", "Formation prédépart", "E", cad("150.00")),
    CostLine("L10", "Contribution au fonds international de soutien", "T", cad("250.00")),
    CostLine("L11", "Restitution et diffusion", "E", cad("90.00")),
    CostLine("L12", "Imprévus", "U", cad("150.00")),
)

AT_S1 = {  # seats, received, moved away, support of decision 1
    "OUT": (6, "9000.00", "0.00", "480.00"),
    "QUE": (3, "6750.00", "0.00", "0.00"),
    "MAU": (3, "11911.80", "0.00", "1588.20"),
    "CDQ": (1, "4500.00", "0.00", "0.00"),
    "SOR": (2, "2550.00", "0.00", "870.00"),
    "MTL": (2, "4500.00", "0.00", "0.00"),
    "COO": (4, "22500.00", "4500.00", "0.00"),
    "FIN": (4, "18000.00", "0.00", "0.00"),
    "DEV": (4, "9000.00", "0.00", "1561.80"),
}

MATCHES = (
    MatchAgreement(
        "B1", "Volet Grands-Vents", Fraction(2), frozenset("T"), ("OUT", "SOR"), cap=cad("24000.00")
    ),
    MatchAgreement(
        "B2", "Volet Rives", Fraction(1), frozenset("T"), ("QUE", "MTL", "DEV"), cap=cad("18000.00")
    ),
)
GRANTS = (SeatGrant("B3", "Volet Écoles", cad("240.00"), frozenset("E"), ("OUT", "SOR"), cap=cad("1920.00")),)
PLEDGES = (BlockedPledge("B4", "Fondation fictive Arc-en-Rive", cad("5000.00"), Condition.CHARITY_NUMBER),)


def delegation(
    code: str, seats: int, received: str, moved: str = "0.00", support: str = "0.00"
) -> DelegationFunding:
    """A delegation whose seats cost what a seat of Dakar 2005 costs."""
    return DelegationFunding(
        code,
        "CAD",
        tuple(Seat(f"DKR05-{code}-{number:02}", ONE_SEAT) for number in range(1, seats + 1)),
        cad(received),
        cad(moved),
        cad(support),
    )


def network(*, with_support: bool) -> Funding:
    """The nine delegations and their funders, before or after the support fund's first decision."""
    return Funding(
        tuple(
            delegation(code, seats, received, moved, support if with_support else "0.00")
            for code, (seats, received, moved, support) in AT_S1.items()
        ),
        MATCHES,
        GRANTS,
        PLEDGES,
    )


def changed(funding: Funding, code: str, change: Callable[[DelegationFunding], DelegationFunding]) -> Funding:
    """The same network with one delegation changed."""
    return replace(
        funding, delegations=tuple(change(one) if one.code == code else one for one in funding.delegations)
    )
