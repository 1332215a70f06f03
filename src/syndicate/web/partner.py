"""``/partner/v1/…``: what partners pull, and where they confirm. Nothing is told without a token."""

from __future__ import annotations

import math
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Protocol
from urllib.parse import quote

import orjson
import structlog
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from syndicate.distribute.cursors import Ask, PullRefusal, read_ask
from syndicate.distribute.pull import Pull
from syndicate.distribute.pull_books import ACTIONS, Page
from syndicate.errors import DocumentError, StorageError
from syndicate.formats.encoding import etag, gzip_bytes
from syndicate.formats.ninjs import MEDIA_TYPE
from syndicate.hub.throttle import Throttle
from syndicate.storage import Ack, Scope, Token
from syndicate.web.bodies import BODIES, NotRead
from syndicate.web.credentials import PRIVATE, Known, unauthorized, who
from syndicate.web.documents import DocumentResponse
from syndicate.web.negotiation import choose_coding, etag_matches
from syndicate.web.prepared import Prepared

ROOT = "/partner/v1"
MAX_WAITING = 16
"""So many requests of one token may wait at a time: a client that hangs up leaves its own behind."""
_HIGHEST = 2**31 - 1
_BODY_LIMIT, _BODY_SECONDS = 16_384, 10.0
_CHECKED = {"cache-control": "private, no-cache", "x-content-type-options": "nosniff"}
_NOTHING = PullRefusal(404, "not_found", "there is nothing here for you", "see the addresses you were given")
_BUSY = PullRefusal(503, "not_now", "the database cannot be used now", "ask again in a while", retry_after=30)

log = structlog.get_logger(__name__)

Handler = Callable[[Request, str, Token], Awaitable[Response]]


class Papers(Protocol):
    """What makes feeds under a partner's terms: ``partner_feeds.PartnerFeeds``."""

    async def get(self, partner: str, slug: str, file: str) -> Prepared | None:
        """The document. Raises DocumentError for one that did not pass its checks."""
        ...


@dataclass
class PartnerDesk:
    """Opens to partners' tokens alone, each to its own partner's side."""

    pull: Pull
    papers: Papers
    keyring: Known
    per_minute: Callable[[], int]
    url: Callable[[str], str]
    now: Callable[[], float] = time.monotonic
    _throttle: Throttle = field(init=False)
    _waiting: Counter[int] = field(default_factory=Counter, init=False)

    def __post_init__(self) -> None:
        self._throttle = Throttle(self.per_minute())

    def routes(self) -> list[Route]:
        """The four of them."""
        return [
            Route("/partner/v1/{partner}/journal", self._for_partner(self._journal)),
            Route("/partner/v1/{partner}/stories/{id:path}", self._for_partner(self._story)),
            Route("/partner/v1/{partner}/acks", self._for_partner(self._ack), methods=["POST"]),
            Route("/partner/v1/{partner}/feeds/{slug}/{file}", self._for_partner(self._feed)),
        ]

    def configure(self) -> None:
        """Go on under other limits."""
        self._throttle = Throttle(self.per_minute())

    def _for_partner(self, handler: Handler) -> Callable[[Request], Awaitable[Response]]:
        async def answer(request: Request) -> Response:
            token = await who(request, self.keyring)
            if token is None:
                return unauthorized()
            try:
                return await handler(request, self._own(request, token), token)
            except PullRefusal as refusal:
                return _refused(refusal)
            except StorageError as error:
                log.warning("partner_not_answered", reason=error.message, fix=error.fix)
                return _refused(_BUSY)

        return answer

    def _own(self, request: Request, token: Token) -> str:
        """The partner a token is for. Another's side looks like one that does not exist."""
        wait = self._throttle.wait(str(token.id), self.now())
        if wait:
            raise _slower(math.ceil(wait), f"no more than {self.per_minute()} requests a minute are taken")
        partner = str(request.path_params["partner"])
        if token.scope is not Scope.PARTNER or token.owner != partner or not self.pull.serves(partner):
            raise _NOTHING
        return partner

    # -- the journal ---------------------------------------------------------------------

    async def _journal(self, request: Request, partner: str, token: Token) -> Response:
        ask = read_ask(dict(request.query_params), self.pull.now())
        page = await self._waited(partner, ask, token) if ask.wait else await self.pull.journal(partner, ask)
        query = f"after={page.next}&limit={ask.limit}" + (f"&wait={ask.wait:g}" if ask.wait else "")
        onward = self.url(f"{ROOT}/{quote(partner)}/journal?{query}")
        headers = {**PRIVATE, "link": f'<{onward}>; rel="next"', "vary": "Accept-Encoding"}
        return _compressed(request, _page(page), headers)

    async def _waited(self, partner: str, ask: Ask, token: Token) -> Page:
        if self._waiting[token.id] >= MAX_WAITING:
            raise _slower(1, f"{MAX_WAITING} requests with this token wait already")
        self._waiting[token.id] += 1
        try:
            return await self.pull.journal(partner, ask)
        finally:
            self._waiting[token.id] -= 1
            self._waiting += Counter()  # those at nought are forgotten

    # -- single stories ------------------------------------------------------------------

    async def _story(self, request: Request, partner: str, token: Token) -> Response:  # noqa: ARG002
        body = await self.pull.story(partner, str(request.path_params["id"]))
        if body is None:
            raise _NOTHING
        tag = etag(body)
        headers = {**_CHECKED, "etag": tag}
        wanted = request.headers.get("if-none-match", "").encode("latin-1")
        if wanted and etag_matches(wanted, tag.encode()):
            return Response(status_code=304, headers=headers)
        return Response(body, headers=headers, media_type=MEDIA_TYPE)

    # -- confirmations -------------------------------------------------------------------

    async def _ack(self, request: Request, partner: str, token: Token) -> Response:
        said = _object(await _body(request))
        name, version, action = said.get("uri") or said.get("id"), said.get("version"), said.get("action")
        if not isinstance(name, str) or not name or "\0" in name:
            raise _bad("'uri' (or 'id') is missing", "give the uri of the story as you got it")
        if isinstance(version, bool) or not isinstance(version, int | str) or not _is_number(str(version)):
            raise _bad("'version' is missing, or no number", "give the version of the story as you got it")
        if action is not None and action not in ACTIONS:
            raise _bad(f"{action!r} is no action", f"give one of {', '.join(ACTIONS)}, or leave it out")
        ack, fresh = await self.pull.confirm(partner, token, name, int(version), action)
        return JSONResponse(_confirmed(ack), 201 if fresh else 200, headers=PRIVATE)

    # -- feeds ---------------------------------------------------------------------------

    async def _feed(self, request: Request, partner: str, token: Token) -> Response:  # noqa: ARG002
        slug, file = str(request.path_params["slug"]), str(request.path_params["file"])
        try:
            found = await self.papers.get(partner, slug, file)
        except DocumentError as error:
            fix = "try again later; the publisher was told"
            raise PullRefusal(503, "not_in_order", error.message, fix, retry_after=300) from error
        if found is None:
            raise _NOTHING
        return DocumentResponse(found)


