"""The effective settings as text that may be shown: secrets masked, in TOML that can be read back."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit, urlunsplit

from syndicate.config.files import Read
from syndicate.config.settings import Settings
from syndicate.config.values import MASK

_BARE = re.compile(r"^[A-Za-z0-9_-]+$")


def shown(settings: Settings) -> dict[str, Any]:
    """The settings as plain values. Secrets are masked, and so is what an address carries of one."""
    return {key: _masked(value, (key,)) for key, value in settings.model_dump(mode="json").items()}


def _masked(value: Any, key: tuple[str, ...]) -> Any:
    if isinstance(value, Mapping):
        return {name: _masked(inner, (*key, name)) for name, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_masked(inner, key) for inner in value]
    return masked_address(value, path=_is_pushed_to(key)) if isinstance(value, str) else value


def _is_pushed_to(key: tuple[str, ...]) -> bool:
    """Whether an address is one that we send to: whoever knows its path may often send there too."""
    return (key[:1] == ("partners",) and key[2:3] == ("endpoints",)) or key[:2] == ("notify", "webhook")


def masked_address(text: str, *, path: bool = False) -> str:
    """An address without the name and password in it and its query's values; other text as it is.

    ``path``: without its path as well.
    """
    if not text.startswith(("http://", "https://")):
        return text
    try:
        parts = urlsplit(text)
    except ValueError:
        return MASK
    host = parts.netloc.rpartition("@")[2]
    netloc = f"{MASK}@{host}" if "@" in parts.netloc else host
    query = "&".join(f"{quote(key)}={MASK}" for key, _ in parse_qsl(parts.query, keep_blank_values=True))
    if parts.query and not query:
        query = MASK
    shown_path = f"/{MASK}" if path and len(parts.path) > 1 else parts.path
    return urlunsplit((parts.scheme, netloc, shown_path, query, parts.fragment))


Origin = Callable[[tuple[str, ...]], str | None]
"""What says where a key comes from; ``None``: nothing worth saying."""


def to_toml(values: Mapping[str, Any], origin: Origin = lambda _key: None) -> str:
    """Nested mappings of text, numbers, lists and ``None`` (left out) as TOML.

    With ``origin`` each key that comes from somewhere says so in a comment.
    """
    return "\n".join(_table((), values, origin)).strip() + "\n"


def _table(path: tuple[str, ...], values: Mapping[str, Any], origin: Origin) -> Iterator[str]:
    plain = {k: v for k, v in values.items() if v is not None and not isinstance(v, Mapping)}
    inner = {k: v for k, v in values.items() if isinstance(v, Mapping)}
    if path and (plain or not inner):
        yield f"\n[{'.'.join(map(_key, path))}]"
    for key, value in plain.items():
        whence = origin((*path, key))
        yield f"{_key(key)} = {_value(value)}" + (f"  # {whence}" if whence else "")
    for key, table in inner.items():
        yield from _table((*path, key), table, origin)


def _key(name: str) -> str:
    return name if _BARE.match(name) else _value(name)


def _value(value: Any) -> str:
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(_value(inner) for inner in value)}]"
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{_key(k)} = {_value(v)}" for k, v in value.items()) + " }"
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def whence_of(read: Read, variables: Mapping[tuple[str, ...], str], key: tuple[str, ...]) -> str | None:
    """The environment variable or file that sets a key; ``None``: it is the default."""
    for length in range(len(key), 0, -1):
        if key[:length] in variables:
            return variables[key[:length]]
        if key[:length] in read.origins:
            return str(read.origins[key[:length]])
    return None


def whence(read: Read, variables: Mapping[tuple[str, ...], str]) -> dict[str, str]:
    """Every key that something sets, as text with dots, and what sets it; the environment outranks."""
    found = {".".join(key): str(file) for key, file in read.origins.items()}
    return found | {".".join(key): name for key, name in variables.items()}
