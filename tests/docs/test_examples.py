"""What the pages show as an example is run: settings are loaded, commands are parsed, stories and JSON are read."""

from __future__ import annotations

import importlib
import json
import re
import shlex
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import click
import pytest

from syndicate.cli.main import COMMANDS
from syndicate.daemon.app import load_settings
from syndicate.editorial.rules import BUILT_IN, load_rules
from syndicate.sources.story_file import read_story

ROOT = Path(__file__).parents[2]
PAGES = [
    ROOT / "README.md",
    *sorted((ROOT / "docs").rglob("*.md")),
    *sorted((ROOT / "examples").rglob("*.md")),
]
PAGES = [page for page in PAGES if "newsroom/stories" not in str(page)]
FENCE = re.compile(
    r"^(?P<indent> *)```(?P<kind>\w+)(?P<more>[^\n]*)\n(?P<body>.*?)^ *```$", re.MULTILINE | re.DOTALL
)
HASH = "scrypt$32768$8$1$" + "A" * 22 + "==$" + "A" * 43 + "="
LEAST: dict[str, Any] = {
    "publisher": {"name": "The Example Times", "url": "https://news.example.org/"},
    "sources": {"desk": {"type": "folder", "path": "stories"}},
    "feeds": {slug: {"title": slug} for slug in ("latest", "pashto", "urdu", "politics", "sport")},
}


class Example(NamedTuple):
    place: str
    kind: str
    more: str
    body: str


def examples() -> Iterator[Example]:
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        for found in FENCE.finditer(text):
            line = text.count("\n", 0, found.start()) + 1
            yield Example(
                f"{page.relative_to(ROOT)}:{line}", found["kind"], found["more"].strip(), found["body"]
            )


def of(kind: str, more: str = "") -> Any:
    """Examples of a kind; ``more`` is the word after it, for what only looks like it (a plugin's, rules)."""
    chosen = [e for e in examples() if e.kind == kind and e.more == more]
    assert chosen, f"no page shows {kind}"
    return pytest.mark.parametrize("example", chosen, ids=lambda example: example.place)


def completed(shown: dict[str, Any]) -> dict[str, Any]:
    """What a page shows, with the least of what every configuration needs besides."""
    whole = {**LEAST, **shown}
    whole["publisher"] = {**LEAST["publisher"], **shown.get("publisher", {})}
    whole["sources"] = shown.get("sources") or LEAST["sources"]
    whole["feeds"] = {**LEAST["feeds"], **shown.get("feeds", {})}
    for name, partner in shown.get("partners", {}).items():
        whole["partners"] = {**whole["partners"], name: {"feeds": ["latest"], **partner}}
    return whole


@of("toml")
def test_settings_are_in_order(example: Example, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shown = completed(tomllib.loads(example.body))
    monkeypatch.chdir(tmp_path)
    for name in named_files(shown):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(secret(shown, name))
    for name in named_variables(shown):
        monkeypatch.setenv(name, secret(shown, name))
    file = tmp_path / "syndicate.toml"
    file.write_text(as_toml(shown), encoding="utf-8")
    assert load_settings(file).publisher.name


def secret(shown: dict[str, Any], name: str) -> str:
    """What a file or variable of that name would hold: an operator's is the hash of a password."""
    logins = shown.get("ops", {})
    is_password = name in {*named_files(logins), *named_variables(logins)}
    return HASH if is_password else "whsec_" + "A" * 40


@of("toml", "rules")
def test_rules_are_in_order(example: Example, tmp_path: Path) -> None:
    file = tmp_path / "rules.toml"
    file.write_text(example.body, encoding="utf-8")
    assert load_rules([file]) is not BUILT_IN


def named_files(value: Any) -> Iterator[str]:
    yield from _named("file", value)


def named_variables(value: Any) -> Iterator[str]:
    yield from _named("env", value)


def _named(key: str, value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if set(value) == {key}:
            yield value[key]
        for inner in value.values():
            yield from _named(key, inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _named(key, inner)


def as_toml(value: dict[str, Any]) -> str:
    """Tables as inline values: enough for what is written once and read once."""
    return "".join(f"{key} = {_inline(inner)}\n" for key, inner in value.items())


def _inline(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(k)} = {_inline(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_inline(v) for v in value) + "]"
    if isinstance(value, bool | int | float | str):
        return json.dumps(value, ensure_ascii=False)
    return value.isoformat()  # a date or a time, which TOML writes bare


@of("json")
def test_json_is_json(example: Example) -> None:
    json.loads(example.body)


@of("markdown")
def test_a_story_is_read(example: Example) -> None:
    assert read_story("story.md", example.body.encode(), ZoneInfo("UTC")).stated.given.headline


def commands() -> Iterator[tuple[str, list[str]]]:
    """Every call of the command that a page shows, in a block or within a line."""
    for example in examples():
        if example.kind == "sh":
            for line in example.body.replace("\\\n", " ").splitlines():
                if words := called(line):
                    yield example.place, words
    for page in PAGES:
        for found in re.finditer(r"`(syndicate [^`]+)`", page.read_text(encoding="utf-8")):
            if words := called(found[1].replace("\n", " ")):
                yield str(page.relative_to(ROOT)), words


def called(line: str) -> list[str] | None:
    """The words after ``syndicate`` and its own options; ``None`` where it is no call."""
    line = re.sub(r"\s+#.*|\s*[|&;>].*", "", line).strip()
    try:
        words = shlex.split(line.replace("…", ""))
    except ValueError:
        return None
    if not words or words[0] != "syndicate" or len(words) < 2:
        return None
    words = [word for word in words[1:] if word != "--json"]
    if words and words[0] == "--config":
        words = words[2:]
    return words if words and re.fullmatch(r"[a-z]+", words[0]) else None


CALLS = sorted({(place, tuple(words)) for place, words in commands()})


@pytest.mark.parametrize(("place", "words"), CALLS, ids=[" ".join(words)[:60] for _, words in CALLS])
def test_a_command_is_one_that_there_is(place: str, words: tuple[str, ...]) -> None:
    assert words[0] in COMMANDS, f"{place}: there is no command {words[0]!r}"
    module, _, attribute = COMMANDS[words[0]][0].partition(":")
    command: click.Command = getattr(importlib.import_module(module), attribute)
    rest = list(words[1:])
    while isinstance(command, click.Group) and rest:
        name = rest.pop(0)
        inner = command.get_command(click.Context(command), name)
        assert inner, f"{place}: {words[0]} has no {name!r}"
        command = inner
    if not rest:
        return  # the command's name, in a sentence
    try:
        command.make_context(" ".join(words), rest)
    except click.exceptions.Exit:  # --help
        pass
    except click.BadParameter as error:
        # A file of the example's that is not here is no mistake; a word that is missing is.
        assert "does not exist" in error.message, f"{place}: {' '.join(words)}: {error.format_message()}"
    except click.UsageError as error:
        pytest.fail(f"{place}: {' '.join(words)}: {error.format_message()}")


def test_the_decisions_are_all_in_their_list() -> None:
    folder = ROOT / "docs/decisions"
    listed = set(re.findall(r"\]\(([\w-]+\.md)\)", (folder / "index.md").read_text(encoding="utf-8")))
    assert listed == {page.name for page in folder.glob("*.md")} - {"index.md"}
