"""Test cards and what they do. A number that is not a test card is refused and never kept."""

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Decline:
    """Why a card was refused, in Stripe's words."""

    code: str
    decline_code: str | None
    message: str


DECLINES = {
    "4000000000000002": Decline("card_declined", "generic_decline", "Your card was declined."),
    "4000000000009995": Decline("card_declined", "insufficient_funds", "Your card has insufficient funds."),
    "4000000000009987": Decline("card_declined", "lost_card", "Your card was declined."),
    "4000000000000069": Decline("expired_card", "expired_card", "Your card has expired."),
    "4000000000000127": Decline("incorrect_cvc", "incorrect_cvc", "Your card's security code is incorrect."),
    "4000000000000119": Decline(
        "processing_error", "processing_error", "An error occurred while processing it."
    ),
}
_WRONG_NUMBER = Decline("incorrect_number", None, "Your card number is incorrect.")
_NOT_A_TEST = Decline(
    "card_declined", "test_mode_live_card", "Your card was declined: it is not a test card."
)

LATER = {
    "4000000000000341": Decline("card_declined", "generic_decline", "Your card was declined."),
    "4000002760003184": Decline(
        "authentication_required", "authentication_required", "This transaction requires authentication."
    ),
}
"""Cards that may be kept on file, and are refused when they are charged without their holder."""

DISPUTED = frozenset({"4000000000000259"})
"""Cards whose holder says, once it is paid, that they never paid."""

ACCEPTED = {
    "4000000000000259": "visa",
    "4242424242424242": "visa",
    "4000056655665556": "visa",
    "5555555555554444": "mastercard",
    "378282246310005": "amex",
}

METHODS = {
    "pm_card_authenticationRequired": "4000002760003184",
    "pm_card_chargeCustomerFail": "4000000000000341",
    "pm_card_createDispute": "4000000000000259",
    "pm_card_visa": "4242424242424242",
    "pm_card_mastercard": "5555555555554444",
    "pm_card_chargeDeclined": "4000000000000002",
    "pm_card_visa_chargeDeclined": "4000000000000002",
    "pm_card_chargeDeclinedInsufficientFunds": "4000000000009995",
    "pm_card_visa_chargeDeclinedInsufficientFunds": "4000000000009995",
    "pm_card_chargeDeclinedExpiredCard": "4000000000000069",
}
"""Payment methods that a test may name instead of typing a card."""


def read_number(text: str) -> str:
    """The digits of a card number as people type it, with spaces or hyphens."""
    return re.sub(r"[\s-]", "", text)


def judge(number: str, *, attaching: bool = False) -> Decline | None:
    """`None` for a card that pays (or may be kept, when `attaching`), otherwise why it does not."""
    if number in ACCEPTED or (attaching and number in LATER):
        return None
    if number in LATER:
        return LATER[number]
    if number in DECLINES:
        return DECLINES[number]
    return _NOT_A_TEST if _passes_luhn(number) else _WRONG_NUMBER


def last_four(number: str) -> str:
    """The end of a test card's number; of any other number nothing is kept."""
    return number[-4:] if number in {*ACCEPTED, *DECLINES, *LATER} else "0000"


def brand(number: str) -> str:
    """The network of the card."""
    return ACCEPTED.get(number, "visa")


def _passes_luhn(number: str) -> bool:
    if not re.fullmatch(r"[0-9]{12,19}", number):
        return False
    digits = [int(digit) for digit in reversed(number)]
    return (sum(digits[::2]) + sum(sum(divmod(2 * digit, 10)) for digit in digits[1::2])) % 10 == 0
