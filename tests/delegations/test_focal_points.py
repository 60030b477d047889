"""Who looks after a delegation: changed in one act that says why, and access follows at once."""

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError

from access import users
from access.models import User
from access.policy import Permission, can
from access.users import CreateUser
from delegations.lifecycle import focal_points, handing_over, invitations
from delegations.lifecycle.focal_models import FocalPoint, FocalRank
from delegations.lifecycle.handing_over import AlreadyFocal, HandOver
from delegations.lifecycle.invitations import InviteDelegation
from delegations.lifecycle.moves import WhyMissing
from delegations.models import Delegation
from delegations.seats import leaving, nominations
from delegations.seats.nominations import Nominate
from events.models import Edition
from outbox.jobs import Job
from shared.audit import AuditRecord
from shared.database import db, transaction
from tests.conftest import sign_in
from tests.delegations.conftest import BY, person

PRIMARY, BACKUP = FocalRank.PRIMARY, FocalRank.BACKUP
LISON = HandOver(
    email="lison@example.org", name="Lison Substitut", locale="en", reason="Ondine part en congé"
)


@pytest.fixture(autouse=True)
def no_tokens(monkeypatch: pytest.MonkeyPatch) -> None:
    """The forms' tokens are the framework's; these tests post without them."""
    monkeypatch.setattr("flask_wtf.csrf.validate_csrf", lambda *_given, **_options: None)


@pytest.fixture
def mauricie(dakar: Edition) -> Delegation:
    """Mauricie, invited through Ondine Exemple."""
    command = InviteDelegation(
        edition_id=dakar.id, code="DKR05-MAU", name="Mauricie", contact_email="ondine@example.org"
    )
    with transaction():
        users.create_user(CreateUser(email="ondine@example.org", name="Ondine Exemple"), by=BY)
        return invitations.invite(command, by=BY)


def may(email: str, delegation: Delegation) -> bool:
    db.session.expire_all()
    return can(users.find_user(email), Permission.DELEGATION_EDIT, delegation_id=delegation.id)


def names(delegation: Delegation) -> dict[str, str]:
    return {rank.value: one.user.name for rank, one in focal_points.current(delegation).items()}


def test_handing_over_moves_access_and_messages(both_databases: str, mauricie: Delegation) -> None:
    assert names(mauricie) == {"primary": "Ondine Exemple"}
    with pytest.raises(WhyMissing), transaction():
        handing_over.hand_over(mauricie, PRIMARY, HandOver(email="lison@example.org", name="L"), by=BY)
    with transaction():
        handing_over.hand_over(mauricie, PRIMARY, LISON, by=BY)
    assert (may("ondine@example.org", mauricie), may("lison@example.org", mauricie)) == (False, True)
    assert (names(mauricie), mauricie.contact_email) == ({"primary": "Lison Substitut"}, "lison@example.org")
    told = db.session.scalars(select(Job.payload).where(Job.key.like("focal-%")).order_by(Job.id)).all()
    assert [(one["to"], one["subject"]) for one in told] == [
        ("ondine@example.org", "Merci pour la délégation Mauricie"),
        ("lison@example.org", "The delegation Mauricie is in your hands"),
    ]
    reasons = db.session.scalars(select(AuditRecord.reason).where(AuditRecord.action == "focal.place")).all()
    assert reasons == ["", "Ondine part en congé"]
    with pytest.raises(AlreadyFocal), transaction():
        handing_over.hand_over(mauricie, PRIMARY, LISON, by=BY)
    user = focal_points.current(mauricie)[PRIMARY].user
    second = FocalPoint(delegation_id=mauricie.id, user_id=user.id, rank=PRIMARY, actor=BY.actor_label)
    with pytest.raises(IntegrityError), transaction():
        db.session.add(second)


def test_a_backup_can_act_receives_messages_and_steps_up(mauricie: Delegation) -> None:
    with transaction():
        handing_over.hand_over(mauricie, BACKUP, LISON, by=BY)
    assert may("lison@example.org", mauricie)
    assert focal_points.written_to(mauricie) == [("ondine@example.org", "fr"), ("lison@example.org", "en")]
    with transaction():  # the backup becomes primary: one place each, nobody keeps two
        handing_over.hand_over(mauricie, PRIMARY, LISON, by=BY)
    assert names(mauricie) == {"primary": "Lison Substitut"}
    assert (may("ondine@example.org", mauricie), may("lison@example.org", mauricie)) == (False, True)
    assert [turn.point.until is None for turn in focal_points.turns(mauricie)] == [True, False, False]


def test_both_learn_what_becomes_of_their_seats(mauricie: Delegation) -> None:
    with transaction():
        handing_over.hand_over(mauricie, BACKUP, LISON, by=BY)
        invitations.request_seats(mauricie, 1, "", by=BY)
        invitations.allocate_seats(mauricie, 1, by=BY)
        invitations.confirm(mauricie, by=BY)
        named = nominations.nominate(mauricie.seats[0], Nominate(person=person("Théo Démo")), by=BY)
    with transaction():
        leaving.decline(named, "Un autre voyage")
    told = db.session.scalars(select(Job.payload).order_by(Job.id.desc()).limit(2)).all()[::-1]
    assert [(one["to"], one["subject"]) for one in told] == [
        ("ondine@example.org", "Théo Démo ne prend pas la place DKR05-MAU-01"),
        ("lison@example.org", "Théo Démo does not take the seat DKR05-MAU-01"),
    ]


def test_a_backup_is_relieved(mauricie: Delegation) -> None:
    with transaction():
        handing_over.hand_over(mauricie, BACKUP, LISON, by=BY)
    with pytest.raises(WhyMissing), transaction():
        handing_over.relieve_backup(mauricie, " ", by=BY)
    with transaction():
        handing_over.relieve_backup(mauricie, "Autre travail", by=BY)
    assert (may("lison@example.org", mauricie), names(mauricie)) == (False, {"primary": "Ondine Exemple"})


def test_a_head_hands_their_own_place_over(mauricie: Delegation, client: FlaskClient) -> None:
    ondine = focal_points.current(mauricie)[PRIMARY].user
    sign_in(client, ondine)
    address = "/delegations/DKR05-MAU/focal-points"
    assert "Ondine Exemple" in client.get(address).get_data(as_text=True)
    form = {"name": "Lison Substitut", "email": "lison@example.org", "locale": "fr", "reason": ""}
    refused = client.post(f"{address}/primary", data=form)
    assert (refused.status_code, "Lison Substitut" in refused.get_data(as_text=True)) == (422, True)
    done = client.post(f"{address}/primary", data={**form, "reason": "Je pars"})
    assert done.headers["Location"].endswith("/delegations")
    assert client.get(address).status_code in (403, 404)
    assert client.get("/delegations/DKR05-MAU/focal-points/nobody").status_code in (403, 404)


def test_the_organiser_finds_delegations_together(
    mauricie: Delegation, client: FlaskClient, fatou: User
) -> None:
    sign_in(client, fatou)
    assert 'href="/delegations/DKR05-MAU/members"' in client.get("/delegations/DKR05-MAU").get_data(
        as_text=True
    )
    assert db.session.scalar(text("SELECT count(*) FROM focal_point")) == 1
