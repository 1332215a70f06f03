"""Reading a feed of so many entries: ours, feedparser, and feedparser without what our editor does anyway.

    python benchmarks/feedreading.py [--entries 100] [--rounds 5]

The processor's time (``time.process_time``), the best of the rounds; peak memory by ``tracemalloc`` in a
round of its own. Every format has the same stories: about 3 kB of text each, a picture with its credit,
an author, three categories. ``ours`` is reading the document and making the drafts; cleaning the markup is
the editor's work and left out on all sides but in ``feedparser``, which cannot leave it by default.
"""

from __future__ import annotations

import argparse
import html
import time
import tracemalloc
from collections.abc import Callable
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import feedparser
import orjson

from syndicate.sources.feed_draft import Terms, make_draft
from syndicate.sources.feed_reading import read_feed

URL = "https://courier.example/feed/"
ZONE = ZoneInfo("UTC")
NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
SENTENCE = (
    "The council of district {n} agreed on Tuesday that the upper canal will be cleaned before winter. "
)


def text(n: int) -> str:
    """A story of about 3 kB."""
    return "".join(f"<p>{(SENTENCE * 5).format(n=n + k)}</p>" for k in range(6)) + '<img src="/i/{n}.jpg">'


def rss(entries: int) -> bytes:
    """RSS as WordPress writes it."""
    items = "".join(
        f"<item><title>Canal {n} &amp; weir</title><link>https://courier.example/{n}</link>"
        f"<dc:creator>Nora Lind</dc:creator><pubDate>Mon, 23 Nov 2026 13:30:00 +0000</pubDate>"
        f"<category>Water</category><category>Roads</category><category>Council</category>"
        f'<guid isPermaLink="false">https://courier.example/?p={n}</guid>'
        f"<description><![CDATA[<p>{SENTENCE.format(n=n)}</p>]]></description>"
        f"<content:encoded><![CDATA[{text(n)}]]></content:encoded>"
        f'<media:content url="https://courier.example/i/{n}.jpg" type="image/jpeg" width="1200">'
        f"<media:credit>Ivo Brand</media:credit></media:content></item>"
        for n in range(entries)
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?><rss version="2.0" '
        'xmlns:content="http://purl.org/rss/1.0/modules/content/" '
        'xmlns:dc="http://purl.org/dc/elements/1.1/" '
        'xmlns:media="http://search.yahoo.com/mrss/"><channel><title>Courier</title>'
        f"<link>https://courier.example/</link><description>x</description>{items}</channel></rss>"
    ).encode()


def atom(entries: int) -> bytes:
    """The same as Atom."""
    items = "".join(
        f"<entry><id>tag:courier.example,2026:{n}</id><title>Canal {n} &amp; weir</title>"
        f'<link rel="alternate" href="https://courier.example/{n}"/><author><name>Nora Lind</name></author>'
        f"<published>2026-11-23T13:30:00Z</published><updated>2026-11-23T13:30:00Z</updated>"
        f'<category term="Water"/><category term="Roads"/><category term="Council"/>'
        f'<summary type="html">{html.escape(SENTENCE.format(n=n))}</summary>'
        f'<content type="html">{html.escape(text(n))}</content></entry>'
        for n in range(entries)
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?><feed xmlns="http://www.w3.org/2005/Atom"><id>tag:x</id>'
        f"<title>Courier</title><updated>2026-11-23T13:30:00Z</updated>{items}</feed>"
    ).encode()


def json_feed(entries: int) -> bytes:
    """The same as JSON Feed (feedparser reads none)."""
    items = [
        {
            "id": str(n),
            "url": f"https://courier.example/{n}",
            "title": f"Canal {n} & weir",
            "content_html": text(n),
            "summary": SENTENCE.format(n=n),
            "date_published": "2026-11-23T13:30:00Z",
            "authors": [{"name": "Nora Lind"}],
            "tags": ["Water", "Roads", "Council"],
        }
        for n in range(entries)
    ]
    return orjson.dumps({"version": "https://jsonfeed.org/version/1.1", "title": "Courier", "items": items})


def ours(document: bytes) -> int:
    """Read, and make drafts."""
    feed = read_feed(document, charset=None, url=URL, zone=ZONE)
    return len([make_draft(entry, feed.head, Terms(source="x"), NOW).digest for entry in feed.entries])


def whole(document: bytes) -> int:
    """feedparser as it comes."""
    return len(feedparser.parse(document).entries)


def bare(document: bytes) -> int:
    """feedparser without sanitising and resolving addresses."""
    return len(feedparser.parse(document, sanitize_html=False, resolve_relative_uris=False).entries)


def measure(read: Callable[[bytes], int], document: bytes, rounds: int) -> tuple[float, float]:
    """Milliseconds and peak megabytes."""
    best = min(_once(read, document) for _ in range(rounds))
    tracemalloc.start()
    read(document)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return best * 1000, peak / 1e6


def _once(read: Callable[[bytes], int], document: bytes) -> float:
    begun = time.process_time()
    read(document)
    return time.process_time() - begun


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--entries", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    for form, make in (("rss", rss), ("atom", atom), ("json", json_feed)):
        document = make(given.entries)
        for read in (ours, bare, whole) if form != "json" else (ours,):
            taken, peak = measure(read, document, given.rounds)
            assert read(document) == given.entries
            print(f"{form:5} {len(document) / 1000:7.0f} kB {read.__name__:6} {taken:8.1f} ms {peak:6.1f} MB")


if __name__ == "__main__":
    main()
