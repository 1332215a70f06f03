from __future__ import annotations

import asyncio
import os
import time
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest
from folder_help import Desk

from syndicate import plugins
from syndicate.config import SourceOptions
from syndicate.config.settings import Network
from syndicate.errors import ConfigError, SourceError
from syndicate.model import InputKind
from syndicate.net.client import Client
from syndicate.sources import registry
from syndicate.sources.registry import SOURCES, open_source


def test_each_kind_of_file_is_read_as_what_it_is(desk: Desk) -> None:
    desk.write("a.md", "# Rain\n\nIt *rained*.")
    desk.write("b.html", "<p>Hail</p>")
    desk.write("c.txt", "Home / News\n\nSnow fell.")
    desk.write("d.json", '{"uri": "urn:x:4", "headline": "Wind", "body_html": "<p>Wind.</p>"}')
    desk.write("e.pdf", "no story")
    drafts = desk.fetch()
    assert [d.kind for d in drafts] == [InputKind.HTML, InputKind.HTML, InputKind.PAGE, InputKind.HTML]
    assert "<em>rained</em>" in drafts[0].text
    assert [d.source_id for d in drafts] == ["a.md", "b.html", "c.txt", "urn:x:4"]
    assert not desk.troubles


def test_own_id_is_the_id_then_the_address_then_the_path(desk: Desk) -> None:
    desk.write("a.md", "---\nid: 007\nurl: https://news.example.org/a\n---\ntext")
    desk.write("b.md", "---\nurl: https://news.example.org/b\n---\ntext")
    desk.write("sub/c.md", "text")
    drafts = desk.fetch()
    assert [d.source_id for d in drafts] == ["007", "https://news.example.org/b", "sub/c.md"]
    assert drafts[0].aliases == (("url", "https://news.example.org/a"),)
    assert drafts[1].base_url == "https://news.example.org/b"


def test_an_unchanged_folder_yields_nothing_and_a_touched_file_no_draft(desk: Desk) -> None:
    file = desk.write("a.md", "text")
    assert len(desk.fetch()) == 1
    assert desk.fetch() == []
    assert desk.batches == []
    os.utime(file, (1, 1))
    assert desk.fetch() == []
    assert desk.items["a.md"].startswith("[1000000000,")


def test_a_changed_file_keeps_its_id(desk: Desk) -> None:
    desk.write("a.md", "text")
    desk.fetch()
    desk.write("a.md", "---\nurl: https://news.example.org/late\n---\nlonger text")
    assert [d.source_id for d in desk.fetch()] == ["a.md"]


def test_a_renamed_file_keeps_its_identity(desk: Desk) -> None:
    desk.write("other.md", "other")
    file = desk.write("a.md", "text")
    desk.fetch()
    file.rename(desk.path / "z.md")
    assert desk.fetch() == []
    assert set(desk.items) == {"other.md", "z.md"}
    desk.write("z.md", "text, edited")
    assert [d.source_id for d in desk.fetch()] == ["a.md"]


def test_a_rename_seen_in_two_looks_keeps_its_identity_and_withdraws_nothing(tmp_path: Path) -> None:
    desk = Desk(tmp_path / "stories", on_missing="withdraw")
    desk.write("other.md", "other")
    file = desk.write("a.md", "text")
    desk.fetch()
    file.rename(tmp_path / "a.md")
    assert (desk.fetch(), desk.missing) == ([], set())
    (tmp_path / "a.md").rename(desk.path / "z.md")
    assert (desk.fetch(), desk.missing) == ([], set())
    desk.clock.ahead = 60
    assert (desk.fetch(), desk.missing) == ([], set())
    assert '"a.md"' in desk.items["z.md"]


def test_a_new_story_under_a_renamed_ones_old_path_gets_an_id_of_its_own(desk: Desk) -> None:
    file = desk.write("a.md", "first")
    desk.fetch()
    file.rename(desk.path / "b.md")
    desk.fetch()
    desk.write("a.md", "second")
    (draft,) = desk.fetch()
    assert draft.source_id.startswith("a.md#")
    desk.write("a.md", "second, edited")
    assert [d.source_id for d in desk.fetch()] == [draft.source_id]


def test_of_two_files_with_one_id_the_first_counts_and_the_other_is_named(desk: Desk) -> None:
    desk.write("b.md", "---\nid: x\n---\nb")
    desk.write("c.md", "---\nid: x\n---\nc")
    assert [d.origin for d in desk.fetch()] == ["b.md"]
    assert "b.md" in desk.troubles["c.md"].reason
    desk.write("a.md", "---\nid: x\n---\na")
    assert [d.origin for d in desk.fetch()] == ["a.md"]
    assert "a.md" in desk.troubles["b.md"].reason
    (desk.path / "a.md").unlink()
    assert [d.origin for d in desk.fetch()] == ["b.md"]


def test_a_deleted_file_withdraws_nothing_by_default(desk: Desk) -> None:
    desk.write("a.md", "a").unlink()
    desk.write("a.md", "a")
    desk.write("b.md", "b")
    desk.fetch()
    (desk.path / "a.md").unlink()
    for ahead in (0, 60):
        desk.clock.ahead = ahead
        assert (desk.fetch(), desk.missing) == ([], set())


