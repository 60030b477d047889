"""What reconciliation compares and what it answers, as values."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from shared.i18n import _, _l, ngettext
from shared.money import Money, format_money

Key = int | str


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """Something that a bank line may settle: a posting, an expected instalment, a payment asked for.

    `amount` has the sign it has at the bank (money in is positive). `names` are all under which the payer is
    known, `kind` a word for people ("instalment").
    """

    key: Key
    dated_on: date
    amount: Money
    reference: str = ""
    names: tuple[str, ...] = ()
    kind: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LineToMatch:
    """A line of a bank statement that nothing explains yet.

    `account` is the number of the other party's account, where the bank tells it apart from its text.
    """

    key: Key
    dated_on: date
    amount: Money
    reference: str = ""
    name: str = ""
    memo: str = ""
    account: str = ""

    @property
    def text(self) -> str:
        """All that the bank wrote."""
        return f"{self.reference} {self.name} {self.memo}"


class HabitKind(StrEnum):
    WORDS = "words"
    ACCOUNT = "account"
    REFERENCE = "reference"


@dataclass(frozen=True, slots=True)
class Habit:
    """What the bank wrote was confirmed `times` times to mean the payer `name`.

    `wording` is the text itself, or one thing that stood in it: the number of an account, a reference that
    a standing order repeats (`kind`).
    """

    wording: str
    name: str
    times: int = 1
    kind: HabitKind = HabitKind.WORDS


@dataclass(frozen=True, slots=True)
class Reason:
    """One piece of evidence for or against; `code` names it, the rest fills its sentence."""

    code: str
    text: str = ""
    number: int = 0
    difference: Money | None = None

    def sentence(self, locale: str) -> str:
        """The reason in words of the reader's language; amounts are written as in `locale`."""
        said: str
        if self.code == "amount differs" and self.difference is not None:
            said = _("The amount differs by %(amount)s.", amount=format_money(self.difference, locale))
        elif self.code == "part" and self.difference is not None:
            said = _("It is a part: %(amount)s would be left.", amount=format_money(self.difference, locale))
        elif self.code == "held back" and self.difference is not None:
            said = _(
                "%(amount)s less, as when a bank keeps a fee.", amount=format_money(self.difference, locale)
            )
        elif self.code == "date" and self.number:
            said = ngettext("%(num)s day lies between.", "%(num)s days lie between.", self.number)
        elif self.code == "habit":
            said = ngettext(
                "The bank wrote this once before for %(text)s.",
                "The bank wrote this %(num)s times before for %(text)s.",
                self.number,
                text=self.text,
            )
        else:
            said = str(_SENTENCES[self.code]) % {"text": self.text, "number": self.number}
        return said


_SENTENCES = {
    "reference": _l("The reference %(text)s stands in the text."),
    "reference nearly": _l("Almost the reference %(text)s stands in the text."),
    "reference other": _l("Another reference stands in the text."),
    "amount": _l("The amount is the same."),
    "date": _l("It is the same day."),
    "sum": _l("These %(number)s together make the amount, and no other choice does."),
    "rest": _l("With another bank line of these days it makes the amount."),
    "name": _l("The name is close to %(text)s."),
    "account": _l("It comes from the account of %(text)s."),
    "account paid": _l("It goes to the account of %(text)s."),
    "entry": _l("One entry holds these %(number)s."),
    "recorded": _l("It was recorded from this line."),
    "chosen": _l("A person chose it."),
    "rival": _l("Another one fits as well."),
}


@dataclass(frozen=True, slots=True)
class Proposal:
    """What may settle a line: one candidate, or several that make its amount together.

    `score` is from 0 to 1. `sure` ones may be accepted together after a look; of a line that has one, it is
    the only proposal.
    """

    line_key: Key
    candidate_keys: tuple[Key, ...]
    score: float
    sure: bool
    reasons: tuple[Reason, ...]


def reason_written(reason: Reason) -> dict[str, object]:
    """A reason as it is kept beside a link or a proposal, to be said later in the reader's language."""
    difference = None if reason.difference is None else str(reason.difference)
    return {"code": reason.code, "text": reason.text, "number": reason.number, "difference": difference}


def reason_from(kept: dict[str, Any]) -> Reason:
    """The reason that `reason_written` wrote."""
    difference = Money.of(*kept["difference"].split()) if kept["difference"] else None
    return Reason(kept["code"], kept["text"], kept["number"], difference)
