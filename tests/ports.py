"""Ports for what tests start and must know the address of beforehand."""

from __future__ import annotations

import os
import socket

# Below the range from which systems number outgoing connections and port 0 (RFC 6335: from 49152;
# Linux: from 32768), so that nobody else is given a port between its choice and its use. Each process
# begins elsewhere and never gives a port twice, so that two workers do not choose the same.
_FIRST, _COUNT = 10_240, 20_000
_given = os.getpid() * 1_009


def free_port() -> int:
    """A port of loopback nobody listens at, given to nobody else."""
    global _given
    for _ in range(_COUNT):
        _given += 1
        port = _FIRST + _given % _COUNT
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        return port
    raise OSError("no port of loopback is free")
