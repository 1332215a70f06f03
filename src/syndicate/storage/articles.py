"""Articles, their identities, revisions, drafts and what operators decided about them."""

from __future__ import annotations

import zlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, delete, func, insert, or_, select, update

from syndicate.errors import NotFound, UsageError
from syndicate.model import Article, Correction, Draft, JournalAction, PubStatus, Story, adapter
from syndicate.storage import schema as s
from syndicate.storage.sql import chunks, insert_new, upsert

FLOOR = "revision_floor"
WENT_BACK = "went_back"
"""The fact when a backup was put here of which nobody knows what came after it."""
"""The fact up to which revisions may have been sent before a restore: of any story, or of one."""


def floor_of(article_id: str) -> str:
    """The fact's name for one story."""
    return f"{FLOOR}:{article_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Withdrawal:
    """One entry of the log of withdrawals; ``by`` is ``operator``, ``source`` or ``clock``."""

    article_id: str
    by: str
    reason: str
    at: datetime
    released: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalRow:
    """One thing that happened to an article. ``seq`` never repeats; ``trace`` follows it in logs."""

    seq: int
    article_id: str
    revision: int
    action: JournalAction
    urgent: bool
    at: datetime
    trace: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RevisionRow:
    """One kept version of an article; ``cause`` is what made it (``source``, ``edit``, ``withdraw`` …)."""

    revision: int
    status: PubStatus
    cause: str
    at: datetime


_COLUMNS = (*s.articles.c, s.revisions.c.story)
_JOINED = s.articles.join(
    s.revisions,
    and_(s.revisions.c.article_id == s.articles.c.id, s.revisions.c.revision == s.articles.c.revision),
)


def _article(row: Any) -> Article:
    return Article(
        id=row.id,
        source=row.source,
        source_id=row.source_id,
        revision=row.revision,
        status=PubStatus(row.status),
        story=adapter(Story).validate_json(row.story),
        published=row.published,
        changed=row.changed,
        first_seen=row.first_seen,
        guid=row.guid,
        hold=row.hold,
        live=row.live_since is not None,
        withdrawn=row.withdrawn,
        reason=row.reason,
    )


