"""A story that one receiver may have no more, while it goes on elsewhere."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from syndicate.model import Article, PubStatus

WHY = "the agreed terms no longer cover this story"


def recalled(article: Article, now: datetime) -> Article:
    """The story as a withdrawal for that receiver alone, under the version it has."""
    return replace(article, status=PubStatus.CANCELED, withdrawn=now, changed=now, reason=WHY)
