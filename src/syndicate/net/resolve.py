"""Names to addresses, on threads of their own so that a slow name server holds up names only."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
"""``(host, port) → addresses`` as text, in the order to try. Raises OSError."""

_THREADS = 16


@lru_cache(maxsize=1)
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(_THREADS, thread_name_prefix="resolve")


async def resolve(host: str, port: int) -> Sequence[str]:
    """All addresses of a name, each once. Raises ``socket.gaierror`` (an OSError)."""
    try:
        return [str(ipaddress.ip_address(host))]  # nothing to ask a name server, and no thread to wait for
    except ValueError:
        loop = asyncio.get_running_loop()
    found = await loop.run_in_executor(_pool(), _look_up, host, port)
    return list(dict.fromkeys(found))


def _look_up(host: str, port: int) -> list[str]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except UnicodeError:  # a label too long or empty
        raise socket.gaierror(socket.EAI_NONAME, "not a host name") from None
    return [str(address[0]) for *_, address in found]
