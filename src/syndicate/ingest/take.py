"""Taking one draft: who it is, whether it is new, and what becomes of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from syndicate.ingest import copies, holds, record, returns, same, translations
from syndicate.ingest.measure import completed
from syndicate.ingest.notices import is_story_of, take_kill
from syndicate.ingest.taking import (
    Taken,
    Taking,
    compose_story,
    hold_reason,
    identities,
    known_as,
    legal,
    new_article,
    text_identity,
)
from syndicate.model import Article, Draft, JournalAction, PubStatus, Reading, Story, article_id
from syndicate.sources.base import Recall
from syndicate.storage import SourceCopy, Transaction


def is_known(tx: Transaction, draft: Draft) -> bool:
    """Whether exactly this draft was taken before; then there is no need to read it."""
    if (copy := tx.copies.get(draft.source, draft.source_id)) is not None:
        return copy.digest == draft.digest()
    known = tx.articles.by_identity([(f"id:{draft.source}", draft.source_id), returns.other_id(draft)])
    return known is not None and tx.articles.digest_of(known) == draft.digest()


def take(
    tx: Transaction,
    taking: Taking,
    draft: Draft,
    reading: Reading,
    *,
    now: datetime,
    trace: str | None = None,
) -> Taken:
    """Store what a draft says, inside the caller's transaction. Raises StoryError for one not usable."""
    if (copy := tx.copies.get(draft.source, draft.source_id)) is not None:
        return _copy_again(tx, taking, draft, reading, copy, now, trace)
    before = _own_article(tx, draft)
    if before is not None and _translates(tx, draft, reading, before):
        before = None
    if holds.is_kill(draft, reading) and not is_story_of(tx, draft, before):
        return take_kill(tx, taking, draft, reading, before, now, trace)
    if before is None and taking.adopts and (known := _reissued(tx, taking, draft, reading)):
        return replace(_take_again(tx, taking, draft, reading, known, now, trace), adopted=True)
    if before is None:
        return _take_new(tx, taking, draft, reading, now, trace)
    if _is_other_id(tx, draft, before) and returns.is_withdrawn(tx, before):
        return _comes_back(tx, before, draft)
    return _take_again(tx, taking, draft, reading, before, now, trace)


def _own_article(tx: Transaction, draft: Draft) -> Article | None:
    """The article of the same source that a draft is a version of; another source's is looked for
    when the draft was read (``same``), and a withdrawn one whosever it is."""
    names = identities(draft)
    known = tx.articles.known(names)
    for found in dict.fromkeys(known[name] for name in names if name in known):
        article = tx.articles.get(found)
        if article is not None and article.source == draft.source:
            return article
    return None


def _reissued(tx: Transaction, taking: Taking, draft: Draft, reading: Reading) -> Article | None:
    """The published story that comes under a new id: from now on it is known by that, not by the old one."""
    known = same.reissued(tx, draft, reading, taking.house.language)
    if known is None or known.status is not PubStatus.USABLE:
        return None
    tx.articles.forget_identities(known.id, [(f"id:{known.source}", known.source_id)])
    tx.articles.hand_over(known.id, draft.source, draft.source_id)
    return replace(known, source_id=draft.source_id)


def _is_other_id(tx: Transaction, draft: Draft, before: Article) -> bool:
    return tx.articles.by_identity([(f"id:{draft.source}", draft.source_id)]) != before.id


def _comes_back(tx: Transaction, before: Article, draft: Draft) -> Taken:
    """A withdrawn story under another id: it stays withdrawn, and the draft is not read again."""
    tx.articles.identify(before.id, [returns.other_id(draft)])
    tx.articles.touch(before.id, draft_digest=draft.digest())
    words = f"the same story as article {before.id[:8]} ({before.source_id}), which was withdrawn"
    fix = f"`syndicate articles release {before.id[:8]}`, or remove {draft.source_id}"
    return Taken(article_id=before.id, problem=words, fix=fix)


