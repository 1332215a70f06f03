"""Stories: what stands, what came before it, and what operators and other sources say of it."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, LargeBinary, Table, Text, false

from syndicate.storage.schema.columns import Instant, Json, Number, article, metadata

articles = Table(
    "articles",
    metadata,
    Column("id", Text, primary_key=True),
    Column("source", Text, nullable=False),
    Column("source_id", Text, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("status", Text, nullable=False),
    Column("hold", Text),
    Column("live_since", Instant),
    Column("published", Instant, nullable=False),
    Column("changed", Instant, nullable=False),
    Column("first_seen", Instant, nullable=False),
    Column("guid", Text),
    Column("withdrawn", Instant),
    Column("reason", Text),
    Column("headline", Text, nullable=False),
    Column("section", Text),
    Column("language", Text, nullable=False),
    Column("agency", Text),
    Column("tags", Json, nullable=False),
    Column("byline", Json, nullable=False),
    Column("draft_digest", Text, nullable=False),
    Column("backfilled", Boolean, nullable=False, server_default=false()),
    Index("ix_articles_source", "source", "source_id"),
    Index("ix_articles_published", "published", "id"),
    Index("ix_articles_hold", "hold"),
)

revisions = Table(
    "revisions",
    metadata,
    article(primary_key=True),
    Column("revision", Integer, primary_key=True),
    Column("story", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("cause", Text, nullable=False),
    Column("at", Instant, nullable=False, index=True),
)

# The newest draft as it came, so that better rules can read it again.
drafts = Table(
    "drafts",
    metadata,
    article(primary_key=True),
    Column("raw", LargeBinary, nullable=False),
    Column("at", Instant, nullable=False),
)

# What operators decided, apart from what sources said, and outranking it until released.
overrides = Table(
    "overrides",
    metadata,
    article(primary_key=True),
    Column("field", Text, primary_key=True),
    Column("value", Json),
    Column("at", Instant, nullable=False),
)

corrections = Table(
    "corrections",
    metadata,
    Column("id", Number, primary_key=True, autoincrement=True),
    article(nullable=False, index=True),
    Column("note", Text, nullable=False),
    Column("at", Instant, nullable=False),
)

# The log of withdrawals, which a restored backup replays first.
withdrawals = Table(
    "withdrawals",
    metadata,
    Column("id", Number, primary_key=True, autoincrement=True),
    article(nullable=False, index=True),
    Column("by", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("at", Instant, nullable=False),
    Column("released", Instant),
    Index("ix_withdrawals_released", "released", "at"),
)

identities = Table(
    "identities",
    metadata,
    Column("scheme", Text, primary_key=True),
    Column("value", Text, primary_key=True),
    article(nullable=False, index=True),
)

# What other sources have of an article; its own version is that of the source in ``articles``.
source_copies = Table(
    "source_copies",
    metadata,
    Column("source", Text, primary_key=True),
    Column("source_id", Text, primary_key=True),
    article(nullable=False, index=True),
    Column("digest", Text, nullable=False),
    Column("headline", Text, nullable=False),
    Column("url", Text),
    Column("how", Text, nullable=False),
    Column("first", Instant, nullable=False),
    Column("changed", Instant, nullable=False),
    Column("gone", Instant),
    Column("raw", LargeBinary, nullable=False),
)

# Stories of sources that an operator said are not these articles.
parted = Table(
    "parted",
    metadata,
    Column("source", Text, primary_key=True),
    Column("source_id", Text, primary_key=True),
    article(primary_key=True),
)

# By what nearly the same texts are found; ``at`` is when it was noted, and what rows are pruned by.
text_bands = Table(
    "text_bands",
    metadata,
    Column("band", Text, primary_key=True),
    article(primary_key=True),
    Column("at", Instant, nullable=False, index=True),
    Index("ix_text_bands_article_id", "article_id"),
)

# By what names a story's related ones are known: found from there when one of them changes.
relations = Table(
    "relations",
    metadata,
    article(primary_key=True),
    Column("name", Text, primary_key=True),
    Index("ix_relations_name", "name"),
)

# What pictures and recordings elsewhere are, asked once; nothing known: it could not be told.
media_facts = Table(
    "media_facts",
    metadata,
    Column("url", Text, primary_key=True),
    Column("type", Text),
    Column("length", BigInteger),
    Column("at", Instant, nullable=False),
)
