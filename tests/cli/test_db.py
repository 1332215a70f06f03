"""Migrations, backups, and what a restore must not bring back."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from newsroom_cli import Newsroom, write_story

from syndicate.storage.lock import Ownership


def backed_up(newsroom: Newsroom) -> str:
    file = str(newsroom.folder / "copy.db")
    newsroom.json("db", "backup", file)
    return file


def test_an_empty_database_is_upgraded(bare: Newsroom) -> None:
    told = bare.json("db", "upgrade")
    assert (told["from"], told["backup"]) == (None, None)
    assert bare.json("articles", "list") == []
    assert bare.json("db", "upgrade")["from"] == told["to"]


def test_a_backup_has_a_place_of_its_own_and_replaces_nothing(newsroom: Newsroom) -> None:
    assert Path(newsroom.json("db", "backup")["backup"]).parent == newsroom.folder / "var" / "backups"
    file = backed_up(newsroom)
    assert newsroom.run("db", "backup", file)[0] == 2


def test_a_restore_brings_back_what_was(newsroom: Newsroom) -> None:
    file = backed_up(newsroom)
    newsroom.run("articles", "edit", newsroom.id("bridge"), "--headline", "Wrong")
    told = newsroom.json("db", "restore", file)
    assert told["withdrawn"] == []
    assert Path(told["kept"]).exists()
    article = newsroom.json("articles", "show", newsroom.id("bridge"))["article"]
    assert article["story"]["headline"] == "The bridge opens"
    assert sorted(p.name for p in newsroom.database.parent.iterdir()) == [
        "backups",
        "news.db",
        "news.db.lock",
        "news.db.witness",
    ]


def test_what_was_withdrawn_since_stays_withdrawn(newsroom: Newsroom) -> None:
    file, name = backed_up(newsroom), newsroom.id("bridge")
    newsroom.refuse("bridge")  # the partner was offered it after the backup
    newsroom.run("articles", "withdraw", name, "--reason", "legal")
    assert newsroom.json("db", "restore", file)["withdrawn"] == [name]
    shown = newsroom.json("articles", "show", name)
    assert shown["article"]["status"] == "canceled"
    assert shown["withdrawal"]["by"] == "operator"
    assert [h["lane"] for h in shown["holders"]] == ["gazette/main"]
    newsroom.run("run", "--once")
    assert "The bridge opens" not in newsroom.document("latest")
    (attempt, *_) = newsroom.json("deliveries", "list", "--article", name)
    assert (attempt["lane"], attempt["revision"]) == ("gazette/main", 2)


def test_a_story_that_came_and_was_withdrawn_since_does_not_come_back(newsroom: Newsroom) -> None:
    file = backed_up(newsroom)
    write_story(
        newsroom.folder, "new.md", "---\ntitle: New\nid: new\n---\nThis came after the backup was made.\n"
    )
    newsroom.run("build")
    (new,) = [a["id"] for a in newsroom.json("articles", "list") if a["source_id"] == "new"]
    newsroom.run("articles", "withdraw", new, "--reason", "legal")
    assert newsroom.json("db", "restore", file)["withdrawn"] == [new]
    newsroom.run("build")
    assert newsroom.json("articles", "show", new)["article"]["status"] == "canceled"
    assert "This came after" not in newsroom.document("latest")


def test_a_withdrawal_that_the_backup_knows_is_not_announced_twice(newsroom: Newsroom) -> None:
    name = newsroom.id("bridge")
    newsroom.run("articles", "withdraw", name, "--reason", "legal")
    file = backed_up(newsroom)
    assert newsroom.json("db", "restore", file)["withdrawn"] == []
    actions = [j["action"] for j in newsroom.json("articles", "show", name)["journal"]]
    assert actions == ["published", "withdrawn"]


def test_numbers_are_not_allotted_twice_and_cursors_of_before_are_void(newsroom: Newsroom) -> None:
    file, name = backed_up(newsroom), newsroom.id("bridge")
    storage = newsroom.storage()
    with storage.write() as tx:
        epoch = tx.epoch()
    storage.close()
    newsroom.run("articles", "correct", name, "--note", "One.")
    last = newsroom.json("articles", "show", name)["journal"][-1]["seq"]
    assert newsroom.json("db", "restore", file)["epoch"] != epoch
    newsroom.run("articles", "correct", name, "--note", "Two.")
    numbers = [row["seq"] for row in newsroom.json("articles", "show", name)["journal"]]
    assert numbers[-2:] == [last + 1, last + 2]  # the restored story told anew, and its correction
    storage = newsroom.storage()
    with storage.read() as tx:
        lane = tx.lanes.named("gazette/main")
        assert tx.fact("epoch") != epoch
    storage.close()
    assert lane
    assert lane.generation == 1  # revisions count on from the backup's: ids of pushes must be new


def test_a_version_that_was_used_since_is_not_used_again(newsroom: Newsroom) -> None:
    file, name = backed_up(newsroom), newsroom.id("bridge")
    newsroom.run("articles", "edit", name, "--headline", "Wrong")
    newsroom.run("articles", "correct", name, "--note", "One.")
    before = newsroom.json("articles", "show", name)["article"]
    newsroom.run("db", "restore", file)
    shown = newsroom.json("articles", "show", name)
    assert shown["article"]["story"]["headline"] == "The bridge opens"
    assert [(r["revision"], r["cause"]) for r in shown["revisions"]] == [(1, "source"), (4, "restore")]
    assert (before["revision"], shown["article"]["revision"]) == (3, 4)
    assert shown["article"]["changed"] > before["changed"]
    assert (shown["journal"][-1]["action"], shown["journal"][-1]["revision"]) == ("updated", 4)
    untouched = newsroom.json("articles", "show", newsroom.id("match"))
    assert (untouched["article"]["revision"], len(untouched["journal"])) == (1, 1)


def test_floors_last_over_a_second_restore(newsroom: Newsroom) -> None:
    file = backed_up(newsroom)
    text = "---\ntitle: New\nid: new\n---\nThis came after the backup was made.\n"

    def came() -> str:
        write_story(newsroom.folder, "new.md", text)
        newsroom.run("build")
        (new,) = [a["id"] for a in newsroom.json("articles", "list") if a["source_id"] == "new"]
        return str(new)

    newsroom.run("articles", "edit", came(), "--headline", "Newer")
    newsroom.run("db", "restore", file)
    newsroom.run("db", "restore", file)
    assert newsroom.json("articles", "show", came())["article"]["revision"] == 3


def test_documents_go_on_from_what_readers_have(newsroom: Newsroom) -> None:
    file = backed_up(newsroom)
    newsroom.run("articles", "correct", newsroom.id("bridge"), "--note", "One.")
    newsroom.run("build")
    before = newsroom.json("feeds", "list")[0]
    newsroom.run("db", "restore", file)
    newsroom.run("build")
    after = newsroom.json("feeds", "list")[0]
    assert after["version"] > before["version"] == 2
    assert after["updated"] >= before["updated"]
    assert "One." not in newsroom.document("latest")


def test_while_a_daemon_runs_nothing_is_restored_or_upgraded(newsroom: Newsroom) -> None:
    file = backed_up(newsroom)
    storage = newsroom.storage()
    with Ownership(storage):
        assert newsroom.run("db", "restore", file)[0] == 3
        assert newsroom.run("db", "upgrade")[0] == 3
        assert newsroom.run("db", "backup")[0] == 0
    storage.close()


@pytest.mark.parametrize("wrong", ["none.db", "text.db", "other.db", "var/news.db"])
def test_only_a_backup_of_ours_is_restored(newsroom: Newsroom, wrong: str) -> None:
    import sqlite3

    (newsroom.folder / "text.db").write_text("no database at all, only text")
    other = sqlite3.connect(newsroom.folder / "other.db")
    other.execute("CREATE TABLE something (x)")
    other.close()
    assert newsroom.run("db", "restore", str(newsroom.folder / wrong))[0] == 1
    assert len(newsroom.json("articles", "list")) == 3


def test_where_the_present_database_is_damaged_it_is_said(newsroom: Newsroom) -> None:
    file = backed_up(newsroom)
    newsroom.database.write_bytes(b"rubbish " * 1000)
    for suffix in ("-wal", "-shm"):
        newsroom.database.with_name(f"news.db{suffix}").unlink(missing_ok=True)
    status, _, err = newsroom.run("db", "restore", file)
    assert status == 1
    assert "withdraw again" in err
    assert len(newsroom.json("articles", "list")) == 3
    newsroom.run("articles", "correct", newsroom.id("bridge"), "--note", "One.")
    shown = newsroom.json("articles", "show", newsroom.id("bridge"))
    assert shown["journal"][-1]["seq"] > 1_000_000  # nobody knows how far the numbers had come
    assert shown["article"]["revision"] > 1_000_000


def test_on_a_terminal_a_restore_is_asked_for(newsroom: Newsroom, monkeypatch: pytest.MonkeyPatch) -> None:
    file = backed_up(newsroom)
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("click.confirm", lambda *_, **__: False)
    before = newsroom.database.read_bytes()
    assert newsroom.run("db", "restore", file)[0] == 1
    assert newsroom.database.read_bytes() == before
    assert newsroom.run("db", "restore", file, "--yes")[0] == 0


def test_a_lane_made_since_the_backup_is_still_told_of_a_withdrawal(newsroom: Newsroom) -> None:
    file, name = backed_up(newsroom), newsroom.id("bridge")
    newsroom.configure(
        '\n[partners.gazette.endpoints.second]\ntype = "webhook"\nurl = "http://127.0.0.1:9/2"\n'
        'secrets = ["whsec_dGVzdHMgb25seTogdGhpcyBpcyBubyBzZWNyZXQgYXQgYWxsIQ=="]\n'
    )
    newsroom.run("build")
    newsroom.refuse("bridge", "gazette/second")
    newsroom.run("articles", "withdraw", name, "--reason", "legal")
    newsroom.run("db", "restore", file)
    newsroom.run("run", "--once")
    told = newsroom.json("deliveries", "list", "--article", name, "--lane", "gazette/second")
    assert [a["revision"] for a in told] == [2]


def test_a_story_withdrawn_since_is_nowhere_held_back_by_an_old_refusal(newsroom: Newsroom) -> None:
    newsroom.refuse("bridge")
    file, name = backed_up(newsroom), newsroom.id("bridge")
    newsroom.run("articles", "withdraw", name, "--reason", "legal")
    newsroom.run("db", "restore", file)
    assert newsroom.json("deliveries", "refused") == []
    storage = newsroom.storage()
    with storage.write() as tx:
        lane = tx.lanes.named("gazette/main")
        assert lane
        tx.lanes.save(replace(lane, position=tx.journal.head(), urgent_position=tx.journal.urgent_head()))
        ready = tx.lanes.ready_stories(tx.journal.head(), tx.journal.urgent_head(), datetime.now(UTC), 9)
    storage.close()
    assert ready == []
