"""Stories that are taken back from one partner alone, in its own log."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Let a row of a partner's log say that it may have the story no more."""
    op.add_column(
        "partner_log", sa.Column("taken_back", sa.Boolean(), nullable=False, server_default=sa.false())
    )
