"""Archives of feeds (RFC 5005 section 4, rule H10): no gap, nothing that changes, nothing withdrawn."""

from __future__ import annotations

import gzip
import json
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from house import START, House, draft
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from syndicate.formats.registry import FORMATS
from syndicate.formats.validate import validate
from syndicate.model import Finding
from syndicate.publish import archives, build

ATOM = "{http://www.w3.org/2005/Atom}"
AT = "{http://purl.org/atompub/tombstones/1.0}"
BASE = "http://127.0.0.1:8080"


def stories(house: House, count: int, first: int = 0, **given: Any) -> None:
    for number in range(first, first + count):
        house.take(draft(f"s{number}", published=START - timedelta(hours=99 - number), **given))
        house.publish()


def load(house: House, page: int, name: str = "feed.json", slug: str = "latest") -> bytes:
    found = house.publisher.archives.load(f"/feeds/{slug}/archive/{page}/{name}")
    assert found, f"there is no archive page {page}"
    return found.bodies["identity"]


def walked(house: House, slug: str = "latest") -> list[str]:
    """Headlines as a reader sees them that follows ``next_url`` from the subscription document."""
    document = house.feed(slug)
    found = [item["title"] for item in document["items"]]
    while address := document.get("next_url"):
        body = house.publisher.archives.load(address.removeprefix(BASE))
        assert body, address
        document = json.loads(body.bodies["identity"])
        found += [item["title"] for item in document["items"]]
    return found


def folder(house: House, page: int, slug: str = "latest") -> Path:
    return house.folder / "feeds" / slug / "archive" / str(page)


# -- one concept for all formats --------------------------------------------------------------


def test_h10_what_leaves_the_window_stands_on_a_page_of_its_size(house: House) -> None:
    stories(house, 3)
    assert "next_url" not in house.feed()
    stories(house, 1, 3)
    assert house.feed()["next_url"] == f"{BASE}/feeds/latest/archive/1/feed.json"
    assert [i["title"] for i in json.loads(load(house, 1))["items"]] == ["About s2", "About s1", "About s0"]
    stories(house, 2, 4)
    assert house.feed()["next_url"].endswith("/archive/1/feed.json"), "s3 to s5 are in the window still"
    stories(house, 1, 6)
    second = json.loads(load(house, 2))
    assert [i["title"] for i in second["items"]] == ["About s5", "About s4", "About s3"]
    assert second["next_url"] == f"{BASE}/feeds/latest/archive/1/feed.json"
    assert set(walked(house)) == {f"About s{n}" for n in range(7)}


@pytest.mark.parametrize("name", ["rss.xml", "atom.xml"])
def test_h10_pages_name_their_neighbours_and_no_hub(house: House, name: str) -> None:
    house.configure('[hub]\nenabled = true\n[external_hubs.near]\nurl = "https://hub.example.org/"\n')
    stories(house, 9)
    for form in ("rss.xml", "atom.xml", "feed.json"):
        assert f"{BASE}/hub" in house.text("latest", form), "the document itself names the hubs"
        page = f"/feeds/latest/archive/1/{form}"
        found = house.publisher.archives.load(page)
        assert found and found.links == (("self", BASE + page),)
        assert not any(hub in found.bodies["identity"] for hub in (b"hub.example.org", b"/hub", b'"hubs"'))
    own = etree.fromstring(house.text("latest", name).encode())
    (link,) = [x for x in own.iter(f"{ATOM}link") if x.get("rel") == "prev-archive"]
    assert link.get("href") == f"{BASE}/feeds/latest/archive/2/{name}"
    document = load(house, 1, name)
    links = {x.get("rel"): x.get("href") for x in etree.fromstring(document).iter(f"{ATOM}link")}
    assert links["self"] == f"{BASE}/feeds/latest/archive/1/{name}"
    assert links["next-archive"] == f"{BASE}/feeds/latest/archive/2/{name}"
    assert links["current"] == f"{BASE}/feeds/latest/{name}"
    assert "prev-archive" not in links
    assert b"archive xmlns:fh" in document
    assert [f for f in validate(document, house.now)[1] if f.severity == "error"] == []


def test_the_page_for_people_leads_through_all_stories(house: House) -> None:
    stories(house, 7)
    assert f'href="{BASE}/feeds/latest/archive/2/">Older stories' in house.text("latest", "index.html")
    page = load(house, 2, "").decode()
    assert f'href="{BASE}/feeds/latest/archive/1/">Older stories' in page
    assert f'href="{BASE}/feeds/latest/">Newer stories' in page
    assert "About s3" in page
    assert f'rel=canonical href="{BASE}/feeds/latest/archive/2/"' in page


