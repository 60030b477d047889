"""How the support fund's committee decides: applications, criteria, opinions, conflicts, votes

The database refuses an opinion, a vote, a record or an approval of somebody who stands aside, and any change
to what was declared, voted or decided.

Revision: 0016, after 0015
"""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_MOMENT = sa.DateTime(timezone=True)


def _aside(application: str, person: str) -> str:
    """Does this person stand aside from this application?"""
    return (
        f"(EXISTS (SELECT 1 FROM declared_conflict c WHERE c.application_id = {application} "
        f"AND c.user_id = {person}) OR EXISTS (SELECT 1 FROM support_application a "
        f"WHERE a.id = {application} AND a.applicant_id = {person}))"
    )


_DECIDED = """EXISTS (SELECT 1 FROM application_outcome o JOIN application_opinion p
    ON p.application_id = o.application_id WHERE p.id = {row}.opinion_id)"""
_VOTES = f"""NEW.vote <> 'withdrew' AND EXISTS (SELECT 1 FROM application_outcome o
    WHERE o.decision_id = NEW.decision_id AND {_aside("o.application_id", "NEW.member_id")})"""
_RULES = f"""EXISTS (SELECT 1 FROM committee_vote v WHERE v.decision_id = NEW.decision_id
    AND v.vote <> 'withdrew' AND {_aside("NEW.application_id", "v.member_id")})
    OR EXISTS (SELECT 1 FROM support_decision d WHERE d.id = NEW.decision_id
    AND (d.approver_id IS NOT NULL OR {_aside("NEW.application_id", "d.recorder_id")}))"""
_APPROVES = f"""OLD.approver_id IS NULL AND NEW.approver_id IS NOT NULL AND (EXISTS (SELECT 1
    FROM application_outcome o WHERE o.decision_id = NEW.id
    AND {_aside("o.application_id", "NEW.approver_id")})
    OR EXISTS (SELECT 1 FROM decision_minute m WHERE m.decision_id = NEW.id AND m.sent_back <> ''))"""
_APPROVED = (
    "EXISTS (SELECT 1 FROM support_decision d WHERE d.id = OLD.decision_id AND d.approver_id IS NOT NULL)"
)
_ASKED = """EXISTS (SELECT 1 FROM application_outcome o WHERE o.application_id = OLD.id)
    OR NEW.applicant_id <> OLD.applicant_id"""
_USED = "EXISTS (SELECT 1 FROM support_application a WHERE a.grid_id = {row}.grid_id)"
_NEVER = "1 = 1"

# (name, event, table, when, sentence); the same conditions on both engines
GUARDS = [
    (
        "opinion_aside",
        "INSERT",
        "application_opinion",
        _aside("NEW.application_id", "NEW.scorer_id"),
        "stands aside",
    ),
    ("points_late", "INSERT", "criterion_points", _DECIDED.format(row="NEW"), "it is decided"),
    ("points_frozen", "UPDATE", "criterion_points", _NEVER, "never changes"),
    ("points_kept", "DELETE", "criterion_points", _DECIDED.format(row="OLD"), "it is decided"),
    ("conflict_frozen", "UPDATE", "declared_conflict", _NEVER, "what was declared stays"),
    ("conflict_kept", "DELETE", "declared_conflict", _NEVER, "what was declared stays"),
    ("vote_aside", "INSERT", "committee_vote", _VOTES, "stands aside"),
    ("vote_frozen", "UPDATE", "committee_vote", _NEVER, "a vote stays"),
    ("vote_kept", "DELETE", "committee_vote", _NEVER, "a vote stays"),
    ("outcome_aside", "INSERT", "application_outcome", _RULES, "stands aside, or it is approved"),
    ("outcome_frozen", "UPDATE", "application_outcome", _NEVER, "never changes"),
    ("outcome_kept", "DELETE", "application_outcome", _APPROVED, "it is approved"),
    ("decision_aside", "UPDATE", "support_decision", _APPROVES, "stands aside, or it was sent back"),
    (
        "minute_frozen",
        "UPDATE",
        "decision_minute",
        "NEW.reason <> OLD.reason OR OLD.sent_back <> ''",
        "a minute stays",
    ),
    ("minute_kept", "DELETE", "decision_minute", _NEVER, "a minute stays"),
    ("application_frozen", "UPDATE", "support_application", _ASKED, "what was asked stays"),
    ("application_kept", "DELETE", "support_application", _NEVER, "what was asked stays"),
    ("criterion_late", "INSERT", "grid_criterion", _USED.format(row="NEW"), "the grid is used"),
    ("criterion_frozen", "UPDATE", "grid_criterion", _USED.format(row="OLD"), "the grid is used"),
    ("criterion_kept", "DELETE", "grid_criterion", _USED.format(row="OLD"), "the grid is used"),
]
NEVER_EMPTIED = (
    "support_application",
    "application_opinion",
    "criterion_points",
    "declared_conflict",
    "committee_vote",
    "decision_minute",
    "application_outcome",
)


