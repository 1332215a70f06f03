"""Programs of others read the example newsroom: right titles, dates, authors, credits, languages."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache

import orjson
import pytest
from programs import ALL, Seen

from courier import ROOT, Courier

FILES = {"rss": "rss.xml", "atom": "atom.xml", "json": "feed.json"}
PAIRS = [pytest.param(name, read, kind, id=f"{name}-{kind}") for name, read, kinds in ALL for kind in kinds]
PAJHWOK = "Pajhwok Afghan News"
SITE = "https://courier.example.org/"


@dataclass(frozen=True)
class Told:
    """A story as it stands in the example's folder."""

    title: str
    authors: tuple[str, ...]
    language: str
    at: str | None
    link: str | None = None
    credit: str | None = None


STORIES = (
    Told("Old stone bridge reopens after two winters", (PAJHWOK,), "en", None,
         credit=f"Originally published by {PAJHWOK}"),
    Told("دو سردیوں بعد پرانا پتھر کا پل کھل گیا", ("نور رحمان",), "ur", "2026-11-22T04:00", "ur/2026/11/purana-pul"),
    Told("په زاړه بس کې درې زره کتابونه", ("عایشه کریم",), "ps", "2026-11-21T05:30", "ps/2026/11/kitabtun"),
    Told("Three thousand books and a lamp that never goes out", ("Ayesha Karim",), "en", "2026-11-21T04:45",
         "2026/11/school-library"),
    Told("Apricot growers turn to the sun", ("Noor Rahman", "Lailuma Daud"), "en", "2026-11-20T12:10",
         "2026/11/apricot-growers", f"With material from {PAJHWOK}"),
    Told("بزګرو خپل زوړ کاریز بېرته پاک کړ", (PAJHWOK,), "ps", "2026-11-19T07:50",
         credit=f"دا خبر لومړی ځل {PAJHWOK} خپور کړی دی"),
    Told("Night clinic begins in Dasht-i-Gul", ("Ayesha Karim",), "en", "2026-11-18T03:30", "2026/11/night-clinic"),
    Told("A weather station made of kitchen things", ("Lailuma Daud",), "en", "2026-11-17T03:15",
         "2026/11/weather-station"),
    Told("Villages read the river for one another", ("Idris Wali",), "en", "2026-11-16T06:20", "2026/11/river-gauges"),
    Told("بنیادی صحت مرکز کے صحن میں کتاب میلہ", ("The Valley Courier",), "ur", "2026-11-15T13:35"),
)  # fmt: skip
BY_CHANGE = {("@extractus/feed-extractor", "atom")}
"""Who takes an entry's last change for its date."""
FEEDS = {"latest": ("en", "ps", "ur"), "pashto": ("ps",), "urdu": ("ur",)}


@cache
def seen(read: Callable[[str], list[Seen]], address: str) -> tuple[Seen, ...]:
    """A document as a program shows it; each is asked once."""
    return tuple(read(address))


def shown(read: Callable[[str], list[Seen]], kind: str, courier: Courier, slug: str) -> dict[str, Seen]:
    entries = seen(read, f"{courier.base}feeds/{slug}/{FILES[kind]}")
    assert len({e.title for e in entries}) == len(entries)
    return {entry.title: entry for entry in entries}


def visible(markup: str) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", markup)).split())


# -- each story ------------------------------------------------------------------


@pytest.mark.parametrize(("name", "read", "kind"), PAIRS)
@pytest.mark.parametrize("slug", FEEDS)
def test_every_story_is_shown_as_it_is(
    name: str, read: Callable[[str], list[Seen]], kind: str, slug: str, courier: Courier
) -> None:
    entries = shown(read, kind, courier, slug)
    told = [story for story in STORIES if story.language in FEEDS[slug]]
    assert set(entries) == {story.title for story in told}
    for story in told:
        entry = entries[story.title]
        if story.at:
            at = datetime.fromisoformat(story.at).replace(tzinfo=UTC)
            assert entry.date == at or ((name, kind) in BY_CHANGE and entry.date > at), story.title
        own_page = entry.link.startswith(courier.base + "feeds/stories/")
        assert entry.link == SITE + story.link if story.link else own_page, story.title
        names = entry.author.replace(" and ", ", ").split(", ")
        assert set(names) <= set(story.authors), story.title


@pytest.mark.parametrize(("name", "read", "kind"), PAIRS)
@pytest.mark.parametrize("slug", FEEDS)
def test_the_credit_is_seen_once_and_the_direction_is_kept(
    name: str, read: Callable[[str], list[Seen]], kind: str, slug: str, courier: Courier
) -> None:
    entries = shown(read, kind, courier, slug)
    for story in STORIES:
        if story.language in FEEDS[slug]:
            text = entries[story.title].text
            assert visible(text).count(PAJHWOK) == (1 if story.credit else 0), story.title
            assert (story.credit or "") in visible(text)
            assert ('dir="rtl"' in text) == (story.language != "en"), story.title
            assert f'lang="{story.language}"' in text, story.title


# -- what is written about it ------------------------------------------------------


def written() -> dict[tuple[str, str], str]:
    """The table's rows in docs/readers.md, by reader and format."""
    text = (ROOT / "docs/readers.md").read_text(encoding="utf-8")
    rows = [row for row in text.splitlines() if row.startswith("| ") and row.count(" | ") == 7]
    cells = [[cell.strip() for cell in row.strip("|").split(" | ")] for row in rows[1:]]
    return {(c[0], c[1]): " | ".join(c[2:]) for c in cells if not c[0].startswith("---")}


def observed(entries: dict[str, Seen]) -> Iterator[str]:
    """The cells of one row, from what was seen."""
    bridge, apricots, pashto, clinic = (entries[STORIES[n].title] for n in (0, 4, 2, 6))
    changed = clinic.date > datetime(2026, 11, 18, 3, 30, tzinfo=UTC)
    yield "last change" if changed else "first published"
    yield bridge.author or "–"
    yield apricots.author or "–"
    yield "once" if visible(bridge.text).count(f"Originally published by {PAJHWOK}") == 1 else "lost"
    yield bridge.source or "–"
    yield pashto.language or "in the text only"


@pytest.mark.parametrize(("name", "read", "kind"), PAIRS)
def test_the_table_says_what_was_seen(
    name: str, read: Callable[[str], list[Seen]], kind: str, courier: Courier
) -> None:
    row = " | ".join(observed(shown(read, kind, courier, "latest")))
    assert written().get((name, kind)) == row, f"docs/readers.md should say: | {name} | {kind} | {row} |"


def test_the_table_names_every_reader_and_no_other() -> None:
    assert set(written()) == {(name, kind) for name, _, kinds in ALL for kind in kinds}


def test_the_packages_are_locked_without_naming_a_registry() -> None:
    """Installed from whatever registry a machine is set up for, and checked by their hashes."""
    locked = orjson.loads((ROOT / "tests/npm/package-lock.json").read_bytes())["packages"]
    kept = {name: known for name, known in locked.items() if name}
    assert all(known["integrity"].startswith("sha512-") for known in kept.values())
    assert [name for name, known in kept.items() if "resolved" in known] == []
