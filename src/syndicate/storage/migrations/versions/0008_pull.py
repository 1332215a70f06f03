"""What partners that pull were offered, took and confirmed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def _number() -> sa.types.TypeEngine[int]:
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the log anew (nothing ever wrote to it), and tables for progress and confirmations."""
    op.drop_table("partner_log")
    op.create_table(
        "partner_log",
        sa.Column("partner", sa.Text(), nullable=False),
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("article_id", sa.Text(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("urgent", sa.Boolean(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=True),
        sa.Column("served", sa.BigInteger(), nullable=True),
        sa.Column("taken", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["article_id"], ["articles.id"], name=op.f("fk_partner_log_article_id")),
        sa.PrimaryKeyConstraint("partner", "number", name=op.f("pk_partner_log")),
    )
    op.create_index("ix_partner_log_article", "partner_log", ["partner", "article_id", "number"])
    op.create_table(
        "pulls",
        sa.Column("partner", sa.Text(), nullable=False),
        sa.Column("served", sa.BigInteger(), nullable=False),
        sa.Column("served_at", sa.BigInteger(), nullable=True),
        sa.Column("taken", sa.BigInteger(), nullable=False),
        sa.Column("taken_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("partner", name=op.f("pk_pulls")),
    )
    op.create_table(
        "acks",
        sa.Column("id", _number(), autoincrement=True, nullable=False),
        sa.Column("partner", sa.Text(), nullable=False),
        sa.Column("article_id", sa.Text(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("token_id", _number(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["article_id"], ["articles.id"], name=op.f("fk_acks_article_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_acks")),
    )
    op.create_index("ix_acks_story", "acks", ["article_id", "partner", "revision", "action"], unique=True)
    op.create_index("ix_acks_partner", "acks", ["partner", "id"])
