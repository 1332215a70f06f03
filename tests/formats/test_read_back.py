"""Every document read back by two parsers: the same title, id, author, dates and credit (X1, X2)."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import feedparser
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree
from markupsafe import escape
from reader import make_reader

from syndicate.editorial.entry import Terms
from syndicate.formats.registry import FORMATS
from syndicate.formats.text import clean
from syndicate.formats.validate import validate
from syndicate.model import ContentMode, PubStatus

GOLDEN = Path(__file__).parent / "golden"
NASTY = "Flood \U0001f30a ]]> a & b < c \x00\ud800\ufffe می‌خواهم"
CLEAN = "Flood \U0001f30a ]]> a & b < c می‌خواهم"
SENTENCE = "Originally published by Pajhwok Afghan News"


def visible(markup):
    return " ".join(re.sub(r"<[^>]*>", "", markup).split())


def assemble(channel, entries, kind):
    form = FORMATS[kind]
    whole = form.assemble(channel(form.file), [form.fragment(e) for e in entries])
    assert form.check(whole) == []
    found, findings = validate(whole)
    assert found == kind
    assert [f for f in findings if f.severity == "error"] == []
    return whole


@pytest.fixture
def three(entry, corrected):
    """A small feed in English, Pashto and Urdu, as an editor would fill it."""
    pashto = entry(
        2,
        language="ps",
        headline="د کابل سیند اوبه زیاتې شوې",
        markup="<p>د سې‌شنبې په ورځ د سیند اوبه زیاتې شوې.</p>",
        excerpt="د سې‌شنبې په ورځ د سیند اوبه زیاتې شوې.",
        byline=("زرغونه بېلګه",),
        dateline=None,
    )
    urdu = entry(
        1,
        language="ur",
        headline="دریا میں پانی کی سطح بلند",
        markup="<p>منگل کو دریا میں پانی بڑھ گیا۔</p>",
        excerpt="منگل کو دریا میں پانی بڑھ گیا۔",
        byline=(),
        terms=Terms(content=ContentMode.EXCERPT),
    )
    return [entry(3, **corrected), pashto, urdu]


@pytest.mark.parametrize("kind", sorted(FORMATS))
def test_golden_documents_have_not_changed(channel, three, kind):
    """A change here is a change of every subscriber's bytes: raise the format's ``version``."""
    golden = GOLDEN / FORMATS[kind].file
    built = assemble(channel, three, kind)
    if os.environ.get("WRITE_GOLDEN"):
        golden.write_bytes(built)
    assert built == golden.read_bytes()


@pytest.mark.parametrize("kind", ["rss", "atom"])
def test_feedparser_finds_what_went_in(channel, three, kind):
    feed = feedparser.parse(assemble(channel, three, kind))
    assert not feed.bozo
    assert feed.feed.title == "Latest news"
    assert {x.rel for x in feed.feed.links} >= {"self", "hub", "alternate"}
    for found, given_ in zip(feed.entries, three, strict=True):
        assert found.title == given_.title
        assert found.id == given_.id
        assert found.link == given_.url
        named = " and ".join(given_.authors) if given_.language == "en" else "، ".join(given_.authors)
        assert found.authors[0]["name"] in (named or given_.attributed_to, *given_.authors)
        assert found.published_parsed[:6] == given_.published.timetuple()[:6]
        shown = found.content[0].value if "content" in found else found.summary
        assert visible(shown).count(given_.credit.sentence) == 1


def test_json_is_read_back_with_the_same_fields(channel, three):
    feed = json.loads(assemble(channel, three, "json"))
    for found, given_ in zip(feed["items"], three, strict=True):
        assert (found["title"], found["id"], found["url"]) == (given_.title, given_.id, given_.url)
        assert [a["name"] for a in found["authors"]] == list(given_.authors or (given_.attributed_to,))
        assert visible(found["content_html"]).count(given_.credit.sentence) == 1
        assert found["_syndicate"]["source"]["credit"] == given_.credit.sentence


@pytest.mark.parametrize("kind", sorted(FORMATS))
def test_reader_finds_what_went_in(channel, three, kind, tmp_path):
    (tmp_path / FORMATS[kind].file).write_bytes(assemble(channel, three, kind))
    with make_reader(":memory:", feed_root=str(tmp_path)) as reader:
        reader.add_feed(FORMATS[kind].file)
        reader.update_feeds()
        found = {e.id: e for e in reader.get_entries()}
    assert set(found) == {e.id for e in three}
    for given_ in three:
        entry = found[given_.id]
        assert entry.title == given_.title
        assert entry.link == given_.url
        assert entry.published.replace(tzinfo=None) == given_.published.replace(tzinfo=None)
        # Of several Atom authors this reader keeps one; of RSS and JSON it keeps all.
        keeps = any if kind == "atom" else all
        assert keeps(name in entry.authors_str for name in given_.authors or (given_.attributed_to,))
        shown = entry.get_content()
        assert visible(shown.value if shown else entry.summary).count(given_.credit.sentence) == 1


@pytest.mark.parametrize("kind", sorted(FORMATS))
def test_x1_x2_nasty_text_survives_and_takes_nothing_down(channel, entry, kind):
    made = entry(1, headline=NASTY, byline=(NASTY,), section=NASTY, tags=(NASTY + "!",), rights=NASTY)
    whole = assemble(channel, [entry(2), made], kind)
    if kind == "json":
        item = json.loads(whole)["items"][1]
        assert (item["title"], item["authors"][0]["name"]) == (CLEAN, CLEAN)
    else:
        found = feedparser.parse(whole)
        assert not found.bozo
        assert (found.entries[1].title, found.entries[1].author) == (CLEAN, CLEAN)


@pytest.mark.parametrize("kind", sorted(FORMATS))
def test_withdrawn_story_keeps_its_place_and_loses_everything_else(channel, entry, corrected, kind):
    gone = entry(1, status=PubStatus.CANCELED, **corrected)
    whole = assemble(channel, [gone], kind)
    text = whole.decode()
    assert entry(1).id in text
    assert "This story has been withdrawn" in text
    for word in ("rises", "rose", "Ann Example", "Zahra", "Pajhwok", "pajhwok", "Latest News", "river"):
        assert word not in text


TEXT = st.text(
    alphabet=st.one_of(
        st.characters(),
        st.sampled_from("<>&\"'\x00\ud800\udfff\ufffe\uffff\u200c\u200f\x85\r\n\t]"),
        st.sampled_from(["\U0001f30a", "\U0010ffff"]),
    ),
    max_size=60,
)


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(headline=TEXT, name=TEXT, tag=TEXT, body=TEXT)
def test_x2_any_text_round_trips_in_every_format(channel, entry, headline, name, tag, body):
    made = entry(
        1,
        headline="x" + headline,
        byline=("n" + name,),
        tags=("t" + tag,),
        markup=f"<p>{escape(body)}]]></p>",
    )
    title = " ".join(clean(" ".join(("x" + headline).split())).split())
    rss = etree.fromstring(assemble(channel, [made], "rss")).find("channel/item")
    assert rss.findtext("title") == title
    content = rss.findtext("{http://purl.org/rss/1.0/modules/content/}encoded")
    assert content == clean(made.content)
    atom = etree.fromstring(assemble(channel, [made], "atom"))
    assert atom.findtext("{*}entry/{*}title") == title
    assert atom.findtext("{*}entry/{*}content") == clean(made.content)
    item = json.loads(assemble(channel, [made], "json"))["items"][0]
    assert (item["title"], item["content_html"]) == (title, clean(made.content))
    assert [item["authors"][0]["name"]] == [" ".join(clean("n" + name).split())]
