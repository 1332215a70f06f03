"""What a source remembers of a server between polls, as the cursor's token keeps it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import orjson

_VERSION = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Validators:
    """What a conditional request shows (RFC 9110, section 13.1); ``digest`` is of the body last read."""

    etag: str | None = None
    modified: str | None = None
    digest: str | None = None

    @property
    def headers(self) -> dict[str, str]:
        """The request's headers; none where nothing is known."""
        shown = {"if-none-match": self.etag, "if-modified-since": self.modified}
        return {name: value for name, value in shown.items() if value}


NOTHING_KNOWN = Validators()


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """``url`` is the address of the settings that all of it belongs to.

    ``moved``: where that address leads for good. ``known``: validators by the
    source's own key of a document. ``own``: whatever else the source keeps,
    as JSON. ``not_before`` and ``failures``: when to ask next, and how often
    asking failed in a row.
    """

    url: str
    moved: str | None = None
    known: Mapping[str, Validators] = field(default_factory=dict)
    own: Mapping[str, Any] = field(default_factory=dict)
    not_before: datetime | None = None
    failures: int = 0

    def dump(self) -> str:
        """As the cursor's token keeps it."""
        known = {key: [v.etag, v.modified, v.digest] for key, v in self.known.items()}
        table = {
            "v": _VERSION,
            "url": self.url,
            "moved": self.moved,
            "known": known,
            "own": dict(self.own),
            "not_before": self.not_before.isoformat() if self.not_before else None,
            "failures": self.failures,
        }
        return orjson.dumps(table, option=orjson.OPT_SORT_KEYS).decode()

    @classmethod
    def parse(cls, token: str | None, url: str) -> Memory:
        """What ``dump`` wrote. Of another address, or of anything else, nothing is known."""
        try:
            return cls._read(orjson.loads(token or "null"), url)
        except (TypeError, ValueError, KeyError, AttributeError):
            return cls(url=url)

    @classmethod
    def _read(cls, table: Any, url: str) -> Memory:
        if table is None or table["v"] != _VERSION or table["url"] != url:
            return cls(url=url)
        until = table["not_before"]
        return cls(
            url=url,
            moved=table["moved"],
            known={
                key: Validators(etag=e, modified=m, digest=d) for key, (e, m, d) in table["known"].items()
            },
            own=table["own"],
            not_before=datetime.fromisoformat(until) if until else None,
            failures=table["failures"],
        )

    def knowing(self, key: str, validators: Validators) -> Memory:
        """The same with what is now known of one document."""
        return replace(self, known={**self.known, key: validators})
