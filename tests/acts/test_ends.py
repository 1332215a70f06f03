"""A feed that moves and a feed that ends: 301, a plain word for a time, then 410 (rule H7)."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from house import START, House, draft
from lxml import etree

from syndicate.config import Settings
from syndicate.config.ends import Phase, end_of, phase_of
from syndicate.daemon.shelving import Shelving
from syndicate.distribute.moved import deny_moved
from syndicate.errors import ConfigError
from syndicate.hub.requests import Mode
from syndicate.publish.build import Publisher
from syndicate.storage import Pending
from syndicate.web.app import create_app

pytestmark = pytest.mark.anyio
OWN = '[feeds.own]\ntitle = "Own news"\nlimit = 2\n'
ENDS = datetime(2026, 3, 3, tzinfo=UTC)
ENDED = OWN + 'retired = 2026-03-03\nsuccessor = "latest"\n'
HUB = '[external_hubs.near]\nurl = "https://hub.example.org/"\n'


def stories(house: House, count: int, first: int = 0) -> None:
    for number in range(first, first + count):
        house.take(draft(f"s{number}"))
        house.publish()


def serving(house: House) -> Shelving:
    """What a process serves that has just started."""
    shelving = Shelving(house.storage, lambda: house.now)
    shelving.configure(house.settings, house.publisher.site, house.publisher)
    shelving.fill()
    return shelving


def asking(shelving: Shelving) -> httpx.AsyncClient:
    app = create_app(shelving.shelf, ready=list)
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://127.0.0.1:8080")


@pytest.fixture
def ended(house: House) -> House:
    """Five stories, and the feed ended a day later."""
    house.configure(ENDED + HUB)
    stories(house, 5)
    house.now = ENDS
    assert house.publisher.is_due(house.now)
    house.publish()
    return house


# -- when -------------------------------------------------------------------------------------


def settings(house: House, extra: str) -> Settings:
    house.configure(extra)
    return house.settings


@pytest.mark.parametrize(
    ("stated", "closes"),
    [
        ("2026-12-01", datetime(2026, 12, 1, tzinfo=UTC)),
        ("2026-12-01T10:00:00", datetime(2026, 12, 1, 10, tzinfo=UTC)),
        ("2026-12-01T10:00:00+04:30", datetime(2026, 12, 1, 5, 30, tzinfo=UTC)),
        ('"2026-12-01"', datetime(2026, 12, 1, tzinfo=UTC)),
    ],
)
def test_a_date_or_a_time_says_when(house: House, stated: str, closes: datetime) -> None:
    own = settings(house, OWN + f"retired = {stated}\n")
    end = end_of(own, "own")
    assert end
    assert end.closes == closes
    assert phase_of(own, "own", closes - timedelta(seconds=1)) is Phase.OPEN
    assert phase_of(own, "own", closes) is Phase.ENDED
    assert phase_of(own, "own", closes + timedelta(days=90)) is Phase.GONE
    assert phase_of(own, "latest", closes + timedelta(days=900)) is Phase.OPEN


@pytest.mark.parametrize(
    ("extra", "words"),
    [
        ('successor = "latest"\n', "feeds.own.retired"),
        ('retired = 2026-12-01\nsuccessor = "none"\n', "name another of"),
        ('retired = 2026-12-01\nsuccessor = "own"\n', "name another of"),
    ],
)
def test_a_successor_that_is_none_is_refused(house: House, extra: str, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        house.configure(OWN + extra)


# -- what it says -----------------------------------------------------------------------------


def test_h7_a_feed_that_ended_takes_no_new_stories_and_says_so(ended: House) -> None:
    ended.take(draft("late"))
    ended.publish()
    assert "About late" in ended.titles("latest")
    document = ended.feed("own")
    assert document["expired"] is True
    assert document["title"] == "This feed has ended: Own news"
    assert "http://127.0.0.1:8080/feeds/latest/" in document["description"]
    assert "hubs" not in document
    last, *kept = document["items"]
    assert [item["title"] for item in kept] == ["About s4", "About s3"]
    assert last["title"] == "This feed has ended: Own news"
    assert last["url"] == "http://127.0.0.1:8080/feeds/latest/"
    for name in ("rss.xml", "atom.xml"):
        text = ended.text("own", name)
        assert "hub.example.org" not in text
        assert "takes no new stories" in text
        assert "prev-archive" in text, "what it had can still be read"
        etree.fromstring(text.encode())
    assert "takes no new stories" in ended.text("own", "index.html")


def test_x4_the_last_entry_has_one_id_in_every_format_and_for_good(ended: House) -> None:
    (last, *_) = ended.feed("own")["items"]
    assert last["id"] in ended.text("own", "rss.xml")
    assert last["id"] in ended.text("own", "atom.xml")
    before = ended.publisher.document("own", "rss")
    ended.later(days=20)
    fresh = Publisher(ended.storage, ended.settings, ended.directory)
    fresh.run(ended.now, everything=True)
    after = ended.publisher.document("own", "rss")
    assert (after.etags, after.version) == (before.etags, before.version)


def test_the_word_is_in_the_feeds_language(house: House) -> None:
    house.configure(ENDED + 'language = "ps"\n')
    house.now = ENDS
    house.publish(everything=True)
    (last,) = house.feed("own")["items"]
    assert last["language"] == "ps"
    assert "پای ته رسېدلی" in last["title"]
    assert 'dir="rtl"' in last["content_html"]


def test_subscribers_are_told_of_the_end_once(ended: House) -> None:
    document = ended.publisher.document("own", "json")
    assert document.push_version == document.version
    fresh = Publisher(ended.storage, ended.settings, ended.directory)
    fresh.run(ended.now + timedelta(days=1), everything=True)
    assert ended.publisher.document("own", "json").version == document.version


def test_withdrawals_and_corrections_still_reach_a_feed_that_ended(ended: House) -> None:
    ended.correct("s0", "It was not so.")
    ended.withdraw("s4")
    ended.publish()
    assert "It was not so." in ended.text("own", "rss.xml")
    assert "About s4" not in ended.text("own", "rss.xml")


def test_h9_a_feed_that_ended_is_in_no_list(ended: House) -> None:
    for name in ("feeds.opml", "index.html"):
        listing = (ended.folder / "feeds" / name).read_text(encoding="utf-8")
        assert "/feeds/latest/" in listing
        assert "/feeds/own/" not in listing


def test_a_filter_that_changes_brings_no_later_story_into_a_feed_that_ended(ended: House) -> None:
    ended.later(hours=1)
    ended.take(draft("late", section="Sport"))
    ended.configure(ENDED + 'match = { section = ["Sport"] }\n')
    ended.publish(everything=True)
    assert [item["title"] for item in ended.feed("own")["items"]] == ["This feed has ended: Own news"]


# -- gone -------------------------------------------------------------------------------------

ADDRESSES = [
    "/feeds/own/rss.xml",
    "/feeds/own/atom.xml",
    "/feeds/own/feed.json",
    "/feeds/own/",
    "/feeds/own",
    "/feeds/own/archive/1/rss.xml",
    "/feeds/own/archive/1/",
    "/feeds/own/whatever",
]


async def test_h7_after_its_time_everything_of_it_answers_410_and_no_file_stays(ended: House) -> None:
    shelving = serving(ended)
    async with asking(shelving) as web:
        assert (await web.get("/feeds/own/rss.xml")).status_code == 200
        assert (await web.get("/feeds/own/archive/1/rss.xml")).status_code == 200
        ended.now = ENDS + timedelta(days=90)
        assert ended.publisher.is_due(ended.now)
        shelving.take(ended.publish())
        for address in ADDRESSES:
            for ask in (web.get, web.head):
                answer = await ask(address)
                assert answer.status_code == 410, address
        assert (await web.get("/feeds/latest/rss.xml")).status_code == 200
        assert (await web.get("/feeds/owner/")).status_code == 404
    assert not (ended.folder / "feeds" / "own").exists()
    assert not ended.publisher.is_due(ended.now)
    with ended.storage.read() as tx:
        assert {h.feed for h in tx.documents.heads()} == {"", "latest"}
        assert "own" not in tx.archives.feeds()


async def test_h7_a_daemon_that_was_down_when_it_happened_answers_410_from_its_start(ended: House) -> None:
    ended.now = ENDS + timedelta(days=91)
    ended.publisher = Publisher(ended.storage, ended.settings, ended.directory)
    shelving = serving(ended)
    async with asking(shelving) as web:
        for address in ADDRESSES:
            assert (await web.get(address)).status_code == 410
        shelving.take(ended.publish(everything=True))
        for address in ADDRESSES:
            assert (await web.get(address)).status_code == 410
    assert not (ended.folder / "feeds" / "own").exists()


async def test_a_slug_that_is_missing_by_mistake_is_404_so_that_nobody_unsubscribes(house: House) -> None:
    house.configure(OWN)
    stories(house, 5)
    house.configure()
    house.publish(everything=True)
    async with asking(serving(house)) as web:
        for address in ADDRESSES:
            if not address.endswith("own"):
                assert (await web.get(address)).status_code == 404, address


# -- moved ------------------------------------------------------------------------------------


async def test_h7_a_renamed_feed_answers_301_for_documents_pages_and_archives(house: House) -> None:
    house.configure(OWN)
    stories(house, 5)
    house.configure(OWN.replace("[feeds.own]", "[feeds.mine]") + 'formerly = ["own"]\n')
    house.publish(everything=True)
    async with asking(serving(house)) as web:
        for address in ADDRESSES[:-1]:
            for ask in (web.get, web.head):
                answer = await ask(address + "?a=b")
                assert answer.status_code == 301
                wanted = address.replace("own", "mine").removesuffix("/") + "/"
                where = answer.headers["location"].removesuffix("?a=b")
                assert where.removesuffix("/") + "/" == wanted
                assert (await ask(where)).status_code == 200, where


def test_subscribers_to_an_address_that_moved_or_is_gone_are_told(house: House) -> None:
    house.configure(OWN)
    stories(house, 1)
    topic = house.publisher.site.topic("own", "rss")
    with house.storage.write() as tx:
        for host in ("a", "b"):
            callback = f"https://{host}.example.org/"
            known = {"topic": topic, "callback": callback, "host": host, "method": "sha256"}
            asked = Pending(
                mode=Mode.SUBSCRIBE, lease=timedelta(days=5), created=house.now, due=house.now, **known
            )
            tx.subscriptions.confirm(asked, house.now, 1)
    house.configure(OWN.replace("[feeds.own]", "[feeds.mine]") + 'formerly = ["own"]\n')
    told = deny_moved(house.storage, house.settings, house.publisher.site, house.now)
    assert told == 2
    assert deny_moved(house.storage, house.settings, house.publisher.site, house.now) == 0
    with house.storage.read() as tx:
        assert tx.subscriptions.count() == 0
        pending = tx.subscriptions.pending(house.now, 10)
    assert {p.mode for p in pending} == {Mode.DENIED}
    assert pending[0].reason == "the topic moved to http://127.0.0.1:8080/feeds/mine/rss.xml"


def test_a_feed_without_a_successor_leads_home(house: House, tmp_path: Path) -> None:
    house.configure(OWN + "retired = 2026-03-03\n")
    house.now = ENDS
    house.publish(everything=True)
    (last,) = json.loads((tmp_path / "feeds" / "own" / "feed.json").read_bytes())["items"]
    assert last["url"] == "https://times.example.org/"
    assert "<a " not in last["content_html"]
    assert START < ENDS
