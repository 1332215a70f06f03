"""Taking one draft: who it is, whether it is new, and what becomes of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from syndicate.ingest import holds, record, returns, same, translations
from syndicate.ingest.again import take_again
from syndicate.ingest.copying import copy_again, take_copy
from syndicate.ingest.measure import completed
from syndicate.ingest.notices import is_story_of, take_kill
from syndicate.ingest.taking import (
    Taken,
    Taking,
    compose_story,
    identities,
    known_as,
    legal,
    new_article,
    text_identity,
)
from syndicate.model import Article, Draft, PubStatus, Reading, article_id
from syndicate.storage import Transaction


def are_known(tx: Transaction, drafts: Sequence[Draft]) -> list[bool]:
    """Whether exactly these drafts were taken before; then there is no need to read them."""
    held = tx.copies.digests([(draft.source, draft.source_id) for draft in drafts])
    tx.articles.foresee(name for draft in drafts for name in _by_ids(draft))
    found = [tx.articles.by_identity(_by_ids(draft)) for draft in drafts]
    stored = tx.articles.digests_of([article_id for article_id in found if article_id])
    return [
        held.get((draft.source, draft.source_id), stored.get(article_id or "")) == draft.digest()
        for draft, article_id in zip(drafts, found, strict=True)
    ]


def is_known(tx: Transaction, draft: Draft) -> bool:
    """The same for one."""
    return are_known(tx, [draft])[0]


def _by_ids(draft: Draft) -> tuple[tuple[str, str], tuple[str, str]]:
    return (f"id:{draft.source}", draft.source_id), returns.other_id(draft)


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
        return copy_again(tx, taking, draft, reading, copy, now, trace)
    tx.articles.foresee(identities(draft))
    before = _own_article(tx, draft)
    if before is not None and _translates(tx, draft, reading, before):
        before = None
    if holds.is_kill(draft, reading) and not is_story_of(tx, draft, before):
        return take_kill(tx, taking, draft, reading, before, now, trace)
    if before is None and taking.adopts and (known := _reissued(tx, taking, draft, reading)):
        return replace(take_again(tx, taking, draft, reading, known, now, trace), adopted=True)
    if before is None:
        return _take_new(tx, taking, draft, reading, now, trace)
    if _is_other_id(tx, draft, before) and returns.is_withdrawn(tx, before):
        return _comes_back(tx, before, draft)
    return take_again(tx, taking, draft, reading, before, now, trace)


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
    new_id = _free_id(tx, taking, draft)
    article = new_article(new_id, draft, reading, story, taking, now)
    tx.articles.foresee(_asked(article, draft))
    twin = tx.articles.by_identity([text_identity(story)])
    if twin is not None and (stays := _twin(tx, twin, draft, anew=taking.anew)):
        return stays
    if (gone := returns.withdrawn_twin(tx, story)) is not None:
        return _comes_back(tx, gone, draft)
    if match := same.found(tx, draft, story, article.published, taking.matching):
        return take_copy(tx, taking, draft, reading, story, match, now, trace)
    return _keep_new(tx, taking, draft, article, now, trace)


def _asked(article: Article, draft: Draft) -> list[tuple[str, str]]:
    """All that is looked up to tell whether a story is new, as identities."""
    story = article.story
    return [
        text_identity(story),
        *returns.marks(story),
        *same.asked(draft, story),
        *translations.asked(article),
    ]


def _keep_new(
    tx: Transaction, taking: Taking, draft: Draft, article: Article, now: datetime, trace: str | None
) -> Taken:
    story = article.story
    named = translations.wanted(article, translations.family(tx, article))
    article = replace(article, story=replace(story, translations=named))
    action = record.first(
        tx,
        taking.desk,
        article,
        digest=draft.digest(),
        now=now,
        trace=trace,
        known_as=[*known_as(draft, story), text_identity(story)],
        quiet=taking.quiet,
    )
    translations.register(tx, article)
    tx.articles.keep_draft(article.id, legal(draft), now)
    same.note(tx, article.id, story, now, fresh=True)
    return Taken(article_id=article.id, action=action, held=article.hold)


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
