"""A list of nominees: reported first, taken in whole or not at all, twice the same as once, harmless."""

import io
import time

import pytest
import xlsxwriter
from flask.testing import FlaskClient
from sqlalchemy import func, select

from access.models import User
from delegations.models import Delegation, Nomination, Seat
from delegations.seats import nominations, nominee_list, waiting
from delegations.seats.nominations import AlreadyNominated, Nominate
from delegations.seats.nominee_list import ListChanged, Verdict
from delegations.seats.nominee_reading import ListTooLong, ListUnreadable, NotAList, as_text, read_list
from events.models import BadgeRole, Edition
from network.models import Person
from shared.database import db, transaction
from tests.conftest import sign_in
from tests.delegations.conftest import BY, delegation_of, person

LIST = """Nom;Prénom;Courriel;Organisme;Pays;Langues;Rôle
Exemple;Ondine;ondine@example.org;Réseau fictif du Grand-Héron;Canada;français, anglais;Tête de délégation
N’Exemple-Échantillon;Aïssatou;aissatou@example.org;;Sénégal;fr wo;
"""


def count(kind: type[Person] | type[Nomination]) -> int:
    return db.session.scalar(select(func.count()).select_from(kind)) or 0


def workbook(rows: list[list[str]]) -> bytes:
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True}) as book:
        sheet = book.add_worksheet("Liste")
        for number, cells in enumerate(rows):
            sheet.write_row(number, 0, cells)
    return out.getvalue()


@pytest.mark.parametrize(
    "data",
    [
        b"\xef\xbb\xbf\r\n<!doctype html><script>alert(1)</script>",
        b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
        b"%PDF-1.7\n1 0 obj <</JS (app.alert(1))>>",
        b"\xd0\xcf\x11\xe0 an old workbook",
    ],
    ids=["page", "drawing", "document", "old workbook"],
)
def test_a_file_of_another_kind_is_no_list(data: bytes) -> None:
    with pytest.raises(NotAList):
        read_list(data)


@pytest.mark.parametrize(
    "data",
    [
        LIST.encode(),
        LIST.replace(";", "\t").encode("utf-16"),
        LIST.replace("’", "'").encode("cp1252"),
        workbook([line.split(";") for line in LIST.splitlines()]),
    ],
    ids=["utf-8", "utf-16, tabs", "Windows", "workbook"],
)
def test_a_list_is_read_however_it_was_saved(data: bytes, outaouais: Delegation) -> None:
    report = nominee_list.judge(outaouais, read_list(data))
    assert [(one.verdict, one.role, one.country, one.languages) for one in report.rows] == [
        (Verdict.READY, BadgeRole.HEAD, "CA", ("fr", "en")),
        (Verdict.READY, BadgeRole.DELEGATE, "SN", ("fr", "wo")),
    ]
    assert report.rows[0].row["name"] == "Ondine Exemple"
    assert report.rows[1].row["name"].replace("’", "'") == "Aïssatou N'Exemple-Échantillon"


def test_pasted_without_titles() -> None:
    rows = read_list("Ondine Exemple, ondine@example.org, Grand-Héron\nThéo Démo, theo@example.org,".encode())
    assert [(row["name"], row["email"], row["organisation"]) for row in rows] == [
        ("Ondine Exemple", "ondine@example.org", "Grand-Héron"),
        ("Théo Démo", "theo@example.org", ""),
    ]
    assert read_list("Noé Essai\nRuth Placeholder".encode())[1]["name"] == "Ruth Placeholder"


def test_what_is_no_list_is_refused() -> None:
    with pytest.raises(ListUnreadable):
        read_list(b"Nom;Courriel\n")
    with pytest.raises(ListTooLong):
        read_list(b"Nom\n" + b"Theo Demo\n" * 1001)


