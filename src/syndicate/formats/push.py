"""What an endpoint is pushed: a story as ninjs, as an Atom entry, or a thin ping that it changed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

import orjson

from syndicate.config import Publisher
from syndicate.formats import ninjs
from syndicate.formats.atom import Atom
from syndicate.formats.feedgen_mended import standalone
from syndicate.formats.parts import uri
from syndicate.formats.text import address, rfc3339
from syndicate.model import Article, Entry, PubStatus

PushFormat = Literal["ninjs", "atom", "ping"]
ENTRY_TYPE = "application/atom+xml;type=entry;charset=utf-8"
GONE_TYPE = "application/atomdeleted+xml;charset=utf-8"
"""RFC 6721, section 4."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Push:
    """A version of a story under a receiver's terms. ``where`` is where the receiver can fetch it."""

    article: Article
    entry: Entry
    publisher: Publisher
    where: str


@dataclass(frozen=True, slots=True)
class Body:
    """The bytes that are signed and sent, and their Content-Type."""

    data: bytes
    media_type: str


def body(kind: PushFormat, push: Push) -> Body:
    """One story as this endpoint wants it. Raises StoryError where it cannot be rendered."""
    return _FORMS[kind](push)


def _ninjs(push: Push) -> Body:
    fields = ninjs.ninjs(
        push.entry,
        revision=push.article.revision,
        first_created=push.article.published,
        version_created=push.article.changed,
        publisher=push.publisher,
        expires=push.article.story.expires,
    )
    return Body(ninjs.ninjs_bytes(fields), ninjs.MEDIA_TYPE)


def _atom(push: Push) -> Body:
    """The feed's entry as a document of its own (RFC 4287, section 2); of a withdrawn story its notice."""
    declaration = b'<?xml version="1.0" encoding="UTF-8"?>\n'
    if push.entry.status is not PubStatus.USABLE:
        return Body(declaration + Atom().notice(push.entry), GONE_TYPE)
    return Body(declaration + standalone(Atom().fragment(push.entry)), ENTRY_TYPE)


def _ping(push: Push) -> Body:
    """That a story changed, and where its newest version is fetched. Nothing of its words."""
    fields = {
        "type": "story.withdrawn" if push.entry.status is not PubStatus.USABLE else "story.changed",
        "uri": uri(push.entry),
        "version": str(push.article.revision),
        "versionCreated": rfc3339(push.article.changed),
        "pubStatus": push.entry.status.value,
        "url": address(push.where),
    }
    return Body(orjson.dumps(fields, option=orjson.OPT_SORT_KEYS), "application/json")


_FORMS: Mapping[PushFormat, Callable[[Push], Body]] = {"ninjs": _ninjs, "atom": _atom, "ping": _ping}

__all__ = ["Body", "Push", "PushFormat", "body"]
