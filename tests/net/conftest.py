"""A receiver on loopback that says exactly what a test tells it to, byte for byte."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field

import pytest

Script = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@dataclass
class Receiver:
    """``requests`` holds head and body of each request; ``connections`` counts what came in."""

    port: int = 0
    requests: list[tuple[str, bytes]] = field(default_factory=list)
    connections: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/"

    async def read(self, reader: asyncio.StreamReader) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        length = next(
            (int(line[15:]) for line in head.lower().splitlines() if line.startswith("content-length:")), 0
        )
        self.requests.append((head, await reader.readexactly(length)))


@pytest.fixture
def receive():
    """``async with receive(answer) as receiver``: ``answer`` is bytes, or a script of its own."""

    @contextlib.asynccontextmanager
    async def opened(
        answer: bytes | Script, *, host: str = "127.0.0.1", tls: ssl.SSLContext | None = None
    ) -> AsyncIterator[Receiver]:
        receiver = Receiver()
        handlers: set[asyncio.Task[None] | None] = set()

        async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            receiver.connections += 1
            handlers.add(asyncio.current_task())
            with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
                if not isinstance(answer, bytes):
                    await answer(reader, writer)
                while isinstance(answer, bytes):
                    await receiver.read(reader)
                    writer.write(answer)
                    await writer.drain()
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()

        server = await asyncio.start_server(handle, host, 0, ssl=tls)
        receiver.port = server.sockets[0].getsockname()[1]
        try:
            yield receiver
        finally:
            server.close()
            tasks = [task for task in handlers if task is not None]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    return opened
