"""People who wait for a seat; the delegation's word before accreditation, and one record open longer

Revision: 0011, after 0010
"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "waiting_person",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("delegation_id", NUMBER, nullable=False),
        sa.Column("person_id", NUMBER, nullable=False),
        sa.Column("role", sa.String(length=32), nullable=False),
        sa.Column("party", sa.String(length=60), nullable=False),
        sa.Column("whole", sa.Boolean(), nullable=False),
        sa.Column("status", sa.String(length=32), nullable=False),
        sa.Column("asked_at", MOMENT, nullable=False),
        sa.Column("ended_at", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(
            ["delegation_id"], ["delegation.id"], name=op.f("fk_waiting_person_delegation_id_delegation")
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_waiting_person_person_id_person")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_waiting_person")),
    )
    op.create_index(op.f("ix_waiting_person_delegation_id"), "waiting_person", ["delegation_id"])
    op.create_index(op.f("ix_waiting_person_person_id"), "waiting_person", ["person_id"])
    op.create_index(
        "uq_waiting_person_current",
        "waiting_person",
        ["delegation_id", "person_id"],
        unique=True,
        sqlite_where=sa.text("status = 'waiting'"),
        postgresql_where=sa.text("status = 'waiting'"),
    )
    op.add_column("nomination", sa.Column("endorsed_at", MOMENT, nullable=True))
    op.add_column("nomination", sa.Column("editable_until", MOMENT, nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("nomination") as batch:
        batch.drop_column("editable_until")
        batch.drop_column("endorsed_at")
    op.drop_table("waiting_person")
