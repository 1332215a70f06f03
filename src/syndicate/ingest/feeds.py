"""Keeping the feeds' membership in step with the configuration."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from syndicate.config import Feed
from syndicate.config.ends import End
from syndicate.ingest.membership import matches, rule_digest
from syndicate.storage import Place, Storage

AT_ONCE = 500
Progress = Callable[[int], None]


def align(
    storage: Storage,
    feeds: Mapping[str, Feed],
    progress: Progress | None = None,
    ends: Mapping[str, End] | None = None,
) -> list[str]:
    """Compute the membership of feeds that are new or filter differently now; returns those.

    A feed under a new slug takes its archives along. ``ends``: when feeds end.

    Walks all live articles in bounded steps, once for all such feeds; a crash
    on the way begins anew at the next start.
    """
    with storage.write() as tx:
        tx.feeds.retire_all_but(set(feeds))
        for old, slug in [(old, slug) for slug, feed in feeds.items() for old in feed.formerly]:
            tx.archives.rename(old, slug)
        changed = {slug: f for slug, f in feeds.items() if tx.feeds.rule_digest(slug) != rule_digest(f)}
        for slug in changed:
            tx.feeds.begin(slug, "")  # in the making: an empty digest matches no rule
    if changed:
        _fill(storage, changed, progress, ends or {})
        with storage.write() as tx:
            for slug, feed in changed.items():
                tx.feeds.keep_rule(slug, rule_digest(feed))
    return list(changed)


def _fill(
    storage: Storage, feeds: Mapping[str, Feed], progress: Progress | None, ends: Mapping[str, End]
) -> None:
    before: tuple[datetime, str] | None = None
    while True:
        with storage.write() as tx:
            articles = tx.articles.page(before, AT_ONCE)
            for slug, feed in feeds.items():
                places = [
                    Place(article_id=a.id, sort_at=a.published)
                    for a in articles
                    if a.live
                    and matches(feed, a.story, a.source)
                    and (slug not in ends or a.published < ends[slug].closes)
                ]
                tx.feeds.add(slug, places)
        if progress:
            progress(len(articles))
        if len(articles) < AT_ONCE:
            return
        before = (articles[-1].published, articles[-1].id)
