"""Archives of feeds (RFC 5005 section 4, rule H10): sealed pages, made when asked for and kept as files.

A story that falls out of a feed's window stands on a page for good, so that
window and pages together hold all that the feed ever showed. A page's
documents are neither in memory nor in the database: they are rendered from the
stories as these stand now, and mirrored as files, which are served again for
as long as nothing about the page changed.
"""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, replace
from datetime import datetime
from pathlib import Path

import orjson
import structlog

from syndicate.config import Feed, Settings
from syndicate.errors import StorageError
from syndicate.formats.encoding import encode, etag
from syndicate.formats.registry import FORMATS
from syndicate.model import Document, Paging
from syndicate.publish import files
from syndicate.publish.archive_page import PageRenderer
from syndicate.publish.render import EPOCH, HTML_TYPE, Renderer
from syndicate.publish.storing import Draft
from syndicate.site import HTML, archived, formats_of
from syndicate.storage import ArchivePage, Place, Storage, Transaction

log = structlog.get_logger(__name__)

PAGE_ENTRIES = 100
"""A page holds as many stories as the feed's window, and no more than these."""
VERSION = 1
"""Raised whenever an archive's head changes."""
PAGES_AT_ONCE = 4
_SEALED_AT_ONCE = 20


class Archives:
    """The archives of every feed under one configuration."""

    def __init__(self, storage: Storage, settings: Settings, renderer: Renderer) -> None:
        self._storage = storage
        self._renderer = renderer
        self._site = renderer.site
        self._pages = PageRenderer(renderer)
        self._feeds = {slug: feed for slug, feed in settings.feeds.items() if feed.archive}
        self._digests = {slug: self._digest_of(slug, feed) for slug, feed in self._feeds.items()}
        self._unlike = set(self._feeds)  # may have pages made under other terms
        self._missing: deque[tuple[str, int]] = deque()
        self.behind = True
        self.refused: StorageError | None = None

    # -- sealing -----------------------------------------------------------------------

    @contextmanager
    def view(self, slug: str, feed: Feed, now: datetime) -> Iterator[tuple[Transaction, list[Place]]]:
        """A consistent view in which every story of the feed is in its window or on a page; its window."""
        while True:
            with self._storage.read() as tx:
                places = tx.feeds.window(slug, feed.limit)
                if slug not in self._feeds or not self._gapes(tx, slug, feed, places):
                    yield tx, places
                    return
            self._seal(slug, feed, now)

    def _gapes(self, tx: Transaction, slug: str, feed: Feed, places: Sequence[Place]) -> bool:
        if len(places) < feed.limit:
            return False
        return tx.archives.gapes(slug, places[-1].sort_at, places[-1].article_id)

    def _seal(self, slug: str, feed: Feed, now: datetime) -> None:
        """Pages are as full as can be: the oldest of the window go along."""
        size = min(feed.limit, PAGE_ENTRIES)
        with self._storage.write() as tx:
            for _ in range(_SEALED_AT_ONCE):
                if not tx.archives.overflowing(slug, feed.limit):
                    break
                tx.archives.seal(slug, size, now)
        self.behind = True

    def newest(self, tx: Transaction, slug: str) -> int | None:
        """The number of a feed's newest page."""
        return tx.archives.newest(slug) if slug in self._feeds else None

    def paging(self, slug: str, newest: int | None, format_name: str) -> Paging:
        """What the subscription document says of the archives."""
        return Paging(older=self._pages.url(slug, newest, format_name))

    # -- making pages ------------------------------------------------------------------

    def make(self, now: datetime, *, waiting: int = PAGES_AT_ONCE) -> list[str]:
        """Make anew all pages on which a story changed, and so many of those that wait; their paths.

        What it costs depends on what changed, never on how many pages there are.
        """
        with self._storage.read() as tx:
            wanted = tx.archives.touched(list(self._feeds))
            queue = tx.archives.waiting(list(self._feeds), waiting)
            queue += self._made_otherwise(tx, waiting - len(queue))
        while self._missing and len(queue) < waiting:
            queue.append(self._missing.popleft())
        self.behind = len(queue) >= waiting > 0 or bool(self._missing)
        done = dict.fromkeys([*wanted, *queue])
        self.refused = None
        return [path for slug, page in done for path in self._make(slug, page, now)]

    def _made_otherwise(self, tx: Transaction, room: int) -> list[tuple[str, int]]:
        found: list[tuple[str, int]] = []
        for slug in list(self._unlike):
            pages = tx.archives.outdated(slug, self._digests[slug], max(0, room - len(found)))
            found += [(slug, page) for page in pages]
            if not pages and len(found) < room:
                self._unlike.discard(slug)
        return found

    def _make(self, slug: str, number: int, now: datetime) -> list[str]:
        feed, digest = self._feeds[slug], self._digests[slug]
        with self._storage.read() as tx:
            page = tx.archives.page(slug, number)
            if page is None:
                return []
            drafts = self._pages.drafts(tx, page, feed, formats_of(feed))
        current = page.pending is None and page.digest == digest
        same = not current and all(files.holds(self._file(page, d), etag(d.body)) for d in drafts)
        modified = page.modified if current or same else max(now, page.modified)
        if not current:
            with self._storage.write() as tx:
                if not tx.archives.settle(page, digest, modified):
                    self.behind = True  # touched this moment: it is made again
                    return []
        try:
            self._write(page, drafts, modified)
        except StorageError as error:  # served from the database meanwhile, and written in its turn
            self.refused = error
            self._clear_away(slug, number)
            self._missing.append((slug, number))
            self.behind = True
        return [self._site.archive_path(slug, number, f) for f in (*FORMATS, HTML)]

    def _write(self, page: ArchivePage, drafts: Sequence[Draft], modified: datetime) -> None:
        """The files of a page, each of the page's time; none stays of a document that is no more."""
        for draft in drafts:
            files.write_document(self._file(page, draft), encode(draft.body)[0], modified)
        for name in {*FORMATS, HTML} - {d.format for d in drafts}:
            files.remove_document(self._site.archive_file(page.feed, page.page, name))

    def _clear_away(self, slug: str, number: int) -> None:
        """The files of a page may hold a withdrawn text: those that could not be replaced do not stay."""
        with self._storage.read() as tx:
            _, gone = tx.archives.entries(slug, number)
        for name in (*FORMATS, HTML) if gone else ():
            files.clear_away(self._site.archive_file(slug, number, name))

    def _file(self, page: ArchivePage, draft: Draft) -> Path:
        return self._site.archive_file(page.feed, page.page, draft.format)

    def digest(self, slug: str) -> str:
        """The terms a feed's pages are made under: all they depend on but their stories and neighbours."""
        return self._digests[slug]

    def _digest_of(self, slug: str, feed: Feed) -> str:
        channel = asdict(replace(self._renderer.channel(slug, feed, HTML, EPOCH), hubs=()))
        forms = [self._renderer.digest(feed, FORMATS[name]) for name in feed.formats]
        forms.append(self._renderer.digest(feed, self._renderer.teasers))
        sections = [asdict(section) for section in self._renderer.house.sections]
        parts = orjson.dumps([VERSION, forms, channel, sections], option=orjson.OPT_SORT_KEYS)
        return hashlib.sha256(parts).hexdigest()[:16]

    # -- serving -----------------------------------------------------------------------

    def load(self, path: str) -> Document | None:
        """The document at an archive's path: from its files while nothing changed, else rendered now."""
        slug, number, format_name = archived(path) or ("", 0, "")
        feed = self._feeds.get(slug)
        if feed is None or format_name not in formats_of(feed):
            return None
        with self._storage.read() as tx:
            page = tx.archives.page(slug, number)
            if page is None:
                return None
            current = page.pending is None and page.digest == self._digests[slug]
            file = self._site.archive_file(slug, number, format_name)
            bodies = files.read_document(file, page.modified) if current else None
            drafts = [] if bodies else self._pages.drafts(tx, page, feed, [format_name])
        if bodies is not None:
            return self._document(page, format_name, bodies, page.modified)
        if not drafts:
            return None
        draft = drafts[0]
        modified = page.modified if current else max(page.modified, draft.updated)
        return self._document(page, format_name, encode(draft.body)[0], modified)

    def _document(
        self, page: ArchivePage, format_name: str, bodies: dict[str, bytes], modified: datetime
    ) -> Document:
        return Document(
            feed=page.feed,
            format=format_name,
            media_type=HTML_TYPE if format_name == HTML else FORMATS[format_name].media_type,
            version=0,
            push_version=0,
            updated=modified,
            modified=modified,
            bodies=bodies,
            etags={coding: etag(body) for coding, body in bodies.items()},
            links=(("self", self._pages.url(page.feed, page.page, format_name) or ""),),
        )

    # -- mending -----------------------------------------------------------------------

    def repair(self, now: datetime) -> int:
        """Look at every page's files once. Those that differ are mended now, missing ones in their turn.

        A file that differs was left by a crash and may hold what was withdrawn.
        """
        mended = 0
        for slug, feed in self._feeds.items():
            with self._storage.read() as tx:
                pages = tx.archives.modified(slug)
            for number, modified in reversed(pages.items()):
                state = self._state(slug, feed, number, modified)
                if state is False:
                    self._make(slug, number, now)
                    mended += 1
                elif state is None:
                    self._missing.append((slug, number))
        self.behind = self.behind or bool(self._missing)
        return mended

    def _state(self, slug: str, feed: Feed, number: int, modified: datetime) -> bool | None:
        """Whether a page's files are in place; ``None``: some are missing, and the others are right."""
        found = {files.stands(self._site.archive_file(slug, number, f), modified) for f in formats_of(feed)}
        if False in found:
            return False
        return None if None in found else True

    def tidy(self, kept: Sequence[str], also: Collection[str]) -> None:
        """Take away the archives of feeds that keep none. ``kept``: slugs that are configured.

        ``also``: feeds whose documents go, under a new slug perhaps. The pages of
        a slug that the configuration no longer names are remembered: it may be a
        mistake.
        """
        with self._storage.write() as tx:
            known = [slug for slug in tx.archives.feeds() if slug not in self._feeds]
            for slug in set(known) & set(kept):
                tx.archives.drop(slug)
        for slug in {*known, *also} - set(self._feeds):
            files.remove_tree(self._site.archive_folder(slug))

    def end(self, slug: str) -> None:
        """A feed is gone, and its archives with it."""
        self._feeds.pop(slug, None)
        self._unlike.discard(slug)
        with self._storage.write() as tx:
            tx.archives.drop(slug)
        files.remove_tree(self._site.archive_folder(slug))