# -- no gap -----------------------------------------------------------------------------------


def test_an_old_story_that_comes_late_stands_on_a_page_at_once(house: House) -> None:
    stories(house, 4)
    house.take(draft("late", published=START - timedelta(days=300)))
    house.publish()
    assert "About late" not in house.titles()
    assert "About late" in walked(house)
    assert [i["title"] for i in json.loads(load(house, 1))["items"]] == ["About s2", "About s1", "About s0"]


def test_a_whole_archive_is_sealed_at_once_and_the_oldest_stand_on_the_first_page(house: House) -> None:
    house.take(*(draft(f"s{n}", published=START - timedelta(hours=99 - n)) for n in range(20)))
    house.publish()
    assert [i["title"] for i in json.loads(load(house, 1))["items"]] == ["About s2", "About s1", "About s0"]
    assert len(set(walked(house))) == 20


def test_another_filter_adds_pages_and_changes_none(house: House) -> None:
    def only(section: str) -> str:
        return f'[feeds.own]\ntitle = "Own"\nlimit = 2\nmatch = {{ section = ["{section}"] }}\n'

    house.configure(only("News"))
    stories(house, 5, section="News")
    stories(house, 5, 5, section="Views")
    before = [i["id"] for i in json.loads(load(house, 1, slug="own"))["items"]]
    house.configure(only("Views"))
    house.publish(everything=True)
    assert [i["id"] for i in json.loads(load(house, 1, slug="own"))["items"]] == before
    house.configure('[feeds.own]\ntitle = "Own"\nlimit = 2\n')
    house.publish(everything=True)
    assert set(walked(house, "own")) == {f"About s{n}" for n in range(10)}
    kept = [t for t in walked(house, "own") if t == "About s0"]
    assert kept == ["About s0"], "a story stands on one page only"


OPERATIONS = st.lists(
    st.one_of(
        st.tuples(st.just("new"), st.integers(0, 60)),
        st.tuples(st.just("correct"), st.integers(0, 30)),
        st.tuples(st.just("withdraw"), st.integers(0, 30)),
        st.tuples(st.just("section"), st.integers(0, 30)),
        st.tuples(st.just("filter"), st.sampled_from(["News", "Views", ""])),
        st.tuples(st.just("limit"), st.integers(1, 6)),
    ),
    max_size=25,
)


@settings(max_examples=15, deadline=None)
@given(operations=OPERATIONS)
def test_window_and_archives_leave_no_gap_whatever_happens(
    tmp_path_factory: pytest.TempPathFactory, operations: list[tuple[str, Any]]
) -> None:
    with closing(House(tmp_path_factory.mktemp("house"))) as house:
        Walk(house).run(operations)


