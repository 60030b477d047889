"""Words of a list of nominees, in the four languages of these gatherings: roles, countries, languages."""

import re
from functools import lru_cache

from babel import Locale

from events.models import BadgeRole
from network.people import normalised_name

_LOCALES = ("fr", "en", "es", "pt")

_ROLES = {
    BadgeRole.DELEGATE: "d|delegate|déléguée|délégué|délégué e|délégué ée|delegado|delegada",
    BadgeRole.HEAD: "t|head|head of delegation|tête de délégation|tête|chef|cheffe|chef de délégation|"
    "cheffe de délégation|jefe de delegación|jefa de delegación|chefe de delegação",
    BadgeRole.ALTERNATE: "s|alternate|substitute|suppléante|suppléant|suppléant e|suppléance|suplente",
    BadgeRole.ADVISER: "c|adviser|advisor|conseillère|conseiller|conseiller ère|conseil|asesor|asesora|"
    "consejero|consejera|assessor|assessora|conselheiro|conselheira",
    BadgeRole.INTERPRETER: "i|interpreter|interprète|intérprete",
    BadgeRole.VOLUNTEER: "b|volunteer|bénévole|voluntario|voluntaria|voluntário|voluntária",
    BadgeRole.FACILITATOR: "a|facilitator|animation|animateur|animatrice",
    BadgeRole.OBSERVER: "o|observer|observateur|observatrice|observador|observadora",
    BadgeRole.PRESS: "p|press|presse|prensa|imprensa",
    BadgeRole.GUEST: "g|guest|invité|invitée|invité e|invitado|invitada|convidado|convidada",
}
_YES = frozenset("x 1 y o s yes oui sí si sim true vrai".split())
_ROLE_OF = {normalised_name(word): role for role, words in _ROLES.items() for word in words.split("|")}


def role_of(text: str) -> BadgeRole | None:
    """The role a word means; a delegate when nothing is said, None when the word is not known."""
    return _ROLE_OF.get(normalised_name(text)) if text else BadgeRole.DELEGATE


def says_yes(text: str) -> bool:
    """Does a cell tick something?"""
    return normalised_name(text) in _YES


def country_of(text: str) -> str | None:
    """The ISO code of a country, given as a code or a name; None when it is not known."""
    return _countries().get(normalised_name(text)) if text else ""


def languages_of(text: str) -> list[str] | None:
    """The ISO codes of languages, given as codes or names; None when one is not known."""
    words = [word for word in re.split(r"[\s,;/+]+|\bet\b|\band\b", text) if word]
    codes = [_languages().get(normalised_name(word)) for word in words]
    return None if None in codes else [code for code in dict.fromkeys(codes) if code]


@lru_cache(maxsize=1)
def _countries() -> dict[str, str]:
    found: dict[str, str] = {}
    for locale in _LOCALES:
        for code, name in Locale.parse(locale).territories.items():
            if len(code) == 2:
                found[normalised_name(code)] = found[normalised_name(name)] = code
    return found


@lru_cache(maxsize=1)
def _languages() -> dict[str, str]:
    found: dict[str, str] = {}
    for locale in _LOCALES:
        for code, name in Locale.parse(locale).languages.items():
            if len(code) == 2:
                found[normalised_name(code)] = found[normalised_name(name)] = code
    return found
