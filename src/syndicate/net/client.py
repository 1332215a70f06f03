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
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from types import TracebackType
from typing import Self
from urllib.parse import unquote

import httpx

from syndicate import __version__
from syndicate.config.settings import Network
from syndicate.net.answer import BODY_LIMIT, Answer, Unreachable
from syndicate.net.connection import Ask, ConnectionEnded, Key
from syndicate.net.files import open_files
from syndicate.net.guard import Guard, network_of
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
NO_HEADERS: Mapping[str, str] = {}


@dataclass(frozen=True, slots=True, repr=False)
class _Target:
    """An address taken apart once: what to ask, whom, and as whom."""

    key: Key
    netloc: bytes
    path: bytes
    credentials: Mapping[bytes, bytes]
    place: str

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
            return _made(scheme, host, port, path if path[:1] == "/" else f"/{path}", {})
    try:
        parsed = httpx.URL(url)
        host = parsed.raw_host.decode("ascii")
    except (httpx.InvalidURL, ValueError):
        raise Unreachable("the address is malformed") from None
    if parsed.scheme not in ("http", "https") or not host:
        raise Unreachable("the address is not one of http or https")
    credentials = {b"authorization": _basic(parsed.userinfo)} if parsed.userinfo else {}
    return _made(parsed.scheme, host, parsed.port or 0, parsed.raw_path.decode("ascii"), credentials)


def _made(scheme: str, host: str, port: int, path: str, credentials: Mapping[bytes, bytes]) -> _Target:
    usual = 443 if scheme == "https" else 80
    name = f"[{host}]" if ":" in host else host
    netloc = f"{name}:{port}" if port and port != usual else name
    key = (scheme, host, port or usual)
    return _Target(key, netloc.encode("ascii"), path.encode("ascii"), credentials, f"{host}:{port or usual}")


def _basic(userinfo: bytes) -> bytes:
    name, _, password = userinfo.decode("ascii").partition(":")
    pair = f"{unquote(name)}:{unquote(password)}"
    return b"Basic " + base64.b64encode(pair.encode())