def _translates(tx: Transaction, draft: Draft, reading: Reading, before: Article) -> bool:
    """A translation that shares an address with its original is no new version of it."""
    language = draft.given.language or reading.language or before.story.language
    if not translations.is_translation(before, draft.given.translation_of, language):
        return False
    return tx.articles.by_identity([(f"id:{draft.source}", draft.source_id)]) != before.id


def _take_new(
    tx: Transaction, taking: Taking, draft: Draft, reading: Reading, now: datetime, trace: str | None
) -> Taken:
    story = completed(tx, compose_story(taking, draft, reading, {}, (), None, now))
    twin = tx.articles.by_identity([text_identity(story)])
    if twin is not None and (stays := _twin(tx, twin, draft, anew=taking.anew)):
        return stays
    if (gone := returns.withdrawn_twin(tx, story)) is not None:
        return _comes_back(tx, gone, draft)
    new_id = _free_id(tx, taking, draft)
    article = new_article(new_id, draft, reading, story, taking, now)
    if match := same.found(tx, draft, story, article.published, taking.matching):
        return _take_copy(tx, taking, draft, reading, story, match, now, trace)
    named = translations.wanted(article, translations.family(tx, article))
    article = replace(article, story=replace(story, translations=named))
    names = [*known_as(draft, story), text_identity(story)]
    action = record.first(
        tx,
        taking.desk,
        article,
        digest=draft.digest(),
        now=now,
        trace=trace,
        known_as=names,
        quiet=taking.quiet,
    )
    translations.register(tx, article)
    tx.articles.keep_draft(new_id, legal(draft), now)
    same.note(tx, new_id, story, now)
    return Taken(article_id=new_id, action=action, held=article.hold)


def _free_id(tx: Transaction, taking: Taking, draft: Draft) -> str:
    """The id made from tag, source and the source's own id (rule X4). It is taken where a copy was split
    from the article that was first made of it: that one keeps it, and readers know it by that."""
    made = article_id(taking.tag, draft.source, draft.source_id)
    if tx.articles.get(made) is None:
        return made
    return article_id(taking.tag, draft.source, f"{draft.source_id} (split)")


def _twin(tx: Transaction, twin: str, draft: Draft, *, anew: bool) -> Taken | None:
    """The very same text under another id of the source, or a withdrawn story that tries to come back."""
    before = tx.articles.get(twin)
    assert before is not None
    if (anew or before.source != draft.source) and before.status is PubStatus.USABLE:
        return None
    state = "which was withdrawn" if before.status is not PubStatus.USABLE else "which is published"
    words = f"the same text as article {twin[:8]} ({before.source_id}), {state}"
    return Taken(article_id=twin, problem=words, fix=f"remove {draft.source_id}, or change its text")


# -- what another source has as well ------------------------------------------------------


def _take_copy(
    tx: Transaction,
    taking: Taking,
    draft: Draft,
    reading: Reading,
    story: Story,
    match: same.Match,
    now: datetime,
    trace: str | None,
) -> Taken:
    """The first version of a story that another source has: kept beside it, or in its place."""
    before = match.article
    tx.articles.identify(before.id, [*known_as(draft, story), text_identity(story)])
    gone = now if _takes_back(draft, reading) else None
    if gone is None and not taking.quiet and copies.prefers(taking, draft, story, before):
        return _take_over(tx, taking, draft, reading, before, match.how, now, trace)
    copies.keep(tx, draft, before.id, how=match.how, headline=story.headline, now=now, gone=gone)
    return Taken(article_id=before.id, copy=True)


def _copy_again(
    tx: Transaction,
    taking: Taking,
    draft: Draft,
    reading: Reading,
    copy: SourceCopy,
    now: datetime,
    trace: str | None,
) -> Taken:
    """Another version of what is a copy. Only the originator's own kill reaches the article."""
    if copy.digest == draft.digest():
        return Taken(article_id=copy.article_id, unchanged=True, copy=True)
    before = tx.articles.get(copy.article_id)
    assert before is not None
    gone = now if _takes_back(draft, reading) else None
    headline = draft.given.headline or reading.headline
    recalled = record.is_recalled(tx, before)
    if gone is None and not recalled:
        story = compose_story(taking, draft, reading, {}, (), None, now)
        tx.articles.identify(before.id, known_as(draft, story))
        if copies.prefers(taking, draft, story, before):
            tx.copies.drop(copy)
            return _take_over(tx, taking, draft, reading, before, copy.how, now, trace)
    copies.keep(tx, draft, before.id, how=copy.how, headline=headline, now=now, gone=gone)
    if (
        gone is None
        or recalled
        or not copies.is_originators(taking, before, draft.source, draft.given.url or copy.url)
    ):
        return Taken(article_id=before.id, copy=True)
    words = reading.notice_text or draft.given.correction or "its originator took it back"
    action = record.withdraw(tx, taking.desk, before, by="source", reason=words, now=now, trace=trace)
    return Taken(article_id=before.id, action=action, copy=True)


