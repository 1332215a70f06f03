"""What a rebuild costs after one new story, beside a whole build by feedgen.

    python benchmarks/feeds.py [--json] [--quick]

All but the newest fragment are known, as they are when a story comes in. The
rebuild renders that one, assembles and checks the document; ``gzip`` adds the
compression the documents are served with (feedgen's: zlib level 6). Figures
are medians of several rounds and compare within one run only.
"""

from __future__ import annotations

import argparse
import contextlib
import ctypes
import gc
import itertools
import json
import os
import random
import statistics
import time
import zlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from feedgen.feed import FeedGenerator

from syndicate.formats import atom, rss
from syndicate.formats.encoding import gzip_bytes
from syndicate.formats.feedgen_mended import document
from syndicate.formats.registry import FORMATS
from syndicate.model import Channel, CreditRole, CreditView, Entry

START = datetime(2026, 1, 1, tzinfo=UTC)
TEXT = (
    "the a of and to in said on Tuesday officials province talks election river bridge market school police "
    "minister governor economy water border district farmers traders prices rain flood road court report "
    "residents according spokesman agreement project clinic students village women council capital trade "
    "international aid power supply repair season winter government security local region children health"
)
WORDS = TEXT.split()
SECONDS = itertools.count()
ROUNDS = {50: 60, 500: 20, 5000: 5}


def story(number: int, source: random.Random) -> Entry:
    """An entry with about 3.2 kB of HTML."""
    paragraphs = []
    while sum(map(len, paragraphs)) < 3100:
        paragraphs.append(f"<p>{' '.join(source.choices(WORDS, k=60)).capitalize()}.</p>")
    name = "Example News Agency"
    sentence = f"Originally published by {name}"
    credit = CreditView(
        agency=name, role=CreditRole.SOURCE, sentence=sentence, markup=f'<p class="credit">{sentence}</p>'
    )
    body = "".join(paragraphs)
    at = START + timedelta(minutes=number)
    title = " ".join(source.choices(WORDS, k=9)).capitalize()
    return Entry(
        article_id=str(number),
        revision=1,
        id=f"urn:uuid:00000000-0000-5000-8000-{number:012d}",
        url=f"https://news.example.org/{number}",
        title=title,
        language="en",
        direction="ltr",
        published=at,
        updated=at,
        summary=title,
        summary_markup=f'<div lang="en" dir="ltr"><p>{title}</p></div>',
        content=f'<div lang="en" dir="ltr">{body}{credit.markup}</div>',
        attributed_to=name,
        authors=("Ann Example",),
        credit=credit,
        section="News",
    )


def channel(file: str, updated: datetime) -> Channel:
    """A feed's head."""
    home = "https://news.example.org/"
    page = "https://feeds.example.org/feeds/latest/"
    return Channel(
        id="urn:uuid:1",
        slug="latest",
        title="Latest",
        description="All the news",
        language="en",
        home_url=home,
        page_url=page,
        self_url=page + file,
        publisher="The Example Times",
        updated=updated,
        hubs=("https://hub.example.org/",),
    )


def whole_by_feedgen(entries: list[Entry], kind: str) -> bytes:
    """The plain way: everything anew, with the least that makes a feed."""
    feed = FeedGenerator()
    feed.id("urn:uuid:1")
    feed.title("Latest")
    feed.description("All the news")
    feed.link(href="https://feeds.example.org/feeds/latest/", rel="self")
    feed.link(href="https://news.example.org/")
    for entry in entries:
        item = feed.add_entry(order="append")
        item.id(entry.id)
        item.title(entry.title)
        item.link(href=entry.url)
        item.author(name=entry.authors[0])
        item.description(entry.summary_markup, isSummary=True)
        item.content(entry.content, type="html")
        item.published(entry.published)
        item.updated(entry.updated)
        item.category(term="News")
    built: bytes = feed.rss_str() if kind == "rss" else feed.atom_str()
    return built


def same_by_feedgen(entries: list[Entry], kind: str) -> bytes:
    """The same bytes as ours, built whole by feedgen with our extension: what fragments save."""
    module = {"rss": rss, "atom": atom}[kind]
    head = module.head(channel(FORMATS[kind].file, entries[0].updated))
    return document(head, [module.item(entry) for entry in entries], kind)


def rebuild(kind: str, new: Entry, known: list[bytes]) -> bytes:
    """What a publish does: one fragment with everything that checks it, the document, its check."""
    form = FORMATS[kind]
    fragment = form.fragment(new)
    # Another second each time: a head is known again but for its date.
    at = new.updated + timedelta(seconds=next(SECONDS))
    built = form.assemble(channel(form.file, at), [fragment, *known])
    found = [*form.check_fragment(fragment, at), *form.check(built, at)]
    assert not [f for f in found if f.severity == "error"]
    return built


