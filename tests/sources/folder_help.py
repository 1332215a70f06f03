"""A folder, a source over it, and what the daemon would remember between looks."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Collection
from pathlib import Path
from typing import Any

from syndicate.model import Draft
from syndicate.sources.base import Batch, Cursor, Trouble
from syndicate.sources.folder import FolderOptions, FolderSource

LONG_AGO = 1_700_000_000


class Clock:
    """The real time, and what a test adds to it."""

    ahead = 0.0

    def __call__(self) -> float:
        return time.time() + self.ahead


class Desk:
    """Fetches as the daemon does: applies every batch to the cursor."""

    def __init__(self, path: Path, **options: Any) -> None:
        path.mkdir(exist_ok=True)
        self.path = path
        self.clock = Clock()
        made = FolderOptions(type="folder", path=path, **{"settle": "100ms", **options})
        self.source = FolderSource("desk", made, timezone="Asia/Kabul", clock=self.clock)
        self.items: dict[str, str] = {}
        self.batches: list[Batch] = []

    def write(self, name: str, text: str | bytes, *, old: bool = True) -> Path:
        file = self.path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass"))
        if old:
            os.utime(file, (LONG_AGO, LONG_AGO + file.stat().st_size))
        return file

    def fetch(self, *hints: str) -> list[Draft]:
        self.batches = asyncio.run(self._collect(hints))
        return [draft for batch in self.batches for draft in batch.drafts]

    async def _collect(self, hints: Collection[str]) -> list[Batch]:
        found = []
        async for batch in self.source.fetch(Cursor(items=dict(self.items)), hints):
            self.items.update(batch.items)
            for key in batch.forget:
                self.items.pop(key, None)
            found.append(batch)
        return found

    @property
    def troubles(self) -> dict[str, Trouble]:
        return {trouble.key: trouble for batch in self.batches for trouble in batch.troubles}

    @property
    def missing(self) -> set[str]:
        return {source_id for batch in self.batches for source_id in batch.missing}

    @property
    def settled(self) -> set[str]:
        return {key for batch in self.batches for key in batch.settled}
