"""RSS 2.0, by the specification and the RSS Advisory Board's profile (rules R1 to R8)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from functools import lru_cache
from typing import Any

from syndicate.about import Contact
from syndicate.editorial.wording import enumerate_names
from syndicate.formats import gate, rsl
from syndicate.formats.feedgen_mended import EPOCH, Cutter, Head, Item, Node, before_items, end
from syndicate.formats.media import enclosure, media_nodes
from syndicate.formats.parts import (
    PAGE_TYPE,
    categories,
    comments,
    credited,
    home_address,
    license_address,
    paging_links,
    related,
    story_address,
    translations,
)
from syndicate.formats.text import address, clean, line, rfc822, rfc3339
from syndicate.model import Channel, Entry, Finding

MEDIA_TYPE = "application/rss+xml; charset=utf-8"
IMAGE_WIDTH, IMAGE_HEIGHT = 144, 400
"""The largest size of a channel's image that RSS 2.0 allows to be said, in pixels."""


class Rss:
    """The format ``rss``. See ``syndicate.formats.base.Format``."""

    name = "rss"
    file = "rss.xml"
    media_type = MEDIA_TYPE
    version = 5

    def __init__(self) -> None:
        self._cutter = Cutter("rss")

    def fragment(self, entry: Entry) -> bytes:
        """One ``<item>``. Raises StoryError where it cannot be rendered."""
        return plain_title(self._cutter.cut(item(entry)))

    def notice(self, entry: Entry) -> bytes:  # noqa: ARG002 - RSS has no word for what is gone
        """Nothing: a withdrawn story is absent from an archive."""
        return b""

    def assemble(self, channel: Channel, fragments: Sequence[bytes], notices: Sequence[bytes] = ()) -> bytes:
        """Head, items newest first, end. Raises DocumentError where two have the same id."""
        gate.joined_ids(fragments, b'<guid isPermaLink="false">', b"</guid>")
        date = rfc822(channel.updated).encode()
        before = _undated(replace(channel, updated=EPOCH)).replace(_EPOCH_DATE, date)
        return b"".join((before, *fragments, *notices, end("rss")))

    def check_fragment(self, fragment: bytes, now: datetime | None = None) -> list[Finding]:
        """Everything about one item."""
        return gate.rss_fragment(_undated(gate.CHANNEL), end("rss"), fragment, now)

    def check(self, document: bytes, now: datetime | None = None) -> list[Finding]:
        """What stands around the items, and how they are joined."""
        return gate.around(document, gate.RSS, now)


def plain_title(fragment: bytes) -> bytes:
    """An item whose headline has its ``&`` and ``<`` as the profile wants them in plain text
    (``&#x26;``, ``&#x3C;``): readers that unescape twice leave these alone (rule R7)."""
    start = fragment.find(b"<title>")
    end = fragment.find(b"</title>", start)
    title = fragment[start:end]
    if b"&" not in title:
        return fragment
    shown = title.replace(b"&lt;", b"&#x3C;").replace(b"&amp;", b"&#x26;")
    return fragment[:start] + shown + fragment[end:]


_EPOCH_DATE = rfc822(EPOCH).encode()


@lru_cache(maxsize=256)
def _undated(channel: Channel) -> bytes:
    """The head but for its date: it changes with the settings only, and is built once for them."""
    return before_items(head(channel).build().rss_str(), "rss")


def head(channel: Channel) -> Head:
    """The channel without its items."""

    def fill(feed: Any) -> None:
        feed.title(line(channel.title))
        feed.description(line(channel.description) or line(channel.title))
        feed.language(channel.language)
        feed.generator("syndicate")
        feed.docs("https://www.rssboard.org/rss-specification")
        feed.ttl(channel.ttl)
        if channel.rights:
            feed.copyright(line(channel.rights))
        feed.link(href=channel.self_url, rel="self", type="application/rss+xml")
        # feedgen makes the last link added the channel's own: the home page (rule R1).
        feed.link(href=home_address(channel), rel="alternate")
        if channel.logo:
            image = {"url": channel.logo, "title": line(channel.title), "link": home_address(channel)}
            feed.image(**image, **_image_size(channel))
        if profile := channel.profile:
            if profile.editor:
                feed.managingEditor(_mailbox(profile.editor, profile.name))
            if profile.webmaster:
                feed.webMaster(_mailbox(profile.webmaster, profile.name))

    hubs = [Node("atom:link", None, {"href": hub, "rel": "hub"}) for hub in channel.hubs]
    beside = [
        Node("atom:link", None, {"href": url, "rel": rel, "type": "application/rss+xml"})
        for rel, url in paging_links(channel)
    ]
    sealed = [Node("fh:archive")] if channel.paging.sealed else []
    rhythm = [
        Node("sy:updatePeriod", "hourly"),
        Node("sy:updateFrequency", str(channel.updates_an_hour)),
    ]
    nodes = [Node("lastBuildDate", rfc822(channel.updated)), *hubs, *beside, *sealed]
    return Head(fill, [*nodes, *rhythm, *_channel_license(channel)])


