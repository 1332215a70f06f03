"""The gate asks in parts what ``validate`` asks of the whole, and finds the same."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from syndicate.errors import DocumentError, StoryError
from syndicate.formats import gate
from syndicate.formats.checks import joining
from syndicate.formats.registry import FORMATS
from syndicate.formats.validate import validate
from syndicate.model import Media, Picture

NOW = datetime(2026, 12, 1, tzinfo=UTC)
MARKS = {
    "rss": (b'<guid isPermaLink="false">', b"</guid>"),
    "atom": (b"<id>", b"</id>"),
    "json": (b'{"id":"', b'"'),
}
SPOILED = (  # what a renderer might do wrong, in any format's bytes
    (b"https://times.example.org/stories/", b"/stories/"),
    (b"&lt;p&gt;", b"&lt;script&gt;"),
    (b"<p>", b"<iframe>"),
    (b"2026-11-20T", b"2026-11-40T"),
    (b"Fri, 20 Nov", b"Mon, 20 Nov"),
    (b"image/jpeg", b"jpeg"),
    (b"<title>", b"<title></title><title>"),
    (b'"title":', b'"headline":'),
    (b"1234", b"many"),
    (b"</pubDate>", b"</pubDate><pubDate>soon</pubDate>"),
    (b"<updated>", b"<upd/><updated>"),
    (b"<guid", b"<guide/><guid"),
    (b"2026", b"2099"),
    (b'"authors":', b'"writers":'),
    (b"urn:uuid:", b""),
)
TEXTS = st.text(max_size=60) | st.sampled_from(
    [
        "<p>plain &amp;amp; twice</p>",
        '<p><a href="/x">relative</a></p>',
        "<script>x()</script>",
        '<p onclick="x">a</p>',
        "A <b>bold</b> line",
        "AT&amp;T",
        "\ufffd",
        "<blink>x</blink>",
        '<img srcset="a.jpg 1x, https://x.example/b.jpg 2x">',
        '<p style="position:fixed">x</p>',
    ]
)


def told(findings):
    """What is found, but for lines: those count from another place."""
    return Counter((f.severity, f.rule, f.message, f.fix) for f in findings)


def joined_twice(fragments, kind):
    """What ``joined_ids`` refuses, in the words of ``validate``."""
    before, after = MARKS[kind]
    found = [f.partition(before)[2].partition(after)[0].decode().strip() for f in fragments]
    return list(joining.unique([(known, 1) for known in found]))


@pytest.fixture
def varied(entry):
    """``varied(data, number)`` → an entry as hypothesis invents it, good or bad."""

    def build(data, number):
        made = entry(number)
        changes = {
            "title": data.draw(TEXTS),
            "content": data.draw(TEXTS | st.none() | st.just(made.content)),
            "summary_markup": data.draw(TEXTS | st.just(made.summary_markup)),
            "authors": data.draw(st.lists(TEXTS, max_size=2).map(tuple)),
            "tags": data.draw(st.lists(TEXTS, max_size=2).map(tuple)),
            "rights": data.draw(TEXTS | st.none()),
            "language": data.draw(st.sampled_from(["en", "ps", "", "not a tag"])),
            "published": data.draw(st.sampled_from([made.published, NOW + timedelta(days=9)])),
            "image": data.draw(st.sampled_from([made.image, None, Picture(url="https://x.example/a.png")])),
            "media": data.draw(
                st.sampled_from([(), (Media(url="https://x.example/a", type="audio", length=3),)])
            ),
        }
        return replace(made, **changes)

    return build


@pytest.mark.parametrize("kind", sorted(FORMATS))
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_findings_of_the_whole_are_those_of_head_parts_and_joining(varied, channel, kind, data):
    form = FORMATS[kind]
    head = channel(
        form.file,
        title=data.draw(st.sampled_from(["Latest", "A <b>b</b> c", "Q&amp;A"])),
        language=data.draw(st.sampled_from(["en", "no tag at all"])),
        hubs=data.draw(st.sampled_from([(), ("https://h.example/", "https://h.example/")])),
        home_url=data.draw(st.sampled_from(["https://times.example.org/", "http://[::1]/"])),
        updated=data.draw(st.sampled_from([NOW, NOW + timedelta(days=2)])),
    )
    numbers = data.draw(st.lists(st.integers(1, 9), max_size=4))
    fragments = []
    for number in numbers:
        try:
            fragment = form.fragment(varied(data, number))
        except StoryError:  # set aside before the gate
            continue
        before, after = data.draw(st.sampled_from([(b"", b""), *SPOILED]))
        spoiled = fragment.replace(before, after, 1) if before else fragment
        # A fragment that is not well-formed never gets into a document: its findings are all there is.
        if any(f.message.startswith(("not well-formed", "no JSON")) for f in form.check_fragment(spoiled)):
            continue
        fragments.append(spoiled)
    empty = form.assemble(head, [])
    whole = join(form, head, fragments)
    parts = [f for fragment in fragments for f in form.check_fragment(fragment, NOW)]
    around = form.check(whole, NOW)
    assert told(validate(whole, NOW)[1]) == told([*around, *parts, *joined_twice(fragments, kind)])
    # Of a document without entries nothing but its head can be wrong.
    assert told(validate(empty, NOW)[1]) == told(form.check(empty, NOW))


def join(form, head, fragments):
    """A document as ``assemble`` makes it, also where it would refuse: two entries of one id."""
    empty = form.assemble(head, [])
    end = {"rss": b"</channel></rss>", "atom": b"</feed>", "json": b"]}"}[form.name]
    between = b"," if form.name == "json" else b""
    return empty.removesuffix(end) + between.join(fragments) + end


@pytest.mark.parametrize("kind", sorted(FORMATS))
def test_our_own_entries_and_heads_pass_without_a_word(entry, channel, corrected, kind):
    form = FORMATS[kind]
    for made in (entry(1, headline="River rises"), entry(2, headline="چای", language="ps", **corrected)):
        assert form.check_fragment(form.fragment(made), NOW) == []
    assert form.check(form.assemble(channel(form.file, rights="© us"), []), NOW) == []


@pytest.mark.parametrize("kind", sorted(FORMATS))
def test_x4_no_document_is_joined_of_two_entries_with_one_id(entry, channel, kind):
    form = FORMATS[kind]
    fragment = form.fragment(entry())
    with pytest.raises(DocumentError):
        form.assemble(channel(form.file), [fragment, fragment])
    found = validate(join(form, channel(form.file), [fragment, fragment]))[1]
    assert [(f.rule, f.severity) for f in found] == [("X4", "error")]


@pytest.mark.parametrize("kind", sorted(FORMATS))
def test_x5_a_document_that_runs_backwards_is_warned_of(entry, channel, kind):
    form = FORMATS[kind]
    two = [form.fragment(entry(n, headline="River")) for n in (1, 2)]
    whole = form.assemble(channel(form.file), two)
    for found in (validate(whole)[1], form.check(whole)):
        assert [(f.rule, f.severity) for f in found] == [("X5", "warning")]
    assert form.check(form.assemble(channel(form.file), two[::-1])) == []


@pytest.mark.parametrize("kind", ["rss", "atom"])
def test_a_fragment_is_one_entry_and_cannot_break_out_of_it(entry, kind):
    form = FORMATS[kind]
    fragment = form.fragment(entry(headline="River"))
    out = {"rss": b"</channel><channel/><channel>", "atom": b"</feed><feed>"}[kind]
    for spoiled in (fragment + fragment, b"", b"<x/>" + fragment, fragment[:-5], fragment + out):
        assert [f.severity for f in form.check_fragment(spoiled)] == ["error"]


def test_a_head_is_read_once_for_as_long_as_only_its_date_changes(entry, channel):
    form = FORMATS["rss"]
    at = channel("rss.xml").updated
    gate._rss_head.cache_clear()
    for minutes in range(5):
        document = form.assemble(channel("rss.xml", updated=at + timedelta(minutes=minutes)), [])
        assert form.check(document, NOW) == []
    assert gate._rss_head.cache_info().misses == 1
    late = form.assemble(channel("rss.xml", updated=NOW + timedelta(days=1)), [])
    assert [f.rule for f in form.check(late, NOW)] == ["R3"]
    assert gate._rss_head.cache_info().misses == 1


@pytest.mark.parametrize("kind", sorted(FORMATS))
def test_a_date_in_the_future_does_not_pass(entry, kind):
    form = FORMATS[kind]
    fragment = form.fragment(entry(headline="River"))
    assert form.check_fragment(fragment, entry().published) == []
    early = form.check_fragment(fragment, entry().published - timedelta(minutes=6))
    assert {f.rule for f in early if f.severity == "error"} == {"R3"}


@pytest.mark.parametrize("kind", sorted(FORMATS))
def test_x7_a_large_article_is_warned_of(entry, kind):
    large = replace(entry(headline="River"), content=f"<p>{'x' * 1_000_001}</p>")
    found = FORMATS[kind].check_fragment(FORMATS[kind].fragment(large))
    assert [(f.rule, f.severity) for f in found] == [("X7", "warning")]