def test_every_row_has_its_verdict(outaouais: Delegation) -> None:
    with transaction():
        nominations.nominate(outaouais.seats[0], Nominate(person=person("Marthe Doublon")), by=BY)
    text = """name;email;role;country;seat
Marthe Doublon;marthe@example.org;;;
Marthe Doublon-Gabarit;m.doublon@example.org;;;
Théo Démo;theo@example.org;;;DKR05-OUT-02
Théo Démo;theo@example.org;;;
Demo Theo;;;;
=HYPERLINK("http://x");a@example.org;;;
Noé Essai;pas une adresse;;;
;vide@example.org;;;
Clio Maquette;clio@example.org;;;DKR05-OUT-01
Ruth \u202eredlohecalP;ruth@example.org;;;
Maude Tableur;maude@example.org;reine;Atlantide;
"""
    report = nominee_list.judge(outaouais, read_list(text.encode()))
    assert [str(one.verdict) for one in report.rows] == [
        *("duplicate", "doubtful", "ready", "duplicate", "duplicate"),
        *("refused", "refused", "refused", "refused", "doubtful", "doubtful"),
    ]
    assert "Marthe Doublon" in report.rows[1].notes[0] and "marriage" in report.rows[1].notes[0]
    assert report.rows[9].row["name"] == "Ruth redlohecalP"
    assert len(report.rows[10].notes) == 2
    again = nominee_list.judge(outaouais, read_list(as_text(one.row for one in report.rows).encode()))
    assert [one.verdict for one in again.rows] == [one.verdict for one in report.rows]
    assert again.seal == report.seal


def test_the_same_list_twice_adds_nothing_twice(both_databases: str, outaouais: Delegation) -> None:
    names = "\n".join(f"Personne Fictive{'abcdefgh'[n] * 4}, p{n}@example.org" for n in range(8)).encode()
    rows = read_list(names)
    report = nominee_list.judge(outaouais, rows)
    assert [len(report.of(one)) for one in (Verdict.READY, Verdict.WAITS)] == [6, 2]
    with transaction():
        taken = nominee_list.take_in(outaouais, rows, seal=report.seal, agreed=(), by=BY)
    assert (taken.named, taken.waiting, count(Person)) == (6, 2, 8)
    assert [one.person.email for one in waiting.line_of(outaouais)] == ["p6@example.org", "p7@example.org"]
    second = nominee_list.judge(outaouais, rows)
    assert len(second.of(Verdict.DUPLICATE)) == 8
    with transaction():
        taken = nominee_list.take_in(outaouais, rows, seal=second.seal, agreed=range(99), by=BY)
    assert (taken.named, taken.waiting, count(Person)) == (0, 0, 8)


def test_nothing_is_half_taken_in(outaouais: Delegation, seat: Seat) -> None:
    rows = read_list(LIST.encode())
    seal = nominee_list.judge(outaouais, rows).seal
    with transaction():
        nominations.nominate(seat, Nominate(person=person("Ondine Exemple")), by=BY)
    with pytest.raises(ListChanged), transaction():
        nominee_list.take_in(outaouais, rows, seal=seal, agreed=(), by=BY)
    assert (count(Person), count(Nomination)) == (1, 1)


def test_the_doubtful_come_in_when_somebody_agrees(outaouais: Delegation) -> None:
    rows = read_list("name\nNoé Essai\nRuth Placeholder\n".encode())
    report = nominee_list.judge(outaouais, rows)
    assert len(report.of(Verdict.DOUBTFUL)) == 2
    with transaction():
        taken = nominee_list.take_in(outaouais, rows, seal=report.seal, agreed=[3], by=BY)
    assert (taken.named, taken.waiting) == (1, 0)
    assert [s.nomination.person.name for s in outaouais.seats if s.nomination] == ["Ruth Placeholder"]


def test_a_thousand_rows_are_judged_and_taken_in_at_once(outaouais: Delegation) -> None:
    letters = "abcdefghij"
    text = "name,email\n" + "\n".join(
        f"Prénom{letters[n // 100] * 3} Fictif{letters[n // 10 % 10] * 3}{letters[n % 10] * 3},p{n}@x.org"
        for n in range(1000)
    )
    start = time.process_time()
    rows = read_list(text.encode())
    report = nominee_list.judge(outaouais, rows)
    assert len(report.of(Verdict.READY)) == 6
    with transaction():
        taken = nominee_list.take_in(outaouais, rows, seal=report.seal, agreed=(), by=BY)
    assert (taken.named, taken.waiting) == (6, 994)
    assert time.process_time() - start < 4


