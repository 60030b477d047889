"""Two people change one thing: who sends second is told what changed, and loses nothing typed.

A form that changes what is there carries the values it was opened with. Under the lock they are compared with
what stands now: a field that somebody else changed is shown with theirs and mine side by side. Sending again
is then a decision, and passes unless it moved once more.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from wtforms import DateField, Field, HiddenField

from network.fields import CountryField, country_choices
from shared.errors import DomainError
from shared.forms import Form, reader
from shared.i18n import _, _l, told
from shared.money import Money, format_plain


class ChangedMeanwhile(DomainError):
    """Somebody else saved it while this form was open."""

    code = "changed_meanwhile"
    message = _l("Somebody changed this while you were writing. Nothing of yours is saved yet.")


@dataclass(frozen=True, slots=True)
class Change:
    """What somebody else changed, in words; `mine` is empty where the reader had changed nothing there."""

    label: str
    before: str
    theirs: str
    mine: str


class EditForm(Form):
    """A form that changes something: `seen` keeps what stood there when it was opened."""

    seen = HiddenField()
    changes: tuple[Change, ...] = ()

    def open(self, now: Mapping[str, Any]) -> None:
        """Show what stands there now, unless the form was sent: what was typed stays."""
        if not self.is_submitted():
            self.show(now)

    def show(self, now: Mapping[str, Any]) -> None:
        """Show what stands there now."""
        for name, value in now.items():
            self[name].process_data(value)
        self.seen.data = _written(now)

    def must_be_as_seen(self, now: Mapping[str, Any]) -> None:
        """Compare with what stands there now; call it in the transaction, with the row held.

        Raises `ChangedMeanwhile` when somebody else changed a field to something other than what was typed.
        """
        self.changes = tuple(self.changed(_read(self.seen.data), now))
        if self.changes:
            self.seen.data = _written(now)
            raise ChangedMeanwhile

    def changed(self, seen: Mapping[str, Any], now: Mapping[str, Any]) -> Iterable[Change]:
        """What moved between the two and is not what was typed; a form of rows adds its rows."""
        return [
            _change(self[name], seen[name], value)
            for name, value in now.items()
            if name in seen and not _same(value, seen[name]) and not _same(value, _typed(self[name]))
        ]


def _read(text: str | None) -> dict[str, Any]:
    """The values that were seen; nothing where the form did not say."""
    try:
        found = json.loads(text or "{}")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _written(values: Mapping[str, Any]) -> str:
    """The values as a form carries them; days as 2005-11-21."""
    return json.dumps(values, default=date.isoformat)


def _typed(field: Field) -> Any:
    """What the field says; an amount as it is written, however it was typed."""
    amount = getattr(field, "amount", None)
    return format_plain(amount, reader()) if isinstance(amount, Money) else field.data


def _same(one: Any, other: Any) -> bool:
    """Spaces at the ends and the order of choices make no difference."""
    return bool(_plain(one) == _plain(other))


def _plain(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return sorted(map(str, value))
    if isinstance(value, date):
        return value.isoformat()
    return " ".join(value.split()) if isinstance(value, str) else value or ""


def _change(field: Field, seen: Any, theirs: Any) -> Change:
    """One field in words. Where the reader had touched nothing, it takes what stands there now."""
    mine = "" if _same(_typed(field), seen) else _words(field, field.data)
    label = " · ".join(str(one) for one in (field.description, field.label.text) if one)  # and of which row
    change = Change(label, _words(field, seen), _words(field, theirs), mine)
    if not mine and _same(_typed(field), seen):
        field.raw_data = None
        field.process_data(theirs)
    return change


def _words(field: Field, value: Any) -> str:
    if isinstance(value, bool):
        return str(_("yes") if value else _("no"))
    if isinstance(value, list | tuple):
        return ", ".join(_words(field, one) for one in value) or "—"
    if value and isinstance(field, DateField):
        return str(told(date.fromisoformat(str(value))))
    if isinstance(field, CountryField):
        labels = dict(country_choices())
    else:
        labels = {str(one.value): str(one.label) for one in getattr(field, "choices", None) or ()}
    return labels.get(str(value), str(value or "")) or "—"
