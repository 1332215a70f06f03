"""Who publishes, and what search engines are told."""

from __future__ import annotations

import re
from typing import Annotated
from urllib.parse import urlsplit
from zoneinfo import available_timezones

from pydantic import Field, field_validator, model_validator

from syndicate.config.part import Part
from syndicate.config.values import Mailbox, SchemeUri, WebAddress

Pixels = Annotated[int, Field(ge=1, le=100_000)]


class Publisher(Part):
    """Who publishes. ``tag`` is permanent: every id is made from it (rule X4).

    ``logo`` is about twice as wide as high, ``icon`` square; ``editor`` and
    ``webmaster`` are like ``"Name <mail@host>"``; ``comments`` is where the
    outlet takes its readers' comments.
    """

    name: str
    url: WebAddress
    tag: str = ""
    language: str = "en"
    timezone: str = "UTC"
    base_url: WebAddress = "http://127.0.0.1:8080/"
    former_base_urls: tuple[WebAddress, ...] = ()
    rights: str | None = None
    description: str | None = None
    logo: WebAddress | None = None
    logo_width: Pixels | None = None
    logo_height: Pixels | None = None
    icon: WebAddress | None = None
    editor: Mailbox | None = None
    webmaster: Mailbox | None = None
    comments: WebAddress | None = None

    @field_validator("base_url", "url")
    @classmethod
    def _ends_with_slash(cls, value: str) -> str:
        return value if value.endswith("/") else value + "/"

    @field_validator("former_base_urls")
    @classmethod
    def _end_with_slashes(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(address if address.endswith("/") else address + "/" for address in value)

    @model_validator(mode="after")
    def _moved_somewhere(self) -> Publisher:
        if self.base_url in self.former_base_urls:
            raise ValueError(f"former_base_urls names {self.base_url}, which base_url is now")
        return self

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        if value not in available_timezones():
            raise ValueError(f"{value!r} is no time zone; write one like 'Asia/Kabul'")
        return value

    @model_validator(mode="before")
    @classmethod
    def _default_tag(cls, data: object) -> object:
        if isinstance(data, dict) and not data.get("tag") and isinstance(data.get("url"), str):
            host = urlsplit(data["url"]).hostname or "localhost"
            return {**data, "tag": f"tag:{host},2026:"}
        return data

    @field_validator("tag")
    @classmethod
    def _tag_form(cls, value: str) -> str:
        if not re.match(r"^tag:[^,:\s]+,\d{4}(-\d\d){0,2}:[^\s#]*$", value):
            raise ValueError(f"{value!r} is no tag URI; write one like 'tag:news.example.org,2026:'")
        return value


class Sitemap(Part):
    """What search engines are told. ``robots``: whether ``/robots.txt`` is ours to serve."""

    news: bool = True
    robots: bool = False


class Vocabularies(Part):
    """Addresses of the outlet's own lists of sections and tags; else made from ``publisher.tag``."""

    sections: SchemeUri | None = None
    tags: SchemeUri | None = None