def _page(page: Page) -> bytes:
    """Stories are rendered already, so that they are joined and not parsed again."""
    head = orjson.dumps({"next": str(page.next), "more": page.more})
    return head[:-1] + b',"stories":[' + b",".join(page.stories) + b"]}"


def _compressed(request: Request, body: bytes, headers: dict[str, str]) -> Response:
    accepted = request.headers.get("accept-encoding", "").encode("latin-1")
    if len(body) > 1000 and choose_coding(accepted, ("gzip", "identity")) == "gzip":
        body, headers = gzip_bytes(body), {**headers, "content-encoding": "gzip"}
    return Response(body, headers=headers, media_type=MEDIA_TYPE)


def _confirmed(ack: Ack) -> dict[str, object]:
    return {
        "id": ack.article_id,
        "version": str(ack.revision),
        "action": ack.action,
        "at": ack.at.isoformat(),
        "token": ack.label,
    }


def _refused(refusal: PullRefusal) -> Response:
    headers = dict(PRIVATE)
    if refusal.retry_after is not None:
        headers["retry-after"] = str(refusal.retry_after)
    return JSONResponse(refusal.body, refusal.status, headers=headers)


def _slower(seconds: int, words: str) -> PullRefusal:
    return PullRefusal(429, "too_many_requests", words, f"wait {seconds} s", retry_after=seconds)


def _bad(message: str, fix: str) -> PullRefusal:
    return PullRefusal(400, "bad_request", message, fix)


def _is_number(words: str) -> bool:
    """After a restore versions follow the clock and are long; none is beyond what is counted here."""
    return words.isascii() and words.isdigit() and len(words) <= 10 and int(words) <= _HIGHEST


def _object(body: bytes) -> dict[str, object]:
    try:
        said = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise _bad("the body is not JSON", 'send {"uri": "…", "version": "2"}') from None
    if not isinstance(said, dict):
        raise _bad("the body is no JSON object", 'send {"uri": "…", "version": "2"}')
    return said


_UNREAD = {
    408: ("too_slow", "send it again"),
    413: ("too_large", "confirm one story a request"),
    415: ("unsupported", "send it as it is"),
}


async def _body(request: Request) -> bytes:
    try:
        return await BODIES.read(request, _BODY_LIMIT, _BODY_SECONDS)
    except NotRead as error:
        code, fix = _UNREAD.get(error.status, ("bad_request", "send it again"))
        raise PullRefusal(error.status, code, error.words, fix) from None
