"""uvicorn inside our own event loop: we listen, we stop it, and signals stay ours."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Iterator
from typing import Any, cast

import uvicorn
from uvicorn.protocols.http.auto import AutoHTTPProtocol

from syndicate.errors import SyndicateError
from syndicate.web.documents import App
from syndicate.web.front import IDLE_SECONDS, Door, Front
from syndicate.web.watch import Watches, watched

_BACKLOG = 2048
_TICK_SECONDS = 1.0
"""How often the date in answers is renewed."""


class _Engine(uvicorn.Server):
    """A server that leaves signals alone, says when it is up, and ends as soon as it is told to."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.up = asyncio.Event()
        self._told = asyncio.Event()

    def end(self) -> None:
        """Take no more requests."""
        self.should_exit = True
        self._told.set()

    async def main_loop(self) -> None:
        """As uvicorn's, which wakes ten times a second to see whether it is to end; this one is told."""
        told = asyncio.ensure_future(self._told.wait())
        try:
            while not await self.on_tick(0):  # at number 0 of its ticks the date is renewed
                await asyncio.wait({told}, timeout=_TICK_SECONDS)
        finally:
            told.cancel()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.up.set()


class Server:
    """One listener. ``port`` 0 takes any free port; ``port`` then says which.

    At most ``connections`` at a time; whoever comes then is told 503. A ``door``
    answers plain polls before the application is asked.
    """

    def __init__(
        self,
        app: App,
        host: str,
        port: int,
        *,
        grace: float = 10.0,
        name: str = "web",
        connections: int | None = None,
        door: Door | None = None,
    ) -> None:
        self._app = app
        self._host = host
        self._wanted = port
        self._grace = grace
        self._name = name
        self._connections = connections
        self._door = door
        self._watches = Watches()
        self._engine: _Engine | None = None
        self._task: asyncio.Task[None] | None = None
        self.port = port

    async def start(self) -> None:
        """Listen; returns when requests are answered. Raises SyndicateError where it cannot."""
        listener = self._listen()
        self.port = listener.getsockname()[1]
        self._engine = _Engine(self._config())
        self._task = asyncio.create_task(self._engine.serve(sockets=[listener]), name=f"{self._name} server")
        up = asyncio.create_task(self._engine.up.wait())
        await asyncio.wait({up, self._task}, return_when=asyncio.FIRST_COMPLETED)
        up.cancel()
        if self._task.done():
            await self._task

    async def serve(self) -> None:
        """Start, and stay until stopped."""
        await self.start()
        assert self._task is not None
        await self._task

    async def stop(self) -> None:
        """Take no more requests, let those in flight finish within the grace, and close."""
        if self._engine is None or self._task is None:
            return
        self._engine.end()
        if self._door is not None:
            self._door.close()
        await asyncio.wait({self._task})
        self._watches.close()
        self._engine = None

    @property
    def url(self) -> str:
        """Where it listens, for messages."""
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"http://{host}:{self.port}/"

    def _config(self) -> uvicorn.Config:
        # Keep-alive outlasts what reverse proxies keep (60 s by habit), or they meet closed connections.
        options: dict[str, Any] = {
            "timeout_keep_alive": round(IDLE_SECONDS),
            "limit_concurrency": self._connections,
            "timeout_graceful_shutdown": max(1, round(self._grace)),
        }
        return uvicorn.Config(
            self._app,
            access_log=False,
            date_header=True,
            lifespan="off",
            log_config=None,
            proxy_headers=False,
            server_header=False,
            ws="none",
            http=self._protocol(),
            **options,
        )

    def _protocol(self) -> type[asyncio.Protocol]:
        """What uvicorn makes for each connection: its own, watched, or the front, which makes that later."""
        door, make = self._door, watched(self._watches, AutoHTTPProtocol)
        if door is None:
            return cast(type[asyncio.Protocol], make)

        def fronted(**given: Any) -> asyncio.Protocol:
            return Front(door, lambda: make(**given))

        return cast(type[asyncio.Protocol], fronted)

    def _listen(self) -> socket.socket:
        try:
            found = socket.getaddrinfo(
                self._host, self._wanted, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
            )
            family, _, _, _, address = found[0]
            listener = socket.create_server(address[:2], family=family, backlog=_BACKLOG)
        except OSError as error:
            words = error.strerror or "unknown error"
            raise SyndicateError(
                f"{self._name} cannot listen on {self._host} port {self._wanted}: {words}",
                fix=f"stop what uses the port, or set another {self._name}.port or {self._name}.host",
            ) from None
        listener.setblocking(False)
        return listener
