"""Asking a source's server: one document, with every care that a stranger's server needs.

Redirects are followed by hand, through the address guard; content codings are
undone under a cap; a name and password go to nobody else; time is bounded.
"""

from __future__ import annotations

import asyncio
import codecs
import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from email.message import Message
from urllib.parse import urldefrag, urljoin, urlsplit

from syndicate.net.answer import Answer, Unreachable
from syndicate.net.client import Client
from syndicate.sources import fetch_errors, manners
from syndicate.sources.codings import ACCEPTED, CodingError, decoded, refuse
from syndicate.sources.fetch_errors import FetchError
from syndicate.sources.memory import NOTHING_KNOWN, Validators
from syndicate.sources.options import FetchOptions
from syndicate.timekeeping import utc_now

REDIRECTS = 5
_FOR_GOOD = frozenset({301, 308})
_MOVED = _FOR_GOOD | {302, 303, 307}
_USABLE = frozenset({200, 203, 226, 304})
_LARGE = 100_000
_TOLD = 4_096
"""So much of what a refusal came with is kept, in bytes."""
_LINK = re.compile(r'<([^<>]*)>((?:\s*;\s*[\w*!#$&+.^`|~-]+\s*(?:=\s*(?:"(?:[^"\\]|\\.)*"|[^\s;,"]*))?)*)')
_PARAMETER = re.compile(r';\s*([\w*!#$&+.^`|~-]+)\s*(?:=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s;,"]*)))?')


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """One of an answer's ``Link`` headers (RFC 8288): an absolute address and its relations."""

    url: str
    rels: frozenset[str]
    type: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """A document as it came: ``body`` unpacked, ``url`` where it stood in the end.

    ``status`` is 200, 203, 226 (only what is new, RFC 3229) or 304.
    ``unchanged``: it is what was known before; by 304, or by the same bytes.
    ``moved`` is where the address that was asked leads for good, if it does.
    ``headers`` have names in lower case. ``validators`` are for the next time.
    """

    url: str
    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)
    unchanged: bool = False
    moved: str | None = None
    validators: Validators = NOTHING_KNOWN
    seconds: float = 0.0

    @property
    def media_type(self) -> str:
        """Like ``application/rss+xml``; empty where none is stated."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    @property
    def charset(self) -> str | None:
        """The charset that the header states, where Python knows it."""
        message = Message()
        message["content-type"] = self.headers.get("content-type", "")
        name = message.get_content_charset()
        try:
            return codecs.lookup(name).name if name else None
        except (LookupError, ValueError):
            return None

    @property
    def host(self) -> str:
        """For messages."""
        return urlsplit(self.url).hostname or self.url

    @property
    def is_html(self) -> bool:
        """Whether it looks like a page for people: by how it begins, for servers call feeds anything."""
        start = self.body[:1024].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
        return start.startswith((b"<!doctype html", b"<html")) or (
            self.media_type == "text/html" and not start.startswith(_DATA)
        )

    def links(self) -> tuple[Link, ...]:
        """What the ``Link`` headers say, in order."""
        return links(self.headers.get("link", ""), self.url)

    def text(self, fallback: str = "utf-8") -> str:
        """The body as text: by its mark, the header, else ``fallback``; what cannot be read is replaced."""
        for mark, name in _MARKS:
            if self.body.startswith(mark):
                return self.body[len(mark) :].decode(name, "replace")
        return self.body.decode(self.charset or fallback, "replace")


_DATA = (b"<?xml", b"<rss", b"<feed", b"<rdf", b"{", b"[")
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


def links(header: str, base: str) -> tuple[Link, ...]:
    """A ``Link`` header taken apart; what has no relation is left out."""
    found = []
    for match in _LINK.finditer(header):
        parameters = {m[1].lower(): m[2] or m[3] or "" for m in reversed([*_PARAMETER.finditer(match[2])])}
        rels = frozenset(parameters.get("rel", "").lower().split())
        if rels and (url := joined(base, match[1])):
            found.append(Link(url=url, rels=rels, type=parameters.get("type")))
    return tuple(found)


def joined(base: str, target: str) -> str | None:
    """``target`` seen from ``base``, without fragment; ``None`` where that is no http or https address."""
    try:
        url = urldefrag(urljoin(base, target.strip()))[0]
        parts = urlsplit(url)
        known = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        return None
    return url if known else None


class Fetcher:
    """Asks one source's server.

    The host of ``options.url`` was chosen by the operator and may stand in
    the outlet's own network. Every other address comes from a stranger and
    goes through the client's guard, at each hop.
    """

    def __init__(
        self, options: FetchOptions, client: Client, *, clock: Callable[[], datetime] = utc_now
    ) -> None:
        self._options = options
        self._client = client
        self._clock = clock
        self._home = _place(options.url)

    async def get(
        self,
        url: str,
        *,
        accept: str = "*/*",
        known: Validators = NOTHING_KNOWN,
        headers: Mapping[str, str] | None = None,
        limit: int | None = None,
    ) -> Fetched:
        """The document at ``url``; conditional where something of it is ``known``.

        ``limit``: unpacked bytes, the settings' ``max_bytes`` unless given.
        Raises FetchError with reason and fix where there is no document.
        """
        limit = self._options.max_bytes if limit is None else limit
        sent = {"accept": accept, "accept-encoding": ACCEPTED, **known.headers, **(headers or {})}
        answer, url, moved = await self._follow(url, sent, limit)
        host = urlsplit(url).hostname or url
        if answer.status not in _USABLE or (answer.status == 304 and not known.headers):
            told = manners.retry_after(answer.headers, self._clock())
            raise fetch_errors.of_status(host, answer.status, told, answer.body[:_TOLD])
        body = b"" if answer.status == 304 else await self._unpacked(host, answer, limit)
        fresh, same = _compared(answer, body, known)
        return Fetched(
            url=url,
            status=answer.status,
            headers=answer.headers,
            body=body,
            unchanged=same,
            moved=moved,
            validators=fresh,
            seconds=answer.seconds,
        )

    async def _follow(self, url: str, sent: Mapping[str, str], limit: int) -> tuple[Answer, str, str | None]:
        """The answer at the end of the redirects, where that was, and where ``url`` leads for good."""
        moved, lasting = None, True
        left = self._options.timeout.total_seconds()
        for _ in range(REDIRECTS + 1):
            answer = await self._ask(url, sent, limit, left)
            left -= answer.seconds
            place = answer.headers.get("location") if answer.status in _MOVED else None
            target = joined(url, place) if place else None
            if target is None:
                return answer, url, moved
            lasting = lasting and answer.status in _FOR_GOOD
            moved = target if lasting else moved
            url = target
        raise FetchError(
            f"{urlsplit(url).hostname}: redirected more than {REDIRECTS} times",
            fix="open the address in a browser, and set url to where it leads",
        )

    async def _ask(self, url: str, sent: Mapping[str, str], limit: int, seconds: float) -> Answer:
        place = _place(url)
        own = self._is_home(place)
        headers = dict(sent)
        credentials = self._options.authorization()
        if credentials and own and not (self._home[0] == "https" and place[0] == "http"):
            headers["authorization"] = credentials
        guard = None if own else self._client.guard
        if seconds <= 0:
            raise fetch_errors.of_silence(f"{place[1]}: no document within {self._options.timeout}")
        try:
            # A packed body may be a little larger than what is in it.
            return await self._client.get(
                url, headers=headers, guard=guard, timeout=seconds, limit=limit + 65_536
            )
        except Unreachable as error:
            raise fetch_errors.of_silence(error.reason) from None

    def _is_home(self, place: tuple[str, str, int]) -> bool:
        usual = {80, 443}
        return place[1] == self._home[1] and (place[2] == self._home[2] or {place[2], self._home[2]} <= usual)

    async def _unpacked(self, host: str, answer: Answer, limit: int) -> bytes:
        codings = answer.headers.get("content-encoding", "")
        try:
            if answer.truncated:
                refuse(limit)
            if codings and len(answer.body) > _LARGE:
                return await asyncio.to_thread(decoded, answer.body, codings, limit)
            return decoded(answer.body, codings, limit)
        except CodingError as error:
            fix = "raise max_bytes if it may be so large" if "larger" in str(error) else None
            raise FetchError(
                f"{host}: the document cannot be read: {error}", fix=fix, status=answer.status
            ) from None


def _place(url: str) -> tuple[str, str, int]:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)


def _compared(answer: Answer, body: bytes, known: Validators) -> tuple[Validators, bool]:
    """What to show the next time, and whether this is what was known."""
    etag, modified = _shown(answer, "etag"), _shown(answer, "last-modified")
    if answer.status == 304:  # RFC 9110, section 15.4.5: what it does not say has not changed
        return Validators(
            etag=etag or known.etag, modified=modified or known.modified, digest=known.digest
        ), True
    if answer.status == 226:  # a part: its bytes say nothing of the whole
        return Validators(etag=etag, modified=modified), False
    digest = hashlib.sha256(body).hexdigest()[:32]
    return Validators(etag=etag, modified=modified, digest=digest), digest == known.digest


def _shown(answer: Answer, name: str) -> str | None:
    value = answer.headers.get(name, "").strip()
    return value if value and len(value) <= 1024 and value.isascii() and value.isprintable() else None
