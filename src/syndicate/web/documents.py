"""Raw ASGI for known documents: a poll is a look-up or two, and never touches a database.

Answers by rules H1, H2, H3, H5 and H7; whatever is not on the shelf goes on to
the next application.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import quote

from starlette.responses import Response

from syndicate.web.courtesy import Courtesy
from syndicate.web.deltas import Delta
from syndicate.web.negotiation import choose_coding, etag_matches, not_modified_since, wants_feed
from syndicate.web.prepared import CROSS_ORIGIN, NOSNIFF, Gone, Headers, Prepared, Representation
from syndicate.web.shelf import Found, Moved, Shelf

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

_ALLOW = (b"allow", b"GET, HEAD, OPTIONS")
_ASKED: Headers = [
    _ALLOW,
    *CROSS_ORIGIN,
    (b"access-control-allow-methods", b"GET, HEAD"),
    (b"access-control-allow-headers", b"If-None-Match, If-Modified-Since, A-IM"),
    (b"access-control-max-age", b"86400"),
]
"""What a browser asks before a page's script may poll with conditions."""
_ASK_WITH_A_CONDITION = (
    "Too many fetches. Send If-None-Match with the ETag you have: such polls are not limited."
)
_PATH_SAFE = "/:@!$&'()*+,;=-._~"


class DocumentResponse(Response):
    """A document as the answer of a route: conditional and compressed like the public ones."""

    def __init__(self, found: Prepared) -> None:
        super().__init__()
        self._found = found

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002
        await _document(scope, send, self._found)


class Documents:
    """The outermost application; ``rest`` gets what is not a document."""

    def __init__(self, shelf: Shelf, rest: App, courtesy: Courtesy | None = None) -> None:
        self._shelf = shelf
        self._rest = rest
        self._courtesy = courtesy

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._rest(scope, receive, send)
            return
        path = scope["path"]
        found: Found | None = self._shelf.at(path) or await self._shelf.find(path)
        if found is None:
            await self._rest(scope, receive, send)
        elif scope["method"] == "OPTIONS":
            await _send(send, 204, _ASKED, b"")
        elif scope["method"] not in ("GET", "HEAD"):
            await _plain(scope, send, 405, "This address can only be read.", [_ALLOW])
        elif isinstance(found, Prepared):
            if self._courtesy is None or not (seconds := _wait(scope, self._courtesy)):
                await _document(scope, send, found)
            else:
                later = [(b"retry-after", b"%d" % seconds), *CROSS_ORIGIN]
                await _plain(scope, send, 429, _ASK_WITH_A_CONDITION, later)
        elif isinstance(found, Moved):
            await _moved(scope, send, found)
        else:
            await _gone(scope, send, found)


def _wait(scope: Scope, courtesy: Courtesy) -> int:
    """Seconds until the document may be fetched; 0 for every poll with a condition (rule H4)."""
    _, matches, since, _ = _conditions(scope)
    if matches is not None or since is not None:
        return 0
    forwarded = [value.decode("latin-1") for name, value in scope["headers"] if name == b"x-forwarded-for"]
    return courtesy.wait((scope.get("client") or ("",))[0], forwarded, scope["path"])


async def _document(scope: Scope, send: Send, found: Prepared) -> None:
    accepted, matches, since, manipulations = _conditions(scope)
    coding = choose_coding(accepted, found.codings)
    if coding is None:
        await _plain(scope, send, 406, "None of the content codings can be sent.", found.vary)
        return
    chosen = found.representations[coding]
    if unchanged(found, chosen, matches, since):
        await _send(send, 304, chosen.unchanged, b"")
    elif delta := await _delta(scope, found, matches, manipulations, coding):
        await _send(send, 226, delta.headers, delta.body)
    else:
        await _send(send, 200, chosen.full, b"" if scope["method"] == "HEAD" else chosen.body)


async def _delta(
    scope: Scope, found: Prepared, matches: bytes | None, manipulations: bytes | None, coding: str
) -> Delta | None:
    """Only what is new, where it is asked for (rule H6). 226 answers GET alone (RFC 3229 10.4.1)."""
    if manipulations is None or matches is None or found.deltas is None or scope["method"] != "GET":
        return None
    return await found.deltas.answer(matches, coding) if wants_feed(manipulations) else None


def _conditions(scope: Scope) -> tuple[bytes | None, bytes | None, bytes | None, bytes | None]:
    """Accept-Encoding, If-None-Match, If-Modified-Since, A-IM; a repeated list header is one list."""
    accepted = matches = since = manipulations = None
    for name, value in scope["headers"]:
        if name == b"accept-encoding":
            accepted = value if accepted is None else accepted + b"," + value
        elif name == b"if-none-match":
            matches = value if matches is None else matches + b"," + value
        elif name == b"if-modified-since":
            since = value
        elif name == b"a-im":
            manipulations = value if manipulations is None else manipulations + b"," + value
    return accepted, matches, since, manipulations


def unchanged(found: Prepared, chosen: Representation, matches: bytes | None, since: bytes | None) -> bool:
    """Whether the reader has the document as it is (rule H1)."""
    if matches is not None:  # If-None-Match wins: the other is not even looked at (RFC 9110 13.1.3)
        return matches == chosen.etag or etag_matches(matches, chosen.etag)
    if since is None:
        return False
    return since == found.last_modified or not_modified_since(since, found.modified)


async def _moved(scope: Scope, send: Send, found: Moved) -> None:
    # Encoded again: the path came decoded, and could hold a line end. It begins with one slash,
    # so it cannot lead to another host.
    location = quote("/" + found.path.lstrip("/"), safe=_PATH_SAFE).encode("ascii")
    query = scope.get("query_string") or b""
    target = location + b"?" + query if query else location
    headers = [(b"location", target), (b"cache-control", b"public, max-age=3600")]
    await _plain(scope, send, 301, "Moved for good.", headers)


async def _gone(scope: Scope, send: Send, found: Gone) -> None:  # noqa: ARG001 - nothing is known but that
    headers = [(b"cache-control", b"public, max-age=300")]
    await _plain(scope, send, 410, "What was here has been withdrawn.", headers)


async def _plain(scope: Scope, send: Send, status: int, words: str, extra: Headers) -> None:
    body = words.encode() + b"\n"
    length = b"%d" % len(body)
    kind = (b"content-type", b"text/plain; charset=utf-8")
    headers = [kind, (b"content-length", length), NOSNIFF, *extra]
    await _send(send, status, headers, b"" if scope["method"] == "HEAD" else body)


async def _send(send: Send, status: int, headers: Headers, body: bytes) -> None:
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
