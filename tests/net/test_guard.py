"""The address guard: what is public, and what only looks so."""

from __future__ import annotations

import ipaddress

import pytest

from syndicate.net.answer import Blocked, Unreachable
from syndicate.net.guard import Guard, is_public
from syndicate.net.resolve import resolve

pytestmark = pytest.mark.anyio

NOT_PUBLIC = [
    "0.0.0.0",
    "0.1.2.3",
    "10.0.0.1",
    "10.255.255.255",
    "100.64.0.1",
    "100.127.255.255",
    "127.0.0.1",
    "127.255.255.254",
    "169.254.169.254",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.1",
    "192.0.0.170",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.0.1",
    "198.18.0.1",
    "198.19.255.255",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "239.255.255.255",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::7f00:1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "::ffff:169.254.169.254",
    "64:ff9b::7f00:1",
    "64:ff9b::10.0.0.1",
    "64:ff9b:1::1",
    "64:ff9b:1::8.8.8.8",
    "100::1",
    "2001::1",
    "2001:0:4136:e378:8000:63bf:3fff:fdd2",
    "2001:2::1",
    "2001:10::1",
    "2001:20::1",
    "2001:db8::1",
    "2002:7f00:1::",
    "2002:a00:1::1",
    "2002:c0a8:1::",
    "3fff::1",
    "5f00::1",
    "fc00::1",
    "fd12:3456::1",
    "fe80::1",
    "fe80::1%eth0",
    "fec0::1",
    "ff02::1",
    "ff0e::1",
]
PUBLIC = [
    "1.1.1.1",
    "8.8.8.8",
    "9.255.255.255",
    "11.0.0.0",
    "100.63.255.255",
    "100.128.0.0",
    "128.0.0.1",
    "172.15.0.1",
    "172.32.0.1",
    "193.0.0.1",
    "198.17.255.255",
    "198.20.0.0",
    "223.255.255.255",
    "2606:4700::1111",
    "2a00:1450::1",
    "::ffff:8.8.8.8",
    "64:ff9b::8.8.8.8",
    "2002:808:808::1",
]


@pytest.mark.parametrize("text", NOT_PUBLIC)
def test_addresses_of_no_public_network(text):
    assert not is_public(ipaddress.ip_address(text))


@pytest.mark.parametrize("text", PUBLIC)
def test_public_addresses(text):
    assert is_public(ipaddress.ip_address(text))


def _names(*addresses: str):
    async def found(host: str, port: int) -> list[str]:
        return list(addresses)

    return found


async def test_one_private_address_among_public_ones_refuses_the_name():
    guard = Guard(resolve=_names("8.8.8.8", "10.0.0.1"))
    with pytest.raises(Blocked, match=r"mixed\.example: the address is not public"):
        await guard.check("https", "mixed.example", 443)


async def test_all_public_addresses_are_handed_back_in_order():
    guard = Guard(resolve=_names("8.8.8.8", "2606:4700::1111"))
    assert await guard.check("https", "good.example", 443) == ["8.8.8.8", "2606:4700::1111"]


@pytest.mark.parametrize("address", ["10.1.2.3", "::ffff:10.1.2.3", "64:ff9b::10.1.2.3"])
async def test_allowed_networks_are_let_through_in_every_disguise(address):
    guard = Guard.of(["10.1.0.0/16"], resolve=_names(address))
    assert await guard.check("http", "intranet.example", 80) == [address]


async def test_an_allowed_network_opens_no_other():
    with pytest.raises(Blocked):
        await Guard.of(["10.1.0.0/16"], resolve=_names("10.2.0.1")).check("http", "a.example", 80)


@pytest.mark.parametrize("host", ["127.0.0.1", "2130706433", "0x7f.1", "0177.0.0.1", "127.1", "::1"])
async def test_loopback_in_any_notation_is_refused(host):
    with pytest.raises(Unreachable):
        await Guard(resolve=resolve).check("http", host, 80)


@pytest.mark.parametrize("scheme", ["ftp", "file", "gopher", "unix", ""])
async def test_only_http_and_https(scheme):
    with pytest.raises(Blocked, match="only http and https"):
        await Guard(resolve=_names("8.8.8.8")).check(scheme, "a.example", 80)


async def test_ports_can_be_limited():
    guard = Guard.of([], ports={80, 443}, resolve=_names("8.8.8.8"))
    assert await guard.check("https", "a.example", 443)
    with pytest.raises(Blocked, match="port 22"):
        await guard.check("http", "a.example", 22)


@pytest.mark.parametrize("addresses", [(), ("nonsense",)])
async def test_a_name_without_a_usable_address_is_unreachable(addresses):
    with pytest.raises(Unreachable):
        await Guard(resolve=_names(*addresses)).check("http", "a.example", 80)


@pytest.mark.parametrize("host", ["a" * 300, "a..b.example", "."])
async def test_names_that_cannot_be_names_are_unreachable(host):
    with pytest.raises(Unreachable, match="cannot be resolved"):
        await Guard().check("http", host, 80)
