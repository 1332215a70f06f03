"""``/api/v1/articles``: where senders bring stories, in front of the inbox."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Protocol
from urllib.parse import parse_qs
from zoneinfo import ZoneInfo

import structlog
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from syndicate.config import Settings
from syndicate.errors import StorageError
from syndicate.hub.throttle import Throttle
from syndicate.ingest.inbox import WAITS, Receipt, refused
from syndicate.ingest.inbox import Request as Once
from syndicate.ingest.inbox_hold import AGAIN
from syndicate.sources.inbox_story import (
    Desk,
    Fault,
    Malformed,
    NotTaken,
    Sent,
    load,
    read_sent,
    read_sent_xml,
)
from syndicate.sources.options import InboxOptions
from syndicate.storage import Scope, Token
from syndicate.web.bodies import BODIES, NotRead
from syndicate.web.credentials import PRIVATE, Known, unauthorized, who
from syndicate.web.inbox_openapi import DESCRIPTION

log = structlog.get_logger(__name__)

_AT_ONCE = 16
_BODY_SECONDS = 20.0
_KEY_LONGEST = 255
_TITLES = {
    400: "Not readable", 403: "Not allowed", 404: "Not found", 408: "Too slow", 409: "In conflict",
    413: "Too large", 415: "Wrong kind of content", 422: "Not taken", 429: "Too many requests",
    503: "Not now",
}  # fmt: skip


def inboxes(settings: Settings) -> dict[str, tuple[InboxOptions, Desk]]:
    """Every inbox that is configured: its options, and what its stories are read under."""
    zone = ZoneInfo(settings.publisher.timezone)
    return {
        name: (options, Desk(name, zone, options.language, options.ids == "source"))
        for name, options in settings.sources.items()
        if isinstance(options, InboxOptions)
    }


class Box(Protocol):
    """What takes the stories: ``ingest.inbox.Inbox``."""

    async def put(
        self, source: str, items: Sequence[Sent | NotTaken], request: Once | None, *, many: bool
    ) -> Receipt: ...
    async def withdraw(self, source: str, own_id: str, reason: str, request: Once | None) -> Receipt: ...
    async def look(self, source: str, own_id: str) -> dict[str, object] | None: ...


class Stop(Exception):
    """An answer that ends a request."""

    def __init__(self, response: Response) -> None:
        super().__init__(response.status_code)
        self.response = response


class InboxDesk:
    """One sender's way in. ``inboxes`` gives options and reading terms by source, as configured now."""

    def __init__(
        self,
        box: Box,
        keyring: Known,
        inboxes: Callable[[], Mapping[str, tuple[InboxOptions, Desk]]],
        wake: Callable[[], None],
    ) -> None:
        self._box = box
        self._keyring = keyring
        self._inboxes = inboxes
        self._wake = wake
        self._room = asyncio.Semaphore(_AT_ONCE)
        self._throttles: dict[tuple[str, int], Throttle] = {}

    def routes(self) -> list[BaseRoute]:
        """The routes; where no inbox is configured all of them are 404."""
        return [
            Route("/api/v1/openapi.json", self._describe, methods=["GET"]),
            Route("/api/v1/articles", self._answering(self._post), methods=["POST"]),
            Route("/api/v1/articles/{id:path}", self._answering(self._one), methods=["GET", "PUT", "DELETE"]),
        ]

    async def _describe(self, request: Request) -> Response:  # noqa: ARG002
        return in_json(200, DESCRIPTION if self._inboxes() else _body(404, "there is no inbox here"))

    def _answering(
        self, act: Callable[[Request, Token], Awaitable[Response]]
    ) -> Callable[[Request], Awaitable[Response]]:
        async def answer(request: Request) -> Response:
            try:
                if not self._inboxes():
                    return problem(
                        404, "there is no inbox here", fix='[sources.NAME] type = "inbox" makes one'
                    )
                token = await self._sender(request)
                return await act(request, token)
            except Stop as stop:
                return stop.response
            except Malformed as error:
                return problem(400, str(error), fix="send JSON in UTF-8, or NewsML-G2 or NITF in XML")
            except StorageError as error:
                log.warning("inbox_not_stored", reason=error.message, fix=error.fix)
                words = "nothing was stored; send it again"
                return problem(503, words, headers={"retry-after": "5"})

        return answer

    async def _sender(self, request: Request) -> Token:
        token = await who(request, self._keyring)
        if token is None:
            raise Stop(unauthorized())
        if token.scope is not Scope.INBOX or token.owner not in self._inboxes():
            words = f"the token of {token.owner!r} opens no inbox"
            fix = "an inbox's tokens bear its name: `syndicate tokens add --inbox NAME`"
            raise Stop(problem(403, words, fix=fix))
        options = self._inboxes()[token.owner][0]
        key = (token.owner, options.per_minute)
        throttle = self._throttles.setdefault(key, Throttle(options.per_minute))
        if wait := throttle.wait(token.owner, time.monotonic()):
            headers = {"retry-after": str(max(1, round(wait)))}
            raise Stop(problem(429, f"more than {options.per_minute} requests in a minute", headers=headers))
        return token

    def _answer(self, receipt: Receipt, token: Token) -> Response:
        return answered(receipt, token.owner, token.label, self._wake)

    # -- the acts ------------------------------------------------------------------------

    async def _post(self, request: Request, token: Token) -> Response:
        options, desk = self._inboxes()[token.owner]
        body = await story_body(request, options, xml=True)
        read = _read_xml if is_xml(request) else _read
        async with self._room:  # not while the body comes in: who sends it slowly keeps nobody waiting
            items, many = await asyncio.to_thread(read, body, desk)
            if many and not 0 < len(items) <= options.max_batch:
                limit = options.max_batch
                return problem(
                    413 if items else 422, f"the list holds {len(items)} stories, not 1 to {limit}"
                )
            receipt = await self._box.put(desk.source, items, _once(request, body), many=many)
        return self._answer(receipt, token)

    async def _one(self, request: Request, token: Token) -> Response:
        own_id = request.path_params["id"]
        options, desk = self._inboxes()[token.owner]
        if request.method == "GET":
            async with self._room:
                known = await self._box.look(desk.source, own_id)
            return problem(404, "no story of yours has this id") if known is None else in_json(200, known)
        if request.method == "DELETE":
            body = await _body_of(request, options.max_bytes)
            reason = await asyncio.to_thread(_reason, request, body)
            async with self._room:
                receipt = await self._box.withdraw(desk.source, own_id, reason, _once(request, body))
            return self._answer(receipt, token)
        body = await story_body(request, options, xml=True)
        read = _read_xml if is_xml(request) else _read
        async with self._room:
            items, many = await asyncio.to_thread(read, body, desk, own_id)
            if many:
                return problem(422, "PUT brings one story", fix="POST several to /api/v1/articles")
            receipt = await self._box.put(desk.source, items, _once(request, body), many=False)
        return self._answer(receipt, token)


