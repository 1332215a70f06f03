"""Withdrawals, and the few copies that were taken back, are found without walking what receivers have;
documents know which version takes something back."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Indexes of withdrawals that hold and of what one receiver may have no more; urgent versions."""
    op.add_column(
        "documents", sa.Column("urgent_version", sa.BigInteger(), nullable=False, server_default="0")
    )
    op.create_index(op.f("ix_withdrawals_released"), "withdrawals", ["released", "at"])
    op.create_index(
        op.f("ix_copies_recalled"),
        "copies",
        ["article_id"],
        sqlite_where=sa.text("recalled IS 1"),
        postgresql_where=sa.text("recalled IS true"),
    )
