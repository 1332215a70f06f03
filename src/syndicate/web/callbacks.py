"""Where hubs verify, and push, what we subscribed to: ``/hub/canary/{token}``, ``/websub/{token}``."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Protocol

from starlette.background import BackgroundTask
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from syndicate.web.bodies import BODIES, NotRead

BODY_LIMIT = 16_000_000
"""More than any document of ours has, or a feed should."""
_BODY_SECONDS = 30.0
_HEADERS = {"cache-control": "no-store", "x-content-type-options": "nosniff"}


class Listener(Protocol):
    """What waits for the pushes."""

    def knows(self, token: str) -> bool:
        """Whether anybody waits at this callback."""
        ...

    def verify(self, token: str, asked: Mapping[str, str]) -> str | None:
        """The challenge to answer with, or ``None``."""
        ...

    def push(self, token: str, body: bytes, mark: str | None, kind: str | None) -> None:
        """Take a push; ``mark`` is its ``X-Hub-Signature``, ``kind`` its Content-Type."""
        ...


def callback_route(path: str, listener: Listener) -> Route:
    """The route at ``path`` + token. A callback that nobody waits at is gone (410), so that a hub stops."""

    async def callback(request: Request) -> Response:
        """GET verifies; POST delivers and is answered before anything is done with it."""
        token = request.path_params["token"]
        if not listener.knows(token):
            raise HTTPException(410 if request.method == "POST" else 404)
        if request.method != "POST":
            return await _verified(listener, token, request)
        body, said = await _body(request), request.headers
        # 2xx whatever the signature says (WebSub, section 8), and before the database is asked.
        task = BackgroundTask(
            listener.push, token, body, said.get("x-hub-signature"), said.get("content-type")
        )
        return Response(status_code=204, headers=_HEADERS, background=task)

    return Route(path + "{token}", callback, methods=["GET", "POST"])


async def _verified(listener: Listener, token: str, request: Request) -> Response:
    words = await asyncio.to_thread(listener.verify, token, dict(request.query_params))
    if words is None:
        raise HTTPException(404)
    return PlainTextResponse(words, headers=_HEADERS)


async def _body(request: Request) -> bytes:
    try:
        return await BODIES.read(request, BODY_LIMIT, _BODY_SECONDS)
    except NotRead as error:
        raise HTTPException(error.status, f"{error.words[0].upper()}{error.words[1:]}.") from None
