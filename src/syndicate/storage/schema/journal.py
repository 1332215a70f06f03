"""What happened to stories and what the clock owes; numbers and small facts."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, Table, Text

from syndicate.storage.schema.columns import Instant, article, metadata

# Small facts: the epoch of cursors, how far publishing has come.
meta = Table("meta", metadata, Column("key", Text, primary_key=True), Column("value", Text, nullable=False))

# Numbers allotted under the row's lock, held to the commit: no gaps seen, no number twice.
counters = Table(
    "counters", metadata, Column("name", Text, primary_key=True), Column("value", BigInteger, nullable=False)
)

journal = Table(
    "journal",
    metadata,
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    article(nullable=False),
    Column("revision", Integer, nullable=False),
    Column("action", Text, nullable=False),
    Column("urgent", Boolean, nullable=False),
    Column("at", Instant, nullable=False),
    Column("trace", Text),
    Index("ix_journal_urgent_seq", "urgent", "seq"),
    Index("ix_journal_at", "at"),
)

# What the clock owes: each row becomes a journal row when it falls due.
due = Table(
    "due",
    metadata,
    article(primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("at", Instant, nullable=False, index=True),
)
