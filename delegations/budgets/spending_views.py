"""Budget against commitment and actual: one delegation, one edition, the whole house, and what is behind."""

from dataclasses import replace
from typing import Any

from flask import render_template, url_for
from sqlalchemy import select

from access.policy import Permission, can
from delegations import queries
from delegations.budgets import group_spending, spending, variance
from delegations.budgets.comparison import Comparison, Row, together
from delegations.budgets.spending import Spending
from delegations.budgets.templates import KINDS
from delegations.pages import actor, blueprint, group_names
from events.models import Edition
from shared.database import db
from shared.errors import NotFound
from shared.forms import reader
from shared.i18n import _
from shared.web import requires
from treasury.wording import rate_source

P = Permission


@blueprint.get("/delegations/<code>/spending")
@requires(P.DELEGATION_READ)
def spending_of(code: str) -> Any:
    """One delegation: what its own funds spent of the budget of its seats."""
    delegation = queries.find_delegation(code, actor())
    found = spending.of_delegation(delegation)
    return _page(
        found,
        title=delegation.name,
        where=lambda row: url_for(
            "delegations.spending_papers", code=code, group=row.group, line=row.code or "-"
        ),
        edition=delegation.edition,
        delegation=delegation,
        by_seat=group_spending.by_seat(delegation),
        members=[(one, spending.of_delegation(one)) for one in spending.circle(delegation)[1:]],
    )


@blueprint.get("/delegations/<code>/spending/<group>/<line>")
@requires(P.DELEGATION_READ)
def spending_papers(code: str, group: str, line: str) -> Any:
    """The postings behind one figure of a delegation, with their documents."""
    delegation = queries.find_delegation(code, actor())
    row = _row(spending.of_delegation(delegation), group, line)
    return _papers(
        row,
        spending.papers(delegation.edition_id, spending.funds_of(delegation), row.group, row.code),
        back=url_for("delegations.spending_of", code=code),
        title=delegation.name,
    )


@blueprint.get("/delegations/spending/<code>")
@requires(P.DELEGATION_READ)
def edition_spending(code: str) -> Any:
    """A whole edition: every fund that serves it, against all its budgets."""
    edition = _edition(code)
    return _page(
        spending.of_edition(edition),
        title=edition.name,
        where=lambda row: url_for(
            "delegations.edition_spending_papers", code=code, group=row.group, line=row.code or "-"
        ),
        edition=edition,
        delegation=None,
        by_seat={},
        members=[],
    )


@blueprint.get("/delegations/spending/<code>/<group>/<line>")
@requires(P.DELEGATION_READ)
def edition_spending_papers(code: str, group: str, line: str) -> Any:
    """The postings behind one figure of an edition, with their documents."""
    edition = _edition(code)
    row = _row(spending.of_edition(edition), group, line)
    return _papers(
        row,
        spending.papers(edition.id, spending.funds_of_edition(edition), row.group, row.code),
        back=url_for("delegations.edition_spending", code=code),
        title=edition.name,
    )


@blueprint.get("/delegations/spending")
@requires(P.LEDGER_READ)
def house_spending() -> Any:
    """The whole house: one line an edition, never added across currencies."""
    found = spending.of_house()
    rates = {code: rate for _edition, one in found for code, rate in one.rates.items()}
    return render_template(
        "delegations/house_spending.html",
        rows=[
            (edition, one.comparison, variance.bars(one.comparison.total), _say(one.comparison.total, one))
            for edition, one in found
        ],
        together=[
            (one, variance.bars(one.total), variance.sentence(one.total, one, rates, reader()))
            for one in together([one.comparison for _edition, one in found])
        ],
    )


def _edition(code: str) -> Edition:
    """The edition, for somebody who may look at all its delegations. Raises `NotFound`."""
    edition = db.session.scalar(select(Edition).where(Edition.code == code))
    if edition is None or not can(actor(), P.DELEGATION_READ, edition_id=edition.id):
        raise NotFound
    return edition


def _row(found: Spending, group: str, line: str) -> Row:
    if group == spending.ALL:
        return replace(found.comparison.total, group=spending.ALL)
    code = "" if line == "-" else line
    row = next((one for one in found.comparison.rows if (one.group, one.code) == (group, code)), None)
    if row is None:
        raise NotFound
    return row


def _say(row: Row, found: Spending) -> str:
    return variance.sentence(row, found.comparison, found.rates, reader())


def _page(found: Spending, *, title: str, where: Any, **told: Any) -> Any:
    comparison = found.comparison
    return render_template(
        "delegations/spending.html",
        title=title,
        comparison=comparison,
        groups=_grouped(comparison),
        group_names=_group_names(),
        label=_label,
        say=lambda row: _say(row, found),
        bars=variance.bars,
        where=where,
        everything=where(replace(comparison.total, group=spending.ALL)),
        say_of=lambda one: _say(one.comparison.total, one),
        rates=found.rates,
        rate_source=rate_source,
        whole_edition=can(actor(), P.DELEGATION_READ, edition_id=told["edition"].id),
        whole_house=can(actor(), P.LEDGER_READ),
        **told,
    )


def _papers(row: Row, found: Any, *, back: str, title: str) -> Any:
    return render_template(
        "delegations/spending_papers.html",
        row=row,
        name=_label(row),
        group="" if row.group == spending.ALL else _group_names().get(row.group, row.group),
        papers=found,
        back=back,
        title=title,
        may_open=can(actor(), P.LEDGER_READ),
    )


def _grouped(comparison: Comparison) -> list[tuple[str, list[Row]]]:
    groups: dict[str, list[Row]] = {}
    for row in comparison.rows:
        groups.setdefault(row.group, []).append(row)
    order = [*_group_names()]
    return sorted(groups.items(), key=lambda one: order.index(one[0]) if one[0] in order else len(order))


def _group_names() -> dict[str, str]:
    return {
        **group_names(),
        **{kind: str(name) for kind, name in KINDS.items()},
        spending.OTHER: _("Outside the budget"),
    }


def _label(row: Row) -> str:
    """A line by its label; what no line tells, by what it is."""
    if row.group == spending.ALL:
        return str(_("Everything spent"))
    if row.label:
        return row.label
    return str(
        _("Not told by line") if row.group != spending.OTHER else _("Fees, exchange and free promises")
    )
