"""One story into the database: what changed, what that is called, and what the clock owes.

Everything here runs inside the caller's transaction, so that article,
revision, journal row and cursor are stored together or not at all.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from syndicate.config import Feed
from syndicate.config.ends import End
from syndicate.editorial.rights import rights_end, without_ended
from syndicate.ingest import comments, related, returns, translations
from syndicate.ingest.membership import matches
from syndicate.model import URGENT_ACTIONS, Article, JournalAction, NoticeKind, PubStatus, Story
from syndicate.storage import Place, Transaction, Withdrawal

EMBARGO, EXPIRY, PICTURE, TOMBSTONE = "embargo", "expiry", "picture", "tombstone"
TRANSLATION, RELATED, TERMS = "translation", "related", "terms"
_OWN_CAUSES = frozenset({"clock", "reread", TRANSLATION, RELATED})
"""Changes that nobody made by looking at the story."""
_A_SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """What recording needs to know of the house: its feeds, when they end, how long notices stay.

    ``free``: up to when embargoes may lift, where the clock is in doubt earlier
    than now (see ``timekeeping``).
    """

    feeds: Mapping[str, Feed]
    tombstone: timedelta
    free: Callable[[], datetime] | None = None
    ends: Mapping[str, End] = field(default_factory=dict)

    def free_until(self, now: datetime) -> datetime:
        """Embargoes that end up to this moment may lift."""
        return min(now, self.free()) if self.free else now

    def takes(self, slug: str, now: datetime) -> bool:
        """Whether a feed takes new stories; one that has ended does not (rule H7)."""
        end = self.ends.get(slug)
        return end is None or now < end.closes


def first(
    tx: Transaction,
    desk: Desk,
    article: Article,
    *,
    digest: str | None,
    now: datetime,
    trace: str | None = None,
    known_as: Collection[tuple[str, str]] = (),
    quiet: bool = False,
) -> JournalAction | None:
    """Store a story nobody has seen yet; published at once unless held, embargoed or not usable.

    ``known_as`` are its identities: others may have named it before it came.
    ``quiet``: an old one that is filled in, of which no receiver is told.
    """
    article = replace(
        article,
        story=_with_related(tx, article, article.story),
        revision=tx.articles.first_revision(article.id),
    )
    tx.articles.save(article, draft_digest=digest, cause="source", at=now)
    tx.articles.identify(article.id, known_as)
    related.keep(tx, article, None)
    _owe(tx, desk, article, now)
    if quiet:
        tx.articles.set_backfilled(article.id)
    action = publish_if_free(tx, desk, article, now, trace, quiet=quiet)
    if action is None:
        _tell_related(tx, desk, article, now)  # named by its address before: not until it is out
    return action


def publish_if_free(
    tx: Transaction,
    desk: Desk,
    article: Article,
    now: datetime,
    trace: str | None = None,
    *,
    quiet: bool = False,
) -> JournalAction | None:
    """Journal the first publication of a story, if nothing stands against it.

    ``quiet``: hubs are not told, and stories that name it learn of it when they change themselves.
    """
    if article.live or article.hold or article.status is not PubStatus.USABLE:
        return None
    if under_embargo(desk, article.story, now) or article.published > desk.free_until(now):
        return None
    if is_over(article.story, now):
        return None  # the clock withdraws it, and nobody ever saw it
    tx.articles.set_live(article.id, now)
    out = replace(article, live=True)
    action = _announce(tx, desk, out, JournalAction.PUBLISHED, now, trace, push=not quiet)
    if not quiet:
        _tell(tx, desk, out, action, now)
    return action


def under_embargo(desk: Desk, story: Story, now: datetime) -> bool:
    """Whether a story must not be shown yet."""
    return story.embargo is not None and story.embargo > desk.free_until(now)


def waits_until(desk: Desk, article: Article, now: datetime) -> datetime | None:
    """Until when a story must wait for its embargo or its date, ``None`` where it need not."""
    frees = max(
        filter(None, (article.story.embargo, None if article.live else article.published)), default=None
    )
    return frees if frees is not None and frees > desk.free_until(now) else None


def is_over(story: Story, now: datetime) -> bool:
    """Whether a story must not be shown any more."""
    return story.expires is not None and story.expires <= now


def hold_back(
    tx: Transaction,
    desk: Desk,
    before: Article,
    story: Story,
    *,
    digest: str,
    now: datetime,
    trace: str | None = None,
) -> JournalAction | None:
    """A story that is out came under an embargo: it is withheld, and goes out again when that ends.

    Whoever was offered it is told. What changes until then is kept under the
    revision that receivers hold the withdrawal under, so that nobody sees it.
    """
    held = replace(before, story=story)
    if before.status is PubStatus.USABLE:
        reason = f"under embargo until {story.embargo:%Y-%m-%dT%H:%M:%SZ}"
        action = withdraw(
            tx, desk, held, by=EMBARGO, reason=reason, now=now, status=PubStatus.WITHHELD, trace=trace
        )
    else:
        action = None
        tx.articles.release_withdrawal(before.id, now)
        tx.articles.recast(held)
        related.keep(tx, held, before.story)
        _stay_withheld(tx, held, now)
    tx.articles.touch(before.id, draft_digest=digest)
    tx.articles.set_due(before.id, EMBARGO, story.embargo)
    return action


def _stay_withheld(tx: Transaction, article: Article, now: datetime) -> None:
    """The withdrawal that receivers hold goes on, as the embargo's."""
    reason = article.reason or "under embargo"
    tx.articles.withdraw(Withdrawal(article_id=article.id, by=EMBARGO, reason=reason, at=now))
    tx.articles.set_due(article.id, EMBARGO, article.story.embargo)


