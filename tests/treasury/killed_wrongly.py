"""Work without its guards, which kills must find out: without a key, and in more than one transaction."""

from shared.database import transaction
from tests.treasury.killed_work import DAY, Desk
from tests.treasury.kills import PART, Done, Work, times
from treasury import ledger
from treasury.models import JournalEntry


def unguarded(desk: Desk) -> dict[str, tuple[Work, Done]]:
    """Each by the guard that is left out."""

    def without_key(number: int) -> None:
        with transaction():
            ledger.post_now(DAY, f"no key {number}", desk.legs(7500), source="rule:1")

    def times_posted(number: int) -> int:
        return times(JournalEntry, JournalEntry.narration == f"no key {number}")

    def in_two(number: int) -> None:
        for part in ("first", "second"):
            key = f"{part}:{number}"
            with transaction():
                if not times(JournalEntry, JournalEntry.idempotency_key == key):
                    ledger.post_now(DAY, key, desk.legs(7500), source="rule:1", idempotency_key=key)

    def times_whole(number: int) -> int:
        keys = (f"first:{number}", f"second:{number}")
        found = times(JournalEntry, JournalEntry.idempotency_key.in_(keys))
        return found // 2 if found % 2 == 0 else PART

    return {"without its key": (without_key, times_posted), "in two transactions": (in_two, times_whole)}
