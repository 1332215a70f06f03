"""Subscribers of our hub whose topic has moved or is gone: they are told, and find the new one themselves.

A subscriber knows its topic by the address it asked for, and may get that
alone (WebSub section 7). So nobody is carried over: the denial makes it look
again at the address, which answers 301 or 410 (rule H7).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from syndicate.config import Settings
from syndicate.config.ends import Phase, phase_of
from syndicate.distribute.verifying import deny
from syndicate.formats.registry import FORMATS
from syndicate.site import Site
from syndicate.storage import Pending, Storage

AT_ONCE = 500


def deny_moved(storage: Storage, settings: Settings, site: Site, now: datetime) -> int:
    """End the subscriptions to topics that moved or are gone, and have the callbacks told; how many."""
    told = 0
    for topic, reason in _lost(settings, site, now):
        while found := _deny(storage, topic, reason, now):
            told += found
    return told


def _lost(settings: Settings, site: Site, now: datetime) -> Iterator[tuple[str, str]]:
    """Topics nobody serves any more, with words for their subscribers."""
    for slug, feed in settings.feeds.items():
        for name in FORMATS:
            for base in settings.publisher.former_base_urls:
                old_topic = base.rstrip("/") + site.path(slug, name)
                yield old_topic, f"the topic moved to {site.topic(slug, name)}"
            for old in feed.formerly:
                yield site.topic(old, name), f"the topic moved to {site.topic(slug, name)}"
            if phase_of(settings, slug, now) is Phase.GONE:
                yield site.topic(slug, name), "the topic is gone for good"


def _deny(storage: Storage, topic: str, reason: str, now: datetime) -> int:
    with storage.read() as tx:
        if not tx.subscriptions.views(topic=topic, limit=1):
            return 0
    with storage.write() as tx:
        found = tx.subscriptions.views(topic=topic, limit=AT_ONCE)
        tx.subscriptions.end([view.id for view in found])
        for v in found:
            asked = Pending(mode="", topic=topic, callback=v.callback, host=v.host, created=now, due=now)
            deny(tx, asked, reason, now)
    return len(found)
