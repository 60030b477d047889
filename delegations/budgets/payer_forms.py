"""The form of who pays which line of a draft."""

from collections.abc import Iterable, Mapping
from typing import Any

from wtforms import Field, SelectField

from delegations.budgets.models import Budget, BudgetLine
from delegations.budgets.queries import Shares
from network.editing import Change, EditForm
from shared.forms import MoneyField, as_choices, reader
from shared.i18n import _, _l
from shared.money import Money, format_plain


class PayersForm(EditForm):
    """Who is meant to pay which line: an amount a line and source, and who takes the rest of a line.

    `payers_form` makes it for one version: its fields are named after the lines and the sources. `sent` is
    all that the browser sent: of lines that are gone too. `payers` are the sources' names, by their codes.
    """

    sent: Mapping[str, str]
    payers: Mapping[str, str]

    def process(self, formdata: Any = None, *given: Any, **told: Any) -> None:
        """Keep what was sent, and read it."""
        sent = self.meta.wrap_formdata(self, formdata)
        self.sent = dict(sent.items()) if sent else {}
        super().process(sent, *given, **told)

    def part(self, line: BudgetLine, source: BudgetLine) -> Any:
        """The field of what a source pays of a line."""
        return self[_part(line.code, source.code)]

    def rest(self, line: BudgetLine) -> Field:
        """The field of who pays the rest of a line."""
        return self[_rest(line.code)]

    def stands(self, shares: Shares) -> Mapping[str, str]:
        """Who pays what, as the fields say it."""
        said = {
            _part(line, source): format_plain(part, reader())
            for line, (_cost, parts) in shares.items()
            for source, part in parts.items()
        }
        return {name: said.get(name, "") for name in self._fields if name.startswith(_PART)}

    def changed(self, seen: Mapping[str, Any], now: Mapping[str, Any]) -> Iterable[Change]:
        """With what was typed for a line, or of somebody, that is in the draft no more."""
        yield from super().changed(seen, now)
        gone = str(_("no longer in the draft"))
        for name, text in self.sent.items():
            before = str(seen.get(name, ""))
            if name not in self and (words := self._told(name)) and text.strip() not in ("", before):
                yield Change(words, before or "—", gone, self.payers.get(text.strip(), text.strip()))

    def _told(self, name: str) -> str:
        """What a field was about, by the codes in its name; empty for any other field."""
        kind, _bar, rest = name.partition("_")
        if f"{kind}_" not in (_PART, _REST):
            return ""
        try:
            line, *source = [bytes.fromhex(one).decode() for one in rest.split("_")]
        except ValueError:
            return ""
        words = [self.payers.get(one, one) for one in source] or [str(_REST_LABEL)]
        return " · ".join([line, *words])

    def paid_by(self, budget: Budget) -> dict[str, dict[str, Money]]:
        """What each source (its code) pays of each line (its code), after validation."""
        found: dict[str, dict[str, Money]] = {}
        for line in budget.costs:
            amounts = {source.code: self.part(line, source).amount for source in budget.sources}
            parts = {code: amount for code, amount in amounts.items() if amount}
            if taker := self.rest(line).data:
                others = (part for code, part in parts.items() if code != taker)
                parts[taker] = line.amount - Money.total(others, line.amount.currency)
            found[line.code] = parts
        return found


_REST_LABEL = _l("The rest is paid by")
_PART, _REST = "of_", "rest_"


def _part(line: str, source: str) -> str:
    """Codes, not row ids: a draft that is written anew has the same lines in new rows."""
    return f"{_PART}{line.encode().hex()}_{source.encode().hex()}"


def _rest(line: str) -> str:
    return f"{_REST}{line.encode().hex()}"


def payers_form(budget: Budget, currency: str) -> type[PayersForm]:
    """The form of one version."""
    takers = as_choices([("", _l("nobody yet")), *((one.code, one.label) for one in budget.sources)])
    fields: dict[str, Any] = {}
    for line in budget.costs:
        for source in budget.sources:
            of_line = {"description": f"{line.code} {line.label}", "currency": currency}
            fields[_part(line.code, source.code)] = MoneyField(source.label, **of_line)
        fields[_rest(line.code)] = SelectField(_REST_LABEL, choices=takers)
    payers = {one.code: one.label for one in budget.sources}
    return type("PayersOfVersion", (PayersForm,), {**fields, "payers": payers})
