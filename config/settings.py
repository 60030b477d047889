"""Settings read once from the environment, frozen; an unsafe production is refused."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit
from zoneinfo import available_timezones

DEMO_SECRET = "demonstration-only-not-a-secret"  # noqa: S105 - refused outside the demonstration
DEMO_WEBHOOK_SECRET = "whsec_demonstration_only"  # noqa: S105 - the loopback simulator signs with it
DEMO_BANK = "Caisse de démonstration|transit 00000 · compte 000000"


class UnsafeSettings(RuntimeError):
    """The environment describes a production that must not start; each reason is a line."""

    def __init__(self, reasons: list[str]) -> None:
        self.reasons = reasons
        super().__init__("; ".join(reasons))


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything the environment decides. Times are in seconds, sizes in bytes."""

    database_url: str
    instance: Path
    secret_key: str
    public_url: str
    demo: bool = False
    debug: bool = False
    testing: bool = False
    clock: str | None = None
    zone: str = "UTC"
    stripe_secret_key: str | None = None
    stripe_webhook_secret: str | None = None
    stripe_api_base: str | None = None
    mail_url: str | None = None
    mail_from: str = "teranga@localhost"
    bank_details: str = ""
    largest_upload: int = 40 * 1024 * 1024
    rate_limits: bool = True
    rate_limit_storage: str = "memory://"
    proxies: int = 0

    @property
    def trusted_hosts(self) -> list[str] | None:
        """The names this site answers to; None for any (demonstration, tests)."""
        host = urlsplit(self.public_url).hostname
        return None if self.demo or self.testing or host is None else [host]

    @property
    def https(self) -> bool:
        return self.public_url.startswith("https://")


def read_settings(environ: Mapping[str, str] = os.environ) -> Settings:
    """Settings from `environ`. Raises `UnsafeSettings` for a production that must not start."""
    demo, proxies = environ.get("TERANGA_DEMO") == "1", environ.get("TERANGA_PROXIES", "0")
    instance = Path(environ.get("TERANGA_INSTANCE", "instance")).absolute()
    settings = Settings(
        database_url=_database_url(environ.get("DATABASE_URL") or f"sqlite:///{instance / 'teranga.db'}"),
        instance=instance,
        secret_key=environ.get("SECRET_KEY", DEMO_SECRET if demo else ""),
        public_url=environ.get("TERANGA_URL", "http://127.0.0.1:8000" if demo else "").rstrip("/"),
        demo=demo,
        debug=environ.get("FLASK_DEBUG") == "1",
        clock=environ.get("TERANGA_CLOCK") or (_told_clock(instance) if demo else None),
        zone=environ.get("TERANGA_ZONE") or "UTC",
        stripe_secret_key=environ.get("STRIPE_SECRET_KEY") or ("sk_test_demonstration" if demo else None),
        stripe_webhook_secret=environ.get("STRIPE_WEBHOOK_SECRET") or (DEMO_WEBHOOK_SECRET if demo else None),
        stripe_api_base=environ.get("STRIPE_API_BASE") or ("http://127.0.0.1:8011" if demo else None),
        mail_url=environ.get("MAIL_URL") or None,
        mail_from=environ.get("MAIL_FROM", "teranga@localhost"),
        bank_details=environ.get("TERANGA_BANK_DETAILS", DEMO_BANK if demo else "").replace("|", "\n"),
        rate_limits=environ.get("TERANGA_RATE_LIMITS") != "off",
        rate_limit_storage=environ.get("TERANGA_RATE_LIMIT_STORAGE", "memory://"),
        proxies=int(proxies) if proxies.isdecimal() else 0,
    )
    reasons = []
    if not _DATABASE.match(settings.database_url):
        reasons.append("DATABASE_URL must be like sqlite:///PATH or postgresql://…")
    if not proxies.isdecimal():
        reasons.append("TERANGA_PROXIES must be a number")
    if settings.zone not in available_timezones():
        reasons.append("TERANGA_ZONE must be a zone such as America/Toronto")
    if not demo:
        reasons += _dangers(settings)
    if reasons:
        raise UnsafeSettings(reasons)
    return settings


_DATABASE = re.compile(r"sqlite:///.|postgresql\+psycopg://")


def _told_clock(instance: Path) -> str | None:
    """Where the demonstration's story was told up to; `teranga demo` leaves the note."""
    note = instance / "clock"
    return note.read_text().strip() if note.exists() else None


def _database_url(url: str) -> str:
    """`sqlite:///PATH` and `postgresql://…`, with the driver this project uses."""
    return url.replace("postgres://", "postgresql://", 1).replace("postgresql://", "postgresql+psycopg://", 1)


def _dangers(settings: Settings) -> list[str]:
    weak = settings.secret_key == DEMO_SECRET or len(settings.secret_key) < 32
    return [
        reason
        for reason, found in {
            "SECRET_KEY must be set to at least 32 characters of your own": weak,
            "FLASK_DEBUG must not be on": settings.debug,
            "STRIPE_WEBHOOK_SECRET must be set": not settings.stripe_webhook_secret
            or settings.stripe_webhook_secret == DEMO_WEBHOOK_SECRET,
            "STRIPE_SECRET_KEY must be set": not settings.stripe_secret_key,
            "STRIPE_API_BASE is for the demonstration only": bool(settings.stripe_api_base),
            "TERANGA_URL must be an https:// address": not settings.https
            or not urlsplit(settings.public_url).hostname,
            "MAIL_URL must be set, such as smtps://user:password@host": not settings.mail_url
            or urlsplit(settings.mail_url).scheme not in ("smtp", "smtps"),
            "TERANGA_RATE_LIMITS=off is for the demonstration only": not settings.rate_limits,
            "TERANGA_CLOCK is for the demonstration only": bool(settings.clock),
        }.items()
        if found
    ]
