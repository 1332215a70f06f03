"""The protocol every source keeps."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol, runtime_checkable

from syndicate.model import Draft, PubStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class Cursor:
    """Where a source stood: an opaque ``token`` and one fingerprint an item.

    ``items`` maps an item's key (a path, an address) to whatever text the
    source wants to see again at the next fetch; it must not be changed.
    """

    token: str | None = None
    items: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """An item that could not be taken: its key, why, and what to do about it.

    ``warning`` is true where the item was taken all the same.
    """

    key: str
    reason: str
    fix: str | None = None
    warning: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Recall:
    """The source takes a story back, also one that never came: by its own id there.

    ``version`` and ``updated`` are those of the delivery that said so;
    ``reason`` is for partners and the log.
    """

    source_id: str
    reason: str
    status: PubStatus = PubStatus.CANCELED
    version: int | None = None
    updated: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """A part of what a fetch found; stored in one transaction with its cursor changes.

    ``items`` are fingerprints to set, ``forget`` keys to drop, ``missing`` the
    source's own ids of stories that disappeared (acted on only where the
    source's options say so). ``settled`` are keys whose earlier trouble is over.
    ``token`` replaces the cursor's token unless it is ``None``.
    ``recalls`` are stories that the source takes back. Where the drafts are
    ``versioned`` an older version after a newer one changes nothing, and what
    was recalled stays out until a newer one comes.
    """

    drafts: tuple[Draft, ...] = ()
    items: Mapping[str, str] = field(default_factory=dict)
    forget: frozenset[str] = frozenset()
    missing: frozenset[str] = frozenset()
    troubles: tuple[Trouble, ...] = ()
    settled: frozenset[str] = frozenset()
    token: str | None = None
    recalls: tuple[Recall, ...] = ()
    versioned: bool = False


class Source(Protocol):
    """One configured source. Fetching twice from the same cursor gives the same drafts.

    A source may have further methods, which the application looks for:
    ``unsettled()``, after a fetch: the seconds until a further look is worth
    while (``None``: at the usual time). ``waiting()``: the seconds until it may
    be asked again (``None``: now); it is not asked before, and nothing is read.
    ``hurry()``: an operator wants it asked at the next fetch all the same.
    """

    name: str

    def fetch(self, cursor: Cursor, hints: Collection[str] = ()) -> AsyncIterator[Batch]:
        """Yield what is new or changed since ``cursor``, in batches of bounded size.

        ``hints`` are keys known to have changed (from a file watch): where
        given, only these are looked at. Raises SourceError where nothing
        could be read at all; trouble with one item goes into the batch.
        """
        ...


@runtime_checkable
class Backfilling(Protocol):
    """A source that can go back in time."""

    name: str

    def backfill(self, since: datetime, cursor: str | None) -> AsyncIterator[Batch]:
        """Yield what was published since then and is not shown to ``fetch`` any more, in bounded batches.

        ``cursor`` is the ``token`` of the last batch that was stored, to go on
        from there; ``None``: from the beginning. Older and younger stories may
        be among them, and known ones: whoever asks leaves them alone. ``items``
        of a batch are fingerprints as ``fetch`` sets them. Raises SourceError.
        """
        ...
