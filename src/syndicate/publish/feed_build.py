"""One feed's documents: window, fragments, joined bytes, checks, and into the database together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

import structlog

from syndicate.config import Feed, Settings
from syndicate.config.ends import Phase
from syndicate.errors import DocumentError
from syndicate.formats import gate, html
from syndicate.formats.registry import FORMATS
from syndicate.model import Article, Channel, Document, Finding
from syndicate.publish.archives import Archives
from syndicate.publish.ended import ended_channel, last_entry
from syndicate.publish.phases import Phases
from syndicate.publish.remembered import Known, Remembered
from syndicate.publish.render import EPOCH, HTML_TYPE, Failures, Renderer, Rendering, newest_change
from syndicate.publish.storing import Before, Draft, Window, pack, store
from syndicate.site import HTML, formats_of
from syndicate.storage import Place, Stale, Storage, Transaction
from syndicate.telemetry import metrics

log = structlog.get_logger(__name__)

PAGE_ENTRIES = 50


@dataclass(kw_only=True)
class _View:
    """What one consistent look at the database brought for a feed, and what was read on the way."""

    slug: str
    feed: Feed
    now: datetime
    stale: Stale
    places: Sequence[Place]
    before: Before
    newest_page: int | None
    known: Known
    noted: set[str]
    loaded: dict[str, Article] = field(default_factory=dict)
    failed: Failures = field(default_factory=Failures)

    def shown(self, format_name: str) -> Sequence[Place]:
        """The places that a document shows: the page for people is no longer than it must be."""
        return self.places[:PAGE_ENTRIES] if format_name == HTML else self.places

    def dated_until(self, format_name: str) -> datetime:
        """Up to when a document's dates may lie. One that was dated by a clock that ran ahead goes on from
        there (rule X3): the right time must not keep back what was withdrawn since."""
        head = self.before.heads.get(format_name)
        return max(self.now, head.updated) if head else self.now


class FeedBuilder:
    """Builds and stores feeds' documents under one configuration."""

    def __init__(
        self,
        storage: Storage,
        settings: Settings,
        renderer: Renderer,
        archives: Archives,
        phases: Phases,
        remembered: Remembered,
    ) -> None:
        self._storage = storage
        self._settings = settings
        self._renderer = renderer
        self._archives = archives
        self._phases = phases
        self._remembered = remembered

    def build(self, slug: str, feed: Feed, now: datetime) -> tuple[list[Document], list[Article]]:
        """The documents that were replaced, and the stories that were rendered on the way."""
        with self._archives.view(slug, feed, now) as (tx, places):
            view = self._look(tx, slug, feed, places, now)
            made = {name: self._draft(tx, view, name) for name in formats_of(feed)}
        findings = {name: _check(draft, view.dated_until(name)) for name, draft in made.items()}
        passed = {name for name, found in findings.items() if _passes(slug, name, found)}
        good = [d for name, d in made.items() if isinstance(d, Draft) and name in passed]
        packed = pack(good, view.before)
        phase = self._phases.of(slug, now)
        with self._storage.write() as tx:
            push = view.stale.worth_a_push or self._just_ended(tx, slug, phase)
            digest = self._remembered.digest_of
            documents = store(tx, packed, view.before, push=push, now=now, digest=digest)
            tx.feeds.set_built(slug, view.stale.touched)
            _report(tx, view, findings)
        self._phases.built(slug, phase)
        for draft in good:
            if draft.fresh:
                self._remembered.keep(draft.fresh.digest, draft.fresh.rows)
        return documents, list(view.loaded.values())

    def _look(self, tx: Transaction, slug: str, feed: Feed, places: list[Place], now: datetime) -> _View:
        digests = {name: self._renderer.digest(feed, self._form(name)) for name in formats_of(feed)}
        return _View(
            slug=slug,
            feed=feed,
            now=now,
            stale=tx.feeds.staleness(slug),
            places=places,
            before=Before.of(tx, slug),
            newest_page=self._archives.newest(tx, slug),
            known=self._remembered.look_up(tx, digests, places),
            noted=tx.problems.refs(f"feed:{slug}"),
        )

    def _form(self, format_name: str) -> Rendering:
        return self._renderer.teasers if format_name == HTML else FORMATS[format_name]

    def _draft(self, tx: Transaction, view: _View, name: str) -> Draft | DocumentError:
        """One document as it should stand now; the error where it cannot be joined (rule X4)."""
        form, known = self._form(name), view.known[name]
        bodies, fresh = self._renderer.fragments(
            tx, view.feed, form, view.shown(name), view.loaded, view.failed, view.now, known=known
        )
        channel, rows = self._joined(view, name, form, list(zip(fresh.shown, bodies, strict=True)))
        try:
            whole = self._assemble(view.feed, name, channel, [body for _, body in rows])
        except DocumentError as problem:
            return problem
        is_page = name == HTML
        return Draft(
            feed=view.slug,
            format=name,
            media_type=HTML_TYPE if is_page else FORMATS[name].media_type,
            topic=channel.self_url,
            body=whole,
            updated=channel.updated,
            hubs=() if is_page else channel.hubs,
            fresh=fresh,
            window=None if is_page else Window(channel, view.places, tuple(rows)),
        )

    def _joined(
        self, view: _View, name: str, form: Rendering, rows: list[tuple[str, bytes]]
    ) -> tuple[Channel, list[tuple[str, bytes]]]:
        """The head and the entries; a feed that has ended says so in both."""
        slug, feed, head = view.slug, view.feed, view.before.heads.get(name)
        updated = newest_change(view.places, head.updated if head else None, EPOCH)
        channel = self._renderer.channel(slug, feed, name, updated)
        channel = replace(channel, paging=self._archives.paging(slug, view.newest_page, name))
        if self._phases.of(slug, view.now) is not Phase.ENDED:
            return channel, rows
        closed, site = self._phases.closes(slug), self._renderer.site
        last = last_entry(channel, feed, self._settings, site, closed)
        channel = ended_channel(replace(channel, updated=max(updated, closed)), feed, site)
        return channel, [(last.article_id, form.fragment(last)), *rows]

    def _assemble(self, feed: Feed, format_name: str, channel: Channel, rows: Sequence[bytes]) -> bytes:
        if format_name == HTML:
            topics = self._renderer.site.topics(channel.slug, feed)
            return html.joined_page(channel, rows, topics, self._renderer.house)
        return FORMATS[format_name].assemble(channel, rows)

    def _just_ended(self, tx: Transaction, slug: str, phase: Phase) -> bool:
        """Whether subscribers have not been told of this end yet."""
        if phase is not Phase.ENDED:
            return False
        key, closes = f"ended:{slug}", self._phases.closes(slug).isoformat()
        told = tx.fact(key) == closes
        tx.keep_fact(key, closes)
        return not told


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


