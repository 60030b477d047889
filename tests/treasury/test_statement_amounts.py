"""A table's amounts: the whole column tells signs and decimals; what cannot be read is never zero."""

import pytest

from shared.money import Money
from tests.treasury.reading import amounts, read, reasons
from treasury.statements.values import (
    UnsignedAmounts,
)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (["1,234", "12.50"], ["1234.00", "12.50"]),
        (["1.234", "12,50"], ["1234.00", "12.50"]),
        (["1\u202f234,50", "-5"], ["1234.50", "-5.00"]),
        (["1.234.567", "4.500"], ["1234567.00", "4500.00"]),
        (["4,501", "4,500"], ["4501.00", "4500.00"]),
        (["1 234", "-1 000"], ["1234.00", "-1000.00"]),
        (["12,00 $", "-3,50 CAD"], ["12.00", "-3.50"]),
        (["(5,00)", "5,00-", "5,00 DR", "5,00 CR"], ["-5.00", "-5.00", "-5.00", "5.00"]),
    ],
)
def test_the_whole_column_tells_the_decimal_sign(written: list[str], expected: list[str]) -> None:
    assert amounts(read("Date;Montant\n" + "".join(f"2005-01-15;{one}\n" for one in written))) == expected


def test_an_amount_that_nothing_explains_is_rejected_and_the_reader_may_answer() -> None:
    text = "Date;Montant\n2005-01-15;4,500\n2005-01-16;10\n"
    found = read(text)
    assert amounts(found) == ["10.00"]
    assert "two ways" in reasons(found)[0][1]
    assert amounts(read(text, decimal_sign=".")) == ["4500.00", "10.00"]
    assert amounts(read(text, decimal_sign=",")) == ["4.50", "10.00"]


@pytest.mark.parametrize(
    "written",
    ["", "abc", "1e3", "NaN", "1_000", "٤٥٠٠", "12,345", "#REF!", "=1+1", "1,2,3", ",,5", "1.234 567"],
)
def test_an_amount_that_cannot_be_read_is_rejected_and_never_zero(written: str) -> None:
    found = read(f"Date;Montant;Nom\n2005-01-15;{written};x\n2005-01-16;10,00;y\n")
    assert amounts(found) == ["10.00"]
    assert [row for row, _reason in reasons(found)] == [2]


def test_where_the_column_contradicts_itself_the_reader_decides_and_the_rest_is_rejected() -> None:
    text = "Date;Montant\n2005-01-15;1,50\n2005-01-16;1,234,567\n"
    assert amounts(read(text)) == ["1.50", "1234567.00"]
    found = read(text, decimal_sign=",")
    assert amounts(found) == ["1.50"]
    assert [row for row, _reason in reasons(found)] == [3]


def test_debit_and_credit_columns_give_the_sign() -> None:
    text = "Date;Débit;Crédit\n2005-01-15;12,50;\n2005-01-16;;750,00\n2005-01-17;0,00;5,00\n"
    assert amounts(read(text)) == ["-12.50", "750.00", "5.00"]


def test_debits_written_with_a_minus_are_debits_all_the_same() -> None:
    assert amounts(read("Date;Débit;Crédit\n2005-01-15;-12,50;\n2005-01-16;;750,00\n")) == [
        "-12.50",
        "750.00",
    ]


def test_a_sign_that_differs_from_the_rest_of_its_column_is_rejected() -> None:
    text = "Date;Débit;Crédit\n2005-01-15;12,50;\n2005-01-16;3,00;\n2005-01-17;-1,00;\n2005-01-18;;-2,00\n"
    found = read(text)
    assert amounts(found) == ["-12.50", "-3.00"]
    assert [row for row, _reason in reasons(found)] == [4, 5]


def test_two_amounts_in_one_row_are_rejected() -> None:
    found = read("Date;Débit;Crédit\n2005-01-15;12,50;3,00\n")
    assert reasons(found) == [(2, "This row has more than one amount.")]


def test_a_column_that_says_debit_or_credit_gives_the_sign_or_rejects_the_row() -> None:
    found = read(
        "Date;Montant;Sens\n2005-01-15;12,50;D\n2005-01-16;3,00;C\n2005-01-17;4,00;?\n2005-01-18;-4,00;C\n"
    )
    assert amounts(found) == ["-12.50", "3.00"]
    assert [row for row, _reason in reasons(found)] == [4, 5]


def test_a_column_of_types_that_says_more_than_debit_and_credit_gives_no_sign() -> None:
    assert amounts(read("Date;Type;Montant\n2005-01-15;Débit;-1,00\n2005-01-16;Virement;2,00\n")) == [
        "-1.00",
        "2.00",
    ]


def test_a_balance_that_falls_by_unsigned_amounts_refuses_the_file() -> None:
    unsigned = "Date;Montant;Solde\n2005-01-15;100,00;1100,00\n2005-01-16;40,00;1060,00\n"
    with pytest.raises(UnsignedAmounts, match="row 3"):
        read(unsigned)
    signed = read(unsigned.replace("40,00;1060", "-40,00;1060"))
    assert amounts(signed) == ["100.00", "-40.00"]


def test_a_balance_that_contradicts_signed_amounts_is_not_stated() -> None:
    [account] = read("Date;Montant;Solde\n2005-01-15;100,00;1100,00\n2005-01-16;-40,00;999,00\n").accounts
    assert (account.opening, account.closing) == (None, None)


@pytest.mark.parametrize(("first", "second"), [("x", "y"), ("1100,00", "?"), ("1100,00", "5000,00")])
def test_balances_that_cannot_be_read_or_disagree_without_falling_are_not_stated(
    first: str, second: str
) -> None:
    rows = f"2005-01-15;100,00;{first}\n2005-01-15;40,00;{second}\n2005-01-15;1,00;7,00\n"
    [account] = read("Date;Montant;Solde\n" + rows).accounts
    assert [line.amount.decimal() for line in account.lines] == ["100.00", "40.00", "1.00"]
    assert (account.opening, account.closing) == (None, None)


@pytest.mark.parametrize(("last", "opening"), [("2005-01-17", "-133.00"), ("2005-01-13", "7.00")])
def test_one_balance_is_enough_where_the_dates_tell_which_row_is_the_oldest(last: str, opening: str) -> None:
    [account] = read(f"Date;Montant;Solde\n2005-01-15;140,00;\n{last};1,00;8,00\n").accounts
    assert account.opening == Money.of(opening, "CAD")


def test_the_first_balance_may_be_missing_and_a_balance_may_stand_still() -> None:
    text = "Date;Montant;Solde\n2005-01-15;100,00;\n2005-01-16;1,00;50,00\n2005-01-17;2,00;50,00\n"
    [account] = read(text).accounts
    assert (account.opening, account.closing) == (None, None)


def test_balances_given_once_a_day_are_enough() -> None:
    text = "Date;Montant;Solde\n2005-01-15;100,00;\n2005-01-15;-40,00;1060,00\n2005-01-16;5,00;1065,00\n"
    [account] = read(text).accounts
    assert (str(account.opening), str(account.closing)) == ("1000.00 CAD", "1065.00 CAD")


def test_a_rejected_row_leaves_a_gap_between_the_balances_that_shows() -> None:
    text = "Date;Montant;Solde\n2005-01-15;100,00;1100,00\n2005-01-16;x;1060,00\n2005-01-17;5,00;1065,00\n"
    [account] = read(text).accounts
    assert (str(account.opening), str(account.closing)) == ("1000.00 CAD", "1065.00 CAD")
    assert Money.total((line.amount for line in account.lines), "CAD") == Money.of("105.00", "CAD")
