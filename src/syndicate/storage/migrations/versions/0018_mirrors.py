"""What places beside our own have of the public files."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table of their files."""
    op.create_table(
        "mirror_files",
        sa.Column("mirror", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=True),
        sa.Column("stamp", sa.Text(), nullable=True),
        sa.Column("owed", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("mirror", "key", name=op.f("pk_mirror_files")),
    )
