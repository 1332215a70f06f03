"""What a user can name, the documentation names: commands, settings, addresses."""

from __future__ import annotations

import ast
import importlib
import json
import re
from collections.abc import Iterator
from datetime import timedelta
from enum import Enum
from pathlib import Path
from typing import Any, get_args, get_origin

import click
import pytest
from pydantic import BaseModel
from pydantic_core import PydanticUndefined

from syndicate.cli.main import COMMANDS
from syndicate.config import Adapters, Secret, format_duration, load, settings_type
from syndicate.sources.registry import SOURCES
from syndicate.transports.registry import ENDPOINTS

ROOT = Path(__file__).parents[2]
ADAPTERS = Adapters(SOURCES, ENDPOINTS)


def sections(name: str) -> dict[str, str]:
    """A page's second-level headings and what stands under each."""
    text = (ROOT / "docs" / name).read_text(encoding="utf-8")
    parts = re.split(r"^## (.+)$", text, flags=re.MULTILINE)
    return {head.replace("`", ""): body for head, body in zip(parts[1::2], parts[2::2], strict=True)}


# --- commands ---------------------------------------------------------------


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_its_section(name: str) -> None:
    assert name in sections("commands.md")


@pytest.mark.parametrize("name", COMMANDS)
def test_every_subcommand_and_option_is_named(name: str) -> None:
    module, _, attribute = COMMANDS[name][0].partition(":")
    body = sections("commands.md")[name]
    missing = [
        word for word in words_of(getattr(importlib.import_module(module), attribute)) if word not in body
    ]
    assert missing == []


def words_of(command: click.Command) -> Iterator[str]:
    """Names of subcommands and long options, as users type them."""
    for parameter in command.params:
        if isinstance(parameter, click.Option) and not parameter.hidden:
            yield from (option for option in parameter.opts if option.startswith("--"))
    if isinstance(command, click.Group):
        for name, inner in command.commands.items():
            yield f"{command.name} {name}"
            yield from words_of(inner)


# --- settings ---------------------------------------------------------------


def tables(kind: type[BaseModel], path: str = "") -> Iterator[tuple[str, type[BaseModel]]]:
    """Every table of settings with its heading in the documentation."""
    for name, field in kind.model_fields.items():
        here = f"{path}.{name}" if path else name
        for inner, suffix in inner_models(field.annotation):
            head = here + ((".SLUG" if name == "feeds" else ".NAME") if suffix else "")
            yield head, inner
            yield from tables(inner, head)


def inner_models(annotation: Any) -> list[tuple[type[BaseModel], bool]]:
    """The models an annotation holds, and whether under names of the user's."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [(annotation, False)]
    named = get_origin(annotation) is dict
    return [(m, named or n) for a in get_args(annotation) for m, n in inner_models(a)]


KEYS = [
    pytest.param(head, kind, key, id=f"{head}.{key}")
    for head, kind in tables(settings_type(ADAPTERS))
    for key in kind.model_fields
]


def rows_for(head: str, kind: type[BaseModel]) -> dict[str, str]:
    """Key → the default as documented, the adapter's own table included."""
    heads = [f"[{head}]"]
    if "type" in kind.model_fields:
        heads += [f'[{head}] with type = "{word}"' for word in get_args(kind.model_fields["type"].annotation)]
    rows: dict[str, str] = {}
    for one in heads:
        body = sections("settings.md")[one]
        rows |= dict(re.findall(r"^\| `([a-z_]+)` \| (.*?) \|", body, flags=re.MULTILINE))
    return rows


@pytest.mark.parametrize(("head", "kind", "key"), KEYS)
def test_every_setting_is_documented_with_its_default(head: str, kind: type[BaseModel], key: str) -> None:
    assert rows_for(head, kind).get(key) == written(kind, key)


def test_nothing_is_documented_that_cannot_be_set() -> None:
    known: dict[str, set[str]] = {}
    for head, kind in tables(settings_type(ADAPTERS)):
        known.setdefault(f"[{head}]", set()).update(kind.model_fields)
    for head, body in sections("settings.md").items():
        keys = re.findall(r"^\| `([a-z_]+)` \|", body, flags=re.MULTILINE)
        assert set(keys) <= known[head.partition(" with ")[0]], head


def written(kind: type[BaseModel], key: str) -> str:
    """A default as the documentation writes it."""
    field = kind.model_fields[key]
    if key == "tag":
        return "from `url`"
    value = field.get_default(call_default_factory=True)
    if value is PydanticUndefined:
        return "**must**"
    return "–" if value is None else f"`{toml(value)}`"


def toml(value: Any) -> str:
    if isinstance(value, Secret):
        return toml(value.reveal())
    if isinstance(value, timedelta):
        return toml(format_duration(value))
    if isinstance(value, Enum):
        return toml(value.value)
    if isinstance(value, Path):
        return toml(str(value))
    return json.dumps(list(value) if isinstance(value, tuple) else value)


@pytest.mark.parametrize("file", ["config/syndicate.toml", "examples/newsroom/syndicate.toml"])
def test_the_configurations_to_start_from_load(file: str) -> None:
    settings = load(ROOT / file, ADAPTERS)
    assert set(settings.feeds) == {"latest", "pashto", "urdu"}
    assert all((ROOT / source.path).is_dir() for source in settings.sources.values())  # type: ignore[attr-defined]


# --- addresses --------------------------------------------------------------


def routes() -> Iterator[str]:
    """The paths that ``Route(…)`` and ``Mount(…)`` are called with in ``web``."""
    for file in sorted((ROOT / "src/syndicate/web").rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            called = isinstance(node, ast.Call) and getattr(node.func, "id", "") in ("Route", "Mount")
            if called and node.args and isinstance(node.args[0], ast.Constant):  # type: ignore[attr-defined]
                yield str(node.args[0].value)  # type: ignore[attr-defined]


def document_names() -> Iterator[str]:
    """Each format's ``file``, as its class says."""
    for file in sorted((ROOT / "src/syndicate/formats").glob("*.py")):
        for name in re.findall(
            r'^    file(?:: \S+)? = "([^"]+)"', file.read_text(encoding="utf-8"), re.MULTILINE
        ):
            yield f"/feeds/{{slug}}/{name}"


@pytest.mark.parametrize("address", sorted({*routes(), *document_names()}))
def test_every_address_is_documented(address: str) -> None:
    text = (ROOT / "docs/addresses.md").read_text(encoding="utf-8")
    assert re.sub(r":\w+\}", "}", address) in text


# --- links and places -------------------------------------------------------

PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_inside_the_project_lead_somewhere(page: Path) -> None:
    targets = re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8"))
    inside = [target for target in targets if "://" not in target and not target.startswith("mailto:")]
    assert [target for target in inside if not (page.parent / target).exists()] == []


def test_front_matter_keys_are_documented() -> None:
    from syndicate.sources.metadata import KEYS as FRONT_MATTER

    text = (ROOT / "docs/stories.md").read_text(encoding="utf-8")
    assert [key for key in FRONT_MATTER if f"`{key}`" not in text] == []