def _image_size(channel: Channel) -> dict[str, str]:
    """The logo's size, where both measures keep RSS's limits; else it is not said."""
    profile = channel.profile
    width, height = (profile.logo_width, profile.logo_height) if profile else (None, None)
    if not width or not height or width > IMAGE_WIDTH or height > IMAGE_HEIGHT:
        return {}
    return {"width": str(width), "height": str(height)}


def _mailbox(contact: Contact, outlet: str) -> str:
    """``mail@host (Name)``, as the profile wants it."""
    name = line(contact.name or outlet)  # the profile asks for whose address it is
    return f"{contact.email} ({name})" if name else contact.email


def _channel_license(channel: Channel) -> Iterator[Node]:
    if channel.license and (where := address(channel.license)):
        yield Node("atom:link", None, {"href": where, "rel": "license", **_named(channel.license_name)})
    if channel.terms_url:
        terms = {"href": channel.terms_url, "rel": "license", "type": rsl.MEDIA_TYPE}
        yield Node("atom:link", None, terms)


def _named(name: str | None) -> dict[str, str]:
    return {"title": line(name)} if name and line(name) else {}


def item(entry: Entry) -> Item:
    """One story as an item of feedgen's."""

    def fill(target: Any) -> None:
        target.title(line(entry.title))
        target.link(href=story_address(entry), rel="alternate")
        target.description(clean(entry.summary_markup))
        if entry.content is not None:
            target.content(clean(entry.content), type="html")
        target.guid(clean(entry.id), permalink=False)
        for category in categories(entry):
            scheme = {"scheme": category.scheme} if category.scheme else {}
            target.category(term=category.term, **scheme)
        if found := enclosure(entry):
            target.enclosure(found[0], str(found[1]), found[2])

    return Item(fill, [*_nodes(entry)], early=frozenset({"guid"}))


def _nodes(entry: Entry) -> Iterator[Node]:
    yield Node("pubDate", rfc822(entry.published))
    # Beside pubDate no second date of the same meaning (R8): this one says when it last changed.
    if entry.updated > entry.published:
        yield Node("dcterms:modified", rfc3339(entry.updated))
    # One creator for all: many readers keep only one string (rule R4).
    yield Node("dc:creator", line(enumerate_names(credited(entry), entry.language)))
    for helper in (*entry.contributors, *((entry.translator,) if entry.translator else ())):
        yield Node("dc:contributor", line(helper))
    yield Node("dc:language", entry.language)
    yield from _source(entry)
    yield from _rights(entry)
    yield from _comments(entry)
    for url, other in related(entry):
        known = {"href": url, "rel": "related", "type": PAGE_TYPE, **_named(other.title)}
        yield Node("atom:link", None, known)
    yield from media_nodes(entry)


def _comments(entry: Entry) -> Iterator[Node]:
    """Where readers discuss the story: RSS's own element, and the modules' for feed and number."""
    known = comments(entry)
    if known is None:
        return
    if known.url:
        yield Node("comments", known.url)
    if known.feed:
        yield Node("wfw:commentRss", known.feed)
    if known.count is not None:
        yield Node("slash:comments", str(known.count))


def _source(entry: Entry) -> Iterator[Node]:
    """Where the story was taken from; only with a feed's address, as ``url`` is required."""
    credit = entry.credit
    feed = address(credit.agency_feed) if credit and credit.agency_feed else None
    if credit and feed:
        yield Node("source", line(credit.agency), {"url": feed})
    original = address(credit.original_url) if credit and credit.original_url else None
    if original:
        yield Node("atom:link", None, {"href": original, "rel": "via", "type": "text/html"})
    for language, url in translations(entry):
        known = {"href": url, "rel": "alternate", "hreflang": language, "type": PAGE_TYPE}
        yield Node("atom:link", None, known)


def _rights(entry: Entry) -> Iterator[Node]:
    if entry.rights:
        yield Node("dc:rights", line(entry.rights))
    if license_url := license_address(entry):
        known = {"href": license_url, "rel": "license", **_named(entry.license_name)}
        yield Node("atom:link", None, known)
        if "creativecommons.org/" in license_url:
            yield Node("creativeCommons:license", license_url)
    if entry.terms:
        yield rsl.content(entry.terms)
