"""CSV as banks export it: what the whole table tells, and what is refused rather than guessed."""

import csv
import io
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.errors import DomainError
from shared.money import Money
from tests.treasury.reading import amounts, days, read, reasons
from treasury.statements.columns import role_of
from treasury.statements.reading import as_json, inspect
from treasury.statements.values import (
    AmbiguousDates,
    Assumptions,
    ColumnsUnknown,
    CurrencyUnknown,
)

SAMPLES = Path(__file__).parent / "samples"
CAD = Assumptions(currency="CAD")


def test_a_caisse_table_with_an_address_above_two_columns_and_the_newest_row_first() -> None:
    found = inspect((SAMPLES / "caisse-2005.csv").read_bytes())
    [account] = found.accounts
    assert (account.account, account.currency) == ("30055-0001234", "CAD")
    assert amounts(found) == ["-4.95", "1125.00", "375.00", "1687.50", "750.00"]
    assert (str(account.opening), str(account.closing)) == ("875.00 CAD", "4807.55 CAD")
    assert account.lines[1].name == "Dépôt; Centre fictif du Faubourg"
    assert account.lines[2].reference == "0042"
    assert found.rejected == ()


def test_an_english_table_with_months_first_and_grouped_thousands() -> None:
    found = inspect((SAMPLES / "credit-union.csv").read_bytes())
    assert found.accounts[0].currency == "CAD"
    assert days(found) == ["2005-01-05", "2005-01-17", "2005-02-28"]
    assert amounts(found) == ["7500.00", "-450.00", "-12.50"]
    assert found.accounts[0].lines[0].name == "Deposit Collectif fictif Horizons"
    assert reasons(found) == [(4, "The date “02/30/2005” does not exist.")]


def test_a_spanish_table_from_a_spreadsheet_whose_type_tells_the_sign() -> None:
    found = inspect((SAMPLES / "movimientos.csv").read_bytes())
    assert found.accounts[0].currency == "EUR"
    assert amounts(found) == ["200.00", "-1900.00"]


def test_a_portuguese_mobile_money_table_in_francs_with_twins_told_apart_by_the_operator() -> None:
    found = inspect((SAMPLES / "mobile.csv").read_bytes())
    [account] = found.accounts
    assert amounts(found) == ["25000", "-7500", "-7500"]
    assert [line.bank_id for line in account.lines] == ["MM-0001", "MM-0002", "MM-0003"]
    assert (str(account.opening), str(account.closing)) == ("100000 XOF", "110000 XOF")


def test_the_public_form_states_the_balances() -> None:
    [account] = as_json(inspect((SAMPLES / "mobile.csv").read_bytes()))["accounts"]
    assert (account["opening"], account["closing"]) == ("100000", "110000")
    assert account["lines"][0] == {
        "date": "2005-11-22",
        "amount": "25000",
        "reference": "",
        "name": "João Amostra",
    }


@pytest.mark.parametrize(
    ("title", "role", "currency"),
    [
        ("Date de l’opération", "date", None),
        ("Débit (EUR)", "debit", "EUR"),
        ("MONTANT EN EUROS", "amount", "EUR"),
        ("CAD$", "amount", "CAD"),
        ("Withdrawals ($)", "debit", None),
        ("Description 2", "memo", None),
        ("N° de chèque", "reference", None),
        ("Lançamento", None, None),
        ("Bénéficiaire", "name", None),
        ("Date " * 20, None, None),
    ],
)
def test_titles_in_four_languages(title: str, role: str | None, currency: str | None) -> None:
    assert role_of(title) == (role, currency)


# -- dates -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("dates", "expected"),
    [
        (["03/04/2005", "25/04/2005"], ["2005-04-03", "2005-04-25"]),
        (["03/04/2005", "04/25/2005"], ["2005-03-04", "2005-04-25"]),
        (["2005-04-03", "2005/04/25"], ["2005-04-03", "2005-04-25"]),
        (["20050403", "20050425"], ["2005-04-03", "2005-04-25"]),
        (["3 avril 2005", "25 avr. 2005"], ["2005-04-03", "2005-04-25"]),
        (["03-Jul-2005", "1er juin 2005"], ["2005-07-03", "2005-06-01"]),
        (["April 3, 2005", "Dec 25, 05 "], ["2005-04-03"]),
        (["3 de abril de 2005", "25 dez 2005"], ["2005-04-03", "2005-12-25"]),
        (["25.04.05", "03.04.05"], ["2005-04-25", "2005-04-03"]),
        (["2005-04-03 10:22:07", "2005-04-25T09:00Z"], ["2005-04-03", "2005-04-25"]),
        (["04/04/2005", "05/05/2005"], ["2005-04-04", "2005-05-05"]),
    ],
)
def test_the_whole_column_tells_the_order_of_its_dates(dates: list[str], expected: list[str]) -> None:
    assert days(read("Date;Montant\n" + "".join(f"{one};10,00\n" for one in dates))) == expected


