"""One story into the database: what changed, what that is called, and what the clock owes.

Everything here runs inside the caller's transaction, so that article,
revision, journal row and cursor are stored together or not at all.
"""

from syndicate.ingest.record.desk import EMBARGO, TERMS, Desk, is_over, under_embargo, waits_until
from syndicate.ingest.record.due import fall_due
from syndicate.ingest.record.first import first
from syndicate.ingest.record.revise import publish_if_free, relate_again, republish, revise
from syndicate.ingest.record.withdraw import hold_back, is_recalled, restore, withdraw

__all__ = [
    "EMBARGO",
    "TERMS",
    "Desk",
    "fall_due",
    "first",
    "hold_back",
    "is_over",
    "is_recalled",
    "publish_if_free",
    "relate_again",
    "republish",
    "restore",
    "revise",
    "under_embargo",
    "waits_until",
    "withdraw",
]
