"""Tables that say too little: guessed columns, told columns, statuses, signs, balances, broken letters."""

import pytest

from tests.treasury.reading import SAMPLES, amounts, days, read, reasons, sample
from treasury.statements.layouts import restored, stored
from treasury.statements.reading import Sketch, beginning, examples, fits, inspect, sketch
from treasury.statements.text import decode
from treasury.statements.values import FEE, Assumptions, Layout, UnknownFormat


def looked_at(text: str) -> Sketch:
    found = sketch(text.encode())
    assert found is not None
    return found


def test_titles_tell_the_columns() -> None:
    found = looked_at("Relevé\n\nDate;Libellé;Débit;Crédit;Solde\n2005-01-15;x;;1,00;2,00\n")
    assert found.layout.roles == ("date", "memo", "debit", "credit", "balance")
    assert found.layout.titles == ("Date", "Libellé", "Débit", "Crédit", "Solde")
    assert found.layout.delimiter == ";"
    assert examples(found, 3) == [["2005-01-15"], ["x"], [], ["1,00"], ["2,00"]]


def test_without_titles_the_cells_tell_and_a_person_confirms() -> None:
    data = (SAMPLES / "sans-titres.csv").read_bytes()
    found = sketch(data)
    assert found is not None
    assert found.layout.titles == ()
    assert found.layout.roles == ("", "", "date", "", "memo", "debit", "credit", "", "balance")
    read_so = sample("sans-titres.csv", layout=found.layout)
    assert amounts(read_so) == ["750.00", "-4.95", "375.00"]
    assert read_so.accounts[0].lines[0].name == "Dépôt, Réseau fictif"
    assert (str(read_so.accounts[0].opening), str(read_so.accounts[0].closing)) == (
        "1000.00 CAD",
        "2120.05 CAD",
    )


def test_titles_that_nobody_knows_stay_titles() -> None:
    found = looked_at("Jour|Quoi|Combien\n15/01/2005|Dépôt|12,50\n17/01/2005|Frais|-1,00\n")
    assert found.layout.titles == ("Jour", "Quoi", "Combien")
    assert found.layout.roles == ("date", "memo", "amount")
    text = "Jour|Quoi|Combien\n15/01/2005|Dépôt|12,50\n"
    assert amounts(read(text, layout=found.layout)) == ["12.50"]
    assert days(read(text, layout=found.layout)) == ["2005-01-15"]


def test_titles_known_in_part_tell_what_they_say_and_the_cells_the_rest() -> None:
    """Were the cells asked alone, money that came in would be the amount of what went out too."""
    found = looked_at(
        "Jour;Détails;Entrée;Sortie;Solde\n14/11/2005;Transfert;75,00;;175,00\n14/11/2005;Frais;;0,75;174,25\n"
    )
    assert found.layout.roles == ("date", "memo", "credit", "debit", "balance")


def test_an_operator_of_mobile_money_is_read_by_its_titles() -> None:
    told = read(
        "Reçu;Date et heure;Détails;Statut;Entrée;Sortie;Solde;Contrepartie\n"
        "WV8821;14/11/2005 09:12:33;Transfert reçu;Terminé;75 000;;175 000;Awa Exemple\n"
        "WV8822;14/11/2005 09:13:00;Frais;Terminé;;750;174 250;\n"
        "WV8823;15/11/2005 11:00:00;Transfert reçu;Échoué;5 000;;174 250;\n"
        "WV8824;15/11/2005 12:00:00;Transfert reçu;Terminé;12,5;;174 250;\n",
        currency="XOF",
    )
    assert amounts(told) == ["75000", "-750"]
    assert [one.bank_id for one in told.accounts[0].lines] == ["WV8821", "WV8822"]
    (_row, failed), (row, unreadable) = reasons(told)
    assert "no money moved" in failed and row == 5 and "12,5" in unreadable


def test_a_layout_is_kept_as_it_is_and_fits_only_its_own_tables() -> None:
    layout = looked_at("Jour|Quoi|Combien\n15/01/2005|Dépôt|12,50\n").layout
    assert restored(stored(layout)) == layout
    assert fits(b"adresse\nJour|Quoi|Combien\n16/01/2005|Salle|-450,00\n", layout)
    assert not fits(b"Jour|Combien|Quoi\n16/01/2005|-450,00|Salle\n", layout)
    assert not fits(b"%PDF-1.4", layout)
    assert not fits(b"!Type:Bank\nD1/15/05\n", layout)
    bare = Layout(roles=("date", "amount"), delimiter=";")
    assert fits(b"15/01/2005;1,00\n", bare)
    assert not fits(b"a;b\n", bare)


def test_a_layout_that_does_not_fit_is_not_used() -> None:
    other = Layout(roles=("amount", "date"), titles=("Combien", "Jour"), delimiter="|")
    text = "Date;Montant\n2005-01-15;12,50\n"
    assert amounts(read(text, layout=other)) == ["12.50"]
    nothing = Layout(roles=("", ""), titles=("Date", "Montant"), delimiter=";")
    assert amounts(read(text, layout=nothing)) == ["12.50"]


