"""Our sources' subscriptions at the hubs that their feeds name."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from sqlalchemy import Connection, delete, select

from syndicate.storage import schema as s
from syndicate.storage.sql import upsert
from syndicate.storage.subscribed import Subscribed


@dataclass(frozen=True, slots=True, kw_only=True)
class Following(Subscribed):
    """One source's subscription at ``hub``, an address.

    ``callback`` is what the hub was told. ``missed``: how many polls in a row
    found something new that the hub had not pushed. ``leaving``: it is wanted
    no more, and the hub is asked to end it.
    """

    source: str
    hub: str
    callback: str
    missed: int = 0
    leaving: bool = False


class Followings:
    """They, inside one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._c = connection

    def all(self) -> list[Following]:
        """Every one, by its source's name."""
        f = s.followings.c
        rows = self._c.execute(select(s.followings).order_by(f.source, f.token))
        return [Following(**row._mapping) for row in rows]

    def save(self, following: Following) -> None:
        """Add one, or replace the one with its token."""
        upsert(self._c, s.followings, [asdict(following)])

    def drop(self, token: str) -> None:
        """It has ended."""
        self._c.execute(delete(s.followings).where(s.followings.c.token == token))
