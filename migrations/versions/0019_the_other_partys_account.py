"""A bank line keeps the other party's account; a statement its days and the number of its account

Revision: 0019, after 0018
"""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

_COLUMNS = (
    ("statement_line", sa.Column("counterparty", sa.String(40), nullable=False, server_default="")),
    ("bank_statement", sa.Column("first_on", sa.Date(), nullable=True)),
    ("bank_statement", sa.Column("last_on", sa.Date(), nullable=True)),
    ("bank_statement", sa.Column("bank_account", sa.String(200), nullable=False, server_default="")),
)
_BY_DAY = "ix_statement_line_account_id_dated_on"


def upgrade() -> None:
    """Add the columns; of statements that are here, the days are those of the lines they brought."""
    for table, column in _COLUMNS:
        known = {one["name"] for one in sa.inspect(op.get_bind()).get_columns(table)}
        if column.name not in known:  # run again after an interruption
            op.add_column(table, column)
    indexes = {one["name"] for one in sa.inspect(op.get_bind()).get_indexes("statement_line")}
    if _BY_DAY not in indexes:
        op.create_index(_BY_DAY, "statement_line", ["account_id", "dated_on"])
    for name, end in (("first_on", "min"), ("last_on", "max")):
        op.execute(
            f"UPDATE bank_statement SET {name} = (SELECT {end}(dated_on) FROM statement_line "
            f"WHERE statement_id = bank_statement.id) WHERE {name} IS NULL"
        )


def downgrade() -> None:
    """Forget them."""
    op.drop_index(_BY_DAY, "statement_line")
    for table, column in _COLUMNS:
        op.drop_column(table, column.name)
