"""How far each source was read, and what was answered to senders."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Integer, Table, Text

from syndicate.storage.schema.columns import Instant, Json, metadata

sources = Table(
    "sources",
    metadata,
    Column("name", Text, primary_key=True),
    Column("token", Text),
    Column("last_try", Instant),
    Column("last_ok", Instant),
    Column("failures", Integer, nullable=False),
    Column("last_error", Text),
)

# Sources that are paused or on hold, and how they go on; one without a row is asked as ever.
source_states = Table(
    "source_states",
    metadata,
    Column("name", Text, primary_key=True),
    Column("state", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("at", Instant, nullable=False),
)

# How far a source's backfill came; ``token`` is its own cursor.
backfills = Table(
    "backfills",
    metadata,
    Column("source", Text, primary_key=True),
    Column("since", Instant, nullable=False),
    Column("until", Instant, nullable=False),
    Column("push", Boolean, nullable=False),
    Column("token", Text),
    Column("stored", BigInteger, nullable=False),
    Column("finished", Instant),
)

source_items = Table(
    "source_items",
    metadata,
    Column("source", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("fingerprint", Text, nullable=False),
)

# What was answered to a request with an Idempotency-Key, so that the same one gets the same again.
inbox_answers = Table(
    "inbox_answers",
    metadata,
    Column("source", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("digest", Text, nullable=False),
    Column("status", Integer, nullable=False),
    Column("body", Json, nullable=False),
    Column("at", Instant, nullable=False, index=True),
)
