"""OFX as banks really write it: encodings, open tags, commas, double escapes, accounts, broken rows."""

from datetime import date
from pathlib import Path

import pytest

from shared.money import Money
from tests.treasury.reading import deposit, ofx, reasons
from treasury.references import find_references
from treasury.statements.reading import as_json, inspect
from treasury.statements.text import MAX_BYTES
from treasury.statements.values import (
    Assumptions,
    BinaryContent,
    CurrencyUnknown,
    EmptyFile,
    FileTooLarge,
    ForbiddenMarkup,
    FormatNotRead,
    NoAccount,
    StatementFile,
    TooManyRows,
    UnknownFormat,
)

SAMPLES = Path(__file__).parent / "samples"


def amounts(found: StatementFile) -> list[str]:
    return [str(line.amount) for account in found.accounts for line in account.lines]


def test_a_caisse_statement_with_open_tags_commas_and_undeclared_windows_letters() -> None:
    found = inspect((SAMPLES / "caisse-2005-01.ofx").read_bytes(), "caisse-2005-01.ofx")
    [account] = found.accounts
    assert (found.format, account.account, account.currency) == ("ofx", "30055-0001234", "CAD")
    assert (account.opening, account.closing) == (None, Money.of("12345.67", "CAD"))
    assert amounts(found) == ["750.00 CAD", "1687.50 CAD", "375.00 CAD", "-4.95 CAD"]
    first, second, cheque, _fee = account.lines
    assert (first.date, first.name, first.bank_id) == (
        date(2005, 1, 15),
        "RÉSEAU FICT GRAND-HÉRON",
        "2005011501",
    )
    assert find_references(first.memo) == ["TGHH-HHHH-9"]
    assert second.memo == "Trois versements & frais inclus"
    assert cheque.reference == "0042"
    assert reasons(found) == [
        (4, "The date “20050231” does not exist."),
        (5, "The amount “illisible” could not be read."),
    ]


def test_two_accounts_in_one_file_with_twins_foreign_amounts_and_pending_movements() -> None:
    found = inspect((SAMPLES / "deux-comptes.ofx").read_bytes())
    dakar, card = found.accounts
    assert (dakar.account, dakar.currency, dakar.closing) == ("DAKAR-7", "XOF", None)
    assert [str(line.amount) for line in dakar.lines] == ["830000 XOF", "-24000 XOF"]
    assert dakar.lines[0].memo == "Avance <Ondine> & équipe"
    assert [str(line.amount) for line in card.lines] == ["-45.00 CAD", "-45.00 CAD", "-62.10 CAD"]
    first, second, _other = card.lines
    assert (first.occurrence, second.occurrence) == (1, 2)
    assert first.identity != second.identity
    assert first.bank_id is None  # "0" is how this bank writes that it has none
    assert [row for row, _reason in reasons(found)] == [3, 6, 8]


def test_the_public_form_has_decimal_strings_and_nulls() -> None:
    answer = as_json(inspect((SAMPLES / "deux-comptes.ofx").read_bytes()))
    assert answer["format"] == "ofx"
    assert answer["accounts"][0] == {
        "account": "DAKAR-7",
        "currency": "XOF",
        "opening": None,
        "closing": None,
        "lines": [
            {"date": "2005-11-14", "amount": "830000", "reference": "", "name": "Change"},
            {"date": "2005-11-16", "amount": "-24000", "reference": "", "name": "Location de salle"},
        ],
    }
    assert answer["rejected"][0] == {
        "row": 3,
        "reason": "The amount “-12500.50” has more decimals than XOF has.",
    }


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("750.00", "750.00 CAD"),
        ("+750,5", "750.50 CAD"),
        ("-.50", "-0.50 CAD"),
        ("1,234.56", "1234.56 CAD"),
        ("1.234,56", "1234.56 CAD"),
        ("1 234,56", "1234.56 CAD"),
        ("1'234.50", "1234.50 CAD"),
        ("-12.3400", "-12.34 CAD"),
        ("1234.500", "1234.50 CAD"),
        ("\u2212750,00", "-750.00 CAD"),
        ("0.00", "0.00 CAD"),
        ("$ 4,500.00", "4500.00 CAD"),
    ],
)
def test_an_amount_is_read_exactly(written: str, read: str) -> None:
    assert amounts(inspect(ofx(deposit(written)))) == [read]


@pytest.mark.parametrize(
    "written",
    [
        "",
        "N/A",
        "1e3",
        "NaN",
        "inf",
        "1_000",
        "٤٥٠٠",
        "12.345",
        "4,500",
        "--5",
        "1,23,456.00",
        "12 34,00",
        "5-5",
        "9" * 40,
        "12\ufffd50",
        "€ 12.00",
        "0x10",
        "1.2.3",
        "4.500,5,0",
        "(5",
        "007.5x",
        "1 234 56",
    ],
)
def test_an_amount_that_cannot_be_read_is_rejected_and_never_zero(written: str) -> None:
    found = inspect(ofx(deposit("10"), deposit(written, more="<NAME>x")))
    assert amounts(found) == ["10.00 CAD"]
    assert [row for row, _reason in reasons(found)] == [2]