class Walk:
    """What a feed went through, with what every page held when it was sealed."""

    def __init__(self, house: House) -> None:
        self.house, self.slug = house, "walked"
        self.section, self.limit = "", 3
        self.known: dict[str, int] = {}
        self.gone: set[str] = set()
        self.pages: dict[int, set[str]] = {}
        self.configure()
        house.publish(everything=True)

    def configure(self) -> None:
        match = f'match = {{ section = ["{self.section}"] }}\n' if self.section else ""
        feed = f'[feeds.{self.slug}]\ntitle = "F"\nlimit = {self.limit}\nformats = ["json"]\n{match}'
        self.house.configure(feed)

    def run(self, operations: list[tuple[str, Any]]) -> None:
        for what, value in operations:
            self.step(what, value)
            self.house.publish(everything=what in ("filter", "limit"))
            self.check()

    def step(self, what: str, value: Any) -> None:
        if what == "new":
            name = f"{self.slug}-{len(self.known)}"
            self.known[name] = value
            self.take(name)
        elif what in ("filter", "limit"):
            self.section, self.limit = (value, self.limit) if what == "filter" else (self.section, value)
            self.configure()
        elif self.known:
            self.change(what, list(self.known)[value % len(self.known)])

    def take(self, name: str) -> None:
        value = self.known[name]
        at = START - timedelta(hours=value // 2)
        self.house.take(draft(name, published=at, section="News" if value % 2 else "Views"))

    def change(self, what: str, name: str) -> None:
        if name in self.gone:
            return
        if what == "withdraw":
            self.house.withdraw(name)
            self.gone.add(name)
        elif what == "correct":
            self.house.correct(name, "It was not so.")
        else:
            self.known[name] ^= 1
            self.take(name)

    def check(self) -> None:
        """Every story of the feed is in its window or on exactly one page, and pages keep theirs."""
        with self.house.storage.read() as tx:
            members = {p.article_id for p in tx.feeds.window(self.slug, 10_000)}
            window = {p.article_id for p in tx.feeds.window(self.slug, self.limit)}
            last = tx.archives.newest(self.slug) or 0
            now = {n: self.held(tx, n) for n in range(1, last + 1)}
        assert members <= window | set().union(*now.values())
        assert sum(map(len, now.values())) == len(set().union(*now.values()))
        for number, held in self.pages.items():
            assert now[number] == held, "the set of a page's entries does not change"
        self.pages = now

    def held(self, tx: Any, page: int) -> set[str]:
        places, gone = tx.archives.entries(self.slug, page)
        return {p.article_id for p in places} | set(gone)


# -- withdrawals and corrections --------------------------------------------------------------


def test_a5_a_withdrawn_story_leaves_its_page_at_once_and_stays_a_notice(house: House) -> None:
    stories(house, 4)
    libel = house.article("s1")
    house.withdraw("s1", "wrong")
    for name in ("rss.xml", "atom.xml", "feed.json", ""):
        assert b"s1" not in load(house, 1, name), "before anything was rebuilt"
    house.publish()
    for file in folder(house, 1).iterdir():
        body = gzip.decompress(file.read_bytes()) if file.suffix == ".gz" else file.read_bytes()
        assert b"s1" not in body
    (notice,) = etree.fromstring(load(house, 1, "atom.xml")).iter(f"{AT}deleted-entry")
    assert notice.get("ref") == f"urn:uuid:{libel.id}"
    assert len(json.loads(load(house, 1))["items"]) == 2
    house.later(days=8)
    house.tick()
    house.publish()
    assert list(etree.fromstring(load(house, 1, "atom.xml")).iter(f"{AT}deleted-entry"))


def test_a_corrected_story_is_corrected_on_its_page(house: House) -> None:
    stories(house, 4)
    before = house.publisher.archives.load("/feeds/latest/archive/1/rss.xml")
    house.correct("s0", "It was not so.")
    built = house.publish()
    assert "/feeds/latest/archive/1/rss.xml" in built.archives
    after = house.publisher.archives.load("/feeds/latest/archive/1/rss.xml")
    assert before
    assert after
    assert b"It was not so." in after.bodies["identity"]
    assert after.modified > before.modified
    assert b"It was not so." in (folder(house, 1) / "rss.xml").read_bytes()


# -- files and documents are the same -----------------------------------------------------------


def test_x3_h1_files_and_rendered_pages_have_the_same_bytes_and_validators(house: House) -> None:
    stories(house, 4)
    for name in ("rss.xml", "atom.xml", "feed.json", "index.html"):
        path = f"/feeds/latest/archive/1/{'' if name == 'index.html' else name}"
        from_file = house.publisher.archives.load(path)
        file = folder(house, 1) / name
        assert from_file
        assert datetime.fromtimestamp(file.stat().st_mtime, from_file.modified.tzinfo) == from_file.modified
        (folder(house, 1) / f"{name}.gz").unlink()
        rendered = house.publisher.archives.load(path)
        assert rendered
        assert (rendered.etags, rendered.modified) == (from_file.etags, from_file.modified)
        assert rendered.bodies == from_file.bodies


def test_a_file_that_a_crash_left_behind_is_mended_at_start_and_never_served(house: House) -> None:
    stories(house, 4)
    file = folder(house, 1) / "rss.xml"
    good, stamp = file.read_bytes(), file.stat().st_mtime_ns
    file.write_bytes(b"what was withdrawn")
    assert b"what was withdrawn" not in load(house, 1, "rss.xml")
    fresh = build.Publisher(house.storage, house.settings, house.directory)
    assert fresh.repair(house.now) == 1
    assert file.read_bytes() == good
    assert file.stat().st_mtime_ns == stamp, "the bytes did not change, nor does their date"


def test_missing_files_are_written_in_bounded_steps(house: House) -> None:
    stories(house, 13)
    for page in (1, 2, 3):
        for file in folder(house, page).iterdir():
            file.unlink()
    fresh = build.Publisher(house.storage, house.settings, house.directory)
    assert fresh.repair(house.now) == 0
    fresh.run(house.now, waiting=1)
    assert sum(bool(list(folder(house, n).iterdir())) for n in (1, 2, 3)) == 1
    while fresh.archives.behind:
        fresh.run(house.now, waiting=1)
    assert all((folder(house, n) / "atom.xml.zst").exists() for n in (1, 2, 3))


def test_other_terms_render_pages_anew_in_steps_that_a_restart_goes_on_with(house: House) -> None:
    stories(house, 13)
    house.configure("[agencies.reuters]\nexcerpt_words = 20\n")
    house.publisher.run(house.now, waiting=1)
    house.publisher = build.Publisher(house.storage, house.settings, house.directory)
    with house.storage.read() as tx:
        digest = house.publisher.archives.digest("latest")
        assert len(tx.archives.outdated("latest", digest, 10)) == 3
    steps = 0
    while house.publisher.archives.behind:
        house.publisher.run(house.now, waiting=1)
        steps += 1
    assert 3 <= steps <= 5
    with house.storage.read() as tx:
        assert tx.archives.outdated("latest", digest, 10) == []


def test_x3_pages_that_come_out_the_same_keep_their_date(house: House) -> None:
    stories(house, 4)
    before = house.publisher.archives.load("/feeds/latest/archive/1/rss.xml")
    house.later(hours=3)
    house.configure("[agencies.reuters]\nexcerpt_words = 20\n")  # of no story here
    house.publish(everything=True)
    after = house.publisher.archives.load("/feeds/latest/archive/1/rss.xml")
    assert before
    assert after
    assert (after.modified, after.etags) == (before.modified, before.etags)


def test_a_page_that_fails_its_gate_is_not_shown_at_all(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    stories(house, 4)
    wrong = [Finding(severity="error", rule="R9", message="no")]
    monkeypatch.setattr(type(FORMATS["rss"]), "check", lambda self, body, now=None: wrong)
    house.withdraw("s1")
    house.publish()
    assert house.publisher.archives.load("/feeds/latest/archive/1/rss.xml") is None
    assert not (folder(house, 1) / "rss.xml").exists(), "the last good one holds what was withdrawn"
    assert b"s0" in load(house, 1, "atom.xml")


# -- settings ---------------------------------------------------------------------------------


def test_archives_are_switched_off_and_on_and_no_number_is_used_twice(house: House) -> None:
    feed = '[feeds.own]\ntitle = "Own"\nlimit = 2\n'
    house.configure(feed)
    stories(house, 5)
    assert folder(house, 2, "own").is_dir()
    house.configure(feed + "archive = false\n")
    house.publish(everything=True)
    assert "next_url" not in house.feed("own")
    assert not folder(house, 1, "own").parent.exists()
    assert house.publisher.archives.load("/feeds/own/archive/1/rss.xml") is None
    house.configure(feed)
    house.publish(everything=True)
    assert house.feed("own")["next_url"].endswith("/archive/4/feed.json")
    assert set(walked(house, "own")) == {f"About s{n}" for n in range(5)}


def test_h7_a_renamed_feed_takes_its_archives_along(house: House) -> None:
    house.configure('[feeds.own]\ntitle = "Own"\nlimit = 2\n')
    stories(house, 5)
    before = [i["id"] for i in json.loads(load(house, 1, slug="own"))["items"]]
    house.configure('[feeds.mine]\ntitle = "Own"\nlimit = 2\nformerly = ["own"]\n')
    house.publish(everything=True)
    assert [i["id"] for i in json.loads(load(house, 1, slug="mine"))["items"]] == before
    assert not (house.folder / "feeds" / "own").exists()
    assert (folder(house, 1, "mine") / "rss.xml").exists()


def test_a_slug_that_is_gone_by_mistake_comes_back_with_its_archives(house: House) -> None:
    feed = '[feeds.own]\ntitle = "Own"\nlimit = 2\n'
    house.configure(feed)
    stories(house, 5)
    before = load(house, 1, slug="own")
    house.configure()
    house.publish(everything=True)
    assert house.publisher.archives.load("/feeds/own/archive/1/feed.json") is None
    assert not folder(house, 1, "own").exists()
    house.configure(feed)
    house.publish(everything=True)
    assert load(house, 1, slug="own") == before


@pytest.mark.parametrize(
    "path",
    [
        "/feeds/latest/archive/2/rss.xml",
        "/feeds/latest/archive/0/rss.xml",
        "/feeds/latest/archive/1/none.xml",
        "/feeds/latest/archive/1",
        "/feeds/latest/archive/../archive/1/rss.xml",
        "/feeds/nothing/archive/1/rss.xml",
    ],
)
def test_what_is_no_page_is_not_found(house: House, path: str) -> None:
    stories(house, 4)
    assert house.publisher.archives.load(path) is None


def test_a_page_holds_no_more_than_a_reader_takes_at_once() -> None:
    assert archives.PAGE_ENTRIES == 100
