"""Messages and papers written outside a page: templates without a request, in the language that is set."""

from functools import cache
from pathlib import Path
from typing import Any

from flask_babel import get_locale
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from shared.i18n import DEFAULT_LOCALE, _, ngettext


def render(template: str, **told: Any) -> str:
    """`template` (a path under ``templates/``) filled with what is told, in the current language."""
    return _environment().get_template(template).render(lang=str(get_locale() or DEFAULT_LOCALE), **told)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).resolve().parent.parent / "templates"),
        autoescape=select_autoescape(["html"]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals.update(_=_, ngettext=ngettext)
    return environment
