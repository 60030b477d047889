"""Money as integers of the currency's smallest unit, and the only place where amounts are read or shown.

Sources: ISO 4217 for the exponents; the split is k ↦ ⌊T·k/n⌋ − ⌊T·(k−1)/n⌋, which loses nothing and never
differs by more than one unit between parts.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from babel import Locale
from babel.numbers import format_currency, get_currency_symbol, get_decimal_symbol, get_group_symbol
from flask_babel import get_locale

from shared.errors import DomainError
from shared.i18n import SOURCE_LOCALE, _l, told

EXPONENTS = {
    **dict.fromkeys("ARS AUD BOB BRL CAD CDF CHF COP CVE DZD EGP ETB EUR GBP GHS GMD HTG IDR INR KES MAD "
                    "MGA MRU MXN MZN NGN NPR PEN PHP THB TZS USD ZAR ZMW".split(), 2),
    **dict.fromkeys("BIF CLP DJF GNF JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF".split(), 0),
    **dict.fromkeys(("KWD", "TND"), 3),
}  # fmt: skip

_SPACES = "\u0020\u00a0\u202f\u2009"
_LARGEST = 10**15  # beyond any treasury here, and far inside a 64-bit integer


class BadAmount(DomainError):
    """The text is not an amount in this currency and locale."""

    code = "bad_amount"
    status = 422
    message = _l("This amount could not be read. Write it like %(example)s.")


class CurrencyMismatch(TypeError):
    """Two currencies met in one sum: a mistake of the program, never of the user."""


def exponent(currency: str) -> int:
    """Number of decimals of `currency` (ISO 4217). Raises `KeyError` for a currency nobody has set up."""
    return EXPONENTS[currency]


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in minor units (cents of CAD, whole francs of XOF) of one currency."""

    minor: int
    currency: str

    def __post_init__(self) -> None:
        if isinstance(self.minor, bool) or not isinstance(self.minor, int):
            raise TypeError(f"minor units are an integer, not {self.minor!r}")
        if self.currency not in EXPONENTS:
            raise ValueError(f"unknown currency {self.currency!r}")

    @classmethod
    def zero(cls, currency: str) -> "Money":
        return cls(0, currency)

    @classmethod
    def of(cls, text: str, currency: str) -> "Money":
        """Read a plain decimal such as ``"4500.00"`` (data files, APIs). Raises `BadAmount`."""
        places = exponent(currency) if currency in EXPONENTS else 0
        pattern = rf"-?[0-9]{{1,15}}(\.[0-9]{{{places}}})?" if places else r"-?[0-9]{1,15}"
        if currency not in EXPONENTS or not re.fullmatch(pattern, text):
            raise BadAmount(example="4500.00")
        return cls(int(Decimal(text).scaleb(places)), currency)

    @classmethod
    def total(cls, amounts: Iterable["Money"], currency: str) -> "Money":
        """The sum of `amounts`, all in `currency`."""
        minor = 0
        for one in amounts:
            if one.currency != currency:
                raise CurrencyMismatch(f"{one} meets {currency}")
            minor += one.minor
        return cls(minor, currency)

    @classmethod
    def parse(cls, text: str, currency: str, locale: str) -> "Money":
        """Read what a person typed, by the locale's own rule, or refuse; never guess.

        The locale's decimal sign and grouping are accepted, and a space for grouping in every locale.
        Groups must be of three. No exponent, sign, underscore or non-ASCII digit is an amount. Where the
        other convention would give another value (``4,500`` in English is 4500, in French refused), the
        locale decides. Raises `BadAmount` with an example in the locale.
        """
        found = Locale.parse(locale.replace("-", "_"))
        decimal, group = get_decimal_symbol(found), get_group_symbol(found)
        groups = _SPACES + (group if group not in _SPACES and group != decimal else "")
        places = exponent(currency)
        fraction = (
            rf"(?:{re.escape(decimal)}(?P<fraction>[0-9]{{1,{places}}}))?" if places else "(?P<fraction>)"
        )
        grouped = rf"[0-9]{{1,3}}(?:(?P<mark>[{re.escape(groups)}])[0-9]{{3}}(?:(?P=mark)[0-9]{{3}})*)?"
        match = re.fullmatch(rf"(?P<whole>{grouped}|[0-9]{{1,15}}){fraction}", text.strip(_SPACES))
        minor = _LARGEST + 1
        if match:
            whole = re.sub(r"[^0-9]", "", match["whole"])
            found_parts: dict[str, str | None] = match.groupdict()
            cents = (found_parts.get("fraction") or "").ljust(places, "0")
            minor = int(whole) * 10**places + int(cents or "0")
        if minor > _LARGEST:
            raise BadAmount(example=format_plain(cls(4500 * 10**places, currency), locale))
        return cls(minor, currency)

    def split(self, parts: int) -> list["Money"]:
        """`parts` shares that add up exactly and differ by one minor unit at the most."""
        if parts < 1:
            raise ValueError("a split has at least one part")
        cut = [self.minor * k // parts for k in range(parts + 1)]
        return [Money(cut[k + 1] - cut[k], self.currency) for k in range(parts)]

    def convert(self, rate: Fraction, currency: str) -> "Money":
        """This amount in `currency`, at `rate` units of it for one unit of this one; half away from zero."""
        exact = Fraction(self.minor, 10 ** exponent(self.currency)) * rate * 10 ** exponent(currency)
        half = Fraction(1, 2)
        rounded = int(exact + half) if exact >= 0 else -int(-exact + half)
        return Money(rounded, currency)

    def decimal(self) -> str:
        """Plain decimal text, e.g. ``4500.00`` or ``830000`` (XOF): the form used on the wire."""
        places = exponent(self.currency)
        return str(Decimal(self.minor).scaleb(-places)) if places else str(self.minor)

    def __str__(self) -> str:
        return f"{self.decimal()} {self.currency}"

    def __bool__(self) -> bool:
        return self.minor != 0

    def __add__(self, other: "Money") -> "Money":
        return Money(self.minor + self._same(other), self.currency)

    def __sub__(self, other: "Money") -> "Money":
        return Money(self.minor - self._same(other), self.currency)

    def __mul__(self, times: int) -> "Money":
        return Money(self.minor * times, self.currency)

    def __neg__(self) -> "Money":
        return Money(-self.minor, self.currency)

    def __abs__(self) -> "Money":
        return Money(abs(self.minor), self.currency)

    def __lt__(self, other: "Money") -> bool:
        return self.minor < self._same(other)

    def __le__(self, other: "Money") -> bool:
        return self.minor <= self._same(other)

    def __gt__(self, other: "Money") -> bool:
        return self.minor > self._same(other)

    def __ge__(self, other: "Money") -> bool:
        return self.minor >= self._same(other)

    def _same(self, other: "Money") -> int:
        if other.currency != self.currency:
            raise CurrencyMismatch(f"{self} meets {other}")
        return other.minor


def format_plain(amount: Money, locale: str) -> str:
    """The figure alone, as people of `locale` write it: ``4 500,00`` or ``4,500.00``."""
    places = exponent(amount.currency)
    pattern = "#,##0." + "0" * places if places else "#,##0"
    return _format(amount, locale, f"{pattern};\u2212{pattern}")


def format_money(amount: Money, locale: str) -> str:
    """The figure with its currency: ``4 500,00 CAD``, ``830 000 F CFA``, ``1 000,00 €``."""
    return f"{format_plain(amount, locale)}\u00a0{_label(amount.currency, locale)}"


told.register(Money, lambda amount: format_money(amount, str(get_locale() or SOURCE_LOCALE)))


def _label(currency: str, locale: str) -> str:
    """One sign everywhere: $ alone would be ambiguous between dollars, and CLDR varies XOF by region."""
    if currency in ("XOF", "XAF"):
        return "F\u202fCFA"
    symbol: str = get_currency_symbol(currency, locale)
    return currency if "$" in symbol else symbol


def _format(amount: Money, locale: str, pattern: str) -> str:
    value = Decimal(amount.decimal())
    text: str = format_currency(
        value,
        amount.currency,
        format=pattern,
        locale=Locale.parse(locale),
        currency_digits=False,  # ISO's decimals: CLDR has none for some currencies that have cents
    )
    return text.replace("-", "\u2212")
