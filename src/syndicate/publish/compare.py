"""An old feed beside a new one: what its subscribers would see again as new (rule X4)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode, urlsplit

from syndicate.config import Settings
from syndicate.editorial import Directory
from syndicate.formats.entries import KnownEntry
from syndicate.publish.render import Renderer
from syndicate.storage import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class Again:
    """A story that a subscriber knows under ``old_id`` and would get anew under ``new_id``.

    ``source`` is where it comes from: its setting ``ids`` decides.
    """

    title: str
    old_id: str
    new_id: str
    matched_by: str
    source: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """``same``: entries that keep their id. ``new``: stories the old feed does not show.
    ``gone``: entries of the old feed that the new one does not show."""

    same: int
    again: Sequence[Again]
    new: int
    gone: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown(KnownEntry):
    """An entry of ours, and the source its story comes from."""

    source: str = ""


def shown_entries(tx: Transaction, settings: Settings, directory: Directory, slug: str) -> list[Shown]:
    """What the feed shows now, as a reader would remember it."""
    feed, renderer = settings.feeds[slug], Renderer(settings, directory)
    ids = [place.article_id for place in tx.feeds.window(slug, feed.limit)]
    articles = tx.articles.many(ids)
    known = [articles[i] for i in ids if i in articles]
    made = [(a.source, renderer.site.entry(a, renderer.terms(feed))) for a in known]
    return [Shown(id=e.id, link=e.url, title=e.title, source=source) for source, e in made]


def compare(old: Sequence[KnownEntry], new: Sequence[Shown]) -> Comparison:
    """Match by id, else by link, else by title. Pure."""
    ids = {entry.id for entry in old}
    links = {_address(entry.link): entry for entry in reversed(old) if entry.link}
    titles = {_folded(entry.title): entry for entry in reversed(old) if entry.title}
    again: list[Again] = []
    met: set[str] = set()
    same = fresh = 0
    for entry in new:
        if entry.id in ids:
            same += 1
            met.add(entry.id)
            continue
        by_link = links.get(_address(entry.link)) if entry.link else None
        before = by_link or titles.get(_folded(entry.title))
        if before is None:
            fresh += 1
            continue
        met.add(before.id)
        how = "link" if by_link else "title"
        again.append(
            Again(
                title=entry.title or "",
                old_id=before.id,
                new_id=entry.id,
                matched_by=how,
                source=entry.source,
            )
        )
    return Comparison(same=same, again=again, new=fresh, gone=len(ids - met))


def _address(link: str | None) -> str:
    """An address without what does not tell pages apart: scheme, ``www.``, campaign marks, fragment."""
    try:
        parts = urlsplit(link or "")
    except ValueError:
        return link or ""
    kept = [(k, v) for k, v in parse_qsl(parts.query) if not k.startswith("utm_")]
    host = parts.netloc.casefold().removeprefix("www.")
    return f"{host}{parts.path.rstrip('/')}?{urlencode(sorted(kept))}"


def _folded(title: str | None) -> str:
    return " ".join((title or "").casefold().split())
