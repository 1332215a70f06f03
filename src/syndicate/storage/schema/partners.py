"""Who may pull and send, what was pulled, and what partners confirmed."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, Table, Text

from syndicate.storage.schema.columns import Instant, Number, article, metadata

# A partner's own numbering of what it may have, allotted when a row falls due for it. ``revision`` is
# what it was first served as, ``taken`` when its cursor passed it.
partner_log = Table(
    "partner_log",
    metadata,
    Column("partner", Text, primary_key=True),
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    article(nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("at", Instant, nullable=False),
    Column("urgent", Boolean, nullable=False),
    Column("revision", Integer),
    Column("served", Instant),
    Column("taken", Instant),
    Index("ix_partner_log_article", "partner", "article_id", "number"),
)

# How far partners that pull are: the highest number served, and the highest their cursors passed.
pulls = Table(
    "pulls",
    metadata,
    Column("partner", Text, primary_key=True),
    Column("served", BigInteger, nullable=False),
    Column("served_at", Instant),
    Column("taken", BigInteger, nullable=False),
    Column("taken_at", Instant),
)

# What partners say they did with stories, above all that they removed them. Never pruned.
acks = Table(
    "acks",
    metadata,
    Column("id", Number, primary_key=True, autoincrement=True),
    Column("partner", Text, nullable=False),
    article(nullable=False),
    Column("revision", Integer, nullable=False),
    Column("action", Text, nullable=False),
    Column("at", Instant, nullable=False),
    Column("token_id", Number, nullable=False),
    Column("label", Text, nullable=False),
    Index("ix_acks_story", "article_id", "partner", "revision", "action", unique=True),
    Index("ix_acks_partner", "partner", "id"),
)

# Who may pull, and who may send stories in. Only a token's SHA-256 is kept; numbers are never used twice.
tokens = Table(
    "tokens",
    metadata,
    Column("id", Number, primary_key=True, autoincrement=True),
    Column("digest", Text, nullable=False, unique=True),
    Column("scope", Text, nullable=False),
    Column("owner", Text, nullable=False),
    Column("label", Text, nullable=False),
    Column("created", Instant, nullable=False),
    Column("last_used", Instant),
    Column("revoked", Instant),
    sqlite_autoincrement=True,
)
