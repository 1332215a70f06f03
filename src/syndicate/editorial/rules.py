"""Rules of a newsroom's own: markers, words, notices and places beside the built-in ones."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from types import MappingProxyType
from typing import Any

from syndicate.errors import ConfigError

TABLES: Mapping[str, tuple[str, ...]] = {
    "chrome": ("line", "start", "tail", "inside", "inside_line", "sections"),
    "words": ("months", "weekdays", "labels", "desks", "generic", "bylines", "source_labels"),
    "notices": ("correction", "update", "kill", "label", "blurb"),
}
"""The tables of a rules file and their keys. ``[places]`` has country codes (ISO 3166) as keys."""


@dataclass(frozen=True, slots=True, eq=False)
class Rules:
    """``added``: ``table.key`` → what is added, as plain words ("*" stands for any words).

    Compared by identity: rules are loaded once, and everything compiled from them is kept with them.
    """

    added: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: MappingProxyType({}))
    places: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    def plain(self, key: str) -> tuple[str, ...]:
        """What is added under ``table.key``, as written."""
        return self.added.get(key, ())

    def patterns(self, key: str) -> list[str]:
        """What is added under ``table.key``, as patterns that cannot backtrack far."""
        return [r".{0,100}?".join(map(re.escape, words.split("*"))) for words in self.plain(key)]


BUILT_IN = Rules()
_current: ContextVar[Rules] = ContextVar("editorial_rules", default=BUILT_IN)


def current() -> Rules:
    """The rules of the reading that is under way."""
    return _current.get()


@contextmanager
def under(rules: Rules) -> Iterator[None]:
    """Read under ``rules``."""
    token = _current.set(rules)
    try:
        yield
    finally:
        _current.reset(token)


def load_rules(paths: Iterable[Path | str]) -> Rules:
    """The rules in files of TOML. Raises ConfigError naming the file and the key."""
    added: dict[str, tuple[str, ...]] = {}
    places: dict[str, str] = {}
    for path in map(Path, paths):
        for table, rows in _read(path).items():
            if table != "places" and table not in TABLES:
                raise _unknown(path, table, (*TABLES, "places"))
            if not isinstance(rows, dict):
                raise ConfigError(f"{path}: {table} is no table", fix=f"write [{table}] and keys under it")
            for key, value in rows.items():
                words = _words(path, table, key, value)
                if table == "places":
                    places |= {word.casefold(): key.upper() for word in words}
                else:
                    added[f"{table}.{key}"] = (*added.get(f"{table}.{key}", ()), *words)
    if not added and not places:
        return BUILT_IN
    return Rules(MappingProxyType(added), MappingProxyType(places))


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(
            f"editorial.rules: {path} cannot be read: {error.strerror}", fix="name a TOML file that is there"
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} is not valid TOML: {error}", fix="see docs/attribution.md") from None


def _words(path: Path, table: str, key: str, value: object) -> tuple[str, ...]:
    if table == "places":
        if not re.fullmatch(r"[A-Za-z]{2}", key):
            raise ConfigError(f"{path}: places.{key} is no country code", fix="write one like AF = [...]")
    elif key not in TABLES[table]:
        raise _unknown(path, f"{table}.{key}", [f"{table}.{known}" for known in TABLES[table]])
    if not isinstance(value, list) or not all(isinstance(v, str) and v.strip(" *") for v in value):
        raise ConfigError(f"{path}: {table}.{key} must be a list of words", fix=f'write {key} = ["…", "…"]')
    long = next((v for v in value if len(v) > 200 or v.count("*") > 3), None)
    if long is not None:
        raise ConfigError(
            f"{path}: {table}.{key}: {long[:40]!r} is too long or has more than three *",
            fix="give the first words only",
        )
    return tuple(" ".join(v.split()) for v in value)


def _unknown(path: Path, name: str, known: Iterable[str]) -> ConfigError:
    names = list(known)
    near = get_close_matches(name, names, 1)
    return ConfigError(
        f"{path}: {name} is not known",
        fix=f"did you mean {near[0]}?" if near else "known are " + ", ".join(names),
    )