def test_dates_that_can_all_be_read_in_two_ways_are_refused_and_the_reader_may_answer() -> None:
    text = "Date;Montant\n03/04/2005;10,00\n05/06/2005;11,00\n"
    with pytest.raises(AmbiguousDates, match="03/04/2005"):
        read(text)
    assert days(read(text, date_order="dmy")) == ["2005-04-03", "2005-06-05"]
    assert days(read(text, date_order="mdy")) == ["2005-03-04", "2005-05-06"]
    with pytest.raises(AmbiguousDates):
        read(text, date_order="ymd")


def test_a_date_that_does_not_exist_still_tells_that_the_day_comes_first() -> None:
    found = read("Date;Montant\n03/04/2005;10,00\n31/02/2005;11,00\n")
    assert days(found) == ["2005-04-03"]
    assert reasons(found) == [(3, "The date “31/02/2005” does not exist.")]


def test_a_year_of_two_digits_may_stand_first_where_dashes_divide() -> None:
    assert days(read("Date;Montant\n05-11-22;10,00\n05-11-30;10,00\n", date_order="ymd"))[0] == "2005-11-22"
    assert days(read("Date;Montant\n98-11-22;10,00\n"))[0] == "1998-11-22"


@pytest.mark.parametrize("written", ["123/04/2005", "03/04/205", "2005-04-2005", "03/2005", "x" * 60])
def test_what_has_the_shape_of_no_date_is_rejected(written: str) -> None:
    found = read(f"Date;Montant\n{written};10,00\n25/04/2005;10,00\n")
    assert days(found) == ["2005-04-25"]
    assert [row for row, _reason in reasons(found)] == [2]


def test_dates_that_contradict_each_other_are_refused_unless_almost_all_agree() -> None:
    rows = [f"{day}/04/2005;10,00\n" for day in range(13, 26)]
    with pytest.raises(AmbiguousDates):
        read("Date;Montant\n" + "".join(rows[:3]) + "04/25/2005;10,00\n")
    found = read("Date;Montant\n" + "".join(rows) + "04/25/2005;10,00\n")
    assert len(days(found)) == 13
    assert reasons(found)[0][0] == 15


# -- currencies and accounts -----------------------------------------------------------------------


def test_rows_of_several_accounts_and_currencies_become_several_accounts() -> None:
    text = "Compte,Date,CAD$,USD$\nA,2005-01-15,10.00,\nA,2005-01-16,,20.00\nB,2005-01-17,30.00,\n"
    found = inspect(text.encode())
    assert [(one.account, one.currency, len(one.lines)) for one in found.accounts] == [
        ("A", "CAD", 1),
        ("A", "USD", 1),
        ("B", "CAD", 1),
    ]


def test_a_file_that_names_no_currency_needs_one() -> None:
    text = b"Date;Montant\n2005-01-15;10,00\n"
    with pytest.raises(CurrencyUnknown):
        inspect(text)
    assert inspect(text, assume=CAD).accounts[0].currency == "CAD"
    assert inspect(text.replace(b"10,00", "10,00 €".encode())).accounts[0].currency == "EUR"


def test_a_row_in_another_currency_is_rejected() -> None:
    found = read("Date;Montant;Devise\n2005-01-15;10,00;CAD\n2005-01-16;10,00 EUR;CAD\n2005-01-17;1,00;QQQ\n")
    assert amounts(found) == ["10.00"]
    assert [row for row, _reason in reasons(found)] == [3, 4]


# -- tables ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("delimiter", [";", ",", "\t", "|"])
def test_any_usual_delimiter_is_recognised(delimiter: str) -> None:
    rows = [["Date", "Description", "Amount"], ["2005-01-15", "Atelier fictif des Îles", "250.00"]]
    assert amounts(read("\n".join(delimiter.join(row) for row in rows))) == ["250.00"]


def test_a_comma_that_splits_an_amount_rejects_the_row_rather_than_reading_half_of_it() -> None:
    found = read("Date,Amount\n2005-01-15,10.00\n2005-01-16,1,250.00\n")
    assert amounts(found) == ["10.00"]
    assert reasons(found) == [(3, "This row has 3 columns, the titles have 2.")]


def test_a_quotation_mark_that_never_closes_costs_one_row_and_not_the_rest() -> None:
    found = read(
        'Date,Description,Amount\n2005-01-15,"Épicerie,10.00\n2005-01-16,"Dépôt",20.00\n2005-01-17,a,30.00\n'
    )
    assert amounts(found) == ["20.00", "30.00"]
    assert [row for row, _reason in reasons(found)] == [2]


