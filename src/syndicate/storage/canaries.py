"""Our own subscriptions at other hubs: what shows whether a hub does its work."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, select

from syndicate.storage import schema as s
from syndicate.storage.sql import upsert
from syndicate.storage.subscribed import Subscribed


@dataclass(frozen=True, slots=True, kw_only=True)
class Canary(Subscribed):
    """One subscription to a topic of ours at an external hub.

    ``place``: a digest of where it stands (the hub's and our address, the topic).
    ``pinged``: the newest ping that was looked at; ``waiting``: the oldest that
    nothing followed yet; ``seconds``: how long after its ping the last push came.
    """

    hub: str
    place: str
    pinged: datetime | None = None
    waiting: datetime | None = None
    seconds: float | None = None


class Canaries:
    """They, inside one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._c = connection

    def all(self) -> list[Canary]:
        """Every one, by its hub's name."""
        rows = self._c.execute(select(s.canaries).order_by(s.canaries.c.hub))
        return [Canary(**row._mapping) for row in rows]

    def save(self, canary: Canary) -> None:
        """Add one, or replace its hub's."""
        upsert(self._c, s.canaries, [asdict(canary)])

    def drop(self, hub: str) -> None:
        """Nobody asks for one at this hub any more."""
        self._c.execute(delete(s.canaries).where(s.canaries.c.hub == hub))