async def story_body(request: Request, options: InboxOptions, *, xml: bool = False) -> bytes:
    """A request's JSON, or XML where that is taken, within the inbox's limit. Raises Stop."""
    kind, _, rest = _media_type(request)
    if not _is("json", kind) and not (xml and is_xml(request)):
        fix = "send application/json" + (", or application/xml for NewsML-G2 and NITF" if xml else "")
        raise Stop(problem(415, f"the body is {kind or 'of no kind'}", fix=fix))
    charset = rest.partition("charset=")[2].partition(";")[0].strip(' "')
    if charset not in ("", "utf-8", "utf8"):
        raise Stop(problem(415, f"the body is in {charset}", fix="send UTF-8"))
    return await _body_of(request, options.max_bytes)


def answered(receipt: Receipt, source: str, label: str, wake: Callable[[], None]) -> Response:
    """The answer to what was stored; ``label`` names the sender in the log."""
    ok = receipt.status < 400
    log.info(
        "inbox_answered",
        source=source,
        label=label,
        status=receipt.status,
        result=receipt.body.get("result", "list"),
        article=receipt.body.get("article"),
    )
    headers = {"idempotency-replayed": "true"} if receipt.replayed else {}
    if receipt.status == WAITS:
        headers["retry-after"] = str(AGAIN.seconds)
    if ok and "location" in receipt.body:
        headers["location"] = str(receipt.body["location"])
    if ok and not receipt.replayed:
        wake()
    return in_json(receipt.status, receipt.body if ok else _problem(receipt), headers, ok=ok)


