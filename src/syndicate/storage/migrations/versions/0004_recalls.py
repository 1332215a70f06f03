"""Withdrawals meant for one receiver alone, when its terms changed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Let a copy say that what its receiver confirmed was such a withdrawal."""
    op.add_column("copies", sa.Column("recalled", sa.Boolean(), nullable=False, server_default=sa.false()))
