"""Stripe's minor units, which are not ISO 4217's for every currency."""

from shared.money import Money, exponent
from treasury.cards.gateway_errors import NotChargeable

# Where Stripe counts otherwise than ISO 4217 (docs.stripe.com/currencies): its number of decimals, and the
# step an amount must be a multiple of.
_STRIPE_DECIMALS = {"MGA": 0, "UGX": 2, "ISK": 2}
_STRIPE_STEP = {"UGX": 100, "ISK": 100, "BHD": 10, "JOD": 10, "KWD": 10, "OMR": 10, "TND": 10}
_STRIPE_LARGEST = 99_999_999


def to_stripe(amount: Money) -> int:
    """`amount` in Stripe's minor units. Raises `NotChargeable` for what it could not charge."""
    finer, coarser = _factors(amount.currency)
    units, rest = divmod(amount.minor * finer, coarser)
    if rest or units % _STRIPE_STEP.get(amount.currency, 1) or not 0 < units <= _STRIPE_LARGEST:
        raise NotChargeable(amount=amount)
    return units


def from_stripe(units: int, currency: str) -> Money:
    """Stripe's minor units as `Money`. Raises `ValueError` for a fraction that our currency does not have."""
    code = currency.upper()
    finer, coarser = _factors(code)
    minor, rest = divmod(units * coarser, finer)
    if rest:
        raise ValueError(f"{units} is not a whole amount of {code}")
    return Money(minor, code)


def _factors(currency: str) -> tuple[int, int]:
    """By how much Stripe's unit is finer, and by how much coarser, than ours."""
    ours = exponent(currency)
    theirs = _STRIPE_DECIMALS.get(currency, ours)
    return int(10 ** max(theirs - ours, 0)), int(10 ** max(ours - theirs, 0))