class Articles:
    """Everything about stored stories, inside one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._c = connection

    # -- finding ---------------------------------------------------------------

    def get(self, article_id: str) -> Article | None:
        """One article as it stands, or ``None``."""
        row = self._c.execute(
            select(*_COLUMNS).select_from(_JOINED).where(s.articles.c.id == article_id)
        ).first()
        return _article(row) if row else None

    def many(self, ids: Collection[str]) -> dict[str, Article]:
        """Articles by id; those that do not exist are absent."""
        found: dict[str, Article] = {}
        for part in chunks(ids):
            rows = self._c.execute(select(*_COLUMNS).select_from(_JOINED).where(s.articles.c.id.in_(part)))
            found.update((row.id, _article(row)) for row in rows)
        return found

    def named(self, name: str) -> Article:
        """By id, by address or by a unique beginning of the id. Raises NotFound, UsageError."""
        article_id = self.by_identity((("url", name),)) or name
        exact = self.get(article_id)
        if exact:
            return exact
        ids = self._c.execute(
            select(s.articles.c.id).where(s.articles.c.id.startswith(name, autoescape=True)).limit(3)
        ).scalars()
        found = list(ids) if len(name) >= 4 else []
        if len(found) > 1:
            raise UsageError(f"several articles begin with {name!r}", fix="give more of the id")
        if not found:
            raise NotFound(f"there is no article {name!r}", fix="`syndicate articles list` shows them")
        article = self.get(found[0])
        assert article is not None
        return article

    def by_identity(self, identities: Collection[tuple[str, str]]) -> str | None:
        """The article that any of these ``(scheme, value)`` pairs belongs to; the first one given wins."""
        known = self.known(identities)
        return next((known[pair] for pair in identities if pair in known), None)

    def known(self, identities: Collection[tuple[str, str]]) -> dict[tuple[str, str], str]:
        """Which articles these belong to, looked up together; those that belong to none are absent."""
        i = s.identities.c
        found: dict[tuple[str, str], str] = {}
        for part in chunks(identities, 50):
            pairs = [and_(i.scheme == scheme, i.value == value) for scheme, value in part]
            rows = self._c.execute(select(i.scheme, i.value, i.article_id).where(or_(*pairs)))
            found.update({(row.scheme, row.value): row.article_id for row in rows})
        return found

    def identities_of(self, article_id: str) -> list[tuple[str, str]]:
        """All that an article is known by, as ``(scheme, value)``."""
        i = s.identities.c
        rows = self._c.execute(select(i.scheme, i.value).where(i.article_id == article_id))
        return [(row.scheme, row.value) for row in rows]

    def digest_of(self, article_id: str) -> str | None:
        """The digest of the draft the article was last read from."""
        return self._c.execute(
            select(s.articles.c.draft_digest).where(s.articles.c.id == article_id)
        ).scalar()

    def listing(
        self,
        *,
        on_hold: bool = False,
        withdrawn: bool = False,
        status: PubStatus | None = None,
        feed: str | None = None,
        limit: int = 50,
    ) -> list[Article]:
        """Newest first. ``withdrawn``: whatever is not usable, canceled or withheld."""
        query = select(*_COLUMNS).select_from(_JOINED)
        if on_hold:
            query = query.where(s.articles.c.hold.is_not(None))
        if withdrawn:
            query = query.where(s.articles.c.status != PubStatus.USABLE)
        if status:
            query = query.where(s.articles.c.status == status)
        if feed:
            ids = select(s.feed_entries.c.article_id).where(s.feed_entries.c.feed == feed)
            query = query.where(s.articles.c.id.in_(ids))
        query = query.order_by(s.articles.c.published.desc(), s.articles.c.id.desc()).limit(limit)
        return [_article(row) for row in self._c.execute(query)]

    def page(
        self,
        before: tuple[datetime, str] | None,
        limit: int,
        agencies: Collection[str] | None = None,
    ) -> list[Article]:
        """Articles by key, newest first: pass the last one's ``(published, id)`` to go on.

        ``agencies``: only stories credited to one of these, by canonical name.
        """
        query = select(*_COLUMNS).select_from(_JOINED)
        if agencies is not None:
            query = query.where(s.articles.c.agency.in_(list(agencies)))
        if before:
            at, last = before
            a = s.articles.c
            query = query.where(or_(a.published < at, and_(a.published == at, a.id < last)))
        query = query.order_by(s.articles.c.published.desc(), s.articles.c.id.desc()).limit(limit)
        return [_article(row) for row in self._c.execute(query)]

    def recent(self, since: datetime) -> list[tuple[str, int, datetime, datetime]]:
        """``(id, revision, published, changed)`` of usable stories in any feed, published after ``since``."""
        a, e = s.articles.c, s.feed_entries.c
        shown = select(e.feed).where(e.article_id == a.id).exists()
        query = select(a.id, a.revision, a.published, a.changed).where(
            a.published > since, a.status == PubStatus.USABLE, a.live_since.is_not(None), shown
        )
        rows = self._c.execute(query.order_by(a.published.desc(), a.id.desc()))
        return [(row.id, row.revision, row.published, row.changed) for row in rows]

    def revisions(self, article_id: str) -> list[RevisionRow]:
        """The versions of one article that are still kept, oldest first."""
        r = s.revisions.c
        query = select(r.revision, r.status, r.cause, r.at).where(r.article_id == article_id)
        rows = self._c.execute(query.order_by(r.revision))
        return [
            RevisionRow(revision=row.revision, status=PubStatus(row.status), cause=row.cause, at=row.at)
            for row in rows
        ]

    def revision(self, article_id: str, number: int) -> Story | None:
        """What a version held, while it is kept."""
        r = s.revisions.c
        kept = self._c.execute(
            select(r.story).where(r.article_id == article_id, r.revision == number)
        ).scalar()
        return None if kept is None else adapter(Story).validate_json(kept)

    def count_of(self, source: str, limit: int | None = None) -> int:
        """How many articles are a source's; counted up to ``limit``."""
        found = select(s.articles.c.id).where(s.articles.c.source == source).limit(limit).subquery()
        return int(self._c.execute(select(func.count()).select_from(found)).scalar_one())

    def count(self) -> dict[str, int]:
        """How many articles there are, by status; ``on_hold`` beside them."""
        rows = self._c.execute(select(s.articles.c.status, func.count()).group_by(s.articles.c.status))
        held = self._c.execute(select(func.count()).where(s.articles.c.hold.is_not(None))).scalar_one()
        return {**{str(status): int(n) for status, n in rows}, "on_hold": int(held)}

    # -- writing ---------------------------------------------------------------

    def save(self, article: Article, *, draft_digest: str | None, cause: str, at: datetime) -> None:
        """Store an article and its newest revision; an unknown article is created."""
        values = _row(article)
        if draft_digest is not None:
            values["draft_digest"] = draft_digest
        known = self._c.execute(
            update(s.articles).where(s.articles.c.id == article.id).values(**values)
        ).rowcount
        if not known:
            self._c.execute(insert(s.articles).values(id=article.id, **{"draft_digest": "", **values}))
        self._c.execute(
            insert(s.revisions).values(
                article_id=article.id,
                revision=article.revision,
                story=adapter(Story).dump_json(article.story, exclude_defaults=True).decode(),
                status=article.status,
                cause=cause,
                at=at,
            )
        )

    def first_revision(self, article_id: str) -> int:
        """What a story that is not here begins with: 1, or above what was sent of it before a restore."""
        names = (FLOOR, floor_of(article_id))
        floors = self._c.execute(select(s.meta.c.value).where(s.meta.c.key.in_(names))).scalars()
        return max((int(value) for value in floors), default=0) + 1

    def recast(self, article: Article) -> None:
        """Put another content in the place of the newest revision's: only where nobody was sent it."""
        r = s.revisions.c
        story = adapter(Story).dump_json(article.story, exclude_defaults=True).decode()
        where = (r.article_id == article.id, r.revision == article.revision)
        self._c.execute(update(s.revisions).where(*where).values(story=story))
        self._c.execute(update(s.articles).where(s.articles.c.id == article.id).values(**_row(article)))

    def touch(self, article_id: str, *, draft_digest: str) -> None:
        """Remember that a draft was read and changed nothing."""
        self._c.execute(
            update(s.articles).where(s.articles.c.id == article_id).values(draft_digest=draft_digest)
        )

    def set_hold(self, article_id: str, reason: str | None) -> None:
        """Put an article on hold with a reason, or let it go."""
        self._c.execute(update(s.articles).where(s.articles.c.id == article_id).values(hold=reason))

    def set_backfilled(self, article_id: str) -> None:
        """An old story that was filled in: lanes pass it over, unless its receiver was offered it."""
        self._c.execute(update(s.articles).where(s.articles.c.id == article_id).values(backfilled=True))

    def set_live(self, article_id: str, at: datetime) -> None:
        """Note the first publication; later ones do not move it."""
        self._c.execute(
            update(s.articles)
            .where(s.articles.c.id == article_id, s.articles.c.live_since.is_(None))
            .values(live_since=at)
        )

    def identify(self, article_id: str, identities: Collection[tuple[str, str]]) -> None:
        """Remember identities; one that belongs to another article stays with it."""
        rows = [{"scheme": k, "value": v, "article_id": article_id} for k, v in identities]
        insert_new(self._c, s.identities, rows)

    def reidentify(self, article_id: str, to: str) -> None:
        """All that one article is known by names another from now on."""
        i = s.identities.c
        self._c.execute(update(s.identities).where(i.article_id == article_id).values(article_id=to))

    def forget_identities(self, article_id: str, identities: Collection[tuple[str, str]]) -> None:
        """An article is not known by these any more."""
        i = s.identities.c
        for scheme, value in identities:
            where = (i.scheme == scheme, i.value == value, i.article_id == article_id)
            self._c.execute(delete(s.identities).where(*where))

    def hand_over(self, article_id: str, source: str, source_id: str) -> None:
        """Another source's version is the article's own from now on."""
        a = s.articles.c
        owner = {"source": source, "source_id": source_id}
        self._c.execute(update(s.articles).where(a.id == article_id).values(**owner))

    def take_turns(self) -> None:
        """Whoever stores new stories waits here for who does already, up to its commit: two sources that
        bring one story at once are not both the first. (SQLite's writers take turns anyway.)"""
        next_number(self._c, "taking", 0)

    # -- drafts, overrides, corrections, withdrawals ------------------------------

    def keep_draft(self, article_id: str, draft: Draft, at: datetime) -> None:
        """Keep the raw draft, compressed, for a later reading by better rules."""
        raw = zlib.compress(adapter(Draft).dump_json(draft, exclude_defaults=True), 6)
        upsert(self._c, s.drafts, [{"article_id": article_id, "raw": raw, "at": at}])

    def draft(self, article_id: str) -> Draft | None:
        """The newest draft as it came."""
        raw = self._c.execute(select(s.drafts.c.raw).where(s.drafts.c.article_id == article_id)).scalar()
        if raw is None:
            return None
        kept: Draft = adapter(Draft).validate_json(zlib.decompress(raw))
        return kept

    def overrides(self, article_id: str) -> dict[str, Any]:
        """What operators set, by field."""
        rows = self._c.execute(
            select(s.overrides.c.field, s.overrides.c.value).where(s.overrides.c.article_id == article_id)
        )
        return {row.field: row.value for row in rows}

    def override(self, article_id: str, values: Mapping[str, Any], at: datetime) -> None:
        """Set fields lastingly, whatever the source says later."""
        rows = [{"article_id": article_id, "field": k, "value": v, "at": at} for k, v in values.items()]
        upsert(self._c, s.overrides, rows)

    def undo_overrides(self, article_id: str) -> int:
        """Let the source speak again; returns how many fields were released."""
        return self._c.execute(delete(s.overrides).where(s.overrides.c.article_id == article_id)).rowcount

    def corrections(self, article_id: str) -> tuple[Correction, ...]:
        """What operators noted, oldest first."""
        rows = self._c.execute(
            select(s.corrections).where(s.corrections.c.article_id == article_id).order_by(s.corrections.c.id)
        )
        return tuple(Correction(note=row.note, at=row.at) for row in rows)

    def correct(self, article_id: str, note: str, at: datetime) -> None:
        """Add a correction note."""
        self._c.execute(insert(s.corrections).values(article_id=article_id, note=note, at=at))

    def withdraw(self, withdrawal: Withdrawal) -> None:
        """Add to the log of withdrawals."""
        self._c.execute(
            insert(s.withdrawals).values(
                article_id=withdrawal.article_id, by=withdrawal.by, reason=withdrawal.reason, at=withdrawal.at
            )
        )

    def withdrawal(self, article_id: str) -> Withdrawal | None:
        """The withdrawal in force, an operator's before any other, or ``None``."""
        w = s.withdrawals.c
        row = self._c.execute(
            select(s.withdrawals)
            .where(w.article_id == article_id, w.released.is_(None))
            .order_by((w.by == "operator").desc(), w.id.desc())
        ).first()
        if row is None:
            return None
        return Withdrawal(article_id=row.article_id, by=row.by, reason=row.reason, at=row.at)

    def withdrawn_ids(self, limit: int) -> list[str]:
        """The stories whose withdrawal is in force, the newest first."""
        w = s.withdrawals.c
        query = select(w.article_id).where(w.released.is_(None)).order_by(w.at.desc()).limit(limit)
        return list(dict.fromkeys(self._c.execute(query).scalars()))

    def release_withdrawal(self, article_id: str, at: datetime, by: str | None = None) -> int:
        """End the withdrawals in force, or only those ``by`` someone; returns how many."""
        w = s.withdrawals.c
        query = update(s.withdrawals).where(w.article_id == article_id, w.released.is_(None))
        if by:
            query = query.where(w.by == by)
        return self._c.execute(query.values(released=at)).rowcount

    # -- the clock ---------------------------------------------------------------

    def set_due(self, article_id: str, kind: str, at: datetime | None) -> None:
        """What the clock owes of this kind; ``None`` takes it back."""
        if at is None:
            where = (s.due.c.article_id == article_id, s.due.c.kind == kind)
            self._c.execute(delete(s.due).where(*where))
        else:
            upsert(self._c, s.due, [{"article_id": article_id, "kind": kind, "at": at}])

    def due(
        self, now: datetime, limit: int = 200, *, free: datetime | None = None
    ) -> list[tuple[str, str, datetime]]:
        """``(article_id, kind, at)`` of what fell due, oldest first; embargoes up to ``free`` only."""
        query = select(s.due).where(s.due.c.at <= now).order_by(s.due.c.at).limit(limit)
        if free is not None:
            query = query.where(or_(s.due.c.kind != "embargo", s.due.c.at <= free))
        return [(row.article_id, row.kind, row.at) for row in self._c.execute(query)]

    def due_between(
        self, kinds: Collection[str], after: datetime, until: datetime, limit: int = 200
    ) -> list[tuple[str, str, datetime]]:
        """``(article_id, kind, at)`` of what falls due within a time, soonest first."""
        d = s.due.c
        query = select(s.due).where(d.at > after, d.at <= until, d.kind.in_(list(kinds)))
        return [
            (row.article_id, row.kind, row.at) for row in self._c.execute(query.order_by(d.at).limit(limit))
        ]

    def owed(self, article_id: str) -> dict[str, datetime]:
        """What the clock owes one article: kind → when."""
        rows = self._c.execute(select(s.due.c.kind, s.due.c.at).where(s.due.c.article_id == article_id))
        return {row.kind: row.at for row in rows}

    def next_due(self, after: datetime | None = None) -> datetime | None:
        """When the clock owes something next, or next after a moment."""
        query = select(func.min(s.due.c.at))
        return self._c.execute(query if after is None else query.where(s.due.c.at > after)).scalar()


