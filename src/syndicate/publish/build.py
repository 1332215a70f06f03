"""Rebuilding what changed: window, fragments, document, checks, bytes, version, files."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

import structlog

from syndicate import metrics
from syndicate.config import Feed, Settings
from syndicate.config.ends import Phase, ends
from syndicate.editorial import Directory
from syndicate.editorial.entry import Terms
from syndicate.errors import DocumentError, NotFound, StorageError
from syndicate.formats import gate, html
from syndicate.formats.encoding import encode
from syndicate.formats.registry import FORMATS
from syndicate.model import Article, Channel, ContentMode, Document, Finding
from syndicate.publish import files
from syndicate.publish.archives import Archives
from syndicate.publish.ended import ended_channel, last_entry
from syndicate.publish.lists import Lists
from syndicate.publish.outstanding import Outstanding
from syndicate.publish.render import EPOCH, HTML_TYPE, Failures, Renderer, newest_change
from syndicate.publish.storing import Draft, Window, pack, store
from syndicate.site import ALL_FEEDS, HTML, formats_of
from syndicate.storage import DocumentHead, Place, Storage, Transaction

log = structlog.get_logger(__name__)

PAGE_ENTRIES = 50


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
        self._free = free
        self._shown = shown
        self._storage = storage
        self._settings = settings
        self.renderer = Renderer(settings, directory)
        self.site = self.renderer.site
        self.archives = Archives(storage, settings, self.renderer)
        self._lists = Lists(settings, self.renderer)
        self._ends = ends(settings)
        self._phases: dict[str, Phase] = {}
        self._outstanding = Outstanding(storage)

    @property
    def refused(self) -> StorageError | None:
        """What the disk said when it last refused a file that is still to be written."""
        return self._outstanding.refused or self.archives.refused

    def run(self, now: datetime, *, everything: bool = False, waiting: int = 4) -> Built:
        """Rebuild the documents of every feed that was touched (or of all), and write their files.

        Costs depend on the feeds touched and their length, never on the
        archive. What did not change byte for byte keeps version and validators.
        ``waiting``: how many archive pages that wait for their turn are made.
        """
        self._outstanding.write()
        wanted = self._wanted(now, everything)
        gone = [slug for slug in wanted if self._phase(slug, now) is Phase.GONE]
        documents: list[Document] = []
        pages: dict[str, None] = {}
        for slug in [w for w in wanted if w not in gone]:
            built = self._build_feed(slug, self._settings.feeds[slug], now)
            documents += built.documents
            pages.update(dict.fromkeys(built.pages))
        for slug in gone:
            self._take_away(slug)
        archives = self.archives.make(now, waiting=waiting)
        removed: list[str] = []
        if documents or gone or everything or self._lists.is_due(now):
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
        turned = {slug for slug in self._ends if self._phases.get(slug) is not self._phase(slug, now)}
        return [slug for slug in self._settings.feeds if everything or slug in stale or slug in turned]

    def _phase(self, slug: str, now: datetime) -> Phase:
        end = self._ends.get(slug)
        return end.phase(self._surely(now)) if end else Phase.OPEN

    def _surely(self, now: datetime) -> datetime:
        return min(now, self._free()) if self._free else now

    def is_due(self, now: datetime) -> bool:
        """Whether the clock wants something rebuilt: a feed's end, or a story too old for the sitemap.

        Looks at nothing but memory: it is asked every second.
        """
        turned = any(self._phases.get(slug) is not self._phase(slug, now) for slug in self._ends)
        return turned or self._lists.is_due(now) or self.refused is not None

    # -- one feed --------------------------------------------------------------------

    def _build_feed(self, slug: str, feed: Feed, now: datetime) -> Built:
        loaded: dict[str, Article] = {}
        failed = Failures()
        with self.archives.view(slug, feed, now) as tx:
            stale = tx.feeds.staleness(slug)
            places = tx.feeds.window(slug, feed.limit)
            heads = {f: tx.documents.head(slug, f) for f in formats_of(feed)}
            made = {f: self._draft(tx, slug, feed, f, places, heads[f], loaded, failed, now) for f in heads}
            noted = tx.problems.refs(f"feed:{slug}")
        findings = {name: _check(draft, now) for name, draft in made.items()}
        passed = {name for name, found in findings.items() if _passes(slug, name, found)}
        good = [d for name, d in made.items() if isinstance(d, Draft) and name in passed]
        # What was said of a story stands until it is rendered anew or leaves the feed.
        noted -= {p.article_id for p in places} - failed.rendered
        pack([(d, heads[d.format]) for d in good])
        with self._storage.write() as tx:
            push = stale.worth_a_push or self._just_ended(tx, slug, now)
            documents = [store(tx, d, heads[d.format], push=push, now=now) for d in good]
            tx.feeds.set_built(slug, stale.touched)
            self._report(tx, slug, noted, failed, findings, now)
        self._phases[slug] = self._phase(slug, now)
        replaced = [d for d in documents if d is not None]
        self._write(replaced)
        if self._shown:
            self._shown(replaced)
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
        now: datetime,
    ) -> Draft | DocumentError:
        updated = newest_change(places, head.updated if head else None, EPOCH)
        form = self.renderer.teasers if format_name == HTML else FORMATS[format_name]
        shown = places[:PAGE_ENTRIES] if format_name == HTML else places
        bodies, fresh = self.renderer.fragments(tx, feed, form, shown, loaded, failed, now)
        rows = list(zip(fresh.shown, bodies, strict=True))
        channel = self.renderer.channel(slug, feed, format_name, updated)
        channel = replace(channel, paging=self.archives.paging(tx, slug, format_name))
        if self._phase(slug, now) is Phase.ENDED:
            closed = self._ends[slug].closes
            last = last_entry(channel, feed, self._settings, self.site, closed)
            channel = ended_channel(replace(channel, updated=max(updated, closed)), feed, self.site)
            rows = [(last.article_id, form.fragment(last)), *rows]
        try:
            whole = self._assemble(feed, format_name, channel, [body for _, body in rows])
        except DocumentError as problem:
            return problem
        return Draft(
            feed=slug,
            format=format_name,
            media_type=HTML_TYPE if format_name == HTML else FORMATS[format_name].media_type,
            topic=channel.self_url,
            body=whole,
            updated=channel.updated,
            hubs=() if format_name == HTML else channel.hubs,
            fresh=fresh,
            window=None if format_name == HTML else Window(channel, places, tuple(rows)),
        )

    def _assemble(self, feed: Feed, format_name: str, channel: Channel, rows: Sequence[bytes]) -> bytes:
        if format_name == HTML:
            return html.joined_page(channel, rows, self.site.topics(channel.slug, feed), self.renderer.house)
        return FORMATS[format_name].assemble(channel, rows)

    def _just_ended(self, tx: Transaction, slug: str, now: datetime) -> bool:
        """Whether subscribers have not been told of this end yet."""
        if self._phase(slug, now) is not Phase.ENDED:
            return False
        key, closes = f"ended:{slug}", self._ends[slug].closes.isoformat()
        told = tx.fact(key) == closes
        tx.keep_fact(key, closes)
        return not told

    def _take_away(self, slug: str) -> None:
        """A feed is gone: its documents and archives, in the database and as files."""
        with self._storage.write() as tx:
            names = [h.format for h in tx.documents.heads() if h.feed == slug]
            tx.documents.drop([(slug, name) for name in names])
            tx.feeds.set_built(slug, tx.feeds.staleness(slug).touched)
        self.archives.end(slug)
        for name in names:
            files.remove_document(self.site.file(slug, name))
        self._phases[slug] = Phase.GONE
        log.info("feed_gone", feed=slug)

    # -- the lists of all feeds --------------------------------------------------------

    def _build_lists(self, now: datetime) -> tuple[list[Document], list[str]]:
        """Lists that changed, and the paths of those that are no more."""
        with self._storage.read() as tx:
            heads = {h.format: h for h in tx.documents.heads(ALL_FEEDS)}
            drafts = self._lists.drafts(tx, now, self._surely(now))
        unlisted = [name for name in heads if name not in {d.format for d in drafts}]
        with self._storage.write() as tx:
            stored = [store(tx, d, heads.get(d.format), push=False, now=now) for d in drafts]
            tx.documents.drop([(ALL_FEEDS, name) for name in unlisted])
        replaced = [d for d in stored if d is not None]
        self._write(replaced)
        for name in unlisted:
            files.remove_document(self.site.file(ALL_FEEDS, name))
        return replaced, [self.site.path(ALL_FEEDS, name) for name in unlisted]

    # -- storing -----------------------------------------------------------------------

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
        wrong = {f"document:{name}": worst for name, f in findings.items() if (worst := gate.worst(f))}
        warned = {a: found for a, found in failed.warnings.items() if a not in failed.reasons}
        tx.problems.settle(scope, noted - set(failed.reasons) - set(wrong) - set(warned))
        for article_id, error in failed.reasons.items():
            if tx.problems.note(scope, article_id, error.message, now, fix=error.fix):
                log.error("entry_left_out", feed=slug, article=article_id, reason=error.message)
        for article_id, found in warned.items():
            if tx.problems.note(scope, article_id, found.message, now, fix=found.fix, warning=True):
                log.warning("entry_warned", feed=slug, article=article_id, reason=found.message)
        for ref, found in wrong.items():
            reason = gate.words(ref.partition(":")[2], found)
            tx.problems.note(scope, ref, reason, now, fix=found.fix, warning=found.severity != "error")

    def _drop_unknown(self, now: datetime) -> None:
        """Documents of feeds or formats that the configuration no longer names."""
        kept = {
            (slug, f)
            for slug, feed in self._settings.feeds.items()
            if self._phase(slug, now) is not Phase.GONE
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
        self._outstanding.put(self.site.file(feed, name), document.bodies, lambda: self._stored(feed, name))

    def _stored(self, feed: str, format_name: str) -> Mapping[str, bytes] | None:
        with self._storage.read() as tx:
            found = tx.documents.get(feed, format_name)
        return found.bodies if found else None

    def _page_now(self, article_id: str) -> Mapping[str, bytes] | None:
        page = self.load_page(self.site.story_path(article_id))
        return encode(page[0])[0] if page else None

    def _write_pages(self, articles: Iterable[Article]) -> tuple[str, ...]:
        written: list[str] = []
        for article in articles:
            if article.story.url and article.withdrawn is None:
                continue
            body, page = encode(self.story_page(article))[0], partial(self._page_now, article.id)
            self._outstanding.put(self.site.story_file(article.id), body, page)
            written.append(article.id)
        return tuple(written)

    def story_page(self, article: Article) -> bytes:
        """A story's page on our own site."""
        some_full = any(f.content is ContentMode.FULL for f in self._settings.feeds.values())
        terms = Terms(content=ContentMode.FULL if some_full else ContentMode.EXCERPT, source_ids=True)
        return html.story_page(self.site.entry(article, terms), self._settings.publisher, self.renderer.house)

    def load_page(self, path: str) -> tuple[bytes, datetime] | None:
        """The page at a path like ``/feeds/stories/ID/``, rendered now, and when it last changed."""
        article_id = path.removeprefix("/feeds/stories/").strip("/")
        with self._storage.read() as tx:
            article = tx.articles.get(article_id) if len(article_id) == 36 else None
        if article is None or not article.live or article.hold:
            return None
        return self.story_page(article), article.changed

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


def _check(draft: Draft | DocumentError, now: datetime) -> list[Finding]:
    """What the gate finds in a document; one that could not be joined is a finding too (rule X4)."""
    if isinstance(draft, DocumentError):
        fix = draft.fix or "run `syndicate check`"
        return [Finding(severity="error", rule="X4", message=draft.message, line=1, fix=fix)]
    return FORMATS[draft.format].check(draft.body, now) if draft.format in FORMATS else []


def _passes(feed: str, name: str, findings: Sequence[Finding]) -> bool:
    """The gate: a document with an error stays unpublished, the last good one stays in place."""
    errors = [f for f in findings if f.severity == "error"]
    if errors:
        metrics.REFUSED.labels(name).inc()
        log.error("document_kept_back", feed=feed, format=name, rule=errors[0].rule, reason=errors[0].message)
    return not errors
