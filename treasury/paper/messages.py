"""A paper reaches whom it is made out to: by e-mail, with the PDF and a private link to it."""

from datetime import timedelta
from typing import Any

from flask_babel import force_locale

from access import links
from outbox import mail
from outbox.mail import Attachment
from outbox.rendering import render
from shared.addresses import absolute
from shared.clock import now
from shared.database import db, transaction
from shared.i18n import _
from shared.money import format_money
from treasury.paper import papers
from treasury.paper.models import Paper
from treasury.wording import PAPER_TITLES

PURPOSE = "paper"
"""What a private link to a paper is for."""

LINK_LASTS = timedelta(days=400)
"""Long enough for the next tax return."""


def send_paper(payload: dict[str, Any]) -> None:
    """The job `paper-message`: ``paper`` (id). A paper voided meanwhile is not sent."""
    pdf = papers.printed(payload["paper"])
    with transaction():
        paper = db.session.get_one(Paper, payload["paper"])
        if paper.voided_at is not None or not paper.email:
            return
        token = links.issue_link(PURPOSE, paper.id, now() + LINK_LASTS)
        with force_locale(paper.locale):
            title = str(PAPER_TITLES[paper.kind])
            told = {
                "subject": _("%(title)s %(serial)s", title=title, serial=paper.serial),
                "lines": [
                    _("%(name)s,", name=paper.addressee),
                    _(
                        "attached: %(title)s %(serial)s of %(amount)s, from %(holder)s.",
                        title=title,
                        serial=paper.serial,
                        amount=format_money(paper.amount, paper.locale),
                        holder=paper.entity.name,
                    ),
                    _("You find it again at any time through this link. It is yours: do not pass it on."),
                ],
                "action": _("Open the paper"),
                "link": absolute(f"/paper/{token}"),
            }
            mail.send(
                paper.email,
                told["subject"],
                render("emails/message.txt", **told),
                render("emails/message.html", **told),
                attachments=[Attachment(f"{paper.serial}.pdf", "application/pdf", pdf)],
            )
