"""The Tab key, a screen that stays, quick help, and output for machines from every command."""

from __future__ import annotations

import importlib
import io
import json
import os
import pty
import re
import select
import shutil
import signal
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from typing import Any

import click
import pytest
from newsroom_cli import Newsroom

from syndicate.cli.main import COMMANDS

SLOW = {"pydantic", "sqlalchemy", "alembic", "httpx", "lxml", "starlette", "uvicorn", "rich", "structlog",
        "prometheus_client", "feedgen", "feedparser", "asyncio", "opentelemetry"}  # fmt: skip


# -- quick help --------------------------------------------------------------------------------


def modules(*arguments: str) -> set[str]:
    """What a command line imports."""
    code = (
        "import sys; from syndicate.cli.main import run\n"
        f"run({list(arguments)!r})\n"
        "print('\\n'.join(sys.modules), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=True
    )
    return set(done.stderr.split())


def test_help_imports_little() -> None:
    """By number, because times differ from machine to machine: Python and click alone are above a hundred."""
    found = modules("--help")
    assert {name.partition(".")[0] for name in found} & SLOW == set()
    assert len([name for name in found if name.startswith("syndicate")]) <= 8
    assert len(found) < 200


@pytest.mark.parametrize("name", COMMANDS)
def test_a_commands_help_imports_none_of_the_large_libraries(name: str) -> None:
    assert {m.partition(".")[0] for m in modules(name, "--help")} & SLOW == set()


@pytest.mark.parametrize("words", [["status"], ["lanes", "list"]])
def test_a_command_that_only_looks_loads_nothing_that_fetches_reads_or_serves(
    newsroom: Newsroom, words: list[str]
) -> None:
    loaded = modules("--config", str(newsroom.file), *words)
    own = {"editorial", "net.client", "sources.feed", "sources.folder", "web", "formats", "distribute"}
    others = SLOW - {"pydantic", "sqlalchemy", "rich", "asyncio"}
    assert "syndicate.reports.lane_views" in loaded
    assert not loaded & (others | {f"syndicate.{name}" for name in own})


# -- the Tab key -------------------------------------------------------------------------------


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_shell_understands_its_completion(bare: Newsroom, shell: str) -> None:
    status, script, _ = bare.run("completion", shell)
    assert status == 0
    assert "_SYNDICATE_COMPLETE" in script
    program = shutil.which(shell)
    if program is None:
        pytest.skip(f"there is no {shell} here")
    check = {"bash": "-n", "zsh": "-n", "fish": "--no-execute"}[shell]
    subprocess.run([program, check], input=script, text=True, check=True, timeout=120)


def completed(words: str) -> set[str]:
    at = len(words.split(" ")) - 1
    env = {**os.environ, "_SYNDICATE_COMPLETE": "bash_complete", "COMP_WORDS": words, "COMP_CWORD": str(at)}
    done = subprocess.run(
        [sys.executable, "-m", "syndicate"], env=env, capture_output=True, text=True, timeout=120
    )
    return {line.partition(",")[2] for line in done.stdout.splitlines()}


def test_the_tab_key_knows_commands_subcommands_and_options() -> None:
    assert {"articles", "audit"} <= completed("syndicate a")
    assert completed("syndicate lanes re") == {"resume", "retry", "replay"}
    assert "--watch" in completed("syndicate status --w")


# -- a screen that stays -----------------------------------------------------------------------


def test_without_a_terminal_watch_says_so(newsroom: Newsroom) -> None:
    for more in ([], ["--json"]):
        status, out, err = newsroom.run("status", "--watch", *more)
        assert status == 2
        assert "needs a terminal" in err + out


def test_watch_draws_and_leaves_the_terminal_clean(newsroom: Newsroom) -> None:
    main, other = pty.openpty()
    before = termios.tcgetattr(other)
    process = subprocess.Popen(
        [sys.executable, "-m", "syndicate", "--config", str(newsroom.file), "status", "--watch", "--every", "0.3"],
        stdin=other, stdout=other, stderr=other, env={**os.environ, "TERM": "xterm"},
    )  # fmt: skip
    text, end = "", time.monotonic() + 120
    while text.count("Ctrl-C leaves") < 2 and time.monotonic() < end:
        if select.select([main], [], [], 0.2)[0]:
            text += os.read(main, 65536).decode(errors="replace")
    process.send_signal(signal.SIGINT)
    end = time.monotonic() + 120
    while time.monotonic() < end and (process.poll() is None or select.select([main], [], [], 0.2)[0]):
        if select.select([main], [], [], 0.2)[0]:
            text += os.read(main, 65536).decode(errors="replace")
    process.kill()
    assert process.wait() == 0
    assert termios.tcgetattr(other) == before
    os.close(main)
    os.close(other)
    assert "The Pashtun Times" in text
    assert "no daemon is running" in text
    assert text.count("\x1b[?1049h") == text.count("\x1b[?1049l") == 1  # its own screen, and back
    assert text.rfind("\x1b[?25h") > text.rfind("\x1b[?25l")  # the cursor is there again
    assert "Traceback" not in text


