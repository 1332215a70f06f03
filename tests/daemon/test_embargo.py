"""Embargoes in a whole outlet: nothing of a story anywhere before its time, and then at once."""

from __future__ import annotations

import json
import sqlite3
import time
from contextlib import closing
from datetime import UTC, datetime, timedelta

from newsroom import Newsroom, Partner, until

from syndicate.storage import Storage
from syndicate.timekeeping import Timekeeper

WORD, EARLIER, NEVER = "oleander", "foxglove", "hemlock"
INTERNAL = {"articles", "revisions", "drafts", "identities", "due", "sources", "source_items", "problems"}
"""Tables that nothing is served or sent from but through the gate."""


def story(headline: str, lifts: datetime, **more: str) -> str:
    front = {"title": headline, "embargo": lifts.isoformat(), "section": headline, **more}
    picture = f"image: https://times.example.org/{headline}.jpg\n"
    lines = "".join(f"{key}: {value}\n" for key, value in front.items())
    return f"---\n{lines}{picture}---\nThe {headline} flowers. Twice the {headline}.\n"


def leaks(newsroom: Newsroom, partner: Partner, words: str, article: str) -> list[str]:
    """Everything outside the house, and every table behind it, that holds these words or the id."""
    found: list[str] = []
    needles = (words.encode(), article.encode())
    for file in (newsroom.folder / "feeds").rglob("*"):
        if file.is_file() and file.suffix in ("", ".xml", ".json", ".html", ".opml"):
            found += [str(file)] if any(n in file.read_bytes() for n in needles) else []
    paths = ["", "feeds.opml", "feeds/latest/", "sitemap-news.xml", f"feeds/stories/{article}/", "readyz"]
    paths += [f"feeds/latest/{name}" for name in ("rss.xml", "atom.xml", "feed.json")]
    for path in paths:
        status, body = newsroom.get(path)
        found += [path] if words.encode() in body or (article in path and status != 404) else []
    found += ["push" for push in partner.pushes if words in json.dumps(push.story) or article in push.uri]
    found += ["hub" for _, _, body in partner.pings if any(n in body for n in needles)]
    return found + tables(newsroom, needles)


def tables(newsroom: Newsroom, needles: tuple[bytes, ...]) -> list[str]:
    file = newsroom.folder / "var/syndicate.db"
    found = []
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as db:
        names = [row[0] for row in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        for name in set(names) - INTERNAL:
            for row in db.execute(f"SELECT * FROM {name}"):
                text = b"\0".join(str(v).encode() if not isinstance(v, bytes) else v for v in row)
                found += [f"table {name}"] if any(n in text for n in needles) else []
    return found


def lifted(newsroom: Newsroom, article: str) -> datetime:
    """When its first journal row was written."""
    storage = Storage(f"sqlite:///{newsroom.folder}/var/syndicate.db")
    with storage.read() as tx:
        at = tx.journal.of(article)[0].at
    storage.close()
    return at


def test_nothing_of_it_is_anywhere_before_its_time_and_then_at_once(
    newsroom: Newsroom, partner: Partner
) -> None:
    newsroom.start()
    far = datetime.now(UTC) + timedelta(hours=3)
    newsroom.drop("a.md", story(EARLIER, far, id="a"))
    newsroom.drop("n.md", story(NEVER, far, id="n"))
    newsroom.drop("b.md", "---\ntitle: What is out\n---\nA sentence of news here.\n")
    until(lambda: b"What is out" in newsroom.get("feeds/latest/feed.json")[1], 15, "not published")
    until(lambda: len(newsroom.articles()) == 3, 15, "not read")
    never, mine = newsroom.article(NEVER)["id"], newsroom.article(EARLIER)["id"]
    newsroom.drop("n.md", story(NEVER, far, id="n", status="canceled"))
    lifts = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=5)
    newsroom.drop("a.md", story(WORD, lifts, id="a"))
    until(lambda: WORD in {a["headline"] for a in newsroom.articles()}, 15, "the new version was not read")
    while datetime.now(UTC) < lifts:
        found = leaks(newsroom, partner, WORD, mine)
        assert found == [] or datetime.now(UTC) >= lifts
        time.sleep(0.1)
    until(lambda: WORD.encode() in newsroom.get("feeds/latest/rss.xml")[1], 10, "it did not lift")
    late = lifted(newsroom, mine) - lifts
    assert timedelta(0) <= late < timedelta(seconds=30), f"{late} late"
    until(lambda: any(p.headline == WORD for p in partner.delivered()), 10, "not pushed")
    assert min(p.at for p in partner.delivered() if p.headline == WORD) > lifts.timestamp()
    assert [w for w in leaks(newsroom, partner, EARLIER, "no-such-article") if "fragments" not in w] == []
    assert leaks(newsroom, partner, NEVER, never) == ["table withdrawals"]
    assert newsroom.stop() == 0


def test_a_start_with_a_clock_that_nobody_confirms_holds_embargoes(newsroom: Newsroom) -> None:
    newsroom.call("build")
    lifts = datetime.now(UTC) - timedelta(hours=1)
    storage = Storage(f"sqlite:///{newsroom.folder}/var/syndicate.db")
    week_ago = Timekeeper(lambda: datetime.now(UTC) - timedelta(days=7), boot="another")
    with storage.write() as tx:
        tx.keep_fact("clock", week_ago.dump())
    storage.close()
    newsroom.drop("a.md", story(WORD, lifts, id="a"))
    newsroom.start()
    until(newsroom.articles, 10, "not read")
    time.sleep(2)
    if newsroom.call("clock", "show", check=False).returncode == 0:
        return  # a time service keeps this machine's clock, and confirmed it
    assert WORD.encode() not in newsroom.get("feeds/latest/rss.xml")[1]
    said = newsroom.call("status", check=False)
    assert "the clock jumped ahead by 7 d" in said.stdout
    assert "syndicate clock confirm" in said.stderr
    assert any(line.get("event") == "clock_jumped" for line in newsroom.logged())
    newsroom.call("clock", "confirm")
    until(lambda: WORD.encode() in newsroom.get("feeds/latest/rss.xml")[1], 5, "it did not lift")
    newsroom.stop()
    newsroom.start()
    assert newsroom.call("clock", "show").returncode == 0, "and is believed after a restart"
