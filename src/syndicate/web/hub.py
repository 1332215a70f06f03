"""``/hub``: where subscribers ask, in front of the hub's desk."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from starlette.background import BackgroundTask
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from syndicate.hub.requests import BODY_LIMIT, FORM, HubRefusal
from syndicate.web.bodies import BODIES, NotRead

_BODY_SECONDS = 10.0
_HEADERS = {"cache-control": "no-store", "x-content-type-options": "nosniff"}
_ABOUT = """This is a WebSub hub (https://www.w3.org/TR/websub/). It serves the feeds of this site only.

To subscribe, POST a form here with hub.mode=subscribe, hub.topic (a feed's own address) and
hub.callback (where you want it); hub.secret and hub.lease_seconds if you like.
"""


class Desk(Protocol):
    """What takes the requests."""

    async def take(self, body: bytes) -> str:
        """Words for the sender. Raises HubRefusal."""
        ...


def hub_route(desk: Desk, *, enabled: Callable[[], bool], wake: Callable[[], None]) -> Route:
    """The hub's route. ``wake`` is called after an answer went out; where not ``enabled``, 404."""

    async def hub(request: Request) -> Response:
        """GET says what this is; POST takes a request."""
        if not enabled():
            raise HTTPException(404)
        if request.method != "POST":
            return PlainTextResponse(_ABOUT, headers=_HEADERS)
        try:
            words = await desk.take(await _form(request))
        except HubRefusal as refusal:
            return _refusal(refusal)
        # Only then is the callback asked: some subscribers note what they asked for after our answer.
        return PlainTextResponse(f"{words}\n", 202, headers=_HEADERS, background=BackgroundTask(_call, wake))

    return Route("/hub", hub, methods=["GET", "POST"])


async def _call(wake: Callable[[], None]) -> None:
    wake()  # on the event loop, where a plain function would be given a thread


def _refusal(refusal: HubRefusal) -> Response:
    headers = dict(_HEADERS)
    if refusal.retry_after is not None:
        headers["retry-after"] = str(refusal.retry_after)
    return PlainTextResponse(f"{refusal.message}\n", refusal.status, headers=headers)


async def _form(request: Request) -> bytes:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != FORM:
        raise HubRefusal(f"The body must be {FORM}.", 415)
    try:
        return await BODIES.read(request, BODY_LIMIT, _BODY_SECONDS)
    except NotRead as error:
        raise HubRefusal(f"{error.words[0].upper()}{error.words[1:]}.", error.status) from None
