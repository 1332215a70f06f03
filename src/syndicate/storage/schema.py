"""The tables. Times are microseconds since 1970 in UTC; JSON is text.

A change here needs a migration beside it; a test holds the two together.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Dialect,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    TypeDecorator,
    false,
)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def microseconds(at: datetime) -> int:
    """Since 1970 in UTC: how times are stored."""
    return (at - _EPOCH) // _MICROSECOND


class Instant(TypeDecorator[datetime]):
    """An aware datetime as microseconds since 1970: sorts, compares and never loses its zone."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        return None if value is None else microseconds(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        return None if value is None else _EPOCH + timedelta(microseconds=value)


class Json(TypeDecorator[Any]):
    """Any JSON value as text."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        return None if value is None else orjson.dumps(value).decode()

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:
        return None if value is None else orjson.loads(value)


# SQLite gives rowids of 64 bits to INTEGER keys only; PostgreSQL wants BIGINT.
Number = BigInteger().with_variant(Integer, "sqlite")

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def _article(**options: Any) -> Column[str]:
    return Column("article_id", Text, ForeignKey("articles.id"), **options)


def _lane(**options: Any) -> Column[int]:
    return Column("lane_id", Number, ForeignKey("lanes.id"), **options)


# Small facts: the epoch of cursors, how far publishing has come.
meta = Table("meta", metadata, Column("key", Text, primary_key=True), Column("value", Text, nullable=False))

# Numbers allotted under the row's lock, held to the commit: no gaps seen, no number twice.
counters = Table(
    "counters", metadata, Column("name", Text, primary_key=True), Column("value", BigInteger, nullable=False)
)

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

identities = Table(
    "identities",
    metadata,
    Column("scheme", Text, primary_key=True),
    Column("value", Text, primary_key=True),
    _article(nullable=False, index=True),
)

# What other sources have of an article; its own version is that of the source in ``articles``.
source_copies = Table(
    "source_copies",
    metadata,
    Column("source", Text, primary_key=True),
    Column("source_id", Text, primary_key=True),
    _article(nullable=False, index=True),
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
    _article(primary_key=True),
)

# By what nearly the same texts are found; ``at`` is when it was noted, and what rows are pruned by.
text_bands = Table(
    "text_bands",
    metadata,
    Column("band", Text, primary_key=True),
    _article(primary_key=True),
    Column("at", Instant, nullable=False, index=True),
    Index("ix_text_bands_article_id", "article_id"),
)

# By what names a story's related ones are known: found from there when one of them changes.
relations = Table(
    "relations",
    metadata,
    _article(primary_key=True),
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

revisions = Table(
    "revisions",
    metadata,
    _article(primary_key=True),
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
    _article(primary_key=True),
    Column("raw", LargeBinary, nullable=False),
    Column("at", Instant, nullable=False),
)

# What operators decided, apart from what sources said, and outranking it until released.
overrides = Table(
    "overrides",
    metadata,
    _article(primary_key=True),
    Column("field", Text, primary_key=True),
    Column("value", Json),
    Column("at", Instant, nullable=False),
)

corrections = Table(
    "corrections",
    metadata,
    Column("id", Number, primary_key=True, autoincrement=True),
    _article(nullable=False, index=True),
    Column("note", Text, nullable=False),
    Column("at", Instant, nullable=False),
)

# The log of withdrawals, which a restored backup replays first.
withdrawals = Table(
    "withdrawals",
    metadata,
    Column("id", Number, primary_key=True, autoincrement=True),
    _article(nullable=False, index=True),
    Column("by", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("at", Instant, nullable=False),
    Column("released", Instant),
    Index("ix_withdrawals_released", "released", "at"),
)

journal = Table(
    "journal",
    metadata,
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    _article(nullable=False),
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
    _article(primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("at", Instant, nullable=False, index=True),
)

feed_entries = Table(
    "feed_entries",
    metadata,
    Column("feed", Text, primary_key=True),
    _article(primary_key=True),
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
    _article(primary_key=True),
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
    _article(primary_key=True),
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
    _lane(primary_key=True),
    _article(primary_key=True),
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
    _lane(primary_key=True),
    _article(primary_key=True),
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
    _lane(nullable=False),
    Column("article_id", Text),
    Column("revision", BigInteger, nullable=False),
    Column("push_id", Text, nullable=False),
    Column("at", Instant, nullable=False, index=True),
    Column("seconds", Float, nullable=False),
    Column("verdict", Text, nullable=False),
    Column("status", Integer),
    Column("detail", Text, nullable=False),
    Index("ix_attempts_lane_id", "lane_id", "id"),
    Index("ix_attempts_article_id", "article_id"),
)

# A partner's own numbering of what it may have, allotted when a row falls due for it. ``revision`` is
# what it was first served as, ``taken`` when its cursor passed it.
partner_log = Table(
    "partner_log",
    metadata,
    Column("partner", Text, primary_key=True),
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    _article(nullable=False),
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
    _article(nullable=False),
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
    Column("at", Instant, nullable=False, index=True),
    Column("seconds", Float, nullable=False),
    Column("verdict", Text, nullable=False),
    Column("status", Integer),
    Column("detail", Text, nullable=False),
)

# Our own subscriptions at other hubs. Token and secret are needed again at every renewal, so no hash will do.
mirror_files = Table(
    "mirror_files",
    metadata,
    Column("mirror", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("digest", Text),
    Column("stamp", Text),
    Column("owed", Instant),
)

canaries = Table(
    "canaries",
    metadata,
    Column("hub", Text, primary_key=True),
    Column("place", Text, nullable=False),
    Column("topic", Text, nullable=False),
    Column("token", Text, nullable=False),
    Column("secret", Text, nullable=False),
    Column("wanted", Instant),
    Column("asked", Instant),
    Column("tries", Integer, nullable=False),
    Column("verified", Instant),
    Column("lease_end", Instant),
    Column("problem", Text),
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
    Column("wanted", Instant),
    Column("asked", Instant),
    Column("tries", Integer, nullable=False),
    Column("verified", Instant),
    Column("lease_end", Instant),
    Column("problem", Text),
    Column("pushed", Instant),
    Column("missed", Integer, nullable=False),
    Column("leaving", Boolean, nullable=False),
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
