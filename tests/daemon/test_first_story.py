"""The first story: from a page as it was found to feeds, a pinged hub and a signed push."""

from __future__ import annotations

import json
import signal
from datetime import UTC, datetime, timedelta
from pathlib import Path

import feedparser
import pytest
import reader
from newsroom import SEED, Newsroom, Partner, until

FORMATS = ("rss.xml", "atom.xml", "feed.json")
HEADLINE = "Old canal is cleaned before the sowing"
CREDIT = "Originally published by Pajhwok Afghan News"
OTHER = """Home / Latest News / Long road is cleared of snow in a night

Long road is cleared of snow in a night

JALALABAD: Drivers and shopkeepers shovelled the pass road free between sunset and dawn, the governor's office said on Tuesday.

Two ploughs came from the city in the morning and found nothing left to do, a mechanic told reporters at the upper bridge. -Pajhwok

About The Pashtun Times
"""


def published(newsroom: Newsroom, words: str) -> bool:
    return all(words.encode() in newsroom.get(f"feeds/latest/{name}")[1] for name in FORMATS)


def test_a_page_as_found_becomes_three_documents_a_ping_and_a_signed_push(
    newsroom: Newsroom, partner: Partner
) -> None:
    newsroom.start()
    newsroom.drop("canal.txt", SEED)
    until(lambda: published(newsroom, HEADLINE), 10, "the documents do not carry the story")
    until(lambda: partner.delivered(), 10, "the partner has not got it")
    until(lambda: len({t for _, t, body in partner.pings if HEADLINE.encode() in body}) == 3, 10, "no ping")
    story = partner.delivered()[0].story
    assert partner.bad_signatures == 0
    assert story["headlines"][0]["value"] == HEADLINE
    assert any(source["name"] == "Pajhwok Afghan News" for source in story["infoSources"])
    assert story["pubStatus"] == "usable"
    assert newsroom.stop() == 0


def test_real_readers_see_whose_story_it_is(newsroom: Newsroom, tmp_path: Path) -> None:
    newsroom.drop("canal.txt", SEED)
    newsroom.start()
    until(lambda: published(newsroom, HEADLINE), 10, "the documents do not carry the story")
    for name in FORMATS[:2]:
        feed = feedparser.parse(newsroom.get(f"feeds/latest/{name}")[1])
        assert not feed.bozo
        (entry,) = feed.entries
        text = entry.content[0].value
        assert entry.title == HEADLINE
        assert entry.author == "Pajhwok Afghan News"
        assert "JALALABAD:" in text
        assert text.count("Originally published by") == 1
        assert "Leave a Reply" not in text
        assert "canal bank" not in entry.summary
        assert feedparser.sanitizer._sanitize_html(entry.summary, "utf-8", "text/html")
    seen = reader.make_reader(str(tmp_path / "reader.sqlite"))
    for name in FORMATS:
        seen.add_feed(newsroom.base + f"feeds/latest/{name}")
    seen.update_feeds()
    entries = list(seen.get_entries())
    assert len(entries) == 3
    assert {e.title for e in entries} == {HEADLINE}
    assert {e.authors_str for e in entries} == {"Pajhwok Afghan News"}
    assert all(e.get_content().value.count("Originally published by") == 1 for e in entries)
    assert len({e.id for e in entries}) == 1


def test_edits_corrections_and_withdrawals_reach_everyone_and_do_not_come_back(
    newsroom: Newsroom, partner: Partner
) -> None:
    newsroom.start()
    newsroom.drop("canal.txt", SEED)
    until(lambda: partner.delivered(), 10, "the partner has not got it")
    article = newsroom.article(HEADLINE)["id"]

    newsroom.call("articles", "edit", article, "--headline", "Canal cleaned by hand")
    until(lambda: published(newsroom, "Canal cleaned by hand"), 10, "the edit is not published")
    until(lambda: partner.delivered()[-1].headline == "Canal cleaned by hand", 10, "the edit was not pushed")

    newsroom.call("articles", "correct", article, "--note", "There were five villages, not four.")
    until(lambda: published(newsroom, "There were five villages"), 10, "the correction is not published")
    until(
        lambda: "five villages" in json.dumps(partner.delivered()[-1].story),
        10,
        "the correction was not pushed",
    )

    newsroom.call("articles", "withdraw", article, "--reason", "a wrong name", "--yes")
    until(
        lambda: partner.delivered()[-1].story["pubStatus"] == "canceled", 10, "the withdrawal was not pushed"
    )
    until(lambda: not published(newsroom, "Canal cleaned"), 10, "the withdrawn headline is still there")
    for name in FORMATS:
        body = newsroom.get(f"feeds/latest/{name}")[1]
        assert b"water masters" not in body
        assert partner.pings[-1][0] == "publish"
    versions = [push.version for push in partner.delivered()]
    assert versions == sorted(versions)
    assert len({push.uri for push in partner.delivered()}) == 1

    newsroom.drop("canal.txt", SEED + "\n")  # the source shows it again
    newsroom.drop("again.txt", SEED)  # under another name as well
    newsroom.drop("other.txt", OTHER)
    until(lambda: published(newsroom, "Long road is cleared"), 10, "the other story is not published")
    for name in FORMATS:
        assert b"Old canal" not in newsroom.get(f"feeds/latest/{name}")[1]
    assert partner.delivered()[-1].headline == "Long road is cleared of snow in a night"