def is_recalled(tx: Transaction, article: Article) -> bool:
    """Whether a story was withdrawn, and not only put under an embargo."""
    if article.status is PubStatus.USABLE:
        return False
    withdrawal = tx.articles.withdrawal(article.id)
    return withdrawal is None or withdrawal.by != EMBARGO


def revise(
    tx: Transaction,
    desk: Desk,
    before: Article,
    story: Story,
    *,
    cause: str,
    now: datetime,
    hold: str | None = None,
    digest: str | None = None,
    at: datetime | None = None,
    trace: str | None = None,
) -> JournalAction | None:
    """Store a new revision of a story, if anything in it changed.

    ``at``: when the source says it changed; used unless it is in the future or
    not after the last change (the time of change never runs backwards, rule X3).
    """
    recalled = before.live and before.status is not PubStatus.USABLE
    story = story if recalled else _with_related(tx, before, story)
    if not recalled and before.live and hold == before.hold and comments.only_counted(before.story, story):
        _count(tx, before, story, digest, now)
        return None
    if recalled or (story == before.story and hold == before.hold):
        # Receivers hold the withdrawal under this revision; a release makes the next one.
        if digest is not None:
            tx.articles.touch(before.id, draft_digest=digest)
        return None
    waits = not before.live and before.published > now  # edits before its time leave no trace
    changed = before.published if waits else _changed(before, at, now)
    after = replace(before, story=story, revision=before.revision + 1, changed=changed, hold=hold)
    tx.articles.save(after, draft_digest=digest, cause=cause, at=now)
    related.keep(tx, after, before.story)
    _owe(tx, desk, after, now)
    if not before.live:
        return publish_if_free(tx, desk, after, now, trace)
    new = set(story.corrections) - set(before.story.corrections)
    corrected = any(note.kind is NoticeKind.CORRECTION for note in new)
    lost = cause in (TRANSLATION, RELATED) and _names_less(before.story, after.story)
    action = JournalAction.CORRECTED if corrected or lost else JournalAction.UPDATED
    seen = _announce(tx, desk, after, action, now, trace, lift=corrected or not lost)
    if cause not in (TRANSLATION, RELATED):
        _tell(tx, desk, after, action, now, looked_at=cause not in _OWN_CAUSES)
    return seen


def _names_less(before: Story, after: Story) -> bool:
    """Whether a story stopped naming another: that one was taken back, and its title and link with it."""
    related_before, related_after = ({(r.article_id, r.url) for r in s.related} for s in (before, after))
    told_before, told_after = ({t.article_id for t in s.translations} for s in (before, after))
    return bool(related_before - related_after or told_before - told_after)


def _count(tx: Transaction, before: Article, story: Story, digest: str | None, now: datetime) -> None:
    """How many comments there are is no news: it is kept for the next time the feeds are built,
    tells no receiver, and leaves the story's own dates alone."""
    if comments.worth_keeping(before.story, story):
        counted = replace(before, story=story, revision=before.revision + 1)
        tx.articles.save(counted, draft_digest=digest, cause="comments", at=now)
    elif digest is not None:
        tx.articles.touch(before.id, draft_digest=digest)


def republish(
    tx: Transaction, desk: Desk, before: Article, story: Story, *, narrower: bool, now: datetime
) -> JournalAction:
    """A new revision because the terms changed under which a published story goes out.

    ``narrower``: receivers hold more than they may; it goes, as a correction does, to everyone who was
    ever offered the story.
    """
    after = replace(before, story=story, revision=before.revision + 1, changed=_changed(before, None, now))
    tx.articles.save(after, draft_digest=None, cause=TERMS, at=now)
    _owe(tx, desk, after, now)
    action = JournalAction.CORRECTED if narrower else JournalAction.UPDATED
    return _announce(tx, desk, after, action, now, None)