def test_a_deleted_file_is_reported_once_where_the_setting_says_withdraw(tmp_path: Path) -> None:
    desk = Desk(tmp_path / "stories", on_missing="withdraw", missing_after="5s")
    desk.write("a.md", "a")
    desk.write("b.md", "b")
    desk.fetch()
    (desk.path / "a.md").unlink()
    desk.fetch()
    assert desk.missing == set()
    assert desk.source.unsettled() == 5
    desk.clock.ahead = 6
    desk.fetch()
    assert desk.missing == {"a.md"}
    desk.fetch()
    assert desk.missing == set()
    desk.write("a.md", "a")
    assert [d.source_id for d in desk.fetch()] == ["a.md"]


def test_a_folder_that_is_gone_or_empty_withdraws_nothing(tmp_path: Path) -> None:
    desk = Desk(tmp_path / "stories", on_missing="withdraw", missing_after="0s")
    desk.write("a.md", "a")
    desk.write("b.md", "b")
    desk.fetch()
    before = dict(desk.items)
    desk.path.rename(tmp_path / "away")
    with pytest.raises(SourceError, match="cannot be read"):
        desk.fetch()
    desk.path.mkdir()
    assert (desk.fetch(), desk.missing, desk.items) == ([], set(), before)
    assert "vanished" in desk.troubles["."].reason
    desk.path.rmdir()
    (tmp_path / "away").rename(desk.path)
    assert desk.fetch() == []
    assert "." in desk.settled


def test_hints_look_at_the_named_files_only(desk: Desk) -> None:
    for name in ("a.md", "b.md"):
        desk.write(name, name)
    desk.fetch()
    desk.write("a.md", "a, edited")
    desk.write("b.md", "b, edited")
    assert [d.origin for d in desk.fetch("a.md")] == ["a.md"]
    assert [d.origin for d in desk.fetch("gone.md")] == ["b.md"]


def test_bad_files_are_named_and_the_rest_goes_on(tmp_path: Path) -> None:
    desk = Desk(tmp_path / "stories", max_bytes=5_000)
    desk.write("big.md", "x" * 6_000)
    desk.write("cut.md", "---\ntitle: Cut\nThe rest is")
    desk.write("cut.html", "<!doctype html>\n<html><body><p>Half")
    desk.write("empty.md", "")
    desk.write("good.md", "good")
    desk.write("half.json", '{"headline": "Half')
    desk.write("yaml.md", "---\ntitle: a: b\n---\ntext")
    (desk.path / "nowhere.md").symlink_to("gone.md")
    (desk.path / "outside.md").symlink_to(tmp_path / "secret.md")
    (tmp_path / "secret.md").write_text("secret")
    os.mkfifo(desk.path / "pipe.md")
    assert [d.origin for d in desk.fetch()] == ["good.md"]
    reasons = {key: trouble.reason for key, trouble in desk.troubles.items()}
    assert reasons["big.md"] == "the file is 6 kB, the limit is 5 kB"
    assert "max_bytes of [sources.desk]" in (desk.troubles["big.md"].fix or "")
    assert "never closes" in reasons["cut.md"]
    assert "never closes" in reasons["cut.html"]
    assert "empty" in reasons["empty.md"]
    assert "cut off" in reasons["half.json"]
    assert "no YAML in line 2" in reasons["yaml.md"]
    assert "nowhere" in reasons["nowhere.md"]
    assert "out of the folder" in reasons["outside.md"]
    assert len(reasons) == 8


def test_a_mended_file_is_taken_and_its_trouble_settled(desk: Desk) -> None:
    desk.write("a.md", "---\ntitle: Cut")
    assert desk.fetch() == []
    assert (desk.fetch(), desk.troubles) == ([], {})
    desk.write("a.md", "---\ntitle: Whole\n---\ntext")
    assert len(desk.fetch()) == 1
    assert "a.md" in desk.settled