def test_the_list_from_page_to_board(
    client: FlaskClient, outaouais: Delegation, ondine: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("flask_wtf.csrf.validate_csrf", lambda *_given, **_options: None)
    sign_in(client, ondine)
    client.post("/language/en")
    where = "/delegations/DKR05-OUT/seats/list"
    assert client.get(where).status_code == 200
    nothing = client.post(where, data={"text": " "})
    assert nothing.status_code == 422 and nothing.text.count("Choose a file, or paste the rows here.") == 2
    pasted = client.post(where, data={"text": "Nom\n" + "Théo Démo\n" * 1001})
    assert pasted.status_code == 422 and 'id="text-error"' in pasted.text and "Théo Démo" in pasted.text
    page = client.post(where, data={"file": (io.BytesIO(LIST.encode()), "liste.csv")})
    assert page.status_code == 200 and "Take in 2 people" in page.text
    assert count(Person) == 0
    rows = read_list(LIST.encode())
    seal = nominee_list.judge(outaouais, rows).seal
    done = client.post(f"{where}/take", data={"rows": as_text(rows), "seal": seal}, follow_redirects=True)
    assert "2 people are named." in done.text and "Ondine Exemple" in done.text
    stale = client.post(f"{where}/take", data={"rows": as_text(rows), "seal": seal})
    assert "nothing was taken in" in stale.text
    assert count(Person) == 2


def test_what_somebody_agreed_to_stays_ticked_where_the_report_changed(
    client: FlaskClient, outaouais: Delegation, ondine: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("flask_wtf.csrf.validate_csrf", lambda *_given, **_options: None)
    rows = read_list(b"Nom;Courriel\nSans Adresse;\nAutre Sans;\nNo\xc3\xa9 Essai;noe@example.org\n")
    seal = nominee_list.judge(outaouais, rows).seal
    with transaction():
        nominations.nominate(outaouais.seats[0], Nominate(person=person("Noé Essai")), by=BY)
    sign_in(client, ondine)
    sent = {"rows": as_text(rows), "seal": seal, "agreed": [2]}
    page = client.post("/delegations/DKR05-OUT/seats/list/take", data=sent).text
    assert 'name="agreed" value="2" checked' in page and 'name="agreed" value="3" checked' not in page


@pytest.mark.parametrize("name", ["a@example.org", "123", "—"])
def test_an_address_or_a_number_is_no_name(name: str, outaouais: Delegation) -> None:
    [row] = nominee_list.judge(outaouais, read_list(f"Nom;Courriel\n{name};c@example.org".encode())).rows
    assert (row.verdict, row.notes) == (Verdict.REFUSED, ("There is no name.",))


def test_another_delegations_people_are_not_named(dakar: Edition, outaouais: Delegation) -> None:
    with transaction():
        quebec = delegation_of(dakar, "QUE", "Québec", 1)
        nominations.nominate(quebec.seats[0], Nominate(person=person("Marthe Doublon-Gabarit")), by=BY)
        nominations.nominate(outaouais.seats[0], Nominate(person=person("Théo Démo-Gabarit")), by=BY)
    rows = read_list("Marthe Doublon,m@example.org\nThéo Démo,t@example.org".encode())
    marthe, theo = nominee_list.judge(outaouais, rows).rows
    assert (marthe.verdict, theo.verdict) == (Verdict.DOUBTFUL, Verdict.DOUBTFUL)
    assert "Gabarit" not in marthe.notes[0] and "Théo Démo-Gabarit" in theo.notes[0]
    with pytest.raises(AlreadyNominated) as told, transaction():
        nominations.nominate(outaouais.seats[1], Nominate(person=person("Marthe Doublon-Gabarit")), by=BY)
    assert "QUE" not in str(told.value)


def test_a_family_of_a_list_waits_together(outaouais: Delegation) -> None:
    seated = "".join(f"Titulaire{n} Exemple,t{n}@example.org,,\n" for n in range(6))
    family = "Awa Modèle,awa@example.org,Famille Modèle,oui\nBinta Modèle,b@example.org,Famille Modèle,x\n"
    rows = read_list(("nom,courriel,famille,tous ensemble\n" + seated + family).encode())
    again = read_list(as_text(rows).encode())
    seal = nominee_list.judge(outaouais, again).seal
    with transaction():
        nominee_list.take_in(outaouais, again, seal=seal, agreed=(), by=BY)
    [party] = waiting.parties_of(waiting.line_of(outaouais))
    assert [(one.person.name, one.whole) for one in party] == [("Awa Modèle", True), ("Binta Modèle", True)]
