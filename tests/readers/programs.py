"""Programs that people read feeds with, and what each shows of an entry."""

from __future__ import annotations

import calendar
import json
import shutil
import sqlite3
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import feedparser
import pytest
import reader as lemon
from packages import HERE as NPM
from packages import package


@dataclass(frozen=True, kw_only=True)
class Seen:
    """One entry as a program shows it; ``None`` or empty where it has no place for something."""

    title: str
    link: str
    date: datetime
    author: str
    text: str
    source: str | None = None
    language: str | None = None


def by_feedparser(url: str) -> list[Seen]:
    """The library under many Python readers."""
    feed = feedparser.parse(url)
    assert not feed.bozo, feed.bozo_exception
    return [_parsed(entry) for entry in feed.entries]


def _parsed(entry: Any) -> Seen:
    names = [a.get("name", "") for a in entry.get("authors", [])]
    return Seen(
        title=entry.title,
        link=entry.link,
        date=datetime.fromtimestamp(calendar.timegm(entry.published_parsed), UTC),
        author=", ".join(names) if len(names) > 1 else entry.get("author", ""),
        text=entry.content[0].value if "content" in entry else entry.summary,
        source=entry.get("source", {}).get("title"),
        language=entry.get("language") or entry.title_detail.language,
    )


def by_lemon(url: str) -> list[Seen]:
    """lemon24/reader: a whole reader as a library."""
    with tempfile.TemporaryDirectory() as folder:
        kept = lemon.make_reader(str(Path(folder) / "reader.sqlite"))
        kept.add_feed(url)
        kept.update_feeds()
        return [_kept(entry) for entry in kept.get_entries()]


def _kept(entry: Any) -> Seen:
    # ``source`` is what the entry itself names, not the feed it came in.
    source = entry.source.title if entry.source else None
    return Seen(
        title=entry.title,
        link=entry.link,
        date=entry.published or entry.updated,
        author=entry.authors_str or "",
        text=entry.get_content().value,
        source=source,
        language=entry.get_content().language,
    )


def by_newsboat(url: str) -> list[Seen]:
    """newsboat: a reader for terminals, in C++."""
    program = shutil.which("newsboat")
    if not program:
        pytest.skip("newsboat is not installed")
    with tempfile.TemporaryDirectory() as folder:
        urls, config, cache = (Path(folder) / name for name in ("urls", "config", "cache.db"))
        urls.write_text(url + "\n", encoding="utf-8")
        config.write_text("", encoding="utf-8")
        command = [program, "-u", str(urls), "-C", str(config), "-c", str(cache), "-x", "reload"]
        ended = subprocess.run(
            command, env={"HOME": folder, "LANG": "C.UTF-8"}, capture_output=True, text=True, timeout=120
        )
        assert ended.returncode == 0, ended.stderr
        with sqlite3.connect(cache) as rows:
            found = rows.execute("select title, url, pubDate, author, content from rss_item").fetchall()
        rows.close()
    return [
        Seen(title=title, link=link, date=datetime.fromtimestamp(at, UTC), author=author, text=text)
        for title, link, at, author, text in found
    ]


def by_npm(parser: str) -> Callable[[str], list[Seen]]:
    """A parser of npm, run by node."""

    def read(url: str) -> list[Seen]:
        package(parser)
        command = ["node", "read.mjs", parser, url]
        ended = subprocess.run(command, cwd=NPM, capture_output=True, text=True, timeout=120)
        assert ended.returncode == 0, ended.stderr
        return [_line(json.loads(row)) for row in ended.stdout.splitlines()]

    return read


def _line(item: dict[str, Any]) -> Seen:
    return Seen(
        title=item["title"],
        link=item["link"],
        date=_date(item["date"]),
        author=item.get("author") or "",
        text=item.get("text") or "",
        source=item.get("source"),
        language=item.get("language"),
    )


def _date(words: str) -> datetime:
    return parsedate_to_datetime(words) if words[0].isalpha() else datetime.fromisoformat(words)


ALL: Sequence[tuple[str, Callable[[str], list[Seen]], Sequence[str]]] = (
    ("feedparser", by_feedparser, ("rss", "atom")),
    ("lemon24/reader", by_lemon, ("rss", "atom", "json")),
    ("newsboat", by_newsboat, ("rss", "atom")),
    ("rss-parser", by_npm("rss-parser"), ("rss", "atom")),
    ("feedsmith", by_npm("feedsmith"), ("rss", "atom", "json")),
    ("@extractus/feed-extractor", by_npm("@extractus/feed-extractor"), ("rss", "atom", "json")),
)
"""Each program, how it is asked, and the formats it reads."""
