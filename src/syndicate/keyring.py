"""The tokens in force, in memory: whoever shows one is known without a look at the database.

Kept is a token's SHA-256 alone. A slow hash, as for passwords, would protect
nothing more: a token is 256 random bits, which nobody finds by trying, and it
would cost every request. Looking a hash up in a table tells nothing by the
time it takes either, for whoever guesses cannot choose what the hash is.
"""

from __future__ import annotations

import hashlib
import secrets
import threading
import time
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from syndicate.config import Secret
from syndicate.storage import Scope, Storage, Token, Transaction

MARK = "syn_"
"""How every token begins, so that scanners for leaked secrets find them."""
LAST_USED = timedelta(minutes=1)
"""``last used`` is written at most so often."""
_LOOK_AGAIN = 1.0
_LONGEST = 512


def digest(token: str) -> str:
    """What is kept of a token: its SHA-256, in hex."""
    return hashlib.sha256(token.encode("utf-8", "backslashreplace")).hexdigest()


def make_token(tx: Transaction, scope: Scope, owner: str, label: str, now: datetime) -> tuple[Secret, Token]:
    """A new token; this is the one time it can be shown."""
    token = MARK + secrets.token_urlsafe(32)
    return Secret(token), tx.tokens.add(digest(token), scope, owner, label, now)


class Keyring:
    """Knows who shows a token. Safe from any thread."""

    def __init__(
        self,
        storage: Storage,
        clock: Callable[[], datetime],
        ticks: Callable[[], float] = time.monotonic,
    ) -> None:
        self._storage = storage
        self._clock = clock
        self._ticks = ticks
        self._lock = threading.Lock()
        self._known: Mapping[str, Token] = {}
        self._looked: float | None = None
        self._used: dict[int, datetime] = {}
        self._written: datetime | None = None

    def refresh(self) -> None:
        """Read the tokens anew: call it when another process may have added or revoked one."""
        with self._storage.read() as tx:
            known = tx.tokens.in_force()
        with self._lock:
            self._known, self._looked = known, self._ticks()

    def known(self, token: str) -> Token | None:
        """Whose token it is, as far as is in memory; notes that it was used."""
        found = self._known.get(digest(token)) if len(token) <= _LONGEST else None
        if found is not None:
            with self._lock:
                self._used[found.id] = self._clock()
        return found

    def stale(self) -> bool:
        """Whether it is worth looking for a token that is not known: at most once a second."""
        return self._looked is None or self._ticks() - self._looked >= _LOOK_AGAIN

    def find(self, token: str) -> Token | None:
        """Whose token it is, or ``None``. May look into the database; a flood of wrong ones does not."""
        found = self.known(token)
        if found is None and self.stale():
            self.refresh()
            found = self.known(token)
        return found

    def write_used(self, *, at_once: bool = False) -> None:
        """Note in the database which tokens were used, if a minute has gone by since the last time."""
        now = self._clock()
        with self._lock:
            waits = self._written is not None and now - self._written < LAST_USED
            if not self._used or (waits and not at_once):
                return
            used, self._used, self._written = self._used, {}, now
        with self._storage.write() as tx:
            tx.tokens.used(used)
