"""What new terms ask: of a story, of a partner's lane, and all of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from syndicate.editorial.change_of_terms import Effect
from syndicate.in_force import Change
from syndicate.model import Story

WITHDRAWN = "withdrawn"
_GRAVE = (WITHDRAWN, Effect.NARROWER, Effect.REWORDED, Effect.WIDER)
Progress = Callable[..., None]


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryChange:
    """A published story under new terms. ``effect``: ``withdrawn``, ``narrower``, ``wider``, ``reworded``.

    ``story`` is its new content; ``receivers`` were offered it and will be told.
    """

    article_id: str
    headline: str
    agency: str
    effect: str
    why: str
    receivers: tuple[str, ...] = ()
    story: Story | None = field(default=None, repr=False)

    def graver(self, other: StoryChange | None) -> StoryChange:
        """Of two changes of one story the one that asks more of receivers."""
        return other if other and _GRAVE.index(other.effect) < _GRAVE.index(self.effect) else self


@dataclass(frozen=True, slots=True, kw_only=True)
class LaneChange:
    """A partner's lane under new terms: the articles it gets anew, and those taken back from it."""

    lane: str
    anew: tuple[str, ...] = ()
    taken_back: tuple[str, ...] = ()

    def with_(self, other: LaneChange | None) -> LaneChange:
        """Both, each article once."""
        if other is None:
            return self
        anew, back = dict.fromkeys(other.anew + self.anew), dict.fromkeys(other.taken_back + self.taken_back)
        return replace(self, anew=tuple(anew), taken_back=tuple(back))


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """All that changed, and what it means for what is out."""

    changes: tuple[Change, ...] = ()
    stories: tuple[StoryChange, ...] = ()
    lanes: tuple[LaneChange, ...] = ()
