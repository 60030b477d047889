"""The bank's statement of summer 2005: it came in, what was sure for July was accepted, the rest waits."""

from datetime import date
from pathlib import Path

from sqlalchemy import select

from demonstration.stage import Stage, on
from shared.database import db
from treasury import chart, ledger
from treasury.models import StatementLine
from treasury.reconciliation import links, proposals
from treasury.statements.importing import import_statement
from treasury.statements.reading import inspect

FILE = Path(__file__).parent / "samples" / "releve-ete-2005.csv"
IMPORTED_ON = date(2005, 10, 3)
ACCEPTED_TO = date(2005, 7, 31)


def tell(stage: Stage) -> None:
    """Eleven lines: some accepted, others waiting with what they may be, and one that nothing explains."""
    bank = ledger.account(chart.BANK, "CAD")
    with on(IMPORTED_ON):
        found = inspect(FILE.read_bytes())
        statement = import_statement(bank, found, by=stage.treasurer, file_name=FILE.name)
        proposals.keep(proposals.compare(bank))
        chosen = select(StatementLine.id).where(
            StatementLine.statement_id == statement.id, StatementLine.dated_on <= ACCEPTED_TO
        )
        july = set(db.session.scalars(chosen.where(StatementLine.id.in_(proposals.sure_lines(bank)))))
        offers = proposals.offers(bank, july)
        seen = {(line, offers.postings(offers.of(line)[0])[0]) for line in july}
        links.accept_sure(bank, by=stage.treasurer, seen=seen)
