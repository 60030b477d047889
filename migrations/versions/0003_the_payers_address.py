"""A savings plan keeps the address its messages go to

Whoever opens a plan says where its payer is written to; until now the directory's address won silently.

Revision: 0003, after 0002
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column, empty: the payer's own address goes on to be used."""
    columns = {column["name"] for column in sa.inspect(op.get_bind()).get_columns("savings_plan")}
    if "payer_email" not in columns:  # run again after an interruption
        op.add_column(
            "savings_plan", sa.Column("payer_email", sa.String(255), nullable=False, server_default="")
        )


def downgrade() -> None:
    """Forget the addresses."""
    op.drop_column("savings_plan", "payer_email")
