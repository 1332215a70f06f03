"""How far each receiver is, and what was tried."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, Table, Text, false

from syndicate.storage.schema.columns import Instant, Number, article, lane, metadata, outcome

lanes = Table(
    "lanes",
    metadata,
    Column("id", Number, primary_key=True, autoincrement=True),
    Column("name", Text, nullable=False, unique=True),
    Column("kind", Text, nullable=False),
    Column("receiver", Text, nullable=False),
    Column("target", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("position", BigInteger, nullable=False),
    Column("urgent_position", BigInteger, nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("generation", Integer, nullable=False),
    Column("failures", Integer, nullable=False),
    Column("waits", Integer, nullable=False),
    Column("due", Instant),
    Column("failing_since", Instant),
    Column("last_failed", Text),
    Column("last_ok", Instant),
    Column("last_error", Text),
    Column("held_due", Instant),
    Index("ix_lanes_position", "kind", "state", "position"),
    Index("ix_lanes_urgent", "kind", "state", "urgent_position"),
    Index("ix_lanes_due", "due"),
    Index("ix_lanes_held_due", "kind", "state", "held_due"),
    Index("ix_lanes_topic", "target", "version"),
)

exceptions = Table(
    "exceptions",
    metadata,
    lane(primary_key=True),
    article(primary_key=True),
    Column("reason", Text, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("since", Instant, nullable=False),
    Column("due", Instant),
    Column("tries", Integer, nullable=False),
    Column("urgent", Boolean, nullable=False),
    Column("detail", Text, nullable=False),
    Index("ix_exceptions_lane_due", "lane_id", "due"),
)

copies = Table(
    "copies",
    metadata,
    lane(primary_key=True),
    article(primary_key=True),
    Column("offered", Integer, nullable=False),
    Column("offered_at", Instant, nullable=False),
    Column("acked", Integer, nullable=False),
    Column("acked_generation", Integer, nullable=False),
    Column("acked_at", Instant),
    Column("recalled", Boolean, nullable=False, server_default=false()),
    Index("ix_copies_article", "article_id"),
)
# The few that were taken back from one receiver alone are found without walking the others.
Index(
    "ix_copies_recalled",
    copies.c.article_id,
    sqlite_where=copies.c.recalled.is_(True),
    postgresql_where=copies.c.recalled.is_(True),
)

attempts = Table(
    "attempts",
    metadata,
    Column("id", Number, primary_key=True, autoincrement=True),
    lane(nullable=False),
    Column("article_id", Text),
    Column("revision", BigInteger, nullable=False),
    Column("push_id", Text, nullable=False),
    *outcome(),
    Index("ix_attempts_lane_id", "lane_id", "id"),
    Index("ix_attempts_article_id", "article_id"),
)

# Hosts that do not answer, as the breakers left them; well ones have no row. ``scope`` parts partners
# and hubs that we push to from subscribers of our own hub.
shut_hosts = Table(
    "shut_hosts",
    metadata,
    Column("scope", Text, primary_key=True),
    Column("host", Text, primary_key=True),
    Column("since", Instant, nullable=False),
    Column("until", Instant, nullable=False),
    Column("failures", Integer, nullable=False),
    Column("trips", Integer, nullable=False),
    Column("detail", Text, nullable=False),
)

# What a place of ``[[publish]]`` has for sure, and since when it is owed something else.
mirror_files = Table(
    "mirror_files",
    metadata,
    Column("mirror", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("digest", Text),
    Column("stamp", Text),
    Column("owed", Instant),
)
