"""RSS 0.90 to 2.0 and RDF, with the modules in use."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

from syndicate.about import Comments, Reference
from syndicate.sources.feed_document import Document, Entry, Head, each_entry
from syndicate.sources.feed_media import media_of
from syndicate.sources.feed_values import (
    address,
    count,
    hours,
    is_licence,
    language,
    moment,
    person,
    plain,
    unique,
)
from syndicate.sources.feed_xml import Node, base_of, language_of, markup_of, name_of, text_of

SIGNALS = "http://cv.iptc.org/newscodes/signal/"
SOURCE_TYPES = "http://cv.iptc.org/newscodes/digitalsourcetype/"
_RDF_ABOUT = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}about"
_RDF_RESOURCE = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}resource"


def read_rss(root: Any, url: str, zone: ZoneInfo) -> Document:
    """An ``<rss>`` or ``<rdf:RDF>`` document that stood at ``url``."""
    top = Node(root)
    channel_element = top.first("channel")
    channel = Node(channel_element if channel_element is not None else root)
    head = _head(channel, base_of(channel.element, url))
    items = [Node(item) for item in (*channel.all("item"), *top.all("item"))]
    entries, doubts = each_entry(lambda item: _entry(item, url, zone), items)
    return Document(
        format="rdf" if name_of(root.tag) == "rdf:rdf" else "rss",
        head=head,
        entries=entries,
        doubts=doubts,
    )


def _head(channel: Node, base: str) -> Head:
    links = links_of(channel, base)
    skips = {name: channel.first(name) for name in ("skiphours", "skipdays")}
    said = {
        name: [text_of(each) or "" for each in (node if node is not None else ())]
        for name, node in skips.items()
    }
    return Head(
        title=plain(channel.text("title")),
        language=language(channel.text("language", "dc:language") or language_of(channel.element)),
        home=address(channel.text("link"), base) or links.get("alternate"),
        topic=links.get("self"),
        hubs=tuple(hub for rel, hub in _all_links(channel, base) if rel == "hub"),
        older=links.get("prev-archive") or links.get("next"),
        rights=plain(channel.text("copyright", "dc:rights", "media:copyright")),
        license=licence_of(channel, base),
        hours=hours(channel.text("ttl"), said["skiphours"], said["skipdays"]),
    )


def _all_links(node: Node, base: str) -> list[tuple[str, str]]:
    found = []
    for link in node.all("atom:link"):
        if href := address(link.get("href"), base):
            found += [(rel, href) for rel in (link.get("rel") or "alternate").lower().split()]
    return found


def links_of(node: Node, base: str) -> dict[str, str]:
    """The first address by relation."""
    return dict(reversed(_all_links(node, base)))


def licence_of(node: Node, base: str) -> str | None:
    """The licence for people: a link, or one of the Creative Commons' modules."""
    for link in node.all("atom:link"):
        if link.get("rel") == "license" and "rsl" not in (link.get("type") or ""):
            return address(link.get("href"), base)
    for each in node.all("creativecommons:license", "cc:license"):
        stated = each.get(_RDF_RESOURCE) or text_of(each)
        if is_licence(stated):
            return stated
    return None


def _entry(item: Node, url: str, zone: ZoneInfo) -> Entry:
    base = base_of(item.element, url)
    guid, link = item.first("guid"), address(item.text("link"), base)
    own_id = text_of(guid) if guid is not None else item.element.get(_RDF_ABOUT)
    permalink = guid is not None and (guid.get("isPermaLink") or "true").lower() == "true"
    if link is None:
        link = (address(own_id, base) if permalink else None) or links_of(item, base).get("alternate")
    contents, summary = _texts(item)
    doubts: list[str] = []
    return Entry(
        id=own_id,
        link=link,
        content=contents,
        summary=summary,
        base=base if base != url else (link or url),
        authors=_authors(item),
        given=_given(item, base, zone, doubts),
        doubts=tuple(doubts),
    )


