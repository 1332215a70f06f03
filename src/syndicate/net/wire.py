"""HTTP/1.1 over asyncio as a transport with httpx's interface.

httpx's own pool looks through every connection for every request, which is
quadratic in the number of receivers. Here a request finds its connection by
one look-up; ``http1`` reads what comes back.
"""

from __future__ import annotations

import asyncio
import errno
import math
import ssl
import time
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import NamedTuple

import httpx

from syndicate.net.certificates import trusting
from syndicate.net.connection import Ask, Connection, ConnectionEnded, Key
from syndicate.net.http1 import DONE, Head, Unsendable
from syndicate.net.overdue import Overdue
from syndicate.net.proxy import Proxy, reason
from syndicate.net.resolve import Resolve, resolve

_IDLE_SECONDS = 30.0


class Reply(NamedTuple):
    """A whole answer. ``address`` is the one that was connected to."""

    status: int
    headers: Sequence[tuple[bytes, bytes]]
    body: bytes
    truncated: bool
    address: str


class Wire(httpx.AsyncBaseTransport):
    """A transport that keeps idle connections by host, at most ``idle`` of them, for half a minute.

    A request's extensions may carry ``addresses`` (the addresses the guard
    checked: only these are connected to, or reused) and ``connect_timeout`` in
    seconds. The whole request is bounded by the caller. With a ``proxy`` names
    are looked up by it; what the guard checked it is asked for by address.
    """

    def __init__(
        self,
        *,
        idle: int = 256,
        context: ssl.SSLContext | None = None,
        resolve: Resolve = resolve,
        proxy: Proxy | None = None,
        ca_file: Path | None = None,
    ) -> None:
        self._proxy = proxy
        self._idle: dict[Key, list[Connection]] = {}
        self._count = 0
        self._limit = idle
        self._context = context
        self._ca_file = ca_file
        self._resolve = resolve
        self._swept = 0.0
        self._watches: dict[float, Overdue[Connection]] = {}

    async def ask(self, ask: Ask, seconds: float, limit: int) -> Reply:
        """A request and its whole answer, up to ``limit`` bytes of it, within ``seconds``.

        What ``handle_async_request`` does, without building httpx's objects.
        Raises as it does, and TimeoutError.
        """
        started = time.monotonic()
        connection = self._reuse(ask)
        if connection is not None:
            try:
                return await self._whole(connection, ask, seconds, limit)
            except ConnectionEnded:
                seconds -= time.monotonic() - started
        connection = await self._connect(ask, seconds)
        return await self._whole(connection, ask, seconds - (time.monotonic() - started), limit)

    async def _whole(self, connection: Connection, ask: Ask, seconds: float, limit: int) -> Reply:
        watch = self._watch(seconds)
        watch.begin(connection)
        try:
            self._begin(connection, ask)
            await connection.gathered(limit)
            if (answer := connection.answer(limit)) is not None:
                (head, body), truncated = answer, False
                _receivers_own(connection, head)
            else:
                head, body, truncated = await self._by_events(connection, limit)
        except BaseException:  # half an answer is on the line
            connection.close()
            raise
        finally:
            watch.end(connection)
        if truncated:
            connection.close()
        else:
            self.give_back(connection)
        return Reply(head.status, head.headers, body[:limit], truncated, connection.address)

    async def _by_events(self, connection: Connection, limit: int) -> tuple[Head, bytes, bool]:
        head = await self._first_of(connection)
        body, truncated = b"", False
        while (found := connection.event_now() or await connection.event()) is not DONE and not truncated:
            assert isinstance(found, bytes)
            body = body + found if body else found
            truncated = len(body) > limit
        return head, body, truncated

    def _watch(self, seconds: float) -> Overdue[Connection]:
        """Rounded up: requests that may last equally long share a timer."""
        grain = math.ceil(seconds * 20) / 20
        found = self._watches.get(grain)
        if found is None:
            found = self._watches[grain] = Overdue(grain, Connection.expire)
        return found

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request. Raises httpx.TransportError, UnicodeError for a bad header."""
        ask = _asked(request, await request.aread())
        connection = self._reuse(ask) or await self._connect(ask)
        try:
            head = await self._exchange(connection, ask)
        except ConnectionEnded:
            if not connection.used:
                raise
            # The other side closed an idle connection while we wrote. What we send may be sent
            # twice by design (it bears a stable id), so a fresh connection is tried once.
            connection = await self._connect(ask)
            head = await self._exchange(connection, ask)
        about = {"address": connection.address}
        return httpx.Response(
            head.status,
            headers=head.headers,
            stream=_Body(self, connection),
            request=request,
            extensions=about,
        )

    async def _exchange(self, connection: Connection, ask: Ask) -> Head:
        try:
            self._begin(connection, ask)
            return await self._first_of(connection)
        except BaseException:  # a cancelled request leaves half an answer on the line
            connection.close()
            raise

    @staticmethod
    def _begin(connection: Connection, ask: Ask) -> None:
        try:
            connection.begin(ask)
        except Unsendable:
            raise httpx.LocalProtocolError("the request's headers are malformed") from None

    @staticmethod
    async def _first_of(connection: Connection) -> Head:
        head = await connection.head()
        _receivers_own(connection, head)
        return head

    def _reuse(self, ask: Ask) -> Connection | None:
        allowed = ask.addresses
        waiting = self._idle.get(ask.key)
        while waiting:
            found = waiting.pop()
            self._count -= 1
            if found.usable and (allowed is None or found.address in allowed):
                return found
            found.close()
        return None

    async def _connect(self, ask: Ask, seconds: float = math.inf) -> Connection:
        """A connection within the time for connecting, and within ``seconds`` (then TimeoutError)."""
        key, limit = ask.key, min(ask.connect_seconds, seconds)
        try:
            async with asyncio.timeout(limit):
                if self._proxy is not None and not ask.addresses:
                    return await self._by_name(self._proxy, key)
                addresses = ask.addresses or await self._resolve(*key[1:])
                if len(addresses) == 1:
                    return await self._open(key, addresses[0])
                return await self._first(key, addresses, limit)
        except TimeoutError:
            if limit < ask.connect_seconds:
                raise
            raise httpx.ConnectTimeout("no connection in time") from None
        except ssl.SSLCertVerificationError as error:
            raise httpx.ConnectError(f"the certificate is not accepted ({error.verify_message})") from None
        except ssl.SSLError:
            raise httpx.ConnectError("no agreement on TLS") from None
        except OSError as error:
            raise httpx.ConnectError(_words(error)) from None

    async def _first(self, key: Key, addresses: Sequence[str], limit: float) -> Connection:
        """A connection to the first address that takes one; the time is shared out among them."""
        trouble: OSError | httpx.ConnectError = OSError("the name has no address")
        for left, address in zip(range(len(addresses), 0, -1), addresses, strict=True):
            started = time.monotonic()
            try:
                async with asyncio.timeout(limit / left):
                    return await self._open(key, address)
            except TimeoutError as error:
                trouble = error
            except (OSError, httpx.ConnectError) as error:
                trouble = error
            limit -= time.monotonic() - started
        raise trouble

    async def _open(self, key: Key, address: str) -> Connection:
        scheme, host, port = key
        secure = scheme == "https"
        if self._proxy is not None:  # plain http as well: asked in full, a proxy sets Host to the address
            return await self._proxy.tunnel(key, address, self._tls() if secure else None)
        _, made = await asyncio.get_running_loop().create_connection(
            lambda: Connection(key, address),
            address,
            port,
            ssl=self._tls() if secure else None,
            server_hostname=host if secure else None,
        )
        return made

    async def _by_name(self, proxy: Proxy, key: Key) -> Connection:
        scheme, host, _ = key
        return await (proxy.tunnel(key, host, self._tls()) if scheme == "https" else proxy.open(key))

    def _tls(self) -> ssl.SSLContext:
        if self._context is None:
            self._context = trusting(self._ca_file, httpx.create_ssl_context())
            self._context.set_alpn_protocols(["http/1.1"])
        return self._context

    def give_back(self, connection: Connection) -> None:
        """A request's end: keep the connection, or close it."""
        self._sweep()
        if self._count >= self._limit or not connection.recycle():
            connection.close()
            return
        connection.idle_since = time.monotonic()
        self._idle.setdefault(connection.key, []).append(connection)
        self._count += 1

    def _sweep(self) -> None:
        """Close what has been idle for long; looked at once a few seconds, or when all is full."""
        now = time.monotonic()
        if now - self._swept < _IDLE_SECONDS / 4 and self._count < self._limit:
            return
        self._swept = now
        # When full, the older half of what is idle makes room for hosts in use.
        horizon = now - (_IDLE_SECONDS if self._count < self._limit else self._median_age(now))
        for key, waiting in list(self._idle.items()):
            keep = [c for c in waiting if c.usable and c.idle_since > horizon]
            for connection in waiting:
                if connection not in keep:
                    connection.close()
            self._count -= len(waiting) - len(keep)
            if keep:
                self._idle[key] = keep
            else:
                del self._idle[key]

    def _median_age(self, now: float) -> float:
        ages = sorted(now - c.idle_since for waiting in self._idle.values() for c in waiting)
        return ages[len(ages) // 2] if ages else 0.0

    def idle(self) -> int:
        """How many connections wait for a next request."""
        return self._count

    async def aclose(self) -> None:
        """Close every idle connection."""
        for waiting in self._idle.values():
            for connection in waiting:
                connection.close()
        self._idle.clear()
        self._count = 0


def _receivers_own(connection: Connection, head: Head) -> None:
    """Raises ConnectError where it is the proxy that speaks."""
    if connection.to_proxy is not None and head.status == 407:
        raise httpx.ConnectError(reason(head.status))


class _Body(httpx.AsyncByteStream):
    """An answer's body as it arrives; closing it early drops the connection."""

    def __init__(self, wire: Wire, connection: Connection) -> None:
        self._wire = wire
        self._connection: Connection | None = connection

    async def __aiter__(self) -> AsyncIterator[bytes]:
        connection = self._connection
        assert connection is not None
        while True:
            found = await connection.event()
            if found is DONE:
                break
            assert isinstance(found, bytes)
            yield found
        self._connection = None
        self._wire.give_back(connection)

    async def aclose(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def _asked(request: httpx.Request, body: bytes) -> Ask:
    url, more = request.url, request.extensions
    return Ask(
        key=(url.scheme, url.raw_host.decode("ascii"), url.port or (443 if url.scheme == "https" else 80)),
        method=request.method,
        netloc=url.netloc,
        target=url.raw_path,
        headers=[request.headers.raw],
        body=body,
        addresses=more.get("addresses"),
        connect_seconds=float(more.get("connect_timeout", 5.0)),
    )


def _words(error: OSError) -> str:
    if isinstance(error, ConnectionRefusedError):
        return "the connection was refused"
    if isinstance(error, ConnectionResetError):
        return "the connection was reset"
    if type(error).__name__ == "gaierror":
        return "the name cannot be resolved"
    if error.errno in (errno.EMFILE, errno.ENFILE):  # ours, not the receiver's
        return "too many files are open here"
    return "there is no way to the host"
