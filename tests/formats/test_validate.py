"""``feeds validate``: kinds are recognised and faults are named by their rule."""

from __future__ import annotations

import time
from datetime import UTC, datetime

import orjson
import pytest

from syndicate.formats.registry import FORMATS
from syndicate.formats.validate import validate


@pytest.fixture
def whole(entry, channel):
    def build(kind):
        form = FORMATS[kind]
        return form.assemble(channel(form.file), [form.fragment(entry(n)) for n in (2, 1)])

    return build


@pytest.mark.parametrize("kind", sorted(FORMATS))
def test_our_own_documents_are_in_order(whole, kind):
    assert validate(whole(kind), datetime(2026, 11, 21, tzinfo=UTC)) == (kind, [])


RSS_FAULTS = [
    (b' isPermaLink="false"', b"", "R2"),
    (b"<pubDate>Fri", b"<pubDate>Mon", "R3"),
    (b"<pubDate>Fri, 20 Nov 2026", b"<pubDate>Fri, 20 Nov 26", "R3"),
    (b"<pubDate>Fri, 20", b"<pubDate>soon", "R3"),
    (b"<dc:creator>", b"<author>a@b.example</author><dc:creator>", "R4"),
    (b"<enclosure ", b'<enclosure url="https://x.example/" length="1" type="a/b"/><enclosure ', "R6"),
    (b"<dc:creator>", b"<dc:date>x</dc:date><dc:creator>", "R8"),
    (b"<link>https://times.example.org/stories/2</link>", b"<link>/stories/2</link>", "X6"),
    (b"&lt;p&gt;", b"&lt;script&gt;", "X6"),
    (b'src="https://times.example.org', b'src="', "X6"),
    (b"</channel>", b"<docs/></channel>", "X5"),
    (b"</rss>", b"", "X1"),
]


@pytest.mark.parametrize(("before", "after", "rule"), RSS_FAULTS)
def test_rss_faults_are_named_by_rule(whole, before, after, rule):
    broken = whole("rss").replace(before, after, 1)
    assert broken != whole("rss")
    assert rule in {f.rule for f in validate(broken)[1]}


ATOM_FAULTS = [
    (b"+00:00</published>", b"</published>", "A1"),
    (b'<content type="html">', b'<content type="CDATA">', "A3"),
    (b'rel="via" type="text/html"', b'rel="alternate" type="text/html"', "A2"),
    (b'href="https://pajhwok.com/2026', b'href="/2026', "X6"),
    (b"<author><name>The", b"<contributor><name>The", "X1"),
]


@pytest.mark.parametrize(("before", "after", "rule"), ATOM_FAULTS)
def test_atom_faults_are_named_by_rule(whole, before, after, rule):
    broken = whole("atom").replace(before, after, 1)
    assert broken != whole("atom")
    assert rule in {f.rule for f in validate(broken)[1]}


def test_json_faults_are_named_by_rule(whole):
    def rules(change):
        fields = orjson.loads(whole("json"))
        change(fields, fields["items"][0])
        return {f.rule for f in validate(orjson.dumps(fields))[1]}

    assert rules(lambda feed, item: item.update(id=5)) == {"J1"}
    assert rules(lambda feed, item: item.update(content_text="x")) == {"J4"}
    assert rules(lambda feed, item: item.update(url="/x")) == {"X6"}
    assert rules(lambda feed, item: item.update(date_published="2026-13-01T00:00:00Z")) == {"J1"}
    assert rules(lambda feed, item: item.update(_x="no object")) == {"J5"}
    assert rules(lambda feed, item: feed.update(items=[item, item])) == {"X4"}
    assert rules(lambda feed, item: feed.update(items="none")) == {"J1"}


def test_r3_a_date_in_the_future_is_an_embargo_that_leaked(whole):
    early = datetime(2026, 1, 1, tzinfo=UTC)
    for kind in FORMATS:
        assert validate(whole(kind), early)[1] != []


@pytest.mark.parametrize("junk", [b"", b"<html/>", b"{}", b"{", b"\x00", b"[]", b"<rss/>", b"<?xml"])
def test_junk_is_an_error_and_never_a_crash(junk):
    findings = validate(junk)[1]
    assert any(f.severity == "error" for f in findings)


def test_entities_are_not_expanded():
    bomb = b'<!DOCTYPE r [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]><rss><channel>&b;</channel></rss>'
    assert validate(bomb)[1]


def test_hostile_markup_is_read_in_linear_time(whole):
    for hostile in ("<" + " on" * 60_000, "<" * 100_000, 'href="' * 30_000, "<a " + "onx " * 50_000):
        fields = orjson.loads(whole("json"))
        fields["items"][0]["content_html"] = hostile
        began = time.process_time()
        validate(orjson.dumps(fields))
        assert time.process_time() - began < 30
