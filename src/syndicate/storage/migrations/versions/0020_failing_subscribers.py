"""Subscribers that fail are counted without reading the others."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """An index of those that fail."""
    op.create_index(
        op.f("ix_subscriptions_failing_since"),
        "subscriptions",
        ["failing_since"],
        sqlite_where=sa.text("failing_since IS NOT NULL"),
        postgresql_where=sa.text("failing_since IS NOT NULL"),
    )
