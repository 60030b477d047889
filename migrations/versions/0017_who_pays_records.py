"""Who pays a claim records its entry; who approved the claim approved the entry

Until now the entry of a paid claim named the approver as its author. The database asks from now on that the
payer wrote it and that the claim's approver approved it; what was paid before stays as it is.

Revision: 0017, after 0016
"""

from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

_UNPROVEN = """NEW.status = 'paid' AND NOT EXISTS (SELECT 1 FROM journal_entry e WHERE e.id = NEW.entry_id
    AND e.status = 'posted' AND e.author_id = NEW.payer_id AND e.approver_id = NEW.approver_id)"""
_SENTENCE = "expense_claim: its payer recorded the entry, its approver approved it"


def upgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP TRIGGER IF EXISTS expense_claim_proven")
        op.execute(
            f"CREATE TRIGGER expense_claim_proven BEFORE UPDATE ON expense_claim WHEN {_UNPROVEN} "
            f"BEGIN SELECT RAISE(ABORT, '{_SENTENCE}'); END"
        )
        return
    op.execute(
        "CREATE OR REPLACE FUNCTION expense_claim_proven_guard() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN IF {_UNPROVEN} THEN RAISE '{_SENTENCE}'; END IF; RETURN NEW; END $$"
    )


def downgrade() -> None:
    raise RuntimeError("an approver does not record again")
