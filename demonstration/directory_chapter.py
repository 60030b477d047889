"""Real bodies as their sources name them, fictional people, and the editions of the two series."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

from access.grants import grant
from access.models import RoleName
from access.users import CreateUser, create_user
from demonstration.records import amount, read_csv, read_toml
from demonstration.stage import MACHINE, Stage, on
from events import editions, programme
from events.models import Edition
from network import directory, people, survey
from network.models import Component, RelationKind

FOUNDED = date(2002, 12, 1)


def tell(stage: Stage) -> None:
    """The directory, the people with their accounts, the editions and their programmes."""
    with on(FOUNDED):
        _organisations(stage)
        _people(stage)
    with on(FOUNDED):
        _editions(stage)


def _organisations(stage: Stage) -> None:
    for row in read_csv("organisations"):
        stage.organisations[row["name"]] = directory.add_organisation(
            directory.AddOrganisation(
                name=row["name"],
                component=Component(row["component"]) if row["component"] else None,
                region=row["region"],
                sector=row["sector"],
                wants_to_host=row["host"] == "1",
                wants_quebec_wide_activity=row["quebec_wide"] == "1",
                is_demo=True,
                provenance=row["provenance"],
            ),
            by=MACHINE,
        )
    data = read_toml("network")
    respondents = [
        stage.organisations[row["name"]] for row in read_csv("organisations") if row["survey"] == "1"
    ]
    found = data["survey"]
    survey.record_survey(
        found["title"],
        found["stated"],
        respondents,
        about=found["about"],
        provenance=found["provenance"],
        by=MACHINE,
    )
    for alias in data["aliases"]:
        directory.add_alias(stage.organisations[alias["organisation"]], alias["name"], by=MACHINE)
    for tie in data["relations"]:
        directory.relate(
            stage.organisations[tie["from"]],
            stage.organisations[tie["to"]],
            RelationKind(tie["kind"]),
            starts_on=tie.get("starts_on"),
            ends_on=tie.get("ends_on"),
            provenance=tie["provenance"],
            by=MACHINE,
        )
    for action in data["actions"]:
        directory.add_action(directory.AddAction(**action, is_demo=True), by=MACHINE)


def _people(stage: Stage) -> None:
    rows = read_csv("people")
    for row in rows:
        details = people.PersonDetails(
            name=row["name"],
            email=row["email"],
            organisation_name=row["organisation"],
            country=row["country"],
            languages=row["languages"].split(),
            locale="en" if row["languages"].startswith("en") else "fr",
            is_demo=True,
            provenance=row["provenance"],
        )
        stage.people[row["id"]] = people.find_or_create_person(details, by=MACHINE)
    for row in read_csv("users"):
        person = stage.people[row["person"]]
        user = stage.users.get(row["person"]) or create_user(
            CreateUser(email=person.email, name=person.name, locale=person.locale, is_demo=True), by=MACHINE
        )
        stage.users[row["person"]] = user
        if not row["delegation"]:  # a head's role comes with the invitation of the delegation
            grant(user, RoleName(row["role"]), by=MACHINE)


def _editions(stage: Stage) -> None:
    data = read_toml("editions")
    series = {
        row["code"]: editions.create_series(row["code"], row["name"], is_demo=True, by=MACHINE)
        for row in data["series"]
    }
    for row in data["editions"]:
        zone = ZoneInfo(row["zone"])
        edition = editions.create_edition(
            editions.CreateEdition(
                code=row["code"],
                series_id=series[row["series"]].id,
                name=row["name"],
                theme=row.get("theme", ""),
                description=row.get("description", ""),
                starts_on=row["starts_on"],
                ends_on=row["ends_on"],
                zone=row["zone"],
                place=row["place"],
                country=row["country"],
                fee=amount(row["fee"]),
                currencies=row.get("currencies", ()),
                languages=row.get("languages", ("fr",)),
                capacity=row.get("capacity"),
                registration_opens_at=_moment(row.get("opens_at"), zone),
                registration_closes_at=_moment(row.get("closes_at"), zone),
                delegation_deadline=row.get("delegation_deadline"),
                is_demo=True,
                provenance=row["provenance"],
            ),
            by=MACHINE,
        )
        stage.editions[edition.code] = edition
        _details(edition, row)
    for row in read_csv("programme"):
        edition = stage.editions[row["edition"]]
        programme.add_session(
            edition,
            programme.AddSession(
                kind=programme.SessionKind(row["kind"]),
                title=row["title"],
                starts_at=datetime.fromisoformat(row["starts_at"]).replace(tzinfo=ZoneInfo(edition.zone)),
                room=row["room"],
                capacity=int(row["capacity"]) if row["capacity"] else None,
                languages=row["languages"].split(),
                note=row["note"],
                provenance=row["provenance"],
            ),
            by=MACHINE,
        )


def _details(edition: Edition, row: dict[str, object]) -> None:
    found = {"tiers": [], "milestones": [], "headcounts": [], **row}
    for tier in found["tiers"]:  # type: ignore[attr-defined]
        label = {"fr": tier["fr"], "en": tier["en"]}
        command = editions.AddTier(code=tier["code"], label=label, amount=amount(tier["amount"]))
        editions.add_tier(edition, command, by=MACHINE)
    for step in found["milestones"]:  # type: ignore[attr-defined]
        programme.add_milestone(
            edition, step["title"], step["dated"], provenance=step["provenance"], by=MACHINE
        )
    for figure in found["headcounts"]:  # type: ignore[attr-defined]
        command_ = programme.AddHeadcount(
            people=figure["people"],
            status=programme.FigureStatus(figure["status"]),
            countries=figure.get("countries"),
            dated_text=figure["dated"],
            provenance=figure["provenance"],
        )
        programme.add_headcount(edition, command_, by=MACHINE)
    if row.get("archived"):
        editions.archive_edition(edition, by=MACHINE)
    elif not row.get("draft"):
        editions.open_registration(edition, by=MACHINE)


def _moment(local: datetime | None, zone: ZoneInfo) -> datetime | None:
    return local and local.replace(tzinfo=zone)
