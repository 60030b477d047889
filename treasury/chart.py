"""The default chart of accounts of a small non-profit, by code. Each opens per currency on first use."""

from sqlalchemy import select

from shared.database import db
from shared.i18n import _l
from treasury.models import Account, AccountKind

BANK = "1010"
STRIPE = "1020"
CASH = "1030"
MOBILE_MONEY = "1040"
CHEQUES = "1050"
DISPUTED = "1060"
ADVANCES = "1200"
CONVERSION = "1800"
SUSPENSE = "1900"
CREDITS = "2100"
OPENING = "3000"
CARRIED_RESTRICTED = "3100"
CARRIED = "3200"
YEAR_RESULT = "3900"
SAVINGS = "4100"
MATCHES = "4200"
GRANTS = "4300"
GIFTS = "4400"
FEES = "4500"
TRANSFERS = "4900"
TRAVEL = "5100"
STAY = "5200"
GATHERING = "5300"
BANK_FEES = "5800"
EXCHANGE = "5900"
CASH_DIFFERENCES = "5950"

CHART = {
    BANK: (AccountKind.ASSET, _l("Bank")),
    STRIPE: (AccountKind.ASSET, _l("Card payments (Stripe)")),
    CASH: (AccountKind.ASSET, _l("Cash box")),
    MOBILE_MONEY: (AccountKind.ASSET, _l("Mobile money")),
    CHEQUES: (AccountKind.ASSET, _l("Cheques to deposit")),
    DISPUTED: (AccountKind.ASSET, _l("Card payments in dispute")),
    ADVANCES: (AccountKind.ASSET, _l("Advances to people")),
    CONVERSION: (AccountKind.EQUITY, _l("Currency conversion")),
    SUSPENSE: (AccountKind.LIABILITY, _l("To be clarified")),
    CREDITS: (AccountKind.LIABILITY, _l("Credits of payers")),
    OPENING: (AccountKind.EQUITY, _l("Opening balances")),
    CARRIED_RESTRICTED: (AccountKind.EQUITY, _l("Restricted funds carried forward")),
    CARRIED: (AccountKind.EQUITY, _l("Free funds carried forward")),
    YEAR_RESULT: (AccountKind.EQUITY, _l("Results of closed years")),
    SAVINGS: (AccountKind.INCOME, _l("Savings deposits")),
    MATCHES: (AccountKind.INCOME, _l("Matches received")),
    GRANTS: (AccountKind.INCOME, _l("Grants received")),
    GIFTS: (AccountKind.INCOME, _l("Gifts")),
    FEES: (AccountKind.INCOME, _l("Registration fees")),
    TRANSFERS: (AccountKind.EQUITY, _l("Transfers between funds")),
    TRAVEL: (AccountKind.EXPENSE, _l("Travel")),
    STAY: (AccountKind.EXPENSE, _l("Stay and health")),
    GATHERING: (AccountKind.EXPENSE, _l("Cost of the gathering")),
    BANK_FEES: (AccountKind.EXPENSE, _l("Bank and card fees")),
    EXCHANGE: (AccountKind.EXPENSE, _l("Exchange differences")),
    CASH_DIFFERENCES: (AccountKind.EXPENSE, _l("Cash differences")),
}
"""Code → kind and label. Shown in the reader's language; `Account.name` keeps the English one."""


NOT_SPENDABLE = frozenset({ADVANCES, DISPUTED})
"""Assets that are with people or in dispute, and cannot be paid out."""


def open_chart(currency: str) -> None:
    """Open every account of the chart in `currency`; those already open stay as they are."""
    known = set(db.session.scalars(select(Account.code).where(Account.currency == currency)))
    for code, (kind, label) in CHART.items():
        if code not in known:
            db.session.add(
                Account(
                    code=code,
                    name=label._args[0],
                    kind=kind,
                    currency=currency,
                    spendable=code not in NOT_SPENDABLE,
                )
            )
    db.session.flush()
