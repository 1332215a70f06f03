"""The database: there, current, writable; and what of it the network is compared with."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from syndicate.config import Settings
from syndicate.doctor.finding import Check, fail, ok, warn
from syndicate.errors import StorageError
from syndicate.storage import Storage
from syndicate.storage.engine import file_at
from syndicate.storage.lock import is_running
from syndicate.storage.migrate import current, newest, numbers


@dataclass
class Stored:
    """What was found: whether a daemon runs, and one document's address with its validator."""

    running: bool = False
    topic: str | None = None
    etag: str | None = None


def database(settings: Settings, stored: Stored) -> Iterator[Check]:
    """Fills ``stored`` on the way."""
    url = settings.storage.url.reveal()
    file = file_at(url)
    if file is not None and not file.exists():
        yield warn("database", f"there is none at {file} yet", "`syndicate run` or `build` makes it")
        return
    storage = Storage(url)
    try:
        stored.running = is_running(storage)
        found = current(storage)
        yield _schema(found)
        if found == newest():
            with storage.write():
                pass  # takes the writer's lock and changes nothing
            kind = "SQLite" if storage.database.is_sqlite else "PostgreSQL"
            yield ok("database", f"{kind}, writable; a daemon {'runs' if stored.running else 'does not run'}")
            _remember(storage, settings, stored)
    except StorageError as error:
        yield fail("database", error.message, error.fix or "see that [storage] url is right")
    finally:
        storage.close()


def _schema(found: str | None) -> Check:
    if found == newest():
        return ok("schema", f"{found}, the newest")
    if found is not None and found not in numbers():
        words = f"{found} is newer than this program, which knows {newest()}"
        return fail("schema", words, "use the newer syndicate that upgraded it")
    if found is None:
        return warn("schema", "the database is empty", "`syndicate run` or `build` fills it")
    return fail("schema", f"{found}; this program needs {newest()}", "run `syndicate db upgrade`")


def _remember(storage: Storage, settings: Settings, stored: Stored) -> None:
    with storage.read() as tx:
        for head in tx.documents.heads():
            if head.feed in settings.feeds and head.format in settings.feeds[head.feed].formats:
                stored.topic, stored.etag = head.topic, head.etags["identity"]
                return
