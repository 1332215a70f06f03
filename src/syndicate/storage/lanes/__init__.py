"""Lanes, their exceptions, the copies receivers have, and attempts."""

from syndicate.storage.lanes.attempts import Attempts
from syndicate.storage.lanes.copies import Copies
from syndicate.storage.lanes.exceptions import Exceptions
from syndicate.storage.lanes.looking import Backlog, LaneFilter, LaneLooks, Waiting
from syndicate.storage.lanes.past import Past, PastStories, Unoffered
from syndicate.storage.lanes.progress import LaneRows
from syndicate.storage.lanes.rows import PROGRESS, Attempt, Holder, attempt_row, lane_of, new_copy

__all__ = [
    "PROGRESS",
    "Attempt",
    "Backlog",
    "Holder",
    "LaneFilter",
    "Lanes",
    "Past",
    "Unoffered",
    "Waiting",
    "attempt_row",
    "lane_of",
    "new_copy",
]


class Lanes(LaneRows, LaneLooks, Copies, Exceptions, Attempts, PastStories):
    """Receivers' progress, inside one transaction."""
