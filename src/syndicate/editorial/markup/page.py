"""What markup holds, as it is collected."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from syndicate.editorial.work import Line
from syndicate.model import Picture


@dataclass(slots=True)
class Page:
    """What markup holds: lines of text with their roles, and what the metadata states."""

    lines: list[Line] = field(default_factory=list)
    headline: str | None = None
    section: str | None = None
    publisher: str | None = None
    canonical: str | None = None
    original: str | None = None
    language: str | None = None
    published: datetime | None = None
    image: Picture | None = None
    correction: str | None = None
    caption: str | None = None
    image_credit: str | None = None
    persons: list[str] = field(default_factory=list)
    author_lines: list[str] = field(default_factory=list)
    meta_author: str | None = None
    agency_lines: list[str] = field(default_factory=list)
