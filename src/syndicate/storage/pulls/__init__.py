"""What partners that pull were offered, took and confirmed.

A partner's log has numbers of its own, allotted when a story falls due for it
and under the lock of its counter, held to the commit: no gap ever fills, and
no number is used twice. Each story has one row that counts, its newest; the
older ones are history.
"""

from syndicate.storage.pulls.confirmations import Confirmations
from syndicate.storage.pulls.rows import Ack, Offered, Progress, Takedown, lane_name
from syndicate.storage.pulls.upkeep import begin_logs_anew, carry_logs, prune_log, renumber

__all__ = [
    "Ack",
    "Offered",
    "Progress",
    "Pulls",
    "Takedown",
    "begin_logs_anew",
    "carry_logs",
    "lane_name",
    "prune_log",
    "renumber",
]


class Pulls(Confirmations):
    """Partners' logs, and their words about what stands there, inside one transaction."""
