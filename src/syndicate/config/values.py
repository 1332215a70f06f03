"""Kinds of value that settings are made of: durations, secrets, slugs."""

from __future__ import annotations

import base64
import os
import re
import ssl
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BeforeValidator,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    PlainSerializer,
    StringConstraints,
    WithJsonSchema,
)
from pydantic_core import CoreSchema, core_schema

from syndicate.about import Contact

_UNITS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
_PART = re.compile(r"(\d+(?:\.\d+)?)\s*(ms|[smhdw])")
MASK = "********"


def parse_duration(value: object) -> timedelta:
    """``"30s"``, ``"5m"``, ``"1h30m"`` → timedelta; a bare number is refused as unclear."""
    if isinstance(value, timedelta):
        return value
    text = str(value).strip().lower()
    spans = list(_PART.finditer(text))
    if not spans or "".join(m.group(0) for m in spans) != text:
        raise ValueError(f"{value!r} is not a time; write a number and a unit: '30s', '5m', '2h', '3d'")
    return timedelta(seconds=sum(float(m[1]) * _UNITS[m[2]] for m in spans))


def format_duration(value: timedelta) -> str:
    """The shortest text ``parse_duration`` reads back: ``timedelta(minutes=90)`` → ``"90m"``."""
    seconds = value.total_seconds()
    for unit in ("d", "h", "m", "s"):
        if seconds % _UNITS[unit] == 0 and seconds:
            return f"{int(seconds // _UNITS[unit])}{unit}"
    return f"{int(seconds * 1000)}ms" if seconds else "0s"


Duration = Annotated[
    timedelta,
    BeforeValidator(parse_duration),
    PlainSerializer(format_duration, return_type=str),
    WithJsonSchema({"type": "string", "pattern": r"^(\d+(\.\d+)?(ms|[smhdw]))+$", "examples": ["30s", "5m"]}),
]


_RATE = re.compile(r"(\d+(?:\.\d+)?)\s*(kb|mb|gb)/s")
_BYTES = {"kb": 1000, "mb": 1_000_000, "gb": 1_000_000_000}


def parse_rate(value: object) -> int:
    """``"50MB/s"`` → bytes a second."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    found = _RATE.fullmatch(str(value).strip().lower())
    rate = round(float(found[1]) * _BYTES[found[2]]) if found else 0
    if rate <= 0:
        raise ValueError(f"{value!r} is not so much a second; write '500kB/s', '50MB/s', '1GB/s'")
    return rate


def format_rate(value: int | None) -> str | None:
    """The shortest text ``parse_rate`` reads back."""
    if value is None:
        return None
    for unit, name in ((1_000_000_000, "GB/s"), (1_000_000, "MB/s")):
        if value % unit == 0:
            return f"{value // unit}{name}"
    return f"{value / 1000:g}kB/s"


ByteRate = Annotated[
    int,
    BeforeValidator(parse_rate),
    PlainSerializer(format_rate, return_type=str),
    WithJsonSchema({"type": "string", "examples": ["50MB/s"]}),
]


class Secret:
    """A secret that shows itself only when asked: ``reveal()``.

    Settings give it as text, as ``{ file = "…" }`` (its content, stripped) or
    as ``{ env = "NAME" }``. ``repr``, ``str`` and serialisation are masked.
    """

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """The secret itself; keep it out of logs, errors and pages."""
        return self._value

    def __repr__(self) -> str:
        return f"Secret({MASK})"

    def __str__(self) -> str:
        return MASK

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._value == self._value

    def __hash__(self) -> int:
        return hash(self._value)

    @classmethod
    def parse(cls, value: object) -> Secret:
        """From a setting's value. Raises ValueError, never naming the secret."""
        if isinstance(value, Secret):
            return value
        if isinstance(value, str) and value:
            return cls(value)
        if isinstance(value, dict) and len(value) == 1:
            return cls(_look_up(*next(iter(value.items()))))
        raise ValueError('give text, { file = "PATH" } or { env = "NAME" }')

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(
            cls.parse,
            serialization=core_schema.plain_serializer_function_ser_schema(str),
        )

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        named = [
            {"type": "object", "properties": {k: {"type": "string"}}, "required": [k]}
            for k in ("file", "env")
        ]
        return {"anyOf": [{"type": "string"}, *named]}


