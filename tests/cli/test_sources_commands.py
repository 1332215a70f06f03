"""``sources``: list, try, pause, resume."""

from __future__ import annotations

from contextlib import closing

from newsroom_cli import Newsroom, write_story

from syndicate.storage import Conduct
from syndicate.timekeeping import utc_now

LATER = "---\ntitle: A later story\n---\nThe council opened a reading room on Sunday, and forty children came to see it."


def test_the_list_says_how_every_source_stands(newsroom: Newsroom) -> None:
    (desk,) = newsroom.json("sources", "list")
    assert (desk["name"], desk["kind"], desk["stories"], desk["interval"]) == ("desk", "folder", 3, "1m")
    assert desk["last_ok"]
    assert desk["next_poll"]
    assert desk["problems"] == 1
    _, out, _ = newsroom.run("sources", "list")
    cells = out.splitlines()[0].split("\t")
    assert cells[:3] == ["desk", "folder", "asked"]
    assert "1 problems" in cells[-1]


def test_pause_is_lasting_and_resume_ends_it(newsroom: Newsroom) -> None:
    assert newsroom.run("sources", "pause", "desk", "--reason", "their CMS is tested")[0] == 0
    write_story(newsroom.folder, "later.md", LATER)
    _, _, err = newsroom.run("build")
    assert "their CMS is tested" in err
    assert len(newsroom.json("articles", "list")) == 3
    (desk,) = newsroom.json("sources", "list")
    assert (desk["state"], desk["reason"]) == ("paused", "their CMS is tested")
    assert "paused: their CMS is tested" in newsroom.run("status")[1]
    assert newsroom.json("sources", "resume", "desk")["state"] == "asked"
    newsroom.run("build")
    assert len(newsroom.json("articles", "list")) == 4
    assert [e["action"] for e in newsroom.json("audit")][:2] == ["resume source", "pause source"]


def test_a_source_on_hold_is_resumed_with_a_decision_only(newsroom: Newsroom) -> None:
    with closing(newsroom.storage()) as storage, storage.write() as tx:
        tx.sources.treat("desk", Conduct.HELD, utc_now(), "6 of 6 new stories are here under other ids")
    code, out, _ = newsroom.run("sources", "list")
    assert code == 1
    assert "on hold" in out
    code, _, err = newsroom.run("sources", "resume", "desk")
    assert code == 2
    assert "--as-same" in err
    assert newsroom.run("sources", "resume", "desk", "--as-same", "--as-new")[0] == 2
    assert newsroom.json("sources", "resume", "desk", "--as-same")["state"] == "same"


def test_what_there_is_not_is_said(newsroom: Newsroom) -> None:
    code, _, err = newsroom.run("sources", "pause", "dask")
    assert code == 2
    assert "the configured sources: desk" in err
    assert newsroom.run("sources", "resume", "desk")[0] == 2


def test_try_shows_what_would_come_of_it_and_stores_nothing(newsroom: Newsroom) -> None:
    write_story(newsroom.folder, "later.md", LATER)
    code, out, _ = newsroom.run("sources", "try", "desk")
    assert code == 1, "the empty one would be left out"
    assert "1 new" in out
    assert "3 unchanged" in out
    assert "left out: Nothing under it" in out
    assert "what to do:" in out
    assert len(newsroom.json("articles", "list")) == 3


def test_try_says_why_it_cannot_be_read(newsroom: Newsroom) -> None:
    (newsroom.folder / "stories").rename(newsroom.folder / "elsewhere")
    code, out, _ = newsroom.run("sources", "try", "desk")
    assert code == 1
    assert "desk cannot be read" in out


def test_backfill_fills_in_what_is_old_and_says_what_it_left(newsroom: Newsroom) -> None:
    old = "---\ntitle: From the archive\npublished: 2025-06-01\n---\nThe old mill was sold in the summer.\n"
    write_story(newsroom.folder, "old.md", old)
    told = newsroom.json("sources", "backfill", "desk", "--since", "2025-01-01")
    assert told["actions"] == {"published": 1}
    assert told["known"] == 3
    assert told["finished"]
    code, out, _ = newsroom.run("sources", "backfill", "desk", "--since", "2025-01-01")
    assert code == 0
    assert "0 filled in" in out
    assert "4 known already" in out


def test_backfill_needs_a_date_and_a_source_that_there_is(newsroom: Newsroom) -> None:
    assert newsroom.run("sources", "backfill", "desk", "--since", "long ago")[0] == 2
    assert newsroom.run("sources", "backfill", "dask", "--since", "30d")[0] == 2
