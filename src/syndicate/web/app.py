"""The public application: documents first, then the routes for machines."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import cast

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from syndicate import __version__
from syndicate.web.courtesy import Courtesy
from syndicate.web.documents import App, Documents, Receive, Scope, Send
from syndicate.web.shelf import Shelf

Ready = Callable[[], list[str]]
"""Why the process is not ready to serve; empty when it is. Cheap: it is asked often."""

_FRESH = {"cache-control": "no-store", "x-content-type-options": "nosniff"}


def create_app(
    shelf: Shelf, *, ready: Ready, routes: Sequence[BaseRoute] = (), courtesy: Courtesy | None = None
) -> App:
    """The ASGI application. ``routes`` are further ones, tried after the documents.

    ``courtesy`` bounds how often readers fetch without a condition (rule H4).
    """
    rest = Starlette(routes=[*machine_routes(ready), *routes], exception_handlers={HTTPException: refused})
    return Documents(shelf, without_nul(cast(App, rest)), courtesy)


def without_nul(app: App) -> App:
    """What has a NUL in its address is nobody's: 400, before a database that takes none is asked."""

    async def guarded(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and _has_nul(scope):
            answer = PlainTextResponse("An address holds no NUL.\n", status_code=400, headers=_FRESH)
            await answer(scope, receive, send)
            return
        await app(scope, receive, send)

    return guarded


def _has_nul(scope: Scope) -> bool:
    return "\0" in scope["path"] or b"%00" in (scope.get("query_string") or b"")


def machine_routes(ready: Ready) -> list[BaseRoute]:
    """What every listener answers to whoever watches the process."""
    return [Route("/healthz", _health), Route("/readyz", _readiness(ready))]


async def _health(request: Request) -> Response:  # noqa: ARG001
    """200 while the process lives."""
    return JSONResponse({"status": "ok", "version": __version__}, headers=_FRESH)


def _readiness(ready: Ready) -> Callable[[Request], Response]:
    def readiness(request: Request) -> Response:  # noqa: ARG001
        """200 when it can serve, 503 with the reasons when not."""
        reasons = ready()
        body = {"status": "unavailable" if reasons else "ok", "reasons": reasons}
        return JSONResponse(body, status_code=503 if reasons else 200, headers=_FRESH)

    return readiness


async def refused(request: Request, error: Exception) -> Response:  # noqa: ARG001
    """What is not there, or not so: a plain word."""
    assert isinstance(error, HTTPException)
    headers = {**(error.headers or {}), "x-content-type-options": "nosniff"}
    words = "There is nothing here." if error.status_code == 404 else str(error.detail)
    return PlainTextResponse(f"{words}\n", status_code=error.status_code, headers=headers)
