"""A match taken back with what was drafted because of it: the difference is no difference any more."""

from access.models import User
from shared.i18n import _
from treasury import approvals
from treasury.models import ReconciliationLink
from treasury.reconciliation import differences, links


def take_back(link: ReconciliationLink, *, by: User) -> bool:
    """Undo one link and no other; whether a draft that was to write off its difference went with it.

    What was approved meanwhile stays in the books. Undone already, nothing changes. Raises `links.Locked`.
    """
    if link.undone_at is not None:
        return False
    links.undo(link, by=by)
    drafts = differences.drafts_beside(link)
    for entry in drafts:
        approvals.discard(entry, _("The match was taken back."), by=by)
    return bool(drafts)
