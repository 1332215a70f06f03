"""Reading the configuration, and errors that say where and what to do."""

from __future__ import annotations

import difflib
import os
import types
import typing
from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, Union

from pydantic import BaseModel, Field, ValidationError, create_model
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource

from syndicate.config.files import INCLUDE, Read, read_files
from syndicate.config.settings import EndpointOptions, Partner, Settings, SourceOptions
from syndicate.config.values import Name
from syndicate.errors import ConfigError

DEFAULT_FILE = Path("config/syndicate.toml")
FILE_VARIABLE = "SYNDICATE_CONFIG"
_DATA: ContextVar[dict[str, Any]] = ContextVar("what the files say, while they are read")


@dataclass(frozen=True, slots=True)
class Adapters:
    """The kinds of source and endpoint there are: ``type`` → its options model."""

    sources: Mapping[str, type[SourceOptions]] = field(default_factory=dict)
    endpoints: Mapping[str, type[EndpointOptions]] = field(default_factory=dict)


def settings_type(adapters: Adapters) -> type[Settings]:
    """The settings model with every adapter's options in place of the bare ones."""
    return _settings_type(tuple(adapters.sources.values()), tuple(adapters.endpoints.values()))


@lru_cache(maxsize=4)  # the adapters are the same at each reload, and a model of this size is slow to make
def _settings_type(
    sources: tuple[type[SourceOptions], ...], endpoints: tuple[type[EndpointOptions], ...]
) -> type[Settings]:
    partner = create_model("Partner", __base__=Partner, endpoints=_table(_union(endpoints, EndpointOptions)))
    made: type[Settings] = create_model(
        "Settings",
        __base__=Settings,
        sources=_table(_union(sources, SourceOptions)),
        partners=_table(partner),
    )
    made.__doc__ = Settings.__doc__
    return made


def _table(of: Any) -> Any:
    return dict[Name, of], Field(default_factory=dict)


def _union(kinds: tuple[type[BaseModel], ...], bare: type[BaseModel]) -> Any:
    if not kinds:
        return bare
    if len(kinds) == 1:
        return kinds[0]
    return Annotated[Union[kinds], Field(discriminator="type")]  # noqa: UP007 - made of a tuple


def find_file(given: Path | None) -> Path:
    """The file to read: ``--config``, else ``SYNDICATE_CONFIG``, else ``config/syndicate.toml``."""
    return given or Path(os.environ.get(FILE_VARIABLE) or DEFAULT_FILE)


def load(path: Path | None, adapters: Adapters) -> Settings:
    """The effective settings. Raises ConfigError naming each wrong key, its file and the fix."""
    file = find_file(path)
    read = read_files(file)
    kind = _reading(settings_type(adapters))
    _refuse_stray_variables(kind)
    reading = _DATA.set(read.data)
    try:
        return kind()  # type: ignore[call-arg]
    except ValidationError as error:
        problems = error.errors(include_url=False, include_input=False)
        lines = [_placed(problem, kind, file, read) for problem in problems]
        raise ConfigError(f"{file}: " + "\n  ".join(lines), fix="see docs/settings.md") from None
    except ValueError as error:  # an environment variable that is no JSON where JSON is needed
        raise ConfigError(f"the environment: {error}", fix="lists and tables in variables are JSON") from None
    finally:
        _DATA.reset(reading)


def _placed(problem: Any, kind: type[BaseModel], main: Path, read: Read) -> str:
    """What is wrong with a key; where another file than the main one sets it, with that file."""
    key, words = _explain(problem, kind)
    origin = read.origin(key) if key else None
    return words if origin in (None, main) else f"{words} (in {origin})"


def origins(path: Path | None) -> tuple[Read, dict[tuple[str, ...], str]]:
    """The files as read, and the environment variable that sets each key it sets."""
    found: dict[tuple[str, ...], str] = {}
    for name in sorted(os.environ):
        head, nested, rest = name.removeprefix("SYNDICATE_").partition("__")
        if name.startswith("SYNDICATE_") and nested:
            found[tuple(part.lower() for part in (head, *rest.split("__")))] = name
    return read_files(find_file(path)), found


