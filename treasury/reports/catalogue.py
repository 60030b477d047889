"""Every report that can be asked for, by the name in its address."""

from collections.abc import Mapping

from shared.i18n import _l
from treasury.reports import ahead as report_ahead
from treasury.reports import books as report_books
from treasury.reports import revaluation as report_revaluation
from treasury.reports import statements as report_statements
from treasury.reports.values import Recipe

RECIPES: Mapping[str, Recipe] = {
    "fund": Recipe(
        _l("Statement of a fund"),
        _l("What it began with, what came and went, what is left."),
        report_statements.fund,
        ("fund", "since", "until"),
    ),
    "payer": Recipe(
        _l("Passbook of a payer"),
        _l("All that an organisation paid, line by line, added up."),
        report_statements.payer,
        ("payer", "since", "until"),
    ),
    "funder": Recipe(
        _l("Statement for a funder"),
        _l("Promised, received, spent on what, and what is left."),
        report_statements.funder,
        ("funder", "since", "until"),
    ),
    "trial-balance": Recipe(
        _l("Trial balance"),
        _l("Every account; both sides are equal in every currency."),
        report_books.trial_balance,
        ("until",),
    ),
    "cash": Recipe(
        _l("Cash by currency"),
        _l("What there is, where, and what of it is restricted."),
        report_books.cash,
        ("until",),
    ),
    "due": Recipe(
        _l("What is due, by age"),
        _l("Who is late, with how much, since when."),
        report_ahead.ageing,
        ("until",),
    ),
    "forecast": Recipe(
        _l("Cash forecast"),
        _l("Month by month, from plans, pledges and commitments."),
        report_ahead.forecast,
    ),
    "worth": Recipe(
        _l("What other currencies are worth"),
        _l("What is held in other currencies, what it cost, what it is worth on a day. Nothing is posted."),
        report_revaluation.revaluation,
        ("currency", "until"),
    ),
    "exchange": Recipe(
        _l("Exchange differences"),
        _l("What changing money cost each event and fund."),
        report_books.exchange_differences,
    ),
}