def _take_over(
    tx: Transaction,
    taking: Taking,
    draft: Draft,
    reading: Reading,
    before: Article,
    how: str,
    now: datetime,
    trace: str | None,
) -> Taken:
    """A version that goes before the article's own takes its place. The article's ids stay."""
    copies.shelve(tx, before, how=how, now=now)
    tx.articles.hand_over(before.id, draft.source, draft.source_id)
    tx.articles.keep_draft(before.id, legal(draft), now)
    ours = replace(before, source=draft.source, source_id=draft.source_id)
    return _revised(tx, taking, draft, reading, ours, draft.digest(), now, trace)


def _takes_back(draft: Draft, reading: Reading) -> bool:
    return holds.is_kill(draft, reading) or draft.given.status in (PubStatus.CANCELED, PubStatus.WITHHELD)


def _take_again(
    tx: Transaction,
    taking: Taking,
    draft: Draft,
    reading: Reading,
    before: Article,
    now: datetime,
    trace: str | None,
) -> Taken:
    digest = draft.digest()
    if tx.articles.digest_of(before.id) == digest:
        return Taken(article_id=before.id, unchanged=True)
    tx.articles.identify(before.id, identities(draft))
    tx.articles.keep_draft(before.id, legal(draft), now)
    stays = _stays_withdrawn(tx, before)
    if stays:
        tx.articles.touch(before.id, draft_digest=digest)
        return Taken(article_id=before.id, problem=stays, fix=f"`syndicate articles release {before.id[:8]}`")
    if _takes_back(draft, reading):
        return _withdrawn_by_source(tx, taking, draft, reading, before, digest, now, trace)
    return _revised(tx, taking, draft, reading, before, digest, now, trace)


def _stays_withdrawn(tx: Transaction, before: Article) -> str | None:
    withdrawal = tx.articles.withdrawal(before.id)
    if withdrawal is None:
        return None
    if tx.articles.by_identity([("kill", before.id)]) and withdrawal.by == "source":
        return f"a new version came, but a kill notice withdrew the story: {withdrawal.reason}"
    if withdrawal.by != "operator":
        return None
    return f"a new version came, but the story was withdrawn here: {withdrawal.reason}"


def _withdrawn_by_source(
    tx: Transaction,
    taking: Taking,
    draft: Draft,
    reading: Reading,
    before: Article,
    digest: str,
    now: datetime,
    trace: str | None,
) -> Taken:
    tx.articles.touch(before.id, draft_digest=digest)
    status = draft.given.status if draft.given.status is PubStatus.WITHHELD else PubStatus.CANCELED
    reason = reading.notice_text or draft.given.correction or f"the source says it is {status}"
    in_force = tx.articles.withdrawal(before.id)
    if in_force is not None and in_force.by != record.EMBARGO:
        return Taken(article_id=before.id, unchanged=True)
    action = record.withdraw(
        tx, taking.desk, before, by="source", reason=reason, now=now, status=status, trace=trace
    )
    return Taken(article_id=before.id, action=action)


