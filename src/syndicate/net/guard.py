"""The address guard: a stranger's address must not lead into our own network.

For addresses that a stranger or an article chose. It resolves the name,
refuses if any of its addresses is not public, and hands back the addresses
that were checked: the connection goes to one of these and to nothing that a
second look-up might give (DNS rebinding).
"""

from __future__ import annotations

import ipaddress
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

from syndicate.net.answer import Blocked, Unreachable
from syndicate.net.resolve import Resolve, literal, resolve

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

# IANA's registries of special-purpose addresses, multicast and class E included.
_NOT_PUBLIC_4 = tuple(
    IPv4Network(net)
    for net in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.88.99.0/24",
        "192.168.0.0/16",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",
        "240.0.0.0/4",
    )
)
_PUBLIC_6 = IPv6Network("2000::/3")
_NOT_PUBLIC_6 = tuple(IPv6Network(net) for net in ("2001::/23", "2001:db8::/32", "3fff::/20"))
_NAT64 = IPv6Network("64:ff9b::/96")
_LOW_32 = 0xFFFF_FFFF
_REMEMBERED = 16_384


def embedded(address: Address) -> Address:
    """The IPv4 address inside a v4-mapped, NAT64 (RFC 6052) or 6to4 (RFC 3056) one, else itself."""
    if isinstance(address, IPv4Address):
        return address
    if address in _NAT64:
        return IPv4Address(int(address) & _LOW_32)
    return address.ipv4_mapped or address.sixtofour or address


def is_public(address: Address) -> bool:
    """Whether anyone on the internet may be meant by it."""
    real = embedded(address)
    if isinstance(real, IPv4Address):
        return not any(real in net for net in _NOT_PUBLIC_4)
    return real in _PUBLIC_6 and not any(real in net for net in _NOT_PUBLIC_6)


@lru_cache(maxsize=16_384)
def network_of(text: str) -> str | None:
    """What counts as one place: an IPv4 address, or the /64 an IPv6 one lies in; ``None`` for no address."""
    try:
        real = embedded(ipaddress.ip_address(text))
    except ValueError:
        return None
    return str(real) if isinstance(real, IPv4Address) else str(IPv6Network((int(real), 64), strict=False))


def _known(text: str) -> tuple[bool, tuple[Address, ...]]:
    """Whether an address is public, and its forms that a network let through may hold."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return False, ()
    return is_public(address), (address, embedded(address))


@dataclass(frozen=True, slots=True)
class Guard:
    """Which addresses may be asked.

    ``allow``: networks let through although they are not public (intranets,
    tests). ``ports``: the only ports, or ``None`` for all.
    """

    allow: tuple[Network, ...] = ()
    ports: frozenset[int] | None = None
    resolve: Resolve = resolve
    _seen: dict[str, bool] = field(default_factory=dict, init=False, repr=False, compare=False)

    @classmethod
    def of(
        cls, allow: Iterable[str], ports: Collection[int] | None = None, resolve: Resolve = resolve
    ) -> Guard:
        """From ``network.allow`` of the settings."""
        nets = tuple(ipaddress.ip_network(net) for net in allow)
        return cls(nets, None if ports is None else frozenset(ports), resolve)

    def at_once(self, scheme: str, host: str, port: int) -> Sequence[str] | None:
        """What ``check`` says where no name has to be looked up, else ``None``. Raises Blocked."""
        self._form(scheme, host, port)
        address = literal(host)
        if address is None or self.resolve is not resolve:
            return None
        if not self.permits(address):
            raise Blocked(f"{host}: the address is not public")
        return [address]

    def _form(self, scheme: str, host: str, port: int) -> None:
        if scheme not in ("http", "https"):
            raise Blocked("only http and https are allowed")
        if self.ports is not None and port not in self.ports:
            raise Blocked(f"{host}: port {port} is not allowed")

    async def check(self, scheme: str, host: str, port: int) -> Sequence[str]:
        """The addresses to connect to. Raises Blocked, or Unreachable if there is no such name."""
        self._form(scheme, host, port)
        try:
            found = await self.resolve(host, port)
        except OSError:
            raise Unreachable(f"{host}: the name cannot be resolved") from None
        if not found:
            raise Unreachable(f"{host}: the name has no address")
        # One bad address among good ones is how a rebinding name looks: refuse the whole name.
        if not all(self.permits(text) for text in found):
            raise Blocked(f"{host}: the address is not public")
        return found

    def permits(self, text: str) -> bool:
        """Whether this one address may be connected to."""
        known = self._seen.get(text)
        if known is None:
            if len(self._seen) >= _REMEMBERED:
                self._seen.clear()
            public, forms = _known(text)
            known = public or any(form in net for form in forms for net in self.allow)
            self._seen[text] = known
        return known
