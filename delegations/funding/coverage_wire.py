"""The coverage of a delegation on the wire: for the interface and the command."""

from typing import Any

from delegations.funding.coverage import Coverage, Shares
from delegations.funding.shortfall import sentence


def as_json(coverage: Coverage) -> dict[str, Any]:
    """The coverage on the wire: amounts as decimal strings, all in `currency`."""
    named = (
        "need", "own_used", "match_nominal", "match_usable", "match_unusable", "grants", "support", "gap",
        "remaining", "own_left",
    )  # fmt: skip
    return {
        "delegation": coverage.delegation,
        "currency": coverage.currency,
        **{name: getattr(coverage, name).decimal() for name in named},
        "lines": [
            {"code": line.code, "label": line.label, "group": line.group} | _wire(line)
            for line in coverage.lines
        ],
        "seats": [{"code": seat.code} | _wire(seat) for seat in coverage.seats],
        "reasons": [
            {
                "kind": reason.kind.value,
                "amount": reason.amount.decimal(),
                "source": reason.source,
                "sentence": sentence(reason),
            }
            for reason in coverage.reasons
        ],
    }


def _wire(shares: Shares) -> dict[str, str]:
    named = ("need", "own", "match", "grants", "support", "gap", "remaining")
    return {name: getattr(shares, name).decimal() for name in named}
