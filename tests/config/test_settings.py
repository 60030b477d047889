"""A production that is not safe does not start, and says why."""

from pathlib import Path

import pytest

from config.settings import DEMO_SECRET, DEMO_WEBHOOK_SECRET, UnsafeSettings, read_settings

SAFE = {
    "SECRET_KEY": "k" * 32,
    "TERANGA_URL": "https://teranga.example/",
    "STRIPE_SECRET_KEY": "sk_live_example",
    "STRIPE_WEBHOOK_SECRET": "whsec_example",
    "MAIL_URL": "smtps://teranga:secret@mail.example",
    "DATABASE_URL": "postgresql://teranga@db.example/teranga",
    "TERANGA_INSTANCE": "var",
}


def test_a_safe_production_starts() -> None:
    settings = read_settings(SAFE)
    assert settings.https
    assert settings.public_url == "https://teranga.example"
    assert settings.trusted_hosts == ["teranga.example"]
    assert settings.database_url == "postgresql+psycopg://teranga@db.example/teranga"
    assert settings.instance == Path("var").absolute()
    assert settings.rate_limits


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"SECRET_KEY": ""}, "SECRET_KEY"),
        ({"SECRET_KEY": "short"}, "SECRET_KEY"),
        ({"SECRET_KEY": DEMO_SECRET}, "SECRET_KEY"),
        ({"FLASK_DEBUG": "1"}, "FLASK_DEBUG"),
        ({"STRIPE_WEBHOOK_SECRET": ""}, "STRIPE_WEBHOOK_SECRET"),
        ({"STRIPE_WEBHOOK_SECRET": DEMO_WEBHOOK_SECRET}, "STRIPE_WEBHOOK_SECRET"),
        ({"STRIPE_SECRET_KEY": ""}, "STRIPE_SECRET_KEY"),
        ({"STRIPE_API_BASE": "http://127.0.0.1:8011"}, "STRIPE_API_BASE"),
        ({"TERANGA_URL": "http://teranga.example"}, "TERANGA_URL"),
        ({"TERANGA_URL": ""}, "TERANGA_URL"),
        ({"TERANGA_URL": "https:///path"}, "TERANGA_URL"),
        ({"MAIL_URL": ""}, "MAIL_URL"),
        ({"MAIL_URL": "https://mail.example"}, "MAIL_URL"),
        ({"DATABASE_URL": "rubbish"}, "DATABASE_URL"),
        ({"DATABASE_URL": "mysql://db.example/teranga"}, "DATABASE_URL"),
        ({"TERANGA_PROXIES": "one"}, "TERANGA_PROXIES"),
        ({"TERANGA_ZONE": "Gatineau"}, "TERANGA_ZONE"),
        ({"TERANGA_CLOCK": "S1"}, "TERANGA_CLOCK"),
        ({"TERANGA_RATE_LIMITS": "off"}, "TERANGA_RATE_LIMITS"),
    ],
)
def test_each_danger_is_refused_by_itself(changes: dict[str, str], reason: str) -> None:
    with pytest.raises(UnsafeSettings) as refused:
        read_settings(SAFE | changes)
    assert len(refused.value.reasons) == 1
    assert refused.value.reasons[0].startswith(reason)


def test_an_empty_environment_names_everything_at_once() -> None:
    with pytest.raises(UnsafeSettings) as refused:
        read_settings({})
    assert len(refused.value.reasons) == 5


def test_a_demonstration_needs_nothing_and_is_never_https() -> None:
    settings = read_settings({"TERANGA_DEMO": "1"})
    assert settings.demo
    assert settings.stripe_api_base
    assert settings.trusted_hosts is None
    assert settings.database_url.startswith("sqlite:///")
