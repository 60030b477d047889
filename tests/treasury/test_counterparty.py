"""The other party's account, where a bank tells it: read, kept with the line, and said as evidence."""

from dataclasses import replace

from flask import Flask

from access.models import User
from shared.database import transaction
from tests.treasury.bank import lines_of, looked_at
from tests.treasury.conftest import Ask
from tests.treasury.desk import Desk
from tests.treasury.reading import read, sample
from tests.treasury.test_matching import due, line
from tests.treasury.test_statement_camt import camt, entry
from treasury.models import Account, BankStatement
from treasury.reconciliation import habits
from treasury.reconciliation.links import import_statement, settle
from treasury.reconciliation.matching import propose
from treasury.reconciliation.values import Habit, HabitKind, Reason
from treasury.statements.mt940_words import words_of
from treasury.statements.reading import inspect
from treasury.statements.values import Assumptions

IBAN = "FR7630006000011234567890189"
PARTY = "<RltdPties><{side}><Nm>{name}</Nm></{side}><{side}Acct><Id>{id}</Id></{side}Acct></RltdPties>"


def party_of(number: str, name: str = "A", side: str = "Dbtr") -> str:
    return PARTY.format(side=side, name=name, id=f"<IBAN>{number}</IBAN>")


def paid_by(amount: str, name: str, number: str, side: str = "Dbtr") -> str:
    return entry(
        amount,
        {"Dbtr": "CRDT", "Cdtr": "DBIT"}[side],
        more=f"<NtryDtls><TxDtls>{party_of(number, name, side)}</TxDtls></NtryDtls>",
    )


def test_camt_tells_who_paid_and_who_was_paid_also_inside_a_batch() -> None:
    spaced = "fr76 3000 6000 0112 3456 7890 189"
    party = "<RltdPties><DbtrAcct><Id><Othr><Id>SN-7 00/12</Id></Othr></Id></DbtrAcct></RltdPties>"
    other = f"<NtryDtls><TxDtls>{party}</TxDtls></NtryDtls>"
    batch = "".join(f"<TxDtls><Amt Ccy='CAD'>5.00</Amt>{party_of(one)}</TxDtls>" for one in ("AA01", "BB02"))
    found = read(
        camt(
            paid_by("10.00", "A", spaced),
            paid_by("10.00", "B", IBAN, side="Cdtr"),
            entry(more=other),
            entry(more=f"<NtryDtls>{batch}</NtryDtls>"),
            entry(),
        )
    )
    assert [one.counterparty for one in found.accounts[0].lines] == [
        IBAN, IBAN, "SN70012", "AA01", "BB02", "",
    ]  # fmt: skip


def test_the_ways_in_which_mt940_tells_it() -> None:
    assert [one.counterparty for one in sample("sparkasse.sta").accounts[0].lines][:2] == [
        "DE00123456780001234567",
        "",
    ]
    assert [one.counterparty for one in sample("nederland.940").accounts[0].lines] == [
        "NL00BANK0000000001",
        "NL00BANK0000000002",
        "",
    ]
    assert words_of(["166?00X?20SVWZ+Don IBAN: " + IBAN + "?32A"]).account == IBAN
    assert words_of([f"EREF+A SVWZ+Don IBAN+{IBAN} merci"]).account == IBAN
    assert words_of(["NOT A NUMBER IBAN+NONE"]).account == ""


def test_the_account_it_comes_from_tells_whose_a_line_is_and_says_so(
    app: Flask, bank: Account, aristide: User, receive: Ask
) -> None:
    """Awa pays from an account in her husband's name: once confirmed, the number says whose it is."""
    for amount in ("60.00", "70.00"):
        receive(amount, payer="Awa Témoin")
    receive("70.00", payer="Zoé Exemple")
    statement = camt(
        paid_by("60.00", "M OU MME GABARIT", IBAN).replace("2005-01", "2005-10"),
        paid_by("70.00", "M OU MME GABARIT", IBAN).replace("2005-01", "2005-10"),
    )
    with transaction():
        kept: BankStatement = import_statement(bank, read(statement), by=aristide)
    first, second = lines_of(kept)
    offers = looked_at(bank, first, second)
    assert not any(one.sure for one in offers.of(second.id))
    with transaction():
        settle(first, offers.postings(offers.of(first.id)[0]), by=aristide)
    assert Habit(IBAN, "Awa Témoin", 1, HabitKind.ACCOUNT) in habits.habits(bank)
    [best] = looked_at(bank, second).of(second.id)
    assert best.sure
    assert best.reasons[-1].sentence("en") == "It comes from the account of Awa Témoin."
    page = Desk(app, aristide).see(f"/treasury/statements/{kept.id}")
    assert "Account FR76 3000 6000 0112 3456 7890 189" in page
    assert "It comes from the account of Awa Témoin." in page


def test_money_that_goes_out_goes_to_an_account() -> None:
    back = replace(line("l", "-60.00", "REMBOURSEMENT"), account=IBAN)
    habit = Habit(IBAN, "Awa Témoin", 1, HabitKind.ACCOUNT)
    [found] = propose([back], [due("a", "-60.00", "Awa Témoin")], [habit])
    assert found.reasons[-1] == Reason("account paid", "Awa Témoin")
    assert found.reasons[-1].sentence("en") == "It goes to the account of Awa Témoin."


def test_a_table_tells_it_in_a_column_of_its_own_also_as_a_telephone() -> None:
    table = (
        "Date;Libellé;Montant;Compte;IBAN contrepartie\n"
        f"2005-10-15;Don;60,00;30055;{IBAN}\n2005-10-16;Frais;-1,00;30055;\n"
    )
    found = inspect(table.encode(), assume=Assumptions(currency="CAD"))
    assert [one.account for one in found.accounts] == ["30055"]
    assert [one.counterparty for one in found.accounts[0].lines] == [IBAN, ""]
    mobile = "Date;Nom;Téléphone;Montant;Frais\n2005-11-22;Fatou Modèle;+221 77 000 00 00;25000;250\n"
    sent, fee = inspect(mobile.encode(), assume=Assumptions(currency="XOF")).accounts[0].lines
    assert (sent.counterparty, fee.counterparty) == ("221770000000", "")


def test_an_account_that_many_pay_through_tells_nobody() -> None:
    """An operator's or an agency's: whose money it is, the name has to say."""
    lines = [replace(line("l", "60.00", "AGENCE"), account=IBAN)]
    open_ones = [due("a", "60.00", "Awa Témoin")]
    names = ("Awa Témoin", "Zoé Exemple", "Noé Essai")
    known = [Habit(IBAN, name, 1, HabitKind.ACCOUNT) for name in names]
    assert propose(lines, open_ones, known[:2])[0].sure  # a couple's
    assert not any(one.sure for one in propose(lines, open_ones, known))
