"""A withdrawn story does not come back under another id (docs/rules.md, retractions).

What was withdrawn is remembered by its addresses and by a sketch of its text:
the smallest hashes of its runs of five words, which nearly the same text has
nearly all of. A new story is looked up by them, so that the cost is some index
look-ups, however many stories there are; only what shares a hash is compared.
"""

from __future__ import annotations

import hashlib
import heapq
import re
from functools import lru_cache
from urllib.parse import urlsplit

from syndicate.ingest import related
from syndicate.model import Article, Draft, PubStatus, Story
from syndicate.storage import Transaction

SKETCH, OTHER = "gone-text", "gone-id"
_RUN, _KEPT = 5, 8
_ALIKE = 0.7
"""Share of runs in common from which two texts are the same story: some sentences more or less."""
_TAG = re.compile(r"<[^<>]*>")
_WORD = re.compile(r"\w+")
_NO_PAGE = frozenset({"", "/"})
"""A home page is no story's address."""


def remember(tx: Transaction, article: Article) -> None:
    """Keep what a story that is withdrawn would be known by."""
    tx.articles.identify(article.id, marks(article.story))


def other_id(draft: Draft) -> tuple[str, str]:
    """The identity of a draft that turned out to be a withdrawn story under another id."""
    return OTHER, f"{draft.source} {draft.source_id}"


def withdrawn_twin(tx: Transaction, story: Story) -> Article | None:
    """The withdrawn story that this one is, by address or by nearly the same text; in its language."""
    asked = marks(story)
    known = tx.articles.known(asked)
    for mark in (mark for mark in asked if mark in known):
        found = tx.articles.get(known[mark])
        if found is None or found.status is PubStatus.USABLE or not _one_language(found.story, story):
            continue
        if mark[0] != SKETCH or _alike(found.story, story):
            return found
    return None


def is_withdrawn(tx: Transaction, article: Article) -> bool:
    """Whether a story was taken back and not released since."""
    return article.status is not PubStatus.USABLE and tx.articles.withdrawal(article.id) is not None


def _one_language(one: Story, other: Story) -> bool:
    return one.language.partition("-")[0].lower() == other.language.partition("-")[0].lower()


def marks(story: Story) -> list[tuple[str, str]]:
    """What a story would be known by if it was withdrawn, as identities."""
    known = (story.url, story.credit.original_url)
    stories = [url for url in known if url and urlsplit(url).path not in _NO_PAGE]
    return [*related.addresses(stories), *((SKETCH, mark) for mark in _sketch(story.markup))]


def _runs(markup: str) -> set[str]:
    words = _WORD.findall(_TAG.sub(" ", markup).casefold())
    return {" ".join(words[n : n + _RUN]) for n in range(max(1, len(words) - _RUN + 1))} if words else set()


@lru_cache(maxsize=4)  # a story that comes is looked for by it twice
def _sketch(markup: str) -> list[str]:
    """The smallest hashes of a text's runs of words, as hex."""
    hashes = (
        hashlib.blake2b(run.encode("utf-8", "replace"), digest_size=8).hexdigest() for run in _runs(markup)
    )
    return heapq.nsmallest(_KEPT, hashes)


def _alike(one: Story, other: Story) -> bool:
    ours, theirs = _runs(one.markup), _runs(other.markup)
    return len(ours & theirs) >= _ALIKE * len(ours | theirs)
