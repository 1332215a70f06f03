"""Stories that senders bring: nothing is asked for, all comes in over HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection
from typing import Annotated, ClassVar, Literal, Self

from pydantic import ConfigDict, Field, model_validator

from syndicate.config import Secret, SourceOptions, check_signing_secret
from syndicate.sources.base import Batch, Cursor

_SHORTEST = 16
"""Characters of a secret of Ghost's form: a shorter one can be guessed from one signature."""


class InboxOptions(SourceOptions):
    """A sender to ``/api/v1/articles``; its tokens bear the source's name.

    ``max_bytes``: of one request; ``max_batch``: stories in one request;
    ``per_minute``: requests within any minute. ``secrets``: they sign what is
    posted to ``/api/v1/hooks/NAME`` in the form of ``cms``; any of them will
    do, so that one can be exchanged. ``types``: the types of WordPress' posts
    that are stories; ``authors``: whether who the CMS names as author is asked.
    """

    model_config = ConfigDict(hide_input_in_errors=True)

    type: Literal["inbox"]
    cms: Literal["own", "wordpress", "ghost"] = "own"
    secrets: tuple[Secret, ...] = ()
    types: Annotated[tuple[str, ...], Field(min_length=1)] = ("post",)
    authors: bool = True
    max_bytes: Annotated[int, Field(ge=1_000, le=100_000_000)] = 2_000_000
    max_batch: Annotated[int, Field(ge=1, le=1_000)] = 100
    per_minute: Annotated[int, Field(ge=1, le=100_000)] = 600

    @model_validator(mode="after")
    def _fit_to_sign(self) -> Self:
        for secret in self.secrets:
            if self.cms != "ghost":
                check_signing_secret(secret)
            elif len(secret.reveal()) < _SHORTEST:
                raise ValueError(f"a secret for Ghost has {_SHORTEST} characters at least")
        if self.cms != "own" and not self.secrets:
            raise ValueError(f"cms = {self.cms!r} needs secrets: whoever knows one may post stories")
        return self


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
