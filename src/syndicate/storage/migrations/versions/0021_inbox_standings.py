"""What is known of inboxes' versions stands where that of wires stands, and is pruned like it."""

from __future__ import annotations

from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Give those rows their new name; they are told from files' fingerprints by how they begin."""
    op.execute(
        "UPDATE source_items SET source = source || ' versions' "
        """WHERE fingerprint LIKE '{"version": %' AND source NOT LIKE '% versions'"""
    )
