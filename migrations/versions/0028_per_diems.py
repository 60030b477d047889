"""Per-diem tables by place and date, and how lines of budgets were worked out from them

The database refuses any change to a table, and to the steps of a line whose version is approved.

Revision: 0028, after 0027
"""

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_MOMENT = sa.DateTime(timezone=True)
_APPROVED = """EXISTS (SELECT 1 FROM budget b JOIN budget_line l ON l.budget_id = b.id
    WHERE l.id = {row}.line_id AND b.status = 'approved')"""

# (name, event, table, when, sentence); the same conditions on both engines
GUARDS = [
    ("per_diem_table_frozen", "UPDATE", "per_diem_table", "1 = 1", "a later one takes over"),
    ("per_diem_table_kept", "DELETE", "per_diem_table", "1 = 1", "a later one takes over"),
    ("per_diem_working_born", "INSERT", "per_diem_working", _APPROVED.format(row="NEW"), "it is approved"),
    ("per_diem_working_frozen", "UPDATE", "per_diem_working", "1 = 1", "is worked out anew"),
    ("per_diem_working_kept", "DELETE", "per_diem_working", _APPROVED.format(row="OLD"), "it is approved"),
]


def upgrade() -> None:
    op.create_table(
        "per_diem_table",
        sa.Column("id", _BIG, primary_key=True),
        sa.Column("place", sa.String(80), nullable=False, index=True),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        *(sa.Column(f"{meal}_minor", _BIG, nullable=False) for meal in ("breakfast", "lunch", "dinner")),
        *(
            sa.Column(f"{share}_percent", _BIG, nullable=False)
            for share in ("commercial", "private", "ends", "long", "longest")
        ),
        sa.Column("source", sa.String(160), nullable=False),
        sa.Column("author_id", _BIG, sa.ForeignKey("user.id")),
        sa.Column("written_at", _MOMENT, nullable=False),
        sa.Column("is_demo", sa.Boolean(), nullable=False),
        sa.Column("provenance", sa.String(120), nullable=False),
        sa.CheckConstraint(
            "breakfast_minor >= 0 AND lunch_minor >= 0 AND dinner_minor >= 0",
            name=op.f("ck_per_diem_table_meals"),
        ),
        *(
            sa.CheckConstraint(f"{share}_percent BETWEEN 0 AND 100", name=op.f(f"ck_per_diem_table_{share}"))
            for share in ("commercial", "private", "ends")
        ),
        sa.CheckConstraint(
            "long_percent BETWEEN 0 AND 100 AND longest_percent BETWEEN 0 AND 100",
            name=op.f("ck_per_diem_table_long"),
        ),
    )
    op.create_table(
        "per_diem_working",
        sa.Column("line_id", _BIG, sa.ForeignKey("budget_line.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("asked", sa.JSON(), nullable=False),
        sa.Column("days", sa.JSON(), nullable=False),
    )
    sqlite = op.get_bind().dialect.name == "sqlite"
    for name, event, table, when, sentence in GUARDS:
        if sqlite:
            op.execute(
                f"CREATE TRIGGER {name} BEFORE {event} ON {table} WHEN {when} "
                f"BEGIN SELECT RAISE(ABORT, '{table}: {sentence}'); END"
            )
            continue
        row = "OLD" if event == "DELETE" else "NEW"
        op.execute(
            f"CREATE FUNCTION {name}_guard() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            f"IF {when} THEN RAISE '{table}: {sentence}'; END IF; RETURN {row}; END $$"
        )
        op.execute(
            f"CREATE TRIGGER {name} BEFORE {event} ON {table} FOR EACH ROW EXECUTE FUNCTION {name}_guard()"
        )
    if not sqlite:
        op.execute(
            "CREATE TRIGGER per_diem_table_never_emptied BEFORE TRUNCATE ON per_diem_table "
            "FOR EACH STATEMENT EXECUTE FUNCTION never_emptied_guard()"
        )


def downgrade() -> None:
    raise RuntimeError("what budgets were worked out from is kept")
