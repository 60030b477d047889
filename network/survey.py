"""A survey of the network: who was named, how many its author states, and where the two differ."""

from collections.abc import Sequence
from dataclasses import dataclass

from network.directory import AddAction, add_action
from network.models import Organisation, RegistryAction
from shared.audit import Actor
from shared.i18n import LazyString, _l

KIND = "survey"


@dataclass(frozen=True, slots=True)
class SurveyReport:
    """What a survey names and states; `warnings` are sentences, and both numbers are kept."""

    title: str
    named: int
    stated: int
    warnings: tuple[LazyString, ...]


def record_survey(
    title: str,
    stated: int,
    respondents: Sequence[Organisation],
    *,
    about: str = "",
    provenance: str = "",
    by: Actor,
) -> SurveyReport:
    """Keep a survey's two counts with the bodies it names, which are marked as its respondents.

    `about` is the code of the gathering that it asked about.
    """
    for organisation in respondents:
        organisation.survey_respondent = True
    facts = {"stated": stated, "named": len(respondents), "about": about}
    action = add_action(AddAction(kind=KIND, title=title, facts=facts, provenance=provenance), by=by)
    return report(action)


def report(action: RegistryAction) -> SurveyReport:
    """The report of a recorded survey."""
    named, stated = int(action.facts["named"]), int(action.facts["stated"])
    warnings: tuple[LazyString, ...] = ()
    if named != stated:
        warnings = (
            _l(
                "The survey names %(named)s bodies and states %(stated)s: both numbers are kept.",
                named=named,
                stated=stated,
            ),
        )
    return SurveyReport(action.title, named, stated, warnings)
