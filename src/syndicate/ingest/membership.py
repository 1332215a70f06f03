"""Which feeds a story belongs to. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

import orjson

from syndicate.config import Feed
from syndicate.model import Story


def matches(feed: Feed, story: Story, source: str) -> bool:
    """Whether a story meets a feed's filter: any value of a list, all of the keys; none: every story."""
    facets: Mapping[str, tuple[str, ...]] = {
        "section": (story.section or "",),
        "tag": story.tags,
        "agency": story.credit.agencies or (story.credit.agency or "",),
        "language": (story.language, story.language.split("-")[0]),
        "source": (source,),
        "byline": story.byline,
    }
    return all(_any(wanted, facets[key]) for key, wanted in feed.match.items())


def _any(wanted: tuple[str, ...], have: tuple[str, ...]) -> bool:
    folded = {value.casefold() for value in have}
    return any(value.casefold() in folded for value in wanted)


def rule_digest(feed: Feed) -> str:
    """What a feed's membership depends on, in short."""
    rule = {key: list(values) for key, values in feed.match.items()}
    return hashlib.sha256(orjson.dumps(rule, option=orjson.OPT_SORT_KEYS)).hexdigest()[:16]
