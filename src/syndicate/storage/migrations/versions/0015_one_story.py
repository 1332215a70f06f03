"""One story from several sources: copies, what texts are found by, what an operator parted."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the three tables."""
    op.create_table(
        "source_copies",
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("source_id", sa.Text(), nullable=False),
        sa.Column("article_id", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("headline", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=True),
        sa.Column("how", sa.Text(), nullable=False),
        sa.Column("first", sa.BigInteger(), nullable=False),
        sa.Column("changed", sa.BigInteger(), nullable=False),
        sa.Column("gone", sa.BigInteger(), nullable=True),
        sa.Column("raw", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["article_id"], ["articles.id"], name=op.f("fk_source_copies_article_id")),
        sa.PrimaryKeyConstraint("source", "source_id", name=op.f("pk_source_copies")),
    )
    op.create_index(op.f("ix_source_copies_article_id"), "source_copies", ["article_id"])
    op.create_table(
        "parted",
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("source_id", sa.Text(), nullable=False),
        sa.Column("article_id", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["article_id"], ["articles.id"], name=op.f("fk_parted_article_id")),
        sa.PrimaryKeyConstraint("source", "source_id", "article_id", name=op.f("pk_parted")),
    )
    op.create_table(
        "text_bands",
        sa.Column("band", sa.Text(), nullable=False),
        sa.Column("article_id", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["article_id"], ["articles.id"], name=op.f("fk_text_bands_article_id")),
        sa.PrimaryKeyConstraint("band", "article_id", name=op.f("pk_text_bands")),
    )
    op.create_index(op.f("ix_text_bands_article_id"), "text_bands", ["article_id"])
    op.create_index(op.f("ix_text_bands_at"), "text_bands", ["at"])
