"""The inbox: what senders bring, stored before it is answered, the same way as from any source."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

from syndicate.errors import StoryError
from syndicate.ingest import copies, record
from syndicate.ingest.batch import as_decided, take_one
from syndicate.ingest.inbox_hold import AGAIN, InboxHold
from syndicate.ingest.poll import Ingest, Polled
from syndicate.ingest.recalls import recall
from syndicate.ingest.standing import Standing, Version
from syndicate.ingest.taking import Taken, Taking
from syndicate.model import Article, PubStatus, Reading
from syndicate.site import Site
from syndicate.sources.inbox_story import Fault, NotTaken, Sent
from syndicate.storage import Conduct, SourceConduct, Storage, Transaction
from syndicate.telemetry import metrics, tracing

KEYS_KEPT = timedelta(days=1)
"""How long an ``Idempotency-Key`` is remembered."""
PATH = "/api/v1/articles"
WAITS = 503
"""The status of a story that is to be sent again."""
Body = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Receipt:
    """What is answered: a status of HTTP, and what stands behind it."""

    status: int
    body: Body
    replayed: bool = False


@dataclass(frozen=True, slots=True)
class Request:
    """An ``Idempotency-Key`` and the digest of the request it came with."""

    key: str
    digest: str

    @classmethod
    def of(cls, key: str, *parts: bytes) -> Request:
        """The key with what identifies the request."""
        return cls(key, hashlib.sha256(b"\0".join(parts)).hexdigest())


class Inbox:
    """Takes what senders bring. Everything one request brought is stored in one transaction."""

    def __init__(self, storage: Storage, ingest: Ingest, site: Site, clock: Callable[[], datetime]) -> None:
        self._storage = storage
        self._ingest = ingest
        self._clock = clock
        self._hold = InboxHold()
        self.configure(site)

    def configure(self, site: Site) -> None:
        """Go on under another configuration."""
        self._site = site

    async def put(
        self, source: str, items: Sequence[Sent | NotTaken], request: Request | None, *, many: bool
    ) -> Receipt:
        """Store stories; ``many``: they came as a list, and each has a receipt. Raises StorageError."""
        with tracing.step("receive", source=source):
            return await self._ingest.in_thread(self._put, source, items, request, many)

    async def withdraw(self, source: str, own_id: str, reason: str, request: Request | None) -> Receipt:
        """Take a story back, also one that did not come yet. Raises StorageError."""
        return await self._ingest.in_thread(self._withdraw, source, own_id, reason, request)

    async def look(self, source: str, own_id: str) -> Body | None:
        """How a story stands, ``None`` where there is none of this sender's. Raises StorageError."""
        return await self._ingest.in_thread(self._look, source, own_id)

    # -- in the thread of the sources --------------------------------------------------------

    def _put(
        self, source: str, items: Sequence[Sent | NotTaken], request: Request | None, many: bool
    ) -> Receipt:
        drafts = [item.draft for item in items if isinstance(item, Sent)]
        read = self._ingest.read_drafts(drafts)
        readings = {id(draft): reading for draft, reading in read}
        with self._storage.write() as tx:
            if request and (before := self._before(tx, source, request)):
                return before
            tx.articles.take_turns()
            now, total = self._clock(), Polled()
            conduct = self._hold.conduct(tx, source, self._ingest.taking(source), read, now)
            taking = as_decided(tx, self._ingest.taking(source), source)
            receipts = [self._one(tx, taking, conduct, item, readings, total) for item in items]
            self._hold.as_ever(tx, source, conduct, total.adopted, now)
            made = Receipt(200, {"results": [_listed(r) for r in receipts]}) if many else receipts[0]
            tx.sources.tried(source, now, None)
            if all(receipt.status != WAITS for receipt in receipts):  # or its repetition would wait for ever
                self._remember(tx, source, request, made)
        metrics.stories(source, total)
        return made

    def _withdraw(self, source: str, own_id: str, reason: str, request: Request | None) -> Receipt:
        with self._storage.write() as tx:
            if request and (before := self._before(tx, source, request)):
                return before
            made = self._gone(tx, source, own_id, reason, PubStatus.CANCELED, None)
            tx.sources.tried(source, self._clock(), None)
            self._remember(tx, source, request, made)
        return made

    def _look(self, source: str, own_id: str) -> Body | None:
        with self._storage.read() as tx:
            return self._state(tx, source, own_id)

    def _before(self, tx: Transaction, source: str, request: Request) -> Receipt | None:
        """The answer of before to the same request; a key used for another one is an error."""
        known = tx.sources.answer(source, request.key)
        if known is None:
            return None
        if known.digest != request.digest:
            return refused(
                422,
                Fault(
                    "Idempotency-Key",
                    "the key was used for another request",
                    "use a key once, for one request",
                ),
            )
        return Receipt(known.status, known.body, replayed=True)

    def _remember(self, tx: Transaction, source: str, request: Request | None, made: Receipt) -> None:
        if request is not None:
            now = self._clock()
            tx.sources.forget_answers(now - KEYS_KEPT)
            tx.sources.keep_answer(source, request.key, request.digest, made.status, made.body, now)

    # -- one story -----------------------------------------------------------------------

    def _one(
        self,
        tx: Transaction,
        taking: Taking,
        conduct: SourceConduct | None,
        item: Sent | NotTaken,
        readings: Mapping[int, Reading | StoryError | None],
        total: Polled,
    ) -> Receipt:
        if isinstance(item, NotTaken):
            return refused(422, *item.faults)
        source, own_id = item.draft.source, item.draft.source_id
        known = _known(tx, source, own_id)
        if late := known.late(_version(item)):
            return self._receipt(tx, source, own_id, 200, "ignored", late)
        if item.withdraws:
            reason = item.draft.given.correction or f"its sender says it is {item.withdraws}"
            return self._gone(tx, source, own_id, reason, item.withdraws, item)
        there = self._own(tx, source, own_id) is not None
        if conduct is not None and conduct.state is Conduct.HELD and not there:
            return _waits(conduct)
        taken = take_one(tx, taking, item.draft, readings[id(item.draft)], self._clock(), total)
        if taken is not None and (not taken.article_id or self._own(tx, source, own_id) is None):
            return _left(taken)
        _note(tx, source, own_id, known.after(_version(item)))
        there = there or bool(taken and taken.adopted)  # under another id until now
        made = self._receipt(tx, source, own_id, 200, _result(taken, there=there))
        if taken is not None and taken.copy and (article := self._own(tx, source, own_id)):
            made.body["reason"] = _published_from(article)
        if item.warnings:
            made.body["warnings"] = list(item.warnings)
        waits = made.body["state"] not in ("published", "withdrawn") or "held" in made.body
        known_here = there or made.body["result"] == "copy"
        return Receipt(202 if waits else 200 if known_here else 201, made.body)

    def _gone(
        self,
        tx: Transaction,
        source: str,
        own_id: str,
        reason: str,
        status: PubStatus,
        item: Sent | None,
    ) -> Receipt:
        came = _version(item) if item else Version(withdraws=True)
        _note(tx, source, own_id, _known(tx, source, own_id).after(came))
        article = self._own(tx, source, own_id)
        if article is None:
            words = "nothing came under this id yet; if it does, it stays withdrawn"
            return Receipt(202, {"id": own_id, "state": "unknown", "result": "noted", "reason": words})
        if (copy := tx.copies.get(source, own_id)) is not None:
            copies.gone(tx, copy, self._clock())
            return self._receipt(tx, source, own_id, 200, "noted", _published_from(article))
        taken = recall(tx, self._ingest.taking(source), article, reason, self._clock(), status=status)
        return self._receipt(tx, source, own_id, 200, "unchanged" if taken is None else "withdrawn")

    def _own(self, tx: Transaction, source: str, own_id: str) -> Article | None:
        found = tx.articles.by_identity([(f"id:{source}", own_id)])
        return tx.articles.get(found) if found else None

    def _receipt(
        self, tx: Transaction, source: str, own_id: str, status: int, result: str, reason: str | None = None
    ) -> Receipt:
        state = self._state(tx, source, own_id) or {"id": own_id, "state": "unknown"}
        more = {"reason": reason} if reason else {}
        return Receipt(status, {**state, "result": result, **more})

    def _state(self, tx: Transaction, source: str, own_id: str) -> Body | None:
        """How a story stands: accepted, waiting and why, out and where, withdrawn."""
        article = self._own(tx, source, own_id)
        if article is None:
            return None
        now = self._clock()
        waits = record.waits_until(self._ingest.desk, article, now)
        state = _word(article, waits)
        problem = tx.problems.get(source, own_id)
        withdrawal = tx.articles.withdrawal(article.id)
        reason = article.hold or (withdrawal.reason if withdrawal else None)
        out = article.live and article.status is PubStatus.USABLE
        page = self._site.url(self._site.story_path(article.id))
        known = {
            "id": own_id,
            "article": article.id,
            "state": state,
            "reason": reason if state != "published" else None,
            "until": waits.isoformat() if waits else None,
            "held": problem.reason if problem and state == "published" else None,
            "revision": article.revision,
            "headline": article.story.headline,
            "published": article.published.isoformat() if out else None,
            "updated": article.changed.isoformat() if out else None,
            "url": (article.story.url or page) if out else None,
            "feeds": sorted(tx.feeds.of(article.id)) if out else [],
            "location": f"{PATH}/{quote(own_id, safe='')}",
        }
        return {name: value for name, value in known.items() if value is not None}


