"""What a page is given: one look at the database, the settings in force, and who looks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Protocol
from zoneinfo import ZoneInfo

from syndicate.config import Settings
from syndicate.editorial import Directory
from syndicate.ingest.poll import Ingest
from syndicate.site import Site
from syndicate.storage import Storage, Transaction
from syndicate.web.admin.gate import Visitor
from syndicate.web.admin.parts import Clock, Forms


class Newsroom(Protocol):
    """What the pages stand on: the running application."""

    storage: Storage

    @property
    def settings(self) -> Settings:
        """Those in force."""
        ...

    @property
    def directory(self) -> Directory:
        """The agencies by their names."""
        ...

    @property
    def ingest(self) -> Ingest:
        """What takes stories in."""
        ...

    @property
    def site(self) -> Site:
        """Addresses and files."""
        ...


@dataclass(frozen=True)
class Room:
    """One request. ``query``: what stands behind the question mark; ``form``: what was filled in."""

    tx: Transaction
    newsroom: Newsroom
    visitor: Visitor
    now: datetime
    query: Mapping[str, str]
    form: Mapping[str, str]
    id: str = ""

    @property
    def settings(self) -> Settings:
        """Those in force."""
        return self.newsroom.settings

    @cached_property
    def clock(self) -> Clock:
        """Times in the outlet's zone."""
        return Clock(self.now, ZoneInfo(self.settings.publisher.timezone))

    @property
    def forms(self) -> Forms:
        """Forms of whoever looks."""
        return self.visitor.forms

    def given(self, name: str) -> str:
        """A field of the form, or of the address, on one line."""
        return " ".join((self.form.get(name) or self.query.get(name) or "").split())

    def number(self, name: str) -> int | None:
        """The same as a whole number."""
        text = self.given(name)
        return int(text) if text.isdecimal() and len(text) < 19 else None
