"""Bank statements that come in by pieces, files on their way in, layouts that are remembered

Revision: 0005, after 0004
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    for column in (
        sa.Column("complete", sa.Boolean(), nullable=False, server_default=sa.true()),
        sa.Column("lines_expected", NUMBER, nullable=False, server_default="0"),
        sa.Column("lines_done", NUMBER, nullable=False, server_default="0"),
        sa.Column("gap_row", NUMBER, nullable=True),
        sa.Column("gap_on", sa.Date(), nullable=True),
    ):
        op.add_column("bank_statement", column)
    op.create_table(
        "statement_upload",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("account_id", NUMBER, nullable=False),
        sa.Column("uploaded_by_id", NUMBER, nullable=True),
        sa.Column("file_name", sa.String(length=200), nullable=False),
        sa.Column("size", NUMBER, nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("assumed", sa.JSON(), nullable=False),
        sa.Column("bank_account", sa.String(length=200), nullable=True),
        sa.Column("look", sa.JSON(), nullable=True),
        sa.Column("problem", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("agreed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("statement_id", NUMBER, nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_statement_upload_account_id_account")
        ),
        sa.ForeignKeyConstraint(
            ["uploaded_by_id"], ["user.id"], name=op.f("fk_statement_upload_uploaded_by_id_user")
        ),
        sa.ForeignKeyConstraint(
            ["statement_id"],
            ["bank_statement.id"],
            name=op.f("fk_statement_upload_statement_id_bank_statement"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_statement_upload")),
    )
    op.create_index(op.f("ix_statement_upload_created_at"), "statement_upload", ["created_at"])
    op.create_table(
        "statement_layout",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("account_id", NUMBER, nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("layout", sa.JSON(), nullable=False),
        sa.Column("told_by_id", NUMBER, nullable=True),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_statement_layout_account_id_account")
        ),
        sa.ForeignKeyConstraint(
            ["told_by_id"], ["user.id"], name=op.f("fk_statement_layout_told_by_id_user")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_statement_layout")),
        sa.UniqueConstraint("account_id", "key", name=op.f("uq_statement_layout_account_id_key")),
    )


def downgrade() -> None:
    op.drop_table("statement_layout")
    op.drop_table("statement_upload")
    with op.batch_alter_table("bank_statement") as batch:
        for name in ("gap_on", "gap_row", "lines_done", "lines_expected", "complete"):
            batch.drop_column(name)
