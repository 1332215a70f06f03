"""Stories from before: which were filled in without a push, and how far a source's backfill came."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the mark, and the table of how far backfills came."""
    op.add_column(
        "articles", sa.Column("backfilled", sa.Boolean(), nullable=False, server_default=sa.false())
    )
    op.create_table(
        "backfills",
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.Column("push", sa.Boolean(), nullable=False),
        sa.Column("token", sa.Text(), nullable=True),
        sa.Column("stored", sa.BigInteger(), nullable=False),
        sa.Column("finished", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("source", name=op.f("pk_backfills")),
    )