def test_a_file_without_permission_is_named_and_read_once_it_may_be(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.write("a.md", "a")
    desk.write("b.md", "b")
    real = os.open

    def refuse(path: str, *rest: int) -> int:
        if str(path).endswith("a.md"):
            raise PermissionError(13, "Permission denied")
        return real(path, *rest)

    with monkeypatch.context() as patch:
        patch.setattr("syndicate.sources.steady.os.open", refuse)
        assert [d.origin for d in desk.fetch()] == ["b.md"]
    assert "Permission denied" in desk.troubles["a.md"].reason
    (desk.path / "a.md").chmod(0o600)
    assert [d.origin for d in desk.fetch()] == ["a.md"]


def test_odd_names_are_read(desk: Desk) -> None:
    odd = os.fsencode(desk.path) + b"/odd \xff\n\xd9\xbe.md"
    with open(odd, "wb") as file:
        file.write(b"text")
    os.utime(odd, (1, 1))
    (desk.path / "dir.md").mkdir()
    desk.write("dir.md/in side.md", "inside")
    drafts = desk.fetch()
    assert len(drafts) == 2
    assert [d.source_id.encode() for d in drafts]
    assert desk.fetch() == []


def test_temporary_names_are_left_alone(desk: Desk) -> None:
    for name in (
        ".a.md",
        "a.md~",
        "a.md.tmp",
        "a.md.part",
        "a.md.swp",
        "a.md.crdownload",
        ".git/a.md",
        "#a.md",
    ):
        desk.write(name, "half")
    assert desk.fetch() == []
    assert desk.troubles == {}


def test_a_file_just_written_is_read_within_one_fetch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = Desk(tmp_path / "stories", settle="1h")
    desk.write("new.md", "just written", old=False)
    pauses: list[float] = []

    async def later(seconds: float) -> None:
        pauses.append(seconds)
        desk.clock.ahead += seconds

    monkeypatch.setattr(asyncio, "sleep", later)
    assert [d.origin for d in desk.fetch()] == ["new.md"]
    assert 0 < sum(pauses) <= 3600 + 1, "it was waited for until it had settled"


def test_a_file_renamed_into_place_with_an_older_time_is_read_at_once(tmp_path: Path) -> None:
    desk = Desk(tmp_path / "stories", settle="30s")
    desk.write("a.tmp", "whole").rename(desk.path / "a.md")
    assert [d.origin for d in desk.fetch()] == ["a.md"]


def test_a_file_from_the_future_is_read_once_it_stays_as_it_is(desk: Desk) -> None:
    file = desk.write("a.md", "text")
    os.utime(file, (time.time() + 9_000, time.time() + 9_000))
    assert [d.origin for d in desk.fetch()] == ["a.md"]


def test_a_file_that_keeps_changing_is_left_for_the_next_look(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody writes whenever the source waits; no real time is in it."""
    desk = Desk(tmp_path / "stories", settle="1h")
    desk.write("other.md", "other")
    file = desk.write("a.md", "more\n", old=False)
    pauses: list[float] = []

    async def write_on(seconds: float) -> None:
        pauses.append(seconds)
        with open(file, "a") as opened:
            opened.write("more\n")

    monkeypatch.setattr(asyncio, "sleep", write_on)
    assert [d.origin for d in desk.fetch()] == ["other.md"]
    assert pauses and sum(pauses) <= 2 * 3600
    assert 0 < (desk.source.unsettled() or 0) <= 3600
    desk.clock.ahead = 2 * 3600
    (draft,) = desk.fetch()
    assert draft.text.count("more") == 1 + len(pauses)
    assert desk.source.unsettled() is None


@pytest.mark.skipif(
    not hasattr(__import__("fcntl"), "F_SETLEASE"), reason="the system cannot tell who writes"
)
def test_a_writer_that_pauses_is_not_read_half(tmp_path: Path) -> None:
    desk = Desk(tmp_path / "stories", settle="20ms")
    desk.write("other.md", "other")
    with open(desk.path / "a.md", "w") as file:
        file.write("first half, ")
        file.flush()
        time.sleep(0.05)
        assert [d.origin for d in desk.fetch()] == ["other.md"]
        file.write("second half")
    assert "second half" in desk.fetch()[0].text


def test_ten_thousand_files_in_bounded_batches_and_a_cheap_idle_look(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = Desk(tmp_path / "stories", settle="0s")
    for part in range(100):
        (desk.path / f"{part:02}").mkdir()
    for number in range(10_000):
        (desk.path / f"{number % 100:02}" / f"{number}.md").write_text(f"story {number}")
    desk.clock.ahead = 120
    drafts = desk.fetch()
    assert len({d.source_id for d in drafts}) == 10_000
    assert max(len(batch.drafts) for batch in desk.batches) <= 250
    reads: list[object] = []
    monkeypatch.setattr("syndicate.sources.folder.read_whole", lambda *given: reads.append(given))
    assert desk.fetch() == []
    assert desk.batches == []
    assert not reads, "what has not changed is not opened"


def test_the_registry_opens_a_folder(tmp_path: Path) -> None:
    options = SOURCES["folder"](type="folder", path=tmp_path)
    source = open_source("desk", options, timezone="UTC", default_language="en", client=Client(Network()))
    assert source.name == "desk"


def test_a_kind_nobody_knows_is_named() -> None:
    with pytest.raises(ConfigError, match="called 'telex'"):
        open_source(
            "desk",
            SourceOptions(type="telex"),
            timezone="UTC",
            default_language="en",
            client=Client(Network()),
        )


@pytest.mark.parametrize("value", ["nowhere:Gone", "pathlib:Path"])
def test_a_broken_plugin_is_an_error_that_names_it(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    point = EntryPoint(name="telex", value=value, group=registry.GROUP)
    monkeypatch.setattr(plugins, "entry_points", lambda group: [point])
    plugins.installed.cache_clear()
    try:
        with pytest.raises(ConfigError, match="telex"):
            registry.source_options()
    finally:
        plugins.installed.cache_clear()
