"""The organiser's page of badges, and the command: issue what is missing, print, copy a lost one."""

import io
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pypdfium2
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from access.models import RoleName
from events.cli import print_badges
from events.models import Badge, Edition, Registration
from shared import clock
from shared.database import db
from tests.events.desk import badge_of, hidden_fields, outaouais, signed_in, text_of, user_with
from tests.events.gathering import dakar


@pytest.fixture
def edition(app: Flask) -> Edition:
    return dakar()


@pytest.fixture
def party(edition: Edition) -> list[Registration]:
    """Outaouais with its badges."""
    people = outaouais(edition)
    for one in people:
        badge_of(one)
    clock.travel_to(datetime(2005, 11, 22, 9, 5, tzinfo=UTC))
    return people


@pytest.fixture
def organiser(app: Flask, edition: Edition) -> FlaskClient:
    """The browser of Fatou Modèle, organiser."""
    return signed_in(app.test_client(), user_with("fatou@example.org", RoleName.ORGANISER))


def test_badges_are_issued_printed_and_copied(organiser: FlaskClient, edition: Edition) -> None:
    people = outaouais(edition)
    page = organiser.get("/manage/events/DKR05/badges").text
    assert "Issue 3 missing badges" in page
    answer = organiser.post(
        "/manage/events/DKR05/badges/issue", data=hidden_fields(page), follow_redirects=True
    )
    assert "3 badges issued." in answer.text
    sheet = organiser.get("/manage/events/DKR05/badges.pdf?party=DKR05-OUT")
    assert (sheet.mimetype, len(pypdfium2.PdfDocument(io.BytesIO(sheet.data)))) == ("application/pdf", 1)
    url = f"/manage/events/DKR05/badges/{people[0].code}/copy"
    page = organiser.get(url).text
    assert organiser.post(url, data={**hidden_fields(page), "reason": " "}).status_code == 422
    done = organiser.post(
        url, data={**hidden_fields(page), "reason": "Badge perdu"}, follow_redirects=True
    ).text
    assert "copy 2" in done
    one = organiser.get(f"/manage/events/DKR05/badges.pdf?registration={people[0].code}")
    assert "Copy 2" in text_of(one.data)
    assert "Ondine Exemple" in organiser.get("/manage/events/DKR05/badges?q=ondine").text
    assert organiser.get("/manage/events/DKR05/badges/NOBODY/copy").status_code == 404


def test_many_badges_are_printed_file_by_file(
    organiser: FlaskClient, edition: Edition, party: list[Registration], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("events.badge_views.MOST_IN_A_FILE", 2)
    assert organiser.get("/manage/events/DKR05/badges.pdf").location == "/manage/events/DKR05/badges"
    assert "Badges 3–3 (PDF)" in organiser.get("/manage/events/DKR05/badges").text
    second = organiser.get("/manage/events/DKR05/badges.pdf?part=2").data
    assert "Chloé" in text_of(second)
    assert "Ondine" not in text_of(second)


def test_the_command_issues_what_is_missing_and_prints(app: Flask, edition: Edition, tmp_path: Path) -> None:
    outaouais(edition)
    run: Callable[..., Any] = app.test_cli_runner().invoke
    out = tmp_path / "badges.pdf"
    nothing = run(print_badges, ["DKR05", "--out", str(out), "--no-issue"])
    assert nothing.exit_code != 0
    assert not out.exists()
    done = run(print_badges, ["dkr05", "--out", str(out)])
    assert done.output.splitlines() == ["3 badges issued.", f"3 badges: {out}"]
    assert out.read_bytes().startswith(b"%PDF")
    assert db.session.scalar(select(func.count()).select_from(Badge)) == 3
    unknown = run(print_badges, ["XYZ", "--out", str(out)])
    assert (unknown.exit_code, "There is no edition XYZ" in unknown.output) == (1, True)
