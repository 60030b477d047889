"""What reconciliation compares and what it answers, as values."""

from dataclasses import dataclass
from datetime import date

from shared.i18n import _, ngettext
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
    """A line of a bank statement that nothing explains yet."""

    key: Key
    dated_on: date
    amount: Money
    reference: str = ""
    name: str = ""
    memo: str = ""

    @property
    def text(self) -> str:
        """All that the bank wrote."""
        return f"{self.reference} {self.name} {self.memo}"


@dataclass(frozen=True, slots=True)
class Habit:
    """The bank's `wording` was confirmed `times` times to mean the payer `name`."""

    wording: str
    name: str
    times: int = 1


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
        if self.code == "reference":
            said = _("The reference %(text)s stands in the text.", text=self.text)
        elif self.code == "amount":
            said = _("The amount is the same.")
        elif self.code == "amount differs" and self.difference is not None:
            said = _("The amount differs by %(amount)s.", amount=format_money(self.difference, locale))
        elif self.code == "date" and self.number:
            said = ngettext("%(num)s day lies between.", "%(num)s days lie between.", self.number)
        elif self.code == "date":
            said = _("It is the same day.")
        elif self.code == "sum":
            said = _(
                "These %(number)s together make the amount, and no other choice does.", number=self.number
            )
        else:
            said = self._about_others()
        return said

    def _about_others(self) -> str:
        said: str
        if self.code == "name":
            said = _("The name is close to %(text)s.", text=self.text)
        elif self.code == "habit":
            said = ngettext(
                "The bank wrote this once before for %(text)s.",
                "The bank wrote this %(num)s times before for %(text)s.",
                self.number,
                text=self.text,
            )
        elif self.code == "recorded":
            said = _("It was recorded from this line.")
        elif self.code == "chosen":
            said = _("A person chose it.")
        else:
            said = _("Another one fits as well.")
        return said


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
