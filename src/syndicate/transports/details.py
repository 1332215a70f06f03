"""What an attempt's record may say: short, printable, and with no secret in it.

Receivers echo what they were sent, in error pages and messages; so whatever a
receiver said passes through here before it is kept or shown.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable
from urllib.parse import parse_qsl, unquote, urlsplit

from syndicate.config.values import MASK

DETAIL_LIMIT = 1024
_SHORTEST = 4


class Redactor:
    """Masks known secrets in text. Its own repr shows none."""

    __slots__ = ("_words",)

    def __init__(self, secrets: Iterable[str]) -> None:
        # Longest first: a secret may contain another.
        self._words = sorted({s for s in secrets if len(s) >= _SHORTEST}, key=lambda s: (-len(s), s))

    def clean(self, text: str) -> str:
        """``text`` without the secrets."""
        for word in self._words:
            text = text.replace(word, MASK)
        return text

    def detail(self, words: str, body: bytes = b"") -> str:
        """``words`` and what the receiver said, at most 1 kB of UTF-8, printable, on one line."""
        said = self.clean(body.decode("utf-8", "replace")) if body else ""
        said = " ".join("".join(c if c.isprintable() else " " for c in said).split())
        whole = f"{self.clean(words)}: {said}" if said else self.clean(words)
        return whole.encode("utf-8", "replace")[:DETAIL_LIMIT].decode("utf-8", "ignore")


def secrets_of_address(url: str) -> set[str]:
    """What in an address may be a secret: name and password, the query, a path with a token in it."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return {url}
    found = {parts.query, parts.path if len(parts.path) > 1 else ""}
    found |= {value for _, value in parse_qsl(parts.query)}
    found |= {text for text in parts.path.split("/") if len(text) >= 12}
    userinfo = unquote(parts.netloc.rpartition("@")[0])
    found |= {parts.username or "", parts.password or "", userinfo}
    found.add(base64.b64encode(userinfo.encode("utf-8", "replace")).decode("ascii"))  # as Basic sends it
    return {form for text in found if text for form in (text, unquote(text))}


def host_of(url: str) -> str:
    """The host of an address, for messages."""
    try:
        return urlsplit(url).hostname or "?"
    except ValueError:
        return "?"