def is_xml(request: Request) -> bool:
    """Whether a request says that it brings XML."""
    return _is("xml", _media_type(request)[0])


def _media_type(request: Request) -> tuple[str, str, str]:
    kind, mark, rest = request.headers.get("content-type", "").lower().partition(";")
    return kind.strip(), mark, rest


def _is(form: str, kind: str) -> bool:
    """Whether a media type is JSON, or XML: by its name, or by its suffix (RFC 6839)."""
    known = (f"application/{form}", f"text/{form}") if form == "xml" else (f"application/{form}",)
    return kind in known or (kind.startswith("application/") and kind.endswith(f"+{form}"))


def _read(body: bytes, desk: Desk, own_id: str | None = None) -> tuple[list[Sent | NotTaken], bool]:
    """The stories in JSON, and whether they came as a list. Raises Malformed."""
    loaded = load(body)
    many = isinstance(loaded, list)
    found: list[Sent | NotTaken] = []
    for item in loaded if many else [loaded]:
        try:
            found.append(read_sent(item, desk, own_id))
        except NotTaken as not_taken:
            found.append(not_taken)
    return found, many


def _read_xml(body: bytes, desk: Desk, own_id: str | None = None) -> tuple[list[Sent | NotTaken], bool]:
    """The same for NewsML-G2 and NITF. Raises Malformed."""
    found = read_sent_xml(body, desk, own_id)
    return found, len(found) != 1


def _once(request: Request, body: bytes) -> Once | None:
    key = request.headers.get("idempotency-key", "").strip()
    if not key:
        return None
    if len(key) > _KEY_LONGEST:
        fault = Fault("Idempotency-Key", f"the key is longer than {_KEY_LONGEST} characters", "shorten it")
        raise Stop(in_json(422, _problem(refused(422, fault)), ok=False))
    where = request.url.path.encode("utf-8", "replace") + b"?" + request.url.query.encode()
    return Once.of(key, request.method.encode(), where, body)


def _reason(request: Request, body: bytes) -> str:
    """Why a story is withdrawn: ``?reason=`` or ``{"reason": …}``; partners and the log hear it."""
    known = parse_qs(request.url.query, errors="replace").get("reason", [""])[0]
    if not known and body.strip():
        loaded = load(body)
        known = loaded.get("reason", "") if isinstance(loaded, dict) else ""
    words = " ".join(known.split()) if isinstance(known, str) else ""
    words = words.encode("utf-8", "ignore").decode("utf-8").replace("\0", "")[:500]
    if not words:
        fault = Fault("reason", "there is no reason", 'say why: ?reason=…, or {"reason": …}')
        raise Stop(in_json(422, _problem(refused(422, fault)), ok=False))
    return words


_FIXES = {413: "send fewer stories at a time", 415: "send it as it is"}


async def _body_of(request: Request, limit: int) -> bytes:
    try:
        return await BODIES.read(request, limit, _BODY_SECONDS)
    except NotRead as error:
        raise Stop(problem(error.status, error.words, fix=_FIXES.get(error.status))) from None


def problem(
    status: int, detail: str, *, fix: str | None = None, headers: Mapping[str, str] | None = None
) -> Response:
    """An answer in the form of RFC 9457."""
    return in_json(status, _body(status, detail, fix), headers, ok=False)


def _body(status: int, detail: str, fix: str | None = None) -> dict[str, object]:
    known = {"type": "about:blank", "title": _TITLES.get(status, "Error"), "status": status, "detail": detail}
    return {**known, "fix": fix} if fix else known


def _problem(receipt: Receipt) -> dict[str, object]:
    known = _body(receipt.status, str(receipt.body.get("detail", "")))
    return {**known, "errors": receipt.body.get("errors", [])}


def in_json(
    status: int,
    value: Mapping[str, object],
    headers: Mapping[str, str] | None = None,
    *,
    ok: bool = True,
) -> Response:
    """An answer of the inbox; not ``ok``: a problem in the form of RFC 9457."""
    # In ASCII: what a sender wrote may hold what no encoding takes (a lone surrogate).
    kind = "application/json" if ok else "application/problem+json"
    return Response(
        json.dumps(value, ensure_ascii=True), status, headers={**PRIVATE, **(headers or {})}, media_type=kind
    )
