"""Amounts are read by the reader's own rule or refused, never guessed; sharing them loses nothing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.money import EXPONENTS, BadAmount, CurrencyMismatch, Money, format_money, format_plain

LOCALES = ("fr", "en", "es", "pt")
NARROW, HARD = "\u202f", "\u00a0"

_MOST = 10**15 - 1
amounts = st.builds(Money, st.integers(-_MOST, _MOST), st.sampled_from(sorted(EXPONENTS)))
positive = st.builds(Money, st.integers(0, _MOST), st.sampled_from(sorted(EXPONENTS)))


@pytest.mark.parametrize(
    ("text", "locale", "minor"),
    [
        ("4 500,00", "fr", 450000),
        (f"4{NARROW}500,00", "fr", 450000),
        (f"4{HARD}500,00", "fr", 450000),
        ("4500,5", "fr", 450050),
        ("4500", "fr", 450000),
        ("4,500.00", "en", 450000),
        ("4,500", "en", 450000),
        ("4 500.00", "en", 450000),
        ("4.500,00", "es", 450000),
        ("4.500,00", "pt", 450000),
        ("0,00", "fr", 0),
        ("1 234 567,89", "fr", 123456789),
        ("  750,00 ", "fr", 75000),
    ],
)
def test_amounts_are_understood_by_the_reader_s_own_rule(text: str, locale: str, minor: int) -> None:
    assert Money.parse(text, "CAD", locale) == Money(minor, "CAD")


@pytest.mark.parametrize(
    ("text", "locale"),
    [
        ("1e3", "fr"),
        ("1e3", "en"),
        ("NaN", "en"),
        ("Infinity", "en"),
        ("1_000", "fr"),
        ("1_000", "en"),
        ("−5", "fr"),
        ("-5", "fr"),
        ("+5", "fr"),
        ("(5,00)", "fr"),
        ("٤٥٠٠", "fr"),  # Arabic digits
        ("४५००", "en"),
        ("４５００", "en"),  # full-width digits
        ("½", "fr"),
        ("4,500.00", "fr"),
        ("4.500,00", "en"),
        ("4 500,00", "en"),
        ("4500.00", "fr"),
        ("4,500", "fr"),  # three decimals, or a thousand? French has no comma for thousands
        ("4,50,000", "en"),
        ("45,00", "en"),
        ("1 23", "fr"),
        ("12 3456", "fr"),
        ("1 234567", "fr"),
        ("1,234 567.00", "en"),  # two marks in one number
        ("12,345", "fr"),
        ("1,", "fr"),
        (",50", "fr"),
        ("", "fr"),
        (" ", "fr"),
        ("12 $", "fr"),
        ("CAD 12", "fr"),
        ("9999999999999999", "fr"),
        ("10000000000000,01", "fr"),
        ("1\n000", "en"),
        ("1000\n", "en"),
    ],
)
def test_everything_else_is_refused(text: str, locale: str) -> None:
    with pytest.raises(BadAmount):
        Money.parse(text, "CAD", locale)


@pytest.mark.parametrize(
    ("text", "currency", "minor"), [("830 000", "XOF", 830000), ("7,5", "TND", 7500), ("7,505", "TND", 7505)]
)
def test_each_currency_has_its_own_decimals(text: str, currency: str, minor: int) -> None:
    assert Money.parse(text, currency, "fr").minor == minor


@pytest.mark.parametrize(("text", "currency"), [("830 000,00", "XOF"), ("1,5", "XOF"), ("7,5055", "TND")])
def test_more_decimals_than_the_currency_has_are_refused(text: str, currency: str) -> None:
    with pytest.raises(BadAmount):
        Money.parse(text, currency, "fr")


def test_the_refusal_shows_how_it_is_written_here() -> None:
    with pytest.raises(BadAmount, match=f"4{NARROW}500,00"):
        Money.parse("4,500.00", "CAD", "fr")
    with pytest.raises(BadAmount, match=r"4,500\.$"):
        Money.parse("x", "XOF", "en")


@given(positive, st.sampled_from(LOCALES))
def test_what_is_shown_is_read_back(amount: Money, locale: str) -> None:
    assert Money.parse(format_plain(amount, locale), amount.currency, locale) == amount


@given(amounts)
def test_the_wire_says_the_whole_amount(amount: Money) -> None:
    assert Money.of(amount.decimal(), amount.currency) == amount


@given(amounts, st.sampled_from(LOCALES))
def test_a_minus_is_a_true_minus(amount: Money, locale: str) -> None:
    shown = format_money(amount, locale)
    assert "-" not in shown
    assert ("\u2212" in shown) == (amount.minor < 0)


@given(st.text(max_size=12), st.sampled_from(LOCALES), st.sampled_from(("CAD", "XOF", "TND")))
def test_no_text_is_half_understood(text: str, locale: str, currency: str) -> None:
    try:
        amount = Money.parse(text, currency, locale)
    except BadAmount:
        return
    digits = "".join(one for one in text if one in "0123456789")
    assert digits.strip("0") == "" or digits.lstrip("0").rstrip("0") in str(amount.minor)
    assert amount.minor >= 0


@given(amounts, st.integers(1, 500))
def test_a_split_loses_nothing_and_differs_by_one_at_most(amount: Money, parts: int) -> None:
    shares = amount.split(parts)
    assert Money.total(shares, amount.currency) == amount
    assert max(shares).minor - min(shares).minor <= 1


def test_the_instalments_of_the_examples() -> None:
    thirty_four = Money.of("13500.00", "CAD").split(34)
    assert sorted(one.decimal() for one in thirty_four) == ["397.05"] * 4 + ["397.06"] * 30
    thirty_six = Money.of("2000000", "XOF").split(36)
    assert sorted(one.decimal() for one in thirty_six) == ["55555"] * 16 + ["55556"] * 20


@given(amounts, amounts)
def test_two_currencies_are_never_added(one: Money, other: Money) -> None:
    if one.currency == other.currency:
        assert (one + other) - other == one
    else:
        with pytest.raises(CurrencyMismatch):
            one + other


def test_a_gathering_in_nairobi_or_accra_keeps_its_books_in_its_currency() -> None:
    assert format_plain(Money.of("1250.50", "KES"), "en") == "1,250.50"
    assert {EXPONENTS[code] for code in ("KES", "GHS", "ZAR", "NGN")} == {2}
