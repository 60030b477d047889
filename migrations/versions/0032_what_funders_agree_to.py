"""Terms of funders and their versions, what is due to them; locks and kept allocations; services declared

The database refuses any change to a version of an agreement and to a kept allocation.

Revision: 0032, after 0031
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_MOMENT = sa.DateTime(timezone=True)
_POINTS = {"delegation_id": "delegation", "declared_by_id": "user", "decided_by_id": "user"}
_FROZEN = ("agreement_version", "kept_allocation")


def _text(name: str, length: int, otherwise: str = "") -> "sa.Column[Any]":
    return sa.Column(name, sa.String(length), nullable=False, server_default=otherwise)


def _columns() -> list[tuple[str, "sa.Column[Any]"]]:
    return [
        ("funding_agreement", _text("basis", 32, "cash")),
        ("funding_agreement", sa.Column("opens", sa.Date(), nullable=True)),
        ("funding_agreement", sa.Column("closes", sa.Date(), nullable=True)),
        ("funding_agreement", _text("sharing", 32, "stated")),
        ("funding_agreement", sa.Column("stacks", sa.Boolean(), nullable=False, server_default=sa.false())),
        ("funding_agreement", _text("through", 160)),
        ("in_kind", _text("kind", 32, "service")),
        ("in_kind", sa.Column("given_on", sa.Date(), nullable=True)),
        ("in_kind", _text("basis", 200)),
        ("in_kind", _text("evidence", 200)),
        ("in_kind", sa.Column("decided_at", _MOMENT, nullable=True)),
    ]


def upgrade() -> None:
    inspector = sa.inspect(op.get_bind())
    for table, column in _columns():
        if column.name not in {one["name"] for one in inspector.get_columns(table)}:
            op.add_column(table, column)
    kind = "INTEGER" if op.get_bind().dialect.name == "sqlite" else "BIGINT"
    for name, towards in _POINTS.items():
        if name not in {one["name"] for one in inspector.get_columns("in_kind")}:
            op.execute(f'ALTER TABLE in_kind ADD COLUMN {name} {kind} REFERENCES "{towards}" (id)')
    if "ix_in_kind_delegation_id" not in {one["name"] for one in inspector.get_indexes("in_kind")}:
        op.create_index("ix_in_kind_delegation_id", "in_kind", ["delegation_id"])
    _agreements()
    _allocations()
    op.create_table(
        "service_evidence",
        sa.Column("service_id", _BIG, sa.ForeignKey("in_kind.id"), primary_key=True),
        sa.Column("media_type", sa.String(60), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
    )
    _first_versions()
    _freeze()


def _agreements() -> None:
    op.create_table(
        "agreement_version",
        sa.Column("id", _BIG, primary_key=True),
        sa.Column("agreement_id", _BIG, sa.ForeignKey("funding_agreement.id"), nullable=False),
        sa.Column("number", _BIG, nullable=False),
        sa.Column("terms", sa.JSON(), nullable=False),
        sa.Column("reason", sa.String(300), nullable=False),
        sa.Column("by_id", _BIG, sa.ForeignKey("user.id"), nullable=True),
        sa.Column("at", _MOMENT, nullable=False),
        sa.UniqueConstraint("agreement_id", "number"),
    )
    op.create_table(
        "funder_duty",
        sa.Column("id", _BIG, primary_key=True),
        sa.Column("agreement_id", _BIG, sa.ForeignKey("funding_agreement.id"), nullable=False, index=True),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("what", sa.String(200), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False, index=True),
        sa.Column("done_on", sa.Date(), nullable=True),
        sa.Column("done_by_id", _BIG, sa.ForeignKey("user.id"), nullable=True),
        sa.Column("done_words", sa.String(300), nullable=False),
        sa.CheckConstraint(
            "(done_on IS NULL) = (done_by_id IS NULL)", name=op.f("ck_funder_duty_done_whole")
        ),
    )
    op.create_table(
        "drawdown",
        sa.Column("id", _BIG, primary_key=True),
        sa.Column("agreement_id", _BIG, sa.ForeignKey("funding_agreement.id"), nullable=False),
        sa.Column("number", _BIG, nullable=False),
        sa.Column("amount_minor", _BIG, nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("claimed_on", sa.Date(), nullable=False),
        sa.Column("claimed_by_id", _BIG, sa.ForeignKey("user.id"), nullable=False),
        sa.Column("evidence", sa.String(300), nullable=False),
        sa.Column("taken_back_reason", sa.String(300), nullable=False),
        sa.UniqueConstraint("agreement_id", "number"),
        sa.CheckConstraint("amount_minor > 0", name=op.f("ck_drawdown_positive")),
    )


def _allocations() -> None:
    op.create_table(
        "allocation_lock",
        sa.Column("id", _BIG, primary_key=True),
        sa.Column("seat_id", _BIG, sa.ForeignKey("seat.id"), nullable=False, index=True),
        sa.Column("line", sa.String(20), nullable=False),
        sa.Column("source", sa.String(20), nullable=False),
        sa.Column("amount_minor", _BIG, nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("reason", sa.String(300), nullable=False),
        sa.Column("by_id", _BIG, sa.ForeignKey("user.id"), nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
        sa.Column("lifted_at", _MOMENT, nullable=True),
        sa.Column("lifted_by_id", _BIG, sa.ForeignKey("user.id"), nullable=True),
        sa.CheckConstraint("amount_minor > 0", name=op.f("ck_allocation_lock_positive")),
    )
    op.create_table(
        "kept_allocation",
        sa.Column("id", _BIG, primary_key=True),
        sa.Column("delegation_id", _BIG, sa.ForeignKey("delegation.id"), nullable=False),
        sa.Column("number", _BIG, nullable=False),
        sa.Column("title", sa.String(160), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("by_id", _BIG, sa.ForeignKey("user.id"), nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
        sa.UniqueConstraint("delegation_id", "number"),
    )


def _first_versions() -> None:
    """Agreements that are here already get their first version: the terms as they stand."""
    bind = op.get_bind()
    served: dict[int, list[int]] = {}
    for agreement, delegation in bind.execute(
        sa.text("SELECT agreement_id, delegation_id FROM funding_serves ORDER BY agreement_id, position")
    ):
        served.setdefault(agreement, []).append(delegation)
    rows = bind.execute(
        sa.text(
            "SELECT id, name, kind, currency, ratio_numerator, ratio_denominator, amount_minor, cap_minor, "
            "categories, blocked_reason FROM funding_agreement"
        ).columns(categories=sa.JSON())
    ).all()
    version = sa.table(
        "agreement_version",
        sa.column("agreement_id"),
        sa.column("number"),
        sa.column("terms", sa.JSON()),
        sa.column("reason"),
        sa.column("at", _MOMENT),
    )
    for row in rows:
        over = row.ratio_denominator
        terms = {
            "name": row.name,
            "kind": row.kind,
            "currency": row.currency,
            "ratio": f"{row.ratio_numerator}/{over}" if over != 1 else str(row.ratio_numerator),
            "amount": row.amount_minor or None,
            "cap": row.cap_minor,
            "categories": row.categories,
            "serves": served.get(row.id, []),
            "blocked": row.blocked_reason or None,
            "basis": "cash",
            "opens": None,
            "closes": None,
            "sharing": "stated",
            "stacks": False,
            "through": "",
        }
        bind.execute(
            version.insert().values(
                agreement_id=row.id, number=1, terms=terms, reason="", at=sa.func.current_timestamp()
            )
        )


def _freeze() -> None:
    sqlite = op.get_bind().dialect.name == "sqlite"
    for table in _FROZEN:
        for event in ("UPDATE", "DELETE"):
            name = f"{table}_{event.lower()}"
            if sqlite:
                op.execute(
                    f"CREATE TRIGGER {name} BEFORE {event} ON {table} "
                    f"BEGIN SELECT RAISE(ABORT, '{table}: it never changes'); END"
                )
                continue
            op.execute(
                f"CREATE FUNCTION {name}_guard() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
                f"RAISE '{table}: it never changes'; END $$"
            )
            op.execute(
                f"CREATE TRIGGER {name} BEFORE {event} ON {table} "
                f"FOR EACH ROW EXECUTE FUNCTION {name}_guard()"
            )


def downgrade() -> None:
    sqlite = op.get_bind().dialect.name == "sqlite"
    for table in (
        "service_evidence",
        "kept_allocation",
        "allocation_lock",
        "drawdown",
        "funder_duty",
        "agreement_version",
    ):
        op.drop_table(table)
        if table in _FROZEN and not sqlite:
            for event in ("update", "delete"):
                op.execute(f"DROP FUNCTION {table}_{event}_guard()")
    op.drop_index("ix_in_kind_delegation_id", "in_kind")
    names = [(table, column.name) for table, column in _columns()]
    for table, name in [*names, *(("in_kind", name) for name in _POINTS)]:
        with op.batch_alter_table(table) as batch:
            batch.drop_column(name)
