"""What stands around stories: what they are related to, and what media elsewhere are."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, select

from syndicate.storage import schema as s
from syndicate.storage.sql import chunks, insert_new, upsert


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaFact:
    """What an address was found to hold, and when. Neither type nor length: it could not be told."""

    type: str | None
    length: int | None
    at: datetime


class Relations:
    """Which articles name which others, by the names they use."""

    def __init__(self, connection: Connection) -> None:
        self._c = connection

    def keep(self, article_id: str, names: Collection[str]) -> None:
        """What an article names, in place of what it named before."""
        r = s.relations.c
        gone = delete(s.relations).where(r.article_id == article_id)
        self._c.execute(gone)
        insert_new(self._c, s.relations, [{"article_id": article_id, "name": n} for n in names])

    def naming(self, names: Collection[str]) -> list[str]:
        """The articles that name any of these, by id."""
        r = s.relations.c
        found: set[str] = set()
        for part in chunks(names):
            found.update(self._c.execute(select(r.article_id).where(r.name.in_(part))).scalars())
        return sorted(found)

    def page(self, after: str, limit: int) -> list[str]:
        """Articles that name others, by id: pass the last one to go on."""
        r = s.relations.c
        query = select(r.article_id).where(r.article_id > after).distinct()
        return list(self._c.execute(query.order_by(r.article_id).limit(limit)).scalars())


class MediaFacts:
    """What was found out about media elsewhere, by address."""

    def __init__(self, connection: Connection) -> None:
        self._c = connection

    def known(self, urls: Collection[str]) -> dict[str, MediaFact]:
        """What is known of these addresses."""
        m = s.media_facts.c
        found: dict[str, MediaFact] = {}
        for part in chunks(urls):
            for row in self._c.execute(select(s.media_facts).where(m.url.in_(part))):
                found[row.url] = MediaFact(type=row.type, length=row.length, at=row.at)
        return found

    def keep(self, facts: Mapping[str, MediaFact]) -> None:
        """Remember what was found."""
        rows = [{"url": u, "type": f.type, "length": f.length, "at": f.at} for u, f in facts.items()]
        upsert(self._c, s.media_facts, rows)
