"""Where a document stands among its feed's archives (RFC 5005), and what stands for a withdrawn story."""

from __future__ import annotations

import json
from importlib.resources import files

import pytest
from lxml import etree, html

from syndicate.editorial.wording import feed_wording, languages
from syndicate.formats.html import feed_page
from syndicate.formats.registry import FORMATS
from syndicate.model import Paging, PubStatus

ATOM = "{http://www.w3.org/2005/Atom}"
FH = "{http://purl.org/syndication/history/1.0}"
AT = "{http://purl.org/atompub/tombstones/1.0}"
SEALED = Paging(
    older="https://feeds.example.org/older",
    newer="https://feeds.example.org/newer",
    current="https://feeds.example.org/now",
    sealed=True,
)
RELATIONS = {"prev-archive": SEALED.older, "next-archive": SEALED.newer, "current": SEALED.current}


def links(document: bytes) -> dict[str, str]:
    root = etree.fromstring(document)
    found = [link for link in root.iter(f"{ATOM}link") if link.get("rel") in RELATIONS]
    return {link.get("rel"): link.get("href") for link in found}


@pytest.mark.parametrize("name", ["rss", "atom"])
def test_h10_an_archive_says_so_and_names_its_neighbours(channel, entry, name):
    form = FORMATS[name]
    document = form.assemble(channel(paging=SEALED, hubs=()), [form.fragment(entry())])
    assert links(document) == RELATIONS
    assert etree.fromstring(document).find(f".//{FH}archive") is not None
    assert b'rel="hub"' not in document
    assert form.check(document) == []


@pytest.mark.parametrize("name", ["rss", "atom"])
def test_h10_a_subscription_document_leads_to_its_newest_archive_only(channel, name):
    document = FORMATS[name].assemble(channel(paging=Paging(older="https://feeds.example.org/older")), [])
    assert links(document) == {"prev-archive": "https://feeds.example.org/older"}
    assert b"fh:archive" not in document
    assert b"fh:" not in FORMATS[name].assemble(channel(), []), "no trace in feeds without archives"


def test_h10_json_pages_by_next_url_and_keeps_the_feeds_own_address(channel):
    form = FORMATS["json"]
    first = json.loads(form.assemble(channel(paging=Paging(older="https://feeds.example.org/older")), []))
    assert first["next_url"] == "https://feeds.example.org/older"
    assert first["feed_url"] == channel().self_url
    second = json.loads(form.assemble(channel(paging=SEALED, self_url="https://feeds.example.org/2"), []))
    assert second["feed_url"] == SEALED.current
    assert "next_url" not in json.loads(form.assemble(channel(), []))


def test_a5_a_withdrawn_entry_is_a_deleted_entry_without_a_word_of_the_story(channel, entry):
    form = FORMATS["atom"]
    gone = entry(status=PubStatus.CANCELED, headline="The libel")
    document = form.assemble(channel(paging=SEALED), [form.fragment(entry(2))], [form.notice(gone)])
    (notice,) = etree.fromstring(document).iter(f"{AT}deleted-entry")
    assert notice.get("ref") == gone.id
    assert notice.get("when") == gone.updated.strftime("%Y-%m-%dT%H:%M:%SZ")
    assert notice.findtext(f"{AT}comment") == "This story has been withdrawn and is no longer available."
    assert b"libel" not in document
    assert form.check(document) == []


@pytest.mark.parametrize("name", ["rss", "json"])
def test_a_withdrawn_entry_is_absent_where_there_is_no_word_for_it(entry, name):
    assert FORMATS[name].notice(entry(status=PubStatus.CANCELED)) == b""


def test_the_page_for_people_leads_to_older_and_newer_stories(channel, entry):
    page = html.fromstring(feed_page(channel(paging=SEALED), [entry()], {}))
    assert [(a.get("rel"), a.get("href"), a.text) for a in page.xpath("//nav//a")] == [
        ("prev", SEALED.newer, "Newer stories"),
        ("next", SEALED.older, "Older stories"),
    ]
    newest = Paging(current=SEALED.current, sealed=True)
    page = html.fromstring(feed_page(channel(paging=newest, language="ps"), [entry()], {}))
    assert page.xpath("//nav//a/@href") == [SEALED.current]
    assert page.xpath("//nav//a/text()") == [feed_wording("ps")["newer"]]
    assert html.fromstring(feed_page(channel(), [entry()], {})).xpath("//nav") == []


def test_j1_only_a_feed_that_ended_says_so(channel):
    form = FORMATS["json"]
    assert json.loads(form.assemble(channel(ended=True), []))["expired"] is True
    assert "expired" not in json.loads(form.assemble(channel(), []))


@pytest.mark.parametrize("language", languages())
def test_every_language_has_words_for_a_feed(language):
    kept = files("syndicate.editorial").joinpath("data/feed_wording.json").read_text("utf-8")
    tables = json.loads(kept)
    words = tables[language]
    assert set(words) == set(tables["en"])
    assert all(value.strip() for value in words.values())
    assert words["ended_title"].count("{feed}") == words["ended_text"].count("{feed}") == 1
    assert words["ended_successor"].count("{successor}") == 1