def test_a_row_over_several_lines_is_one_row_numbered_by_its_first_line() -> None:
    found = read('Date,Description,Amount\n2005-01-15,"Dépôt\nde Noé",10.00\n2005-01-16,b,x\n')
    assert found.accounts[0].lines[0].name == "Dépôt de Noé"
    assert [row for row, _reason in reasons(found)] == [4]


def test_blank_rows_and_totals_below_do_no_harm() -> None:
    found = read("Date;Montant;Nom;;\n2005-01-15;10,00;x;;\n;;;;\n\nTotal;10,00;;;\n")
    assert amounts(found) == ["10.00"]
    assert reasons(found) == [(5, "The date “Total” could not be read.")]


def test_figures_marked_as_text_for_spreadsheets_are_read() -> None:
    [line] = read('Date,Reference,Amount\n2005-01-15,="0042",10.00\n').accounts[0].lines
    assert line.reference == "0042"


def test_a_table_without_titles_says_what_is_missing() -> None:
    with pytest.raises(ColumnsUnknown, match="titles"):
        read('"815","2005/01/15","Dépôt","750.00"\n"815","2005/01/16","Frais","-4.95"\n')


def test_twins_survive_and_a_second_import_adds_nothing() -> None:
    text = "Date;Libellé;Montant\n2005-01-15;Badge;25,00\n2005-01-15;Badge;25,00\n"
    first = [line.identity for line in read(text).accounts[0].lines]
    longer = "2005-01-14;Badge;25,00\n"
    again = [
        line.identity for line in read(text.replace("2005-01-15", longer + "2005-01-15", 1)).accounts[0].lines
    ]
    assert len(set(first)) == 2
    assert set(first) < set(again)
    assert len(set(again)) == 3


# -- properties ------------------------------------------------------------------------------------

words = st.text(st.characters(exclude_categories=("Cs", "Cc", "Cf", "Zl", "Zp")), max_size=15)
entries = st.tuples(st.dates(date(1970, 1, 1), date(2068, 12, 31)), st.integers(-(10**9), 10**9), words)


@given(
    st.lists(entries, min_size=1, max_size=10),
    st.sampled_from([";", ",", "\t", "|"]),
    st.sampled_from([".", ","]),
    st.sampled_from(["%Y-%m-%d", "%d/%m/%Y", "%m-%d-%Y", "%d.%m.%y"]),
    st.booleans(),
)
@settings(deadline=None)
def test_what_a_bank_writes_is_read_back(
    written: list[tuple[date, int, str]], delimiter: str, sign: str, shape: str, split: bool
) -> None:
    out = io.StringIO()
    sheet = csv.writer(out, delimiter=delimiter, quoting=csv.QUOTE_ALL)
    sheet.writerow(["Date", "Libellé", "Débit", "Crédit"] if split else ["Date", "Libellé", "Montant"])
    for day, minor, label in written:
        plain = Money(abs(minor), "CAD").decimal().replace(".", sign)
        columns = [plain, ""] if minor < 0 else ["", plain]
        sheet.writerow(
            [day.strftime(shape), label, *(columns if split else [("-" if minor < 0 else "") + plain])]
        )
    order = {"%Y": "ymd", "%d": "dmy", "%m": "mdy"}[shape[:2]]
    try:
        found = read(out.getvalue(), date_order=order)
    except AmbiguousDates:
        assert (
            shape == "%d.%m.%y"
        )  # 25.01.05 may say that the day comes first, 05.01.25 beside it that the year does
        return
    assert found.rejected == ()
    lines = found.accounts[0].lines
    assert [(line.date, line.amount.minor) for line in lines] == [
        (day, minor) for day, minor, _label in written
    ]


@given(st.binary(max_size=400))
@settings(deadline=None)
def test_arbitrary_bytes_are_read_or_refused(data: bytes) -> None:
    for prefix in (b"", b"Date;Montant;Solde\n2005-01-15;1,00;2,00\n"):
        try:
            found = inspect(prefix + data, assume=CAD)
        except DomainError:
            continue
        assert as_json(found)


cells = st.sampled_from(
    [
        "2005-01-15",
        "15/01/2005",
        "31/02/2005",
        "1,00",
        "-2.00",
        "abc",
        "",
        '"',
        '"x"',
        "1.234",
        "D",
        "EUR",
        "(3,00)",
        "\n",
    ]
)


@given(st.lists(st.lists(cells, min_size=1, max_size=5), max_size=12))
@settings(deadline=None)
def test_every_row_becomes_a_line_or_a_rejection(rows: list[list[str]]) -> None:
    text = "Date;Libellé;Débit;Crédit;Solde\n" + "\n".join(";".join(row) for row in rows)
    try:
        found = inspect(text.encode(), assume=CAD)
    except DomainError:
        return
    counted = sum(len(account.lines) for account in found.accounts) + len(found.rejected)
    written = [line for line in text.split("\n")[1:] if line.strip('; "')]
    assert counted <= len(written)
    if '"' not in text:
        assert counted == len(written)
