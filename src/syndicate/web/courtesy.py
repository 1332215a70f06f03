"""Rule H4: who fetches a document again and again without saying what it has is asked to wait.

Off unless set. Polls with a condition are never counted: they cost next to nothing.
"""

from __future__ import annotations

import ipaddress
import math
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_KEEP = 20_000
_HOUR = 3600.0
_LONGEST = 64  # of the addresses a proxy may name
_V6_NETWORK = 64  # one household of IPv6 has as many addresses as it likes


class Courtesy:
    """At most ``limit`` unconditional fetches of one document by one address within an hour.

    The allowance comes back evenly, one in every hour/limit. ``trusted``:
    networks of proxies whose word (``X-Forwarded-For``) on the reader's address
    is taken. The ``keep`` newest names are remembered.
    """

    def __init__(
        self,
        limit: int,
        trusted: Iterable[str] = (),
        *,
        clock: Callable[[], float] = time.monotonic,
        keep: int = _KEEP,
    ) -> None:
        self._limit = limit
        self._step = _HOUR / limit
        self._trusted = tuple(ipaddress.ip_network(network) for network in trusted)
        self._clock = clock
        self._keep = keep
        self._until: OrderedDict[tuple[str, str], float] = OrderedDict()

    def wait(self, peer: str, forwarded: Sequence[str], path: str) -> int:
        """Whole seconds to wait; 0: it may be fetched, and this one counts."""
        name, now = (nearest(peer, forwarded, self._trusted), path), self._clock()
        # When the allowance would be whole again; each fetch moves it one step on.
        until = max(self._until.pop(name, now), now)
        over = until + self._step - now - _HOUR
        self._until[name] = until if over > 0 else until + self._step
        while len(self._until) > self._keep:
            self._until.popitem(last=False)
        return max(1, math.ceil(over)) if over > 0 else 0


def nearest(peer: str, forwarded: Sequence[str], trusted: Sequence[Network]) -> str:
    """The nearest address that is not a proxy of ours, IPv6 by its network."""
    named = [part.strip() for line in forwarded for part in line.split(",")][-_LONGEST:]
    for address in [peer, *reversed(named)]:
        found = _parsed(address)
        if found is None:
            break
        peer = _shown(found)
        if not any(found in network for network in trusted):
            break
    return peer


def is_one_of(peer: str, trusted: Sequence[Network]) -> bool:
    """Whether an address lies in one of these networks."""
    found = _parsed(peer)
    return found is not None and any(found in network for network in trusted)


def _parsed(address: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        found = ipaddress.ip_address(address.strip("[]"))
    except ValueError:
        return None
    mapped = found.ipv4_mapped if isinstance(found, ipaddress.IPv6Address) else None
    return mapped or found


def _shown(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> str:
    if isinstance(address, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((int(address), _V6_NETWORK), strict=False))
    return str(address)
