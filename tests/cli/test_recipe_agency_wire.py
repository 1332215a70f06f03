"""The recipe "from an agency's wire to a website", run as it is written."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from syndicate.cli.main import run

PAGE = Path(__file__).parents[2] / "docs/recipes-agency-wire.md"


def blocks(language: str) -> list[str]:
    found: list[str] = re.findall(rf"```{language}\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    return found


def deliver(folder: Path, name: str, text: str) -> None:
    """A file that was written a while ago."""
    file = folder / "wire" / name
    file.write_text(text, encoding="utf-8")
    os.utime(file, (1_772_000_000, 1_772_000_000))


def feed(folder: Path) -> str:
    return (folder / "feeds/wire/rss.xml").read_text(encoding="utf-8")


@pytest.fixture
def outlet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "config").mkdir()
    (tmp_path / "wire").mkdir()
    (tmp_path / "config/syndicate.toml").write_text(blocks("toml")[0], encoding="utf-8")
    return tmp_path


def test_the_recipe(outlet: Path) -> None:
    item, kill = blocks("xml")
    assert run(["check"]) == 0
    deliver(outlet, "0001.xml", item)
    assert run(["build"]) == 0
    shown = feed(outlet)
    assert "Canal reopens after nineteen days" in shown
    assert "Hilltop Wire" in shown
    assert "https://feeds.example.org/feeds/stories/" in shown
    assert list((outlet / "feeds/stories").rglob("*.html"))
    deliver(outlet, "0002.xml", kill)
    assert run(["build"]) == 0
    assert "Farmers opened" not in feed(outlet)
    deliver(outlet, "0003.xml", item)
    assert run(["build"]) == 0
    assert "Farmers opened" not in feed(outlet)
