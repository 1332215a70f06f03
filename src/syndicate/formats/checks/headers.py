"""What a server says with a feed: rules H1 to H3, H5 and H10, for ``feeds validate URL``.

All of these are warnings: the document is as good as it was, but readers,
hubs and caches get less from it than they could.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace

from syndicate.formats.checks.findings import note, shown, warning
from syndicate.model import Finding

_TYPES: Mapping[str, tuple[str, ...]] = {
    "rss": ("application/rss+xml",),
    "atom": ("application/atom+xml",),
    "json": ("application/feed+json",),
}
_USABLE = frozenset({"application/xml", "text/xml", "application/json"})
_ETAG = re.compile(r'"[\x21\x23-\x7e\x80-\xff]*"')
_LINK = re.compile(r"<([^<>]*)>((?:\s*;\s*[a-zA-Z*]+\s*=\s*(?:\"[^\"]*\"|[^\s;,\"]+))*)")
_REL = re.compile(r"rel\s*=\s*\"?([^\";,]*)", re.IGNORECASE)
_AGE = re.compile(r"max-age\s*=\s*\"?(\d+)", re.IGNORECASE)
_LEAST, _MOST = 300, 1800
"""Seconds for which a feed may be kept (rule H3)."""


def check(
    kind: str | None, address: str, headers: Mapping[str, str], hubs: frozenset[str] = frozenset()
) -> Iterator[Finding]:
    """Warnings about an answer's headers. ``headers``: names in lower case, repeated ones joined by
    commas. ``hubs``: those that the document itself names."""
    for finding in _findings(kind, address, headers, hubs):
        yield replace(finding, line=None)  # headers have no lines


def _findings(
    kind: str | None, address: str, headers: Mapping[str, str], hubs: frozenset[str]
) -> Iterator[Finding]:
    yield from _media_type(kind, headers.get("content-type"))
    yield from _validators(headers)
    yield from _caching(headers)
    yield from _links(address, headers.get("link", ""), hubs)
    if "set-cookie" in headers:
        yield warning("H2", "the answer sets a cookie", "set none on feeds: caches then keep no copy")
    coding = headers.get("content-encoding", "")
    if coding and "accept-encoding" not in headers.get("vary", "").lower():
        fix = "send Vary: Accept-Encoding, or a cache gives this coding to everyone"
        yield warning("H2", f"the answer is {coding} and does not vary", fix)


def conditional(status: int) -> Iterator[Finding]:
    """What became of the same request with ``If-None-Match``: 304 is what costs nobody anything."""
    if status != 304:
        words = f"a poll with If-None-Match is answered {status}, and not 304"
        fix = "compare the request's ETag with the document's, and answer 304"
        yield replace(warning("H1", words, fix), line=None)


def _media_type(kind: str | None, stated: str | None) -> Iterator[Finding]:
    wanted = _TYPES.get(kind or "")
    if wanted is None:
        return
    bare = (stated or "").partition(";")[0].strip().lower()
    if bare in wanted:
        if kind != "json" and "charset" not in (stated or "").lower():
            yield warning("H2", "the Content-Type names no charset", f"send {wanted[0]}; charset=utf-8")
        return
    say = note if bare in _USABLE else warning
    words = f"the Content-Type is {shown(stated)}, and not {wanted[0]}"
    yield say("H2", words, f"serve it as {wanted[0]}: browsers and readers choose by it")


def _validators(headers: Mapping[str, str]) -> Iterator[Finding]:
    etag = headers.get("etag")
    if etag is None:
        yield warning("H1", "there is no ETag", "send one, a hash of the bytes in double quotes")
    elif not _ETAG.fullmatch(etag.removeprefix("W/")):
        yield warning("H1", f"the ETag {shown(etag)} is not quoted", "put it into double quotes")
    elif etag.startswith("W/"):
        yield note("H1", "the ETag is weak", "a strong one, by coding, allows deltas and exact caching")
    if "last-modified" not in headers:
        fix = "send when the bytes last changed, for readers that know no ETag"
        yield warning("H1", "there is no Last-Modified", fix)


def _caching(headers: Mapping[str, str]) -> Iterator[Finding]:
    control = headers.get("cache-control", "")
    age = _AGE.search(control)
    if "no-store" in control.lower() or age is None:
        fix = f"send Cache-Control: max-age, from {_LEAST} to {_MOST}"
        yield warning("H3", f"Cache-Control is {shown(control)}: readers do not know when to come again", fix)
    elif not _LEAST <= int(age[1][:9]) <= _MOST:
        fix = f"let it be from {_LEAST} to {_MOST} seconds"
        yield warning("H3", f"the feed may be kept for {age[1]} seconds", fix)


def _links(address: str, header: str, hubs: frozenset[str]) -> Iterator[Finding]:
    """Rule H5. A hub in the document and none in the headers is missed by readers of headers."""
    named = [(url, rel) for url, rest in _LINK.findall(header) for rel in _rels(rest)]
    own = [url for url, rel in named if rel == "self"]
    told = {url for url, rel in named if rel == "hub"}
    if len(own) != 1:
        words = f'{len(own)} Link headers with rel="self"; there must be exactly one'
        yield warning("H5", words, f'send Link: <{address}>; rel="self"')
    elif own[0] != address:
        words = f"the Link header's self is {shown(own[0])}, and not the address it was fetched from"
        yield warning("H5", words, f"let it be {address}")
    if not told:
        fix = 'send Link: <https://…>; rel="hub": it is how JSON Feed subscribers find the hub'
        yield (warning if hubs else note)("H5", "no Link header names a hub", fix)
    elif hubs and told != hubs:
        fix = "let headers and document name the same hubs"
        yield warning("H5", "the headers name other hubs than the document", fix)


def _rels(rest: str) -> list[str]:
    found = _REL.search(rest)
    return found[1].lower().split() if found else []
