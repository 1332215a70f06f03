"""What articles are known by: ids, addresses, texts."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from sqlalchemy import delete, select, update

from syndicate.storage import schema as s
from syndicate.storage.sql import Repository, chunks, insert_new

Identity = tuple[str, str]
"""``(scheme, value)``."""


class Identities(Repository):
    """``(scheme, value)`` pairs, each of one article."""

    _foreseen: dict[Identity, str | None] | None = None

    def by_identity(self, identities: Collection[Identity]) -> str | None:
        """The article that any of these ``(scheme, value)`` pairs belongs to; the first one given wins."""
        known = self.known(identities)
        return next((known[pair] for pair in identities if pair in known), None)

    def foresee(self, identities: Iterable[Identity]) -> None:
        """Look up together what is asked for soon; holds until the next call, and for what is not written
        meanwhile."""
        pairs = list(dict.fromkeys(identities))
        found = self._look_up(pairs)
        self._foreseen = {pair: found.get(pair) for pair in pairs}

    def known(self, identities: Collection[Identity]) -> dict[Identity, str]:
        """Which articles these belong to, looked up together; those that belong to none are absent."""
        seen = self._foreseen or {}
        found = {pair: article_id for pair in identities if (article_id := seen.get(pair)) is not None}
        return found | self._look_up([pair for pair in identities if pair not in seen])

    def _look_up(self, pairs: Sequence[Identity]) -> dict[Identity, str]:
        i = s.identities.c
        found: dict[Identity, str] = {}
        for part in chunks(pairs, 200):
            # Two lists are seeks in the key's index; pairs of values would be a walk through the table.
            schemes, values = ({pair[n] for pair in part} for n in (0, 1))
            query = select(i.scheme, i.value, i.article_id).where(
                i.scheme.in_(sorted(schemes)), i.value.in_(sorted(values))
            )
            found.update({(row.scheme, row.value): row.article_id for row in self._c.execute(query)})
        return {pair: found[pair] for pair in pairs if pair in found}

    def _forget_foreseen(self, identities: Iterable[Identity]) -> None:
        for pair in identities:
            (self._foreseen or {}).pop(pair, None)

    def identities_of(self, article_id: str) -> list[tuple[str, str]]:
        """All that an article is known by, as ``(scheme, value)``."""
        i = s.identities.c
        rows = self._c.execute(select(i.scheme, i.value).where(i.article_id == article_id))
        return [(row.scheme, row.value) for row in rows]

    def identify(self, article_id: str, identities: Collection[Identity]) -> None:
        """Remember identities; one that belongs to another article stays with it."""
        self._forget_foreseen(identities)
        rows = [{"scheme": k, "value": v, "article_id": article_id} for k, v in identities]
        insert_new(self._c, s.identities, rows)

    def reidentify(self, article_id: str, to: str) -> None:
        """All that one article is known by names another from now on."""
        i = s.identities.c
        self._foreseen = None
        self._c.execute(update(s.identities).where(i.article_id == article_id).values(article_id=to))

    def forget_identities(self, article_id: str, identities: Collection[Identity]) -> None:
        """An article is not known by these any more."""
        i = s.identities.c
        self._forget_foreseen(identities)
        for scheme, value in identities:
            where = (i.scheme == scheme, i.value == value, i.article_id == article_id)
            self._c.execute(delete(s.identities).where(*where))