def _texts(item: Node) -> tuple[str | None, str | None]:
    """The full text, and the excerpt where both are there."""
    encoded = item.first("content:encoded", "{http://www.w3.org/1999/xhtml}:body", "atom:content")
    content = markup_of(encoded) if encoded is not None else None
    described = item.first("description", "atom:summary")
    summary = (
        markup_of(described) if described is not None else item.text("dcterms:abstract", "dc:description")
    )
    if content and summary:
        return content, summary
    return content or summary or _around(item), None


def _around(item: Node) -> str | None:
    """What is left where an item has no text: what its film or its episode is described by."""
    group = item.first("media:group")
    nodes = [item, *([Node(group)] if group is not None else [])]
    said = [node.text("media:description", "itunes:summary") for node in nodes]
    return next((text for text in said if text), None)


def _authors(item: Node) -> tuple[str, ...]:
    creators = [person(text_of(each)) for each in item.all("dc:creator")]
    if any(creators):
        return unique(creators)
    return unique([person(each) for each in item.texts("author", "itunes:author")] + _atom_authors(item))


def _atom_authors(item: Node) -> list[str | None]:
    return [person(Node(each).text("atom:name")) for each in item.all("atom:author")]


def _given(item: Node, base: str, zone: ZoneInfo, doubts: list[str]) -> dict[str, Any]:
    image, media = media_of(item, base, zone)
    named = item.text("pubdate", "dc:date", "dcterms:issued", "dcterms:created", "atom:published")
    changed = item.text("dcterms:modified", "atom:updated")
    published = moment(named, zone)
    if named and published is None:
        doubts.append(f"its date {named[:40]!r} cannot be read; the story counts from when it was first seen")
    return {
        "headline": plain(item.text("title")) or _media_title(item),
        "published": published,
        "updated": moment(changed, zone),
        "language": language(
            item.text("dc:language") or item.element.get("{http://www.w3.org/XML/1998/namespace}lang")
        ),
        "rights": plain(item.text("dc:rights", "dcterms:rights", "copyright")),
        "license": licence_of(item, base),
        "image": image,
        "media": media,
        "related": related_of(item, base),
        "comments": _comments(item, base),
        "original_url": links_of(item, base).get("via"),
        **_topics(item),
        **_source(item),
    }


def _media_title(item: Node) -> str | None:
    group = item.first("media:group")
    return plain((Node(group) if group is not None else item).text("media:title"))


def _topics(item: Node) -> dict[str, Any]:
    """Tags; with whether a machine made it, which IPTC has words for."""
    words, made = [], None
    for each in item.all("category", "dc:subject"):
        domain, said = each.get("domain"), plain(text_of(each))
        if domain == SOURCE_TYPES:
            made = said
        elif domain != SIGNALS:
            words.append(said)
    return {"tags": unique(words), "digital_source_type": made}


def _source(item: Node) -> dict[str, Any]:
    """Whose story it is: the channel it was taken from (RSS), or what Dublin Core calls its source."""
    named = item.first("source")
    if named is not None and (agency := plain(text_of(named))):
        return {"agency": agency}
    atom = item.first("atom:source")
    if atom is not None and (agency := plain(Node(atom).text("atom:title"))):
        return {"agency": agency}
    stated = item.text("dc:source", "dcterms:source")
    if stated and is_licence(stated):
        return {"original_url": stated}
    return {"agency": plain(stated)} if stated else {}


def related_of(item: Node, base: str) -> tuple[Reference, ...]:
    """Related stories."""
    links = [link for link in item.all("atom:link") if link.get("rel") == "related"]
    found = [(address(link.get("href"), base), plain(link.get("title"))) for link in links]
    return tuple(Reference(ref=href, title=title) for href, title in found if href)


def _comments(item: Node, base: str) -> Comments | None:
    page, feed = address(item.text("comments"), base), address(item.text("wfw:commentrss"), base)
    number = count(item.text("slash:comments"))
    return Comments(url=page, feed=feed, count=number) if page or feed else None
