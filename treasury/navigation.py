"""Where each page of the treasury stands: a few groups, each with its pages."""

from collections.abc import Sequence
from dataclasses import dataclass

from shared.i18n import LazyString, _l


@dataclass(frozen=True, slots=True)
class Page:
    """A page of the menu. `inside` names the endpoints that belong under it, whole rooms by ``room.``."""

    endpoint: str
    label: LazyString
    inside: Sequence[str] = ()

    def holds(self, endpoint: str) -> bool:
        """Is this its endpoint, or one of those under it?"""
        return endpoint == self.endpoint or any(
            endpoint.startswith(one) if one.endswith(".") else endpoint == one for one in self.inside
        )


@dataclass(frozen=True, slots=True)
class Group:
    """Pages that belong together; the first one is where its name leads."""

    label: LazyString
    pages: Sequence[Page]


GROUPS: Sequence[Group] = (
    Group(_l("Overview"), (Page("treasury.home", _l("Overview"), ("treasury.cash",)),)),
    Group(
        _l("Bank"),
        (
            Page(
                "statements.index",
                _l("Statements"),
                ("statements.", "statement_columns.", "reconciliation."),
            ),
            Page("reconciled.index", _l("Books and bank"), ("reconciled.",)),
        ),
    ),
    Group(
        _l("Payments"),
        (
            Page("payments.search", _l("Payments"), ("payments.", "refunds.")),
            Page("attention.index", _l("Attention"), ("attention.",)),
            Page("desk_money.index", _l("Cash and cheques"), ("desk_money.",)),
            Page("refunds.card", _l("Cards"), ("refunds.payout", "disputes.")),
            Page("papers.index", _l("Papers"), ("papers.",)),
            Page("gifts.index", _l("Gifts"), ("gifts.",)),
        ),
    ),
    Group(
        _l("Funds"),
        (
            Page(
                "treasury.funds",
                _l("Funds"),
                (
                    "treasury.fund",
                    "entries.new_transfer",
                    "funds.new_fund",
                    "funds.describe_fund",
                    "funds.new_overdraft",
                ),
            ),
            Page("funds.all_commitments", _l("Commitments"), ("funds.new_commitment", "funds.commitment")),
            Page("funds.entities", _l("Legal entities"), ("funds.",)),
        ),
    ),
    Group(
        _l("Books"),
        (
            Page(
                "treasury.journal",
                _l("Journal"),
                ("treasury.entry", "entries.", "documents.", "funds.new_opening"),
            ),
            Page(
                "treasury.trial_balance",
                _l("Trial balance"),
                ("treasury.trial_balance_csv", "treasury.account"),
            ),
            Page("books.chart_of_accounts", _l("Chart of accounts")),
            Page("books.money_changed", _l("Exchange"), ("books.new_conversion", "books.new_rate")),
            Page(
                "books.all_periods",
                _l("Periods"),
                ("books.reopen_period", "books.the_year_end", "books.close_period", "books.close_again"),
            ),
        ),
    ),
    Group(_l("Reports"), (Page("reports.index", _l("Reports"), ("reports.",)),)),
    Group(
        _l("Audit"),
        (
            Page("audit.sample", _l("Sample")),
            Page("treasury.vouchers_missing", _l("Vouchers missing")),
            Page("treasury.check", _l("Check of the journal")),
        ),
    ),
)
"""The whole menu, in its order."""


def where(endpoint: str) -> tuple[Group, Page] | None:
    """The group and page under which `endpoint` stands, by its own name first, then by its room.

    None outside the treasury.
    """
    every = [(group, page) for group in GROUPS for page in group.pages]
    exact = (one for one in every if endpoint in (one[1].endpoint, *one[1].inside))
    return next(exact, None) or next((one for one in every if one[1].holds(endpoint)), None)
