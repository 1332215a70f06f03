"""Whatever the story, every format says the same of it, and its text says whose it is exactly once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import feedparser
import orjson
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree, html
from strategies import AGENCIES, CHANNEL, PUBLISHER, Told, stories

from syndicate.editorial.entry import Terms, make_entry
from syndicate.editorial.wording import enumerate_names
from syndicate.formats.html import story_page
from syndicate.formats.ninjs import ninjs
from syndicate.formats.registry import FORMATS
from syndicate.formats.text import address, line
from syndicate.model import Article, ContentMode, Entry

ATOM = "{http://www.w3.org/2005/Atom}"
DC = "{http://purl.org/dc/elements/1.1/}"
CONTENT = "{http://purl.org/rss/1.0/modules/content/}encoded"
QUICK = settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@dataclass(frozen=True)
class Found:
    """What a parser got out of one format. ``None``: the format has no place for it."""

    title: str
    byline: Any
    markup: str
    canonical: str | None
    rights: str | None
    agency: str | None = None
    role: str | None = None
    dateline: str | None = None
    sentence: str | None = None


def visible(markup: str) -> Any:
    return html.fragment_fromstring(markup, create_parent="div")


def words(element: Any) -> str:
    return " ".join("".join(element.itertext()).split())


def rendered(entry: Entry, kind: str) -> bytes:
    return FORMATS[kind].assemble(CHANNEL, [FORMATS[kind].fragment(entry)])


def from_rss(entry: Entry) -> Found:
    document = rendered(entry, "rss")
    (parsed,) = feedparser.parse(document).entries
    item = etree.fromstring(document).find("channel/item")
    text = item.findtext(CONTENT)
    source = item.find("source")
    return Found(
        title=item.findtext("title"),
        byline=parsed.author,
        markup=text if text is not None else item.findtext("description"),
        canonical=None,
        rights=item.findtext(f"{DC}rights"),
        agency=None if source is None else source.text,
    )


def from_atom(entry: Entry) -> Found:
    document = rendered(entry, "atom")
    (parsed,) = feedparser.parse(document).entries
    item = etree.fromstring(document).find(f"{ATOM}entry")
    source = item.find(f"{ATOM}source")
    if source is not None:
        item.remove(source)
    text = item.findtext(f"{ATOM}content")
    return Found(
        title=item.findtext(f"{ATOM}title"),
        byline=enumerate_names([a.name for a in parsed.authors], entry.language),
        markup=text if text is not None else item.findtext(f"{ATOM}summary"),
        canonical=None,
        rights=item.findtext(f"{ATOM}rights"),
        agency=None if source is None else source.findtext(f"{ATOM}title"),
    )


def from_json(entry: Entry) -> Found:
    (item,) = orjson.loads(rendered(entry, "json"))["items"]
    ours = item["_syndicate"]
    source = ours.get("source", {})
    return Found(
        title=item["title"],
        byline=enumerate_names([a["name"] for a in item["authors"]], entry.language),
        markup=item["content_html"],
        canonical=ours["canonical_url"],
        rights=ours.get("rights"),
        agency=source.get("name", ""),
        role=source.get("role", ""),
        dateline=ours.get("dateline", ""),
        sentence=source.get("credit", ""),
    )


def from_page(entry: Entry) -> Found:
    page = html.fromstring(story_page(entry, PUBLISHER).decode())
    names = [e.text_content() for e in page.find_class("byline")]
    rights = [e.text_content() for e in page.find_class("rights")]
    (canonical,) = [e.get("href") for e in page.iter("link") if e.get("rel") == "canonical"]
    (heading,) = page.iter("h1")
    return Found(
        title=heading.text_content(),
        byline=names[0] if names else line(entry.attributed_to),
        markup=etree.tostring(page, encoding="unicode"),
        canonical=canonical,
        rights=rights[0] if rights else None,
    )


def from_ninjs(entry: Entry) -> Found:
    item = ninjs(
        entry,
        revision=1,
        first_created=entry.published,
        version_created=entry.updated,
        publisher=PUBLISHER,
    )
    sources = [s for s in item["infoSources"] if s["role"] != "distributor"]
    source = sources[0] if sources else {}
    return Found(
        title=item["headlines"][0]["value"],
        byline=item.get("by") or line(entry.attributed_to),
        markup=item["bodies"][0]["value"],
        canonical={a["role"]: a["value"] for a in item["altIds"]}["canonical"],
        rights=item.get("copyrightNotice"),
        agency=source.get("name", ""),
        sentence=source.get("literal", ""),
    )


READERS = {"rss": from_rss, "atom": from_atom, "json": from_json, "page": from_page, "ninjs": from_ninjs}


def agree(entry: Entry, found: Found, kind: str) -> None:
    credit = entry.credit
    assert line(found.title) == line(entry.title)
    assert found.byline == line(
        enumerate_names([line(a) for a in entry.authors] or [line(entry.attributed_to)], entry.language)
    )
    if found.canonical is not None:
        assert found.canonical == address(entry.canonical_url or "")
    assert (found.rights or "") == line(entry.rights or "")
    if found.agency is not None:
        assert found.agency == line(credit.agency if credit else "")
    if found.role is not None:
        assert found.role == (credit.role.value if credit else "")
    if found.sentence is not None:
        assert found.sentence == line(credit.sentence if credit else "")
    if found.dateline is not None:
        assert found.dateline == line(entry.dateline or "")
    if kind in ("rss", "atom") and credit and credit.agency_feed:
        assert found.agency == line(credit.agency)
    agree_in_text(entry, found)


def agree_in_text(entry: Entry, found: Found) -> None:
    """What a reader sees: the dateline as printed, and the one credit sentence."""
    shown = visible(found.markup) if not found.markup.startswith("<html") else html.fromstring(found.markup)
    said = [words(e) for e in shown.find_class("credit")]
    datelines = [words(e) for e in shown.find_class("dateline")]
    assert said == ([line(entry.credit.sentence)] if entry.credit else [])
    assert datelines == ([line(entry.dateline)] if entry.dateline else [])
    if entry.credit:
        for style in shown.iter("style"):
            style.text = ""
        for heading in [*shown.iter("title"), *shown.iter("h1")]:
            heading.text = ""
        assert words(shown).count(line(entry.credit.sentence)) == 1
    if entry.corrections:
        assert len(shown.find_class("correction")) == len(entry.corrections)


def told(story: Told, content: ContentMode) -> Entry:
    article: Article = story.article
    return make_entry(
        article,
        Terms(content=content),
        publisher=PUBLISHER,
        agency=AGENCIES.get(article.story.credit.agency or ""),
        page_url=f"https://feeds.example.org/feeds/stories/{article.id}/",
    )


@QUICK
@given(stories(), st.sampled_from(ContentMode))
def test_every_format_says_the_same_of_every_story(story: Told, content: ContentMode) -> None:
    entry = told(story, content)
    for kind, read in READERS.items():
        agree(entry, read(entry), kind)


@QUICK
@given(stories(quotes_credit=True), st.sampled_from(ContentMode))
def test_a_credit_that_stands_in_the_text_already_is_not_said_twice(
    story: Told, content: ContentMode
) -> None:
    entry = told(story, content)
    for kind, read in READERS.items():
        agree(entry, read(entry), kind)
