"""Messages to people: written to the job table with the fact, sent afterwards over SMTP, once each."""

import base64
import smtplib
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import make_msgid
from typing import Any
from urllib.parse import unquote, urlsplit

from outbox.jobs import enqueue


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
) -> None:
    """Commit a message together with the fact it tells. The same `key` is sent once."""
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
        },
        key=key,
    )


def deliver(payload: dict[str, Any], *, server: str | None, sender: str) -> None:
    """Send one message over `server` (``smtp://`` or ``smtps://user:password@host:port``).

    Without a server the message stays in the outbox page, which is how a demonstration shows its mail.
    """
    if server is None:
        return
    message = EmailMessage()
    recipient = Address(addr_spec=payload["to"])  # one, or an error: never a list
    message["From"], message["To"], message["Subject"] = sender, recipient, payload["subject"]
    message["Message-ID"] = make_msgid(domain=sender.rpartition("@")[2] or "localhost")
    message.set_content(payload["text"])
    message.add_alternative(payload["html"], subtype="html")
    for one in payload["attachments"]:
        main, _, sub = one["mime"].partition("/")
        message.add_attachment(
            base64.b64decode(one["content"]), maintype=main, subtype=sub, filename=one["name"]
        )
    parts = urlsplit(server)
    secure = parts.scheme == "smtps"
    host, port = parts.hostname or "localhost", parts.port or (465 if secure else 25)
    kind = smtplib.SMTP_SSL if secure else smtplib.SMTP
    with kind(host, port, timeout=20) as connection:
        connection.ehlo_or_helo_if_needed()
        if not secure and connection.has_extn("starttls"):
            connection.starttls(context=ssl.create_default_context())
        if parts.username:
            connection.login(unquote(parts.username), unquote(parts.password or ""))
        connection.send_message(message)