def test_told_columns_win_over_what_titles_say() -> None:
    text = "Date;Value date;Montant;Net amount\n2005-01-15;2005-01-17;10,00;9,50\n"
    layout = Layout(
        roles=("", "date", "", "amount"),
        titles=("Date", "Value date", "Montant", "Net amount"),
        delimiter=";",
    )
    assert amounts(read(text, layout=layout)) == ["9.50"]
    assert days(read(text, layout=layout)) == ["2005-01-17"]


def test_signs_the_other_way_round_as_told_or_as_the_balance_shows() -> None:
    assert amounts(sample("signes-retournes.csv")) == ["750.00", "-4.95", "375.00"]
    text = "Date;Montant\n2005-01-15;45,00\n2005-01-16;-20,00\n"
    layout = Layout(roles=("date", "amount"), titles=("Date", "Montant"), delimiter=";", inverted=True)
    assert amounts(read(text)) == ["45.00", "-20.00"]
    assert amounts(read(text, layout=layout)) == ["-45.00", "20.00"]


def test_a_balance_that_breaks_once_shows_where_the_gap_begins() -> None:
    [account] = sample("solde-rompu.csv").accounts
    assert (str(account.opening), str(account.closing)) == ("1000.00 CAD", "1927.55 CAD")
    assert account.gap_start is not None
    assert (account.gap_start.row, account.gap_start.date.isoformat()) == (7, "2005-01-20")


def test_what_is_pending_or_failed_with_a_mobile_money_operator_does_not_come_in() -> None:
    found = sample("monnaie-mobile.csv", currency="XOF")
    [account] = found.accounts
    assert account.account == "221 000 00 00"
    assert amounts(found) == ["25000", "-7500", "-7500"]
    assert (str(account.opening), str(account.closing)) == ("100000 XOF", "110000 XOF")
    assert reasons(found) == [
        (6, "This movement failed or was cancelled; no money moved."),
        (9, "This movement is still pending at the bank."),
    ]


def test_what_a_mobile_money_operator_takes_is_a_movement_of_its_own() -> None:
    found = sample("monnaie-mobile-frais.csv", currency="XOF")
    [account] = found.accounts
    assert amounts(found) == ["25000", "-250", "-7500", "-75", "5000"]
    assert (str(account.opening), str(account.closing), account.gap_start) == (
        "100000 XOF",
        "122175 XOF",
        None,
    )
    fee = account.lines[1]
    assert (fee.name, fee.reference, fee.bank_id) == (FEE, "", "W-1001:fee")
    assert fee.memo == f"{account.lines[0].name} · W-1001"  # whose movement it was taken of
    assert len({line.identity for line in account.lines}) == 5


def test_a_fee_that_is_inside_the_amount_already_is_not_taken_twice() -> None:
    text = "Date;Montant;Commission;Solde\n2005-11-22;24750;250;124750\n2005-11-23;-7575;-75;117175\n"
    assert amounts(read(text, currency="XOF")) == ["24750", "-7575"]
    besides = "Date;Montant;Commission\n2005-11-22;25000;250\n2005-11-23;-7500;deux cents\n"
    without_balance = read(besides, currency="XOF")
    assert amounts(without_balance) == ["25000", "-250"]  # the rest could not be read, and is not read as 0
    assert [row for row, _why in reasons(without_balance)] == [3]


def test_letters_that_were_broken_on_the_way_are_mended() -> None:
    found = sample("double-utf8.csv")
    assert amounts(found) == ["1750.00", "-4.95"]
    assert found.accounts[0].lines[0].name == "Versement : Réseau fictif du Grand-Héron"
    assert found.accounts[0].lines[1].name == "Frais d’administration"


@pytest.mark.parametrize(
    "whole", ["« CAFÉ » et l’« ÎLE »", "SÃO PAULO: MAÇÃ", "Â moitié", "naïve façade – œuf"]
)
def test_letters_that_are_right_stay_as_they_are(whole: str) -> None:
    assert decode(f"{whole}\n".encode()) == f"{whole}\n"
    assert decode(f"{whole}\n".encode().decode("cp1252", "ignore").encode(), "utf-8")


def test_a_person_says_what_the_letters_are() -> None:
    data = "Libellé;Montant;Date\nDépôt;1,00;2005-01-15\n".encode("cp850")
    layout = Layout(
        roles=("memo", "amount", "date"),
        titles=("Libellé", "Montant", "Date"),
        delimiter=";",
        encoding="cp850",
    )
    assert fits(data, layout)
    found = inspect(data, assume=Assumptions(currency="CAD", layout=layout))
    assert found.accounts[0].lines[0].name == "Dépôt"


def test_the_beginning_of_a_long_text_ends_with_a_line() -> None:
    text = b"Date;Montant\n" + b"2005-01-15;1,00\n" * 10_000
    start = beginning(text)
    assert len(start) < 70_000
    assert start.endswith(b"\n")
    assert beginning(b"x" * 100_000) == b"x" * 65_536
    assert beginning(b"short") == b"short"


def test_a_statement_that_says_itself_what_is_what_has_no_columns_to_tell() -> None:
    assert sketch((SAMPLES / "caisse.qif").read_bytes()) is None
    with pytest.raises(UnknownFormat):
        read("no table at all")
