"""Tokens as requests show them: Bearer, or Basic for feed readers, which know no other.

A token in an address would end up in logs, histories and Referer headers, so
that none is looked for there.
"""

from __future__ import annotations

import asyncio
import base64
from typing import Protocol

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from syndicate.storage import Token

REALM = "stories"
PRIVATE = {"cache-control": "private, no-store", "x-content-type-options": "nosniff"}


class Known(Protocol):
    """What knows tokens: ``keyring.Keyring``."""

    def known(self, token: str) -> Token | None: ...
    def stale(self) -> bool: ...
    def find(self, token: str) -> Token | None: ...


async def who(request: Request, keyring: Known) -> Token | None:
    """Whose token a request shows, ``None`` where it shows none that is in force."""
    shown = presented(request.headers.get("authorization"))
    if shown is None:
        return None
    found = keyring.known(shown)
    if found is None and keyring.stale():
        return await asyncio.to_thread(keyring.find, shown)
    return found


def presented(header: str | None) -> str | None:
    """The token of an Authorization header: Bearer's own (RFC 6750), or Basic's password (RFC 7617)."""
    scheme, _, rest = (header or "").strip().partition(" ")
    if scheme.lower() == "bearer":
        return rest.strip() or None
    if scheme.lower() != "basic":
        return None
    try:
        _, mark, password = base64.b64decode(rest.strip(), validate=True).decode("utf-8").partition(":")
    except ValueError:
        return None
    return password if mark and password else None


def unauthorized() -> Response:
    """401 with both ways in."""
    words = {
        "error": "unauthorized",
        "message": "this needs a token that is in force",
        "fix": "send it as Authorization: Bearer TOKEN, or as the password of HTTP Basic, any user name",
    }
    response = JSONResponse(words, 401, headers=PRIVATE)
    response.headers.append("www-authenticate", f'Basic realm="{REALM}", charset="UTF-8"')
    response.headers.append("www-authenticate", f'Bearer realm="{REALM}"')
    return response
