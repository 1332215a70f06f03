"""Addresses we were reached at before: whatever was served there is answered with where it is now.

301 for reading, 308 for the rest (RFC 9110 15.4.9): a subscriber or a sender
repeats its POST there, and readers keep their subscription (rule H7).
"""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import quote, urlsplit

from syndicate.web.documents import App, Receive, Scope, Send

_PATH_SAFE = "/:@!$&'()*+,;=-._~"
_DEFAULT_PORTS = {"http": ":80", "https": ":443"}


class FormerAddresses:
    """What ``former_base_urls`` and ``base_url`` say, ready to look up by host.

    ``hosts``: former hosts that are not today's. On today's host only what
    lies under a former folder of its own has moved.
    """

    def __init__(self, base: str = "", former: Iterable[str] = ()) -> None:
        self.configure(base, former)

    def configure(self, base: str, former: Iterable[str]) -> None:
        """Go on under other settings."""
        self._base = base.rstrip("/")
        here = _hosts(base)
        self._folders: dict[bytes, list[str]] = {}
        for address in former:
            for host in _hosts(address):
                self._folders.setdefault(host, []).append(urlsplit(address).path or "/")
        self.hosts = frozenset(host for host in self._folders if host not in here)

    def target(self, host: bytes, path: str, query: bytes) -> bytes | None:
        """Where a former address leads now; ``None`` for one that is none."""
        folders = self._folders.get(host.lower()) if self._folders else None
        under = [f for f in folders or () if path.startswith(f) and (f != "/" or host.lower() in self.hosts)]
        if not under:
            return None
        rest = path[len(max(under, key=len)) :].lstrip("/")
        # Encoded again: the path came decoded, and could hold a line end.
        found = f"{self._base}/{quote(rest, safe=_PATH_SAFE)}".encode("ascii")
        return found + b"?" + query if query else found


def _hosts(address: str) -> frozenset[bytes]:
    """A host as requests name it: with and without the scheme's own port."""
    parts = urlsplit(address)
    host = parts.netloc.rpartition("@")[2].lower()
    usual = _DEFAULT_PORTS.get(parts.scheme, "")
    bare = host.removesuffix(usual)
    port = parts.port is not None and bare == host
    return frozenset(name.encode("idna") for name in ({host} if port else {bare, bare + usual}))


class Former:
    """An application in front of another: it answers what came to a former address."""

    def __init__(self, app: App, addresses: FormerAddresses) -> None:
        self._app = app
        self._addresses = addresses

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        target = self._target(scope) if scope["type"] == "http" else None
        if target is None:
            await self._app(scope, receive, send)
            return
        status = 301 if scope["method"] in ("GET", "HEAD") else 308
        headers = [
            (b"location", target),
            (b"cache-control", b"public, max-age=3600"),
            (b"content-length", b"0"),
        ]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": b""})

    def _target(self, scope: Scope) -> bytes | None:
        host = next((value for name, value in scope["headers"] if name == b"host"), b"")
        return self._addresses.target(host, scope["path"], scope.get("query_string") or b"")