def median(action: Callable[[], object], rounds: int) -> float:
    """Seconds, the median of so many rounds."""
    took = []
    gc.collect()
    gc.disable()
    for _ in range(rounds):
        began = time.perf_counter()
        action()
        took.append(time.perf_counter() - began)
    gc.enable()
    return statistics.median(took)


def peak(action: Callable[[], object]) -> int | None:
    """Bytes the process grows by at most while it runs, lxml's included; Linux only."""
    status, clear = Path("/proc/self/status"), Path("/proc/self/clear_refs")
    if not clear.exists():
        return None

    def read(field: str) -> int:
        return next(int(x.split()[1]) for x in status.read_text().splitlines() if x.startswith(field)) * 1024

    gc.collect()
    clear.write_text("5")  # the high-water mark starts anew
    before = read("VmRSS")
    action()
    return max(read("VmHWM") - before, 1)


def peak_alone(action: Callable[[], object]) -> int | None:
    """The same in a process of its own: freed memory of earlier rounds is not used again."""
    out, back = os.pipe()
    if os.fork() == 0:
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None).malloc_trim(0)  # give back what earlier rounds freed
        os.write(back, str(peak(action) or 0).encode())
        os._exit(0)
    os.wait()
    grown = int(os.read(out, 64))
    os.close(out)
    os.close(back)
    return grown or None


def measure(kind: str, size: int, rounds: int) -> dict[str, Any]:
    """One line of the table; times in milliseconds. JSON is compared with feedgen's Atom."""
    source = random.Random(size)
    entries = [story(n, source) for n in range(size, 0, -1)]
    new, known = entries[0], [FORMATS[kind].fragment(e) for e in entries[1:]]
    other = "atom" if kind == "json" else kind
    few = max(3, rounds // 5)
    ours = peak_alone(lambda: rebuild(kind, new, known))
    theirs = peak_alone(lambda: whole_by_feedgen(entries, other))
    line = {
        "rebuild": median(lambda: rebuild(kind, new, known), rounds),
        "same": median(lambda: same_by_feedgen(entries, other), few),
        "plain": median(lambda: whole_by_feedgen(entries, other), few),
        "rebuild_gzip": median(lambda: gzip_bytes(rebuild(kind, new, known)), rounds),
        "same_gzip": median(lambda: zlib.compress(same_by_feedgen(entries, other), 6), few),
        "plain_gzip": median(lambda: zlib.compress(whole_by_feedgen(entries, other), 6), few),
    }
    return {
        "format": kind,
        "entries": size,
        "ms": {name: seconds * 1e3 for name, seconds in line.items()},
        "times_same": line["same"] / line["rebuild"],
        "times_plain": line["plain"] / line["rebuild"],
        "times_same_gzip": line["same_gzip"] / line["rebuild_gzip"],
        "times_plain_gzip": line["plain_gzip"] / line["rebuild_gzip"],
        "memory_share": ours / theirs if ours and theirs else None,
    }


HEADINGS = (
    "format",
    "entries",
    "rebuild",
    "same",
    "plain",
    "x same",
    "x plain",
    "gz x same",
    "gz x plain",
    "memory",
)


def main() -> None:
    """Prints the table, or one JSON array with ``--json``."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--quick", action="store_true", help="without the 5,000 entries")
    options = parser.parse_args()
    rounds = {n: r for n, r in ROUNDS.items() if n <= 500 or not options.quick}
    lines = [measure(kind, n, r) for n, r in rounds.items() for kind in ("rss", "atom", "json")]
    if options.json:
        print(json.dumps(lines))
        return
    print("milliseconds after one new story; how many times faster than feedgen's whole build")
    print("same: feedgen writing the same bytes; plain: feedgen with the least that makes a feed")
    print("".join(f"{heading:>11}" for heading in HEADINGS))
    for r in lines:
        times = [r["times_same"], r["times_plain"], r["times_same_gzip"], r["times_plain_gzip"]]
        cells = [*(f"{r['ms'][k]:.2f}" for k in ("rebuild", "same", "plain")), *(f"{t:.1f}" for t in times)]
        share = f"{r['memory_share']:.2f}" if r["memory_share"] else "-"
        print("".join(f"{cell:>11}" for cell in (r["format"], r["entries"], *cells, share)))


if __name__ == "__main__":
    main()
