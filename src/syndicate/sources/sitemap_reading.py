"""Sitemaps, news sitemaps and sitemap indexes, read as a stream. Pure."""

from __future__ import annotations

import gzip
import heapq
import io
import re
import zlib
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from lxml import etree

from syndicate.errors import SourceError
from syndicate.sources.metadata import WrongValueError, as_address
from syndicate.sources.page_list import Filter, Listed, plain_address
from syndicate.sources.safe_xml import local

MOST = 50_000
"""Addresses in a sitemap (sitemaps.org); what stands behind them is not read."""
_BEGINS = re.compile(
    rb"^\s*(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*|<\?[^>]*>\s*)*<(?:\w+:)?(urlset|sitemapindex)\b", re.DOTALL
)
_DATED = re.compile(r"((?:19|20)\d\d)[/-](\d{1,2})(?:[/-](\d{1,2}))?")
_HOST = re.compile(r"https?://(?:www\.)?([^/?#\s]+)", re.IGNORECASE)
_OLDEST = datetime(1, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sitemap:
    """The newest entries, newest first: pages, or, of an index, further sitemaps. ``seen`` counts all."""

    entries: tuple[Listed, ...]
    is_index: bool = False
    seen: int = 0


def unpacked(body: bytes, limit: int) -> bytes:
    """A body that is a gzip file as what is in it, at most ``limit`` bytes. Raises SourceError."""
    if not body.startswith(b"\x1f\x8b"):
        return body
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(body)) as file:
            plain = file.read(limit + 1)
    except (OSError, EOFError, zlib.error):
        raise SourceError("the sitemap is no whole gzip file", fix="tell those who run the site") from None
    if len(plain) > limit:
        raise SourceError(f"the sitemap is larger than {limit:,} bytes", fix="raise max_bytes of the source")
    return plain


def is_sitemap(body: bytes) -> bool:
    """Whether it begins as a sitemap or an index of them."""
    return _BEGINS.match(body[:4_096].removeprefix(b"\xef\xbb\xbf")) is not None


def read_sitemap(body: bytes, url: str, wanted: Filter, limit: int, zone: ZoneInfo) -> Sitemap:
    """The newest ``limit`` entries of the site. Raises SourceError for what is no whole XML.

    Entries without a date go by a date in their address, then by their
    order: the last is the newest.
    """
    newest: list[tuple[tuple[datetime, int], tuple[str, ...]]] = []
    seen, is_index = 0, False
    host = _HOST.match(url)
    try:
        for element in _entries(body):
            is_index = local(element) == "sitemap"
            row = _row(element)
            element.clear()
            while element.getprevious() is not None:
                del element.getparent()[0]
            theirs = _HOST.match(row[0])
            known = theirs and host and theirs[1].lower() == host[1].lower()
            if not theirs or (not is_index and not (known and wanted.passes(row[0]))):
                continue
            seen += 1
            heapq.heappush(newest, ((_when(row, zone), seen), row))
            if len(newest) > limit:
                heapq.heappop(newest)
            if seen >= MOST:
                break
    except etree.XMLSyntaxError as error:
        raise SourceError(
            f"the sitemap is no well-formed XML in line {error.lineno}", fix="tell those who run the site"
        ) from None
    ordered = [row for _, row in sorted(newest, key=lambda pair: pair[0], reverse=True)]
    entries = tuple(entry for row in ordered if (entry := _entry(row, zone)))
    return Sitemap(entries=entries, is_index=is_index, seen=seen)


def _entries(body: bytes) -> Any:
    return (
        element
        for _, element in etree.iterparse(
            io.BytesIO(body), events=("end",), tag=("{*}url", "{*}sitemap"),
            resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False,
        )
    )  # fmt: skip


def _row(element: Any) -> tuple[str, ...]:
    """Address, lastmod, a news entry's date and title, as they stand there: cheap, for all but the newest
    are thrown away again."""
    news = element.find("{*}news")
    stated = (element.findtext("{*}loc"), element.findtext("{*}lastmod"))
    told = (news.findtext("{*}publication_date"), news.findtext("{*}title")) if news is not None else ("", "")
    return tuple((text or "").strip() for text in (*stated, *told))


def _when(row: tuple[str, ...], zone: ZoneInfo) -> datetime:
    """How new an entry is: by what it says, else by a date in its address."""
    return moment(row[1], zone) or moment(row[2], zone) or _dated(row[0]) or _OLDEST


def _entry(row: tuple[str, ...], zone: ZoneInfo) -> Listed | None:
    try:
        url = plain_address(as_address(row[0]))
    except WrongValueError:
        return None
    title = " ".join(row[3].split()) or None
    return Listed(url=url, changed=row[1] or None, published=moment(row[2], zone), title=title)


def moment(text: str, zone: ZoneInfo) -> datetime | None:
    """A date of a sitemap (W3C Datetime) in UTC; of one without a zone it is ``zone``."""
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _dated(url: str) -> datetime | None:
    found = _DATED.search(url)
    try:
        return datetime(int(found[1]), int(found[2]), int(found[3] or 1), tzinfo=UTC) if found else None
    except ValueError:
        return None
