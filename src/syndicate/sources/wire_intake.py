"""What the files of a wire mean: versions of items to take, and items to take back. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property

import orjson

from syndicate.model import Draft, Given, InputKind, PubStatus
from syndicate.sources.base import Batch, Recall, Trouble
from syndicate.sources.folder_intake import Intake, Read, Terms, fingerprint, unchanged
from syndicate.sources.folder_ledger import LIVE, Known, Ledger
from syndicate.sources.wire_item import Wire, WireItem


@dataclass(frozen=True, slots=True, kw_only=True)
class WireTerms:
    """What the settings say about a wire. ``original``: an item's address is the agency's story."""

    folder: Terms
    original: bool = True


class WireIntake(Intake):
    """An intake for files that hold several items, and for items that stand in several files.

    A file's fingerprint names the items it holds. Which version of an item
    counts is not decided by files: the stories themselves know the newest.
    """

    def __init__(self, terms: WireTerms, ledger: Ledger, now: float) -> None:
        super().__init__(terms.folder, ledger, now)
        self._wire = terms
        self._recalls: list[Recall] = []

    def batch(self) -> Batch | None:
        """What was gathered since the last one, or ``None``."""
        made, recalls = super().batch(), tuple(self._recalls)
        self._recalls = []
        return replace(made, recalls=recalls, versioned=True) if made else None

    def take(self, read: Read) -> None:
        """One file that was read."""
        if read.wire is None:
            self._bad(read)
            return
        key = read.seen.key
        ids = [item.own_id or key for item in read.wire.items]
        known = fingerprint(read.seen, LIVE, digest=read.digest, source_id=orjson.dumps(ids).decode())
        before = self._ledger.known.get(key)
        moved = self._ledger.moved_from(read.digest)
        if moved and moved != key:
            before = self._ledger.known[moved]
            self._forget(moved)
        self._keep(key, known)
        self._told(key, read.wire)
        if not unchanged(before, known):
            self._hand_in(key, read.wire)

    def _hand_in(self, key: str, wire: Wire) -> None:
        for item in wire.items:
            if item.status is PubStatus.USABLE:
                self._add(self._draft_of(key, item, alone=len(wire.items) == 1))
            else:
                self._recalls += _recalls(item)
        for source_id in wire.kills:
            self._recalls.append(Recall(source_id=source_id, reason=_REASON[PubStatus.CANCELED]))

    def _draft_of(self, key: str, item: WireItem, *, alone: bool) -> Draft:
        own_id = item.own_id or key
        given = self._given(item)
        names = [(f"id:{self._terms.source}", other) for other in item.also]
        if given.url:
            names.append(("url", given.url))
        return Draft(
            source=self._terms.source,
            source_id=own_id,
            kind=InputKind.HTML,
            text=item.body,
            given=given,
            base_url=given.url or given.original_url,
            origin=key if alone else f"{key}#{own_id}",
            guid=item.own_id if self._terms.keep_ids else None,
            aliases=tuple(names),
            version=item.version,
        )

    def _given(self, item: WireItem) -> Given:
        given = replace(item.given, language=item.given.language or self._terms.language)
        if self._wire.original and given.url:
            given = replace(given, url=None, original_url=given.original_url or given.url)
        return given

    def _told(self, key: str, wire: Wire) -> None:
        """What could not be taken out of a file, else what was doubtful."""
        self.settle(key)
        doubts = [doubt for item in wire.items for doubt in item.doubts]
        if wire.refused:
            reason = "; ".join(wire.refused)[:2_000]
            self.troubled(Trouble(key=key, reason=reason, fix="ask the agency to send it again"))
        elif doubts:
            self.troubled(Trouble(key=key, reason="; ".join(dict.fromkeys(doubts))[:2_000], warning=True))

    def _is_elsewhere(self, known: Known) -> bool:  # noqa: ARG002 - items are, not files: see _lost_with
        return False

    def _lost_with(self, known: Known) -> Iterable[str]:
        """Of a vanished file's items those that no other file holds."""
        return (own_id for own_id in _ids(known) if own_id not in self._held)

    @cached_property
    def _held(self) -> frozenset[str]:
        """All items in files that are there, as this look found them."""
        return frozenset(i for k in self._ledger.known.values() if k.state == LIVE for i in _ids(k))


_REASON = {
    PubStatus.CANCELED: "the agency withdrew it",
    PubStatus.WITHHELD: "the agency holds it back",
}
"""Notes to editors say more, and are not for partners or readers: they may repeat the libel."""


def _recalls(item: WireItem) -> Iterator[Recall]:
    for own_id in (item.own_id, *item.also):
        if own_id:
            yield Recall(
                source_id=own_id,
                reason=_REASON[item.status],
                status=item.status,
                version=item.version,
                updated=item.given.updated,
            )


def _ids(known: Known) -> list[str]:
    try:
        ids: list[str] = orjson.loads(known.source_id) if known.source_id else []
    except orjson.JSONDecodeError:
        return []
    return ids