def refused(status: int, *faults: Fault) -> Receipt:
    """A receipt that says what was wrong."""
    errors = [
        {k: v for k, v in (("field", f.field), ("detail", f.detail), ("fix", f.fix)) if v} for f in faults
    ]
    detail = "; ".join(fault.detail for fault in faults)
    return Receipt(status, {"result": "refused", "detail": detail, "errors": errors})


def _left(taken: Taken) -> Receipt:
    """Not taken: it cannot be read as a story (422), or it is somebody else's (409)."""
    return refused(409 if taken.article_id else 422, Fault(None, taken.problem or "not taken", taken.fix))


def _waits(conduct: SourceConduct) -> Receipt:
    """The inbox is on hold: what is new by its id is to come again when a person has said how to take it."""
    words = f"this inbox waits for an editor: {conduct.reason}; nothing was stored"
    return refused(WAITS, Fault(None, words, f"send it again in {AGAIN.seconds // 60} minutes"))


def _published_from(article: Article) -> str:
    return f"the version of this story that is out is that of source {article.source!r}"


def _listed(receipt: Receipt) -> Body:
    return {"status": receipt.status, **receipt.body}


def _word(article: Article, waits: datetime | None) -> str:
    if article.status is not PubStatus.USABLE:
        return "embargoed" if waits else "withdrawn"
    if article.hold:
        return "on hold"
    return "published" if article.live else "embargoed"


def _result(taken: Taken | None, *, there: bool) -> str:
    if taken is None or (taken.unchanged and not taken.action):
        return "unchanged"
    if taken.copy:
        return "copy"
    return "updated" if there else "created"


def _known(tx: Transaction, source: str, own_id: str) -> Standing:
    text = tx.sources.standing(source, own_id)
    return Standing.parse(text) if text else Standing()


def _note(tx: Transaction, source: str, own_id: str, known: Standing) -> None:
    tx.sources.keep_standing(source, {own_id: known.dump()})


def _version(item: Sent) -> Version:
    given = item.draft.given
    return Version(item.version, given.updated, given.status, withdraws=item.withdraws is not None)
