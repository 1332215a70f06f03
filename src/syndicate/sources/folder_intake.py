"""What a look at a folder means: decisions only, no file is touched here."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from syndicate.model import Draft, Given
from syndicate.sources.base import Batch, Trouble
from syndicate.sources.folder_ledger import BAD, GONE, LIVE, MISSING, TWIN, Known, Ledger
from syndicate.sources.folder_scan import Listing, Seen
from syndicate.sources.story_file import StoryFile
from syndicate.sources.wire_item import Wire

BATCH = 200
BATCH_CHARACTERS = 8_000_000
_REMEMBERED = 30 * 86_400.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What the source's settings say about stories. ``missing_after`` is in seconds."""

    source: str
    language: str | None = None
    keep_ids: bool = False
    withdraw: bool = False
    missing_after: float = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """What came of reading one file: a story, a wire's items, or the trouble that kept it out."""

    seen: Seen
    digest: str = ""
    story: StoryFile | None = None
    wire: Wire | None = None
    trouble: Trouble | None = None


@dataclass(slots=True)
class _Gathered:
    drafts: list[Draft] = field(default_factory=list)
    items: dict[str, str] = field(default_factory=dict)
    forget: set[str] = field(default_factory=set)
    missing: set[str] = field(default_factory=set)
    troubles: list[Trouble] = field(default_factory=list)
    settled: set[str] = field(default_factory=set)