def upgrade() -> None:
    _tables()
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
        for table in NEVER_EMPTIED:
            op.execute(
                f"CREATE TRIGGER {table}_never_emptied BEFORE TRUNCATE ON {table} "
                "FOR EACH STATEMENT EXECUTE FUNCTION never_emptied_guard()"
            )


def _tables() -> None:
    op.create_table(
        "criteria_grid",
        sa.Column("id", _BIG, primary_key=True),
        sa.Column("code", sa.String(20), nullable=False, unique=True),
        sa.Column("name", sa.String(160), nullable=False),
        sa.Column("most", _BIG, nullable=False),
        sa.Column("source", sa.String(200), nullable=False),
        sa.Column("is_demo", sa.Boolean(), nullable=False),
        sa.CheckConstraint("most BETWEEN 1 AND 10", name=op.f("ck_criteria_grid_most")),
    )
    op.create_table(
        "grid_criterion",
        sa.Column("id", _BIG, primary_key=True),
        sa.Column("grid_id", _BIG, sa.ForeignKey("criteria_grid.id"), nullable=False),
        sa.Column("position", _BIG, nullable=False),
        sa.Column("label", sa.String(200), nullable=False),
        sa.Column("weight", _BIG, nullable=False),
        sa.UniqueConstraint("grid_id", "position"),
        sa.CheckConstraint("weight > 0", name=op.f("ck_grid_criterion_weight")),
    )
    op.create_table(
        "support_application",
        sa.Column("id", _BIG, primary_key=True),
        sa.Column("edition_id", _BIG, sa.ForeignKey("edition.id"), nullable=False, index=True),
        sa.Column("fund_id", _BIG, sa.ForeignKey("fund.id"), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("label", sa.String(160), nullable=False),
        sa.Column("amount_minor", _BIG, nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("grounds", sa.Text(), nullable=False),
        sa.Column("grid_id", _BIG, sa.ForeignKey("criteria_grid.id"), nullable=False),
        sa.Column("applicant_id", _BIG, sa.ForeignKey("user.id"), nullable=False),
        sa.Column("applied_on", sa.Date(), nullable=False),
        sa.Column("delegation_id", _BIG, sa.ForeignKey("delegation.id"), index=True),
        sa.Column("person_id", _BIG, sa.ForeignKey("person.id")),
        sa.Column("taken_back_at", _MOMENT),
        sa.Column("is_demo", sa.Boolean(), nullable=False),
        sa.CheckConstraint("amount_minor > 0", name=op.f("ck_support_application_positive")),
        sa.CheckConstraint(
            "(kind = 'gap') = (delegation_id IS NOT NULL)", name=op.f("ck_support_application_whose")
        ),
    )
    op.create_table(
        "application_opinion",
        sa.Column("id", _BIG, primary_key=True),
        sa.Column("application_id", _BIG, sa.ForeignKey("support_application.id"), nullable=False),
        sa.Column("scorer_id", _BIG, sa.ForeignKey("user.id"), nullable=False),
        sa.Column("remark", sa.Text(), nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
        sa.UniqueConstraint("application_id", "scorer_id"),
    )
    op.create_table(
        "criterion_points",
        sa.Column("opinion_id", _BIG, sa.ForeignKey("application_opinion.id"), primary_key=True),
        sa.Column("criterion_id", _BIG, sa.ForeignKey("grid_criterion.id"), primary_key=True),
        sa.Column("points", _BIG, nullable=False),
        sa.CheckConstraint("points BETWEEN 0 AND 10", name=op.f("ck_criterion_points_points")),
    )
    op.create_table(
        "declared_conflict",
        sa.Column("application_id", _BIG, sa.ForeignKey("support_application.id"), primary_key=True),
        sa.Column("user_id", _BIG, sa.ForeignKey("user.id"), primary_key=True),
        sa.Column("reason", sa.String(200), nullable=False),
        sa.Column("declared_at", _MOMENT, nullable=False),
    )
    op.create_table(
        "decision_minute",
        sa.Column("decision_id", _BIG, sa.ForeignKey("support_decision.id"), primary_key=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("sent_back", sa.Text(), nullable=False),
    )
    op.create_table(
        "committee_vote",
        sa.Column("decision_id", _BIG, sa.ForeignKey("support_decision.id"), primary_key=True),
        sa.Column("member_id", _BIG, sa.ForeignKey("user.id"), primary_key=True),
        sa.Column("vote", sa.String(32), nullable=False),
        sa.CheckConstraint(
            "vote IN ('for', 'against', 'abstained', 'withdrew')", name=op.f("ck_committee_vote_vote")
        ),
    )
    op.create_table(
        "application_outcome",
        sa.Column("application_id", _BIG, sa.ForeignKey("support_application.id"), primary_key=True),
        sa.Column("decision_id", _BIG, sa.ForeignKey("support_decision.id"), nullable=False, index=True),
        sa.Column("award_id", _BIG, sa.ForeignKey("support_award.id"), unique=True),
    )
