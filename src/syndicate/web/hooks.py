"""``/api/v1/hooks/{source}``: where a CMS posts what was saved, signed, in front of the inbox."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from syndicate.config import Settings
from syndicate.errors import StorageError
from syndicate.hub.throttle import Throttle
from syndicate.ingest.inbox import Request as Once
from syndicate.sources import ghost_hook, hook, hook_signatures, wordpress_hook
from syndicate.sources.hook import HookDesk, Passed
from syndicate.sources.hook_signatures import NotSigned, Signed
from syndicate.sources.inbox_story import Malformed, NotTaken, Sent, load
from syndicate.sources.options import InboxOptions
from syndicate.web.inbox import Box, Stop, answered, in_json, inboxes, problem, story_body

log = structlog.get_logger(__name__)

PATH = "/api/v1/hooks"
_AT_ONCE = 8
_FORMS: Mapping[str, tuple[hook_signatures.Verify, hook.Read]] = {
    "own": (hook_signatures.standard, hook.own),
    "wordpress": (hook_signatures.wordpress, wordpress_hook.read_wordpress),
    "ghost": (hook_signatures.ghost, ghost_hook.read_ghost),
}
_SIGNATURES = frozenset({"webhook-signature", "x-wp-webhook-signature", "x-ghost-signature"})
_FIX = "sign it with one of the secrets of [sources.NAME], and look at the clocks of both machines"


@dataclass(frozen=True, slots=True)
class Hook:
    """One configured hook: its options, and what its notices are read under."""

    options: InboxOptions
    terms: HookDesk


def hooks(settings: Settings) -> dict[str, Hook]:
    """Every inbox that has secrets."""
    main = settings.publisher.language
    return {
        name: Hook(options, HookDesk(desk=desk, main=main, types=options.types, authors=options.authors))
        for name, (options, desk) in inboxes(settings).items()
        if options.secrets
    }


class HookRoute:
    """The way in for webhooks. ``hooks`` gives them by source, as configured now."""

    def __init__(
        self,
        box: Box,
        hooks: Callable[[], Mapping[str, Hook]],
        wake: Callable[[], None],
        clock: Callable[[], datetime],
    ) -> None:
        self._box = box
        self._hooks = hooks
        self._wake = wake
        self._clock = clock
        # For notices that are verified: who has no secret takes no place.
        self._room = asyncio.Semaphore(_AT_ONCE)
        self._throttles: dict[tuple[str, int], Throttle] = {}

    def routes(self) -> list[BaseRoute]:
        """The one route; it is 404 for a source without secrets."""
        return [Route(f"{PATH}/{{source}}", self._answer, methods=["POST"])]

    async def _answer(self, request: Request) -> Response:
        name = request.path_params["source"]
        known = self._hooks().get(name)
        if known is None:
            return problem(
                404, "there is no hook here", fix="[sources.NAME] with type inbox and secrets makes one"
            )
        try:
            return await self._take(request, name, known)
        except Stop as stop:
            return stop.response
        except NotSigned as error:
            log.warning("hook_refused", source=name, reason=str(error))
            return problem(401, str(error), fix=_FIX.replace("NAME", name))
        except Malformed as error:
            return problem(400, str(error), fix="send JSON in UTF-8")
        except StorageError as error:
            log.warning("inbox_not_stored", reason=error.message, fix=error.fix)
            return problem(503, "nothing was stored; send it again", headers={"retry-after": "5"})

    async def _take(self, request: Request, name: str, known: Hook) -> Response:
        verify, _ = _FORMS[known.options.cms]
        headers = dict(request.headers)
        if not _SIGNATURES & headers.keys():
            raise NotSigned("it bears no signature")  # and its body is not even read
        body = await story_body(request, known.options)
        signed = verify(headers, body, known.options.secrets, self._clock())
        self._not_too_often(name, known.options)
        async with self._room:
            return await self._put(request, body, headers, signed, name, known)

    async def _put(
        self,
        request: Request,
        body: bytes,
        headers: Mapping[str, str],
        signed: Signed,
        name: str,
        known: Hook,
    ) -> Response:
        _, read = _FORMS[known.options.cms]
        loaded = await asyncio.to_thread(load, body)
        many = isinstance(loaded, list) and known.options.cms == "own"
        if many and not 0 < len(loaded) <= known.options.max_batch:
            return problem(413, f"the list holds {len(loaded)} stories, not 1 to {known.options.max_batch}")
        try:
            items = await asyncio.to_thread(_read, read, loaded if many else [loaded], headers, known, signed)
        except Passed as passed:
            log.info("hook_passed", source=name, reason=str(passed))
            return in_json(200, {"result": "ignored", "reason": str(passed)})
        receipt = await self._box.put(name, items, _once(signed, request, body), many=many)
        return answered(receipt, name, known.options.cms, self._wake)

    def _not_too_often(self, name: str, options: InboxOptions) -> None:
        """Counted when the signature is known to be good: strangers cannot use up a sender's share."""
        throttle = self._throttles.setdefault((name, options.per_minute), Throttle(options.per_minute))
        if wait := throttle.wait(name, time.monotonic()):
            headers = {"retry-after": str(max(1, round(wait)))}
            words = f"more than {options.per_minute} requests in a minute"
            raise Stop(problem(429, words, headers=headers))


def _read(
    read: hook.Read, items: list[Any], headers: Mapping[str, str], known: Hook, signed: Signed
) -> list[Sent | NotTaken]:
    found: list[Sent | NotTaken] = []
    for item in items:
        try:
            found.append(read(item, headers, known.terms, signed.at))
        except NotTaken as not_taken:
            found.append(not_taken)
    return found


def _once(signed: Signed, request: Request, body: bytes) -> Once | None:
    """A notice that bears an id is answered once; a repetition gets the same answer again."""
    if signed.message_id is None:
        return None
    return Once.of(f"hook:{signed.message_id}", request.url.path.encode("utf-8", "replace"), body)
