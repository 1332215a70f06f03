"""Rebuilding what changed: window, fragments, document, checks, bytes, version, files."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import structlog

from syndicate.config import Feed, Settings
from syndicate.editorial import Directory
from syndicate.editorial.entry import Terms
from syndicate.errors import NotFound
from syndicate.formats import html
from syndicate.formats import opml as opml_format
from syndicate.formats.encoding import Encoded, encode, encode_many, etag
from syndicate.formats.registry import FORMATS
from syndicate.model import Article, Channel, ContentMode, Document, Finding, Trail
from syndicate.publish import files, trails
from syndicate.publish.render import Failures, Fresh, Renderer, newest_change
from syndicate.site import ALL_FEEDS, HTML, OPML, Site, formats_of
from syndicate.storage import DocumentHead, Place, Storage, Transaction

log = structlog.get_logger(__name__)

EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
PAGE_ENTRIES = 50
HTML_TYPE = "text/html"
SEVERITIES = ("error", "warning", "note")


@dataclass(frozen=True, slots=True, kw_only=True)
class Built:
    """What a run replaced: documents, and the stories whose own pages changed."""

    documents: tuple[Document, ...] = ()
    pages: tuple[str, ...] = ()


@dataclass
class _Draft:
    """One document on its way to being stored."""

    feed: str
    format: str
    media_type: str
    body: bytes
    updated: datetime
    fresh: Fresh | None = None
    window: _Window | None = None
    encoded: Encoded | None = None


@dataclass(frozen=True, slots=True)
class _Window:
    """What a feed's document was joined from: its head, its places, and ``(article, fragment)`` in order."""

    channel: Channel
    places: Sequence[Place]
    rows: tuple[tuple[str, bytes], ...]


