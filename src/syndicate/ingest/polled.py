"""What asking a source brought, counted."""

from __future__ import annotations

from dataclasses import dataclass, field

import structlog

from syndicate.ingest.taking import Taken

log = structlog.get_logger(__name__)


@dataclass
class Polled:
    """What a poll brought, counted; ``error`` where the source could not be read.

    ``resting``: why it was not asked, or was put on hold.
    """

    seen: int = 0
    unchanged: int = 0
    actions: dict[str, int] = field(default_factory=dict)
    held: int = 0
    problems: int = 0
    copies: int = 0
    adopted: int = 0
    error: str | None = None
    resting: str | None = None

    @property
    def changed(self) -> bool:
        """Whether anything was published, changed or withdrawn."""
        return bool(self.actions)

    def __iadd__(self, other: Polled) -> Polled:
        for name in ("seen", "unchanged", "held", "problems", "copies", "adopted"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        for action, count in other.actions.items():
            self.actions[action] = self.actions.get(action, 0) + count
        self.error = other.error or self.error
        self.resting = other.resting or self.resting
        return self

    def count(self, taken: Taken | None, ref: str, trace: str | None = None) -> None:
        """Add what became of one draft, and say it in the log; ``ref`` is its name there."""
        if taken is None:
            return
        self.unchanged += taken.unchanged
        self.copies += taken.copy and not taken.unchanged
        self.adopted += taken.adopted
        if taken.held:
            self.held += 1
            log.warning("story_on_hold", article=taken.article_id, item=ref, reason=taken.held, trace=trace)
        if taken.action:
            self.actions[taken.action] = self.actions.get(taken.action, 0) + 1
            log.info(f"story_{taken.action}", article=taken.article_id, item=ref, trace=trace)
