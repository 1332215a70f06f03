"""What feeds show, in the window and on archive pages, and the bytes they are made of."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, LargeBinary, Table, Text, false

from syndicate.storage.schema.columns import Instant, Json, article, metadata

feed_entries = Table(
    "feed_entries",
    metadata,
    Column("feed", Text, primary_key=True),
    article(primary_key=True),
    Column("sort_at", Instant, nullable=False),
    Column("archived", Boolean, nullable=False, default=False, server_default=false()),
    Index("ix_feed_entries_window", "feed", "sort_at", "article_id"),
    # The few that stand in no archive yet are found without walking the others.
    Index("ix_feed_entries_archived", "feed", "archived", "sort_at", "article_id"),
    Index("ix_feed_entries_article", "article_id"),
)

# Archive pages (RFC 5005). ``pending``: the journal row that touched a page since it was made, 0 for
# one that is to be made in its turn; ``digest``: the terms it was made under.
archives = Table(
    "archives",
    metadata,
    Column("feed", Text, primary_key=True),
    Column("page", BigInteger, primary_key=True, autoincrement=False),
    Column("modified", Instant, nullable=False),
    Column("digest", Text, nullable=False),
    Column("pending", BigInteger, index=True),
    Index("ix_archives_digest", "feed", "digest"),
)

# Which stories a page holds: for good, also when the feed's filter changes.
archive_entries = Table(
    "archive_entries",
    metadata,
    Column("feed", Text, primary_key=True),
    article(primary_key=True),
    Column("page", BigInteger, nullable=False),
    Index("ix_archive_entries_page", "feed", "page"),
    Index("ix_archive_entries_article", "article_id"),
)

# What a feed's membership was computed for; the journal numbers of what last touched it, of what
# was last worth a push, and up to which its documents are built.
feed_rules = Table(
    "feed_rules",
    metadata,
    Column("feed", Text, primary_key=True),
    Column("digest", Text, nullable=False),
    Column("touched", BigInteger, nullable=False),
    Column("pushable", BigInteger, nullable=False),
    Column("built", BigInteger, nullable=False),
)

fragments = Table(
    "fragments",
    metadata,
    article(primary_key=True),
    Column("revision", Integer, primary_key=True),
    Column("format", Text, primary_key=True),
    Column("digest", Text, primary_key=True),
    Column("body", LargeBinary, nullable=False),
    Column("at", Instant, nullable=False),
)

documents = Table(
    "documents",
    metadata,
    Column("feed", Text, primary_key=True),
    Column("format", Text, primary_key=True),
    Column("topic", Text, nullable=False, index=True),
    Column("media_type", Text, nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("push_version", BigInteger, nullable=False),
    Column("urgent_version", BigInteger, nullable=False, server_default="0"),
    Column("updated", Instant, nullable=False),
    Column("modified", Instant, nullable=False),
    Column("etags", Json, nullable=False),
    Column("links", Json, nullable=False),
)

document_bodies = Table(
    "document_bodies",
    metadata,
    Column("feed", Text, primary_key=True),
    Column("format", Text, primary_key=True),
    Column("coding", Text, primary_key=True),
    Column("body", LargeBinary, nullable=False),
)

# What deltas are made from (rule H6): where a document's entries stand and since which version, and
# the validators of versions before. Read when a document is replaced and at start, never by a poll.
trails = Table(
    "trails",
    metadata,
    Column("feed", Text, primary_key=True),
    Column("format", Text, primary_key=True),
    Column("shape", Text, nullable=False),
    Column("parts", Json, nullable=False),
    Column("earlier", Json, nullable=False),
)
