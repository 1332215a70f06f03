"""What a feed that has ended shows: a plain sentence, and one last entry that says where to go (H7)."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from markupsafe import Markup

from syndicate.config import Feed, Settings
from syndicate.editorial.wording import feed_wording
from syndicate.model import Channel, Entry, article_id, direction
from syndicate.site import Site

SOURCE = "syndicate:ended"
"""Stands for a source in the last entry's permanent id; no source can have a colon in its name."""


def ended_channel(channel: Channel, feed: Feed, site: Site) -> Channel:
    """The head of a feed that has ended: nobody need subscribe to it any more."""
    return replace(
        channel,
        title=_title(channel, feed),
        description=" ".join(_sentences(channel, feed, site)),
        hubs=(),
        ended=True,
    )


def last_entry(channel: Channel, feed: Feed, settings: Settings, site: Site, closed: datetime) -> Entry:
    """The entry that tells readers; its id is the same whatever becomes of the feed."""
    text = Markup("").join(Markup("<p>{}</p>").format(s) for s in _sentences(channel, feed, site)[:1])
    if link := successor(feed, site):
        before, _, after = feed_wording(channel.language)["ended_successor"].partition("{successor}")
        text += Markup('<p>{}<a href="{}">{}</a>{}</p>').format(before, link, link, after)
    markup = Markup('<div lang="{}" dir="{}">{}</div>').format(
        channel.language, direction(channel.language), text
    )
    made = article_id(settings.publisher.tag, SOURCE, channel.slug)
    return Entry(
        article_id=made,
        revision=1,
        id=f"urn:uuid:{made}",
        url=link or channel.home_url,
        title=_title(channel, feed),
        language=channel.language,
        direction=direction(channel.language),
        published=closed,
        updated=closed,
        summary=" ".join(_sentences(channel, feed, site)),
        summary_markup=str(markup),
        content=str(markup),
        attributed_to=channel.publisher,
        canonical_url=link or channel.home_url,
    )


def successor(feed: Feed, site: Site) -> str | None:
    """Where to go instead: another feed's page, or an address."""
    if feed.successor is None or "://" in feed.successor:
        return feed.successor
    return site.url(f"/feeds/{feed.successor}/")


def _title(channel: Channel, feed: Feed) -> str:
    return feed_wording(channel.language)["ended_title"].format(feed=feed.title)


def _sentences(channel: Channel, feed: Feed, site: Site) -> list[str]:
    words = feed_wording(channel.language)
    link = successor(feed, site)
    more = [words["ended_successor"].format(successor=link)] if link else []
    return [words["ended_text"].format(feed=feed.title), *more]