def _revised(
    tx: Transaction,
    taking: Taking,
    draft: Draft,
    reading: Reading,
    before: Article,
    digest: str,
    now: datetime,
    trace: str | None,
) -> Taken:
    overrides = tx.articles.overrides(before.id)
    noted = tx.articles.corrections(before.id)
    story = completed(tx, compose_story(taking, draft, reading, overrides, noted, before, now))
    tx.articles.identify(before.id, known_as(draft, story))
    translations.register(tx, replace(before, story=story))
    if story.markup != before.story.markup:
        same.note(tx, before.id, story, now)
    hold = hold_reason(taking, draft, reading, story, overrides)
    if before.live and _comes_under_embargo(taking, before, story, now):
        # Down at once, also where the new version is on hold: then what was published comes back.
        kept = replace(before.story, embargo=story.embargo) if hold else story
        action = record.hold_back(tx, taking.desk, before, kept, digest=digest, now=now, trace=trace)
        return Taken(article_id=before.id, action=action)
    restored: JournalAction | None = None
    if before.status is not PubStatus.USABLE:
        freed = replace(before, story=replace(before.story, embargo=story.embargo))
        restored = record.restore(tx, taking.desk, freed, now=now, trace=trace)
        before = tx.articles.get(before.id) or before
    if hold and before.live:
        # What is published stays as it is until an editor has looked at the new version.
        tx.articles.touch(before.id, draft_digest=digest)
        return Taken(
            article_id=before.id,
            held=hold,
            problem=f"a new version is on hold: {hold}",
            fix=f"`syndicate articles edit {before.id[:8]} --agency NAME`, or "
            f"`syndicate articles release {before.id[:8]}` to publish it as it is",
        )
    action = record.revise(
        tx,
        taking.desk,
        _redated(before, draft, reading, story),
        story,
        cause="source",
        now=now,
        hold=hold,
        digest=digest,
        at=draft.given.updated,
        trace=trace,
    )
    return Taken(article_id=before.id, action=action or restored, held=hold)


def _comes_under_embargo(taking: Taking, before: Article, story: Story, now: datetime) -> bool:
    """Whether a story that was out must not be shown. An embargo that it had when it went out is over,
    also where the clock was set back since."""
    if before.status is PubStatus.USABLE and story.embargo == before.story.embargo:
        return False
    return record.under_embargo(taking.desk, story, now)


def _redated(before: Article, draft: Draft, reading: Reading, story: Story) -> Article:
    """Until a story is published its date may still move, also back; afterwards it is frozen."""
    if before.live:
        return before
    stated = draft.given.published or reading.published or before.first_seen
    wanted = max(filter(None, (stated, story.embargo)))
    return replace(before, published=wanted)


def missing(tx: Transaction, taking: Taking, source: str, source_id: str, now: datetime) -> Taken | None:
    """A story disappeared from a source whose options say that this withdraws it; a copy
    takes nothing along."""
    if (copy := tx.copies.get(source, source_id)) is not None:
        copies.gone(tx, copy, now)
        return None
    known = tx.articles.by_identity([(f"id:{source}", source_id)])
    before = tx.articles.get(known) if known else None
    return recall(tx, taking, before, "it disappeared at its source", now) if before else None


def taken_back(tx: Transaction, taking: Taking, source: str, order: Recall, now: datetime) -> Taken | None:
    """A source takes a story back by its id there. Where it has a copy of another source's, that
    takes the story along only if the source is the originator."""
    copy = tx.copies.get(source, order.source_id)
    known = copy.article_id if copy else tx.articles.by_identity([(f"id:{source}", order.source_id)])
    before = tx.articles.get(known) if known else None
    if before is None:
        return None
    if copy is not None:
        draft = tx.copies.draft(copy)
        copies.gone(tx, copy, now)
        if not copies.is_originators(taking, before, source, draft.given.url or draft.given.original_url):
            return None
    return recall(tx, taking, before, order.reason, now, status=order.status)


def recall(
    tx: Transaction,
    taking: Taking,
    before: Article,
    reason: str,
    now: datetime,
    *,
    status: PubStatus = PubStatus.CANCELED,
) -> Taken | None:
    """The source takes a story back, without a draft; ``None`` where it is withdrawn already."""
    if record.is_recalled(tx, before):
        return None
    tx.articles.touch(before.id, draft_digest="")  # the very same draft may bring it back
    action = record.withdraw(tx, taking.desk, before, by="source", reason=reason, now=now, status=status)
    return Taken(article_id=before.id, action=action)