class Client:
    """Sends requests; open one a process, and close it.

    ``network`` gives time-outs and caps, ``publisher_url`` stands in the
    User-Agent. Connections are kept and reused by host. ``guard`` lets through
    what the settings allow; it is for the caller to pass, and may be exchanged.
    """

    def __init__(
        self, network: Network, *, publisher_url: str = "", transport: httpx.AsyncBaseTransport | None = None
    ) -> None:
        self._slots = Slots(network.in_flight, network.in_flight_per_host)
        self._by_address = Places(network.in_flight_per_address)
        self.guard = Guard.of(network.allow)
        self._connect_seconds = network.connect_timeout.total_seconds()
        self._seconds = network.timeout.total_seconds()
        proxy = Proxy.of(network.proxy.reveal()) if network.proxy else None
        self._transport = transport or Wire(idle=min(4 * network.in_flight, open_files() // 4), proxy=proxy)
        about = f" (+{publisher_url})" if publisher_url.isascii() and publisher_url.isprintable() else ""
        self.user_agent = f"syndicate/{__version__}{about if publisher_url else ''}"
        self._always = {
            b"user-agent": self.user_agent.encode("ascii"),
            b"accept": b"*/*",
            b"accept-encoding": b"identity",
        }

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close idle connections; requests in flight end by their own."""
        await self._transport.aclose()

    async def get(
        self,
        url: str,
        *,
        headers: Mapping[str, str] = NO_HEADERS,
        guard: Guard | None = None,
        timeout: float | None = None,  # noqa: ASYNC109 - the bound is part of the request
        limit: int = BODY_LIMIT,
    ) -> Answer:
        """GET ``url``; see ``request``."""
        return await self.request("GET", url, headers=headers, guard=guard, timeout=timeout, limit=limit)

    async def post(
        self,
        url: str,
        *,
        content: bytes,
        headers: Mapping[str, str] = NO_HEADERS,
        guard: Guard | None = None,
        timeout: float | None = None,  # noqa: ASYNC109
        limit: int = BODY_LIMIT,
    ) -> Answer:
        """POST ``content`` to ``url``; see ``request``."""
        return await self.request(
            "POST", url, content=content, headers=headers, guard=guard, timeout=timeout, limit=limit
        )

    async def request(
        self,
        method: str,
        url: str,
        *,
        content: bytes = b"",
        headers: Mapping[str, str] = NO_HEADERS,
        guard: Guard | None = None,
        timeout: float | None = None,  # noqa: ASYNC109
        limit: int = BODY_LIMIT,
    ) -> Answer:
        """One request, one answer, no redirect followed. Raises Unreachable and nothing else.

        ``guard``: pass it for every address that a stranger or an article
        chose. ``timeout`` bounds the whole, in seconds (the settings' unless
        given); waiting for a slot does not count. ``limit`` bytes of the body
        are read. A name and password in the address are sent as Basic.
        """
        target = _target(url)
        seconds = self._seconds if timeout is None else timeout
        async with self._slots.hold(target.place):
            started = time.monotonic()
            with _as_unreachable(target.host, seconds, started):
                if guard is None:
                    return await self._ask(self._build(method, target, content, headers), seconds, limit)
                checked = await self._checked(guard, target, seconds)
            used = time.monotonic() - started
            # Names cost a stranger nothing: what one address is asked has a cap of its own.
            place = network_of(checked[0]) or target.host
            await self._by_address.enter(place)
            try:
                with _as_unreachable(target.host, seconds, time.monotonic() - used):
                    ask = self._build(method, target, content, headers, tuple(checked))
                    return await self._ask(ask, seconds - used, limit)
            finally:
                self._by_address.leave(place)

    async def _checked(self, guard: Guard, target: _Target, seconds: float) -> Sequence[str]:
        known = guard.at_once(target.scheme, target.host, target.port)
        if known is not None:
            return known
        async with asyncio.timeout(seconds):
            return await guard.check(target.scheme, target.host, target.port)

    def _build(
        self,
        method: str,
        target: _Target,
        content: bytes,
        headers: Mapping[str, str],
        addresses: Sequence[str] | None = None,
    ) -> Ask:
        named = {name.lower().encode("ascii"): value.encode("ascii") for name, value in headers.items()}
        sent = {b"host": target.netloc, **self._always, **target.credentials, **named}
        if content or method in ("POST", "PUT", "PATCH"):
            sent[b"content-length"] = b"%d" % len(content)
        return Ask(
            key=target.key,
            method=method,
            netloc=target.netloc,
            target=target.path,
            headers=list(sent.items()),
            body=content,
            addresses=addresses,
            connect_seconds=self._connect_seconds,
        )

    async def _ask(self, ask: Ask, seconds: float, limit: int) -> Answer:
        started = time.monotonic()
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
        headers=list(ask.headers),
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


class _as_unreachable:  # noqa: N801 - reads as the statement it is
    """Turns what a request can end with into Unreachable, in words safe to show."""

    def __init__(self, host: str, seconds: float, started: float) -> None:
        self._host, self._seconds, self._started = host, seconds, started

    def __enter__(self) -> None:
        return None

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if isinstance(error, Unreachable):
            error.seconds = time.monotonic() - self._started
            return
        reason = self._reason(error)
        if reason is not None:
            raise Unreachable(f"{self._host}: {reason}", seconds=time.monotonic() - self._started) from None

    def _reason(self, error: BaseException | None) -> str | None:
        if isinstance(error, TimeoutError):
            return f"no answer within {self._seconds:g} s"
        if isinstance(error, httpx.ConnectTimeout | httpx.ConnectError | ConnectionEnded):
            return str(error)  # worded in wire.py and connection.py, with nothing of the other side's in it
        if isinstance(error, httpx.LocalProtocolError):
            return "the request's headers are malformed"
        if isinstance(error, httpx.RemoteProtocolError):
            return "the answer is not HTTP/1.1, or ended too soon"
        if isinstance(error, httpx.HTTPError | OSError):
            return "the connection broke"
        if isinstance(error, UnicodeError):
            return "the request's headers are malformed"
        return None
