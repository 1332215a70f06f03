"""A first configuration: by flags, by five questions on a terminal; checked, and nothing overwritten."""

from __future__ import annotations

import json
import os
import pty
import select
import stat
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from syndicate.cli.main import run
from syndicate.config.show import shown
from syndicate.installed import load_settings

FLAGS = ["--name", 'The Valley "Courier"', "--site", "https://courier.example.org/"]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def started(capsys: pytest.CaptureFixture[str], *words: str, status: int = 0) -> str:
    assert run(["init", *words]) == status
    told = capsys.readouterr()
    return told.out if status == 0 else told.err


def test_two_flags_are_enough_and_what_comes_out_publishes(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    told = json.loads(started(capsys, *FLAGS, "--timezone", "Asia/Kabul", "--language", "ps", "--json"))
    assert told == {"written": ["config/syndicate.toml"], "next": "syndicate run"}
    settings = load_settings(None)
    assert settings.publisher.name == 'The Valley "Courier"'
    assert (settings.publisher.timezone, settings.publisher.language) == ("Asia/Kabul", "ps")
    assert settings.include == ("conf.d/*.toml",)
    assert list(settings.feeds) == ["latest"]
    assert (here / "stories").is_dir()
    (here / "stories/a.md").write_text("---\ntitle: One\n---\nThe bridge was opened on Sunday.\n")
    os.utime(here / "stories/a.md", (1, 1))
    assert run(["build"]) == 0
    assert "The bridge was opened" in (here / "feeds/latest/rss.xml").read_text()


def test_nothing_is_overwritten_without_force(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    started(capsys, *FLAGS)
    before = Path("config/syndicate.toml").read_text()
    assert "--force" in started(capsys, "--name", "Other", "--site", "https://other.example/", status=2)
    assert Path("config/syndicate.toml").read_text() == before
    started(capsys, "--name", "Other", "--site", "https://other.example/", "--force")
    assert load_settings(None).publisher.name == "Other"


def test_an_answer_that_makes_no_configuration_leaves_nothing(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    told = started(capsys, *FLAGS, "--timezone", "Mars/Olympus", status=2)
    assert "publisher.timezone" in told
    assert ".new" not in told
    assert "no time zone" in told
    assert [p for p in here.rglob("*") if p.is_file()] == []


def test_a_password_stands_in_a_file_that_only_its_owner_reads(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    url = "postgresql://syndicate:hunter2@db.example/news"
    told = json.loads(started(capsys, *FLAGS, "--database", url, "--json"))
    assert told["written"] == ["config/syndicate.toml", "var/secrets/database"]
    secret = Path("var/secrets/database")
    assert stat.S_IMODE(secret.stat().st_mode) == 0o600
    assert stat.S_IMODE(secret.parent.stat().st_mode) == 0o700
    assert "hunter2" not in Path("config/syndicate.toml").read_text()
    settings = load_settings(None)
    assert settings.storage.url.reveal() == url
    assert "hunter2" not in json.dumps(shown(settings), default=str)


@pytest.mark.parametrize(
    ("source", "kind"), [("inbox", "inbox"), ("folder:my stories", "folder"), ("my/stories", "folder")]
)
def test_where_stories_come_from(
    here: Path, capsys: pytest.CaptureFixture[str], source: str, kind: str
) -> None:
    started(capsys, *FLAGS, "--source", source)
    assert load_settings(None).sources["main"].type == kind


def test_a_kind_of_source_that_nobody_knows(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    told = started(capsys, *FLAGS, "--source", "gopher://x.example/", status=2)
    assert "gopher" in told
    assert "folder, " in told


def test_a_public_address_means_a_web_server_in_front(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    started(capsys, *FLAGS, "--base-url", "https://feeds.courier.example.org")
    settings = load_settings(None)
    assert settings.publisher.base_url == "https://feeds.courier.example.org/"
    assert settings.web.trusted_proxies == ("127.0.0.1/32",)
    started(capsys, *FLAGS, "--base-url", "http://127.0.0.1:9000/", "--force")
    assert load_settings(None).web.port == 9000


def test_the_system_layout_keeps_state_and_secrets_apart(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = here / "etc/syndicate.toml"
    url = "postgresql://syndicate:hunter2@db.example/news"
    words = ["--config", str(file), "init", *FLAGS, "--layout", "system", "--source", "/srv/stories"]
    assert run([*words, "--database", url]) == 0
    settings = load_settings(file)
    assert str(settings.output.path) == "/var/lib/syndicate/feeds"
    assert stat.S_IMODE((here / "etc/secrets/database").stat().st_mode) == 0o600
    assert f"syndicate --config {file} run" in capsys.readouterr().out
    assert run([*words, "--force"]) == 0
    assert load_settings(file).storage.url.reveal() == "sqlite:////var/lib/syndicate/state/syndicate.db"


def test_without_a_terminal_it_says_what_is_missing(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "--name and --site" in started(capsys, status=2)
    assert "--site must" in started(capsys, "--name", "X", status=2)


class Terminal:
    """A command on a terminal of its own, answered like a person would."""

    def __init__(self, folder: Path, *words: str) -> None:
        self._fd, other = pty.openpty()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "syndicate", *words],
            stdin=other,
            stdout=other,
            stderr=other,
            cwd=folder,
            env={k: v for k, v in os.environ.items() if not k.startswith("SYNDICATE_")},
        )
        os.close(other)
        self.text = ""

    def expect(self, words: str, seconds: float = 120) -> None:
        end = time.monotonic() + seconds
        while words not in self.text and time.monotonic() < end:
            if select.select([self._fd], [], [], 0.2)[0]:
                try:
                    self.text += os.read(self._fd, 4096).decode(errors="replace")
                except OSError:  # it has ended
                    break
        assert words in self.text, self.text

    def answer(self, question: str, words: str) -> None:
        self.expect(question)
        self.text = ""
        os.write(self._fd, words.encode() + b"\n")

    def ended(self) -> int:
        status = self._process.wait(120)
        os.close(self._fd)
        return status


def test_five_questions_on_a_terminal(here: Path) -> None:
    terminal = Terminal(here, "init")
    terminal.answer("outlet's name", "The Valley Courier")
    terminal.answer("own site", "courier.example.org")
    terminal.expect("begins with https://")
    terminal.answer("own site", "https://courier.example.org/")
    terminal.answer("Language and time zone", "ps, Asia/Kabul")
    terminal.answer("Where do stories come from", "")
    terminal.answer("reach the feeds", "")
    terminal.expect("next: `syndicate run`")
    assert terminal.ended() == 0
    settings: Any = load_settings(here / "config/syndicate.toml")
    assert (settings.publisher.language, settings.publisher.timezone) == ("ps", "Asia/Kabul")
    assert str(settings.sources["main"].path) == "stories"
