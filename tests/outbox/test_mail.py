"""Messages leave over a real SMTP conversation; what people typed never becomes a header."""

import email
import smtplib
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.message import Message
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import Envelope
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from flask import Flask
from sqlalchemy import select

from outbox import jobs, mail
from outbox.jobs import Job, run_due
from outbox.rendering import render
from serving import free_port
from shared.database import db, transaction


class Postbox:
    """An SMTP server that keeps what it accepts; `refusing` is its answer to a recipient."""

    def __init__(self) -> None:
        self.kept: list[Envelope] = []
        self.refusing: str | None = None
        self.address = ""

    async def handle_RCPT(
        self, server: Any, session: Any, envelope: Envelope, address: str, options: Any
    ) -> str:
        if self.refusing:
            return self.refusing
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Envelope) -> str:
        self.kept.append(envelope)
        return "250 kept"

    def message(self) -> Message:
        """The one message that arrived."""
        (envelope,) = self.kept
        assert isinstance(envelope.content, bytes)
        return email.message_from_bytes(envelope.content)


@pytest.fixture
def postbox(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[Postbox]:
    """A running postbox that this application delivers to."""
    box = Postbox()
    port = free_port()
    controller = Controller(box, hostname="127.0.0.1", port=port)
    controller.start()
    box.address = f"127.0.0.1:{port}"
    monkeypatch.setitem(
        jobs.HANDLERS,
        "mail",
        lambda payload: mail.deliver(payload, server=f"smtp://{box.address}", sender="teranga@example.org"),
    )
    yield box
    controller.stop()


PAYLOAD = {"to": "ondine@example.org", "subject": "Votre reçu", "text": "", "html": "", "attachments": []}


def own_certificate(folder: Path) -> Path:
    """A certificate for 127.0.0.1 that nobody vouches for, with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    today = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(today - timedelta(days=1))
        .not_valid_after(today + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    file = folder / "own.pem"
    file.write_bytes(made.public_bytes(Encoding.PEM) + secret)
    return file


def send(to: str = "ondine@example.org", subject: str = "Votre reçu", **more: Any) -> None:
    with transaction():
        mail.send(to, subject, "Bonjour Ondine", "<p>Bonjour Ondine</p>", **more)


def test_a_message_arrives_once_with_text_picture_and_file(postbox: Postbox) -> None:
    send(key="receipt:1", attachments=[mail.Attachment("reçu.pdf", "application/pdf", b"%PDF-1.7")])
    send(key="receipt:1")
    assert run_due() == 1
    assert run_due() == 0
    message = postbox.message()
    assert postbox.kept[0].rcpt_tos == ["ondine@example.org"]
    kinds = [part.get_content_type() for part in message.walk() if not part.is_multipart()]
    assert kinds == ["text/plain", "text/html", "application/pdf"]
    assert message["Message-ID"].endswith("@example.org>")
    assert message["List-Unsubscribe"] is None


def test_mail_programs_are_told_where_a_reader_stops_reminders(postbox: Postbox) -> None:
    stop_at = f"https://teranga.example.org/reminders/{'x' * 90}"  # longer than a line of a header
    send(stop_at=stop_at)
    assert run_due() == 1
    assert postbox.message()["List-Unsubscribe"].strip() == f"<{stop_at}>"
    assert postbox.message()["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


def test_one_click_is_offered_over_https_only(postbox: Postbox) -> None:
    send(stop_at="http://127.0.0.1:8000/reminders/x")
    assert run_due() == 1
    assert postbox.message()["List-Unsubscribe"] and postbox.message()["List-Unsubscribe-Post"] is None


@pytest.mark.parametrize("end", ["\r\n", "\n", "\r", "\u2028", "\x0b", "\x85"])
def test_a_line_break_in_a_subject_makes_no_header(postbox: Postbox, end: str) -> None:
    send(subject=f"Badge of Ève{end}Bcc: everybody@example.org")
    assert run_due() == 1
    message = postbox.message()
    assert postbox.kept[0].rcpt_tos == ["ondine@example.org"]
    assert message["Bcc"] is None


@pytest.mark.parametrize("to", ["a@example.org\r\nBcc: b@example.org", "a@example.org, b@example.org"])
def test_one_message_never_goes_to_two(postbox: Postbox, to: str) -> None:
    send(to=to)
    run_due()
    assert all(len(kept.rcpt_tos) == 1 for kept in postbox.kept)
    assert all("b@example.org" not in kept.rcpt_tos for kept in postbox.kept)


def test_a_refused_message_stays_and_says_why(postbox: Postbox) -> None:
    postbox.refusing = "550 no such person"
    send()
    assert run_due() == 0
    db.session.rollback()
    job = db.session.scalars(select(Job)).one()
    assert job.done_at is None
    assert "no such person" in job.last_error


def test_what_has_left_is_forgotten_because_it_may_open_doors(postbox: Postbox) -> None:
    send(key="link:1")
    assert run_due() == 1
    db.session.rollback()
    job = db.session.scalars(select(Job)).one()
    assert job.payload == {"to": "ondine@example.org", "subject": "Votre reçu"}


def test_a_failure_in_the_log_names_nobody(postbox: Postbox, caplog: pytest.LogCaptureFixture) -> None:
    postbox.refusing = "550 no such person"
    send()
    run_due()
    assert "SMTPRecipientsRefused" in caplog.text and "ondine" not in caplog.text


def test_a_server_that_cannot_prove_its_name_is_told_nothing(tmp_path: Path) -> None:
    box = Postbox()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(own_certificate(tmp_path))
    controller = Controller(box, hostname="127.0.0.1", port=free_port(), ssl_context=context)
    controller.start()
    try:
        with pytest.raises(ssl.SSLCertVerificationError):
            mail.deliver(
                PAYLOAD, server=f"smtps://teranga:secret@127.0.0.1:{controller.port}", sender="t@x.org"
            )
    finally:
        controller.stop()
    assert box.kept == []


def test_no_password_travels_on_an_open_line(postbox: Postbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(smtplib.SMTP, "login", lambda *_given: pytest.fail("the password was sent"))
    with pytest.raises(mail.UnsafeServer):
        mail.deliver(PAYLOAD, server=f"smtp://teranga:secret@{postbox.address}", sender="t@example.org")
    assert postbox.kept == []


def test_a_server_that_is_away_loses_nothing(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(
        jobs.HANDLERS, "mail", lambda p: mail.deliver(p, server="smtp://127.0.0.1:9", sender="t@example.org")
    )
    send()
    assert run_due() == 0
    db.session.rollback()
    assert "Refused" in db.session.scalars(select(Job.last_error)).one()


def test_a_link_in_a_sentence_is_never_cut(app: Flask) -> None:
    """Lines are kept short, but a link that is cut at one of its hyphens leads nowhere."""
    link = "https://teranga.example.org/plan/H9dc3yYtP-DuTXGvrs3wwaC8sPPqEha65bjhwmqCh7s/reminders"
    told = {"subject": "Bientôt", "lines": [f"Pour ne plus en recevoir : {link}"], "action": "", "link": ""}
    with app.test_request_context():
        written = render("emails/message.txt", **told)
    assert link in written.splitlines()
