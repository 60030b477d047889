"""Each payer of a savings plan may leave a card: an instalment is taken from each for their share

Revision: 0040, after 0039
"""

import sqlalchemy as sa
from alembic import op

revision = "0040"
down_revision = "0039"
branch_labels = None
depends_on = None

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_OF_A_PLAN, _OF_A_PAYER = "uq_collection_plan_id_number", "uq_collection_plan_id_payer_id_number"


def upgrade() -> None:
    """What was planned so far is the first payer's; run again, the same."""
    known = sa.inspect(op.get_bind())
    if "payer_id" not in {one["name"] for one in known.get_columns("collection")}:
        op.add_column("collection", sa.Column("payer_id", _BIG, nullable=True))
    op.execute(
        "UPDATE collection SET payer_id = "
        "(SELECT p.payer_id FROM savings_plan p WHERE p.id = collection.plan_id) WHERE payer_id IS NULL"
    )
    if _OF_A_PAYER in {one["name"] for one in known.get_unique_constraints("collection")}:
        return
    with op.batch_alter_table("collection") as batch:
        batch.alter_column("payer_id", existing_type=_BIG, nullable=False)
        batch.create_foreign_key(
            op.f("fk_collection_payer_id_organisation"), "organisation", ["payer_id"], ["id"]
        )
        batch.drop_constraint(_OF_A_PLAN, type_="unique")
        batch.create_unique_constraint(_OF_A_PAYER, ["plan_id", "payer_id", "number"])


def downgrade() -> None:
    """What other payers had planned is forgotten with their cards."""
    op.execute(
        "DELETE FROM collection WHERE payer_id <> "
        "(SELECT p.payer_id FROM savings_plan p WHERE p.id = collection.plan_id)"
    )
    with op.batch_alter_table("collection") as batch:
        batch.drop_constraint(_OF_A_PAYER, type_="unique")
        batch.create_unique_constraint(_OF_A_PLAN, ["plan_id", "number"])
        batch.drop_column("payer_id")