# -- for machines ------------------------------------------------------------------------------


def leaves() -> Iterator[str]:
    def walk(command: click.Command, path: tuple[str, ...]) -> Iterator[str]:
        if isinstance(command, click.Group):
            for name, inner in command.commands.items():
                yield from walk(inner, (*path, name))
        else:
            yield " ".join(path)

    for name, (where, _) in COMMANDS.items():
        module, _, attribute = where.partition(":")
        yield from walk(getattr(importlib.import_module(module), attribute), (name,))


# What each is called with; {…} are filled in below. A status of its own where it is not 0 or 1.
WORDS: dict[str, str] = {
    "init": "--name X --site https://x.example/ --force",
    "run": "--once",
    "inspect": "{story}",
    "sources try": "desk",
    "sources pause": "desk",
    "sources resume": "desk",
    "sources backfill": "desk --since 30d",
    "articles edit": "{id} --headline Other",
    "articles correct": "{id} --note Words",
    "articles withdraw": "{id} --reason legal --yes --wait 0s",
    "articles release": "{id}",
    "articles reread": "{id} --dry-run",
    "articles join": "{id} {other}",
    "articles split": "{id} --source desk",
    "articles evidence": "{id}",
    "partners offer": "gazette --since 30d",
    "articles show": "{id}",
    "feeds validate": "{feed}",
    "feeds compare": "{feed} latest",
    "deliveries show": "{attempt}",
    "deliveries redrive": "--all",
    "lanes pause": "gazette/main",
    "lanes resume": "gazette/main",
    "lanes retry": "gazette/main",
    "lanes replay": "gazette/main --since 3d --dry-run",
    "hub drop": "--host nobody.example --dry-run",
    "config server": "nginx",
    "partners show": "gazette",
    "partners test": "gazette",
    "partners secret": "{secret}",
    "tokens add": "--partner gazette --label x",
    "tokens revoke": "1",
    "completion": "bash",
    "db restore": "{copy} --yes",
    "db restored": "--anyway",
}


REFUSED = {"sources backfill", "sources resume", "articles evidence", "notify test"}
"""What the right answer to is no, in this newsroom."""


@pytest.mark.parametrize("command", [*leaves()])
def test_every_command_speaks_to_machines(
    newsroom: Newsroom, command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    attempt = newsroom.refuse("bridge")
    copy = str(newsroom.folder / "copy.db")
    newsroom.run("db", "backup", copy)
    words = WORDS.get(command, "").format(
        id=newsroom.id("bridge"),
        other=newsroom.id("match"),
        story=newsroom.folder / "stories/bridge.md",
        feed=newsroom.folder / "feeds/latest/rss.xml",
        attempt=attempt,
        copy=copy,
        secret=newsroom.folder / "a-new-secret",
    )
    if command == "tokens revoke":
        newsroom.run("tokens", "add", "--partner", "gazette", "--label", "y")
    monkeypatch.setattr("sys.stdin", io.StringIO("a password of many words\n"))
    monkeypatch.chdir(newsroom.folder)
    status, out, err = newsroom.run(*command.split(), *words.split(), "--json")
    assert status in (0, 1, 2), err
    told: Any = json.loads(out)  # one value, or the test ends here; errors as well
    if status == 2:
        assert command in REFUSED, err
        assert told["error"], command
        assert told["message"]


def test_an_error_has_its_fix_for_machines_too(bare: Newsroom) -> None:
    status, out, _ = bare.run("lanes", "pause", "nobody", "--json")
    assert status != 0
    assert set(json.loads(out)) == {"error", "message", "fix"}


def test_wrong_usage_is_told_to_machines_as_json(bare: Newsroom) -> None:
    for words in (["articles", "show"], ["no-such-command"], ["status", "--no-such-option"]):
        status, out, err = bare.run(*words, "--json")
        assert status == 2
        assert json.loads(out)["error"] == "UsageError"
        assert re.search(r"(?i)usage|no such", err)
