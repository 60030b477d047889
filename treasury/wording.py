"""What the treasury's codes are called, for people."""

import re
from decimal import Context, Decimal
from fractions import Fraction

from babel.numbers import format_decimal

from shared.forms import reader
from shared.i18n import LazyString, _, _l, ngettext
from shared.money import EXPONENTS, BadAmount, Money, format_money
from treasury import chart
from treasury.books import rates
from treasury.books.rates import Rate
from treasury.cards.models import RefundStatus
from treasury.models import Account, AccountKind, ExchangeRate, FundKind, PaymentMethod, PaymentStatus
from treasury.paper.models import GiftNature, PaperKind
from treasury.queries import BalanceRow
from treasury.statements.values import FEE

FUND_KINDS: dict[FundKind, LazyString] = {
    FundKind.UNRESTRICTED: _l("free to use"),
    FundKind.RESTRICTED: _l("restricted"),
    FundKind.POOL: _l("support fund"),
    FundKind.MATCH: _l("match"),
}

ACCOUNT_KINDS: dict[AccountKind, LazyString] = {
    AccountKind.ASSET: _l("What we have"),
    AccountKind.LIABILITY: _l("What we owe"),
    AccountKind.EQUITY: _l("Openings and transfers"),
    AccountKind.INCOME: _l("Income"),
    AccountKind.EXPENSE: _l("Spending"),
}

METHODS: dict[PaymentMethod, LazyString] = {
    PaymentMethod.CARD: _l("card"),
    PaymentMethod.TRANSFER: _l("bank transfer"),
    PaymentMethod.CHEQUE: _l("cheque"),
    PaymentMethod.CASH: _l("cash"),
    PaymentMethod.MOBILE_MONEY: _l("mobile money"),
    PaymentMethod.INTERNAL: _l("another fund"),
}

PAPER_TITLES: dict[PaperKind, LazyString] = {
    PaperKind.RECEIPT: _l("Payment receipt"),
    PaperKind.DEPOSIT: _l("Acknowledgement of a deposit"),
    PaperKind.INVOICE: _l("Invoice"),
    PaperKind.CREDIT_NOTE: _l("Credit note"),
    PaperKind.DONATION: _l("Official donation receipt"),
}

GIFT_NATURES: dict[GiftNature, LazyString] = {
    GiftNature.MONEY: _l("money"),
    GiftNature.KIND: _l("goods"),
    GiftNature.SERVICE: _l("a service"),
}

PAYMENT_STATES: dict[PaymentStatus, tuple[str, LazyString]] = {
    PaymentStatus.REQUESTED: ("wait", _l("asked for")),
    PaymentStatus.RECORDED: ("wait", _l("to be approved")),
    PaymentStatus.SETTLED: ("good", _l("paid")),
    PaymentStatus.RETURNED: ("bad", _l("taken back")),
    PaymentStatus.CANCELLED: ("off", _l("cancelled")),
}
"""The shape of each state (see `tag` in templates/macros/page.html) and its word."""

REFUND_STATES: dict[RefundStatus, tuple[str, LazyString]] = {
    RefundStatus.REQUESTED: ("wait", _l("to be approved")),
    RefundStatus.APPROVED: ("wait", _l("on its way")),
    RefundStatus.DONE: ("good", _l("given back to the payer")),
    RefundStatus.FAILED: ("bad", _l("came back")),
    RefundStatus.DROPPED: ("off", _l("not given back")),
}
"""The shape of each state and its word."""

