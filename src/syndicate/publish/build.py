"""Rebuilding what changed: feeds that were touched, archives, lists; then their files."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

import structlog

from syndicate.config import Feed, Settings
from syndicate.config.ends import Phase
from syndicate.editorial import Directory
from syndicate.errors import NotFound, StorageError
from syndicate.model import Article, Document
from syndicate.publish import files
from syndicate.publish.archives import Archives
from syndicate.publish.feed_build import FeedBuilder
from syndicate.publish.lists import Lists
from syndicate.publish.outstanding import Outstanding
from syndicate.publish.pages import StoryPages
from syndicate.publish.phases import Phases
from syndicate.publish.remembered import Remembered
from syndicate.publish.render import Renderer
from syndicate.publish.storing import Before, pack, store
from syndicate.site import ALL_FEEDS, formats_of
from syndicate.storage import Storage

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Built:
    """What a run replaced: documents, stories whose own pages changed, paths of archives.

    ``removed``: paths of documents that are no more; ``gone``: feeds that are.
    """

    documents: tuple[Document, ...] = ()
    pages: tuple[str, ...] = ()
    archives: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()


class Publisher:
    """Builds and stores documents under one configuration. One at a time works on a database."""

    def __init__(
        self,
        storage: Storage,
        settings: Settings,
        directory: Directory,
        *,
        free: Callable[[], datetime] | None = None,
        shown: Callable[[Sequence[Document]], None] | None = None,
    ) -> None:
        """``free``: up to when the clock is not in doubt; no feed ends by a clock that jumped.

        ``shown`` gets each feed's documents as soon as they are stored, in the thread of ``run``.
        """
        self._shown = shown
        self._storage = storage
        self._settings = settings
        self.renderer = Renderer(settings, directory)
        self.site = self.renderer.site
        self.archives = Archives(storage, settings, self.renderer)
        remembered = Remembered()
        self._lists = Lists(settings, self.renderer, remembered)
        self._phases = Phases(settings, free)
        self._feeds = FeedBuilder(storage, settings, self.renderer, self.archives, self._phases, remembered)
        self._outstanding = Outstanding(storage)
        self._pages = StoryPages(storage, settings, self.renderer, self._outstanding)

    @property
    def refused(self) -> StorageError | None:
        """What the disk said when it last refused a file that is still to be written."""
        return self._outstanding.refused or self.archives.refused

    @property
    def behind(self) -> bool:
        """Whether archives or stories' own pages wait for another run."""
        return self.archives.behind or self._pages.behind

    def run(self, now: datetime, *, everything: bool = False, waiting: int = 4) -> Built:
        """Rebuild the documents of every feed that was touched (or of all), and write their files.

        Costs depend on the feeds touched and their length, never on the
        archive. What did not change byte for byte keeps version and validators.
        ``waiting``: how many archive pages that wait for their turn are made.
        """
        self._outstanding.write()
        wanted = self._wanted(now, everything)
        gone = [slug for slug in wanted if self._phases.of(slug, now) is Phase.GONE]
        documents: list[Document] = []
        pages: dict[str, None] = {}
        for slug in [w for w in wanted if w not in gone]:
            built = self._build_feed(slug, self._settings.feeds[slug], now)
            documents += built.documents
            pages.update(dict.fromkeys(built.pages))
        for slug in gone:
            self._take_away(slug)
        followed = self._pages.follow()
        pages.update(dict.fromkeys(followed))
        archives = self.archives.make(now, waiting=waiting)
        removed: list[str] = []
        if documents or gone or everything or followed or self._lists.is_due(now):
            listed, removed = self._build_lists(now)
            documents += listed
        if everything:
            self._drop_unknown(now)
        self._outstanding.report(self.refused, now)
        return Built(
            documents=tuple(documents),
            pages=tuple(pages),
            archives=tuple(archives),
            removed=tuple(removed),
            gone=tuple(gone),
        )

    def _wanted(self, now: datetime, everything: bool) -> list[str]:
        with self._storage.read() as tx:
            stale = {s.feed for s in tx.feeds.stale()}
        stale |= self._phases.turned(now)
        return [slug for slug in self._settings.feeds if everything or slug in stale]

    def is_due(self, now: datetime) -> bool:
        """Whether the clock wants something rebuilt: a feed's end, or a story too old for the sitemap.

        Looks at nothing but memory: it is asked every second.
        """
        return (
            self.behind
            or self.refused is not None
            or bool(self._phases.turned(now))
            or self._lists.is_due(now)
        )

    # -- one feed --------------------------------------------------------------------

    def _build_feed(self, slug: str, feed: Feed, now: datetime) -> Built:
        documents, rendered = self._feeds.build(slug, feed, now)
        self._write(documents)
        if self._shown:
            self._shown(documents)
        return Built(documents=tuple(documents), pages=self._pages.write(rendered))

    def _take_away(self, slug: str) -> None:
        """A feed is gone: its documents and archives, in the database and as files."""
        with self._storage.write() as tx:
            names = [h.format for h in tx.documents.heads(slug)]
            tx.documents.drop([(slug, name) for name in names])
            tx.feeds.set_built(slug, tx.feeds.staleness(slug).touched)
        self.archives.end(slug)
        for name in names:
            files.remove_document(self.site.file(slug, name))
        self._phases.built(slug, Phase.GONE)
        log.info("feed_gone", feed=slug)

    # -- the lists of all feeds --------------------------------------------------------

    def _build_lists(self, now: datetime) -> tuple[list[Document], list[str]]:
        """Lists that changed, and the paths of those that are no more."""
        with self._storage.read() as tx:
            before = Before.of(tx, ALL_FEEDS)
            drafts = self._lists.drafts(tx, now, self._phases.surely(now))
        unlisted = [name for name in before.heads if name not in {d.format for d in drafts}]
        packed = pack(drafts, before)
        documents: list[Document] = []
        if packed.changed or unlisted or packed.fresh:
            with self._storage.write() as tx:
                documents = store(tx, packed, before, push=False, now=now)
                tx.documents.drop([(ALL_FEEDS, name) for name in unlisted])
        self._lists.stored(drafts)
        self._write(documents)
        for name in unlisted:
            files.remove_document(self.site.file(ALL_FEEDS, name))
        return documents, [self.site.path(ALL_FEEDS, name) for name in unlisted]

    def _drop_unknown(self, now: datetime) -> None:
        """Documents of feeds or formats that the configuration no longer names."""
        kept = {
            (slug, f)
            for slug, feed in self._settings.feeds.items()
            if self._phases.of(slug, now) is not Phase.GONE
            for f in formats_of(feed)
        }
        with self._storage.read() as tx:
            known = [(h.feed, h.format) for h in tx.documents.heads() if h.feed != ALL_FEEDS]
        gone = [key for key in known if key not in kept]
        self.archives.tidy(list(self._settings.feeds), also={feed for feed, _ in gone})
        for feed, format_name in gone:  # the files first: what a crash leaves is found again
            files.remove_document(self.site.file(feed, format_name))
        with self._storage.write() as tx:
            tx.documents.drop(gone)

    # -- files -----------------------------------------------------------------------------

    def _write(self, documents: Sequence[Document]) -> None:
        for document in documents:
            self._put(document)

    def _put(self, document: Document) -> None:
        feed, name = document.feed, document.format
        file = self.site.file(feed, name)
        newest, taken_back = partial(self._stored, feed, name), partial(self._took_back, feed)
        self._outstanding.put(file, document.bodies, newest, taken_back)

    def _took_back(self, feed: str) -> bool:
        """Whether a feed (a list: any feed) shows a withdrawal: an older file of it may hold the text."""
        feeds = self._settings.feeds
        shown = feeds if feed == ALL_FEEDS else {feed} & set(feeds)
        with self._storage.read() as tx:
            return any(p.withdrawn for slug in shown for p in tx.feeds.window(slug, feeds[slug].limit))

    def _stored(self, feed: str, format_name: str) -> Mapping[str, bytes] | None:
        with self._storage.read() as tx:
            found = tx.documents.get(feed, format_name)
        return found.bodies if found else None

    def story_page(self, article: Article) -> bytes:
        """A story's page on our own site."""
        return self._pages.page(article)

    def load_page(self, path: str) -> tuple[bytes, datetime] | None:
        """The page at a path like ``/feeds/stories/ID/``, rendered now, and when it last changed."""
        return self._pages.load(path)

    def repair(self, now: datetime) -> int:
        """Write every document's files that are missing or differ from what is stored; returns how many."""
        mended = self.archives.repair(now)
        with self._storage.read() as tx:
            heads = tx.documents.heads()
        for head in heads:
            file = self.site.file(head.feed, head.format)
            if files.is_in_place(file, head.etags):
                continue
            self._put(self.document(head.feed, head.format))
            mended += 1
        return mended

    def document(self, feed: str, format_name: str) -> Document:
        """A stored document. Raises NotFound."""
        with self._storage.read() as tx:
            found = tx.documents.get(feed, format_name)
        if found is None:
            raise NotFound(f"there is no document {feed}/{format_name}")
        return found
