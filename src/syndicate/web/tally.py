"""How many requests the public side answered, by kind and status: plain numbers, so that counting costs
next to nothing where polls are answered."""

from __future__ import annotations

from collections.abc import Iterator

from syndicate.web.documents import App, Receive, Scope, Send
from syndicate.web.refusals import Refusals

_KINDS = (
    ("/feeds/stories/", "story"),
    ("/feeds/", "feed"),
    ("/hub", "hub"),
    ("/websub/", "hub"),
    ("/api/", "inbox"),
    ("/partner/", "partner"),
    ("/healthz", "machine"),
    ("/readyz", "machine"),
)


class Tally:
    """One listener's counts. ``full`` and ``unchanged``: polls the front answered with 200 and 304."""

    __slots__ = ("_counts", "full", "unchanged")

    def __init__(self) -> None:
        self.full = 0
        self.unchanged = 0
        self._counts: dict[tuple[str, int], int] = {}

    def count(self, path: str, status: int) -> None:
        """One request that the whole server answered."""
        key = kind_of(path), status
        self._counts[key] = self._counts.get(key, 0) + 1

    def rows(self) -> Iterator[tuple[str, int, int]]:
        """``(kind, status, requests)``; the front's polls are of the kind ``poll``."""
        yield "poll", 200, self.full
        yield "poll", 304, self.unchanged
        for (kind, status), count in list(self._counts.items()):
            yield kind, status, count


def kind_of(path: str) -> str:
    """What was asked for, in one of few words."""
    return next(
        (kind for begin, kind in _KINDS if path.startswith(begin)), "list" if "." in path else "other"
    )


class Tallied:
    """An application in front of another, which counts what that answers, and says what it refuses."""

    def __init__(self, app: App, tally: Tally) -> None:
        self._app = app
        self._tally = tally
        self._refusals = Refusals()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def counting(message: dict[str, object]) -> None:
            if message["type"] == "http.response.start":
                status = int(str(message["status"]))
                self._tally.count(scope["path"], status)
                self._refusals.note(kind_of(scope["path"]), scope["method"], status)
            await send(message)

        await self._app(scope, receive, counting)  # type: ignore[arg-type]
