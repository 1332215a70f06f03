"""A daemon whose database another version upgraded goes on, and says so once."""

from __future__ import annotations

from pathlib import Path

import pytest
import structlog
from sqlalchemy import text

from syndicate.config import Adapters, load
from syndicate.daemon.app import App
from syndicate.sources.registry import SOURCES

pytestmark = pytest.mark.anyio
CONFIG = """
[publisher]
name = "The Times"
url = "https://times.example.org/"
[storage]
url = "sqlite:///{folder}/news.db"
[output]
path = "{folder}/feeds"
[feeds.latest]
title = "Latest"
"""


async def test_an_old_daemon_goes_on_and_says_that_the_schema_is_newer(tmp_path: Path) -> None:
    file = tmp_path / "syndicate.toml"
    file.write_text(CONFIG.format(folder=tmp_path))
    async with App(load(file, Adapters(SOURCES, {}))) as app:
        with structlog.testing.capture_logs() as logs:
            await app.parts.upkeep.look_at_schema()
            assert [line for line in logs if line["event"] == "schema_is_newer"] == []
            with app.storage.database.write() as connection:
                connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
                connection.execute(text("ALTER TABLE articles ADD COLUMN later_on TEXT"))
            await app.parts.upkeep.look_at_schema()
            await app.parts.upkeep.look_at_schema()
            await app.once()
        said = [line for line in logs if line["event"] == "schema_is_newer"]
    assert [(line["found"], "restart" in line["fix"]) for line in said] == [("9999", True)]
    assert (tmp_path / "feeds/latest/rss.xml").exists()
