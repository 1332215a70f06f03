"""Recognising a plain poll in the bytes of a request. Pure.

Nothing is refused here: whatever is not exactly a plain poll is left to the
whole server. So this reader may be as strict and as small as it likes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

HEAD_LIMIT = 2048
"""A longer head is no plain poll."""
_KNOWN = 2048  # heads; a reader sends the same one each time, until the document changes

_HEAD = re.compile(
    rb"(GET|HEAD) /[A-Za-z0-9._~/-]* HTTP/1\.1\r\n"
    rb"((?:[!#$%&'*+.^_`|~0-9A-Za-z-]+:[\t\x20-\x7e\x80-\xff]*\r\n)+)\r\n"
)
# A body, another way to end or change the connection, or another kind of answer.
_NOT_PLAIN = frozenset(
    b"content-length transfer-encoding expect upgrade te trailer a-im proxy-connection http2-settings".split()
)


@dataclass(frozen=True, slots=True)
class Poll:
    """What decides the answer, as the request stated it."""

    head: bool
    accepted: bytes | None = None
    matches: bytes | None = None
    since: bytes | None = None
    host: bytes = b""

    @property
    def conditional(self) -> bool:
        """Whether the reader says what it has."""
        return self.matches is not None or self.since is not None


@lru_cache(maxsize=_KNOWN)
def read_poll(head: bytes) -> Poll | None:
    """A request's head, its empty line included, as a poll; ``None``: the whole server is to read it."""
    found = _HEAD.fullmatch(head) if len(head) <= HEAD_LIMIT else None
    if found is None:
        return None
    fields: dict[bytes, bytes] = {}
    for line in found[2].split(b"\r\n")[:-1]:
        name, _, value = line.partition(b":")
        name = name.lower()
        if name in fields or name in _NOT_PLAIN:
            return None  # a header that stands twice is rare enough to leave it to the other
        fields[name] = value.strip(b" \t")
    if b"host" not in fields or fields.get(b"connection", b"keep-alive").lower() != b"keep-alive":
        return None
    return Poll(
        found[1] == b"HEAD",
        fields.get(b"accept-encoding"),
        fields.get(b"if-none-match"),
        fields.get(b"if-modified-since"),
        fields[b"host"].lower(),
    )
