"""What the directory's codes are called."""

import re

from network.models import Component, RelationKind
from shared.i18n import LazyString, _l

COMPONENTS: dict[Component, LazyString] = {
    Component.ENTERPRISE: _l("Enterprise or network of enterprises"),
    Component.SUPPORT: _l("Development and support"),
    Component.MOVEMENT: _l("Social movement"),
    Component.INTERNATIONAL: _l("International NGO"),
    Component.RESEARCH: _l("Research centre"),
    Component.PUBLIC: _l("Local authority or school"),
}

FACTS: dict[str, LazyString] = {
    "benkadi_members": _l("members of Benkadi"),
    "clans": _l("clans"),
    "committees": _l("committees"),
    "duration": _l("duration"),
    "federation_pays": _l("the federation pays"),
    "inhabitants": _l("inhabitants"),
    "money": _l("money"),
    "municipality_gives": _l("the municipality gives"),
    "outcomes": _l("outcomes"),
    "partner": _l("partner"),
    "planned_years": _l("years planned"),
    "priorities": _l("priorities"),
    "village_criteria": _l("criteria for villages"),
    "visits": _l("visits"),
    "visits_each_way": _l("visits each way"),
}
"""What the registry knows of an action; a fact of another name is shown by it."""


def source_of(provenance: str) -> str:
    """Where something was read, for people: without the letter that says how sure it is, and file names."""
    told = re.sub(r"^[FIR] ", "", provenance)
    return re.sub(r" \([\w.]+\.txt\)|; component R", "", told)


SECTORS: dict[str, LazyString] = {
    "advice": _l("advice"),
    "cooperation": _l("international cooperation"),
    "culture": _l("culture"),
    "development": _l("local development"),
    "education": _l("education"),
    "environment": _l("environment"),
    "federation": _l("federation"),
    "finance": _l("finance"),
    "funder": _l("funder"),
    "insertion": _l("social insertion"),
    "network": _l("network"),
    "research": _l("research"),
    "union": _l("trade union"),
}
"""The sectors that have a name of their own; any other is shown as it was written."""

RELATIONS: dict[tuple[RelationKind, bool], LazyString] = {
    (RelationKind.MEMBER, True): _l("member of"),
    (RelationKind.MEMBER, False): _l("has as a member"),
    (RelationKind.PARTNER, True): _l("partner of"),
    (RelationKind.PARTNER, False): _l("partner of"),
    (RelationKind.AGREEMENT, True): _l("has an agreement with"),
    (RelationKind.AGREEMENT, False): _l("has an agreement with"),
    (RelationKind.FOUNDER, True): _l("founder of"),
    (RelationKind.FOUNDER, False): _l("founded by"),
    (RelationKind.TWINNING, True): _l("twinned with"),
    (RelationKind.TWINNING, False): _l("twinned with"),
}
"""By kind and whether the relation goes out from the body that is shown."""