def _look_up(kind: object, name: object) -> str:
    if kind == "file":
        try:
            found = Path(str(name)).read_text(encoding="utf-8").strip()
        except OSError as error:
            raise ValueError(f"cannot read the secret's file {name}: {error.strerror}") from None
    elif kind == "env":
        found = os.environ.get(str(name), "")
    else:
        raise ValueError(f"unknown key {kind!r}: a secret is text, {{ file = … }} or {{ env = … }}")
    if not found:
        raise ValueError(f"the secret's {kind} {name!r} is empty or not set")
    return found


RESERVED_SLUGS = frozenset({"stories"})


def _not_reserved(slug: str) -> str:
    if slug in RESERVED_SLUGS:
        raise ValueError(f"{slug!r} is taken by the pages of single stories; choose another slug")
    return slug


Slug = Annotated[
    str,
    StringConstraints(pattern=r"^[a-z0-9]([a-z0-9-]{0,62}[a-z0-9])?$"),
    AfterValidator(_not_reserved),
]
Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}$")]


def web_address(value: str) -> str:
    """The address. Raises ValueError for anything but http and https."""
    if not re.match(r"^https?://[^\s/]+", value):
        raise ValueError(f"{value!r} is not a web address; it must begin with http:// or https://")
    return value


WebAddress = Annotated[str, AfterValidator(web_address), WithJsonSchema({"type": "string", "format": "uri"})]

_MAILBOX = re.compile(
    r"(?:(?P<name>[^<>()@]*?)\s*<)?(?P<mail>[^@\s<>(),;:]+@[^@\s<>(),;:]+\.[^@\s<>(),;:]+)(?(name)>)"
)


def parse_mailbox(value: str) -> Contact:
    """``"Name <mail@host.example>"`` or a bare address. Raises ValueError."""
    found = _MAILBOX.fullmatch(value.strip())
    if found is None:
        raise ValueError(f"{value!r} is no mail address; write 'Name <mail@example.org>'")
    return Contact(email=found["mail"], name=" ".join((found["name"] or "").split()) or None)


def _mailbox(value: str) -> str:
    parse_mailbox(value)
    return value.strip()


Mailbox = Annotated[str, AfterValidator(_mailbox)]


def _scheme(value: str) -> str:
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9+.-]*:[^\s<>\"{}|\\^`]+", value):
        raise ValueError(f"{value!r} is no URI; write the address of your vocabulary, or a tag: URI")
    return value


SchemeUri = Annotated[str, AfterValidator(_scheme), WithJsonSchema({"type": "string", "format": "uri"})]


def check_signing_secret(secret: Secret) -> Secret:
    """A Standard Webhooks secret: ``whsec_`` and base64 of 24 to 64 bytes."""
    head, mark, body = secret.reveal().partition("whsec_")
    try:
        size = len(base64.b64decode(body, validate=True)) if mark and not head else 0
    except ValueError:
        size = 0
    if not size:
        raise ValueError("a signing secret is 'whsec_' followed by base64")
    if not 24 <= size <= 64:
        raise ValueError(f"a signing secret holds 24 to 64 bytes, this one {size}")
    return secret


def check_proxy(secret: Secret) -> Secret:
    """An egress proxy: ``http://[name:password@]host[:port]`` and nothing after it."""
    try:
        parts = urlsplit(secret.reveal())
        good = parts.scheme == "http" and bool(parts.hostname) and parts.port != 0
    except ValueError:
        good = False
    if (
        not good
        or not secret.reveal().isascii()
        or parts.path not in ("", "/")
        or parts.query
        or parts.fragment
    ):
        raise ValueError("a proxy is given as http://HOST:PORT, or http://NAME:PASSWORD@HOST:PORT")
    return secret


def check_authorities(value: Path) -> Path:
    """Raise ValueError unless it is a file of certificates that can be loaded."""
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cafile=value)
    except ssl.SSLError:
        raise ValueError(f"{value} holds no certificates in PEM form") from None
    except OSError as error:
        raise ValueError(f"{value} cannot be read: {error.strerror}") from None
    return value
