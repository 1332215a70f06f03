"""Storage: the only place with SQL in it.

``Storage.write()`` and ``Storage.read()`` give a transaction with one
repository for each group of tables. What belongs together is done inside one
of them; nothing is committed in between.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import cached_property

from sqlalchemy import Connection, select

from syndicate.storage import schema as s
from syndicate.storage.archives import ArchivePage, Archives
from syndicate.storage.around import MediaFact, MediaFacts, Relations
from syndicate.storage.articles import Articles, Journal, JournalRow, Withdrawal
from syndicate.storage.audit import Audit, AuditEntry, Session, Sessions
from syndicate.storage.canaries import Canaries, Canary
from syndicate.storage.counters import WENT_BACK
from syndicate.storage.documents import DocumentHead, Documents
from syndicate.storage.engine import Database, open_engine
from syndicate.storage.feeds import Feeds, Place, Stale
from syndicate.storage.figures import Figures
from syndicate.storage.followings import Following, Followings
from syndicate.storage.hosts import HostStates, ShutHost
from syndicate.storage.lane_desk import LaneDesk
from syndicate.storage.lanes import Attempt, Backlog, Holder, LaneFilter, Lanes, Past, Unoffered, Waiting
from syndicate.storage.mirrors import UNKNOWN, MirrorFile, MirrorFiles
from syndicate.storage.notices import Notice, Notices, Unconfirmed
from syndicate.storage.one_story import Sketches, SourceCopies, SourceCopy
from syndicate.storage.pulls import Ack, Offered, Progress, Pulls, Takedown
from syndicate.storage.search import Found, Search, Wanted
from syndicate.storage.sources import (
    BackfillState,
    Conduct,
    Problem,
    Problems,
    SourceConduct,
    Sources,
    SourceState,
)
from syndicate.storage.sql import insert_new, upsert
from syndicate.storage.subscriptions import (
    Bookmark,
    Edition,
    Failure,
    Pending,
    SubscriberCount,
    Subscription,
    Subscriptions,
    SubscriptionView,
)
from syndicate.storage.tokens import Scope, Token, Tokens

__all__ = [
    "UNKNOWN",
    "Ack",
    "ArchivePage",
    "Attempt",
    "AuditEntry",
    "BackfillState",
    "Backlog",
    "Bookmark",
    "Canary",
    "Conduct",
    "DocumentHead",
    "Edition",
    "Failure",
    "Following",
    "Found",
    "Holder",
    "JournalRow",
    "LaneDesk",
    "LaneFilter",
    "MediaFact",
    "MirrorFile",
    "Notice",
    "Offered",
    "Past",
    "Pending",
    "Place",
    "Problem",
    "Progress",
    "Scope",
    "Session",
    "ShutHost",
    "SourceConduct",
    "SourceCopy",
    "SourceState",
    "Stale",
    "Storage",
    "SubscriberCount",
    "Subscription",
    "SubscriptionView",
    "Takedown",
    "Token",
    "Transaction",
    "Unconfirmed",
    "Unoffered",
    "Waiting",
    "Wanted",
    "Withdrawal",
]


class Transaction:
    """One transaction's repositories."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    @cached_property
    def articles(self) -> Articles:
        """Articles and all that belongs to one."""
        return Articles(self.connection)

    @cached_property
    def journal(self) -> Journal:
        """What happened."""
        return Journal(self.connection)

    @cached_property
    def lanes(self) -> Lanes:
        """Receivers' progress."""
        return Lanes(self.connection)

    def desk(self, lane_ids: Collection[int]) -> LaneDesk:
        """Some lanes to plan and settle together."""
        return LaneDesk(self.connection, lane_ids)

    @cached_property
    def hosts(self) -> HostStates:
        """Hosts that do not answer."""
        return HostStates(self.connection)

    @cached_property
    def feeds(self) -> Feeds:
        """Membership."""
        return Feeds(self.connection)

    @cached_property
    def documents(self) -> Documents:
        """Fragments and documents."""
        return Documents(self.connection)

    @cached_property
    def archives(self) -> Archives:
        """What left the feeds' windows."""
        return Archives(self.connection)

    @cached_property
    def copies(self) -> SourceCopies:
        """What other sources have of an article."""
        return SourceCopies(self.connection)

    @cached_property
    def sketches(self) -> Sketches:
        """What nearly the same texts are found by."""
        return Sketches(self.connection)

    @cached_property
    def sources(self) -> Sources:
        """Cursors."""
        return Sources(self.connection)

    @cached_property
    def problems(self) -> Problems:
        """What is wrong now."""
        return Problems(self.connection)

    @cached_property
    def notices(self) -> Notices:
        """What people were told of."""
        return Notices(self.connection)

    @cached_property
    def subscriptions(self) -> Subscriptions:
        """Subscribers of our own hub."""
        return Subscriptions(self.connection)

    @cached_property
    def canaries(self) -> Canaries:
        """Our own subscriptions at other hubs."""
        return Canaries(self.connection)

    @cached_property
    def mirrors(self) -> MirrorFiles:
        """What places beside our own have of the public files."""
        return MirrorFiles(self.connection)

    @cached_property
    def followings(self) -> Followings:
        """Our sources' subscriptions at hubs."""
        return Followings(self.connection)

    @cached_property
    def pulls(self) -> Pulls:
        """What partners that pull were offered, took and confirmed."""
        return Pulls(self.connection)

    @cached_property
    def relations(self) -> Relations:
        """Which stories name which others as related."""
        return Relations(self.connection)

    @cached_property
    def media(self) -> MediaFacts:
        """What media elsewhere are."""
        return MediaFacts(self.connection)

    @cached_property
    def tokens(self) -> Tokens:
        """Partners' and senders' tokens."""
        return Tokens(self.connection)

    @cached_property
    def search(self) -> Search:
        """Looking for stories."""
        return Search(self.connection)

    @cached_property
    def figures(self) -> Figures:
        """The last hours and days in figures."""
        return Figures(self.connection)

    @cached_property
    def audit(self) -> Audit:
        """Who did what."""
        return Audit(self.connection)

    @cached_property
    def sessions(self) -> Sessions:
        """Operators who are logged in."""
        return Sessions(self.connection)

    def fact(self, key: str) -> str | None:
        """A small fact kept under a name."""
        return self.connection.execute(select(s.meta.c.value).where(s.meta.c.key == key)).scalar()

    def keep_fact(self, key: str, value: str) -> None:
        """Keep a small fact under a name."""
        upsert(self.connection, s.meta, [{"key": key, "value": value}])

    def went_back(self) -> datetime | None:
        """When a backup was put here of which nobody knows what came after it."""
        at = self.fact(WENT_BACK)
        return datetime.fromisoformat(at) if at else None

    def epoch(self) -> str:
        """The epoch of partners' cursors; a restored database begins a new one."""
        insert_new(self.connection, s.meta, [{"key": "epoch", "value": secrets.token_hex(4)}])
        return self.fact("epoch") or ""


class Storage:
    """A database, opened. Close it when done."""

    def __init__(self, url: str) -> None:
        """``url``: ``sqlite:///path`` or ``postgresql://…``. Raises StorageError."""
        self.url = url
        self.database = Database(open_engine(url))

    @contextmanager
    def write(self) -> Iterator[Transaction]:
        """A transaction that may write; everything in it is committed, or nothing."""
        with self.database.write() as connection:
            yield Transaction(connection)

    @contextmanager
    def read(self) -> Iterator[Transaction]:
        """A consistent view."""
        with self.database.read() as connection:
            yield Transaction(connection)

    def changes(self) -> int:
        """A number that differs after another process committed."""
        return self.database.changes()

    def close(self) -> None:
        """Give the connections back."""
        self.database.close()
