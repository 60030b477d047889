"""What people do, many at once or one after another, and how long it takes."""

import json
import re
import statistics
import time
import uuid
from collections.abc import Callable
from typing import Any

from sqlalchemy import func, select

from bench.load import Answer, Crowd, Visitor, hidden, together
from bench.pairs import Work
from bench.stage import Stage, processor_seconds
from events.models import HOLDS_A_PLACE, Edition, Registration
from shared.database import db

_WEIGHED = re.compile(r'<(?:link|script|img)[^>]*?(?:href|src)="(/[^"]+)"')
_LINKS_NOT_LOADED = re.compile(r'<link[^>]*rel="(?:canonical|alternate)"[^>]*>')


def register_one(crowd: Crowd, code: str, number: int) -> int:
    """Open the form and send it, as somebody new. The status that the form was answered with."""
    visitor = crowd.visitor()
    page = visitor.get(f"/events/{code}/register")
    return send(visitor, code, filled(page, number)) if page.status == 200 else page.status


def filled(page: Answer, number: int) -> dict[str, str]:
    """What somebody new sends with the form of `page`."""
    return hidden(page.body.decode()) | {
        "name": f"Personne Exemple {number}",
        "email": f"{uuid.uuid4().hex}@example.org",
        "organisation_name": "Coopérative fictive",
        "country": "CA",
        "languages": "fr",
        "method": "transfer",
    }


def send(visitor: Visitor, code: str, values: dict[str, str]) -> int:
    """Send a form that was filled in."""
    return visitor.post(f"/events/{code}/register", values.items()).status


def floor(port: int) -> Work:
    """One row a request."""
    crowd = Crowd(port)
    return lambda number: crowd.visitor().post("/", [("name", str(number))])


def registrations(port: int, code: str) -> Callable[[int], Work]:
    """Through the public form: opened and sent. Raises `AssertionError` when one is not accepted."""
    crowd = Crowd(port)

    def register(number: int) -> None:
        status = register_one(crowd, code, number)
        assert status == 303, status

    return lambda _times: register


def sent_forms(port: int, code: str) -> Callable[[int], Work]:
    """The same with forms that were opened beforehand: what sending one costs."""
    crowd = Crowd(port)

    def ready(times: int) -> Work:
        opened = []
        for number in range(times):
            reader = Visitor(port)
            opened.append((filled(reader.get(f"/events/{code}/register"), number), reader.cookies))
            if reader.connection:
                reader.connection.close()

        def send_one(number: int) -> None:
            visitor, (values, cookies) = crowd.visitor(), opened[number]
            visitor.cookies = cookies
            status = send(visitor, code, values)
            assert status == 303, status

        return send_one

    return ready


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


def check_ins(stage: Stage, port: int, code: str, codes: list[str]) -> Callable[[int], Work]:
    """One scan a request, as the desk's page sends them. Raises `AssertionError` if one is not welcome."""
    crowd, left = Crowd(port), iter(codes)

    def ready(times: int) -> Work:
        scanned = [next(left) for _number in range(times)]

        def scan(number: int) -> None:
            visitor = crowd.visitor()
            visitor.cookies["session"] = stage.session
            one = {"scan_key": uuid.uuid4().hex, "code": scanned[number]}
            answer = visitor.send(
                f"/check-in/{code}/scans",
                json.dumps({"desk": "North door", "scans": [one]}).encode(),
                **{"Sec-Fetch-Site": "same-origin"},
            )
            assert answer.status == 200, answer.status
            assert b'"welcome"' in answer.body, answer.body

        return scan

    return ready


def page(stage: Stage, port: int, process: int, path: str, times: int = 30) -> dict[str, Any]:
    """How long a page of the organiser takes, by the clock and of the processor, and what it weighs."""
    visitor = Visitor(port, {"session": stage.session})
    ask = {"Accept-Encoding": "gzip"}
    answer = visitor.get(path, **ask)
    assert answer.status == 200, (path, answer.status)
    visitor.get(path, **ask)
    took, spent = [], processor_seconds(process)
    for _turn in range(times):
        started = time.perf_counter()
        visitor.get(path, **ask)
        took.append((time.perf_counter() - started) * 1000)
    spent = processor_seconds(process) - spent
    whole = visitor.get(path, **{"Accept-Encoding": "identity"})
    return {
        "median_ms": round(statistics.median(took), 1),
        "slowest_ms": round(max(took), 1),
        "processor_ms": round(spent / times * 1000, 1),
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
