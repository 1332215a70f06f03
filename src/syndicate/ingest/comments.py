"""What a changing number of comments is worth. Pure.

A number alone makes no push and no new version for receivers, and does not
renew a feed: it goes along when the feed is next built for another reason.
And it is kept only where a reader would see a difference, so that a lively
discussion does not fill the database: from or to nothing, or by a tenth.
"""

from __future__ import annotations

from dataclasses import replace

from syndicate.model import Story

NOTABLE = 10
"""A change of one in so many is worth keeping."""


def only_counted(before: Story, after: Story) -> bool:
    """Whether the two differ in nothing but the number of comments."""
    then, now = before.comments, after.comments
    if then is None or now is None or then == now:
        return False
    return replace(after, comments=replace(now, count=then.count)) == before


def worth_keeping(before: Story, after: Story) -> bool:
    """Whether the number changed by enough."""
    then = (before.comments.count if before.comments else None) or 0
    now = (after.comments.count if after.comments else None) or 0
    return (then == 0) != (now == 0) or abs(now - then) * NOTABLE >= max(then, 1)
