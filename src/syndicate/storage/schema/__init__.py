"""The tables, by subject.

A change here needs a migration beside it; a test holds the two together.
"""

from syndicate.storage.schema.articles import (
    articles,
    corrections,
    drafts,
    identities,
    media_facts,
    overrides,
    parted,
    relations,
    revisions,
    source_copies,
    text_bands,
    withdrawals,
)
from syndicate.storage.schema.columns import Instant, Json, Number, metadata, microseconds
from syndicate.storage.schema.feeds import (
    archive_entries,
    archives,
    document_bodies,
    documents,
    feed_entries,
    feed_rules,
    fragments,
    trails,
)
from syndicate.storage.schema.journal import counters, due, journal, meta
from syndicate.storage.schema.lanes import attempts, copies, exceptions, lanes, mirror_files, shut_hosts
from syndicate.storage.schema.operators import audit, notices, problems, sessions
from syndicate.storage.schema.partners import acks, partner_log, pulls, tokens
from syndicate.storage.schema.sources import backfills, inbox_answers, source_items, source_states, sources
from syndicate.storage.schema.websub import (
    canaries,
    followings,
    subscription_failures,
    subscriptions,
    verifications,
)

__all__ = [
    "Instant",
    "Json",
    "Number",
    "acks",
    "archive_entries",
    "archives",
    "articles",
    "attempts",
    "audit",
    "backfills",
    "canaries",
    "copies",
    "corrections",
    "counters",
    "document_bodies",
    "documents",
    "drafts",
    "due",
    "exceptions",
    "feed_entries",
    "feed_rules",
    "followings",
    "fragments",
    "identities",
    "inbox_answers",
    "journal",
    "lanes",
    "media_facts",
    "meta",
    "metadata",
    "microseconds",
    "mirror_files",
    "notices",
    "overrides",
    "parted",
    "partner_log",
    "problems",
    "pulls",
    "relations",
    "revisions",
    "sessions",
    "shut_hosts",
    "source_copies",
    "source_items",
    "source_states",
    "sources",
    "subscription_failures",
    "subscriptions",
    "text_bands",
    "tokens",
    "trails",
    "verifications",
    "withdrawals",
]
