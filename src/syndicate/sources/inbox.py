"""Stories that senders bring: nothing is asked for, all comes in over HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection
from typing import ClassVar

from syndicate.config import SourceOptions
from syndicate.sources.base import Batch, Cursor
from syndicate.sources.options import InboxOptions


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
