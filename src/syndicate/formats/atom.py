"""Atom, RFC 4287 (rules A1 to A4)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, cast

from lxml import etree

from syndicate.formats import gate, rsl
from syndicate.formats.feedgen_mended import (
    EPOCH,
    XML_LANG,
    Cutter,
    Head,
    Item,
    Node,
    before_items,
    end,
)
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
    uri,
)
from syndicate.formats.text import address, clean, line, rfc3339
from syndicate.model import Channel, Entry, Finding

TOMBSTONES = "http://purl.org/atompub/tombstones/1.0"
MEDIA_TYPE = "application/atom+xml; charset=utf-8"


class Atom:
    """The format ``atom``. See ``syndicate.formats.base.Format``."""

    name = "atom"
    file = "atom.xml"
    media_type = MEDIA_TYPE
    version = 5

    def __init__(self) -> None:
        self._cutter = Cutter("atom")

    def fragment(self, entry: Entry) -> bytes:
        """One ``<entry>``. Raises StoryError where it cannot be rendered."""
        return self._cutter.cut(item(entry))

    def notice(self, entry: Entry) -> bytes:
        """The ``at:deleted-entry`` of a withdrawn story (RFC 6721, rule A5): its id, when, no headline."""
        tag = f"{{{TOMBSTONES}}}"
        when = rfc3339(entry.updated)
        gone = etree.Element(
            tag + "deleted-entry", {"ref": uri(entry), "when": when}, nsmap={"at": TOMBSTONES}
        )
        comment = etree.SubElement(gone, tag + "comment", {XML_LANG: entry.language})
        comment.text = line(entry.summary)
        return cast(bytes, etree.tostring(gone, encoding="UTF-8", xml_declaration=False))

    def assemble(self, channel: Channel, fragments: Sequence[bytes], notices: Sequence[bytes] = ()) -> bytes:
        """Head, entries newest first, notices, end. Raises DocumentError where two have the same id."""
        gate.joined_ids(fragments, b"<id>", b"</id>")
        date = _whole_seconds(channel.updated).isoformat().encode()
        before = _undated(replace(channel, updated=EPOCH)).replace(_EPOCH_DATE, date)
        return b"".join((before, *fragments, *notices, end("atom")))

    def check_fragment(self, fragment: bytes, now: datetime | None = None) -> list[Finding]:
        """Everything about one entry."""
        return gate.atom_fragment(_undated(gate.CHANNEL), end("atom"), fragment, now)

    def check(self, document: bytes, now: datetime | None = None) -> list[Finding]:
        """What stands around the entries, and how they are joined."""
        return gate.around(document, gate.ATOM_FEED, now)


_EPOCH_DATE = EPOCH.isoformat().encode()


@lru_cache(maxsize=256)
def _undated(channel: Channel) -> bytes:
    """The head but for its date: it changes with the settings only, and is built once for them."""
    return before_items(head(channel).build().atom_str(), "atom")


def head(channel: Channel) -> Head:
    """The feed without its entries."""

    def fill(feed: Any) -> None:
        feed.id(channel.id)
        feed.title(line(channel.title))
        feed.updated(_whole_seconds(channel.updated))
        feed.language(channel.language)
        feed.author(name=line(channel.publisher))
        feed.generator("syndicate")
        if channel.description:
            feed.subtitle(line(channel.description))
        if channel.rights:
            feed.rights(line(channel.rights))
        if channel.logo:
            feed.logo(channel.logo)
        if channel.profile and channel.profile.icon:
            feed.icon(channel.profile.icon)
        feed.link(href=channel.self_url, rel="self", type="application/atom+xml")
        for hub in channel.hubs:
            feed.link(href=hub, rel="hub")
        feed.link(href=home_address(channel), rel="alternate", type="text/html")

    beside = [_link(url, rel, type="application/atom+xml") for rel, url in paging_links(channel)]
    beside += _channel_license(channel)
    return Head(fill, [*beside, *([Node("fh:archive")] if channel.paging.sealed else [])])


def _channel_license(channel: Channel) -> list[Node]:
    """The licence for people, and where the terms for machines stand (RFC 4946)."""
    where = address(channel.license or "")
    found = [_link(where, "license", **_named(channel.license_name))] if where else []
    if channel.terms_url:
        found.append(_link(channel.terms_url, "license", type=rsl.MEDIA_TYPE))
    return found


def item(entry: Entry) -> Item:
    """One story as an entry of feedgen's."""

    def fill(target: Any) -> None:
        target.id(uri(entry))
        target.title(line(entry.title))
        target.updated(_whole_seconds(entry.updated))
        target.published(_whole_seconds(entry.published))
        target.author([{"name": name} for name in credited(entry)])
        target.link(href=story_address(entry), rel="alternate")
        target.summary(clean(entry.summary_markup), type="html")
        if entry.content is not None:
            target.content(clean(entry.content), type="html")
        for helper in (*entry.contributors, *((entry.translator,) if entry.translator else ())):
            target.contributor(name=line(helper))
        for category in categories(entry):
            scheme = {"scheme": category.scheme, "label": category.label} if category.scheme else {}
            target.category(term=category.term, **scheme)
        if entry.rights:
            target.rights(line(entry.rights))

    # feedgen loses rel, type and length of an entry's links (rule A2): all are written anew.
    return Item(fill, [*_nodes(entry)], language=entry.language, drop=frozenset({"link"}))


