"""A document is sealed with its entry, is added later beside it, and leaves only as an attachment."""

from collections.abc import Callable
from datetime import date
from io import BytesIO

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, text
from sqlalchemy.exc import DatabaseError

from access.models import User
from shared.database import db, transaction
from shared.money import Money
from tests.conftest import sign_in
from tests.treasury.conftest import Ask
from treasury import approvals, attachments, chart, ledger
from treasury.books import verification
from treasury.document_models import EntryDocument
from treasury.ledger import Leg
from treasury.models import Fund, JournalEntry

PDF = b"%PDF-1.7 Facture fictive"
Draft = Callable[[], JournalEntry]


@pytest.fixture
def draft(receive: Ask, outaouais: Fund, aristide: User) -> Draft:
    """A draft of 20.00 spent, of the 750.00 that Outaouais has."""
    receive("750.00")

    def write() -> JournalEntry:
        twenty = Money.of("20.00", "CAD")
        legs = [Leg(chart.STAY, outaouais.id, twenty), Leg(chart.BANK, outaouais.id, -twenty)]
        with transaction():
            return ledger.draft(date(2005, 11, 14), "Vaccine", legs, by=aristide)

    return write


def attack(statement: str) -> None:
    with transaction():
        db.session.execute(text(statement))


@pytest.mark.usefixtures("both_databases")
def test_the_hash_covers_the_documents_and_the_database_keeps_them(
    draft: Draft, aristide: User, zoe: User
) -> None:
    entry = draft()
    with transaction():
        first = attachments.attach(entry, PDF, "C:\\Users\\A\\facture.pdf", by=aristide)
        again = attachments.attach(entry, PDF, "facture.pdf", by=aristide)
        other = attachments.attach(entry, PDF + b"2", "b.pdf", by=aristide)
        assert (first.id, first.label, other.number) == (again.id, "facture.pdf", 2)
        attachments.remove(other, by=aristide)
    with transaction():
        ledger.post(entry, by=zoe)
    with transaction():
        late = attachments.attach(entry, PDF + b"3", "recu.pdf", by=aristide)
        assert (first.late, late.late, late.number) == (False, True, 2)
    with pytest.raises(ledger.AlreadyPosted), transaction():
        attachments.remove(first, by=aristide)
    for statement in (
        "UPDATE entry_document SET content = '', size = 1",
        "DELETE FROM entry_document",
        "INSERT INTO entry_document "
        "(entry_id, number, media_type, sha256, size, label, content, late, added_at)"
        f" SELECT {entry.id}, 9, media_type, 'x', size, label, content, false, added_at FROM entry_document",
    ):
        with pytest.raises(DatabaseError):
            attack(statement)
    assert verification.check().sound


@pytest.mark.usefixtures("both_databases")
def test_a_changed_document_is_found_by_the_walk(draft: Draft, aristide: User, zoe: User) -> None:
    entry = draft()
    with transaction():
        attachments.attach(entry, PDF, "facture.pdf", by=aristide)
        ledger.post(entry, by=zoe)
    postgresql = db.engine.dialect.name == "postgresql"
    trigger = "entry_document_changed ON entry_document" if postgresql else "entry_document_frozen"
    attack(f"DROP TRIGGER {trigger}")
    attack("UPDATE entry_document SET sha256 = 'another'")
    problems = [one.row.split()[0] for one in verification.check().findings]
    assert problems == ["journal_entry", "entry_document"]


def test_a_draft_that_is_thrown_away_takes_its_documents_along(
    draft: Draft, aristide: User, zoe: User
) -> None:
    entry = draft()
    with transaction():
        attachments.attach(entry, PDF, "facture.pdf", by=aristide)
    with transaction():
        approvals.discard(entry, "Typed twice", by=zoe)
    assert db.session.scalars(select(EntryDocument)).all() == []


def test_twenty_documents_at_the_most(draft: Draft, aristide: User) -> None:
    entry = draft()
    with transaction():
        for number in range(attachments.MOST):
            attachments.attach(entry, PDF + str(number).encode(), "x.pdf", by=aristide)
    with pytest.raises(attachments.TooMany), transaction():
        attachments.attach(entry, PDF, "x.pdf", by=aristide)


@pytest.mark.usefixtures("without_tokens")
def test_on_the_page_it_is_attached_and_leaves_as_an_attachment(
    draft: Draft, client: FlaskClient, aristide: User
) -> None:
    entry_id = draft().id
    sign_in(client, aristide)
    page = client.post(
        f"/treasury/entries/{entry_id}/documents",
        data={"document": (BytesIO(PDF), "facture.pdf")},
        follow_redirects=True,
    )
    assert "facture.pdf" in page.text
    found = db.session.scalars(select(EntryDocument)).one()
    answer = client.get(f"/treasury/documents/{found.id}/{found.file_name}")
    assert answer.data == PDF
    assert answer.headers["Content-Disposition"] == f"attachment; filename=entry-{entry_id}-1.pdf"
    assert answer.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert client.get(f"/treasury/documents/{found.id}/other.html").status_code == 404
    assert client.get("/treasury/documents/999/x.pdf").status_code == 404
    gone = client.post(f"/treasury/documents/{found.id}/remove", follow_redirects=True)
    assert "facture.pdf" not in gone.text


@pytest.mark.usefixtures("without_tokens")
@pytest.mark.parametrize(
    ("document", "says"), [((BytesIO(b"<html>"), "x.html"), "JPEG, PNG"), (None, "Choisissez un fichier")]
)
def test_what_cannot_be_kept_is_said(
    draft: Draft, client: FlaskClient, aristide: User, document: object, says: str
) -> None:
    entry_id = draft().id
    sign_in(client, aristide)
    data = {"document": document} if document else {}
    page = client.post(f"/treasury/entries/{entry_id}/documents", data=data, follow_redirects=True)
    assert says in page.text
    assert (
        client.post("/treasury/entries/999/documents", data={"document": (BytesIO(PDF), "a.pdf")}).status_code
        == 404
    )


@pytest.mark.usefixtures("without_tokens")
def test_the_document_comes_along_with_the_entry_or_neither_is_kept(
    client: FlaskClient, receive: Ask, outaouais: Fund, sorel: Fund, aristide: User
) -> None:
    receive("750.00")
    sign_in(client, aristide)
    form = {"source": outaouais.id, "target": sorel.id, "currency": "CAD", "amount": "5,00"}
    form |= {"dated_on": "2005-11-14", "narration": "Décision 7", "submission_key": "once"}
    before = db.session.query(JournalEntry).count()
    refused = client.post("/treasury/transfers/new", data=form | {"document": (BytesIO(b"no"), "a.txt")})
    assert (refused.status_code, "JPEG, PNG" in refused.text, "Décision 7" in refused.text) == (
        422,
        True,
        True,
    )
    assert db.session.query(JournalEntry).count() == before
    page = client.post(
        "/treasury/transfers/new",
        data=form | {"document": (BytesIO(PDF), "minute.pdf")},
        follow_redirects=True,
    )
    assert "minute.pdf" in page.text