@lru_cache(maxsize=4)  # as above: what is read is another each time, the model is not
def _reading(kind: type[Settings]) -> type[Settings]:
    class Loaded(kind):  # type: ignore[valid-type, misc]
        @classmethod
        def settings_customise_sources(
            cls,
            settings_cls: type[BaseSettings],
            init_settings: PydanticBaseSettingsSource,  # noqa: ARG003
            env_settings: PydanticBaseSettingsSource,
            dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
            file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        ) -> tuple[PydanticBaseSettingsSource, ...]:
            return env_settings, _FileSource(settings_cls, _DATA.get())

    return Loaded


class _FileSource(PydanticBaseSettingsSource):
    """What the TOML file says, ranked below the environment."""

    def __init__(self, settings_cls: type[BaseSettings], data: dict[str, Any]) -> None:
        super().__init__(settings_cls)
        self._data = data

    def get_field_value(self, _field: Any, field_name: str) -> tuple[Any, str, bool]:
        return self._data.get(field_name), field_name, False

    def __call__(self) -> dict[str, Any]:
        return self._data


def _refuse_stray_variables(kind: type[Settings]) -> None:
    if f"SYNDICATE_{INCLUDE.upper()}" in os.environ:
        raise ConfigError("SYNDICATE_INCLUDE sets nothing", fix="write include into the main file")
    for name in os.environ:
        head, nested, _ = name.removeprefix("SYNDICATE_").partition("__")
        if name.startswith("SYNDICATE_") and nested and head.lower() not in kind.model_fields:
            hint = nearest(head.lower(), kind.model_fields)
            raise ConfigError(f"the environment variable {name} sets nothing{hint}")


def nearest(word: str, known: typing.Iterable[str]) -> str:
    """``"; did you mean 'x'?"`` for the nearest known word, or nothing."""
    close = difflib.get_close_matches(word, list(known), n=1, cutoff=0.5)
    return f"; did you mean {close[0]!r}?" if close else ""


def _explain(problem: Any, kind: type[BaseModel]) -> tuple[tuple[str, ...], str]:
    """The key, and what is wrong with it in words."""
    key, model = _locate([str(part) for part in problem["loc"]], kind)
    where = ".".join(key)
    message = problem["msg"].removeprefix("Value error, ")
    if problem["type"] == "extra_forbidden":
        message = "unknown key" + nearest(where.rpartition(".")[2], model.model_fields if model else ())
    elif problem["type"] == "missing":
        message = "must be set"
    elif problem["type"] == "union_tag_invalid":
        message = f"type must be one of {problem['ctx']['expected_tags']}"
    return key, f"{where}: {message}" if where else message


def _locate(parts: list[str], kind: Any) -> tuple[tuple[str, ...], type[BaseModel] | None]:
    """The key as the user wrote it, and the model that holds it (union tags drop out)."""
    shown: list[str] = []
    holder: type[BaseModel] | None = None
    for part in parts:
        members = _members(kind)
        tagged = [m for m in members if len(members) > 1 and _tag(m) == part]
        if tagged:
            kind = tagged[0]
            continue
        model = next((m for m in members if isinstance(m, type) and issubclass(m, BaseModel)), None)
        shown.append(part)
        if model is not None:
            holder = model
            kind = model.model_fields[part].annotation if part in model.model_fields else None
        else:
            kind = _inner(members[0]) if members else None
    return tuple(shown), holder


def _members(kind: Any) -> list[Any]:
    if typing.get_origin(kind) is Annotated:
        kind = typing.get_args(kind)[0]
    if typing.get_origin(kind) in (Union, types.UnionType):
        return [a for a in typing.get_args(kind) if a is not type(None)]
    return [kind] if kind is not None else []


def _inner(kind: Any) -> Any:
    arguments = typing.get_args(kind)
    inner = [one for one in arguments if one is not Ellipsis]  # tuple[X, ...]
    return inner[-1] if inner else None


def _tag(kind: Any) -> str | None:
    if isinstance(kind, type) and issubclass(kind, BaseModel) and "type" in kind.model_fields:
        allowed = typing.get_args(kind.model_fields["type"].annotation)
        return str(allowed[0]) if allowed else None
    return None
