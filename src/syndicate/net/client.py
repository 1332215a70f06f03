"""The one HTTP client of the house.

Everything that leaves goes through here: time-outs over the whole request,
caps, the address guard, no redirects, bodies read up to a limit. httpx is used
in ``net`` alone, so that it can be exchanged here.
"""

from __future__ import annotations

import asyncio
import base64
import re
import time
from collections.abc import Coroutine, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from types import TracebackType
from typing import Any, NamedTuple, Self
from urllib.parse import unquote

import httpx

from syndicate import __version__
from syndicate.config.settings import Network
from syndicate.net.answer import BODY_LIMIT, Answer, Unreachable
from syndicate.net.connection import Ask, ConnectionEnded, Key
from syndicate.net.files import open_files
from syndicate.net.guard import Guard, network_of
from syndicate.net.http1 import Headers, Unsendable, checked_target, head_of, lines_of
from syndicate.net.limits import Places, Slots
from syndicate.net.proxy import Proxy
from syndicate.net.resolve import literal
from syndicate.net.wire import Reply, Wire

# Nothing here is written otherwise by httpx: lower case, nothing escaped, no dot segment.
_PLAIN = re.compile(
    r"(https?)://([a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*)"
    r"(?::([1-9][0-9]{0,4}))?((?:/[A-Za-z0-9_~-]+)*/?(?:\?[A-Za-z0-9_~=&.-]+)?)"
)
_LAST_PORT = 65_535
_WITH_BODY = frozenset({"POST", "PUT", "PATCH"})
NO_HEADERS: Mapping[str, str] = {}


@dataclass(frozen=True, slots=True, repr=False)
class _Target:
    """An address taken apart once: what to ask, whom, and as whom."""

    key: Key
    netloc: bytes
    path: bytes
    place: str
    own: Headers
    own_lines: bytes
    """The headers that are this address's own."""

    @property
    def scheme(self) -> str:
        return self.key[0]

    @property
    def host(self) -> str:
        return self.key[1]

    @property
    def port(self) -> int:
        return self.key[2]


@lru_cache(maxsize=16_384)
def _target(url: str) -> _Target:
    if (plain := _PLAIN.fullmatch(url)) is not None:  # most are, and httpx takes long to read them
        scheme, host, given, path = plain.groups()
        port = int(given) if given else 0
        if port <= _LAST_PORT and (host[-1].isalpha() or literal(host)):
            return _made(scheme, host, port, path if path[:1] == "/" else f"/{path}", [])
    try:
        parsed = httpx.URL(url)
        host = parsed.raw_host.decode("ascii")
        if parsed.scheme not in ("http", "https") or not host:
            raise Unreachable("the address is not one of http or https")
        credentials = [(b"authorization", _basic(parsed.userinfo))] if parsed.userinfo else []
        return _made(parsed.scheme, host, parsed.port or 0, parsed.raw_path.decode("ascii"), credentials)
    except (httpx.InvalidURL, ValueError):
        raise Unreachable("the address is malformed") from None


def _made(
    scheme: str, host: str, port: int, path: str, credentials: Sequence[tuple[bytes, bytes]]
) -> _Target:
    usual = 443 if scheme == "https" else 80
    name = f"[{host}]" if ":" in host else host
    netloc = f"{name}:{port}" if port and port != usual else name
    key = (scheme, host, port or usual)
    where, target = netloc.encode("ascii"), checked_target(path.encode("ascii"))
    own = [(b"host", where), *credentials]
    return _Target(key, where, target, f"{host}:{port or usual}", own, lines_of(own))


def _basic(userinfo: bytes) -> bytes:
    name, _, password = userinfo.decode("ascii").partition(":")
    pair = f"{unquote(name)}:{unquote(password)}"
    return b"Basic " + base64.b64encode(pair.encode())


class Same:
    """Headers that many requests have in common, looked at once; none that a client sends by itself.

    Raises Unreachable where they cannot be sent.
    """

    __slots__ = ("lines", "pairs")

    def __init__(self, headers: Mapping[str, str]) -> None:
        try:
            self.pairs = [_pair(name, value) for name, value in headers.items()]
            self.lines = lines_of(self.pairs)
        except ValueError:  # Unsendable and UnicodeError are such
            raise Unreachable("the request's headers are malformed") from None


class _Wanted(NamedTuple):
    method: str
    content: bytes
    headers: Mapping[str, str]
    same: Same | None


