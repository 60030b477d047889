"""Reports that funders were sent

The database refuses any change to what a report told, to whom, and to an audit once it is there.

Revision: 0013, after 0012
"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_MOMENT = sa.DateTime(timezone=True)

_TOLD = " OR ".join(
    f"CAST(NEW.{name} AS TEXT) <> CAST(OLD.{name} AS TEXT)"
    for name in (
        "agreement_id",
        "number",
        "as_of",
        "addressee",
        "email",
        "locale",
        "words",
        "facts",
        "open_papers",
        "sent_by_id",
        "sent_at",
    )
)
_FROZEN = f"{_TOLD} OR OLD.audited_at IS NOT NULL"

SQLITE = [
    f"""CREATE TRIGGER funder_report_frozen BEFORE UPDATE ON funder_report WHEN {_FROZEN}
    BEGIN SELECT RAISE(ABORT, 'funder_report: what was told stays'); END""",
    """CREATE TRIGGER funder_report_kept BEFORE DELETE ON funder_report
    BEGIN SELECT RAISE(ABORT, 'funder_report: what was told stays'); END""",
    """CREATE TRIGGER funder_report_replaced BEFORE INSERT ON funder_report
    WHEN EXISTS (SELECT 1 FROM funder_report o
                 WHERE o.id = NEW.id OR (o.agreement_id = NEW.agreement_id AND o.number = NEW.number))
    BEGIN SELECT RAISE(ABORT, 'funder_report: what was told stays'); END""",
]

POSTGRESQL = [
    f"""CREATE FUNCTION funder_report_guard() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN IF {_FROZEN} THEN RAISE 'funder_report: what was told stays'; END IF; RETURN NEW; END $$""",
    """CREATE TRIGGER funder_report_frozen BEFORE UPDATE ON funder_report
    FOR EACH ROW EXECUTE FUNCTION funder_report_guard()""",
    """CREATE FUNCTION funder_report_kept_guard() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE 'funder_report: what was told stays'; END $$""",
    """CREATE TRIGGER funder_report_kept BEFORE DELETE ON funder_report
    FOR EACH ROW EXECUTE FUNCTION funder_report_kept_guard()""",
    """CREATE TRIGGER funder_report_never_emptied BEFORE TRUNCATE ON funder_report
    FOR EACH STATEMENT EXECUTE FUNCTION never_emptied_guard()""",
]


def upgrade() -> None:
    op.create_table(
        "funder_report",
        sa.Column("id", _BIG, primary_key=True),
        sa.Column("agreement_id", _BIG, sa.ForeignKey("funding_agreement.id"), nullable=False),
        sa.Column("number", _BIG, nullable=False),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column("addressee", sa.String(160), nullable=False),
        sa.Column("email", sa.String(255), nullable=False),
        sa.Column("locale", sa.String(8), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("open_papers", sa.Boolean(), nullable=False),
        sa.Column("sent_by_id", _BIG, sa.ForeignKey("user.id"), nullable=False),
        sa.Column("sent_at", _MOMENT, nullable=False),
        sa.Column("audited_by_id", _BIG, sa.ForeignKey("user.id"), nullable=True),
        sa.Column("audited_at", _MOMENT, nullable=True),
        sa.Column("audit_words", sa.Text(), nullable=False),
        sa.UniqueConstraint("agreement_id", "number", name=op.f("uq_funder_report_agreement_id_number")),
        sa.CheckConstraint(
            "audited_by_id IS NULL OR audited_by_id <> sent_by_id", name=op.f("ck_funder_report_two_people")
        ),
        sa.CheckConstraint(
            "(audited_by_id IS NULL) = (audited_at IS NULL)", name=op.f("ck_funder_report_audited_whole")
        ),
    )
    for statement in SQLITE if op.get_bind().dialect.name == "sqlite" else POSTGRESQL:
        op.execute(statement)


def downgrade() -> None:
    raise RuntimeError("reports that were sent are not taken away")
