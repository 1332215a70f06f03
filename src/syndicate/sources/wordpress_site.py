"""One site's REST API (``wp/v2``): where it is, and what is asked of it.

Lists are asked for in ways that lose nothing while editors work: by the time
of the last change, upwards, each page from where the last one ended; a second
that holds more posts than a page is walked backwards, so that a post that
leaves it moves others only towards what is still to come.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from operator import attrgetter
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import orjson

from syndicate.errors import SourceError
from syndicate.sources import fetch_errors
from syndicate.sources.fetch_errors import FetchError
from syndicate.sources.fetching import Fetched, Fetcher, joined
from syndicate.sources.wordpress_post import NoPost, moment_gmt, own_id

RELATION = "https://api.w.org/"
PAGE = 100
"""The most that WordPress gives in one list."""
_SECOND = timedelta(seconds=1)
_IN_HTML = re.compile(rb"""<link\b[^>]*\brel=["']https://api\.w\.org/["'][^>]*>""", re.IGNORECASE)
_HREF = re.compile(rb"""\bhref=["']([^"']+)["']""", re.IGNORECASE)
_WANTED = "WordPress' REST API"
_OLD = "WordPress 5.7 or newer is needed: this one knows no modified_after"
_FIELDS = "id,date_gmt,modified_gmt,status"
GONE_CODES = frozenset({"rest_post_invalid_id"})
HIDDEN_CODES = frozenset({"rest_forbidden", "rest_cannot_read"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A post in a list: its number at the site, and when it was published and last changed (UTC)."""

    id: str
    date: datetime
    modified: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class _Axis:
    """A time by which posts are listed: the parameters' names, and where it stands in a row."""

    order: str
    after: str
    before: str
    of: Callable[[Row], datetime]


_CHANGED = _Axis(
    order="modified", after="modified_after", before="modified_before", of=attrgetter("modified")
)
_PUBLISHED = _Axis(order="date", after="after", before="before", of=attrgetter("date"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Root:
    """Where the API is, and whether the plugin Co-Authors Plus answers there."""

    url: str
    coauthors: bool = False


def _says_nothing(error: SourceError) -> bool:
    """Whether it may well be a WordPress: it is in trouble, wants to be left alone, or says too much."""
    status = getattr(error, "status", None) or 0
    return status >= 500 or status == 429 or "cannot be read" in error.message


class Api:
    """Asks one site. Raises SourceError (mostly FetchError) where it gives no sense."""

    def __init__(self, fetcher: Fetcher, url: str) -> None:
        self._fetcher = fetcher
        self._url = url
        self.root: Root | None = None
        self.headers: Mapping[str, str] = {}

    # -- where it is -----------------------------------------------------------------------

    async def find(self) -> Root:
        """The API's root: as the address says, or as the site's own page does."""
        last: SourceError | None = None
        for candidate in await self._candidates():
            try:
                told = _json(await self._fetcher.get(candidate, accept="application/json"))
            except SourceError as error:
                last = last or error
                continue
            names = told.get("namespaces") if isinstance(told, dict) else None
            if isinstance(names, list) and "wp/v2" in names:
                self.root = Root(url=candidate, coauthors="coauthors/v1" in names)
                return self.root
        if last is not None and _says_nothing(last):
            raise last  # whether it is one is not known
        host = urlsplit(self._url).hostname
        fix = "set url to the site's address, or to its wp-json; a security plugin may have shut the REST API"
        raise SourceError(f"{host}: there is no WordPress, or its REST API is shut", fix=fix) from last

    async def _candidates(self) -> list[str]:
        parts = urlsplit(self._url)
        if "/wp-json" in parts.path or "rest_route=" in parts.query:
            return [self._url]
        found: list[str | None] = []
        url = self._url
        try:
            page = await self._fetcher.get(self._url, accept="text/html")
        except FetchError as error:
            if error.status is None:
                raise
        else:
            url = page.url
            found += [link.url for link in page.links() if RELATION in link.rels]
            found += [joined(url, href) for href in _links_in(page.body)]
        found += [joined(url, "wp-json/"), joined(url, "?rest_route=/")]
        return list(dict.fromkeys(address for address in found if address))

    def address(self, route: str, params: Mapping[str, Any]) -> str:
        """``wp/v2/posts`` with its parameters, at a site with pretty or with plain permalinks."""
        assert self.root is not None
        return address(self.root.url, route, params)

    # -- asking ----------------------------------------------------------------------------

    async def ask(self, route: str, **params: Any) -> Any:
        """What stands at a route, as JSON."""
        answer = await self._get(route, params)
        return _json(answer)

    async def _get(self, route: str, params: Mapping[str, Any], **more: str) -> Fetched:
        answer = await self._fetcher.get(
            self.address(route, params), accept="application/json", headers=more or None
        )
        self.headers = answer.headers
        return answer

    async def base(self, kind: str) -> str:
        """The route where the posts of a type are listed: ``wp/v2/posts`` of ``post``."""
        if kind == "post":
            return "wp/v2/posts"
        try:
            told = await self.ask(f"wp/v2/types/{kind}")
        except FetchError as error:
            if error.status != 404:
                raise
            fix = "look at types; a post type of a plugin must be registered with show_in_rest"
            raise SourceError(f"the site has no post type {kind!r} in its REST API", fix=fix) from None
        known = told if isinstance(told, dict) else {}
        return f"{known.get('rest_namespace') or 'wp/v2'}/{known.get('rest_base') or kind}"

    async def newest(self, base: str) -> list[Row]:
        """The newest posts by date of publication, the newest first."""
        rows, _ = await self._rows(base, orderby="date", order="desc")
        return rows

    async def hidden(self, base: str) -> list[Row]:
        """What was last taken from the public: in the trash, drafts, private. Needs an editor's password."""
        rows, _ = await self._rows(
            base, orderby="modified", order="desc", status="trash,draft,pending,private", per_page=50
        )
        return rows

    async def changed(self, base: str, after: datetime | None) -> AsyncIterator[tuple[list[Row], datetime]]:
        """All that changed in the second ``after`` or later, oldest first, with how far that reaches."""
        async for some in self._upwards(base, _CHANGED, after):
            yield some

    async def published(self, base: str, after: datetime) -> AsyncIterator[tuple[list[Row], datetime]]:
        """All that was published in the second ``after`` or later, oldest first, and how far that is."""
        async for some in self._upwards(base, _PUBLISHED, after):
            yield some

    async def _upwards(
        self, base: str, axis: _Axis, after: datetime | None
    ) -> AsyncIterator[tuple[list[Row], datetime]]:
        at = after
        while True:
            since = {axis.after: _iso(at - _SECOND)} if at else {}
            rows, _ = await self._rows(base, orderby=axis.order, order="asc", **since)
            if at and rows and axis.of(rows[0]) < at - timedelta(days=1):
                raise SourceError(_OLD, fix="update WordPress, or read its feed with type = 'feed'")
            if not rows:
                return
            last = max(map(axis.of, rows))
            if len(rows) < PAGE:
                yield rows, last
                return
            if at is not None and last <= at:
                async for some in self._second(base, axis, at):
                    yield some, at
                at += _SECOND
                continue
            yield rows, last
            at = last

    async def _second(self, base: str, axis: _Axis, at: datetime) -> AsyncIterator[list[Row]]:
        """All posts of one second, from the last page to the first."""
        window = {axis.after: _iso(at - _SECOND), axis.before: _iso(at + _SECOND)}
        _, pages = await self._rows(base, orderby="id", order="asc", **window)
        for page in range(pages, 0, -1):
            rows, _ = await self._rows(base, orderby="id", order="asc", page=page, **window)
            yield rows

    async def _rows(self, base: str, **params: Any) -> tuple[list[Row], int]:
        wanted = {"per_page": PAGE, "_fields": _FIELDS, **params}
        answer = await self._get(base, wanted)
        return [row for row in map(_row, _list(_json(answer), answer)) if row], _pages(answer)

    async def posts(self, base: str, ids: Iterable[str]) -> dict[str, Mapping[str, Any]]:
        """Posts whole, with what belongs to them embedded, by their number."""
        numbers = list(ids)
        params = {"include": ",".join(numbers), "per_page": len(numbers), "orderby": "include", "_embed": "1"}
        answer = await self._get(base, params)
        found: dict[str, Mapping[str, Any]] = {}
        for post in _list(_json(answer), answer):
            try:
                found[own_id(post)] = post
            except NoPost:
                continue
        return found

    async def authors(self, number: str) -> list[Any]:
        """Who stands above a post by the plugin Co-Authors Plus."""
        try:
            told = await self.ask("coauthors/v1/coauthors", post_id=number)
        except FetchError as error:
            if error.status in (401, 403, 404):
                return []
            raise
        return told if isinstance(told, list) else []

    async def standing(self, base: str, number: str) -> str:
        """``there``, ``gone`` (the site says so itself), ``hidden`` (not public any more), or ``unclear``."""
        try:
            answer = await self._get(
                f"{base}/{number}", {"_fields": _FIELDS}, **{"accept-encoding": "identity"}
            )
        except FetchError as error:
            if error.status == 410:
                return "gone"
            code = _code(error.body) if error.status in (401, 403, 404) else None
            return "gone" if code in GONE_CODES else "hidden" if code in HIDDEN_CODES else "unclear"
        told = _json(answer)
        return "there" if isinstance(told, dict) and str(told.get("id")) == number else "unclear"


def address(root: str, route: str, params: Mapping[str, Any]) -> str:
    """A route under the API's root; under plain permalinks it is a parameter itself (``?rest_route=/``)."""
    parts = urlsplit(root)
    pairs = parse_qsl(parts.query, keep_blank_values=True)
    route_at = dict(pairs).get("rest_route")
    path = parts.path
    if route_at is None:
        path = f"{path.rstrip('/')}/{route}"
    else:
        pairs = [(k, f"{route_at.rstrip('/')}/{route}" if k == "rest_route" else v) for k, v in pairs]
    query = urlencode([*pairs, *params.items()], safe="/,:")
    return urlunsplit((parts.scheme, parts.netloc, path, query, ""))


def _links_in(page: bytes) -> list[str]:
    hrefs = (_HREF.search(tag) for tag in _IN_HTML.findall(page[:200_000]))
    return [
        href[1].decode("utf-8", "replace").replace("&amp;", "&").replace("&#038;", "&")
        for href in hrefs
        if href
    ]


def _json(answer: Fetched) -> Any:
    """The answer as JSON, also behind warnings that PHP printed before it."""
    body = answer.body.lstrip(b"\xef\xbb\xbf \r\n\t")
    if not body:
        raise fetch_errors.empty(answer.host, _WANTED)
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        pass
    begin = re.search(rb"(?m)^(?:.*>)?\s*(\[\{|\{\"|\[\]\s*$)", body)
    try:
        if begin is not None:
            return orjson.loads(body[begin.start(1) :])
    except orjson.JSONDecodeError:
        pass
    if answer.is_html:
        raise fetch_errors.html_instead(answer.host, _WANTED)
    raise FetchError(
        f"{answer.host}: what came is no JSON, or was cut off", fix="it is asked again by itself"
    )


def _list(told: Any, answer: Fetched) -> list[Mapping[str, Any]]:
    if not isinstance(told, list):
        raise FetchError(
            f"{answer.host}: no list came where posts should be", fix="look whether url is right"
        )
    return [row for row in told if isinstance(row, dict)]


def _row(row: Mapping[str, Any]) -> Row | None:
    date, modified = moment_gmt(row, "date"), moment_gmt(row, "modified")
    try:
        return Row(id=own_id(row), date=date or modified, modified=modified) if modified else None
    except NoPost:
        return None


def _pages(answer: Fetched) -> int:
    value = answer.headers.get("x-wp-totalpages", "")
    return int(value) if value.isascii() and value.isdigit() and len(value) < 8 else 1


def _code(body: bytes) -> str | None:
    try:
        told = orjson.loads(body.lstrip(b"\xef\xbb\xbf \r\n\t"))
    except orjson.JSONDecodeError:
        return None
    code = told.get("code") if isinstance(told, dict) else None
    return code if isinstance(code, str) else None


def _iso(moment: datetime) -> str:
    """For WordPress, which takes it into its own time zone."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