class Client:
    """Sends requests; open one a process, and close it.

    ``network`` gives time-outs and caps, ``publisher_url`` stands in the
    User-Agent. Connections are kept and reused by host. ``guard`` lets through
    what the settings allow; it is for the caller to pass, and may be exchanged.
    ``bounded``: false where the caller itself holds how many run at once (the
    hub does); what one host and one address are asked is bounded here all the same.
    """

    def __init__(
        self,
        network: Network,
        *,
        publisher_url: str = "",
        transport: httpx.AsyncBaseTransport | None = None,
        bounded: bool = True,
    ) -> None:
        self._slots = Slots(network.in_flight, network.in_flight_per_host) if bounded else None
        self._by_host = Places(network.in_flight_per_host)
        self._by_address = Places(network.in_flight_per_address)
        self.guard = Guard.of(network.allow)
        self._connect_seconds = network.connect_timeout.total_seconds()
        self._seconds = network.timeout.total_seconds()
        proxy = Proxy.of(network.proxy.reveal()) if network.proxy else None
        idle = min(4 * network.in_flight, open_files() // 4)
        self._transport = transport or Wire(idle=idle, proxy=proxy, ca_file=network.ca_file)
        about = f" (+{publisher_url})" if publisher_url.isascii() and publisher_url.isprintable() else ""
        self.user_agent = f"syndicate/{__version__}{about if publisher_url else ''}"
        self._always = [
            (b"user-agent", self.user_agent.encode("ascii")),
            (b"accept", b"*/*"),
            (b"accept-encoding", b"identity"),
        ]
        self._always_lines = lines_of(self._always)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close idle connections; requests in flight end by their own."""
        await self._transport.aclose()

    def get(
        self,
        url: str,
        *,
        headers: Mapping[str, str] = NO_HEADERS,
        guard: Guard | None = None,
        timeout: float | None = None,
        limit: int = BODY_LIMIT,
    ) -> Coroutine[Any, Any, Answer]:
        """GET ``url``; see ``request``."""
        return self._send(url, _Wanted("GET", b"", headers, None), guard, timeout, limit)

    def post(
        self,
        url: str,
        *,
        content: bytes,
        headers: Mapping[str, str] = NO_HEADERS,
        same: Same | None = None,
        guard: Guard | None = None,
        timeout: float | None = None,
        limit: int = BODY_LIMIT,
    ) -> Coroutine[Any, Any, Answer]:
        """POST ``content`` to ``url``; see ``request``.

        ``same``: headers beside ``headers`` that many requests have in common; then
        ``headers`` name none of those, and none that are sent by themselves.
        """
        return self._send(url, _Wanted("POST", content, headers, same), guard, timeout, limit)

    def request(
        self,
        method: str,
        url: str,
        *,
        content: bytes = b"",
        headers: Mapping[str, str] = NO_HEADERS,
        guard: Guard | None = None,
        timeout: float | None = None,
        limit: int = BODY_LIMIT,
    ) -> Coroutine[Any, Any, Answer]:
        """One request, one answer, no redirect followed. Raises Unreachable and nothing else, when awaited.

        ``guard``: pass it for every address that a stranger or an article
        chose. ``timeout`` bounds the whole, in seconds (the settings' unless
        given); waiting for a slot does not count. ``limit`` bytes of the body
        are read. A name and password in the address are sent as Basic.
        """
        return self._send(url, _Wanted(method, content, headers, None), guard, timeout, limit)

    def _send(
        self, url: str, wanted: _Wanted, guard: Guard | None, timeout: float | None, limit: int
    ) -> Coroutine[Any, Any, Answer]:
        seconds = self._seconds if timeout is None else timeout
        go = self._at_host if self._slots is None else self._in_slot
        return go(url, wanted, guard, seconds, limit)

    async def _in_slot(
        self, url: str, wanted: _Wanted, guard: Guard | None, seconds: float, limit: int
    ) -> Answer:
        assert self._slots is not None
        async with self._slots.hold(_target(url).place):
            return await self._placed(url, wanted, guard, seconds, limit)

    async def _at_host(
        self, url: str, wanted: _Wanted, guard: Guard | None, seconds: float, limit: int
    ) -> Answer:
        place = _target(url).place
        if not self._by_host.try_enter(place):
            await self._by_host.enter(place)
        try:
            return await self._placed(url, wanted, guard, seconds, limit)
        finally:
            self._by_host.leave(place)

    async def _placed(
        self, url: str, wanted: _Wanted, guard: Guard | None, seconds: float, limit: int
    ) -> Answer:
        """In a slot of its own, where there are slots."""
        target = _target(url)
        place, addresses, started = None, None, time.monotonic()
        try:
            if guard is not None:
                addresses = guard.at_once(*target.key) or await self._checked(guard, target, seconds)
                # Names cost a stranger nothing: what one address is asked has a cap of its own.
                name = network_of(addresses[0]) or target.host
                if not self._by_address.try_enter(name):
                    used = time.monotonic() - started
                    await self._by_address.enter(name)
                    started = time.monotonic() - used
                place = name
            ask = self._build(target, wanted, addresses)
            return await self._ask(ask, started, seconds - (time.monotonic() - started), limit)
        except Unreachable as error:
            error.seconds = time.monotonic() - started
            raise
        except Exception as error:
            reason = _reason(error, seconds)
            if reason is None:
                raise
            raise Unreachable(f"{target.host}: {reason}", seconds=time.monotonic() - started) from None
        finally:
            if place is not None:
                self._by_address.leave(place)

    async def _checked(self, guard: Guard, target: _Target, seconds: float) -> Sequence[str]:
        async with asyncio.timeout(seconds):
            return await guard.check(*target.key)

    def _build(self, target: _Target, wanted: _Wanted, addresses: Sequence[str] | None) -> Ask:
        method, content, headers, same = wanted
        more = [_pair(name, value) for name, value in headers.items()]
        if content or method in _WITH_BODY:
            more.append((b"content-length", b"%d" % len(content)))
        head: bytes | None = None
        parts: list[Headers] = [target.own, self._always, more]
        if same is None:
            parts = [list(dict(pair for part in parts for pair in part).items())]
        else:
            lines = target.own_lines + self._always_lines + same.lines + lines_of(more)
            head = head_of(method.encode("ascii"), target.path, lines)
            parts.insert(2, same.pairs)
        seconds = self._connect_seconds
        return Ask(target.key, method, target.netloc, target.path, parts, content, addresses, seconds, head)

    async def _ask(self, ask: Ask, started: float, seconds: float, limit: int) -> Answer:
        if isinstance(self._transport, Wire):
            found = await self._transport.ask(ask, seconds, limit)
        else:
            async with asyncio.timeout(seconds):
                found = await _through(self._transport, ask, limit)
        return Answer(
            status=found.status,
            headers=_headers(found.headers),
            body=found.body,
            seconds=time.monotonic() - started,
            truncated=found.truncated,
            address=found.address,
        )


async def _through(transport: httpx.AsyncBaseTransport, ask: Ask, limit: int) -> Reply:
    """The same by any transport of httpx's interface."""
    scheme = ask.key[0].encode("ascii")
    request = httpx.Request(
        ask.method,
        httpx.URL((b"%s://%s%s" % (scheme, ask.netloc, ask.target)).decode("ascii")),
        headers=ask.all_headers(),
        stream=httpx.ByteStream(ask.body),
        extensions={"connect_timeout": ask.connect_seconds, "addresses": ask.addresses},
    )
    response = await transport.handle_async_request(request)
    stream = response.stream
    assert isinstance(stream, httpx.AsyncByteStream)
    try:
        body, truncated = await _read(stream, limit)
    finally:
        await stream.aclose()
    address = str(response.extensions.get("address", ""))
    return Reply(response.status_code, response.headers.raw, body, truncated, address)


async def _read(stream: httpx.AsyncByteStream, limit: int) -> tuple[bytes, bool]:
    body = bytearray()
    async for part in stream:
        body += part
        if len(body) > limit:
            return bytes(body[:limit]), True
    return bytes(body), False


def _headers(headers: Sequence[tuple[bytes, bytes]]) -> dict[str, str]:
    found: dict[str, str] = {}
    for raw_name, raw_value in headers:
        name, value = raw_name.decode("latin-1").lower(), raw_value.decode("latin-1")
        found[name] = f"{found[name]}, {value}" if name in found else value
    return found


@lru_cache(maxsize=1024)
def _name(name: str) -> bytes:
    return name.lower().encode("ascii")


def _pair(name: str, value: str) -> tuple[bytes, bytes]:
    return _name(name), value.encode("ascii")


def _reason(error: Exception, seconds: float) -> str | None:
    """What a request ended with, in words safe to show; ``None`` for a fault of our own."""
    if isinstance(error, TimeoutError):
        return f"no answer within {seconds:g} s"
    if isinstance(error, httpx.ConnectTimeout | httpx.ConnectError | ConnectionEnded):
        return str(error)  # worded in wire.py and connection.py, with nothing of the other side's in it
    if isinstance(error, httpx.LocalProtocolError | Unsendable):
        return "the request's headers are malformed"
    if isinstance(error, httpx.RemoteProtocolError):
        return "the answer is not HTTP/1.1, or ended too soon"
    if isinstance(error, httpx.HTTPError | OSError):
        return "the connection broke"
    if isinstance(error, UnicodeError):
        return "the request's headers are malformed"
    return None
