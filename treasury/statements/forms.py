"""The forms of a bank's file: which one, which of its accounts, what its columns are."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from flask_wtf.file import FileField, FileRequired
from wtforms import FieldList, HiddenField, RadioField, SelectField, SubmitField
from wtforms.validators import InputRequired

from shared.forms import Form, as_choices
from shared.i18n import _, _l
from treasury.forms import cash_accounts
from treasury.statements.csv_tables import DELIMITERS
from treasury.statements.dates import ORDERS
from treasury.statements.layouts import ROLES
from treasury.statements.reading import Sketch
from treasury.statements.text import ENCODINGS
from treasury.statements.values import Assumptions, Layout
from treasury.wording import account_name

_AS_TOLD = _l("as the file tells")
_SIGNS = (("", _AS_TOLD), (",", "1 234,56"), (".", "1,234.56"))
_WRITTEN_IN = {
    "": _l("recognised by itself"),
    "utf-8": "UTF-8",
    "cp1252": "Windows (1252)",
    "cp850": "DOS (850)",
    "mac-roman": "Mac",
    "utf-16": "UTF-16",
}
_BETWEEN = {";": _l("semicolon ;"), ",": _l("comma ,"), "\t": _l("tab"), "|": _l("bar |")}
_MOST_COLUMNS = 200


class UploadForm(Form):
    """A bank's file and the account it tells about; the rest only where the file leaves it open."""

    account = SelectField(_l("Account"), choices=lambda: _account_choices())
    file = FileField(
        _l("The file of the bank or of the mobile money operator"), [FileRequired(_l("Choose a file."))]
    )
    date_order = SelectField(_l("Order of dates"), choices=lambda: _orders())
    decimal_sign = SelectField(_l("Decimal sign"), choices=as_choices(_SIGNS))

    def assumptions(self, known: Assumptions) -> Assumptions:
        """What the reader is told where the file is silent: what was typed, else what is `known`."""
        return replace(
            known,
            date_order=self.date_order.data or known.date_order,
            decimal_sign=self.decimal_sign.data or known.decimal_sign,
        )


class ChooseAccountForm(Form):
    """Which of a file's accounts is meant."""

    bank_account = SelectField(_l("Which account of the file"), [InputRequired()], choices=[])


class ColumnsForm(Form):
    """What each column of a table is, and how it is written."""

    roles = FieldList(SelectField(choices=as_choices(ROLES.items())), max_entries=_MOST_COLUMNS)
    date_order = SelectField(_l("Order of dates"), choices=lambda: _orders())
    decimal_sign = SelectField(_l("Decimal sign"), choices=as_choices(_SIGNS))
    signs = RadioField(
        _l("Signs of the amounts"),
        choices=as_choices(
            [
                ("", _l("Money in has no sign or a plus, money out has a minus")),
                ("inverted", _l("The other way round: money out has no sign")),
            ]
        ),
        default="",
    )
    encoding = SelectField(
        _l("Letters"), choices=as_choices((one, _WRITTEN_IN[one]) for one in ("", *ENCODINGS))
    )
    delimiter = SelectField(
        _l("Between the columns"), choices=as_choices((one, _BETWEEN[one]) for one in DELIMITERS)
    )
    shape = HiddenField()
    go = SubmitField(_l("The columns are right"))

    def offer(self, found: Sketch, assume: Assumptions) -> None:
        """Begin with what was told before, where it is the same table, else with what was guessed."""
        told = assume.layout
        layout = told if told and told.titles == found.layout.titles else found.layout
        while len(self.roles):
            self.roles.pop_entry()
        for role in layout.roles[:_MOST_COLUMNS]:
            self.roles.append_entry(role)
        self.date_order.data = assume.date_order or ""
        self.decimal_sign.data = assume.decimal_sign or ""
        self.signs.data = "inverted" if layout.inverted else ""
        self.encoding.data = self.encoding.data if self.is_submitted() else layout.encoding
        self.delimiter.data = found.layout.delimiter or DELIMITERS[0]

    def layout(self, found: Sketch) -> Layout:
        """What was chosen for the table of `found`."""
        return replace(
            found.layout,
            roles=tuple(role.data or "" for role in self.roles),
            encoding=self.encoding.data or "",
            inverted=self.signs.data == "inverted",
        )

    def assumptions(self, found: Sketch, known: Assumptions) -> Assumptions:
        """What the reader is told."""
        return replace(
            known,
            layout=self.layout(found),
            date_order=self.date_order.data or None,
            decimal_sign=self.decimal_sign.data or None,
        )


def _account_choices() -> Any:
    return as_choices(
        (str(one.id), f"{account_name(one)} · {one.currency} ({one.code})")
        for one in sorted(cash_accounts(), key=lambda one: (one.currency != "CAD", one.code))
    )


def _orders() -> Any:
    words = {"dmy": _("day, month, year"), "mdy": _("month, day, year"), "ymd": _("year, month, day")}
    offered: Iterable[tuple[str, Any]] = (("", _AS_TOLD), *((one, words[one]) for one in ORDERS))
    return as_choices(offered)