def test_a_bad_story_is_shown_and_the_good_ones_are_published(newsroom: Newsroom) -> None:
    bad = "Huge\n\n" + "x\x00 \ud800 ]]> " * 600_000
    newsroom.drop("a-good.txt", SEED)
    newsroom.drop("b-huge.txt", bad)
    newsroom.drop(
        "c-odd.txt", SEED.replace("Old canal", "Odd ]]> \x00 \ud800 canal").replace("Farmers", "Some")
    )
    newsroom.start()
    until(lambda: published(newsroom, HEADLINE), 10, "the good story is not published")
    until(
        lambda: published(newsroom, "canal is cleaned before the sowing"),
        10,
        "the odd story is not published",
    )
    assert b"\x00" not in newsroom.get("feeds/latest/rss.xml")[1]
    assert not feedparser.parse(newsroom.get("feeds/latest/rss.xml")[1]).bozo
    status = json.loads(newsroom.call("status", "--json", check=False).stdout)
    problems = {p["ref"]: p for p in status["problems"]}
    assert "MB" in problems["b-huge.txt"]["reason"]
    assert problems["b-huge.txt"]["fix"]


def test_a_second_daemon_refuses_to_start_and_says_why(newsroom: Newsroom) -> None:
    newsroom.start()
    second = newsroom.spawn("run", check=False)
    assert second.returncode == 3
    assert newsroom.process
    assert str(newsroom.process.pid) in second.stderr
    assert newsroom.call("build", check=False).returncode == 3


def test_sighup_takes_a_good_configuration_and_refuses_a_broken_one(newsroom: Newsroom) -> None:
    newsroom.drop("canal.txt", SEED)
    newsroom.start()
    newsroom.write_config("[feeds.second]\ntitle = 'Second'\nfromats = ['rss']\n")
    newsroom.signal(signal.SIGHUP)
    until(lambda: any(r["event"] == "reload_refused" for r in newsroom.logged()), 10, "not refused")
    refused = next(r for r in newsroom.logged() if r["event"] == "reload_refused")
    assert "formats" in refused["reason"]
    assert newsroom.get("feeds/latest/rss.xml")[0] == 200
    newsroom.write_config("[feeds.second]\ntitle = 'Second'\nformats = ['rss']\n")
    newsroom.signal(signal.SIGHUP)
    until(
        lambda: HEADLINE.encode() in newsroom.get("feeds/second/rss.xml")[1], 10, "the new feed is not there"
    )
    assert newsroom.stop() == 0


def test_a_partner_that_is_away_gets_the_newest_version_when_it_is_back(
    newsroom: Newsroom, partner: Partner
) -> None:
    partner.mood = lambda story: 503
    newsroom.start()
    newsroom.drop("canal.txt", SEED)
    until(lambda: partner.pushes, 10, "nothing was tried")
    article = newsroom.article(HEADLINE)["id"]
    for words in ("One", "Two", "Three"):
        newsroom.call("articles", "edit", article, "--headline", words)
    partner.mood = lambda story: 204
    newsroom.call("lanes", "retry", "outlet/main")
    until(lambda: partner.delivered(), 20, "nothing was delivered")
    assert [p.headline for p in partner.delivered()] == ["Three"]


def test_an_embargo_lifts_by_itself(newsroom: Newsroom, partner: Partner) -> None:
    def early(lifts: datetime) -> None:
        front = f"title: Under embargo\nid: early\nembargo: {lifts.isoformat()}"
        newsroom.drop("early.md", f"---\n{front}\n---\nA sentence of news here.\n")

    newsroom.start()
    early(datetime.now(UTC) + timedelta(hours=1))
    until(newsroom.articles, 5, "it is not read")
    newsroom.drop("canal.txt", SEED)
    until(lambda: published(newsroom, HEADLINE), 5, "the other story is not published")
    assert not any(b"Under embargo" in newsroom.get(f"feeds/latest/{name}")[1] for name in FORMATS)
    lifts = datetime.now(UTC) + timedelta(seconds=3)
    early(lifts)
    until(lambda: published(newsroom, "Under embargo"), 15, "the embargo did not lift")
    assert datetime.now(UTC) >= lifts
    until(lambda: any(p.headline == "Under embargo" for p in partner.delivered()), 5, "not pushed")


@pytest.mark.parametrize("command", ["run --once", "build"])
def test_one_round_ends_by_itself(newsroom: Newsroom, partner: Partner, command: str) -> None:
    newsroom.drop("canal.txt", SEED)
    newsroom.spawn(*command.split())
    assert HEADLINE in (newsroom.folder / "feeds/latest/rss.xml").read_text(encoding="utf-8")
    assert bool(partner.delivered()) == (command == "run --once")
    assert bool(partner.pings) == (command == "run --once")


def test_the_same_stories_give_the_same_bytes_from_a_new_database(newsroom: Newsroom, tmp_path: Path) -> None:
    """Rule X3, over the whole way: nothing of the build's time is in a document."""
    story = "---\ntitle: A\npublished: 2026-01-02T03:04:05Z\nurl: https://times.example.org/a\n---\nSome news is here.\n"
    newsroom.drop("a.md", story)
    newsroom.call("build")
    first = {name: (newsroom.folder / "feeds/latest" / name).read_bytes() for name in FORMATS}
    for file in (newsroom.folder / "var").iterdir():
        file.unlink()
    newsroom.call("build")
    assert {name: (newsroom.folder / "feeds/latest" / name).read_bytes() for name in FORMATS} == first