def test_other_amounts_of_the_account_tell_what_an_ambiguous_one_means() -> None:
    assert amounts(inspect(ofx(deposit("1,234"), deposit("12.50")))) == ["1234.00 CAD", "12.50 CAD"]
    assert amounts(inspect(ofx(deposit("1.500"), currency="<CURDEF>TND"))) == ["1.500 TND"]


@pytest.mark.parametrize(
    ("written", "part"),
    [
        ("20050231", "does not exist"),
        ("20051301", "does not exist"),
        ("", "no date"),
        ("15 Jan", "could not"),
        ("00010101", "could not"),
        ("2005", "could not"),
    ],
)
def test_a_date_that_is_none_is_rejected_with_its_row(written: str, part: str) -> None:
    found = inspect(ofx(deposit("10.00", written), deposit("11.00", "2005-01-15")))
    [(row, reason)] = reasons(found)
    assert row == 1
    assert part in reason
    assert amounts(found) == ["11.00 CAD"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"])
def test_the_bytes_decide_the_encoding(encoding: str) -> None:
    text = ofx(deposit("10.00", more="<NAME>Caisse fictive de l’Érable")).decode().encode(encoding)
    assert inspect(text).accounts[0].lines[0].name == "Caisse fictive de l’Érable"


def test_a_name_cut_inside_a_letter_does_not_spoil_the_other_names() -> None:
    data = ofx(deposit("1.00", more="<NAME>Érable"), deposit("2.00", more="<NAME>Centre fictivé"))
    cut = data.replace("fictivé".encode(), "fictivé".encode()[:-1])
    first, second = inspect(cut).accounts[0].lines
    assert first.name == "Érable"
    assert second.name.startswith("Centre fictiv")


def test_text_escaped_three_times_is_plain_again_and_a_bare_ampersand_stays() -> None:
    lines = inspect(
        ofx(deposit("1.00", more="<NAME>A &amp;amp;amp; B"), deposit("2.00", more="<NAME>R&D;"))
    ).accounts
    assert [line.name for line in lines[0].lines] == ["A & B", "R&D;"]


def test_movements_whose_closing_tags_are_missing_are_told_apart() -> None:
    data = ofx(deposit("10.00", more="<FITID>A"), deposit("20.00", more="<FITID>B"))
    assert amounts(inspect(data.replace(b"</STMTTRN>", b""))) == ["10.00 CAD", "20.00 CAD"]


def test_two_movements_that_run_into_each_other_are_rejected_rather_than_one_lost() -> None:
    data = ofx(deposit("10.00", more="<FITID>A"), deposit("20.00", more="<FITID>B"))
    found = inspect(data.replace(b"</STMTTRN><STMTTRN>", b""))
    assert amounts(found) == []
    assert reasons(found)[0][0] == 1


def test_a_file_cut_in_the_middle_of_an_amount_does_not_give_a_smaller_one() -> None:
    whole = ofx(deposit("10.00"), "<DTPOSTED>20050116<NAME>x<TRNAMT>1250.00")
    assert amounts(inspect(whole)) == ["10.00 CAD", "1250.00 CAD"]
    found = inspect(whole[: whole.index(b"1250.00") + 2])
    assert amounts(found) == ["10.00 CAD"]
    assert "stops in the middle" in reasons(found)[0][1]


def test_a_closing_balance_cut_by_the_end_of_the_file_is_none() -> None:
    whole = ofx(deposit("10.00"), balance="<LEDGERBAL><BALAMT>1250.00</LEDGERBAL>")
    assert inspect(whole).accounts[0].closing == Money.of("1250.00", "CAD")
    assert inspect(whole[: whole.index(b"1250.00") + 2]).accounts[0].closing is None


def test_the_available_balance_is_not_the_closing_one() -> None:
    balance = "<AVAILBAL><BALAMT>9.00</AVAILBAL><LEDGERBAL><BALAMT>5.00</LEDGERBAL>"
    assert inspect(ofx(deposit("1.00"), balance=balance)).accounts[0].closing == Money.of("5.00", "CAD")


def test_importing_again_gives_the_same_identities_and_twins_stay_two() -> None:
    twin = deposit("100.00", more="<NAME>Atelier fictif des Îles")
    first = [line.identity for line in inspect(ofx(twin, twin)).accounts[0].lines]
    again = [line.identity for line in inspect(ofx(deposit("5.00"), twin, twin)).accounts[0].lines]
    assert len(set(first)) == 2
    assert again[1:] == first


def test_an_id_that_the_bank_uses_again_for_another_movement_does_not_hide_it() -> None:
    one, other = (inspect(ofx(deposit(a, more="<FITID>1"))).accounts[0].lines[0] for a in ("10.00", "20.00"))
    assert one.bank_id == other.bank_id
    assert one.identity != other.identity


def test_a_changed_wording_does_not_import_a_movement_with_an_id_again() -> None:
    one, other = (
        inspect(ofx(deposit("10.00", more=f"<FITID>7<NAME>{name}"))).accounts[0].lines[0]
        for name in ("CARREF FICT", "Carrefour fictif du Cap")
    )
    assert one.identity == other.identity


def test_a_currency_is_needed_from_the_file_or_from_the_reader() -> None:
    silent = ofx(deposit("10.00"), currency="")
    with pytest.raises(CurrencyUnknown):
        inspect(silent)
    assert amounts(inspect(silent, assume=Assumptions(currency="XOF"))) == ["10 XOF"]
    assert amounts(inspect(ofx(deposit("10.00")), assume=Assumptions(currency="XOF"))) == ["10.00 CAD"]


def test_an_account_in_a_currency_that_is_not_kept_is_rejected_row_by_row() -> None:
    found = inspect(ofx(deposit("10.00"), deposit("11.00"), currency="<CURDEF>ZZZ"))
    assert found.accounts == ()
    assert [row for row, _reason in reasons(found)] == [1, 2]


@pytest.mark.parametrize(
    "declaration", ["<!DOCTYPE OFX [", '<!ENTITY x "y">', "<!doctype ofx>", "<! ENTITY a>"]
)
def test_a_declaration_refuses_the_whole_file(declaration: str) -> None:
    with pytest.raises(ForbiddenMarkup):
        inspect(declaration.encode() + ofx(deposit("10.00")))


def test_a_comment_is_not_a_declaration() -> None:
    assert amounts(inspect(b"<!-- 10 <STMTTRN> -->" + ofx(deposit("10.00")))) == ["10.00 CAD"]


def test_a_file_over_the_limit_is_refused_and_one_at_the_limit_is_read() -> None:
    data = ofx(deposit("10.00"))
    assert amounts(inspect(data + b" " * (MAX_BYTES - len(data)))) == ["10.00 CAD"]
    with pytest.raises(FileTooLarge, match="40 MB"):
        inspect(data + b" " * (MAX_BYTES - len(data) + 1))


@pytest.mark.parametrize("row", [b"<STMTTRN><TRNAMT>1.00", b"2005-01-15;1,00\n"])
def test_more_rows_than_the_limit_are_refused_even_unreadable_ones(
    row: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("treasury.statements.ofx.MAX_ROWS", 3)
    monkeypatch.setattr("treasury.statements.csv_tables.MAX_ROWS", 3)
    start = b"<OFX><CURDEF>CAD" if row.startswith(b"<") else b"Date;Montant\n"
    three = inspect(start + row * 3, assume=Assumptions(currency="CAD"))
    assert len(amounts(three)) + len(three.rejected) == 3
    with pytest.raises(TooManyRows):
        inspect(start + row * 4, assume=Assumptions(currency="CAD"))


def test_nul_is_refused_and_the_same_file_without_it_is_read() -> None:
    data = ofx(deposit("10.00", more="<NAME>ab"))
    assert amounts(inspect(data)) == ["10.00 CAD"]
    with pytest.raises(BinaryContent):
        inspect(data.replace(b"ab", b"a\0b"))


@pytest.mark.parametrize("data", [b"", b"  \n\t", b"\xef\xbb\xbf"])
def test_an_empty_file_is_called_empty(data: bytes) -> None:
    with pytest.raises(EmptyFile):
        inspect(data)


@pytest.mark.parametrize(
    ("data", "name", "kind"),
    [
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "", "XLS"),
        (b"<Document><BkToCstmrDbtCdtNtfctn><Ntfctn/></BkToCstmrDbtCdtNtfctn></Document>", "", "CAMT.054"),
        (b"%PDF-1.4", "", "PDF"),
        (b"nothing to see", "releve.ods", "ODS"),
        (b"nothing to see", "releve.sta", "MT940"),
    ],
)
def test_a_format_that_is_not_read_is_named(data: bytes, name: str, kind: str) -> None:
    with pytest.raises(FormatNotRead, match=kind):
        inspect(data, name)


@pytest.mark.parametrize("data", [b"Bonjour", b"<html><body>Session expired</body></html>", b"\x89PNG\r\n"])
def test_what_is_no_statement_is_said_to_be_none(data: bytes) -> None:
    with pytest.raises(UnknownFormat, match="OFX"):
        inspect(data)


def test_an_answer_without_a_statement_is_refused() -> None:
    with pytest.raises(NoAccount):
        inspect(b"OFXHEADER:100\n<OFX><STATUS><CODE>15500<SEVERITY>ERROR</STATUS></OFX>")
