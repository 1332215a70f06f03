"""The configuration's files: one, and those its ``include`` names, as one set of tables.

``include = "conf.d/*.toml"`` stands at the top of the main file; its patterns
are relative to the file that includes. Tables are brought together; a key that
two files set is an error that names both, for nobody could say which one holds.
"""

from __future__ import annotations

import glob
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from syndicate.errors import ConfigError

INCLUDE = "include"
Key = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Read:
    """What the files say together. ``origins``: the file of each key, tables left out.

    ``files``: all of them, the main one first.
    """

    data: dict[str, Any]
    files: tuple[Path, ...]
    origins: Mapping[Key, Path] = field(default_factory=dict)

    def origin(self, key: Key) -> Path | None:
        """The file that sets a key, or the nearest table around or under it."""
        for length in range(len(key), 0, -1):
            found = self.origins.get(key[:length])
            if found is not None:
                return found
        return next((file for known, file in self.origins.items() if known[: len(key)] == key), None)


def read_files(main: Path) -> Read:
    """The main file and all it includes. Raises ConfigError: unreadable, not TOML, or set twice."""
    data = read_one(main)
    files = [main, *_included(main, data)]
    origins: dict[Key, Path] = dict.fromkeys(_leaves(data), main)
    for file in files[1:]:
        more = read_one(file)
        if INCLUDE in more:
            raise ConfigError(f"{file}: only {main} may include files", fix=f"name them in {main}")
        _merge(data, more, file, origins, ())
    return Read(data, tuple(files), origins)


def read_one(file: Path) -> dict[str, Any]:
    """One TOML file. Raises ConfigError."""
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigError(
            f"there is no configuration at {file}",
            fix="`syndicate init` writes one; another file is named with --config or SYNDICATE_CONFIG",
        ) from None
    except OSError as error:
        raise ConfigError(f"{file} cannot be read: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{file} is not valid TOML: {error}") from None


def _included(main: Path, data: Mapping[str, Any]) -> list[Path]:
    """The files that the patterns match, in order of their names; each once."""
    stated = data.get(INCLUDE, [])
    patterns = [stated] if isinstance(stated, str) else stated
    if not isinstance(patterns, list) or not all(isinstance(p, str) and p for p in patterns):
        raise ConfigError(f"{main}: include is a pattern or a list of them", fix='like "conf.d/*.toml"')
    found: dict[Path, None] = {}
    for pattern in patterns:
        matches = sorted(glob.glob(str(main.parent / pattern)))  # noqa: PTH207 - Path.glob takes no absolute one
        if not matches and not glob.has_magic(pattern):
            raise ConfigError(
                f"{main}: include names {pattern!r}, and there is no file {main.parent / pattern}",
                fix=f"make it, or take it out (relative paths begin at {main.parent})",
            )
        found.update(dict.fromkeys(Path(m) for m in matches if Path(m).is_file() and Path(m) != main))
    return list(found)


def _merge(
    into: dict[str, Any], more: Mapping[str, Any], file: Path, origins: dict[Key, Path], at: Key
) -> None:
    for name, value in more.items():
        key = (*at, name)
        there = into.get(name)
        if name not in into:
            into[name] = value
            origins.update(dict.fromkeys(_leaves(value, key), file))
        elif isinstance(there, dict) and isinstance(value, dict):
            _merge(there, value, file, origins, key)
        elif isinstance(there, list) and _tables(there) and _tables(value):
            there.extend(value)
        else:
            raise _twice(key, file, Read({}, (), origins).origin(key))


def _twice(key: Key, file: Path, first: Path | None) -> ConfigError:
    return ConfigError(
        f"{'.'.join(key)} is set in {first} and in {file}", fix="take it out of one of them, or name it anew"
    )


def _tables(value: Any) -> bool:
    """Whether it is a list of tables (``[[publish]]``): each file may add its own."""
    return isinstance(value, list) and bool(value) and all(isinstance(item, dict) for item in value)


def _leaves(value: Any, at: Key = ()) -> Iterator[Key]:
    if isinstance(value, dict) and (value or not at):
        for name, inner in value.items():
            yield from _leaves(inner, (*at, name))
    else:
        yield at
