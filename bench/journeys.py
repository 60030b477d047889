"""What people do, many at once or one after another, and how long it takes."""

import json
import re
import statistics
import time
import uuid
from typing import Any

from sqlalchemy import func, select

from bench.load import Answer, Crowd, Visitor, hidden, per_second, together
from bench.stage import Stage
from events.models import HOLDS_A_PLACE, CheckIn, Edition, Registration
from shared.database import db

_WEIGHED = re.compile(r'<(?:link|script|img)[^>]*?(?:href|src)="(/[^"]+)"')
_LINKS_NOT_LOADED = re.compile(r'<link[^>]*rel="(?:canonical|alternate)"[^>]*>')


def register_one(crowd: Crowd, code: str, number: int) -> int:
    """Open the form and send it, as somebody new. The status that the form was answered with."""
    visitor = crowd.visitor()
    page = visitor.get(f"/events/{code}/register")
    if page.status != 200:
        return page.status
    values = hidden(page.body.decode()) | {
        "name": f"Personne Exemple {number}",
        "email": f"{uuid.uuid4().hex}@example.org",
        "organisation_name": "Coopérative fictive",
        "country": "CA",
        "languages": "fr",
        "method": "transfer",
    }
    return visitor.post(f"/events/{code}/register", values.items()).status


def registrations_per_second(port: int, code: str, at_once: int, times: int) -> float:
    """Through the public form. Raises `AssertionError` when one of them is not accepted."""
    crowd = Crowd(port)
    together(at_once, at_once, lambda number: register_one(crowd, code, number))
    statuses: list[int] = []
    speed = per_second(at_once, times, lambda number: statuses.append(register_one(crowd, code, number)))
    assert set(statuses) == {303}, set(statuses)
    return speed


def floor_per_second(port: int, at_once: int, times: int) -> float:
    """One row a request."""
    crowd = Crowd(port)
    together(at_once, at_once, lambda _number: crowd.visitor().post("/", [("name", "warm")]))
    return per_second(at_once, times, lambda number: crowd.visitor().post("/", [("name", str(number))]))


def rush(stage: Stage, port: int, code: str, places: int, attempts: int) -> dict[str, Any]:
    """Many more people than places. Raises `AssertionError` unless exactly the places are given."""
    crowd = Crowd(port)
    started = time.perf_counter()
    statuses = together(32, attempts, lambda number: register_one(crowd, code, number))
    seconds = time.perf_counter() - started
    with stage.app.app_context():
        edition = db.session.scalars(select(Edition).where(Edition.code == code)).one()
        held = db.session.scalar(
            select(func.count(Registration.id)).where(
                Registration.edition_id == edition.id, Registration.status.in_(HOLDS_A_PLACE)
            )
        )
        taken = edition.places_taken
        db.session.remove()
    assert held == taken == places == statuses.count(303), (held, taken, statuses.count(303))
    assert set(statuses) <= {303, 409}, set(statuses)
    return {
        "attempts": attempts,
        "places": places,
        "registered": held,
        "seconds": round(seconds, 1),
        "attempts_per_second": round(attempts / seconds, 1),
    }


def check_ins_per_second(stage: Stage, port: int, code: str, codes: list[str], at_once: int) -> float:
    """One scan a request, as the desk's page sends them. Raises `AssertionError` if one is not welcome."""
    crowd = Crowd(port)

    def scan(number: int) -> Answer:
        visitor = crowd.visitor()
        visitor.cookies["session"] = stage.session
        one = {"scan_key": uuid.uuid4().hex, "code": codes[number]}
        return visitor.send(
            f"/check-in/{code}/scans",
            json.dumps({"desk": "North door", "scans": [one]}).encode(),
            **{"Sec-Fetch-Site": "same-origin"},
        )

    warm = at_once * 2
    together(at_once, warm, scan)
    answers: list[Answer] = []
    speed = per_second(at_once, len(codes) - warm, lambda number: answers.append(scan(number + warm)))
    odd = [one for one in answers if one.status != 200 or b'"welcome"' not in one.body]
    assert not odd, odd[:1]
    with stage.app.app_context():
        arrived = db.session.scalar(select(func.count(CheckIn.id)))
        db.session.remove()
    assert arrived == len(codes), arrived
    return speed


def page(stage: Stage, port: int, path: str, times: int = 30) -> dict[str, Any]:
    """How long a page of the organiser takes, and what it weighs."""
    visitor = Visitor(port, {"session": stage.session})
    took = []
    answer = visitor.get(path, **{"Accept-Encoding": "gzip"})
    assert answer.status == 200, (path, answer.status)
    for turn in range(times + 2):
        started = time.perf_counter()
        visitor.get(path, **{"Accept-Encoding": "gzip"})
        if turn >= 2:
            took.append((time.perf_counter() - started) * 1000)
    whole = visitor.get(path, **{"Accept-Encoding": "identity"})
    return {
        "median_ms": round(statistics.median(took), 1),
        "slowest_ms": round(max(took), 1),
        "kilobytes_sent": round(answer.wire / 1000, 1),
        "kilobytes": round(len(whole.body) / 1000, 1),
    }


def first_view(port: int, path: str) -> dict[str, Any]:
    """Everything that a browser fetches for a first view, compressed as it travels."""
    visitor = Visitor(port)
    ask = {"Accept-Encoding": "gzip, deflate, br"}
    plain = visitor.get(path, **{"Accept-Encoding": "identity"}).body.decode()
    visitor.cookies = {}
    sizes = {path: visitor.get(path, **ask).wire}
    for found in _WEIGHED.findall(_LINKS_NOT_LOADED.sub("", plain)):
        if found not in sizes:
            answer = visitor.get(found.replace("&amp;", "&"), **ask)
            assert answer.status == 200, found
            sizes[found] = answer.wire
    return {
        "requests": len(sizes),
        "kilobytes": round(sum(sizes.values()) / 1000, 1),
        "each": {path: round(size / 1000, 1) for path, size in sizes.items()},
    }
