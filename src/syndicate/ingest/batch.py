"""What one batch brought, stored in one transaction; what is wrong with it is noted and the rest goes on."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

import structlog

from syndicate.editorial import read
from syndicate.errors import StoryError
from syndicate.ingest import standing
from syndicate.ingest.polled import Polled
from syndicate.ingest.recalls import missing, taken_back
from syndicate.ingest.take import take
from syndicate.ingest.taking import Taken, Taking
from syndicate.model import Draft, Reading
from syndicate.sources.base import Batch, Recall, Trouble
from syndicate.storage import Conduct, Transaction
from syndicate.telemetry import tracing

log = structlog.get_logger(__name__)

Read = tuple[Draft, Reading | StoryError | None]
"""A draft with what was read in it; ``None``: it is known as it is."""


def read_draft(taking: Taking, draft: Draft) -> Reading | StoryError:
    """Read one draft; what is wrong with it is an answer too."""
    try:
        with tracing.step("read", source=draft.source, item=draft.source_id):
            return read(draft, taking.directory, options=taking.reading)
    except StoryError as error:
        return error
    except (ValueError, RecursionError) as error:
        log.exception("reading_failed", source=draft.source, item=draft.source_id)
        return StoryError(f"the story cannot be read: {error}", fix="please report it with the file")


def keep_batch(
    tx: Transaction, taking: Taking, source: str, batch: Batch, readings: Sequence[Read], now: datetime
) -> Polled:
    """Store what a batch brought, and move the source's cursor with it."""
    total = Polled(seen=len(batch.drafts))
    taking = as_decided(tx, taking, source)
    if any(reading is not None for _, reading in readings):
        tx.articles.take_turns()
    tx.problems.settle(source, batch.settled)
    for order in batch.recalls:
        _recall(tx, taking, source, order, now, total)
    for draft, reading in readings:
        if batch.versioned and _late(tx, draft):
            total.unchanged += 1
        else:
            take_one(tx, taking, draft, reading, now, total)
    for source_id in batch.missing:
        total.count(missing(tx, taking, source, source_id, now), source_id)
    _note(tx, source, batch, now, total)
    tx.sources.advance(source, token=batch.token, items=batch.items, forget=batch.forget)
    return total


def as_decided(tx: Transaction, taking: Taking, source: str) -> Taking:
    """What an operator said of known stories that come under new ids."""
    conduct = tx.sources.conduct(source)
    treated = conduct.state if conduct else None
    return replace(taking, adopts=treated is Conduct.SAME, anew=treated is Conduct.NEW)


def take_one(
    tx: Transaction,
    taking: Taking,
    draft: Draft,
    reading: Reading | StoryError | None,
    now: datetime,
    total: Polled,
) -> Taken | None:
    """Store one story, and note what is wrong with it; ``None`` for one that is known as it is."""
    if reading is None:
        total.unchanged += 1
        return None
    trace = secrets.token_hex(16)
    try:
        if isinstance(reading, StoryError):
            raise reading
        with tracing.step("store", trace, source=draft.source, item=draft.source_id):
            taken = take(tx, taking, draft, reading, now=now, trace=trace)
    except StoryError as error:
        taken = Taken(article_id="", problem=error.message, fix=error.fix)
    ref = draft.origin or draft.source_id
    if taken.problem:
        tx.problems.note(draft.source, ref, taken.problem, now, fix=taken.fix)
        log.warning("story_left", source=draft.source, item=ref, reason=taken.problem, trace=trace)
        total.problems += 1
    else:
        tx.problems.settle(draft.source, [ref])
    total.count(taken, ref, trace)
    return taken


def _recall(
    tx: Transaction, taking: Taking, source: str, order: Recall, now: datetime, total: Polled
) -> None:
    """A source takes a story back, also one that did not come yet: then it stays out."""
    came = standing.Version(order.version, order.updated, order.status, withdraws=True)
    if standing.notice(tx, source, (order.source_id,), came):
        total.unchanged += 1
        return
    taken = taken_back(tx, taking, source, order, now)
    total.count(taken, order.source_id)


def _late(tx: Transaction, draft: Draft) -> bool:
    """Whether a newer version is here, or the source took the story back."""
    came = standing.Version(draft.version, draft.given.updated, draft.given.status)
    words = standing.notice(tx, draft.source, standing.names(draft), came)
    if words:
        log.info("version_ignored", source=draft.source, item=draft.source_id, reason=words)
    return words is not None


def _note(tx: Transaction, source: str, batch: Batch, now: datetime, total: Polled) -> None:
    for trouble in batch.troubles:
        fresh = tx.problems.note(
            source, trouble.key, trouble.reason, now, fix=trouble.fix, warning=trouble.warning
        )
        total.problems += not trouble.warning
        if fresh:
            _tell(source, trouble)


def _tell(source: str, trouble: Trouble) -> None:
    log.warning("item_trouble", source=source, item=trouble.key, reason=trouble.reason, fix=trouble.fix)
