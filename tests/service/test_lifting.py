"""The daemon looks each second, and what falls due before the next look has its very moment."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from apps import configured, until
from syndicate.daemon.app import App
from syndicate.daemon.upkeep import TICK
from syndicate.installed import load_settings

pytestmark = pytest.mark.anyio
NOW = datetime(2026, 3, 2, 6, 0, tzinfo=UTC)
LIFTS = timedelta(seconds=1, milliseconds=750)


async def test_an_embargo_that_ends_between_two_looks_has_its_very_moment(tmp_path: Path) -> None:
    now = NOW
    file = configured(tmp_path)
    story = f"---\ntitle: The bridge\nid: a\nembargo: {(NOW + LIFTS).isoformat()}\n---\nIt is open now.\n"
    (tmp_path / "stories/a.md").write_text(story, encoding="utf-8")
    async with App(load_settings(file), clock=lambda: now) as app:
        await app.poll_all()
        upkeep, loop = app.parts.upkeep, asyncio.get_running_loop()
        assert upkeep.jobs()["tick"][1] == TICK == timedelta(seconds=1)

        def published() -> int:
            with app.storage.read() as tx:
                return tx.journal.head()

        before = loop.time()
        await upkeep._fall_due()
        alarm = upkeep._alarm
        assert alarm is not None
        assert before <= alarm.when() - LIFTS.total_seconds() <= loop.time()
        alarm.cancel()
        now = NOW + LIFTS - timedelta(microseconds=1)
        await upkeep._fall_due()
        assert published() == 0
        now = NOW + LIFTS
        upkeep._fall_due_soon()
        await until(lambda: published() == 1)