def _report(tx: Transaction, view: _View, findings: Mapping[str, Sequence[Finding]]) -> None:
    """What could not be rendered or checked is shown until it is mended."""
    slug, failed, now, scope = view.slug, view.failed, view.now, f"feed:{view.slug}"
    wrong = {f"document:{name}": worst for name, f in findings.items() if (worst := gate.worst(f))}
    warned = {a: found for a, found in failed.warnings.items() if a not in failed.reasons}
    # What was said of a story stands until it is rendered anew or leaves the feed.
    stands = {p.article_id for p in view.places} - failed.rendered
    tx.problems.settle(scope, view.noted - stands - set(failed.reasons) - set(wrong) - set(warned))
    for article_id, error in failed.reasons.items():
        if tx.problems.note(scope, article_id, error.message, now, fix=error.fix):
            log.error("entry_left_out", feed=slug, article=article_id, reason=error.message)
    for article_id, found in warned.items():
        if tx.problems.note(scope, article_id, found.message, now, fix=found.fix, warning=True):
            log.warning("entry_warned", feed=slug, article=article_id, reason=found.message)
    for ref, found in wrong.items():
        reason = gate.words(ref.partition(":")[2], found)
        tx.problems.note(scope, ref, reason, now, fix=found.fix, warning=found.severity != "error")
