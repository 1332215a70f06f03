"""Subscribers of our own hub: who they are, what they have, and what they still have to confirm."""

from syndicate.storage.subscriptions.looking import Looking
from syndicate.storage.subscriptions.owing import Bookmark, Owing
from syndicate.storage.subscriptions.rows import (
    Edition,
    Failure,
    Pending,
    SubscriberCount,
    Subscription,
    SubscriptionView,
)
from syndicate.storage.subscriptions.standing import Standing

__all__ = [
    "Bookmark",
    "Edition",
    "Failure",
    "Pending",
    "SubscriberCount",
    "Subscription",
    "SubscriptionView",
    "Subscriptions",
]


class Subscriptions(Looking, Owing, Standing):
    """Subscriptions, inside one transaction."""
