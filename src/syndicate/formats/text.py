"""Text as every format may carry it.

The last defence of rule X1: whatever came in, only characters that XML 1.0
allows go out (XML 1.0 section 2.2, production 2), in JSON as in XML.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from email.utils import format_datetime
from urllib.parse import SplitResult, quote, urlsplit, urlunsplit

_FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_URL_SAFE = "%/:=&?~#+!$,;'@()*[]"
_MEDIA_TYPE = re.compile(r"[\w.+-]{1,64}/[\w.+-]{1,128}(?:\s*;\s*[\w.+-]+=[\w.+\"-]+)*", re.ASCII)
"""A type and its parameters (RFC 6838 4.2); what is none is as good as not stated."""
_MEDIA_TYPES = {
    "avif": "image/avif",
    "gif": "image/gif",
    "jpeg": "image/jpeg",
    "jpg": "image/jpeg",
    "m4a": "audio/mp4",
    "mp3": "audio/mpeg",
    "mp4": "video/mp4",
    "oga": "audio/ogg",
    "ogg": "audio/ogg",
    "png": "image/png",
    "svg": "image/svg+xml",
    "webm": "video/webm",
    "webp": "image/webp",
}


def clean(text: str) -> str:
    """Without the characters XML 1.0 forbids: NUL, lone surrogates, U+FFFE … (rule X1)."""
    return _FORBIDDEN.sub("", text)


def line(text: str) -> str:
    """Clean text on one line: headlines, names (rule R7)."""
    return " ".join(clean(text).split())


def address(url: str) -> str | None:
    """An absolute web address that any reader takes, or ``None`` (rule X6)."""
    stripped = clean(url).strip()
    try:
        parts = urlsplit(stripped)
    except ValueError:
        return None
    if parts.scheme not in ("http", "https") or not parts.netloc:
        return None
    if not parts.netloc.isascii():
        return _with_ascii_host(parts)
    return quote(stripped, safe=_URL_SAFE)


def _with_ascii_host(parts: SplitResult) -> str | None:
    """A host in another script as DNS knows it; percent signs would not be a host."""
    try:
        host = parts.netloc.encode("idna").decode()
    except UnicodeError:
        return None
    return quote(urlunsplit(parts._replace(netloc=host)), safe=_URL_SAFE)


def rfc822(at: datetime) -> str:
    """``Mon, 23 Nov 2026 08:00:00 +0000`` in UTC (rule R3), whatever the locale."""
    return format_datetime(at.astimezone(UTC).replace(microsecond=0))


def rfc3339(at: datetime) -> str:
    """``2026-11-23T08:00:00Z`` in UTC, to the second (rules A1, J1)."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def media_type(url: str, stated: str | None) -> str | None:
    """The media type as stated, else by the address's ending; ``None`` if neither says."""
    if stated and _MEDIA_TYPE.fullmatch(stated.strip()):
        return stated.strip()
    return _MEDIA_TYPES.get(urlsplit(url).path.rpartition(".")[2].lower())


def medium(kind: str | None) -> str | None:
    """``image``, ``audio`` or ``video`` for a media type."""
    family = (kind or "").partition("/")[0]
    return family if family in ("image", "audio", "video") else None
