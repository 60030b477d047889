"""What the directory's codes are called."""

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
