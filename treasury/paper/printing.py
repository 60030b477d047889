"""From the frozen facts of a paper to its page, in the language of whom it is made out to."""

from datetime import date
from typing import Any

from babel import Locale
from babel.dates import format_date
from flask_babel import force_locale

from outbox.rendering import render
from shared.money import Money, format_money
from treasury.models import PaymentMethod
from treasury.paper.models import Paper
from treasury.wording import METHODS, PAPER_TITLES


def page_of(paper: Paper) -> str:
    """The HTML of a paper: the same facts and the same template make the same page."""
    with force_locale(paper.locale):
        return render(
            f"treasury/print/{paper.template}.html",
            paper=paper,
            facts=paper.facts,
            title=str(PAPER_TITLES[paper.kind]),
            amount=format_money(paper.amount, paper.locale),
            issued_on=_day(paper.issued_on.isoformat(), paper.locale),
            day=lambda text: _day(text, paper.locale),
            money=lambda given: format_money(Money(given["minor"], given["currency"]), paper.locale),
            method=lambda code: str(METHODS[PaymentMethod(code)]),
        )


def as_fact(amount: Money) -> dict[str, Any]:
    """An amount as JSON keeps it."""
    return {"minor": amount.minor, "currency": amount.currency}


def _day(text: str, locale: str) -> str:
    return format_date(date.fromisoformat(text), "long", locale=Locale.parse(locale))