def withdraw(
    tx: Transaction,
    desk: Desk,
    before: Article,
    *,
    by: str,
    reason: str,
    now: datetime,
    status: PubStatus = PubStatus.CANCELED,
    trace: str | None = None,
) -> JournalAction | None:
    """Take a story back. It keeps its id and its place; a notice stands in its stead for a time."""
    tx.articles.withdraw(Withdrawal(article_id=before.id, by=by, reason=reason, at=now))
    if before.status is not PubStatus.USABLE:
        return None
    returns.remember(tx, before)
    after = replace(
        before,
        status=status,
        revision=before.revision + 1,
        changed=_changed(before, None, now),
        withdrawn=now,
        reason=reason,
    )
    tx.articles.save(after, draft_digest=None, cause="withdraw", at=now)
    for kind in (EMBARGO, EXPIRY, PICTURE):
        tx.articles.set_due(after.id, kind, None)
    if not before.live:
        return None
    tx.articles.set_due(after.id, TOMBSTONE, now + desk.tombstone)
    action = _announce(tx, desk, after, JournalAction.WITHDRAWN, now, trace)
    _tell(tx, desk, after, action, now)
    return action


def restore(
    tx: Transaction,
    desk: Desk,
    before: Article,
    *,
    now: datetime,
    by: str | None = None,
    trace: str | None = None,
) -> JournalAction | None:
    """End a withdrawal (only those ``by`` someone, if given) and let a story on hold go.

    One that is under an embargo meanwhile stays withheld until that ends.
    """
    tx.articles.release_withdrawal(before.id, now, by)
    if tx.articles.withdrawal(before.id) is not None:
        return None
    if before.live and before.status is not PubStatus.USABLE and under_embargo(desk, before.story, now):
        tx.articles.recast(before)
        _stay_withheld(tx, before, now)
        return None
    if before.status is PubStatus.USABLE:
        tx.articles.set_hold(before.id, None)
        return publish_if_free(tx, desk, replace(before, hold=None), now, trace)
    after = replace(
        before,
        status=PubStatus.USABLE,
        story=_with_related(tx, before, before.story),
        revision=before.revision + 1,
        changed=_changed(before, None, now),
        withdrawn=None,
        reason=None,
        hold=None,
    )
    tx.articles.save(after, draft_digest=None, cause="release", at=now)
    tx.articles.set_due(after.id, TOMBSTONE, None)
    tx.articles.set_due(after.id, EMBARGO, None)
    _owe(tx, desk, after, now)
    if not before.live:
        return publish_if_free(tx, desk, after, now, trace)
    action = _announce(tx, desk, after, JournalAction.UPDATED, now, trace)
    _tell(tx, desk, after, action, now)
    return action


def relate_again(tx: Transaction, desk: Desk, article: Article, now: datetime) -> JournalAction | None:
    """Bring what a story shows as related in line with what is out: after a backup was restored."""
    at = _apart(article, now)
    return revise(tx, desk, article, article.story, cause=RELATED, now=now, at=at, hold=article.hold)


def fall_due(tx: Transaction, desk: Desk, now: datetime) -> list[tuple[str, JournalAction]]:
    """What the clock owes becomes journal rows: embargoes, expiries, pictures, tombstones."""
    done: list[tuple[str, JournalAction]] = []
    for article_id, kind, _ in tx.articles.due(now, free=desk.free_until(now)):
        tx.articles.set_due(article_id, kind, None)
        article = tx.articles.get(article_id)
        action = _fall_due(tx, desk, article, kind, now) if article else None
        if action:
            done.append((article_id, action))
    return done


def _fall_due(
    tx: Transaction, desk: Desk, article: Article, kind: str, now: datetime
) -> JournalAction | None:
    if kind == EMBARGO and not article.live:
        return publish_if_free(tx, desk, article, now)
    if kind == EMBARGO:
        return _embargo_ends(tx, desk, article, now)
    if kind == EXPIRY:
        return withdraw(tx, desk, article, by="clock", reason="its time was up", now=now)
    if kind == PICTURE:
        left = without_ended(article.story, now)
        tx.articles.set_due(article.id, PICTURE, rights_end(left))
        return revise(tx, desk, article, left, cause="clock", now=now, hold=article.hold)
    if article.status is PubStatus.USABLE:
        return None
    return _announce(tx, desk, article, JournalAction.LAPSED, now, None)


def _embargo_ends(tx: Transaction, desk: Desk, article: Article, now: datetime) -> JournalAction | None:
    """A story that was withheld for an embargo goes out again, unless somebody else withdrew it."""
    if is_over(article.story, now):
        ended = Withdrawal(article_id=article.id, by="clock", reason="its time was up", at=now)
        tx.articles.withdraw(ended)
    if article.status is PubStatus.USABLE:
        return None
    return restore(tx, desk, article, now=now, by=EMBARGO)


