"""Messages to people: written to the job table with the fact, sent afterwards over SMTP, once each."""

import base64
import smtplib
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from email.headerregistry import Address, BaseHeader, HeaderRegistry, UnstructuredHeader
from email.message import EmailMessage
from email.policy import Policy, default
from email.utils import make_msgid
from typing import Any
from urllib.parse import unquote, urlsplit

from sqlalchemy import Select, or_, select

from outbox.jobs import Job, enqueue

ONE_CLICK = "List-Unsubscribe=One-Click"
"""What a mail program sends to an address that stops messages, without asking its reader again (RFC 8058)."""

_PATIENCE = 20  # seconds for each step of the conversation


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file sent with a message: its name, MIME type and bytes."""

    name: str
    mime: str
    content: bytes


def send(
    to: str,
    subject: str,
    text: str,
    html: str,
    *,
    key: str | None = None,
    attachments: Sequence[Attachment] = (),
    stop_at: str | None = None,
) -> None:
    """Commit a message together with the fact it tells. The same `key` is sent once.

    `stop_at` is the address where its reader stops messages like it: mail programs offer it as a button, and
    send it the form of RFC 8058 by themselves where it is an https one.
    """
    enqueue(
        "mail",
        {
            "to": to,
            "subject": " ".join(subject.split()),
            "text": text,
            "html": html,
            "attachments": [
                {"name": one.name, "mime": one.mime, "content": base64.b64encode(one.content).decode()}
                for one in attachments
            ],
            "stop_at": stop_at,
        },
        key=key,
    )


def written(text: str = "") -> Select[Job]:
    """Every message, sent or not, the newest first; with `text`, those whose address or subject holds it."""
    messages = select(Job).where(Job.kind == "mail").order_by(Job.id.desc())
    if text:
        told = (Job.payload[part].as_string().icontains(text, autoescape=True) for part in ("to", "subject"))
        messages = messages.where(or_(*told))
    return messages


class _WholeHeader(UnstructuredHeader, BaseHeader):
    """A header on one line: folded, a long address is encoded, and no mail program could open it."""

    def fold(self, *, policy: Policy) -> str:
        return f"{self.name}: {self}{policy.linesep}"


_HEADERS = HeaderRegistry()
_HEADERS.map_to_type("List-Unsubscribe", _WholeHeader)
_POLICY = default.clone(header_factory=_HEADERS)


class UnsafeServer(RuntimeError):
    """The server would read the password over an open line."""


def deliver(payload: dict[str, Any], *, server: str | None, sender: str) -> dict[str, Any] | None:
    """Send one message over `server` (``smtp://`` or ``smtps://user:password@host:port``).

    What it said is then forgotten: it may open doors (private links), and is about people. Without a server
    the message stays in the outbox page, which is how a demonstration shows its mail. Raises `UnsafeServer`
    rather than give a password to who cannot prove their name.
    """
    if server is None:
        return None
    message = EmailMessage(_POLICY)
    recipient = Address(addr_spec=payload["to"])  # one, or an error: never a list
    message["From"], message["To"], message["Subject"] = sender, recipient, payload["subject"]
    message["Message-ID"] = make_msgid(domain=sender.rpartition("@")[2] or "localhost")
    if payload.get("stop_at"):  # a message that waited through an upgrade says nothing of it
        message["List-Unsubscribe"] = f"<{payload['stop_at']}>"
        if payload["stop_at"].startswith("https://"):
            message["List-Unsubscribe-Post"] = ONE_CLICK
    message.set_content(payload["text"])
    message.add_alternative(payload["html"], subtype="html")
    for one in payload["attachments"]:
        main, _, sub = one["mime"].partition("/")
        message.add_attachment(
            base64.b64decode(one["content"]), maintype=main, subtype=sub, filename=one["name"]
        )
    _hand_over(message, server)
    return {"to": payload["to"], "subject": payload["subject"]}


def _hand_over(message: EmailMessage, server: str) -> None:
    parts = urlsplit(server)
    secure, proven = parts.scheme == "smtps", ssl.create_default_context()
    host, port = parts.hostname or "localhost", parts.port or (465 if secure else 25)
    with (
        smtplib.SMTP_SSL(host, port, timeout=_PATIENCE, context=proven)
        if secure
        else smtplib.SMTP(host, port, timeout=_PATIENCE)
    ) as connection:
        connection.ehlo_or_helo_if_needed()
        if not secure and connection.has_extn("starttls"):
            connection.starttls(context=proven)
            secure = True
        if parts.username:
            if not secure:
                raise UnsafeServer("the mail server offers no STARTTLS: no password is sent to it")
            connection.login(unquote(parts.username), unquote(parts.password or ""))
        connection.send_message(message)
