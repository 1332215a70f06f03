"""What a service manager is told (systemd's notification protocol, sd_notify(3)): ready, reloading,
stopping, how it stands, and that the event loop still turns.

Without ``NOTIFY_SOCKET`` in the environment every call does nothing. A datagram
to a local socket is all there is to it, so no library is needed.
"""

from __future__ import annotations

import asyncio
import os
import socket
import time
from collections.abc import Mapping
from typing import Self

import structlog

log = structlog.get_logger(__name__)


class ServiceManager:
    """Says to whoever started the process how it is doing. ``watchdog``: seconds, or ``None``."""

    def __init__(self, address: str | None = None, watchdog: float | None = None) -> None:
        self._address = address
        self.watchdog = watchdog
        self._beat: asyncio.TimerHandle | None = None

    @classmethod
    def of(cls, environment: Mapping[str, str] = os.environ) -> Self:
        """As the environment says; a watchdog that is meant for another process is none of ours."""
        meant = environment.get("WATCHDOG_PID", "")
        ours = not meant or meant == str(os.getpid())
        microseconds = environment.get("WATCHDOG_USEC", "")
        seconds = int(microseconds) / 1_000_000 if ours and microseconds.isdigit() else 0
        return cls(environment.get("NOTIFY_SOCKET") or None, seconds or None)

    def ready(self, status: str) -> None:
        """It serves; from now on the watchdog is fed by the event loop, at half its time."""
        self.tell(READY=1, STATUS=status)
        if self.watchdog and self._beat is None:
            self._feed(asyncio.get_running_loop())

    def reloading(self) -> None:
        """The configuration is read again; ``ready`` follows, whether it was taken or refused."""
        self.tell(RELOADING=1, MONOTONIC_USEC=time.monotonic_ns() // 1000)

    def stopping(self) -> None:
        """It finishes what is in flight; the watchdog goes on meanwhile."""
        self.tell(STOPPING=1, STATUS="finishing what is in flight")

    def status(self, words: str) -> None:
        """One line for ``systemctl status``."""
        self.tell(STATUS=words)

    def close(self) -> None:
        """No more signs of life."""
        if self._beat is not None:
            self._beat.cancel()
            self._beat = None

    def _feed(self, loop: asyncio.AbstractEventLoop) -> None:
        assert self.watchdog
        self.tell(WATCHDOG=1)
        self._beat = loop.call_later(self.watchdog / 2, self._feed, loop)

    def tell(self, **fields: str | int) -> None:
        """Send fields; a manager that is not there any more is no reason to stop."""
        if self._address is None:
            return
        words = "\n".join(f"{name}={str(value).replace(chr(10), ' ')}" for name, value in fields.items())
        # "@" stands for the zero byte of Linux's abstract sockets.
        address = "\0" + self._address[1:] if self._address.startswith("@") else self._address
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as to:
                to.setblocking(False)
                to.sendto(words.encode(), address)
        except OSError as error:
            log.debug("service_manager_not_told", reason=error.strerror or repr(error))
