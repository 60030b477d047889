"""A registration may wait for another name: whoever left it is free to register again

Revision: 0037, after 0036
"""

import sqlalchemy as sa
from alembic import op

revision = "0037"
down_revision = "0036"
branch_labels = None
depends_on = None

_NAME, _TABLE = "uq_registration_active_person", "registration"


def upgrade() -> None:
    """Make the index again; run again, the same."""
    _index("status NOT IN ('cancelled', 'vacant')")


def downgrade() -> None:
    op.execute("UPDATE registration SET status = 'cancelled' WHERE status = 'vacant'")
    _index("status <> 'cancelled'")


def _index(where: str) -> None:
    op.drop_index(_NAME, _TABLE, if_exists=True)
    only = sa.text(where)
    op.create_index(
        _NAME, _TABLE, ["edition_id", "person_id"], unique=True, sqlite_where=only, postgresql_where=only
    )