def _announce(
    tx: Transaction,
    desk: Desk,
    article: Article,
    action: JournalAction,
    now: datetime,
    trace: str | None,
    *,
    push: bool = True,
    lift: bool = True,
) -> JournalAction:
    """One journal row, the story's place in its feeds, and which feeds that touches.

    ``lift``: an older story that was corrected or taken back is shown anew.
    """
    seq = tx.journal.append(article, action, now, trace)
    touched = tx.feeds.of(article.id)
    if action is JournalAction.LAPSED:
        tx.feeds.remove(article.id)
    elif action is not JournalAction.WITHDRAWN:  # a withdrawn story keeps its places for the notice
        touched |= _place(tx, desk, article, touched, now)
    if lift and action in URGENT_ACTIONS:
        _recall(tx, desk, article, now)
    tx.archives.touch(article.id, seq)
    tx.documents.drop_outdated([article.id])
    tx.feeds.touch(touched, seq, push=push and action is not JournalAction.LAPSED)
    return action


def _with_related(tx: Transaction, article: Article, story: Story) -> Story:
    seen = related.shown(tx, article, story) if story.relates_to else ()
    return story if seen == story.related else replace(story, related=seen)


def _tell(
    tx: Transaction,
    desk: Desk,
    article: Article,
    action: JournalAction,
    now: datetime,
    *,
    looked_at: bool = True,
) -> None:
    """Whoever names the story hears of it: its translations, and what it is related to."""
    _tell_translations(tx, desk, article, action, now, looked_at=looked_at)
    _tell_related(tx, desk, article, now)


def _tell_related(tx: Transaction, desk: Desk, article: Article, now: datetime) -> None:
    for other in related.naming(tx, article):
        relate_again(tx, desk, other, now)


def _tell_translations(
    tx: Transaction,
    desk: Desk,
    article: Article,
    action: JournalAction,
    now: datetime,
    *,
    looked_at: bool = True,
) -> None:
    """Stories in several languages name those that are out; operators hear what else may need mending.

    ``looked_at``: somebody, or the source, made the change.
    """
    asked = looked_at and translations.answered(tx, article.id)
    members = translations.family(tx, article)
    if len(members) < 2 and not article.story.translations:
        return
    if action in URGENT_ACTIONS and not asked:
        translations.ask(tx, article, action, members, now)
    for member in tx.articles.many([m.id for m in members]).values():
        wanted = translations.wanted(member, members)
        if member.status is PubStatus.USABLE and wanted != member.story.translations:
            told = replace(member.story, translations=wanted)
            at = _apart(member, now)
            revise(tx, desk, member, told, cause=TRANSLATION, now=now, at=at, hold=member.hold)


def _place(tx: Transaction, desk: Desk, article: Article, known: set[str], now: datetime) -> set[str]:
    """Put a live story into the feeds it matches, and take it out of the others."""
    wanted = {slug for slug, feed in desk.feeds.items() if matches(feed, article.story, article.source)}
    tx.feeds.remove(article.id, (known - wanted) & set(desk.feeds))
    wanted = {slug for slug in wanted if slug in known or desk.takes(slug, now)}
    for slug in wanted - known:
        tx.feeds.add(slug, [Place(article_id=article.id, sort_at=article.published)])
    return wanted


def _recall(tx: Transaction, desk: Desk, article: Article, now: datetime) -> None:
    """An older story that was corrected or withdrawn re-enters the window, or nobody sees it."""
    for slug in tx.feeds.of(article.id) & set(desk.feeds):
        floor, place = tx.feeds.floor(slug, desk.feeds[slug].limit), tx.feeds.place(slug, article.id)
        if floor and place and place < floor:
            tx.feeds.raise_to(slug, article.id, now)


def _owe(tx: Transaction, desk: Desk, article: Article, now: datetime) -> None:
    story = article.story
    free_from = max(filter(None, (story.embargo, article.published)))
    if not article.live:
        waits = free_from > desk.free_until(now)
        tx.articles.set_due(article.id, EMBARGO, free_from if waits else None)
    tx.articles.set_due(article.id, EXPIRY, story.expires)
    tx.articles.set_due(article.id, PICTURE, rights_end(story))


def _apart(article: Article, now: datetime) -> datetime:
    """When a story changed only because another did: some seconds before, each its own.

    Validators warn of entries of one feed that changed at the same time.
    """
    return now - (1 + int(article.id[:8], 16) % 59) * _A_SECOND


def _changed(before: Article, stated: datetime | None, now: datetime) -> datetime:
    floor = before.changed + _A_SECOND
    if stated is not None and floor <= stated <= now:
        return stated
    return max(now, floor)
