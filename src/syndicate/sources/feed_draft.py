"""From a feed's entry to a draft, under the source's settings. Pure."""

from __future__ import annotations

import hashlib
import html
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from syndicate.editorial.visible import plain_text
from syndicate.model import Draft, Given, InputKind
from syndicate.sources.decoding import legal
from syndicate.sources.feed_document import Entry, Head

_AHEAD = timedelta(minutes=5)
"""So much a server's clock may be ahead of ours."""
_CUT_OFF = re.compile(r"(?:\[\s*(?:…|\.\.\.)\s*\]|…|\.\.\.)\s*$")
_LINKED = r"<a\b[^<>]*+>[^<]*+</a>"
_APPEARED = re.compile(rf"<p>\s*The post {_LINKED} (?:first )?appeared first on {_LINKED}\.?\s*</p>\s*$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What the source's settings say about its entries.

    ``theirs``: the feed is another's, so that its pages are not our own.
    """

    source: str
    language: str | None = None
    keep_ids: bool = False
    theirs: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A draft, and what was doubtful about its entry."""

    draft: Draft
    doubts: tuple[str, ...] = ()

    @property
    def digest(self) -> str:
        """Changes when anything does that could change the story."""
        return self.draft.digest()[:24]


def id_of(entry: Entry) -> str:
    """Its own id, else its address, else what its headline and date make: the same at every poll."""
    stated = legal(entry.id or entry.link or "").strip()
    if stated:
        return stated[:2000]
    told = f"{entry.given.get('headline')} {entry.given.get('published')}"
    return "made:" + hashlib.sha256(told.encode("utf-8", "replace")).hexdigest()[:32]


def make_draft(entry: Entry, head: Head, terms: Terms, now: datetime) -> Made:
    """One entry's draft."""
    doubts = list(entry.doubts)
    given = {**entry.given, **_place(entry, terms), **_inherited(entry, head, terms)}
    given["excerpt"] = _excerpt(entry.summary)
    if (given.get("published") or now) > now + _AHEAD:
        given["published"] = None
        doubts.append("its date lies in the future; the story counts from when it was first seen")
    if _names_itself(given.get("agency"), head):
        given["agency"] = None
    draft = Draft(
        source=terms.source,
        source_id=id_of(entry),
        kind=InputKind.HTML,
        text=_text(entry, head),
        given=Given(**{key: _legal(value) for key, value in given.items()}),
        base_url=entry.base,
        origin=entry.link or id_of(entry),
        guid=legal(entry.id) if terms.keep_ids and entry.id else None,
        aliases=(("url", entry.link),) if entry.link else (),
    )
    return Made(draft=draft, doubts=tuple(doubts))


def _place(entry: Entry, terms: Terms) -> dict[str, Any]:
    """Whose page its address is: ours, or the originator's."""
    if not terms.theirs:
        return {"url": entry.link}
    return {"url": None, "original_url": entry.given.get("original_url") or entry.link}


def _inherited(entry: Entry, head: Head, terms: Terms) -> dict[str, Any]:
    """What an entry does not say itself; the settings know the language better than many a theme does."""
    given = entry.given
    return {
        "language": given.get("language") or terms.language or head.language,
        "rights": given.get("rights") or head.rights,
        "license": given.get("license") or head.license,
    }


def _names_itself(agency: str | None, head: Head) -> bool:
    """Whether an entry's source is the very feed it stands in: then it says nothing."""
    return bool(agency and head.title) and str(agency).casefold() == str(head.title).casefold()


def _text(entry: Entry, head: Head) -> str:
    """The markup, with who is named as author where the editor's eye looks for it."""
    body = _APPEARED.sub("", legal(entry.content or ""))
    names = [name for name in entry.authors if name.casefold() != (head.title or "").casefold()]
    if not names:
        return body
    stated = html.escape(legal(", ".join(names)))
    return f'<html><head><meta name="author" content="{stated}"></head><body>{body}</body></html>'


def _excerpt(summary: str | None) -> str | None:
    """The feed's own excerpt; one that a machine cut off in mid-sentence is none."""
    if not summary:
        return None
    words = plain_text(_APPEARED.sub("", summary))
    return None if _CUT_OFF.search(words) else words or None


def _legal(value: Any) -> Any:
    """Texts without what no XML may hold."""
    if isinstance(value, str):
        return legal(str(value)) if type(value) is str else value
    if isinstance(value, tuple):
        return tuple(map(_legal, value))
    return value


__all__ = ["Made", "Terms", "id_of", "make_draft"]
