"""The operators' application, on a listener of its own: nothing of it is on the public side."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.routing import BaseRoute

from syndicate.web.app import Ready, machine_routes, refused, without_nul
from syndicate.web.documents import App

CONNECTIONS = 100
"""So many at a time: a collector and some people, each with a page that stays open."""


def create_ops(routes: Sequence[BaseRoute] = (), *, ready: Ready) -> App:
    """The ASGI application of ``[ops]``. ``routes`` are what operators and collectors ask for."""
    made = Starlette(routes=[*machine_routes(ready), *routes], exception_handlers={HTTPException: refused})
    return without_nul(cast(App, made))
