"""Ghost's webhooks: ``post.published``, ``.published.edited``, ``.unpublished`` and ``.deleted``. Pure.

Ghost does not say which event it was: ``{"post": {"current": …, "previous": …}}``
is all, so that it is told by what the story is now.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from syndicate.model import Draft, Given, InputKind, Picture, PubStatus
from syndicate.sources.decoding import legal
from syndicate.sources.hook import HookDesk, Passed, takedown
from syndicate.sources.inbox_story import Fault, NotTaken, Sent
from syndicate.sources.metadata import WrongValueError, address_or_none, as_time
from syndicate.sources.wordpress_markup import said, with_authors, words

_OUT = frozenset({"published"})
"""What was only mailed (``sent``) stands on no page."""
_DELETED = "it was deleted in Ghost"
_UNPUBLISHED = "it was unpublished in Ghost"
_MEMBERS = "it is for members only"
_UTC = ZoneInfo("UTC")
Table = Mapping[str, Any]


def read_ghost(item: Any, headers: Mapping[str, str], terms: HookDesk, at: datetime | None) -> Sent:  # noqa: ARG001
    """One notice → the story, or the word that it is gone. Raises NotTaken, Passed."""
    if not isinstance(item, dict) or not isinstance(item.get("post"), dict):
        if isinstance(item, dict) and len(item) == 1:
            raise Passed(f"it is about a {legal(next(iter(item))[:20])}, and posts are what is taken here")
        raise NotTaken(Fault("post", "it is no notice of Ghost about a post", "choose post.… as the event"))
    now, before = _table(item["post"].get("current")), _table(item["post"].get("previous"))
    if not now.get("id"):
        return _deleted(before, terms, at)
    if now.get("status") not in _OUT:
        if before.get("status") not in _OUT:
            raise Passed(f"it is {legal(str(now.get('status'))[:20])}, and was not published before")
        return _gone(now, terms, at, PubStatus.WITHHELD, _UNPUBLISHED)
    if now.get("visibility", "public") != "public":
        return _gone(now, terms, at, PubStatus.WITHHELD, _MEMBERS)
    return Sent(draft=_draft(now, terms, at))


def _deleted(before: Table, terms: HookDesk, at: datetime | None) -> Sent:
    if not isinstance(before.get("id"), str):
        raise NotTaken(Fault("post", "neither current nor previous has an id", "is it sent by Ghost?"))
    if before.get("status") not in (None, *_OUT):
        raise Passed("a story was deleted that was not published")
    return _gone(before, terms, at, PubStatus.CANCELED, _DELETED)


def _gone(post: Table, terms: HookDesk, at: datetime | None, status: PubStatus, why: str) -> Sent:
    """``updated_at`` says when; a deletion leaves it as it was, so that there the signature's time counts."""
    moments = [at if status is PubStatus.CANCELED else None, _moment(post, "updated_at")]
    given = Given(updated=max((m for m in moments if m), default=at), correction=why)
    return takedown(terms.desk, _own_id(post), status, given=given)


def _own_id(post: Table) -> str:
    known = post["id"]
    if not isinstance(known, str) or not 0 < len(known) <= 100:
        raise NotTaken(Fault("post.current.id", "it is no id of Ghost"))
    return known


def _draft(post: Table, terms: HookDesk, at: datetime | None) -> Draft:
    known = _own_id(post)
    text = post.get("html")
    if not isinstance(text, str) or not text.strip():
        raise NotTaken(Fault("post.current.html", "there is no text", "an empty story is not published"))
    url = address_or_none(post.get("url"))
    names = [words(str(a["name"])) for a in _tables(post.get("authors")) if a.get("name")]
    desk = terms.desk
    return Draft(
        source=desk.source,
        source_id=known,
        kind=InputKind.HTML,
        text=legal(with_authors(text, names if terms.authors else ())),
        given=_given(post, terms, url, at),
        base_url=url,
        origin=url or known,
        guid=known if desk.keep_ids else None,
        aliases=(("url", url),) if url else (),
    )


def _given(post: Table, terms: HookDesk, url: str | None, at: datetime | None) -> Given:
    tags = [
        tag for tag in _tables(post.get("tags")) if tag.get("name") and tag.get("visibility") != "internal"
    ]
    main = _table(post.get("primary_tag")) or (tags[0] if tags else {})
    section = words(str(main["name"])) if main.get("name") and main.get("visibility") != "internal" else None
    names = [words(str(tag["name"])) for tag in tags]
    language = post.get("locale")
    return Given(
        headline=said(post.get("title")),
        url=url,
        published=_moment(post, "published_at"),
        updated=_moment(post, "updated_at") or at,
        language=language if isinstance(language, str) and language else terms.desk.language,
        section=section,
        tags=tuple(dict.fromkeys(name for name in names if name != section)),
        excerpt=said(post.get("custom_excerpt")),
        original_url=_original(post, url),
        image=_picture(post),
    )


def _original(post: Table, url: str | None) -> str | None:
    """Ghost's ``canonical_url``: the story first stood somewhere else."""
    address = address_or_none(post.get("canonical_url"))
    return address if address != url else None


def _picture(post: Table) -> Picture | None:
    url = address_or_none(post.get("feature_image"))
    if url is None:
        return None
    return Picture(
        url=url, caption=said(post.get("feature_image_caption")), alt=said(post.get("feature_image_alt"))
    )


def _moment(post: Table, name: str) -> datetime | None:
    try:
        value = post.get(name)
        return as_time(value, _UTC).astimezone(UTC) if isinstance(value, str) and value else None
    except WrongValueError:
        return None


def _table(value: Any) -> Table:
    return value if isinstance(value, dict) else {}


def _tables(value: Any) -> list[Table]:
    return [row for row in value if isinstance(row, dict)] if isinstance(value, list) else []
