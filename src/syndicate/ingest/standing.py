"""Which version of a story is the newest that came, and whether its sender took it back.

It is kept beside the story, also of one that never came: so an older version
that comes after a newer one changes nothing, and what was killed stays out.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime

from syndicate.model import Draft, PubStatus
from syndicate.storage import Transaction


@dataclass(frozen=True, slots=True)
class Version:
    """What one delivery says of itself. ``withdraws``: it only takes the story back."""

    number: int | None = None
    updated: datetime | None = None
    status: PubStatus | None = None
    withdraws: bool = False


@dataclass(frozen=True, slots=True)
class Standing:
    """What is known of a sender's versions of a story. ``gone``: withdrawn by its sender."""

    version: int | None = None
    updated: datetime | None = None
    gone: bool = False

    def dump(self) -> str:
        """As it is stored."""
        updated = self.updated.isoformat() if self.updated else None
        return json.dumps({"version": self.version, "updated": updated, "gone": self.gone})

    @classmethod
    def parse(cls, text: str) -> Standing:
        """What ``dump`` wrote. Of a source that was of another kind before, nothing is known."""
        known = json.loads(text)
        if not isinstance(known, dict):
            return cls()
        updated = datetime.fromisoformat(known["updated"]) if known["updated"] else None
        return cls(known["version"], updated, known["gone"])

    def after(self, came: Version) -> Standing:
        """How the story stands once this was taken."""
        version = came.number if came.number is not None else self.version
        return Standing(version, came.updated or self.updated, came.withdraws)

    def late(self, came: Version) -> str | None:
        """Why a version is not taken: a newer one is here, or its sender withdrew the story since."""
        order = self._order(came)
        if order is not None and order < 0:
            return "an older version: a newer one is here"
        back = order is not None and order > 0
        if self.gone and not back and came.status is not PubStatus.USABLE and not came.withdraws:
            return "its sender withdrew it: send a higher version, a later updated, or status usable"
        return None

    def _order(self, came: Version) -> int | None:
        """-1 older, 0 the same, 1 newer; ``None`` where nothing says."""
        if came.number is not None and self.version is not None:
            return (came.number > self.version) - (came.number < self.version)
        if came.updated is not None and self.updated is not None:
            return (came.updated > self.updated) - (came.updated < self.updated)
        return None


def names(draft: Draft) -> tuple[str, ...]:
    """What its source knows a story by: its id there, and further ones."""
    scheme = f"id:{draft.source}"
    return (draft.source_id, *(value for known, value in draft.aliases if known == scheme))


def notice(tx: Transaction, source: str, known_as: tuple[str, ...], came: Version) -> str | None:
    """Keep that a version came. Why it is not to be taken, or ``None``: then it is the newest."""
    before = {name: tx.sources.standing(source, name) for name in known_as}
    known = {name: Standing.parse(text) if text else Standing() for name, text in before.items()}
    late = next((words for standing in known.values() if (words := standing.late(came))), None)
    if late is None:
        after = {name: standing.after(came).dump() for name, standing in known.items()}
        tx.sources.keep_standing(source, after)
    return late
