"""Where stories come from, how they are read, and which feeds they stand in."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, field_validator

from syndicate.config.part import Part
from syndicate.config.rights import Rights
from syndicate.config.values import Duration, Slug, WebAddress
from syndicate.model import ContentMode

FeedFormat = Literal["rss", "atom", "json"]
MatchKey = Literal["section", "tag", "agency", "language", "source", "byline"]


class SourceOptions(Part):
    """What every source has. Each kind of source adds its own.

    ``agency``: whose stories they are where a story names nobody.
    ``priority``: of a story that several sources have, the highest one's version is published.
    ``hold_reissued``, ``hold_old``: from how many known stories under new ids, or new stories of old
    date, in one poll the source waits for a person; 0: never.
    """

    type: str
    priority: int = 0
    hold_reissued: Annotated[int, Field(ge=0)] = 3
    hold_old: Annotated[int, Field(ge=0)] = 20
    interval: Duration = timedelta(minutes=1)
    ids: Literal["made", "source"] = "made"
    language: str | None = None
    section: str | None = None
    agency: str | None = None


class Feed(Part):
    """A configured stream: which articles, how many, how much of them, in which formats."""

    title: str
    description: str = ""
    limit: Annotated[int, Field(ge=1, le=10_000)] = 50
    content: ContentMode = ContentMode.FULL
    match: dict[MatchKey, tuple[str, ...]] = Field(default_factory=dict)
    formats: tuple[FeedFormat, ...] = ("rss", "atom", "json")
    formerly: tuple[Slug, ...] = ()
    language: str | None = None
    archive: bool = True
    retired: datetime | date | None = None
    successor: str | None = None
    logo: WebAddress | None = None
    rights: str | None = None
    terms: Rights | None = None

    @field_validator("match", mode="before")
    @classmethod
    def _one_is_a_list(cls, value: object) -> object:
        if isinstance(value, dict):
            return {k: [v] if isinstance(v, str) else v for k, v in value.items()}
        return value


class Editorial(Part):
    """How stories are read. ``rules``: files of the newsroom's own markers, words and places;
    ``publisher_names``: other names of the outlet, which are never taken for an agency."""

    rules: tuple[Path, ...] = ()
    publisher_names: tuple[str, ...] = ()


class Matching(Part):
    """When stories of two sources are one: always by address or id, and where ``text`` is set by
    nearly the same text, if they were published within ``window`` of each other."""

    text: bool = True
    window: Annotated[Duration, Field(gt=timedelta(0), le=timedelta(days=90))] = timedelta(days=7)


class MediaCare(Part):
    """Pictures, audio and video. ``measure``: ask once for a length or type that is not stated.

    ``timeout`` bounds one address, ``within`` all of a batch, ``at_once`` how
    many are asked side by side.
    """

    measure: bool = False
    timeout: Duration = timedelta(seconds=5)
    within: Duration = timedelta(seconds=20)
    at_once: Annotated[int, Field(ge=1, le=64)] = 4
