"""The way out through an egress proxy: a tunnel by CONNECT (RFC 9110, 9.3.6), or itself asked in full.

The proxy's name and password go to it alone, and into no repr and no error.
"""

from __future__ import annotations

import asyncio
import base64
import ssl
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

import httpx

from syndicate.net.connection import Connection, Key

_HEAD_LIMIT = 16_384
_REASONS = {
    403: "the proxy does not allow this way (403)",
    407: "the proxy asks for a name and password, or refuses those of network.proxy (407)",
}


@dataclass(frozen=True, slots=True, repr=False)
class Proxy:
    """Where it listens, and as whom we come to it (``Proxy-Authorization``)."""

    host: str
    port: int
    authorization: bytes | None = None

    @classmethod
    def of(cls, address: str) -> Proxy:
        """From ``network.proxy`` of the settings, which has checked it."""
        parts = urlsplit(address)
        pair = f"{unquote(parts.username or '')}:{unquote(parts.password or '')}".encode()
        authorization = b"Basic " + base64.b64encode(pair) if "@" in parts.netloc else None
        return cls(parts.hostname or "", parts.port or 3128, authorization)

    def headers(self) -> list[tuple[bytes, bytes]]:
        """What every request to the proxy itself carries."""
        return [(b"proxy-authorization", self.authorization)] if self.authorization else []

    async def open(self, key: Key) -> Connection:
        """A connection whose requests the proxy itself reads (plain http)."""
        try:
            _, made = await asyncio.get_running_loop().create_connection(
                lambda: Connection(key, "", self.headers()), self.host, self.port
            )
        except OSError:
            raise _unreachable() from None
        return made

    async def tunnel(self, key: Key, address: str, context: ssl.SSLContext | None) -> Connection:
        """A connection to ``address`` (the one checked, or the name) that the proxy only passes on.

        Raises httpx.ConnectError where the proxy cannot be reached or refuses.
        """
        loop = asyncio.get_running_loop()
        try:
            transport, asked = await loop.create_connection(_Asked, self.host, self.port)
        except OSError:
            raise _unreachable() from None
        try:
            transport.write(self._connect(_authority(address, key[2])))
            await asked.answer
            made = Connection(key, address)
            transport.set_protocol(made)
            through = await _secured(transport, made, context) if context else transport
        except BaseException:
            transport.abort()
            raise
        made.connection_made(through)
        return made

    def _connect(self, authority: str) -> bytes:
        where = authority.encode("ascii")
        lines = [b"CONNECT %s HTTP/1.1" % where, b"Host: %s" % where]
        lines += [b"%s: %s" % pair for pair in self.headers()]
        return b"\r\n".join([*lines, b"", b""])


async def _secured(
    transport: asyncio.Transport, made: Connection, context: ssl.SSLContext
) -> asyncio.BaseTransport:
    """TLS with the receiver, by its name."""
    loop = asyncio.get_running_loop()
    through = await loop.start_tls(transport, made, context, server_hostname=made.key[1])
    if through is None:
        raise httpx.ConnectError("the proxy ended the connection")
    return through


class _Asked(asyncio.Protocol):
    """Waits for what the proxy says to CONNECT: ``answer`` is done where the tunnel stands."""

    def __init__(self) -> None:
        self.answer: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._head = b""

    def data_received(self, data: bytes) -> None:
        self._head += data
        head, end, rest = self._head.partition(b"\r\n\r\n")
        if end:
            self._settle(_refusal(head, rest))
        elif len(self._head) > _HEAD_LIMIT:
            self._settle("the proxy's answer is not HTTP/1.1")

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        self._settle("the proxy ended the connection")

    def _settle(self, trouble: str | None) -> None:
        if self.answer.done():
            return
        if trouble is None:
            self.answer.set_result(None)
        else:
            self.answer.set_exception(httpx.ConnectError(trouble))


def _refusal(head: bytes, rest: bytes) -> str | None:
    words = head.split(b"\r\n")[0].split(b" ", 2)
    if len(words) < 2 or not words[0].startswith(b"HTTP/1.") or not words[1].isdigit():
        return "the proxy's answer is not HTTP/1.1"
    if not 200 <= int(words[1]) < 300:
        return reason(int(words[1]))
    # Whoever is at the far end speaks after us: more would be taken for an answer to the request.
    return "the proxy sent more than its answer" if rest else None


def reason(status: int) -> str:
    """What a refusal of the proxy means."""
    return _REASONS.get(status, f"the proxy answers {status}")


def _authority(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host and not host.startswith("[") else f"{host}:{port}"


def _unreachable() -> httpx.ConnectError:
    return httpx.ConnectError("the proxy (network.proxy) cannot be reached")
