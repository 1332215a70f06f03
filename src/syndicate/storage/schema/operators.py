"""What people are told of, who did what, and who is logged in."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Index, Table, Text

from syndicate.storage.schema.columns import Instant, Json, Number, metadata

problems = Table(
    "problems",
    metadata,
    Column("scope", Text, primary_key=True),
    Column("ref", Text, primary_key=True),
    Column("reason", Text, nullable=False),
    Column("fix", Text),
    Column("warning", Boolean, nullable=False),
    Column("first", Instant, nullable=False),
    Column("last", Instant, nullable=False),
)

# What people were told of and is not over yet: each is said once, and again after a while.
notices = Table(
    "notices",
    metadata,
    Column("kind", Text, primary_key=True),
    Column("ref", Text, primary_key=True),
    Column("words", Text, nullable=False),
    Column("first", Instant, nullable=False),
    Column("told", Instant),
)

# Who did what. Only added to, never pruned; ``detail`` holds no text of a story.
audit = Table(
    "audit",
    metadata,
    Column("id", Number, primary_key=True, autoincrement=True),
    Column("at", Instant, nullable=False),
    Column("who", Text, nullable=False),
    Column("via", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("target", Text, nullable=False),
    Column("detail", Json, nullable=False),
    Index("ix_audit_who", "who", "id"),
    Index("ix_audit_target", "target", "id"),
    sqlite_autoincrement=True,
)

# Operators who are logged in. Only the SHA-256 of what their browser shows is kept.
sessions = Table(
    "sessions",
    metadata,
    Column("digest", Text, primary_key=True),
    Column("user", Text, nullable=False),
    Column("stamp", Text, nullable=False),
    Column("created", Instant, nullable=False),
    Column("expires", Instant, nullable=False, index=True),
)
