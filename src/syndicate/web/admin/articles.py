"""The list of stories: newest first, by words, feed, source and state."""

from __future__ import annotations

from datetime import datetime

from markupsafe import Markup

from syndicate.errors import SyndicateError
from syndicate.model import Article, PubStatus
from syndicate.storage import Wanted
from syndicate.web.admin.frame import Shown
from syndicate.web.admin.parts import (
    address,
    badge,
    choice,
    filters,
    link,
    more,
    said,
    section,
    table,
    text_field,
)
from syndicate.web.admin.room import Room

STATES = {
    "": "any state",
    "published": "published",
    "hold": "on hold",
    "waiting": "waiting for its time",
    "withdrawn": "withdrawn",
}
PAGE = 50


def articles(room: Room) -> Shown:
    """The page."""
    wanted = Wanted(
        words=room.given("q"), feed=room.given("feed"), source=room.given("source"), state=room.given("state")
    )
    named = _named(room, wanted.words)
    found = room.tx.search.articles(wanted, _key(room.given("before")), PAGE)
    rows = [_row(room, a) for a in ([named] if named else found.articles)]
    empty = "No story here." + (" There are older ones to look through." if found.next else "")
    columns = ("story", "state", "source", "published", "agency", "why")
    listed = table("Stories", columns, rows, empty)
    again = {"q": wanted.words, "feed": wanted.feed, "source": wanted.source, "state": wanted.state}
    where = f"{found.next[0].isoformat()}~{found.next[1]}" if found.next else None
    on = more(address("articles", **again, before=where) if where and not named else None, "Older stories")
    return Shown(
        title="Articles",
        place="articles",
        main=_looking(room, wanted) + section("Stories", listed + on, name="stories", live=True),
        live=True,
    )


def _looking(room: Room, wanted: Wanted) -> Markup:
    feeds = {"": "any feed", **{slug: slug for slug in room.settings.feeds}}
    sources = {"": "any source", **{name: name for name in room.settings.sources}}
    words = text_field(
        "q", "Words, id or address", wanted.words, hint="of the headline or the agency", type="search"
    )
    return filters(
        "articles",
        words,
        choice("state", "State", STATES, wanted.state or ""),
        choice("feed", "Feed", feeds, wanted.feed or ""),
        choice("source", "Source", sources, wanted.source or ""),
    )


def _named(room: Room, words: str) -> Article | None:
    """A story that was named outright: by its id, a beginning of it, or its address."""
    if len(words) < 8 or " " in words:  # shorter ones may be words of headlines: "face", "decade"
        return None
    try:
        return room.tx.articles.named(words)
    except SyndicateError:
        return None  # then they are words to look for


def _key(text: str) -> tuple[datetime, str] | None:
    at, _, article_id = text.replace(" ", "+").partition("~")
    try:
        return (datetime.fromisoformat(at), article_id) if article_id else None
    except ValueError:
        return None


def _row(room: Room, a: Article) -> tuple[object, ...]:
    head = said(a.story.headline, a.story.language)
    return (
        link(address(f"articles/{a.id}"), head),
        state(a),
        a.source,
        room.clock.ago(a.published),
        a.story.credit.agency,
        a.hold or a.reason,
    )


def state(a: Article) -> Markup:
    """How a story stands."""
    if a.hold and a.live and a.status is PubStatus.USABLE:
        return badge("wait", "published; a new version is on hold")
    if a.hold:
        return badge("wait", "on hold")
    if a.status is not PubStatus.USABLE:
        return badge("bad", "withdrawn" if a.status is PubStatus.CANCELED else "withheld")
    return badge("good", "published") if a.live else badge("off", "waiting for its time")
