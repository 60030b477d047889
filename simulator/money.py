"""Stripe's minor units, smallest charges and the fee the simulator takes (2.9 % and 0.30)."""

from babel.numbers import format_currency

from simulator.wire import LARGEST, StripeProblem

ZERO_DECIMAL = frozenset("bif clp djf gnf jpy kmf krw mga pyg rwf vnd vuv xaf xof xpf".split())
THREE_DECIMAL = frozenset("bhd jod kwd omr tnd".split())
HUNDREDS_ONLY = frozenset({"isk", "ugx"})  # no cents any more, but still written with two decimals
KNOWN = ZERO_DECIMAL | THREE_DECIMAL | HUNDREDS_ONLY | frozenset(
    "aud brl cad chf dkk eur gbp htg inr mad mxn nok nzd pen php pln sek usd zar".split()
)  # fmt: skip

_FIXED = {"xof": 197, "xaf": 197}  # 0.30 euro at the fixed 655.957 francs
_SMALLEST = {"xof": 100, "xaf": 100}


def decimals(currency: str) -> int:
    """Number of decimals Stripe writes `currency` (lower case) with."""
    return 0 if currency in ZERO_DECIMAL else 3 if currency in THREE_DECIMAL else 2


def fee(amount: int, currency: str) -> int:
    """What is kept of a charge of `amount` minor units: 2.9 % (half up) and a fixed part."""
    fixed = _FIXED.get(currency, 300 if decimals(currency) == 3 else 30)
    return min(amount, (amount * 29 + 500) // 1000 + fixed)


def read_currency(code: str, param: str) -> str:
    """The currency in lower case; refuses one that Stripe does not know."""
    currency = code.lower()
    if currency not in KNOWN:
        raise StripeProblem(f"Invalid currency: {currency}.", param=param)
    return currency


def check_amount(amount: int, currency: str, param: str) -> None:
    """Refuse an amount that Stripe would refuse for this currency."""
    if amount > LARGEST:
        raise StripeProblem(f"Amount must be no more than {LARGEST}", code="amount_too_large", param=param)
    if amount < _SMALLEST.get(currency, 500 if decimals(currency) == 3 else 50):
        raise StripeProblem("Amount is below the smallest charge", code="amount_too_small", param=param)
    step = 10 if currency in THREE_DECIMAL else 100 if currency in HUNDREDS_ONLY else 1
    if amount % step:
        message = f"Invalid amount. Amounts in {currency.upper()} must be evenly divisible by {step}."
        raise StripeProblem(message, param=param)


def shown(amount: int, currency: str, locale: str) -> str:
    """The amount as people of `locale` (fr, en) read it."""
    places = decimals(currency)
    pattern = "#,##0" + ("." + "0" * places if places and currency not in HUNDREDS_ONLY else "") + "\u00a0¤¤"
    return str(format_currency(amount / 10**places, currency.upper(), pattern, locale, currency_digits=False))
