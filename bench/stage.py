"""A database with editions, people and badges, and servers on it."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random
from urllib.request import urlopen

from flask import Flask
from flask.sessions import SecureCookieSessionInterface
from flask_migrate import upgrade
from sqlalchemy import insert

from access import grants, open_sessions, users
from access.models import RoleName
from access.users import CreateUser
from app import create_app
from bench.served import settings
from events import editions
from events.badge_codes import short_code
from events.editions import CreateEdition
from events.models import Badge, BadgeRole, Edition, Registration, RegistrationStatus
from network.models import Person
from serving import free_port
from shared.audit import System
from shared.clock import now, today
from shared.database import db, transaction
from shared.money import Money
from treasury import chart

BY = System("bench")
_FIRST = ("Ondine", "Aristide", "Zoé", "Awa", "Lison", "Boubacar", "Fatou", "Marc", "Ève", "Inès")
_LAST = ("Exemple", "Fictif", "Témoin", "Échantillon", "Substitut", "Modèle", "Gabarit", "Doublon")


class Stage:
    """A migrated database of its own in `folder` (or at `url`), with an organiser who is signed in."""

    def __init__(self, folder: Path, url: str = "") -> None:
        self.folder = folder
        self.url = url or f"sqlite:///{folder / 'teranga.db'}"
        self.app: Flask = create_app(settings(folder, self.url))
        with self.app.app_context():
            upgrade()
            with transaction():
                chart.open_chart("CAD")
                series = editions.create_series("BENCH", "Measured", by=BY)
                organiser = users.create_user(CreateUser(email="fatou@example.org", name="Fatou"), by=BY)
                grants.grant(organiser, RoleName.ORGANISER, by=BY)
                self.organiser = open_sessions.begin(organiser)
            self.series_id = series.id
            signer = SecureCookieSessionInterface().get_signing_serializer(self.app)
            assert signer
            self.session = signer.dumps({"_user_id": self.organiser, "_fresh": True, "fs_paa": time.time()})

    def open_edition(self, code: str, capacity: int | None = None) -> int:
        """An edition open to everybody, fee 60.00 CAD. Returns its id."""
        day = today() + timedelta(days=90)
        with self.app.app_context(), transaction():
            edition = editions.create_edition(
                CreateEdition(
                    code=code,
                    series_id=self.series_id,
                    name=f"Measured {code}",
                    starts_on=day,
                    ends_on=date(day.year, day.month, day.day) + timedelta(days=4),
                    zone="Africa/Dakar",
                    place="Dakar",
                    country="SN",
                    fee=Money.of("60.00", "CAD"),
                    languages=("fr", "en"),
                    capacity=capacity,
                ),
                by=BY,
            )
            editions.open_registration(edition, by=BY)
            return edition.id

    def fill(self, edition_id: int, people: int) -> list[str]:
        """Registrations written straight into the tables; the badges' short codes."""
        draw, moment = Random(2005), datetime(2005, 1, 1, tzinfo=UTC)
        states = [RegistrationStatus.CONFIRMED] * 6 + [RegistrationStatus.UNPAID] * 3
        with self.app.app_context(), transaction():
            start = (db.session.query(Person.id).order_by(Person.id.desc()).limit(1).scalar() or 0) + 1
            numbers = range(start, start + people)
            tokens = [f"{number:016x}" for number in numbers]
            codes = [short_code("FULL", token) for token in tokens]
            db.session.execute(
                insert(Person),
                [
                    {
                        "id": n,
                        "name": f"{draw.choice(_FIRST)} {draw.choice(_LAST)} {n}",
                        "email": f"p{n}@example.org",
                        "organisation_name": f"Coopérative fictive {n % 400}",
                        "country": "CA",
                        "locale": "fr",
                        "languages": ["fr"],
                        "access_needs": "",
                        "diet": "",
                        "created_at": moment,
                        "is_demo": True,
                        "provenance": "bench",
                    }
                    for n in numbers
                ],
            )
            db.session.execute(
                insert(Registration),
                [
                    {
                        "id": n,
                        "edition_id": edition_id,
                        "person_id": n,
                        "code": f"B{n:09}",
                        "status": draw.choice(states),
                        "role": BadgeRole.DELEGATE,
                        "fee_minor": 6000,
                        "currency": "CAD",
                        "party_code": f"D{n % 60:02}" if n % 3 else "",
                        "party_name": f"Délégation {n % 60}" if n % 3 else "",
                        "seat_code": "",
                        "admit_unpaid": True,
                        "admit_reason": "measured",
                        "created_at": moment + timedelta(minutes=n),
                        "is_demo": True,
                        "provenance": "bench",
                    }
                    for n in numbers
                ],
            )
            db.session.execute(
                insert(Badge),
                [
                    {"registration_id": n, "copy": 1, "token": token, "short_code": code, "status": "issued",
                     "reason": "", "issued_at": now()}
                    for n, token, code in zip(numbers, tokens, codes, strict=True)
                ],
            )  # fmt: skip
            db.session.get_one(Edition, edition_id).places_taken = people
        return codes

    @contextmanager
    def server(self, kind: str) -> Iterator[tuple[int, int]]:
        """A server of that kind: its port and its process. It ends with the block."""
        port = free_port()
        arguments = ["-m", "bench.served", kind, str(port), str(self.folder), self.url]
        with self.app.app_context():
            db.engine.dispose()
        process = subprocess.Popen([sys.executable, *arguments], env=os.environ, start_new_session=True)
        try:
            _wait(port, process)
            yield port, process.pid
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(20)


def _wait(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and process.poll() is None:
        try:
            urlopen(f"http://127.0.0.1:{port}/static/img/favicon.svg", timeout=20).close()
        except OSError as problem:
            if "404" in str(problem):
                return
            time.sleep(0.1)
        else:
            return
    raise SystemExit("a server to be measured did not start")


def resident_megabytes(master: int) -> float:
    """What the web process under gunicorn's `master` holds in memory."""
    lines = Path(f"/proc/{_web_process(master)}/status").read_text().splitlines()
    (kilobytes,) = (line.split()[1] for line in lines if line.startswith("VmRSS"))
    return round(int(kilobytes) / 1024, 1)


def processor_seconds(master: int) -> float:
    """The processor time that the web process under gunicorn's `master` has used."""
    fields = Path(f"/proc/{_web_process(master)}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _web_process(master: int) -> str:
    (child,) = Path(f"/proc/{master}/task/{master}/children").read_text().split()
    return child
