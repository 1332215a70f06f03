"""What is served: known documents in memory, moved and gone addresses, and pages loaded on demand."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from syndicate.web.loading import Load, LoadedPages
from syndicate.web.prepared import Gone, Prepared, Shelved, prepare

__all__ = ["Found", "Gone", "Load", "Moved", "Shelf", "Shelved"]

_DEPTH = 8  # of moved prefixes; an address with a thousand slashes costs no more than one with eight


@dataclass(frozen=True, slots=True)
class Moved:
    """The address is another one for good (rule H7). ``path`` is not yet percent-encoded."""

    path: str


Found = Prepared | Moved | Gone


class Shelf:
    """Documents by path. Each is replaced as a whole, so a reader sees the old or the new one.

    Changing it is safe from any thread. ``load`` answers for paths that are not
    in memory and begin with one of ``prefixes`` (``load_under`` changes them);
    it is synchronous and run in a thread.
    """

    def __init__(
        self,
        load: Load | None = None,
        *,
        prefixes: tuple[str, ...] = ("/feeds/stories/",),
        keep: int = 256,
        clock: Callable[[], float] | None = None,
    ) -> None:
        self._known: dict[str, Prepared | Gone] = {}
        self._moves: dict[str, str] = {}
        self._gone: tuple[str, ...] = ()
        self._prefixes = prefixes
        self._pages = LoadedPages(load, keep=keep, clock=clock) if load else None

    def put(self, path: str, document: Shelved) -> None:
        """Serve ``document`` at ``path``, in place of whatever was there."""
        self._known[path] = prepare(document)
        self.forget(path)

    def drop(self, path: str) -> None:
        """Serve nothing at ``path`` any more (404, or what the loader says)."""
        self._known.pop(path, None)
        self.forget(path)

    def gone(self, path: str) -> None:
        """Answer ``path`` with 410 from now on."""
        self._known[path] = Gone()
        self.forget(path)

    def move(self, old_prefix: str, new: str) -> None:
        """Answer everything under ``old_prefix`` with 301 to the same under ``new``; both end in "/"."""
        _check_move(old_prefix, new)
        self._moves = {**self._moves, old_prefix: new}

    def replace_moves(self, moves: dict[str, str]) -> None:
        """All moves at once, for a new configuration."""
        for old_prefix, new in moves.items():
            _check_move(old_prefix, new)
        self._moves = dict(moves)

    def replace_gone(self, prefixes: Iterable[str]) -> None:
        """Answer everything under these prefixes, each ending in "/", with 410, and nothing else."""
        self._gone = tuple(prefixes)
        for path in [known for known in list(self._known) if known.startswith(self._gone)]:
            self.drop(path)

    def load_under(self, prefixes: Iterable[str]) -> None:
        """The loader answers for paths that begin with one of these."""
        self._prefixes = tuple(prefixes)

    def forget(self, path: str | None = None) -> None:
        """A page that was loaded (or all of them) changed: load it again when it is asked for."""
        if self._pages is not None:
            self._pages.forget(path)

    def paths(self) -> tuple[str, ...]:
        """Every path with a document in memory."""
        return tuple(path for path, found in list(self._known.items()) if isinstance(found, Prepared))

    def at(self, path: str) -> Prepared | Gone | None:
        """What is in memory at ``path``: one look-up, for the many polls."""
        return self._known.get(path)

    async def find(self, path: str) -> Found | None:
        """What to answer where nothing is in memory: a move, a missing slash, or a loaded page."""
        if self._gone and (path if path.endswith("/") else path + "/").startswith(self._gone):
            return Gone()
        moved = self._moved(path)
        if moved is None and not path.endswith("/"):
            moved = self._with_slash(path)
        if moved is not None:
            return moved
        if self._pages is not None and path.startswith(self._prefixes):
            return await self._pages.get(path)
        return None

    def _moved(self, path: str) -> Moved | None:
        end = 0
        for _ in range(_DEPTH):
            end = path.find("/", end) + 1
            if not end:
                break
            if new := self._moves.get(path[:end]):
                return Moved(new + path[end:])
        return Moved(self._moves[path + "/"]) if path + "/" in self._moves else None

    def _with_slash(self, path: str) -> Moved | None:
        return Moved(path + "/") if path + "/" in self._known else None


def _check_move(old_prefix: str, new: str) -> None:
    if not all(p.startswith("/") and p.endswith("/") and "//" not in p for p in (old_prefix, new)):
        raise ValueError("a moved prefix begins and ends with one slash")