class Publisher:
    """Builds and stores documents under one configuration. One at a time works on a database."""

    def __init__(self, storage: Storage, settings: Settings, directory: Directory) -> None:
        self._storage = storage
        self._settings = settings
        self.renderer = Renderer(settings, directory)
        self.site = self.renderer.site
        self._house = _house(settings, self.site)
        self._teasers = html.Teasers(settings.publisher.timezone)

    def run(self, now: datetime, *, everything: bool = False) -> Built:
        """Rebuild the documents of every feed that was touched (or of all), and write their files.

        Costs depend on the feeds touched and their length, never on the
        archive. What did not change byte for byte keeps version and validators.
        """
        with self._storage.read() as tx:
            stale = [s.feed for s in tx.feeds.stale()]
        wanted = [slug for slug in self._settings.feeds if everything or slug in stale]
        documents: list[Document] = []
        pages: dict[str, None] = {}
        for slug in wanted:
            built = self._build_feed(slug, self._settings.feeds[slug], now)
            documents += built.documents
            pages.update(dict.fromkeys(built.pages))
        if documents or everything:
            documents += self._build_lists(now)
        if everything:
            self._drop_unknown()
        return Built(documents=tuple(documents), pages=tuple(pages))

    # -- one feed --------------------------------------------------------------------

    def _build_feed(self, slug: str, feed: Feed, now: datetime) -> Built:
        loaded: dict[str, Article] = {}
        failed = Failures()
        with self._storage.read() as tx:
            stale = tx.feeds.staleness(slug)
            places = tx.feeds.window(slug, feed.limit)
            heads = {f: tx.documents.head(slug, f) for f in formats_of(feed)}
            drafts = [self._draft(tx, slug, feed, f, places, heads[f], loaded, failed) for f in heads]
            noted = tx.problems.refs(f"feed:{slug}")
        findings = {d.format: FORMATS[d.format].check(d.body) for d in drafts if d.format in FORMATS}
        good = [d for d in drafts if _passes(d, findings.get(d.format, []))]
        self._encode([d for d in good if self._differs(d, heads[d.format])])
        with self._storage.write() as tx:
            documents = [self._store(tx, d, heads[d.format], push=stale.worth_a_push, now=now) for d in good]
            tx.feeds.set_built(slug, stale.touched)
            self._report(tx, slug, noted, failed, findings, now)
        replaced = [d for d in documents if d is not None]
        self._write(replaced)
        return Built(documents=tuple(replaced), pages=self._write_pages(loaded.values()))

    def _draft(
        self,
        tx: Transaction,
        slug: str,
        feed: Feed,
        format_name: str,
        places: Sequence[Place],
        head: DocumentHead | None,
        loaded: dict[str, Article],
        failed: Failures,
    ) -> _Draft:
        updated = newest_change(places, head.updated if head else None, EPOCH)
        channel = self.renderer.channel(slug, feed, format_name, updated)
        if format_name == HTML:
            rows, fresh = self.renderer.fragments(
                tx, feed, self._teasers, places[:PAGE_ENTRIES], loaded, failed
            )
            page = html.joined_page(channel, rows, self._addresses(slug, feed), self._house)
            return _Draft(slug, HTML, HTML_TYPE, page, updated, fresh)
        form = FORMATS[format_name]
        rows, fresh = self.renderer.fragments(tx, feed, form, places, loaded, failed)
        window = _Window(channel, places, tuple(zip(fresh.shown, rows, strict=True)))
        return _Draft(slug, form.name, form.media_type, form.assemble(channel, rows), updated, fresh, window)

    def _addresses(self, slug: str, feed: Feed) -> dict[str, str]:
        return {name: self.site.topic(slug, name) for name in feed.formats}

    # -- the lists of all feeds --------------------------------------------------------

    def _build_lists(self, now: datetime) -> list[Document]:
        with self._storage.read() as tx:
            heads = {(h.feed, h.format): h for h in tx.documents.heads()}
        channels = [self._listed(slug, feed, heads) for slug, feed in self._settings.feeds.items()]
        updated = max((c.updated for c in channels), default=EPOCH)
        addresses = {slug: self._addresses(slug, feed) for slug, feed in self._settings.feeds.items()}
        publisher = self._settings.publisher
        index = html.index_page(publisher, channels, addresses, self._house)
        outlines = [
            (name, self.renderer.channel(c.slug, self._settings.feeds[c.slug], name, c.updated))
            for c in channels
            for name in self._settings.feeds[c.slug].formats
        ]
        listing = opml_format.opml(publisher, outlines)
        drafts = [
            _Draft(ALL_FEEDS, HTML, HTML_TYPE, index, updated),
            _Draft(ALL_FEEDS, OPML, opml_format.MEDIA_TYPE.partition(";")[0], listing, updated),
        ]
        self._encode([d for d in drafts if self._differs(d, heads.get((d.feed, d.format)))])
        with self._storage.write() as tx:
            stored = [self._store(tx, d, heads.get((d.feed, d.format)), push=False, now=now) for d in drafts]
        replaced = [d for d in stored if d is not None]
        self._write(replaced)
        return replaced

    def _listed(self, slug: str, feed: Feed, heads: dict[tuple[str, str], DocumentHead]) -> Channel:
        head = heads.get((slug, HTML))
        return self.renderer.channel(slug, feed, HTML, head.updated if head else EPOCH)

    # -- storing -----------------------------------------------------------------------

    def _store(
        self, tx: Transaction, draft: _Draft, head: DocumentHead | None, *, push: bool, now: datetime
    ) -> Document | None:
        if draft.fresh and draft.fresh.rows:
            tx.documents.keep_fragments(draft.fresh.rows, draft.fresh.format, draft.fresh.digest, now)
        topic = self.site.topic(draft.feed, draft.format)
        if draft.encoded is None:
            return None
        bodies, etags = draft.encoded
        version = head.version + 1 if head else 1
        pushed = head.push_version if head else 0
        document = Document(
            feed=draft.feed,
            format=draft.format,
            media_type=draft.media_type,
            version=version,
            push_version=version if push and draft.format in FORMATS else pushed,
            updated=draft.updated,
            modified=max(now, head.modified) if head else now,
            bodies=bodies,
            etags=etags,
            links=self.renderer.links(draft.format, topic),
            trail=self._trail(tx, draft, head, version, now),
        )
        tx.documents.save(document, topic)
        return document

    def _differs(self, draft: _Draft, head: DocumentHead | None) -> bool:
        """Whether it is another document than the stored one."""
        if head is None or head.topic != self.site.topic(draft.feed, draft.format):
            return True
        return head.etags["identity"] != etag(draft.body)

    def _encode(self, drafts: Sequence[_Draft]) -> None:
        """Compress what changed before the transaction that stores it, which keeps other writers waiting."""
        for draft, encoded in zip(drafts, encode_many([d.body for d in drafts]), strict=True):
            draft.encoded = encoded

    def _trail(
        self, tx: Transaction, draft: _Draft, head: DocumentHead | None, version: int, now: datetime
    ) -> Trail | None:
        """What deltas are made from (rule H6). An entry that left the feed, not only its window, was taken
        back, and so was one whose withdrawal is shown for the first time."""
        window = draft.window
        if window is None:
            return None
        bare = FORMATS[draft.format].assemble(replace(window.channel, updated=EPOCH), [])
        before = tx.documents.trail(draft.feed, draft.format) if head else None
        parts = trails.located(draft.body, window.rows, version, before)
        gone = trails.left(before, parts)
        slid = tx.feeds.members(draft.feed, gone) - {p.article_id for p in window.places} if gone else set()
        withdrawn = {p.article_id for p in window.places if p.withdrawn} & trails.changed(parts, version)
        replaced = (head.version, head.etags) if head else None
        taken_back = (gone - slid) | withdrawn
        return trails.next_trail(before, trails.digest(bare), parts, replaced, taken_back, now)

    def _report(
        self,
        tx: Transaction,
        slug: str,
        noted: set[str],
        failed: Failures,
        findings: Mapping[str, Sequence[Finding]],
        now: datetime,
    ) -> None:
        """What could not be rendered or checked is shown until it is mended."""
        scope = f"feed:{slug}"
        wrong = {f"document:{name}": found for name, found in findings.items() if found}
        tx.problems.settle(scope, noted - set(failed.reasons) - set(wrong))
        for article_id, error in failed.reasons.items():
            if tx.problems.note(scope, article_id, error.message, now, fix=error.fix):
                log.error("entry_left_out", feed=slug, article=article_id, reason=error.message)
        for ref, found in wrong.items():
            worst = min(found, key=lambda f: SEVERITIES.index(f.severity))
            words = f"{ref.partition(':')[2]}: {worst.message} (rule {worst.rule})"
            tx.problems.note(scope, ref, words, now, fix=worst.fix, warning=worst.severity != "error")

    def _drop_unknown(self) -> None:
        """Documents of feeds or formats that the configuration no longer names."""
        kept = {(slug, f) for slug, feed in self._settings.feeds.items() for f in formats_of(feed)}
        with self._storage.write() as tx:
            heads = tx.documents.heads()
            gone = [
                (h.feed, h.format) for h in heads if h.feed != ALL_FEEDS and (h.feed, h.format) not in kept
            ]
            tx.documents.drop(gone)
        for feed, format_name in gone:
            files.remove_document(self.site.file(feed, format_name))

    # -- files -----------------------------------------------------------------------------

    def _write(self, documents: Sequence[Document]) -> None:
        for document in documents:
            files.write_document(self.site.file(document.feed, document.format), document.bodies)

    def _write_pages(self, articles: Iterable[Article]) -> tuple[str, ...]:
        written: list[str] = []
        for article in articles:
            if article.story.url and article.withdrawn is None:
                continue
            files.write_document(self.site.story_file(article.id), encode(self.story_page(article))[0])
            written.append(article.id)
        return tuple(written)

    def story_page(self, article: Article) -> bytes:
        """A story's page on our own site."""
        some_full = any(f.content is ContentMode.FULL for f in self._settings.feeds.values())
        terms = Terms(content=ContentMode.FULL if some_full else ContentMode.EXCERPT, source_ids=True)
        return html.story_page(self.site.entry(article, terms), self._settings.publisher, self._house)

    def load_page(self, path: str) -> tuple[bytes, datetime] | None:
        """The page at a path like ``/feeds/stories/ID/``, rendered now, and when it last changed."""
        article_id = path.removeprefix("/feeds/stories/").strip("/")
        with self._storage.read() as tx:
            article = tx.articles.get(article_id) if len(article_id) == 36 else None
        if article is None or not article.live or article.hold:
            return None
        return self.story_page(article), article.changed

    def repair(self) -> int:
        """Write every document's files that are missing or differ from what is stored; returns how many."""
        mended = 0
        with self._storage.read() as tx:
            heads = tx.documents.heads()
        for head in heads:
            file = self.site.file(head.feed, head.format)
            if files.is_in_place(file, head.etags):
                continue
            files.write_document(file, self.document(head.feed, head.format).bodies)
            mended += 1
        return mended

    def document(self, feed: str, format_name: str) -> Document:
        """A stored document. Raises NotFound."""
        with self._storage.read() as tx:
            found = tx.documents.get(feed, format_name)
        if found is None:
            raise NotFound(f"there is no document {feed}/{format_name}")
        return found


def _house(settings: Settings, site: Site) -> html.House:
    """The outlet as every page shows it: name, look, and its feeds as sections."""
    sections = [
        html.Section(feed.title, site.topic(slug, HTML), feed.language or settings.publisher.language)
        for slug, feed in settings.feeds.items()
    ]
    return html.House(settings.publisher, settings.look, tuple(sections))


def _passes(draft: _Draft, findings: Sequence[Finding]) -> bool:
    """The gate: a document with an error stays unpublished, the last good one stays in place."""
    errors = [f for f in findings if f.severity == "error"]
    if errors:
        log.error("document_kept_back", feed=draft.feed, format=draft.format, rule=errors[0].rule)
    return not errors
