"""What the formats take from an entry alike: who made it, where it stands, what it is about."""

from __future__ import annotations

import re
from dataclasses import dataclass

from syndicate.about import Comments, Related
from syndicate.editorial.disclosure import source_type_code
from syndicate.errors import StoryError
from syndicate.formats.text import address, clean, line
from syndicate.model import Channel, Entry, NoticeKind

ARCHIVED = "prev-archive", "next-archive", "current"
SOURCE_TYPES = "http://cv.iptc.org/newscodes/digitalsourcetype/"
_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\s<>\"{}|\\^`]+$")
SIGNALS = "http://cv.iptc.org/newscodes/signal/"


@dataclass(frozen=True, slots=True)
class Category:
    """A word of what a story is about; with ``scheme``, one of a vocabulary's."""

    term: str
    scheme: str | None = None
    label: str | None = None


def uri(entry: Entry) -> str:
    """The id where a URI is asked for (RFC 4287 4.2.6, ninjs): a source's own may be any text, as in RSS."""
    known = clean(entry.id)
    return known if _URI.match(known) else f"urn:uuid:{entry.article_id}"


def credited(entry: Entry) -> tuple[str, ...]:
    """Who stands as author: the persons, else the agency, else the publisher (rule A1)."""
    names = tuple(name for name in (line(a) for a in entry.authors) if name)
    return names or (line(entry.attributed_to),)


def story_address(entry: Entry) -> str:
    """The page a reader is led to. Raises StoryError where there is none (rule X6)."""
    found = address(entry.url)
    if found is None:
        raise StoryError(f"{entry.url!r} is no absolute web address", fix="give the story an address")
    return found


def home_address(channel: Channel) -> str:
    """The publisher's home page, else the feed's own page."""
    return address(channel.home_url) or channel.page_url


def paging_links(channel: Channel) -> tuple[tuple[str, str], ...]:
    """``(rel, address)`` of the documents beside this one (RFC 5005 section 4, rule H10)."""
    paging = channel.paging
    known = zip(ARCHIVED, (paging.older, paging.newer, paging.current), strict=True)
    return tuple((rel, url) for rel, url in known if url)


PAGE_TYPE = "text/html; charset=utf-8"
"""The type of links to translations. Parsers that keep one address take the last link of type
``text/html`` for the story's own; this one they leave alone."""


def translations(entry: Entry) -> tuple[tuple[str, str], ...]:
    """``(language, address)`` of the same story in other languages, one a language (rule A2)."""
    known = ((other.language, address(other.url or "")) for other in entry.translations)
    return tuple((language, url) for language, url in known if url)


def license_address(entry: Entry) -> str | None:
    """The licence's address; a licence named in words only stands in the rights."""
    return address(entry.license) if entry.license else None


def topics(entry: Entry) -> tuple[str, ...]:
    """The section, then the tags, each once."""
    words = (line(word) for word in (entry.section or "", *entry.tags))
    return tuple(dict.fromkeys(word for word in words if word))


def section(entry: Entry) -> str | None:
    """The section's name."""
    return line(entry.section or "") or None


def tags(entry: Entry) -> tuple[str, ...]:
    """The tags, each once; one that only repeats the section is none."""
    words = dict.fromkeys(word for word in map(line, entry.tags) if word)
    return tuple(word for word in words if word != section(entry))


def related(entry: Entry) -> tuple[tuple[str, Related], ...]:
    """``(address, story)`` of each related story, each address once."""
    found = ((address(other.url or ""), other) for other in entry.related)
    return tuple({url: (url, other) for url, other in found if url}.values())


def comments(entry: Entry) -> Comments | None:
    """Where the story is discussed, its addresses as any reader takes them."""
    stated = entry.comments
    if stated is None:
        return None
    return Comments(url=address(stated.url or ""), feed=address(stated.feed or ""), count=stated.count)


def categories(entry: Entry) -> tuple[Category, ...]:
    """Section and tags, each of its own list; that it was corrected; how it was made, in IPTC's words."""
    name = section(entry)
    found = [Category(name, entry.section_scheme, name)] if name else []
    found += [Category(tag, entry.tag_scheme, tag) for tag in tags(entry)]
    kinds = {note.kind for note in entry.corrections}
    if NoticeKind.CORRECTION in kinds:
        found.append(Category("correction", SIGNALS, "Correction"))
    if NoticeKind.UPDATE in kinds:
        found.append(Category("update", SIGNALS, "Update"))
    if made := source_type(entry):
        found.append(Category(made, SOURCE_TYPES, made))
    return tuple(found)


def source_type(entry: Entry) -> str | None:
    """The IPTC digital source type's code: ``trainedAlgorithmicMedia``."""
    return source_type_code(line(entry.digital_source_type or ""))
