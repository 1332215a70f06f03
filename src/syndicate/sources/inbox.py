"""Stories that senders bring: nothing is asked for, all comes in over HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from syndicate.config import SourceOptions
from syndicate.sources.base import Batch, Cursor


class InboxOptions(SourceOptions):
    """A sender to ``/api/v1/articles``; its tokens bear the source's name.

    ``max_bytes``: of one request; ``max_batch``: stories in one request;
    ``per_minute``: requests within any minute.
    """

    type: Literal["inbox"]
    max_bytes: Annotated[int, Field(ge=1_000, le=100_000_000)] = 2_000_000
    max_batch: Annotated[int, Field(ge=1, le=1_000)] = 100
    per_minute: Annotated[int, Field(ge=1, le=100_000)] = 600


class InboxSource:
    """A source that has nothing of its own accord."""

    options: ClassVar[type[SourceOptions]] = InboxOptions

    def __init__(
        self, name: str, options: InboxOptions, *, timezone: str = "UTC", default_language: str = "en"
    ) -> None:
        self.name = name
        self.timezone = timezone
        self.default_language = default_language
        self._options = options

    async def fetch(self, cursor: Cursor, hints: Collection[str] = ()) -> AsyncIterator[Batch]:  # noqa: ARG002
        """Nothing: stories come by themselves."""
        nothing: tuple[Batch, ...] = ()
        for batch in nothing:
            yield batch
