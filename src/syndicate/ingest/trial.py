"""Asking a source once to see what it brings: everything is done as ever, and then undone."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime

from syndicate.errors import SourceError, StoryError
from syndicate.ingest import reissue, standing
from syndicate.ingest.desk import differences
from syndicate.ingest.poll import Ingest
from syndicate.ingest.recalls import taken_back
from syndicate.ingest.take import take
from syndicate.ingest.taking import Taken, Taking
from syndicate.model import Article, Draft, JournalAction, PubStatus, Reading
from syndicate.sources.base import Batch, Cursor, Recall, Source, Trouble
from syndicate.storage import Storage, Transaction

AT_MOST = 200
"""Stories that are looked at."""
_WORDS = {
    JournalAction.PUBLISHED: "new",
    JournalAction.UPDATED: "changed",
    JournalAction.CORRECTED: "corrected",
    JournalAction.WITHDRAWN: "withdrawn",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What would become of one story.

    ``what``: ``new``, ``changed``, ``corrected``, ``withdrawn``, ``unchanged``, ``copy``, ``on hold``,
    ``waits`` (for its date or embargo), ``left out``, or ``kept out`` (its source takes back what
    never came: it stays out). ``fields``: what would change.
    """

    source_id: str
    origin: str
    headline: str | None
    what: str
    why: str | None = None
    fix: str | None = None
    published: datetime | None = None
    fields: tuple[str, ...] = ()


@dataclass
class Trial:
    """What a source brought. ``more``: there is more than was looked at; ``hold``: why it would be put
    on hold; ``error`` and ``fix``: why it could not be read."""

    verdicts: list[Verdict] = field(default_factory=list)
    troubles: list[Trouble] = field(default_factory=list)
    missing: int = 0
    more: bool = False
    hold: str | None = None
    error: str | None = None
    fix: str | None = None


class _UndoError(Exception):
    """Ends a transaction that is not to be kept."""


async def attempt(storage: Storage, ingest: Ingest, source: Source, now: datetime) -> Trial:
    """Fetch everything the source shows now, as if it were asked for the first time. Stores nothing."""
    trial, batches = Trial(), []
    count = 0
    try:
        async for batch in source.fetch(Cursor()):
            batches.append(batch)
            count += len(batch.drafts)
            if count > AT_MOST:
                trial.more = True
                break
    except SourceError as error:
        trial.error, trial.fix = error.message, error.fix
    trial.troubles = [trouble for batch in batches for trouble in batch.troubles]
    trial.missing = sum(len(batch.missing) for batch in batches)
    await ingest.in_thread(_judge, storage, ingest, source.name, batches, now, trial)
    return trial


def _judge(
    storage: Storage, ingest: Ingest, name: str, batches: Sequence[Batch], now: datetime, trial: Trial
) -> None:
    drafts = [draft for batch in batches for draft in batch.drafts][:AT_MOST]
    readings = ingest.read_drafts(drafts)
    taking = ingest.taking(name)
    with suppress(_UndoError), storage.write() as tx:
        read = [(d, r) for d, r in readings if isinstance(r, Reading)]
        trial.hold = reissue.look(tx, taking.options, read, taking.house.language, reissue.Tally())
        known = {id(draft): (draft, reading) for draft, reading in readings}
        for batch in batches:  # in their order, as they are stored
            for order in batch.recalls[:AT_MOST]:
                trial.verdicts.append(_recalled(tx, taking, name, order, now))
            for draft, reading in (known[id(d)] for d in batch.drafts if id(d) in known):
                late = _late(tx, draft) if batch.versioned else None
                trial.verdicts.append(late or _verdict(tx, taking, draft, reading, now))
        raise _UndoError


def _recalled(tx: Transaction, taking: Taking, name: str, order: Recall, now: datetime) -> Verdict:
    """A kill or a withdrawal that the source brings by itself."""
    copy = tx.copies.get(name, order.source_id)
    known = copy.article_id if copy else tx.articles.by_identity([(f"id:{name}", order.source_id)])
    before = tx.articles.get(known) if known else None
    plain = Verdict(
        source_id=order.source_id,
        origin=order.source_id,
        headline=before.story.headline if before else None,
        what="unchanged",
        published=before.published if before else None,
    )
    came = standing.Version(order.version, order.updated, order.status, withdraws=True)
    if late := standing.notice(tx, name, (order.source_id,), came):
        return replace(plain, why=late)
    if before is None:
        return replace(plain, what="kept out", why=f"{order.reason}; it is not here, and stays out")
    taken = taken_back(tx, taking, name, order, now)
    if taken is None or not taken.action:
        whose = (
            f"the version that is out is source {before.source!r}'s" if copy else "it is withdrawn already"
        )
        return replace(plain, why=whose)
    return replace(plain, what=_WORDS.get(taken.action, str(taken.action)), why=order.reason)


def _late(tx: Transaction, draft: Draft) -> Verdict | None:
    """A version that a newer one, or a withdrawal, came before."""
    came = standing.Version(draft.version, draft.given.updated, draft.given.status)
    why = standing.notice(tx, draft.source, standing.names(draft), came)
    if why is None:
        return None
    return Verdict(
        source_id=draft.source_id,
        origin=draft.origin or draft.source_id,
        headline=draft.given.headline,
        what="unchanged",
        why=why,
        published=draft.given.published,
    )


def _verdict(
    tx: Transaction, taking: Taking, draft: Draft, reading: Reading | StoryError | None, now: datetime
) -> Verdict:
    headline = draft.given.headline or (reading.headline if isinstance(reading, Reading) else None)
    plain = Verdict(
        source_id=draft.source_id,
        origin=draft.origin or draft.source_id,
        headline=headline,
        what="unchanged",
        published=draft.given.published,
    )
    if reading is None:
        return plain
    if isinstance(reading, StoryError):
        return replace(plain, what="left out", why=reading.message, fix=reading.fix)
    known = tx.articles.by_identity([(f"id:{draft.source}", draft.source_id)])
    before = tx.articles.get(known) if known else None
    try:
        taken = take(tx, taking, draft, reading, now=now)
    except StoryError as error:
        return replace(plain, what="left out", why=error.message, fix=error.fix)
    return _told(plain, taken, before, tx.articles.get(taken.article_id))


def _told(plain: Verdict, taken: Taken, before: Article | None, after: Article | None) -> Verdict:
    if taken.held:
        return replace(plain, what="on hold", why=taken.held, fix=taken.fix)
    if taken.problem:
        return replace(plain, what="left out", why=taken.problem, fix=taken.fix)
    if taken.copy and not taken.action:
        whose = f"the version that is out is source {after.source!r}'s" if after else None
        return replace(plain, what="unchanged" if taken.unchanged else "copy", why=whose)
    fields = tuple(differences(before.story, after.story)) if before and after else ()
    if taken.action:
        return replace(plain, what=_WORDS.get(taken.action, str(taken.action)), fields=fields)
    if after is not None and before is None and not after.live:
        return replace(plain, what="waits", why=_waits(after))
    return plain if not fields else replace(plain, what="changed", fields=fields)


def _waits(article: Article) -> str:
    if article.status is not PubStatus.USABLE:
        return f"its source says it is {article.status}"
    until = max(filter(None, (article.published, article.story.embargo)))
    return f"not before {until:%Y-%m-%d %H:%M} UTC"
