"""Hosts that do not answer; the network a subscriber's callback lies in."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table of hosts that are left in peace; count subscribers by address as well as by name."""
    op.create_table(
        "shut_hosts",
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("trips", sa.Integer(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("scope", "host", name=op.f("pk_shut_hosts")),
    )
    op.add_column("subscriptions", sa.Column("network", sa.Text(), nullable=True))
    op.create_index("ix_subscriptions_network", "subscriptions", ["network"])
