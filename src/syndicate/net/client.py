"""The one HTTP client of the house.

Everything that leaves goes through here: time-outs over the whole request,
caps, the address guard, no redirects, bodies read up to a limit. httpx is used
in ``net`` alone, so that it can be exchanged here.
"""

from __future__ import annotations

import asyncio
import base64
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import TracebackType
from typing import Self
from urllib.parse import unquote

import httpx

from syndicate import __version__
from syndicate.config.settings import Network
from syndicate.net.answer import BODY_LIMIT, Answer, Unreachable
from syndicate.net.connection import ConnectionEnded
from syndicate.net.guard import Guard, network_of
from syndicate.net.limits import Slots
from syndicate.net.proxy import Proxy
from syndicate.net.wire import Wire

NO_HEADERS: Mapping[str, str] = {}


@dataclass(frozen=True, slots=True, repr=False)
class _Target:
    """An address taken apart once: what to ask, whom, and as whom."""

    url: httpx.URL
    scheme: str
    host: str
    port: int
    netloc: str
    credentials: str | None


@lru_cache(maxsize=4096)
def _target(url: str) -> _Target:
    try:
        parsed = httpx.URL(url)
        host = parsed.raw_host.decode("ascii")
    except (httpx.InvalidURL, ValueError):
        raise Unreachable("the address is malformed") from None
    if parsed.scheme not in ("http", "https") or not host:
        raise Unreachable("the address is not one of http or https")
    port = parsed.port or (443 if parsed.scheme == "https" else 80)
    netloc = parsed.netloc.decode("ascii")
    credentials = _basic(parsed.userinfo) if parsed.userinfo else None
    return _Target(parsed.copy_with(fragment=None), parsed.scheme, host, port, netloc, credentials)


def _basic(userinfo: bytes) -> str:
    name, _, password = userinfo.decode("ascii").partition(":")
    pair = f"{unquote(name)}:{unquote(password)}"
    return "Basic " + base64.b64encode(pair.encode()).decode("ascii")


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
        self._by_address = Slots(2 * network.in_flight, network.in_flight_per_address)
        self.guard = Guard.of(network.allow)
        self._connect_seconds = network.connect_timeout.total_seconds()
        self._seconds = network.timeout.total_seconds()
        proxy = Proxy.of(network.proxy.reveal()) if network.proxy else None
        self._transport = transport or Wire(idle=4 * network.in_flight, proxy=proxy, ca_file=network.ca_file)
        about = f" (+{publisher_url})" if publisher_url.isascii() and publisher_url.isprintable() else ""
        self.user_agent = f"syndicate/{__version__}{about if publisher_url else ''}"

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
        async with self._slots.hold(f"{target.host}:{target.port}"):
            started = time.monotonic()
            if guard is None:
                with _as_unreachable(target.host, seconds, started):
                    async with asyncio.timeout(seconds):
                        request = self._build(method, target, content, headers)
                        return await self._exchange(request, limit, started)
            with _as_unreachable(target.host, seconds, started):
                async with asyncio.timeout(seconds):
                    checked = await guard.check(target.scheme, target.host, target.port)
            used = time.monotonic() - started
            # Names cost a stranger nothing: what one address is asked has a cap of its own.
            async with self._by_address.hold(network_of(checked[0]) or target.host):
                started = time.monotonic() - used
                with _as_unreachable(target.host, seconds, started):
                    async with asyncio.timeout(seconds - used):
                        request = self._build(method, target, content, headers)
                        request.extensions["addresses"] = tuple(checked)
                        return await self._exchange(request, limit, started)

    def _build(
        self, method: str, target: _Target, content: bytes, headers: Mapping[str, str]
    ) -> httpx.Request:
        sent = {"host": target.netloc, "user-agent": self.user_agent, "accept": "*/*"}
        sent["accept-encoding"] = "identity"
        if target.credentials:
            sent["authorization"] = target.credentials
        sent.update((name.lower(), value) for name, value in headers.items())
        if content or method in ("POST", "PUT", "PATCH"):
            sent["content-length"] = str(len(content))
        # Ready-made bytes and a stream: httpx would otherwise build and compare every header thrice.
        raw = [(name.encode("ascii"), value.encode("ascii")) for name, value in sent.items()]
        stream, extensions = httpx.ByteStream(content), {"connect_timeout": self._connect_seconds}
        return httpx.Request(method, target.url, headers=raw, stream=stream, extensions=extensions)

    async def _exchange(self, request: httpx.Request, limit: int, started: float) -> Answer:
        response = await self._transport.handle_async_request(request)
        stream = response.stream
        assert isinstance(stream, httpx.AsyncByteStream)
        try:
            body, truncated = await _read(stream, limit)
        finally:
            await stream.aclose()
        return Answer(
            status=response.status_code,
            headers=_headers(response),
            body=body,
            seconds=time.monotonic() - started,
            truncated=truncated,
            address=str(response.extensions.get("address", "")),
        )


async def _read(stream: httpx.AsyncByteStream, limit: int) -> tuple[bytes, bool]:
    body = bytearray()
    async for part in stream:
        body += part
        if len(body) > limit:
            return bytes(body[:limit]), True
    return bytes(body), False


def _headers(response: httpx.Response) -> dict[str, str]:
    found: dict[str, str] = {}
    for raw_name, raw_value in response.headers.raw:
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
