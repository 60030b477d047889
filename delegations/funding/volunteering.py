"""Valued volunteering and other services for accounts whose law asks for them: where each kind belongs.

France: contributions in kind are written in class 8, as a use (86) and as a resource (87), by regulation ANC
2018-06. Canada: section 4410 of part III of the handbook lets a not-for-profit recognise contributed
materials and services when their fair value can be estimated, they are used in the normal course, and they
would otherwise have been bought. They stand in two columns of equal sums, and never in cash.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from delegations.funding.service_models import InKind, ServiceKind
from delegations.funding.services import ServiceState
from documents.spreadsheets import Cell, Sheet
from shared.i18n import LazyString, _, _l
from shared.money import Money

KINDS: dict[ServiceKind, LazyString] = {
    ServiceKind.TIME: _l("volunteers’ time"),
    ServiceKind.SERVICE: _l("a service: translation, interpreting, advice"),
    ServiceKind.USE: _l("the use of rooms or equipment"),
    ServiceKind.GOODS: _l("goods given"),
}


@dataclass(frozen=True, slots=True)
class Places:
    """The accounts of the plan for associations: what the gift was used for, what was given."""

    use: str
    use_name: str
    resource: str
    resource_name: str


FRANCE: dict[ServiceKind, Places] = {
    ServiceKind.TIME: Places("864", "Personnel bénévole", "875", "Bénévolat"),
    ServiceKind.SERVICE: Places("862", "Prestations", "871", "Prestations en nature"),
    ServiceKind.USE: Places("861", "Mise à disposition gratuite de biens", "871", "Prestations en nature"),
    ServiceKind.GOODS: Places("860", "Secours en nature", "870", "Dons en nature"),
}


def class_eight(services: Iterable[InKind]) -> Iterator[tuple[Places, Money]]:
    """What was accepted, by pair of accounts and currency, in the order of accounts."""
    sums: dict[tuple[str, str], tuple[Places, Money]] = {}
    for one in services:
        if one.state != ServiceState.ACCEPTED:
            continue
        places = FRANCE[one.kind]
        key = places.use, one.currency
        before = sums[key][1] if key in sums else one.value * 0
        sums[key] = places, before + one.value
    for key in sorted(sums):
        yield sums[key]


def sheets(services: Iterable[InKind]) -> Iterator[Sheet]:
    """A workbook: each accepted service with its places, then the sums of class 8."""
    accepted = [one for one in services if one.state == ServiceState.ACCEPTED]
    yield Sheet(
        _("Accepted in kind"),
        [
            _("Service"), _("Given by"), _("On"), _("Quantity"), _("Unit"), _("How it was valued"),
            _("Evidence"), _("Value"), _("Currency"), _("France: use"), _("France: resource"),
            _("Canada: section 4410"),
        ],
        [_row(one) for one in accepted],
    )  # fmt: skip
    yield Sheet(
        _("Class 8"),
        [_("Use"), _("Name"), _("Resource"), _("Name"), _("Value"), _("Currency")],
        [
            [places.use, places.use_name, places.resource, places.resource_name, amount, amount.currency]
            for places, amount in class_eight(accepted)
        ],
    )


def _row(one: InKind) -> list[Cell]:
    places = FRANCE[one.kind]
    proven = bool(one.evidence)
    return [
        one.description,
        one.giver,
        one.given_on.isoformat() if one.given_on else "",
        one.quantity,
        one.unit,
        one.basis,
        one.evidence,
        one.value,
        one.currency,
        places.use,
        places.resource,
        str(_("may be recognised") if proven else _("evidence first")),
    ]
