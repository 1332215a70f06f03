"""What recording needs to know of the house, and what may be shown when."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from syndicate.config import Feed
from syndicate.config.ends import End
from syndicate.model import Article, PubStatus, Story

EMBARGO, EXPIRY, PICTURE, TOMBSTONE = "embargo", "expiry", "picture", "tombstone"
TRANSLATION, RELATED, TERMS = "translation", "related", "terms"
OWN_CAUSES = frozenset({"clock", "reread", TRANSLATION, RELATED})
"""Changes that nobody made by looking at the story."""
A_SECOND = timedelta(seconds=1)


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


def apart(article: Article, now: datetime) -> datetime:
    """When a story changed only because another did: some seconds before, each its own.

    Validators warn of entries of one feed that changed at the same time.
    """
    return now - (1 + int(article.id[:8], 16) % 59) * A_SECOND


def change_time(before: Article, stated: datetime | None, now: datetime) -> datetime:
    """The time of a change: what is stated, unless it is in the future or not after the last one."""
    floor = before.changed + A_SECOND
    if stated is not None and floor <= stated <= now:
        return stated
    return max(now, floor)


def is_free(desk: Desk, article: Article, now: datetime) -> bool:
    """Whether nothing stands against a story's first publication."""
    if article.live or article.hold or article.status is not PubStatus.USABLE:
        return False
    if under_embargo(desk, article.story, now) or article.published > desk.free_until(now):
        return False
    return not is_over(article.story, now)  # the clock withdraws it, and nobody ever saw it
