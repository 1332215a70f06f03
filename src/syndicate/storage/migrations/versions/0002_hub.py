"""Subscribers of our own hub."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def _number() -> sa.types.TypeEngine[int]:
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Create the tables of subscriptions, of what is not confirmed yet, and of failures."""
    op.create_table(
        "subscriptions",
        sa.Column("id", _number(), autoincrement=True, nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("callback", sa.Text(), nullable=False),
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("secret", sa.Text(), nullable=True),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("verified", sa.BigInteger(), nullable=False),
        sa.Column("lease_end", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("due", sa.BigInteger(), nullable=True),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("failing_since", sa.BigInteger(), nullable=True),
        sa.Column("last_try", sa.BigInteger(), nullable=True),
        sa.Column("last_ok", sa.BigInteger(), nullable=True),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_subscriptions")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_subscriptions_callback", "subscriptions", ["callback", "topic"], unique=True)
    op.create_index("ix_subscriptions_owed", "subscriptions", ["topic", "due", "version", "id"])
    op.create_index("ix_subscriptions_host", "subscriptions", ["host"])
    op.create_index(op.f("ix_subscriptions_lease_end"), "subscriptions", ["lease_end"])
    op.create_table(
        "verifications",
        sa.Column("id", _number(), autoincrement=True, nullable=False),
        sa.Column("mode", sa.Text(), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("callback", sa.Text(), nullable=False),
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("secret", sa.Text(), nullable=True),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column("lease", sa.BigInteger(), nullable=False),
        sa.Column("verify_token", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("due", sa.BigInteger(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_verifications")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_verifications_callback", "verifications", ["callback", "topic"], unique=True)
    op.create_index(op.f("ix_verifications_host"), "verifications", ["host"])
    op.create_index(op.f("ix_verifications_due"), "verifications", ["due"])
    op.create_table(
        "subscription_failures",
        sa.Column("id", _number(), autoincrement=True, nullable=False),
        sa.Column("subscription_id", _number(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("seconds", sa.Float(), nullable=False),
        sa.Column("verdict", sa.Text(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_subscription_failures")),
    )
    op.create_index(
        op.f("ix_subscription_failures_subscription_id"), "subscription_failures", ["subscription_id"]
    )
    op.create_index(op.f("ix_subscription_failures_at"), "subscription_failures", ["at"])