ATTENTION: dict[str, tuple[LazyString, LazyString]] = {
    "paid_twice": (_l("Paid twice"), _l("Give one of the two back, or keep it with the payer’s consent.")),
    "paid_after_cancellation": (
        _l("Paid after it was cancelled"),
        _l("Give it back, or credit it to something else."),
    ),
    "other_amount": (
        _l("Another amount than asked"),
        _l("Ask for the rest, or give the surplus back."),
    ),
    "surplus": (_l("More than the plan’s target"), _l("Ask the payer what the surplus is for.")),
    "plan_closed": (_l("Paid into a closed plan"), _l("Ask the payer what it is for.")),
    "cancelled_after_payment": (
        _l("Cancelled after it was paid"),
        _l("Give it back, or credit it to something else."),
    ),
    "registration_unknown": (_l("Paid for a registration that is gone"), _l("Find out whom it is for.")),
    "paid_while_cancelled": (
        _l("Paid for a cancelled registration"),
        _l("Give it back, or register the person again."),
    ),
    "paid_while_waitlisted": (
        _l("Paid while on the waiting list"),
        _l("Keep it for the place to come, or give it back."),
    ),
    "over_paid": (_l("More than was asked"), _l("Keep the surplus as credit, or give it back.")),
    "under_paid": (_l("Less than was asked"), _l("Ask for the rest.")),
    "wrong_currency": (
        _l("Paid in another currency"),
        _l("It is kept as the payer’s credit. Give it back, or change it at the rate of the day and use it."),
    ),
    "paid_by_other": (
        _l("Paid by somebody else"),
        _l("Usual between partners. If it was a mistake, give it back."),
    ),
    "refund_failed": (
        _l("A refund did not arrive"),
        _l("The payer’s bank sent it back. Ask the payer for another way, or keep it as their credit."),
    ),
    "refund_elsewhere": (
        _l("Given back at the card network itself"),
        _l("Nobody approved it here. Find out who did it, and why."),
    ),
    "dispute_opened": (
        _l("A card payment is disputed"),
        _l("Answer the card’s bank before the date it gives, with the registration and the messages."),
    ),
    "dispute_lost": (
        _l("A dispute was lost"),
        _l("The payment is gone: ask the payer to pay otherwise, or cancel what it was for."),
    ),
    "payout_failed": (
        _l("A payout came back"),
        _l("Check the bank account that the card network has on file."),
    ),
    "payout_unexplained": (
        _l("A payout that its parts do not explain"),
        _l("Compare it with the card network’s own list."),
    ),
    "unknown_card_money": (
        _l("Card money that nobody asked for here"),
        _l("Find out what it is; then write it from “To be clarified” to where it belongs."),
    ),
    "taken_back": (
        _l("The bank took a payment back"),
        _l("Ask the payer to pay otherwise, or leave it if they have already."),
    ),
    "owed_again": (
        _l("A payment came back, and is asked for again"),
        _l("The place is kept, and the person written to if we have an address. Paid, it leaves this list."),
    ),
    "card_failing": (
        _l("A kept card is refused"),
        _l("The payer was written to. Call them: another card, or a transfer."),
    ),
    "fund_overdrawn": (
        _l("A fund is overdrawn"),
        _l("Cover it from another fund, or have an overdraft allowed."),
    ),
}
"""Kind → what it is, and the likely thing to do."""

COMMITMENT_STEPS: dict[str, LazyString] = {
    "reserved": _l("promised"),
    "consumed": _l("paid"),
    "released": _l("given back"),
    "expired": _l("its last day is over"),
}

RATE_SOURCES: dict[str, LazyString] = {
    rates.CENTRAL_BANK: _l("European Central Bank"),
    rates.FIXED: _l("fixed parity"),
    rates.TYPED: _l("typed"),
}

OPEN_PLACES: dict[str, tuple[str, dict[str, str]]] = {
    "drafts": ("treasury.home", {"_anchor": "waiting"}),
    "bank_lines": ("statements.index", {}),
    "attention": ("attention.index", {}),
    "suspense": ("treasury.account", {"code": chart.SUSPENSE}),
    "advances": ("treasury.account", {"code": chart.ADVANCES}),
    "no_document": ("treasury.vouchers_missing", {}),
    "overdrawn": ("treasury.funds", {}),
    "expired_commitments": ("funds.all_commitments", {}),
}
"""Kind of what is open → the page where it is settled."""


def open_words(kind: str, count: int) -> str:
    """What is open, as it is said after its number."""
    words: dict[str, str] = {
        "drafts": ngettext("draft waits for approval", "drafts wait for approval", count),
        "bank_lines": ngettext("bank line is not explained", "bank lines are not explained", count),
        "attention": ngettext("thing asks for attention", "things ask for attention", count),
        "suspense": ngettext(
            "fund holds money that is to be clarified", "funds hold money that is to be clarified", count
        ),
        "advances": ngettext("fund has advances with people", "funds have advances with people", count),
        "no_document": ngettext("spending entry has no document", "spending entries have no document", count),
        "overdrawn": ngettext("fund is overdrawn", "funds are overdrawn", count),
        "expired_commitments": ngettext(
            "promise is past its last day", "promises are past their last day", count
        ),
    }
    return words[kind]


