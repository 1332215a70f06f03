"""Subscriptions: at our own hub, and ours at others'."""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, Boolean, Column, Float, Index, Integer, Table, Text

from syndicate.storage.schema.columns import Instant, Number, metadata, outcome


def _asked() -> list[Column[Any]]:
    """A subscription of ours: wanted since, asked when and how often, until when it runs."""
    return [
        Column("wanted", Instant),
        Column("asked", Instant),
        Column("tries", Integer, nullable=False),
        Column("verified", Instant),
        Column("lease_end", Instant),
        Column("problem", Text),
    ]


# Subscribers of our own hub. ``version`` is the document's they last took; ``due`` is set while they
# fail. The index finds who lacks the newest version of a topic by one range scan, and those that fail
# and are not due are never looked at. Numbers are never used twice: an answer may come in late.
subscriptions = Table(
    "subscriptions",
    metadata,
    Column("id", Number, primary_key=True, autoincrement=True),
    Column("topic", Text, nullable=False),
    Column("callback", Text, nullable=False),
    Column("host", Text, nullable=False),
    Column("secret", Text),
    Column("method", Text, nullable=False),
    Column("created", Instant, nullable=False),
    Column("verified", Instant, nullable=False),
    Column("lease_end", Instant, nullable=False, index=True),
    Column("version", BigInteger, nullable=False),
    Column("due", Instant),
    Column("failures", Integer, nullable=False),
    Column("failing_since", Instant),
    Column("last_try", Instant),
    Column("last_ok", Instant),
    Column("last_error", Text),
    Column("network", Text),
    Index("ix_subscriptions_callback", "callback", "topic", unique=True),
    Index("ix_subscriptions_owed", "topic", "due", "version", "id"),
    Index("ix_subscriptions_host", "host"),
    Index("ix_subscriptions_network", "network"),
    sqlite_autoincrement=True,
)
Index(
    "ix_subscriptions_failing_since",
    subscriptions.c.failing_since,
    sqlite_where=subscriptions.c.failing_since.is_not(None),
    postgresql_where=subscriptions.c.failing_since.is_not(None),
)

# What subscribers asked for and did not confirm yet, and refusals they are to be told.
verifications = Table(
    "verifications",
    metadata,
    Column("id", Number, primary_key=True, autoincrement=True),
    Column("mode", Text, nullable=False),
    Column("topic", Text, nullable=False),
    Column("callback", Text, nullable=False),
    Column("host", Text, nullable=False, index=True),
    Column("secret", Text),
    Column("method", Text, nullable=False),
    Column("lease", BigInteger, nullable=False),
    Column("verify_token", Text),
    Column("reason", Text),
    Column("created", Instant, nullable=False),
    Column("due", Instant, nullable=False, index=True),
    Column("tries", Integer, nullable=False),
    Index("ix_verifications_callback", "callback", "topic", unique=True),
    sqlite_autoincrement=True,
)

# Deliveries to subscribers that failed; of those that went well only the version is kept.
subscription_failures = Table(
    "subscription_failures",
    metadata,
    Column("id", Number, primary_key=True, autoincrement=True),
    Column("subscription_id", Number, nullable=False, index=True),
    Column("version", BigInteger, nullable=False),
    *outcome(),
)

# Our own subscriptions at other hubs. Token and secret are needed again at every renewal, so no hash will do.
canaries = Table(
    "canaries",
    metadata,
    Column("hub", Text, primary_key=True),
    Column("place", Text, nullable=False),
    Column("topic", Text, nullable=False),
    Column("token", Text, nullable=False),
    Column("secret", Text, nullable=False),
    *_asked(),
    Column("pinged", Instant),
    Column("waiting", Instant),
    Column("pushed", Instant),
    Column("seconds", Float),
)

# Our sources' subscriptions at the hubs that their feeds name; see canaries about token and secret.
followings = Table(
    "followings",
    metadata,
    Column("token", Text, primary_key=True),
    Column("source", Text, nullable=False),
    Column("hub", Text, nullable=False),
    Column("topic", Text, nullable=False),
    Column("callback", Text, nullable=False),
    Column("secret", Text, nullable=False),
    *_asked(),
    Column("pushed", Instant),
    Column("missed", Integer, nullable=False),
    Column("leaving", Boolean, nullable=False),
)
