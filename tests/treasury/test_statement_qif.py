"""QIF: dates with apostrophes, decimal commas, splits that are not movements, several accounts."""

import pytest

from tests.treasury.reading import amounts, days, read, reasons, sample
from treasury.statements.values import AmbiguousDates, CurrencyUnknown, NoAccount, TooManyRows


def test_a_caisse_file_in_windows_letters_with_twins_and_a_split() -> None:
    found = sample("caisse.qif")
    [account] = found.accounts
    assert (found.format, account.currency, account.opening, account.closing) == ("qif", "CAD", None, None)
    assert days(found) == ["2005-01-15", "2005-01-15", "2005-01-15", "2005-01-17", "2005-01-31"]
    assert amounts(found) == ["750.00", "25.00", "25.00", "1375.00", "-4.95"]
    first, one, other, cheque, _fee = account.lines
    assert (first.name, first.memo) == ("Réseau fictif du Grand-Héron", "Versement TGHH HHHH 9")
    assert one.identity != other.identity
    assert cheque.reference == "0042"
    assert reasons(found) == [
        (26, "The date “31/02/05” does not exist."),
        (30, "The amount “illisible” could not be read."),
    ]


def test_two_accounts_an_opening_balance_and_what_is_no_money() -> None:
    found = sample("deux-comptes.qif")
    caisse, box = found.accounts
    assert (caisse.account, str(caisse.opening)) == ("Caisse de l'Érable", "1000.00 CAD")
    assert (box.account, box.opening) == ("Boîte du bureau", None)
    assert amounts(found) == ["-450.00", "-12.50"]
    assert reasons(found) == [(34, "This movement is of securities, not of money.")]


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("1/15'05", "2005-01-15"),
        ("1/15' 5", "2005-01-15"),
        (" 1/15/05", "2005-01-15"),
        ("15.01.2005", "2005-01-15"),
        ("2005-01-15", "2005-01-15"),
        ("1/15/98", "1998-01-15"),
    ],
)
def test_dates_as_programs_write_them(written: str, expected: str) -> None:
    assert days(read(f"!Type:Bank\nD{written}\nT1.00\n^\n")) == [expected]


def test_a_date_of_two_readings_is_asked_for() -> None:
    text = "!Type:Bank\nD3/4'05\nT1.00\n^\n"
    with pytest.raises(AmbiguousDates):
        read(text)
    assert days(read(text, date_order="mdy")) == ["2005-03-04"]


def test_a_file_cut_in_the_middle_of_an_amount_does_not_give_a_smaller_one() -> None:
    found = read("!Type:Bank\nD1/15/2005\nT10.00\n^\nD1/16/2005\nT12")
    assert amounts(found) == ["10.00"]
    assert reasons(found) == [(5, "The file stops in the middle of this movement.")]


def test_what_cannot_be_read_as_a_whole_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(CurrencyUnknown):
        read("!Type:Bank\nD1/15/2005\nT10.00\n^\n", currency=None)
    with pytest.raises(NoAccount):
        read("!Type:Cat\nNTravel\n^\n")
    monkeypatch.setattr("treasury.statements.qif.MAX_ROWS", 2)
    with pytest.raises(TooManyRows):
        read("!Type:Bank\n" + "D1/15/2005\nT10.00\n^\n" * 3)