class Intake:
    """Turns what was seen and read into batches, and keeps the ledger."""

    def __init__(self, terms: Terms, ledger: Ledger, now: float) -> None:
        self._terms = terms
        self._ledger = ledger
        self._now = now
        self._gathered = _Gathered()
        self._characters = 0

    @property
    def full(self) -> bool:
        """Whether the batch is large enough to be handed over."""
        held = self._gathered
        rows = max(len(held.items), len(held.forget), len(held.troubles))
        return rows >= BATCH or self._characters >= BATCH_CHARACTERS

    def batch(self) -> Batch | None:
        """What was gathered since the last one, or ``None``."""
        held, self._gathered, self._characters = self._gathered, _Gathered(), 0
        if not any((held.items, held.forget, held.missing, held.troubles, held.settled)):
            return None
        return Batch(
            drafts=tuple(held.drafts),
            items=held.items,
            forget=frozenset(held.forget),
            missing=frozenset(held.missing),
            troubles=tuple(held.troubles),
            settled=frozenset(held.settled - {t.key for t in held.troubles}),
        )

    def settle(self, key: str) -> None:
        """An earlier trouble is over."""
        self._gathered.settled.add(key)

    def troubled(self, trouble: Trouble) -> None:
        """Something that is not about one file's content."""
        self._gathered.troubles.append(trouble)

    def vanished(self, listing: Listing) -> float | None:
        """What is no longer there. Returns seconds until one of them counts as missing."""
        waits = [
            self._absent(key, known)
            for key, known in list(self._ledger.unseen(listing.files))
            if not listing.hidden(key)
        ]
        return min((wait for wait in waits if wait is not None), default=None)

    def _absent(self, key: str, known: Known) -> float | None:
        """One file that is not there: first noted, then reported, at last forgotten."""
        if known.state == LIVE:
            self._keep(key, self._ledger.leave(key, self._now))
            self.settle(key)
            return self._terms.missing_after if self._terms.withdraw else None
        away = self._now - known.since
        elsewhere = self._is_elsewhere(known)
        if known.state in (TWIN, BAD) or elsewhere or away > _REMEMBERED:
            self._forget(key)
        elif known.state == GONE and self._terms.withdraw:
            return self._report(key, known, away)
        return None

    def _is_elsewhere(self, known: Known) -> bool:
        """Whether another file has the story now."""
        return known.source_id in self._ledger.owners

    def _report(self, key: str, known: Known, away: float) -> float | None:
        if away < self._terms.missing_after:
            return self._terms.missing_after - away
        self._gathered.missing.update(self._lost_with(known))
        self._keep(key, replace(known, state=MISSING))
        return None

    def _lost_with(self, known: Known) -> Iterable[str]:
        """The stories that a vanished file leaves missing."""
        return (known.source_id,)

    def take(self, read: Read) -> None:
        """One file that was read."""
        if read.story is None:
            self._bad(read)
            return
        source_id, origin = self._ledger.identify(read.seen.key, read.story.stated, read.digest)
        known = fingerprint(read.seen, LIVE, digest=read.digest, source_id=source_id, origin=origin)
        owner = self._ledger.owners.get(source_id, read.seen.key)
        if owner < read.seen.key:
            self._twin(read.seen.key, known, owner)
            return
        if owner != read.seen.key:
            self._twin(owner, self._ledger.known[owner], read.seen.key)
        self._accept(read, read.story, known)

    def _accept(self, read: Read, story: StoryFile, known: Known) -> None:
        key = read.seen.key
        before = self._ledger.known.get(key)
        moved = self._ledger.moved_from(read.digest)
        left = self._ledger.known.get(moved or "")
        if moved and left and moved != key and left.source_id == known.source_id:
            before = left
            self._forget(moved)
        self._keep(key, known)
        self._doubts(key, story)
        if not unchanged(before, known):
            self._draft(key, story, known)

    def _draft(self, key: str, story: StoryFile, known: Known) -> None:
        given = story.stated.given
        if given.language is None and self._terms.language:
            given = replace(given, language=self._terms.language)
        self._add(
            Draft(
                source=self._terms.source,
                source_id=known.source_id,
                kind=story.kind,
                text=story.text,
                given=given,
                base_url=given.url,
                origin=key,
                guid=story.stated.own_id if self._terms.keep_ids else None,
                aliases=_aliases(given),
            )
        )

    def _add(self, draft: Draft) -> None:
        self._gathered.drafts.append(draft)
        self._characters += len(draft.text)

    def _doubts(self, key: str, story: StoryFile) -> None:
        if story.doubts:
            self.troubled(Trouble(key=key, reason="; ".join(story.doubts), warning=True))
        self.settle(key)

    def _bad(self, read: Read) -> None:
        """Not taken: read again when it changes. What it said before stays published."""
        before = self._ledger.known.get(read.seen.key)
        kept: dict[str, str] = {}
        if before and before.state == LIVE:
            kept = {"source_id": before.source_id, "origin": before.origin}
        state = LIVE if kept else BAD
        self._keep(read.seen.key, fingerprint(read.seen, state, **kept))
        if read.trouble:
            self.troubled(read.trouble)

    def _twin(self, key: str, known: Known, owner: str) -> None:
        self._keep(key, replace(known, state=TWIN))
        reason = f"it has the same id as {owner}, which counts: {known.source_id!r}"
        self.troubled(Trouble(key=key, reason=reason, fix="give one of the two another id, or take it away"))

    def _keep(self, key: str, known: Known) -> None:
        self._ledger.set(key, known)
        self._gathered.items[key] = known.dump()
        self._gathered.forget.discard(key)

    def _forget(self, key: str) -> None:
        self._ledger.drop(key)
        self._gathered.items.pop(key, None)
        self._gathered.forget.add(key)
        self.settle(key)


def fingerprint(seen: Seen, state: str, digest: str = "", source_id: str = "", origin: str = "") -> Known:
    """What the ledger keeps of a file."""
    return Known(seen.mtime_ns, seen.ctime_ns, seen.size, state, digest, source_id, origin)


def unchanged(before: Known | None, now: Known) -> bool:
    """The same content under the same id; a story reported missing must be handed in again."""
    if before is None or before.state not in (LIVE, GONE):
        return False
    return (before.digest, before.source_id) == (now.digest, now.source_id)


def _aliases(given: Given) -> tuple[tuple[str, str], ...]:
    return (("url", given.url),) if given.url else ()
