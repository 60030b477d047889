"""The interface for programs, as a program sees it: keys, scopes, pages, once-only writes, refusals."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import Flask
from sqlalchemy import func, select

from access import grants, tokens, users
from access.models import IdempotencyRecord, RoleName, User
from access.tokens import SCOPES
from access.users import CreateUser
from delegations.funding.coverage_queries import coverage_of
from delegations.funding.coverage_wire import as_json
from delegations.models import Delegation, SavingsPlan
from events import badges
from events.models import Edition, Registration
from events.registration import Register, register
from shared import clock
from shared.database import db, transaction
from shared.money import Money
from tests.api.conftest import BY, Keys, Program, described
from tests.events.gathering import SPRING_2005, SPRING_2007, somebody

ONDINE = {"name": "Ondine Exemple", "email": "ondine@example.org", "country": "CA", "languages": ["fr"]}


def how_many() -> int:
    db.session.rollback()
    return db.session.scalar(select(func.count(Registration.id))) or 0


def test_an_organiser_registers_somebody_and_reads_them_again(
    both_databases: str, edition: Edition, fatou: User, key_of: Keys
) -> None:
    program = key_of(fatou)
    made = program.post("/editions/DKR05/registrations", {"person": ONDINE})
    assert made.status_code == 201
    assert made.json and made.json["status"] == "unpaid"
    assert made.json["fee"] == {"amount": "60.00", "currency": "CAD"}
    assert made.json["payment"]["amount"] == {"amount": "60.00", "currency": "CAD"}
    assert made.json["person"]["name"] == "Ondine Exemple"
    read = program.get(made.headers["Location"].removeprefix("/api/v1"))
    assert read.json == made.json


def test_the_same_key_registers_once_and_is_answered_the_same(
    both_databases: str, edition: Edition, fatou: User, key_of: Keys
) -> None:
    program = key_of(fatou)
    first = program.post("/editions/DKR05/registrations", {"person": ONDINE}, "key-1")
    again = program.post("/editions/DKR05/registrations", {"person": ONDINE}, "key-1")
    assert again.status_code == 201
    assert again.get_data() == first.get_data()
    assert again.headers["Location"] == first.headers["Location"]
    assert "Idempotency-Replayed" not in first.headers
    assert again.headers["Idempotency-Replayed"] == "true"
    other = {"person": {**ONDINE, "name": "Aristide Fictif"}}
    refused = program.post("/editions/DKR05/registrations", other, "key-1")
    assert refused.status_code == 422
    assert refused.json and refused.json["code"] == "idempotency_key_reused"
    assert how_many() == 1


def test_a_key_belongs_to_its_token(edition: Edition, fatou: User, key_of: Keys) -> None:
    for number in (1, 2):
        person = {**ONDINE, "name": f"Personne {number}"}
        answer = key_of(fatou).post("/editions/DKR05/registrations", {"person": person}, "key-1")
        assert answer.status_code == 201
    assert how_many() == 2


def test_one_key_sent_eight_times_at_once_registers_once(
    both_databases: str, app: Flask, edition: Edition, fatou: User, key_of: Keys
) -> None:
    program = key_of(fatou)
    db.session.rollback()

    def send(_number: int) -> tuple[int, bytes]:
        alone = Program(app)
        alone.headers = program.headers
        answer = alone.post("/editions/DKR05/registrations", {"person": ONDINE}, "the-same")
        return answer.status_code, answer.get_data()

    with ThreadPoolExecutor(8) as pool:
        answers = set(pool.map(send, range(8)))
    assert {status for status, _body in answers} == {201}
    assert len(answers) == 1
    assert how_many() == 1


def test_a_refused_request_uses_up_no_key_and_leaves_nothing(
    both_databases: str, edition: Edition, fatou: User, key_of: Keys
) -> None:
    program, path = key_of(fatou), "/editions/DKR05/registrations"
    clock.travel_to(SPRING_2007)
    refused = program.post(path, {"person": ONDINE}, "later")
    assert refused.status_code == 409
    assert refused.json and refused.json["code"] == "registration_closed"
    assert db.session.scalar(select(func.count(IdempotencyRecord.id))) == 0
    clock.travel_to(SPRING_2005)
    assert program.post(path, {"person": ONDINE}, "later").status_code == 201


def test_a_full_edition_is_a_problem_that_offers_the_waiting_list(
    edition: Edition, fatou: User, key_of: Keys
) -> None:
    program, path = key_of(fatou), "/editions/UE07/registrations"
    clock.travel_to(SPRING_2007)
    for number in range(2):
        person = {**ONDINE, "name": f"Personne {number}"}
        assert program.post(path, {"person": person, "tier": "gratuit"}).status_code == 201
    body = {"person": ONDINE, "tier": "gratuit"}
    full = program.post(path, body)
    assert (full.status_code, full.content_type) == (409, "application/problem+json")
    assert full.json and full.json["code"] == "edition_full"
    waits = program.post(path, {**body, "waitlist_ok": True})
    assert waits.json and waits.json["status"] == "waitlisted"


def test_a_list_comes_in_pages_that_neither_repeat_nor_miss(
    edition: Edition, fatou: User, key_of: Keys
) -> None:
    with transaction():
        for number in range(7):
            register(db.session.merge(edition), Register(person=somebody(number).person), by=BY)
    program, seen, path = key_of(fatou), [], "/editions/DKR05/registrations?limit=3&status=unpaid"
    sizes = []
    while path:
        page = program.get(path)
        assert page.json
        seen += [one["code"] for one in page.json["items"]]
        sizes.append(len(page.json["items"]))
        following = page.json["next"]
        assert page.headers.get("Link") == (f'<{following}>; rel="next"' if following else None)
        path = following.removeprefix("/api/v1") if following else ""
    assert sizes == [3, 3, 1]
    assert seen == list(db.session.scalars(select(Registration.code).order_by(Registration.id)))
    assert program.get("/editions?cursor=made-up").status_code == 422


def test_a_delegation_is_told_with_its_coverage_and_its_plans(
    outaouais: Delegation, ondine: User, key_of: Keys
) -> None:
    program = key_of(ondine)
    told = program.get("/delegations/DKR05-OUT", **{"Accept-Language": "en"})
    assert told.json
    with program.client.application.test_request_context(headers={"Accept-Language": "en"}):
        assert told.json["coverage"] == as_json(coverage_of(db.session.merge(outaouais)))
    listed = program.get("/delegations/DKR05-OUT/plans")
    assert listed.json and [one["saved"]["amount"] for one in listed.json["items"]] == ["1500.00"]
    plan = program.get("/delegations/DKR05-OUT/plans/P1").json
    assert plan and plan["target"] == {"amount": "9000.00", "currency": "CAD"}
    assert [one["state"] for one in plan["instalments"][:3]] == ["paid", "paid", "late"]
    assert plan["late"]["amount"] == "6000.00"
    assert plan["payers"] == [plan["payer"]] == [one["payer"] for one in listed.json["items"]]


def test_what_is_anothers_does_not_exist(outaouais: Delegation, ondine: User, key_of: Keys) -> None:
    program = key_of(ondine)
    assert [one["code"] for one in (program.get("/delegations").json or {})["items"]] == ["DKR05-OUT"]
    with transaction():
        someone = register(outaouais.edition, Register(person=somebody(1).person), by=BY).code
    foreign = (
        "/delegations/DKR05-MAU",
        "/delegations/DKR05-MAU/plans",
        "/delegations/DKR05-OUT/plans/P9",
        "/editions/DKR05/registrations",
        f"/registrations/{someone}",
        "/editions/DKR05/check-ins",
        "/editions/NOWHERE",
        "/editions/%00",
    )
    answers = {path: program.get(path) for path in foreign}
    assert {path: answer.status_code for path, answer in answers.items()} == dict.fromkeys(foreign, 404)
    assert len({answer.get_data() for answer in answers.values()}) == 1
    write = program.post("/editions/DKR05/registrations", {"person": ONDINE})
    assert write.status_code == 404


def test_who_may_only_look_is_told_so(edition: Edition, app: Flask, key_of: Keys) -> None:
    with transaction():
        mary = users.create_user(CreateUser(email="mary@example.org", name="Mary Sample"), by=BY)
        grants.grant(mary, RoleName.AUDITOR, by=BY)
    program = key_of(mary)
    assert program.get("/editions/DKR05/registrations").status_code == 200
    assert program.post("/editions/DKR05/registrations", {"person": ONDINE}).status_code == 403


def test_a_badge_is_checked_in_once(both_databases: str, edition: Edition, fatou: User, key_of: Keys) -> None:
    with transaction():
        invited = Register(person=somebody(1).person, fee=Money.zero("CAD"))
        came = register(db.session.merge(edition), invited, by=BY)
        code = badges.issue_badge(came, by=BY).short_code
    program, body = key_of(fatou), {"code": code, "desk": "North door"}
    first = program.post("/editions/DKR05/check-ins", body, "scan-1").json
    assert first and first["result"] == "welcome"
    assert program.post("/editions/DKR05/check-ins", body, "scan-1").json == first
    second = program.post("/editions/DKR05/check-ins", {**body, "desk": "South door"}).json
    assert second and second["result"] == "already_in"
    assert second["arrival"] == first["arrival"]
    unknown = program.post("/editions/DKR05/check-ins", {"code": "never issued", "desk": "North door"}).json
    assert unknown == {"result": "unknown", "arrival": None}
    listed = program.get("/editions/DKR05/check-ins").json
    assert listed and listed["items"] == [first["arrival"]]


def test_a_key_opens_its_scopes_and_nothing_else(edition: Edition, fatou: User, key_of: Keys) -> None:
    program = key_of(fatou, "editions:read")
    assert program.get("/editions").status_code == 200
    assert program.get("/editions/DKR05/registrations").status_code == 403
    assert program.post("/editions/DKR05/registrations", {"person": ONDINE}).status_code == 403


def test_no_key_opens_any_of_it(app: Flask, edition: Edition) -> None:
    program = Program(app)
    for path, methods in described(app)["paths"].items():
        for method in methods:
            address = path.removeprefix("/api/v1").replace("{code}", "DKR05").replace("{plan}", "P1")
            answer = program.get(address) if method == "get" else program.post(address, {})
            assert answer.status_code == 401, path


def test_no_key_and_a_key_taken_back_open_nothing(app: Flask, edition: Edition, fatou: User) -> None:
    with transaction():
        token, text = tokens.issue_token("a program", fatou, SCOPES, by=BY)
    assert Program(app, text).get("/editions").status_code == 200
    with transaction():
        tokens.revoke_token(db.session.merge(token), by=BY)
    for program in (Program(app, text), Program(app), Program(app, "teranga_made-up")):
        refused = program.get("/editions")
        assert refused.status_code == 401
        assert refused.headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize(
    ("data", "kind", "status", "code"),
    [
        (b"name=Ondine", "application/x-www-form-urlencoded", 415, "not_json"),
        (b"{", "application/json", 400, "bad_json"),
        (b"[" * 20_000, "application/json", 400, "bad_json"),
        (b"\xff\xfe{}", "application/json", 400, "bad_json"),
        (b"[]", "application/json", 422, "invalid"),
    ],
)
def test_a_body_that_is_not_json_is_refused_as_what_it_is(
    edition: Edition, fatou: User, key_of: Keys, data: bytes, kind: str, status: int, code: str
) -> None:
    program = key_of(fatou)
    answer = program.client.post(
        "/api/v1/editions/DKR05/registrations",
        data=data,
        headers={**program.headers, "Idempotency-Key": "k", "Content-Type": kind},
    )
    assert (answer.status_code, answer.content_type) == (status, "application/problem+json")
    assert answer.json and answer.json["code"] == code


def test_every_wrong_field_is_named_in_the_language_asked_for(
    edition: Edition, fatou: User, key_of: Keys
) -> None:
    body = {"person": {"name": "", "email": "nobody", "age": 3}, "waitlist_ok": "yes"}
    answer = key_of(fatou).post("/editions/DKR05/registrations", body, **{"Accept-Language": "en"})
    assert answer.status_code == 422
    assert answer.json
    assert {one["field"]: one["sentence"] for one in answer.json["errors"]} == {
        "person.name": "This is too short.",
        "person.email": "This value is not accepted.",
        "person.age": "There is no such field.",
        "waitlist_ok": "This is true or false.",
    }
    french = key_of(fatou).post(
        "/editions/DKR05/registrations", body, **{"Accept-Language": "fr-CA, en;q=0.5"}
    )
    assert french.json and french.json["title"] == "Tout n’est pas juste. Voyez chaque champ."


def test_a_write_without_its_key_is_refused(edition: Edition, fatou: User, key_of: Keys) -> None:
    program = key_of(fatou)
    answer = program.client.post(
        "/api/v1/editions/DKR05/registrations", json={"person": ONDINE}, headers=program.headers
    )
    assert answer.status_code == 422
    assert answer.json and answer.json["errors"][0]["field"] == "Idempotency-Key"


def test_what_the_interface_cannot_do_is_a_problem_too(app: Flask) -> None:
    program = Program(app)
    nothing, wrong = program.get("/nothing"), program.client.put("/api/v1/editions")
    assert (nothing.status_code, nothing.content_type) == (404, "application/problem+json")
    assert (wrong.status_code, wrong.content_type) == (405, "application/problem+json")
    assert "GET" in wrong.headers["Allow"]


@pytest.mark.settings(rate_limits=True)
def test_too_often_is_a_problem_too(
    edition: Edition, fatou: User, key_of: Keys, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = key_of(fatou)
    told = [program.get("/editions/DKR05").headers["X-RateLimit-Remaining"] for _again in range(2)]
    assert int(told[1]) == int(told[0]) - 1


@pytest.mark.parametrize("language", ["fr", "en"])
def test_the_page_for_people_lists_every_operation_and_loads_nothing_from_elsewhere(
    app: Flask, language: str
) -> None:
    page = Program(app).get("/", **{"Accept-Language": language})
    assert page.status_code == 200
    for path, methods in described(app)["paths"].items():
        for method in methods:
            assert f"{method.upper()} {path.replace('<', '&lt;')}" in page.text
    assert "//" not in page.text.replace("http://localhost", "")


def test_the_plan_is_not_stored_anywhere(outaouais: Delegation) -> None:
    """What the API tells as saved follows from postings alone."""
    assert not {"saved", "paid", "late"} & set(SavingsPlan.__table__.columns.keys())
