"""A story and its translations know each other.

A translation states what it translates (``translation_of``: an id, an
address or the source's own id); whichever comes first, they find each other.
Only what is published is named to readers: an embargoed story's address is
not for them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime

from syndicate.model import Article, JournalAction, PubStatus, Translation
from syndicate.storage import Transaction

SCOPE = "translations"
MOST = 50
"""How many translations of one story are looked for."""

ARTICLE_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE)


def register(tx: Transaction, article: Article) -> None:
    """Remember what a story translates, so that it is found from there."""
    stated = article.story.translation_of
    if not stated:
        return
    for number in range(MOST):
        known = tx.articles.by_identity([(_scheme(number), stated)])
        if known == article.id:
            return
        if known is None:
            tx.articles.identify(article.id, [(_scheme(number), stated)])
            return


def family(tx: Transaction, article: Article) -> list[Article]:
    """The story, what it translates, and all translations of that; the original first."""
    root = _root(tx, article)
    known = {root.id: root, **{a.id: a for a in _translations(tx, root)}}
    known.setdefault(article.id, article)
    return list(known.values())


def wanted(article: Article, members: Iterable[Article]) -> tuple[Translation, ...]:
    """What an article should name: published stories in other languages, one a language (rule A2)."""
    found: dict[str, Translation] = {}
    for other in members:
        language = other.story.language
        if other.id == article.id or not _is_out(other) or _same(language, article.story.language):
            continue
        found.setdefault(
            language.lower(), Translation(article_id=other.id, language=language, url=other.story.url)
        )
    return tuple(found[language] for language in sorted(found))


def is_translation(before: Article, stated: str | None, language: str) -> bool:
    """Whether a draft that shares an address with a story is its translation, and no newer version."""
    return bool(stated) and not _same(before.story.language, language)


def answered(tx: Transaction, article_id: str) -> bool:
    """Somebody acted on a story: what was asked about it is settled. True if something was asked."""
    asked = article_id in tx.problems.refs(SCOPE)
    if asked:
        tx.problems.settle(SCOPE, [article_id])
    return asked


def ask(
    tx: Transaction, article: Article, action: JournalAction, members: Iterable[Article], now: datetime
) -> None:
    """A story was corrected or withdrawn: its translations may need the same."""
    what = "withdrawn" if action is JournalAction.WITHDRAWN else "corrected"
    verb = "withdraw" if action is JournalAction.WITHDRAWN else "correct"
    for other in members:
        if other.id == article.id or not _is_out(other):
            continue
        short = other.id[:8]
        tx.problems.note(
            SCOPE,
            other.id,
            f"{article.id[:8]} ({article.story.language}) was {what}; "
            f"{short} ({other.story.language}) is the same story in another language",
            now,
            fix=f"`syndicate articles {verb} {short}`, or `syndicate articles release {short}` "
            "if it may stay as it is",
        )


def _scheme(number: int) -> str:
    return f"translation:{number}"


def _root(tx: Transaction, article: Article) -> Article:
    """What the story translates in the end; a circle ends where it began."""
    seen = {article.id}
    while article.story.translation_of:
        above = _named(tx, article, article.story.translation_of)
        if above is None or above.id in seen:
            break
        seen.add(above.id)
        article = above
    return article


def _named(tx: Transaction, article: Article, stated: str) -> Article | None:
    own = (f"id:{article.source}", stated)
    found = tx.articles.by_identity([own, ("url", stated), ("guid", stated)])
    if found is None and (match := ARTICLE_ID.search(stated)):
        found = match.group().lower()
    return tx.articles.get(found) if found else None


def _translations(tx: Transaction, root: Article) -> list[Article]:
    """All that say they translate the story, under whatever name they give it."""
    stated = _stated(root)
    ids = [found for name in sorted(stated) for found in _registered(tx, name)]
    members = tx.articles.many(ids)
    kept = [members[i] for i in dict.fromkeys(ids) if i in members]
    return [
        m
        for m in kept
        if m.story.translation_of in stated
        and (m.story.translation_of != root.source_id or m.source == root.source)
    ]


def _stated(root: Article) -> set[str]:
    """The names under which its translations may say what they translate."""
    own = {root.source_id, root.id, f"urn:uuid:{root.id}"}
    return own | {name for name in (root.guid, root.story.url) if name}


def asked(article: Article) -> list[tuple[str, str]]:
    """What ``family`` looks up for a story that translates none, as identities."""
    return [(_scheme(0), name) for name in sorted(_stated(article))]


def _registered(tx: Transaction, name: str) -> Iterable[str]:
    for number in range(MOST):
        found = tx.articles.by_identity([(_scheme(number), name)])
        if found is None:
            return
        yield found


def _is_out(article: Article) -> bool:
    return article.live and article.status is PubStatus.USABLE


def _same(one: str, other: str) -> bool:
    return one.lower() == other.lower()