def _nodes(entry: Entry) -> Iterator[Node]:
    yield _link(story_address(entry), "alternate", type="text/html")
    credit = entry.credit
    if credit and credit.original_url and (via := address(credit.original_url)):
        yield _link(via, "via", type="text/html")
    others = translations(entry)
    for language, url in others:
        yield _link(url, "alternate", type=PAGE_TYPE, hreflang=language)
    if others:
        # Readers take the first alternate as the story's address, or the last (newsboat): it is both,
        # told apart by its language, as RFC 4287 4.1.2 wants of two alternates.
        yield _link(story_address(entry), "alternate", type="text/html", hreflang=entry.language)
    if license_url := license_address(entry):
        yield _link(license_url, "license", **_named(entry.license_name))
    if found := enclosure(entry):
        yield _link(found[0], "enclosure", type=found[2], length=str(found[1]))
    for url, other in related(entry):
        yield _link(url, "related", type=PAGE_TYPE, **_named(other.title))
    yield from _replies(entry)
    yield from _source(entry)
    yield from media_nodes(entry)
    if entry.terms:
        yield rsl.content(entry.terms)


def _replies(entry: Entry) -> Iterator[Node]:
    """Where readers discuss the story, as a page and as a feed (RFC 4685)."""
    known = comments(entry)
    if known is None:
        return
    count = {"thr:count": str(known.count)} if known.count is not None else {}
    if known.url:
        yield _link(known.url, "replies", type=PAGE_TYPE, **count)
    if known.feed:
        yield _link(known.feed, "replies", type="application/atom+xml", **count)


def _named(name: str | None) -> dict[str, str]:
    return {"title": line(name)} if name and line(name) else {}


def _link(href: str, rel: str, **more: str) -> Node:
    return Node("link", None, {"href": href, "rel": rel, **more})


def _source(entry: Entry) -> Iterator[Node]:
    """The feed a story was taken from, with all that RFC 4287 4.2.11 wants of it (rule A4)."""
    credit = entry.credit
    feed = address(credit.agency_feed) if credit and credit.agency_feed else None
    if credit is None or feed is None:
        return
    home = address(credit.agency_url) if credit.agency_url else None
    links = [_link(feed, "self"), *([_link(home, "alternate", type="text/html")] if home else [])]
    known = (
        Node("id", feed),
        Node("title", line(credit.agency)),
        Node("updated", rfc3339(entry.published)),
    )
    yield Node("source", None, {}, (*known, *links))


def _whole_seconds(at: datetime) -> datetime:
    return at.astimezone(UTC).replace(microsecond=0)
