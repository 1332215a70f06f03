"""A wire's folder, and a house that reads it."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Any

from house import House

from syndicate.ingest.poll import Polled
from syndicate.sources.wire import NewsmlOptions, NewsmlSource, NinjsOptions, WireSource


class Wire:
    """A folder of a wire, and the house that reads it. ``now`` is the house's."""

    def __init__(self, house: House, folder: Path, kind: str = "newsml", **options: Any) -> None:
        self.house = house
        self.folder = folder / "wire"
        self.folder.mkdir()
        self.wall = 1_700_000_000.0
        made: dict[str, Any] = {"path": self.folder, "settle": "0s", **options}
        if kind == "newsml":
            self.source: WireSource = NewsmlSource(
                "desk", NewsmlOptions(type="newsml", **made), clock=self._clock
            )
        else:
            self.source = WireSource("desk", NinjsOptions(type="ninjs", **made), clock=self._clock)

    def _clock(self) -> float:
        return self.wall

    def send(self, name: str, text: str) -> Polled:
        file = self.folder / name
        file.write_text(text, encoding="utf-8")
        self.wall += 60
        os.utime(file, (self.wall - 30, self.wall - 30))
        return self.poll()

    def poll(self) -> Polled:
        self.wall += 1
        self.house.later(seconds=1)
        return asyncio.run(self.house.ingest.poll(self.source))
