"""The outlet's rights at every place they are said: documents, files, headers, pages; and comments' numbers."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from house import House, draft
from lxml import etree, html

from syndicate.about import Comments
from syndicate.config import Adapters, load
from syndicate.daemon.shelving import Shelving
from syndicate.errors import ConfigError

RIGHTS = """
[rights]
permits = ["search"]
prohibits = ["ai-train"]
tdm_reservation = true
tdm_policy = "https://times.example.org/tdm.json"

[feeds.open]
title = "Open"
logo = "https://times.example.org/open.png"
rights = "CC"
terms = { permits = ["all"], prohibits = [], payment = { type = "attribution" } }
"""
NS = {"rsl": "https://rslstandard.org/rsl"}


def shelved(house: House) -> Shelving:
    made = Shelving(house.storage, lambda: house.now)
    made.configure(house.settings, house.publisher.site, house.publisher)
    made.fill()
    return made


def headers(house: House, path: str) -> list[tuple[str, str]]:
    found = shelved(house).shelf.at(path)
    assert found is not None, path
    return [(k.decode(), v.decode()) for k, v in found.representations["identity"].unchanged]  # type: ignore[union-attr]


def test_the_licence_is_a_document_and_a_file(house: House) -> None:
    house.configure(RIGHTS)
    house.publish(everything=True)
    body = (house.folder / "feeds" / "license.xml").read_bytes()
    root = etree.fromstring(body)
    said = {e.get("url"): e.find("rsl:license", NS) for e in root}
    assert list(said) == ["/", "/feeds/stories/", "/feeds/open/"]
    assert [(e.tag.rpartition("}")[2], e.text) for e in said["/"]] == [
        ("permits", "search"),
        ("prohibits", "ai-train"),
    ]
    assert said["/feeds/stories/"].findtext("rsl:prohibits", None, NS) == "all", "they may be an agency's"
    assert said["/feeds/open/"].find("rsl:payment", NS).get("type") == "attribution"
    assert (house.folder / "feeds" / "license.xml.gz").exists()
    found = shelved(house).shelf.at("/license.xml")
    assert found is not None
    full = dict(found.representations["identity"].full)  # type: ignore[union-attr]
    assert full[b"content-type"].startswith(b"application/rsl+xml")


def test_every_document_names_it_in_a_header_and_reserves_mining(house: House) -> None:
    house.configure(RIGHTS)
    house.take(draft("a"))
    house.publish(everything=True)
    link = '<http://127.0.0.1:8080/license.xml>; rel="license"; type="application/rsl+xml"'
    for path in ("/feeds/latest/rss.xml", "/feeds/latest/atom.xml", "/feeds/latest/feed.json", "/"):
        known = headers(house, path)
        assert ("link", link) in known
        assert ("tdm-reservation", "1") in known
        assert ("tdm-policy", "https://times.example.org/tdm.json") in known
        assert ("cache-control", f"public, max-age={house.settings.web.max_age}") in known
    file = json.loads((house.folder / "feeds" / ".well-known" / "tdmrep.json").read_bytes())
    assert file == [
        {"location": "/", "tdm-reservation": 1, "tdm-policy": "https://times.example.org/tdm.json"}
    ]
    page = html.fromstring(house.text("latest", "index.html"))
    meta = {e.get("name"): e.get("content") for e in page.iter("meta")}
    assert (meta["tdm-reservation"], meta["tdm-policy"]) == ("1", "https://times.example.org/tdm.json")


def test_a_feeds_own_rights_logo_and_terms(house: House) -> None:
    house.configure(RIGHTS)
    house.take(draft("a"))
    house.publish(everything=True)
    found = {}
    for slug in ("latest", "open"):
        channel = etree.fromstring(house.text(slug, "rss.xml").encode()).find("channel")
        item = channel.find("item")
        found[slug] = (
            channel.findtext("copyright"),
            channel.findtext("image/url"),
            item.findtext("rsl:content/rsl:license/rsl:permits", None, NS),
        )
    assert found["latest"] == (None, None, "search")
    assert found["open"] == ("CC", "https://times.example.org/open.png", "all")


def test_new_rights_are_in_every_entry_and_what_is_said_no_more_is_gone(house: House) -> None:
    house.take(draft("a"))
    house.publish(everything=True)
    assert "rsl:" not in house.text("latest", "rss.xml").partition("<channel>")[2]
    assert not (house.folder / "feeds" / "license.xml").exists()
    house.configure(RIGHTS)
    house.publish(everything=True)
    assert "<rsl:permits" in house.text("latest", "rss.xml")
    house.configure()
    house.publish(everything=True)
    assert "<rsl:permits" not in house.text("latest", "rss.xml")
    assert not (house.folder / "feeds" / "license.xml").exists()
    assert not (house.folder / "feeds" / ".well-known").exists()
    assert shelved(house).shelf.at("/license.xml") is None
    assert not [k for k, _ in headers(house, "/feeds/latest/rss.xml") if k.startswith("tdm")]


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ('permits = ["serch"]', "search"),
        ('permits = { geo = ["AFG"] }', "geo"),
        ('permits = ["ai-train"]\nprohibits = ["ai-all"]', "both permitted and prohibited"),
        ('payment = { type = "free", amount = 1, currency = "USD" }', "costs nothing"),
        ('payment = { type = "crawl", amount = 1 }', "go together"),
        ('payment = { type = "crawl", custom = "mailto:x" }', "payment.custom"),
        ('payment = { typ = "crawl" }', "typ"),
        ('license_name = "CC"', "license"),
        ('tdm_policy = "https://x.example/"', "tdm_reservation"),
    ],
)
def test_wrong_rights_are_refused_with_what_is_wrong(tmp_path: Path, wrong: str, said: str) -> None:
    file = tmp_path / "syndicate.toml"
    file.write_text(f'[publisher]\nname = "X"\nurl = "https://x.example/"\n[rights]\n{wrong}\n')
    with pytest.raises(ConfigError) as error:
        load(file, Adapters())
    assert said in error.value.message
    assert "rights" in error.value.message


# -- comments ----------------------------------------------------------------------------


def discussed(count: int | None, **given: object) -> object:
    return draft("a", comments=Comments(url="https://times.example.org/a#c", count=count), **given)


def shown(house: House) -> int:
    (item,) = house.feed()["items"]
    number: int = item["_syndicate"]["comments"]["count"]
    return number


def test_a_number_of_comments_alone_makes_no_push_no_date_and_no_new_document(house: House) -> None:
    house.take(discussed(10))  # type: ignore[arg-type]
    house.publish()
    before = house.article("a")
    assert house.take(discussed(12)).actions == {}  # type: ignore[arg-type]
    assert house.actions() == ["published"]
    assert house.publish().documents == ()
    after = house.article("a")
    assert (after.changed, after.story.comments.count) == (before.changed, 12)  # type: ignore[union-attr]
    assert shown(house) == 10
    house.take(draft("b", section="Sport"), draft("c"))
    house.publish()
    (item,) = [i for i in house.feed()["items"] if i["title"] == "About a"]
    assert item["_syndicate"]["comments"]["count"] == 12, "it goes along with the next news"


def test_small_changes_of_the_number_are_not_even_kept(house: House) -> None:
    house.take(discussed(100))  # type: ignore[arg-type]
    revision = house.article("a").revision
    for count in range(101, 110):
        house.take(discussed(count))  # type: ignore[arg-type]
    assert house.article("a").revision == revision
    house.take(discussed(110))  # type: ignore[arg-type]
    assert house.article("a").revision == revision + 1
    house.take(discussed(0))  # type: ignore[arg-type]
    assert house.article("a").revision == revision + 2


def test_with_a_real_change_the_number_goes_along_and_a_new_address_is_one(house: House) -> None:
    house.take(discussed(100))  # type: ignore[arg-type]
    assert house.take(discussed(101, section="World")).actions == {"updated": 1}  # type: ignore[arg-type]
    house.publish()
    assert shown(house) == 101
    moved = draft("a", comments=Comments(url="https://talk.example.org/a", count=101), section="World")
    assert house.take(moved).actions == {"updated": 1}
