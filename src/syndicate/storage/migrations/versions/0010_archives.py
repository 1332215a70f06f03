"""Archive pages of feeds."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the archives' tables. What is outside the windows is sealed as feeds are built."""
    op.add_column(
        "feed_entries", sa.Column("archived", sa.Boolean(), server_default=sa.false(), nullable=False)
    )
    op.create_index("ix_feed_entries_archived", "feed_entries", ["feed", "archived", "sort_at", "article_id"])
    op.create_table(
        "archives",
        sa.Column("feed", sa.Text(), nullable=False),
        sa.Column("page", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("modified", sa.BigInteger(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("pending", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("feed", "page", name=op.f("pk_archives")),
    )
    op.create_index(op.f("ix_archives_pending"), "archives", ["pending"])
    op.create_index("ix_archives_digest", "archives", ["feed", "digest"])
    op.create_table(
        "archive_entries",
        sa.Column("feed", sa.Text(), nullable=False),
        sa.Column("article_id", sa.Text(), nullable=False),
        sa.Column("page", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["article_id"], ["articles.id"], name=op.f("fk_archive_entries_article_id")),
        sa.PrimaryKeyConstraint("feed", "article_id", name=op.f("pk_archive_entries")),
    )
    op.create_index("ix_archive_entries_page", "archive_entries", ["feed", "page"])
    op.create_index("ix_archive_entries_article", "archive_entries", ["article_id"])
