"""What amounts do together: sums, signs, comparisons, rates; and the words of a mistake in a program."""

from fractions import Fraction

import pytest

from shared.money import BadAmount, CurrencyMismatch, Money, format_money, format_plain

PEG = Fraction("655.957")


def cad(text: str) -> Money:
    return Money.of(text, "CAD")


def xof(text: str) -> Money:
    return Money.of(text, "XOF")


def test_amounts_add_up_and_keep_their_currency() -> None:
    one, two = cad("4500.00"), cad("397.35")
    assert (one + two, one - two) == (cad("4897.35"), cad("4102.65"))
    assert (two * 3, -two, abs(-two), abs(two)) == (cad("1192.05"), cad("-397.35"), two, two)
    assert (bool(cad("0.01")), bool(cad("0.00")), str(two), str(xof("830000"))) == (
        True,
        False,
        "397.35 CAD",
        "830000 XOF",
    )


def test_amounts_are_compared_strictly_or_not() -> None:
    less, more = cad("0.01"), cad("0.02")
    assert (less < more, less < less, more < less) == (True, False, False)
    assert (less <= more, less <= less, more <= less) == (True, True, False)
    assert (more > less, less > less, less > more) == (True, False, False)
    assert (more >= less, less >= less, less >= more) == (True, True, False)


def test_two_currencies_never_meet() -> None:
    for work in (Money.__add__, Money.__sub__, Money.__lt__, Money.__le__, Money.__gt__, Money.__ge__):
        with pytest.raises(CurrencyMismatch, match=r"^1\.00 CAD meets 1 XOF$"):
            work(cad("1.00"), xof("1"))


@pytest.mark.parametrize(
    ("amount", "rate", "currency", "is_worth"),
    [
        (Money.of("1.00", "EUR"), PEG, "XOF", "656"),
        (Money.of("-1.00", "EUR"), PEG, "XOF", "-656"),
        (cad("2000.00"), Fraction(415), "XOF", "830000"),
        (xof("830000"), 1 / Fraction(415), "CAD", "2000.00"),
        (xof("1"), Fraction(1, 200), "CAD", "0.01"),  # half a cent, away from zero
        (xof("-1"), Fraction(1, 200), "CAD", "-0.01"),
        (xof("1"), Fraction(1, 250), "CAD", "0.00"),
        (xof("2"), Fraction(1, 250), "CAD", "0.01"),
        (cad("0.01"), Fraction(40), "XOF", "0"),
        (cad("0.00"), Fraction(415), "XOF", "0"),
    ],
)
def test_a_rate_rounds_half_away_from_zero(
    amount: Money, rate: Fraction, currency: str, is_worth: str
) -> None:
    assert amount.convert(rate, currency) == Money.of(is_worth, currency)


@pytest.mark.parametrize(
    ("amount", "locale", "shown"),
    [
        (cad("4500.00"), "fr", "4\u202f500,00\u00a0CAD"),
        (cad("4500.00"), "en", "4,500.00\u00a0CAD"),
        (xof("830000"), "fr", "830\u202f000\u00a0F\u202fCFA"),
        (Money.of("830000", "XAF"), "en", "830,000\u00a0F\u202fCFA"),
        (Money.of("1000.00", "EUR"), "fr", "1\u202f000,00\u00a0€"),
        (Money.of("12.00", "USD"), "en", "12.00\u00a0USD"),
        (Money.of("-1.50", "GBP"), "en", "\u22121.50\u00a0£"),
        (Money.of("5.00", "MAD"), "fr", "5,00\u00a0MAD"),
        (Money.of("5", "JPY"), "fr", "5\u00a0JPY"),
        (Money.of("5.00", "MGA"), "en", "5.00\u00a0MGA"),
    ],
)
def test_an_amount_is_shown_with_a_sign_that_nobody_confuses(amount: Money, locale: str, shown: str) -> None:
    assert format_money(amount, locale) == shown


def test_figures_alone_have_the_decimals_of_their_currency() -> None:
    assert [format_plain(one, "en") for one in (xof("-1500"), Money.of("7.505", "TND"))] == [
        "\u22121,500",
        "7.505",
    ]
    assert [one.decimal() for one in (xof("1500"), cad("-0.05"), Money.of("7.505", "TND"))] == [
        "1500",
        "-0.05",
        "7.505",
    ]


def test_a_mistake_of_the_program_is_named() -> None:
    for minor in (True, 1.0, "1"):
        with pytest.raises(TypeError, match=f"minor units are an integer, not {minor!r}"):
            Money(minor, "CAD")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"^unknown currency 'BTC'$"):
        Money(1, "BTC")
    with pytest.raises(ValueError, match=r"^a split has at least one part$"):
        cad("1.00").split(0)
    assert cad("1.00").split(1) == [cad("1.00")]
    assert [one.minor for one in cad("0.10").split(3)] == [3, 3, 4]


def test_an_amount_of_a_file_is_plain_or_refused() -> None:
    for text, currency in (("1.00", "BTC"), ("1", "BTC"), ("1.0", "CAD"), ("1.00", "XOF"), ("1.", "XOF")):
        with pytest.raises(BadAmount) as refused:
            Money.of(text, currency)
        assert refused.value.details == {"example": "4500.00"}
    assert cad("1") == cad("1.00")


def test_the_largest_amount_is_a_round_one() -> None:
    assert Money.parse("10 000 000 000 000,00", "CAD", "fr").minor == 10**15
    with pytest.raises(BadAmount):
        Money.parse("10 000 000 000 000,01", "CAD", "fr")
    assert Money.parse("4500,00", "CAD", "fr-CA") == cad("4500.00")