def _row(article: Article) -> dict[str, Any]:
    story = article.story
    return {
        "source": article.source,
        "source_id": article.source_id,
        "revision": article.revision,
        "status": article.status,
        "hold": article.hold,
        "published": article.published,
        "changed": article.changed,
        "first_seen": article.first_seen,
        "guid": article.guid,
        "withdrawn": article.withdrawn,
        "reason": article.reason,
        "headline": story.headline,
        "section": story.section,
        "language": story.language,
        "agency": story.credit.agency,
        "tags": list(story.tags),
        "byline": list(story.byline),
    }


class Journal:
    """The append-only sequence of what happened to articles."""

    def __init__(self, connection: Connection) -> None:
        self._c = connection

    def append(self, article: Article, action: JournalAction, at: datetime, trace: str | None = None) -> int:
        """One row; its number is allotted under a lock held to the commit, so numbers commit in order."""
        seq = next_number(self._c, "journal")
        urgent = action in (JournalAction.CORRECTED, JournalAction.WITHDRAWN)
        self._c.execute(
            insert(s.journal).values(
                seq=seq,
                article_id=article.id,
                revision=article.revision,
                action=action,
                urgent=urgent,
                at=at,
                trace=trace,
            )
        )
        return seq

    def head(self) -> int:
        """The newest number allotted, 0 before the first."""
        value = self._c.execute(select(s.counters.c.value).where(s.counters.c.name == "journal")).scalar()
        return int(value or 0)

    def last_at(self) -> datetime | None:
        """When something was journalled last."""
        return self._c.execute(select(s.journal.c.at).order_by(s.journal.c.seq.desc()).limit(1)).scalar()

    def urgent_head(self) -> int:
        """The newest number of a correction or withdrawal."""
        query = select(func.max(s.journal.c.seq)).where(s.journal.c.urgent.is_(True))
        return int(self._c.execute(query).scalar() or 0)

    def after(self, position: int, limit: int, *, urgent: bool = False) -> list[JournalRow]:
        """Rows after a position in order; only corrections and withdrawals if ``urgent``."""
        query = select(s.journal).where(s.journal.c.seq > position)
        if urgent:
            query = query.where(s.journal.c.urgent.is_(True))
        rows = self._c.execute(query.order_by(s.journal.c.seq).limit(limit))
        return [_journal_row(row) for row in rows]

    def of(self, article_id: str) -> list[JournalRow]:
        """What happened to one article, oldest first."""
        query = select(s.journal).where(s.journal.c.article_id == article_id).order_by(s.journal.c.seq)
        return [_journal_row(row) for row in self._c.execute(query)]

    def position_before(self, at: datetime) -> int:
        """The position whose following rows happened at or after ``at``."""
        query = select(func.max(s.journal.c.seq)).where(s.journal.c.at < at)
        return int(self._c.execute(query).scalar() or 0)


def _journal_row(row: Any) -> JournalRow:
    return JournalRow(
        seq=row.seq,
        article_id=row.article_id,
        revision=row.revision,
        action=JournalAction(row.action),
        urgent=row.urgent,
        at=row.at,
        trace=row.trace,
    )


def next_number(connection: Connection, name: str, count: int = 1) -> int:
    """The last of a counter's next ``count`` numbers. Its row stays locked until the transaction ends."""
    bump = update(s.counters).where(s.counters.c.name == name).values(value=s.counters.c.value + count)
    value = connection.execute(bump.returning(s.counters.c.value)).scalar()
    if value is None:
        # In a database that went back a counter that is not here may have been far.
        floor = connection.execute(select(s.meta.c.value).where(s.meta.c.key == FLOOR)).scalar()
        insert_new(connection, s.counters, [{"name": name, "value": int(floor or 0)}])
        value = connection.execute(bump.returning(s.counters.c.value)).scalar_one()
    return int(value)
