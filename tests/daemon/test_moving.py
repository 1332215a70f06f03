"""Moving: a daemon's data in another folder, at another address. Old addresses answer, ids stay."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import httpx
import pytest

import apps
from ports import free_port
from syndicate.cli.main import run
from syndicate.config import Settings
from syndicate.daemon.app import App
from syndicate.installed import load_settings

pytestmark = pytest.mark.anyio


def settings(folder: Path, base: str, port: int, more: str = "") -> Settings:
    return load_settings(
        apps.configured(folder, "[hub]\nenabled = true\n", publisher=more, base=base, port=port)
    )


async def on_air(made: Settings, ask: Any) -> Any:
    """What ``ask`` gets from a daemon that is ready."""
    async with App(made) as app, apps.running(app):
        assert app.server
        base = f"http://127.0.0.1:{app.server.port}"
        async with httpx.AsyncClient(base_url=base, verify=False, timeout=60) as client:
            return await ask(client)


def feed(folder: Path) -> dict[str, Any]:
    made: dict[str, Any] = json.loads((folder / "feeds/latest/feed.json").read_bytes())
    return made


async def test_another_machine_and_another_address(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    old, new, where = tmp_path / "old", tmp_path / "new", free_port()
    (old / "stories").mkdir(parents=True)
    (old / "stories/a.md").write_text("---\ntitle: One\n---\nThe bridge was opened on Sunday.\n")
    before = settings(old, "http://old.example/", where)
    async with App(before) as app:
        await app.once()
    first = feed(old)
    assert first["feed_url"] == "http://old.example/feeds/latest/feed.json"

    # As docs/operations.md says it: a backup, the stories, the configuration with former_base_urls.
    copy = tmp_path / "copy.db"
    assert run(["--config", str(old / "syndicate.toml"), "db", "backup", str(copy)]) == 0
    shutil.copytree(old / "stories", new / "stories")
    after = settings(new, "http://new.example/", where, 'former_base_urls = ["http://old.example/"]')
    assert run(["--config", str(new / "syndicate.toml"), "db", "restore", str(copy), "--yes"]) == 0

    async def ask(client: httpx.AsyncClient) -> list[httpx.Response]:
        def at(host: str) -> dict[str, str]:
            return {"host": host, "connection": "keep-alive"}

        paths = ["/feeds/latest/rss.xml", "/feeds/latest/", "/feeds.opml", f"/feeds/stories/{story}/", "/hub"]
        moved = [await client.get(path, headers=at("old.example")) for path in paths]
        again = [await client.get(path, headers=at("new.example")) for path in paths[:2]]
        posted = await client.post("/hub", headers=at("old.example"), content=b"hub.mode=subscribe")
        return [*moved, posted, *again]

    story = first["items"][0]["url"].rstrip("/").rpartition("/")[2]
    *moved, posted, rss, page = await on_air(after, ask)
    assert [(a.status_code, a.headers["location"].partition("example/")[0]) for a in moved] == [
        (301, "http://new.")
    ] * 5
    assert posted.status_code == 308
    assert rss.status_code == page.status_code == 200
    assert b"http://new.example/feeds/latest/rss.xml" in rss.content
    assert b"old.example" not in rss.content

    second = feed(new)
    assert [item["id"] for item in second["items"]] == [item["id"] for item in first["items"]]
    assert second["feed_url"] == "http://new.example/feeds/latest/feed.json"
    assert run(["--config", str(new / "syndicate.toml"), "status"]) == 0
    capsys.readouterr()


async def test_a_folder_that_is_copied_whole_goes_on_where_it_was(tmp_path: Path) -> None:
    old, new, where = tmp_path / "old", tmp_path / "new", free_port()
    (old / "stories").mkdir(parents=True)
    (old / "stories/a.md").write_text("---\ntitle: One\n---\nThe bridge was opened on Sunday.\n")
    async with App(settings(old, "http://times.example/", where)) as app:
        await app.once()
    shutil.move(old, new)

    async def ask(client: httpx.AsyncClient) -> httpx.Response:
        return await client.get("/feeds/latest/feed.json")

    kept = (new / "feeds/latest/feed.json").read_bytes()
    answer = await on_air(settings(new, "http://times.example/", where), ask)
    assert answer.content == kept  # same stories, same bytes (X3)
