"""The auditor's sample: entries picked at random, each with its whole trail on one page."""

from typing import Any

from flask import Blueprint, render_template, request

from access.policy import Permission
from shared.web import requires
from treasury.pages import page_context
from treasury.reports import sampling, trails
from treasury.reports.sampling import Sample

blueprint = Blueprint("audit", __name__, url_prefix="/treasury")
blueprint.context_processor(page_context)

_SIZE = 10


@blueprint.get("/sample")
@requires(Permission.AUDIT_READ)
def sample() -> Any:
    """Entries drawn by a seed that stands in the address: the same address shows the same entries."""
    last = sampling.last_number()
    drawn = Sample(
        seed=request.args.get("seed", "").strip()[:40],
        size=_number("size", _SIZE, 1, sampling.MOST),
        first=_number("first", min(1, last), min(1, last), last),
        last=_number("last", last, min(1, last), last),
    )
    return render_template(
        "treasury/sample.html",
        drawn=drawn,
        end=last,
        most=sampling.MOST,
        new_seed=sampling.new_seed(),
        trails=trails.trails_of(drawn.numbers()) if drawn.seed else [],
    )


def _number(name: str, otherwise: int, least: int, most: int) -> int:
    """A number of the address, held between its bounds."""
    asked = request.args.get(name, otherwise, type=int)
    return max(least, min(asked, most))
