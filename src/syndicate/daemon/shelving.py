"""Putting stored documents where the web serves them from; archives and stories' pages when asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime

from syndicate.config import Settings
from syndicate.config.ends import Phase, ends
from syndicate.formats.encoding import encode
from syndicate.formats.rsl import MEDIA_TYPE as RSL_TYPE
from syndicate.formats.rsl import reservation_headers
from syndicate.model import Document
from syndicate.publish.build import Built, Publisher
from syndicate.publish.render import HTML_TYPE
from syndicate.site import LICENSE_PATH, Site
from syndicate.storage import Storage
from syndicate.web.prepared import Shelved, link
from syndicate.web.shelf import Shelf

STORIES = "/feeds/stories/"


class Shelving:
    """The one shelf of a process, filled from one database under one configuration."""

    def __init__(self, storage: Storage, clock: Callable[[], datetime]) -> None:
        self._storage = storage
        self._clock = clock
        self.shelf = Shelf(self._load)
        self._versions: dict[tuple[str, str], int] = {}

    def configure(self, settings: Settings, site: Site, publisher: Publisher) -> None:
        """Go on under another configuration; call ``fill`` afterwards."""
        self._feeds = settings.feeds
        self._ends = ends(settings)
        self._site = site
        self._publisher = publisher
        self._cache = settings.web.max_age
        # Terms for machines: RSL 1.0, section 4.5, and TDMRep's headers.
        terms = settings.says_terms
        self._terms = (link("license", site.url(LICENSE_PATH), RSL_TYPE),) if terms else ()
        self._reserved = reservation_headers(site.says.reservation)

    def fill(self) -> None:
        """Everything that is stored, the moves of renamed feeds, the ends of others, and nothing else."""
        with self._storage.read() as tx:
            documents = tx.documents.all()
        for document in documents:
            self.put(document)
        moves = {
            f"/feeds/{old}/": f"/feeds/{slug}/" for slug, feed in self._feeds.items() for old in feed.formerly
        }
        self.shelf.replace_moves(moves)
        known = {self._site.path(d.feed, d.format) for d in documents}
        for path in set(self.shelf.paths()) - known:
            self.shelf.drop(path)
        archives = (f"/feeds/{slug}/archive/" for slug, feed in self._feeds.items() if feed.archive)
        self.shelf.load_under([STORIES, *archives])
        self.end()

    def end(self) -> None:
        """Answer 410 for feeds that are gone by now."""
        now = self._clock()
        gone = [slug for slug, end in self._ends.items() if end.phase(now) is Phase.GONE]
        self.shelf.replace_gone(f"/feeds/{slug}/" for slug in gone)

    def take(self, built: Built) -> None:
        """Serve what a run of the publisher made, and nothing that it took away."""
        self.put_all(built.documents)
        for path in (*built.archives, *map(self._site.story_path, built.pages)):
            self.shelf.forget(path)
        for path in built.removed:
            self.shelf.drop(path)
        if built.gone:
            self.end()

    def put_all(self, documents: Iterable[Document]) -> None:
        """Serve documents in place of their versions before; from any thread."""
        for document in documents:
            self.put(document)

    def put(self, document: Document) -> None:
        """Serve a document in place of its version before."""
        self.shelf.put(self._site.path(document.feed, document.format), self._shelved(document, self._cache))
        self._versions[document.feed, document.format] = document.version

    def version(self, feed: str, form: str) -> int:
        """Which version of a document readers get; 0 where they get none."""
        return self._versions.get((feed, form), 0)

    def _load(self, path: str) -> Shelved | None:
        if path.startswith(STORIES):
            return self._load_page(path)
        found = self._publisher.archives.load(path)
        # Kept by whoever likes, but asked about each time: a withdrawal leaves archives at once.
        return self._shelved(found, cache=0) if found else None

    def _shelved(self, document: Document, cache: int) -> Shelved:
        return Shelved(
            media_type=document.media_type,
            bodies=document.bodies,
            etags=document.etags,
            modified=document.modified,
            cache=cache,
            links=(*(link(rel, url) for rel, url in document.links), *self._terms),
            headers=self._reserved,
            trail=document.trail,
        )

    def _load_page(self, path: str) -> Shelved | None:
        found = self._publisher.load_page(path)
        if found is None:
            return None
        bodies, etags = encode(found[0])
        own = (link("self", self._site.url(path)),)
        return Shelved(
            media_type=HTML_TYPE,
            bodies=bodies,
            etags=etags,
            modified=found[1],
            cache=self._cache,
            # No licence: a page may be an agency's story, and its terms stand with it in the feeds.
            links=own,
            headers=self._reserved,
        )
