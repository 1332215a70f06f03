"""A database that went back: noticed at the next start, and made safe by one command."""

from __future__ import annotations

import json
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from alembic import command
from newsroom_cli import Newsroom, write_story

from syndicate.storage import Storage, migrate

if TYPE_CHECKING:
    from conftest import Server

NEW = "---\ntitle: New\nid: new\n---\nThis came after the backup was made.\n"


def copied(newsroom: Newsroom, target: Path) -> None:
    """As an administrator copies it, with what stands in its log."""
    with (
        closing(sqlite3.connect(newsroom.database)) as source,
        closing(sqlite3.connect(target)) as copy,
    ):
        source.backup(copy)


def put_back(newsroom: Newsroom, kept: Path) -> None:
    for suffix in ("", "-wal", "-shm"):
        newsroom.database.with_name(f"news.db{suffix}").unlink(missing_ok=True)
    shutil.copy(kept, newsroom.database)


@pytest.fixture
def gone_back(newsroom: Newsroom, tmp_path: Path) -> Newsroom:
    """A story was withdrawn and another published since the backup, which was put back by hand."""
    kept = tmp_path / "kept.db"
    copied(newsroom, kept)
    newsroom.run("articles", "withdraw", newsroom.id("bridge"), "--reason", "legal")
    write_story(newsroom.folder, "new.md", NEW)
    newsroom.run("build")
    put_back(newsroom, kept)
    return newsroom


def test_nothing_is_published_from_a_database_that_went_back(gone_back: Newsroom) -> None:
    feed = gone_back.document("latest")
    for words in (["build"], ["run", "--once"]):
        status, _, err = gone_back.run(*words)
        assert status == 1
        assert "the database went back: its journal ends at 3, and was at 5" in err
        assert "syndicate db restored" in err
    assert gone_back.document("latest") == feed


def test_one_command_makes_it_safe_and_says_what_to_look_at(gone_back: Newsroom) -> None:
    bridge = gone_back.id("bridge")
    status, out, err = gone_back.run("db", "restored")
    assert status == 0
    assert f"withdrawn since the backup, and again now: {bridge[:8]}" in out
    assert "is not known here" in err
    assert "lanes replay --all --since" in err
    assert gone_back.run("run", "--once")[0] in (0, 1)
    shown = gone_back.json("articles", "show", bridge)
    assert shown["article"]["status"] == "canceled"
    assert shown["article"]["revision"] > 1_000_000
    assert shown["journal"][-1]["seq"] > 1_000_000
    assert "The bridge opens" not in gone_back.document("latest")
    (new,) = [a for a in gone_back.json("articles", "list") if a["source_id"] == "new"]
    assert new["revision"] > 1_000_000, "a version that was used since is not used again"
    assert gone_back.json("db", "restored") == {"restored": False, "reason": "it is as far as it was"}


def test_cursors_and_push_ids_of_before_are_void(gone_back: Newsroom) -> None:
    def standing() -> tuple[str | None, int]:
        storage = gone_back.storage()
        with storage.read() as tx:
            lane = tx.lanes.named("gazette/main")
            assert lane
            found = tx.fact("epoch"), lane.generation
        storage.close()
        return found

    epoch, generation = standing()
    told = gone_back.json("db", "restored")
    assert (told["restored"], told["epoch"]) == (True, standing()[0])
    assert told["epoch"] != epoch
    assert standing()[1] > generation


def test_what_was_withdrawn_and_is_not_here_is_named(gone_back: Newsroom, tmp_path: Path) -> None:
    gone_back.run("db", "restored")
    write_story(gone_back.folder, "late.md", NEW.replace("New", "Late").replace("new", "late"))
    kept = tmp_path / "again.db"
    copied(gone_back, kept)
    gone_back.run("build")
    (late,) = [a["id"] for a in gone_back.json("articles", "list") if a["source_id"] == "late"]
    gone_back.run("articles", "withdraw", late, "--reason", "legal")
    gone_back.run("build")
    put_back(gone_back, kept)
    assert gone_back.json("db", "restored")["elsewhere"] == [late]


def test_another_database_in_its_place_is_noticed_too(newsroom: Newsroom) -> None:
    for suffix in ("", "-wal", "-shm"):
        newsroom.database.with_name(f"news.db{suffix}").unlink(missing_ok=True)
    status, _, err = newsroom.run("build")
    assert status == 1
    assert "this is not the database that ran here last" in err
    assert newsroom.run("db", "restored")[0] == 0
    assert newsroom.run("build")[0] == 1, "one story is empty, as always"
    storage = newsroom.storage()
    with storage.read() as tx:
        assert min(a.revision for a in tx.articles.page(None, 9)) > 1_000_000, "above all that was sent"
    storage.close()


def test_a_witness_that_cannot_be_read_is_said_and_mended(newsroom: Newsroom) -> None:
    witness = newsroom.database.with_name("news.db.witness")
    witness.write_text("rubbish")
    status, _, err = newsroom.run("build")
    assert status == 1
    assert "cannot be read" in err
    assert newsroom.run("db", "restored")[0] == 0
    assert json.loads(witness.read_bytes())["journal"] > 1_000_000


