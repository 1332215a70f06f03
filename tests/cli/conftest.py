"""A newsroom whose stories are taken and whose feeds are built; each test gets a copy."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from newsroom_cli import STORIES, Newsroom, write_config, write_story

from syndicate.cli.main import run


@pytest.fixture(scope="session")
def _built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("newsroom")
    for name, text in STORIES.items():
        write_story(folder, name, text)
    assert run(["--config", str(write_config(folder)), "build"]) == 1  # one story is empty
    return folder


@pytest.fixture
def newsroom(_built: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Newsroom:
    """Three stories and an empty one; a hub and a partner that do not answer."""
    folder = tmp_path / "room"
    shutil.copytree(_built, folder)
    return Newsroom(folder, capsys)


@pytest.fixture
def bare(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Newsroom:
    """The configuration and an empty folder of stories; nothing was ever run."""
    (tmp_path / "stories").mkdir()
    return Newsroom(tmp_path, capsys)
