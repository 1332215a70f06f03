"""What WordPress posts when a story is saved: our own plugin's notice, or the plugin WP Webhooks'. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from syndicate.model import Given, Picture, PubStatus
from syndicate.sources.hook import HookDesk, Passed, takedown
from syndicate.sources.inbox_story import Fault, NotTaken, Sent
from syndicate.sources.metadata import WrongValueError, address_or_none, as_count
from syndicate.sources.wordpress_markup import paragraphs
from syndicate.sources.wordpress_post import NoPost, Terms, draft_of, moment, own_id, status_of

GONE_EVENTS = frozenset({"post.deleted", "post.trashed", "post_delete", "post_trash"})
_NO_STORY = frozenset({"auto-draft", "inherit"})
_WORDS = {
    PubStatus.CANCELED: "it was removed in WordPress",
    PubStatus.WITHHELD: "it is no longer public in WordPress",
}
Table = Mapping[str, Any]


def read_wordpress(item: Any, headers: Mapping[str, str], terms: HookDesk, at: datetime | None) -> Sent:
    """One notice → the story, or the word that it is gone. Raises NotTaken, Passed."""
    if not isinstance(item, dict):
        raise NotTaken(Fault(None, "a notice is a JSON object", "use the plugin of deploy/wordpress"))
    post = _post(item)
    event = str(item.get("event") or headers.get("x-wp-webhook-name") or "")
    kind = str(post.get("type") or "post")
    if kind not in terms.types:
        raise Passed(f"its type is {kind[:40]!r}; those that are taken: {', '.join(terms.types)}")
    reading = Terms(
        source=terms.desk.source,
        zone=terms.desk.zone,
        language=terms.desk.language,
        main=terms.main,
        keep_ids=terms.desk.keep_ids,
        authors=terms.authors,
    )
    if post.get("status") in _NO_STORY:
        raise Passed(f"its status is {post['status']!r}")
    try:
        known, status = own_id(post), status_of(post)
        if event in GONE_EVENTS:
            status = PubStatus.CANCELED
        if status is PubStatus.USABLE:
            return Sent(draft=draft_of(post, reading), version=_version(item))
    except NoPost as error:
        raise NotTaken(Fault("post", str(error))) from None
    given = Given(updated=moment(post, "modified", terms.desk.zone) or at, correction=_WORDS[status])
    return takedown(terms.desk, known, status, given=given, version=_version(item))


def _version(item: Table) -> int | None:
    """Our plugin counts the notices about a post, so that two of one second keep their order."""
    try:
        return as_count(item["version"]) if item.get("version") is not None else None
    except WrongValueError as error:
        raise NotTaken(Fault("version", f"version {error}")) from None


def _post(item: Table) -> Table:
    """The post as ``wp/v2`` gives it, from whichever form there is."""
    inner = item.get("post")
    if isinstance(inner, dict) and "ID" in inner:
        return _from_row(inner, item)
    if isinstance(inner, dict):
        return inner
    return _from_row(item, item) if "ID" in item else item


def _from_row(row: Table, item: Table) -> Table:
    """A row of WordPress' table of posts (``post_title``, …) with what WP Webhooks puts beside it."""
    picture = _picture(item)
    embedded: dict[str, Any] = {"wp:term": _terms(item)}
    if picture is not None:
        embedded["wp:featuredmedia"] = [{"media_type": "image", "source_url": picture.url}]
    return {
        "id": _number(row.get("ID")),
        "type": row.get("post_type"),
        "status": row.get("post_status"),
        "password": row.get("post_password"),
        "guid": {"rendered": row.get("guid")},
        "link": item.get("post_permalink") or item.get("permalink") or row.get("guid"),
        "date_gmt": _iso(row.get("post_date_gmt")),
        "date": _iso(row.get("post_date")),
        "modified_gmt": _iso(row.get("post_modified_gmt")),
        "modified": _iso(row.get("post_modified")),
        "title": row.get("post_title"),
        "content": {"rendered": paragraphs(str(row.get("post_content") or ""))},
        "excerpt": row.get("post_excerpt"),
        "_embedded": embedded,
    }


def _terms(item: Table) -> list[list[Table]]:
    """``{"category": {"news": {"name": …}}}`` → the REST API's lists."""
    known = item.get("taxonomies")
    groups = known.items() if isinstance(known, dict) else ()
    return [
        [{"taxonomy": name, **row} for row in rows.values() if isinstance(row, dict)]
        for name, rows in groups
        if isinstance(rows, dict)
    ]


def _picture(item: Table) -> Picture | None:
    url = address_or_none(item.get("post_thumbnail"))
    return Picture(url=url) if url else None


def _number(value: Any) -> Any:
    return int(value) if isinstance(value, str) and value.isascii() and value.isdigit() else value


def _iso(value: Any) -> Any:
    return value.replace(" ", "T", 1) if isinstance(value, str) else value
