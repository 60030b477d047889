"""Badges: one a registration, a copy with a token of its own, paper that tells nothing it should not."""

import io
from datetime import date

import pypdfium2
import pytest
import zxingcpp
from sqlalchemy import select

from events import badges, registration
from events.badge_codes import public_key_of, short_code, verify
from events.badges import NoBadgeYet, NobodyToPrint, NotAdmitted
from events.models import Badge, BadgeStatus, Edition, Registration, RegistrationStatus
from network.people import PersonDetails
from shared.audit import AuditRecord
from shared.database import db, transaction
from shared.money import Money
from tests.counting import count_queries
from tests.events.desk import NAMES, admit, badge_of, outaouais
from tests.events.gathering import BY, dakar, somebody
from treasury.models import PaymentMethod


@pytest.fixture
def edition(both_databases: str, app: object) -> Edition:
    return dakar()


def _unpaid(edition: Edition, name: str = "Personne Solde") -> Registration:
    person = PersonDetails(name=name, email="solde@example.org", country="SN")
    with transaction():
        return registration.register(
            edition,
            somebody(person=person, fee=Money.of("688.20", "CAD"), method=PaymentMethod.TRANSFER),
            by=BY,
        )


def test_a_badge_is_issued_once(edition: Edition) -> None:
    head = outaouais(edition)[0]
    first = badge_of(head)
    assert badge_of(head).id == first.id
    assert (first.copy, first.status) == (1, BadgeStatus.ISSUED)
    assert first.short_code == short_code("DKR05", first.token)


def test_copy_2_revokes_copy_1_and_both_are_on_the_trail(edition: Edition) -> None:
    head = outaouais(edition)[0]
    first = badge_of(head)
    with transaction():
        second = badges.reissue(head, "Badge perdu", by=BY)
    assert (first.status, second.status, second.copy) == (BadgeStatus.REVOKED, BadgeStatus.ISSUED, 2)
    assert first.token != second.token
    assert first.revoked_at is not None
    trail = [
        (record.action, record.subject, record.reason)
        for record in db.session.scalars(
            select(AuditRecord).where(AuditRecord.action.startswith("badge.")).order_by(AuditRecord.id)
        )
    ]
    assert trail == [
        ("badge.issue", f"Badge:{first.id}", ""),
        ("badge.revoke", f"Badge:{first.id}", "Badge perdu"),
        ("badge.issue", f"Badge:{second.id}", "Badge perdu"),
    ]


def test_nothing_is_copied_before_it_is_issued(edition: Edition) -> None:
    head = outaouais(edition)[0]
    with pytest.raises(NoBadgeYet), transaction():
        badges.reissue(head, "Badge perdu", by=BY)


def test_no_badge_for_somebody_who_has_neither_paid_nor_been_let_in(edition: Edition) -> None:
    unpaid = _unpaid(edition)
    assert unpaid.status is RegistrationStatus.UNPAID
    with pytest.raises(NotAdmitted):
        badge_of(unpaid)
    with transaction():
        assert badges.issue_all(edition, by=BY) == 0


def test_who_is_let_in_unpaid_has_a_badge_that_tells_nothing_of_it(edition: Edition) -> None:
    unpaid = _unpaid(edition)
    with transaction():
        registration.admit_unpaid(unpaid, "Solde de 688,20 suivi par la trésorerie", by=BY)
    badge = badge_of(unpaid)
    [face] = badges.faces(edition, [badge], locale="fr")
    told = repr(face)
    assert "688" not in told
    assert "Solde de" not in told
    text = _text_of(badges.sheet(edition, [badge]))
    assert "Personne" in text
    assert "688" not in text


def test_issuing_all_makes_what_is_missing_and_nothing_twice(edition: Edition) -> None:
    people = outaouais(edition)
    alone = admit(edition, "Venue Seule")
    badge_of(people[0])
    with transaction():
        assert badges.issue_all(edition, by=BY, party="DKR05-OUT") == 2
    with transaction():
        assert badges.issue_all(edition, by=BY) == 1
        assert badges.issue_all(edition, by=BY) == 0
    copies = db.session.scalars(select(Badge.copy)).all()
    assert copies == [1, 1, 1, 1]
    assert badge_of(alone).copy == 1


def test_a_badge_issued_after_all_were_revoked_is_the_next_copy(edition: Edition) -> None:
    head = outaouais(edition)[0]
    badge_of(head)
    with transaction():
        badges.revoke_all(head, "perdu", by=BY)
        badges.issue_all(edition, by=BY, party="DKR05-OUT")
    assert [badge.copy for badge in badges.printable(edition, registration_id=head.id)] == [2]


def test_issuing_many_asks_no_more_questions_than_issuing_few(edition: Edition) -> None:
    asked = []
    for names in (("A", "B"), tuple(f"Personne {n}" for n in range(12))):
        outaouais(edition, names, code=f"DKR05-{len(names)}")
        with transaction(), count_queries() as seen:
            badges.issue_all(edition, by=BY)
        asked.append(len(seen))
    assert asked[0] == asked[1] <= 5


def test_the_signed_code_is_the_editions_own(edition: Edition) -> None:
    badge = badge_of(outaouais(edition)[0])
    claim = verify(badges.signed_code(edition, badge), public_key_of(edition.badge_key or b""))
    assert (claim.edition, claim.token, claim.serial) == ("DKR05", badge.token, badge.id)
    assert claim.expires.date() == date(2005, 11, 28)


def test_names_sort_as_people_look_them_up(edition: Edition) -> None:
    for name in ("Zoé Zèbre", "« N’Exemple-Échantillon »", "Élise Exemple", "Odile Omega"):
        admit(edition, name)
    with transaction():
        badges.issue_all(edition, by=BY)
    printed = [badge.registration.person.name for badge in badges.printable(edition)]
    assert printed == ["Élise Exemple", "« N’Exemple-Échantillon »", "Odile Omega", "Zoé Zèbre"]


def test_the_sheet_prints_the_theme_the_role_and_every_code(edition: Edition) -> None:
    outaouais(edition)
    with transaction():
        badges.issue_all(edition, by=BY)
    printable = badges.printable(edition)
    pdf = badges.sheet(edition, printable)
    text = _text_of(pdf)
    for told in ("Mondialiser la solidarité", "Chef·fe de délégation", "Outaouais", "DKR05-OUT-02"):
        assert told in text
    page = pypdfium2.PdfDocument(io.BytesIO(pdf))[0]
    codes = {found.text for found in zxingcpp.read_barcodes(page.render(scale=3).to_pil())}
    assert codes == {badges.signed_code(edition, badge) for badge in printable}
    assert len(codes) == len(NAMES)


def test_a_revoked_badge_is_not_printed_again(edition: Edition) -> None:
    head = outaouais(edition)[0]
    badge_of(head)
    with transaction():
        badges.revoke_all(head, "perdu", by=BY)
    with pytest.raises(NobodyToPrint):
        badges.sheet(edition, badges.printable(edition))


def _text_of(pdf: bytes) -> str:
    document = pypdfium2.PdfDocument(io.BytesIO(pdf))
    return "\n".join(page.get_textpage().get_text_range() for page in document)
