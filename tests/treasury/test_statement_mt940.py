"""MT940: German sub-fields, Dutch words, statements over several pages, reversals, broken figures."""

import pytest

from tests.treasury.reading import amounts, read, reasons, sample
from treasury.references import find_references
from treasury.statements.values import CurrencyUnknown, NoAccount, NotFinal, TooManyRows

HEAD = ":20:X\n:25:815/30055\n:28C:1\n:60F:C050101CAD0,00\n"


def test_a_german_statement_with_reversals_in_both_directions() -> None:
    found = sample("sparkasse.sta")
    [account] = found.accounts
    assert (found.format, account.account, account.currency) == ("mt940", "81530055/0001234", "EUR")
    assert (str(account.opening), str(account.closing)) == ("1000.00 EUR", "1007.05 EUR")
    assert amounts(found) == ["750.00", "-4.95", "-750.00", "12.00"]
    first, fee, returned, refund = account.lines
    assert (first.name, first.memo) == ("RESEAU FICTIF DU GRAND-HÉRON", "Versement Groupe Grand-Heron")
    assert find_references(first.reference) == ["TGHH-HHHH-9"]
    assert (first.bank_id, fee.bank_id, returned.reference) == ("POS 1", None, "TGHH-HHHH-9")
    assert (fee.name, refund.name) == ("Kontofuehrung Januar", "Gebuehr zurueck")
    assert reasons(found) == [(14, "The date “0230” does not exist.")]
    assert account.gap_start is None


def test_a_dutch_statement_of_two_pages_over_the_new_year() -> None:
    [account] = sample("nederland.940").accounts
    assert (str(account.opening), str(account.closing)) == ("100.00 EUR", "170.20 EUR")
    meal, one, other = account.lines
    assert meal.date.isoformat() == "2004-12-31"  # valued in January, booked in December
    assert (meal.name, meal.memo, meal.reference) == (
        "Atelier fictif des Iles",
        "Repas; trois soirees",
        "REPAS-3",
    )
    assert (one.name, one.memo) == ("Friperie fictive du Fil", "Depot 0042")
    assert (one.bank_id, other.bank_id) == ("0123456789", "0123456790")
    assert account.gap_start is None


def test_an_account_number_in_the_reference_and_the_name_on_a_line_of_its_own() -> None:
    found = sample("asn.940")
    assert amounts(found) == ["-65.00", "1000.18"]
    assert [line.name for line in found.accounts[0].lines] == ["Restaurant fictif", "spaarrekening"]
    assert found.accounts[0].lines[0].reference == "NL00BANK0000000003"


@pytest.mark.parametrize(
    ("figures", "amount"),
    [
        ("050115C12,NTRFX", "12.00"),
        ("050115C12,5NTRFX", "12.50"),
        ("050115D12.50NTRFX", "-12.50"),
        ("0501150115RC12,50NTRFX", "-12.50"),
        ("0501150115RD12,50NTRFX", "12.50"),
        ("0501150115CD1234567,89NTRFX", "1234567.89"),
        ("050115C1.234,56NTRFX", "1234.56"),
    ],
)
def test_figures_as_banks_write_them(figures: str, amount: str) -> None:
    assert amounts(read(f"{HEAD}:61:{figures}\n-")) == [amount]


@pytest.mark.parametrize(
    "figures", ["050115C12,345NTRFX", "050115C1,2,3NTRFX", "050115X12,50NTRFX", "05011C12,5NTRFX", "", "?"]
)
def test_figures_that_cannot_be_read_are_rejected_and_never_zero(figures: str) -> None:
    found = read(f"{HEAD}:61:050115C1,00NTRFX\n:61:{figures}\n-")
    assert amounts(found) == ["1.00"]
    assert [row for row, _reason in reasons(found)] == [6]


def test_a_page_that_is_missing_shows_where_the_gap_begins() -> None:
    first = ":20:A\n:25:1\n:28C:1/1\n:60F:C050101CAD0,00\n:61:050115C5,00NTRFX\n:62F:C050115CAD5,00\n-\n"
    third = ":20:C\n:25:1\n:28C:3/1\n:60F:C050117CAD9,00\n:61:050117C1,00NTRFY\n:62F:C050117CAD10,00\n-\n"
    [account] = read(first + third).accounts
    assert account.gap_start is not None
    assert (account.gap_start.row, account.gap_start.date.isoformat()) == (12, "2005-01-17")
    [turned] = read(third + first).accounts
    assert (str(turned.opening), str(turned.closing)) == ("9.00 CAD", "5.00 CAD")


def test_newest_first_is_put_in_order_where_the_balances_tell() -> None:
    days_of = [
        f":20:D{day}\n:25:1\n:60F:C0501{day}CAD{before},00\n:61:0501{day}C1,00NTRF{day}\n:62F:C0501{day}CAD{after},00\n-\n"
        for day, before, after in (("17", 2, 3), ("16", 1, 2), ("15", 0, 1))
    ]
    [account] = read("".join(days_of)).accounts
    assert (str(account.opening), str(account.closing), account.gap_start) == ("0.00 CAD", "3.00 CAD", None)


def test_the_currency_comes_from_the_balance_the_account_or_the_reader() -> None:
    line = ":61:050115C1,00NTRFX\n-"
    assert read(f":20:X\n:25:12345XOF\n{line}").accounts[0].currency == "XOF"
    assert read(f":20:X\n:25:12345\n{line}").accounts[0].currency == "CAD"
    with pytest.raises(CurrencyUnknown):
        read(f":20:X\n:25:12345\n{line}", currency=None)
    foreign = read(f":20:X\n:25:1\n:60F:C050101ZZZ0,00\n{line}")
    assert reasons(foreign) == [(4, "The currency ZZZ is not one that is kept here.")]


def test_what_is_not_a_statement_of_a_whole_day_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(NotFinal, match="MT942"):
        read(":20:X\n:25:1\n:28C:1\n:34F:CAD0,\n:13D:0501151200+0100\n:61:050115C1,00NTRFX\n-")
    with pytest.raises(NoAccount):
        read(":20:X\n:25:1\n:28C:1\n-")
    monkeypatch.setattr("treasury.statements.mt940.MAX_ROWS", 2)
    with pytest.raises(TooManyRows):
        read(HEAD + ":61:050115C1,00NTRFX\n" * 3)


def test_balances_that_cannot_be_read_are_none() -> None:
    found = read(":20:X\n:25:1\n:60F:C050101CADx\n:61:050115C1,00NTRFX\n:62F:C050101EUR1,00\n:86:x\n-")
    assert (found.accounts[0].opening, found.accounts[0].closing) == (None, None)
    found = read(f"{HEAD}:61:050115C1,00NTRFX\n:62F:C050115CAD1,2,3\n-")
    assert found.accounts[0].closing is None
    [line] = read(f"{HEAD}:61:050115C1,00NTRFX\n:62F:\n:86:EREF+AB12 plain\n-").accounts[0].lines
    assert line.memo == ""
