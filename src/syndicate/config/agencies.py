"""What is known of agencies, and what their terms allow."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated

from pydantic import Field, field_validator

from syndicate.config.part import Part
from syndicate.config.rights import Rights
from syndicate.config.values import Duration, WebAddress
from syndicate.model import CreditRole


class Agency(Part):
    """What is known of an agency and what its terms allow; adds to the built-in list.

    ``credit`` is the wording by language, or by language and role
    (``en.contributor``), with ``{agency}`` in it. ``excerpt_words``,
    ``full_text`` and ``pictures`` limit what may be passed on, ``delay`` and
    ``expires_after`` when; ``link_required``: only with a link to its story.
    ``rights`` is its rights line, ``terms`` what it lets others do with its
    stories: ours say nothing about what is not ours.
    """

    name: str | None = None
    aliases: tuple[str, ...] = ()
    url: WebAddress | None = None
    feed: WebAddress | None = None
    excerpt_words: Annotated[int, Field(ge=1)] | None = None
    full_text: bool = True
    role: CreditRole | None = None
    credit: dict[str, str] = Field(default_factory=dict)
    link_required: bool = False
    delay: Duration = timedelta(0)
    pictures: bool = True
    expires_after: Duration | None = None
    rights: str | None = None
    terms: Rights | None = None

    @field_validator("credit")
    @classmethod
    def _names_the_agency(cls, value: dict[str, str]) -> dict[str, str]:
        for key, words in value.items():
            if "{agency}" not in words:
                raise ValueError(f"the wording for {key!r} must contain {{agency}}")
            language, _, role = key.partition(".")
            if not re.fullmatch(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*", language):
                raise ValueError(f"{key!r} is no language; write one like 'en', or 'en.contributor'")
            if role and role not in ("source", "contributor", "republished"):
                raise ValueError(
                    f"{key!r} names no role; write '{language}.source', '.contributor' or '.republished'"
                )
        return value

    @field_validator("expires_after")
    @classmethod
    def _some_time(cls, value: timedelta | None) -> timedelta | None:
        if value is not None and value <= timedelta(0):
            raise ValueError("must be longer than nothing: a story would be withdrawn at once")
        return value