def test_a_restore_of_ours_is_no_going_back(newsroom: Newsroom) -> None:
    file = str(newsroom.folder / "copy.db")
    newsroom.json("db", "backup", file)
    newsroom.run("articles", "correct", newsroom.id("bridge"), "--note", "One.")
    newsroom.run("build")
    newsroom.json("db", "restore", file)
    assert "went back" not in newsroom.run("build")[2]


def test_on_a_new_machine_it_is_said_what_is_not_known(newsroom: Newsroom, bare: Newsroom) -> None:
    file = str(newsroom.folder / "copy.db")
    newsroom.json("db", "backup", file)
    status, _, err = bare.run("db", "restore", file)
    assert status == 0
    assert "is not known here" in err
    assert "withdraw again" in err
    told = bare.json("db", "restore", file)
    assert (told["missing"], told["unread"]) == (False, None), "and then there is one to ask"


def test_where_the_database_is_damaged_the_witness_tells_what_was_withdrawn(newsroom: Newsroom) -> None:
    file, bridge = str(newsroom.folder / "copy.db"), newsroom.id("bridge")
    newsroom.json("db", "backup", file)
    newsroom.run("articles", "withdraw", bridge, "--reason", "legal")
    newsroom.run("build")
    newsroom.database.write_bytes(b"rubbish " * 1000)
    for suffix in ("-wal", "-shm"):
        newsroom.database.with_name(f"news.db{suffix}").unlink(missing_ok=True)
    status, out, _ = newsroom.run("db", "restore", file)
    assert status == 1
    assert f"again now: {bridge[:8]}" in out
    assert newsroom.json("articles", "show", bridge)["article"]["status"] == "canceled"


def test_a_replaced_database_of_an_older_schema_is_asked_all_the_same(newsroom: Newsroom) -> None:
    file, bridge = str(newsroom.folder / "copy.db"), newsroom.id("bridge")
    newsroom.json("db", "backup", file)
    newsroom.run("articles", "withdraw", bridge, "--reason", "legal")
    set_back(newsroom.database, "0012")
    told = newsroom.json("db", "restore", file)
    assert (told["unread"], told["withdrawn"]) == (None, [bridge])
    assert not list(newsroom.database.parent.glob("*.replaced*"))


def set_back(database: Path, schema: str) -> None:
    """The same rows under an older schema, as far as that has a place for them."""
    older = database.with_name("older.db")
    storage = Storage(f"sqlite:///{older}")
    with storage.database.write() as connection:
        command.upgrade(migrate._config(connection), schema)
    storage.close()
    with closing(sqlite3.connect(older)) as made:
        made.execute("ATTACH ? AS newer", (str(database),))
        for (table,) in made.execute("SELECT name FROM main.sqlite_master WHERE type = 'table'").fetchall():
            if not table.startswith(("sqlite_", "alembic")):
                columns = ", ".join(row[1] for row in made.execute(f"PRAGMA main.table_info({table})"))
                made.execute(f"INSERT INTO main.{table} ({columns}) SELECT {columns} FROM newer.{table}")
        made.commit()
    for suffix in ("-wal", "-shm"):
        database.with_name(f"{database.name}{suffix}").unlink(missing_ok=True)
        older.with_name(f"{older.name}{suffix}").unlink(missing_ok=True)
    older.replace(database)


# -- a server -------------------------------------------------------------------------------


@pytest.mark.postgresql
def test_a_postgresql_that_was_put_back_is_noticed_and_mended(
    postgres: Server, _postgres_template: str, bare: Newsroom
) -> None:
    first = postgres.fresh(_postgres_template)
    text = bare.file.read_text(encoding="utf-8")
    witness = bare.folder / "seen.witness"

    def use(name: str) -> None:
        url = postgres.url(name)
        storage = f'url = "{url}"\nwitness = "{witness}"'
        bare.file.write_text(
            text.replace(f'url = "sqlite:///{bare.folder}/var/news.db"', storage), encoding="utf-8"
        )

    def article(name: str, source_id: str) -> Any:
        storage = Storage(postgres.url(name))
        with storage.read() as tx:
            found = tx.articles.by_identity([("id:desk", source_id)])
            shown = tx.articles.get(found) if found else None
        storage.close()
        return shown

    use(first)
    text_a = "---\ntitle: First\nid: first\n---\nMasons from three villages cut the stones by hand.\n"
    write_story(bare.folder, "a.md", text_a)
    assert bare.run("run", "--once")[0] == 0
    backup = postgres.fresh(first)  # what pg_restore would bring back
    bare.run("articles", "withdraw", article(first, "first").id, "--reason", "legal")
    write_story(bare.folder, "b.md", NEW)
    assert bare.run("run", "--once")[0] == 0, bare.run("status")
    assert json.loads(witness.read_bytes())["journal"] == 3
    use(backup)
    status, _, err = bare.run("run", "--once")
    assert status == 1
    assert "the database went back" in err
    told = bare.json("db", "restored")
    assert told["withdrawn"] == [article(backup, "first").id]
    assert bare.run("run", "--once")[0] == 0
    assert article(backup, "first").status == "canceled"
    assert article(backup, "new").revision > 1_000_000
    assert "First" not in bare.document("latest")
    for name in (first, backup):
        postgres.drop(name)
