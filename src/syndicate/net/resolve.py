"""Names to addresses, on threads of their own so that a slow name server holds up names only."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import lru_cache

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
"""``(host, port) → addresses`` as text, in the order to try. Raises OSError."""

FRESH_SECONDS = 10.0
"""So long an answer of a name server holds, one that there is no such name included."""
_THREADS = 64
"""Names whose server says nothing hold a thread for many seconds; these must not be all there are."""
_REMEMBERED = 4096


class _Names:
    """What was asked lately, so that a thousand requests to one host ask once."""

    def __init__(self) -> None:
        self._asked: OrderedDict[str, tuple[float, Future[list[str]]]] = OrderedDict()

    def ask(self, host: str) -> Future[list[str]]:
        """The answer, or the question that is under way."""
        known = self._asked.get(host)
        if known is not None and (known[0] > time.monotonic() or not known[1].done()):
            return known[1]
        found = _pool().submit(_look_up, host)
        self._asked[host] = (time.monotonic() + FRESH_SECONDS, found)
        self._asked.move_to_end(host)
        if len(self._asked) > _REMEMBERED:
            self._asked.popitem(last=False)
        return found


_names = _Names()


@lru_cache(maxsize=1)
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(_THREADS, thread_name_prefix="resolve")


async def resolve(host: str, port: int) -> Sequence[str]:  # noqa: ARG001 - a Resolve
    """All addresses of a name, each once. Raises ``socket.gaierror`` (an OSError)."""
    if (address := literal(host)) is not None:
        return [address]  # nothing to ask a name server, and no thread to wait for
    asked = _names.ask(host)
    if asked.done():
        return asked.result()
    return await asyncio.shield(asyncio.wrap_future(asked))  # others may wait for it too


@lru_cache(maxsize=16_384)
def literal(host: str) -> str | None:
    """An address written as one, in its usual form; ``None`` for a name."""
    try:
        return str(ipaddress.ip_address(host))
    except ValueError:
        return None


def _look_up(host: str) -> list[str]:
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except UnicodeError:  # a label too long or empty
        raise socket.gaierror(socket.EAI_NONAME, "not a host name") from None
    return list(dict.fromkeys(str(address[0]) for *_, address in found))
