"""The support fund's forms: a grid, an application, an opinion, a meeting's decision."""

from collections.abc import Sequence
from typing import Any

from wtforms import (
    DateField,
    FieldList,
    FormField,
    HiddenField,
    IntegerField,
    SelectField,
    StringField,
    TextAreaField,
)
from wtforms.validators import DataRequired, InputRequired, Length, NumberRange

from access.models import User
from delegations.support.applying import AddGrid
from delegations.support.committee import VOTES, Ruling
from delegations.support.models import CriteriaGrid, SupportApplication, Vote
from shared.clock import today
from shared.forms import Form, MoneyField, Part, as_choices, more_than_nothing, reader
from shared.i18n import _, _l
from shared.money import Money, format_plain


class GridForm(Form):
    """A grid, one criterion a line; a line may end in `× 2` to count twice."""

    code = StringField(_l("Code"), [DataRequired(), Length(max=20)])
    name = StringField(_l("Name"), [DataRequired(), Length(max=160)])
    most = IntegerField(_l("Points at most"), [InputRequired(), NumberRange(1, 10)], default=5)
    criteria = TextAreaField(_l("Criteria"), [DataRequired(), Length(max=4000)])

    def command(self) -> AddGrid:
        """The grid."""
        lines = [line.strip() for line in (self.criteria.data or "").splitlines() if line.strip()]
        return AddGrid(
            code=(self.code.data or "").strip(),
            name=(self.name.data or "").strip(),
            most=self.most.data or 5,
            criteria=[_weighed(line) for line in lines],
        )


def _weighed(line: str) -> tuple[str, int]:
    label, times, weight = line.rpartition("×")
    if times and weight.strip().isdecimal() and len(weight.strip()) < 3:
        return label.strip(), int(weight)
    return line, 1


class ApplicationForm(Form):
    """How much is asked of the fund, and why; give `grid` its choices and `amount` its currency first."""

    label = StringField(_l("For what"), [DataRequired(), Length(max=160)])
    amount = MoneyField(_l("Amount"), [InputRequired(), more_than_nothing])
    grounds = TextAreaField(_l("Why"), [DataRequired(), Length(max=4000)])
    grid = SelectField(_l("Criteria"), coerce=int)


class OpinionForm(Form):
    """The points of one member, criterion by criterion: fields named by the criterion's id."""

    remark = TextAreaField(_l("Remark"), [Length(max=2000)])


def opinion_form(grid: CriteriaGrid, known: dict[int, int], remark: str) -> OpinionForm:
    """The form of a grid, with what one gave before."""
    scale = as_choices([("", "—"), *((str(number), str(number)) for number in range(grid.most + 1))])
    fields = {f"c{one.id}": SelectField(one.label, [InputRequired()], choices=scale) for one in grid.criteria}
    kind = type("OpinionOf", (OpinionForm,), fields)
    given = {f"c{key}": str(points) for key, points in known.items()}
    form: OpinionForm = kind(data=given | {"remark": remark})
    return form


class AsideForm(Form):
    """Why somebody stands aside, or sends a decision back."""

    reason = StringField(_l("Reason"), [DataRequired(), Length(max=200)])


class RulingForm(Part):
    """What is decided of one application."""

    application = HiddenField()
    ruling = SelectField(
        _l("Decision"),
        choices=as_choices([("", _l("not today")), ("give", _l("give")), ("no", _l("give nothing"))]),
    )
    amount = MoneyField(_l("Amount"))


class VoteForm(Part):
    """How one member voted."""

    member = HiddenField()
    vote = SelectField(
        _l("Vote"),
        choices=as_choices([("", _l("not present")), *((vote.value, word) for vote, word in VOTES.items())]),
    )


class MinuteForm(Form):
    """A meeting's decision."""

    title = StringField(_l("Title"), [DataRequired(), Length(max=200)])
    decided_on = DateField(_l("On"), [InputRequired()], default=today)
    rulings = FieldList(FormField(RulingForm))
    votes = FieldList(FormField(VoteForm))
    reason = TextAreaField(_l("Reason"), [DataRequired(), Length(max=4000)])

    def __init__(self, open_ones: Sequence[SupportApplication], members: Sequence[User]) -> None:
        offered: dict[str, Any] = {
            "rulings": [
                {"application": str(one.id), "amount": format_plain(one.amount, reader())}
                for one in open_ones
            ],
            "votes": [{"member": str(one.id)} for one in members],
        }
        super().__init__(data=offered)
        by_id = {str(one.id): one for one in open_ones}
        self.asked = [by_id.get(str(row.form.application.data)) for row in self.rulings]
        self.members = {str(one.id): one for one in members}
        for row, one in zip(self.rulings, self.asked, strict=True):
            row.form.amount.currency = one.currency if one else ""

    def validate(self, extra_validators: Any = None) -> bool:
        """What is given has an amount."""
        good = super().validate(extra_validators)
        for row, one in zip(self.rulings, self.asked, strict=True):
            part = row.form
            if (
                one
                and part.ruling.data == "give"
                and (part.amount.amount is None or part.amount.amount.minor <= 0)
            ):
                self.form_errors.append(
                    _("Write how much is given for %(application)s.", application=one.label)
                )
                good = False
        return good

    def read(self) -> list[Ruling]:
        """What is decided, after validation."""
        found = []
        for row, one in zip(self.rulings, self.asked, strict=True):
            if one and row.form.ruling.data:
                amount: Money | None = row.form.amount.amount if row.form.ruling.data == "give" else None
                found.append(Ruling(application_id=one.id, granted=amount))
        return found

    def read_votes(self) -> dict[int, Vote]:
        """Who voted how, after validation."""
        return {
            int(row.form.member.data or 0): Vote(row.form.vote.data)
            for row in self.votes
            if row.form.vote.data and str(row.form.member.data) in self.members
        }
