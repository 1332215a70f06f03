"""What stories are related to, and what media elsewhere are."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables of relations and of media facts."""
    op.create_table(
        "relations",
        sa.Column("article_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["article_id"], ["articles.id"], name=op.f("fk_relations_article_id")),
        sa.PrimaryKeyConstraint("article_id", "name", name=op.f("pk_relations")),
    )
    op.create_index("ix_relations_name", "relations", ["name"])
    op.create_table(
        "media_facts",
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=True),
        sa.Column("length", sa.BigInteger(), nullable=True),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("url", name=op.f("pk_media_facts")),
    )