DECLINES: dict[str, LazyString] = {
    "authentication_required": _l("its holder must confirm with their bank"),
    "card_declined": _l("the bank refuses the card"),
    "expired_card": _l("the card is out of date"),
    "generic_decline": _l("the bank refuses the card"),
    "incorrect_cvc": _l("the security code is wrong"),
    "incorrect_number": _l("the number of the card is wrong"),
    "insufficient_funds": _l("there is not enough money on the card"),
    "invalid_account": _l("the card’s account is closed"),
    "lost_card": _l("the card was declared lost"),
    "pickup_card": _l("the bank withdrew the card"),
    "processing_error": _l("the bank did not answer"),
    "stolen_card": _l("the card was declared stolen"),
    "test_mode_live_card": _l("it is not a test card"),
}
"""Why a card is refused, in the network's codes → in words."""

DISPUTE_ENDS: dict[str, LazyString] = {
    "won": _l("won"),
    "lost": _l("lost"),
    "warning_closed": _l("closed without a dispute"),
    "prevented": _l("prevented before it began"),
}
"""How a dispute ended, in the network's codes → in words."""

WHERE: dict[str, tuple[str, str, LazyString]] = {
    "dispute_opened": ("disputes.dispute", "object_id", _l("Answer the dispute")),
    "fund_overdrawn": ("entries.new_transfer", "", _l("Cover it from another fund")),
    "payout_failed": ("refunds.payout", "object_id", _l("See the payout")),
    "payout_unexplained": ("refunds.payout", "object_id", _l("See the payout")),
    "unknown_card_money": ("entries.new_entry", "", _l("Write where it belongs")),
}
"""Kind → the page where it is dealt with, what of it the end of the key fills in, what the link says."""

UNKNOWN_ATTENTION = (_l("Something about money"), _l("Look at the payment and decide."))


_AMOUNT = re.compile(r"(-?[0-9]+(?:\.[0-9]+)?) ([A-Z]{3})\b")
_DECLINE = re.compile(rf"\b({'|'.join(DECLINES)})\b")


def bank_words(text: str) -> str:
    """What a bank line says, with the word of ours in it (a fee apart from its movement) in the reader's."""
    return text.replace(FEE, _("Fee"))


def in_words(details: str) -> str:
    """The details of something on the attention list: amounts and a bank's reasons in the reader's words."""

    def shown(found: re.Match[str]) -> str:
        if found[2] not in EXPONENTS:
            return found[0]
        try:
            return format_money(Money.of(found[1], found[2]), reader())
        except BadAmount:
            return found[0]

    return _DECLINE.sub(lambda found: str(DECLINES[found[0]]), _AMOUNT.sub(shown, details))


def account_name(account: Account | BalanceRow) -> str:
    """The account's name in the reader's language: the chart's, or its own if it was added."""
    known = chart.CHART.get(account.code)
    return str(known[1]) if known else account.name


def rate_figure(rate: ExchangeRate | Rate) -> str:
    """A rate to seven digits, as the reader writes figures; the exact value stays in the books."""
    value = rate.value if isinstance(rate, Rate) else Fraction(rate.numerator, rate.denominator)
    rounded = Context(prec=7).divide(Decimal(value.numerator), Decimal(value.denominator))
    return str(format_decimal(rounded, format="#,##0.#########", locale=reader()))


def rate_told(rate: ExchangeRate | Rate) -> str:
    """A rate and where it was read, in one line."""
    return f"1 {rate.base} = {rate_figure(rate)} {rate.quote} · {rate_source(rate.source)}"


def rate_source(source: str) -> str:
    """Where a rate was read, in the reader's language where it is one of our own sources."""
    return " × ".join(str(RATE_SOURCES.get(part, part)) for part in source.split(" × "))
