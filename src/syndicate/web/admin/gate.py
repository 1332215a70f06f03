"""Who is it: logins by name and password, or the word of a reverse proxy; and whether a form is theirs."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import ipaddress
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import parse_qs

import structlog
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from syndicate.config import Settings
from syndicate.formats.text import line
from syndicate.hub.throttle import Throttle
from syndicate.operators import Actor
from syndicate.passwords import hashed, matches
from syndicate.storage import Storage
from syndicate.web.admin.parts import HOME, Forms
from syndicate.web.courtesy import is_one_of, nearest

log = structlog.get_logger(__name__)

FORM_BYTES = 64_000
BODY_SECONDS = 10.0
TRIES_A_MINUTE = 10
"""So many wrong ones from one address; a name three times as many, so that one guesser locks nobody out."""
_AT_ONCE = 2  # each try of a password takes 32 MiB for a tenth of a second


@dataclass(frozen=True, slots=True)
class Visitor:
    """Whoever asks. ``token`` is what their browser shows; ``fresh``: it does not have it yet.

    ``name`` is empty where nobody is logged in; ``by_proxy``: the reverse proxy said it.
    """

    token: str
    name: str = ""
    read_only: bool = False
    fresh: bool = False
    by_proxy: bool = False

    @property
    def actor(self) -> Actor:
        """Them, for the audit log."""
        return Actor(self.name, "pages")

    @property
    def forms(self) -> Forms:
        """Forms that are theirs."""
        return Forms(csrf(self.token), allowed=not self.read_only)


def csrf(token: str) -> str:
    """What a form carries: known to whoever shows the cookie, and to nobody's page elsewhere."""
    return hmac.new(token.encode(), b"form", hashlib.sha256).hexdigest()


def digest(token: str) -> str:
    """What is kept of a login's token."""
    return hashlib.sha256(token.encode()).hexdigest()


class Gate:
    """Knows visitors and their forms. ``settings`` gives those in force now."""

    def __init__(
        self, storage: Storage, settings: Callable[[], Settings], clock: Callable[[], datetime]
    ) -> None:
        self._storage = storage
        self._settings = settings
        self._clock = clock
        self._by_address = Throttle(TRIES_A_MINUTE)
        self._by_name = Throttle(3 * TRIES_A_MINUTE)
        self._room = asyncio.Semaphore(_AT_ONCE)
        self._decoy = ""

    @property
    def open(self) -> bool:
        """Whether there are pages at all."""
        return self._settings().ops.has_logins

    async def visitor(self, request: Request) -> Visitor:
        """Who asks."""
        token = request.cookies.get(self._cookie(request), "")
        named = self._named_by_proxy(request)
        fresh = not 20 <= len(token) <= 200
        token = secrets.token_urlsafe(32) if fresh else token
        if named:
            return Visitor(token, named, self._reads_only(named), fresh, by_proxy=True)
        name = "" if fresh else await asyncio.to_thread(self._logged_in, token)
        return Visitor(token, name, self._reads_only(name), fresh)

    def _reads_only(self, name: str) -> bool:
        user = self._settings().ops.users.get(name)
        return user is not None and user.read_only

    def _named_by_proxy(self, request: Request) -> str:
        ops = self._settings().ops
        if ops.trust_header is None or not self._from_proxy(request):
            return ""
        return line(request.headers.get(ops.trust_header, ""))[:64]

    def _from_proxy(self, request: Request) -> bool:
        peer = request.client.host if request.client else ""
        return is_one_of(peer, [ipaddress.ip_network(n) for n in self._settings().ops.trusted_proxies])

    def _logged_in(self, token: str) -> str:
        with self._storage.read() as tx:
            found = tx.sessions.find(digest(token), self._clock())
        return found.user if found and hmac.compare_digest(found.stamp, self._stamp(found.user)) else ""

    def _stamp(self, name: str) -> str:
        """Other for every password: a login ends with the one it was made with."""
        user = self._settings().ops.users.get(name)
        kept = user.password.reveal() if user and user.password else secrets.token_hex(8)
        return hashlib.sha256(kept.encode()).hexdigest()[:16]

    # -- logging in and out ------------------------------------------------------------

    async def log_in(self, request: Request, name: str, password: str) -> Visitor | float | None:
        """The visitor; seconds to wait where too much was tried; ``None`` where name or password is wrong."""
        peer = self.address(request)
        now = time.monotonic()
        wait = self._by_address.wait(peer, now) or self._by_name.wait(name[:64], now)
        if wait:
            log.warning("login_throttled", name=line(name)[:64], address=peer)
            return wait
        async with self._room:
            good = await asyncio.to_thread(self._is_password, name, password)
        if not good:
            log.warning("login_refused", name=line(name)[:64], address=peer)
            return None
        self._by_address.give_back(peer)  # what counts is what was wrong
        self._by_name.give_back(name[:64])
        token = secrets.token_urlsafe(32)
        await asyncio.to_thread(self._begin, token, name)
        log.info("logged_in", name=name, address=peer)
        return Visitor(token, name, self._reads_only(name), fresh=True)

    def _is_password(self, name: str, password: str) -> bool:
        """Takes as long for a name that nobody has."""
        user = self._settings().ops.users.get(name)
        self._decoy = self._decoy or hashed(secrets.token_hex(16))
        known = user.password.reveal() if user and user.password else ""
        return matches(password[:1024], known or self._decoy) and bool(known)

    def _begin(self, token: str, name: str) -> None:
        now = self._clock()
        with self._storage.write() as tx:
            tx.sessions.begin(digest(token), name, self._stamp(name), now, now + self._settings().ops.session)
            Actor(name, "pages").note(tx, "log in", name, now)

    async def log_out(self, visitor: Visitor) -> None:
        """Their token opens nothing any more."""
        await asyncio.to_thread(self._end, visitor)

    def _end(self, visitor: Visitor) -> None:
        with self._storage.write() as tx:
            if tx.sessions.end(digest(visitor.token)):
                visitor.actor.note(tx, "log out", visitor.name, self._clock())

    # -- requests and cookies -------------------------------------------------------------

    def address(self, request: Request) -> str:
        """Where a request comes from, proxies of ours left out."""
        trusted = [ipaddress.ip_network(n) for n in self._settings().ops.trusted_proxies]
        peer = request.client.host if request.client else ""
        return nearest(peer, request.headers.getlist("x-forwarded-for"), trusted)

    def is_secure(self, request: Request) -> bool:
        """Whether the browser came by https, as far as we or a proxy of ours can tell."""
        forwarded = request.headers.get("x-forwarded-proto", "") if self._from_proxy(request) else ""
        return "https" in (request.url.scheme, forwarded.split(",")[0].strip())

    def _cookie(self, request: Request) -> str:
        # The prefix keeps neighbours under the same domain from setting it (RFC 6265bis, 4.1.3).
        return "__Host-syndicate" if self.is_secure(request) else "syndicate"

    def remember(self, request: Request, response: Response, visitor: Visitor) -> None:
        """Give a visitor the token that they do not have yet."""
        if visitor.fresh:
            self._set(request, response, visitor.token, round(self._settings().ops.session.total_seconds()))

    def forget(self, request: Request, response: Response) -> None:
        """Take it away."""
        self._set(request, response, "", 0)

    def _set(self, request: Request, response: Response, token: str, seconds: int) -> None:
        secure = self.is_secure(request)
        response.set_cookie(
            self._cookie(request),
            token,
            max_age=seconds,
            path="/" if secure else HOME,
            secure=secure,
            httponly=True,
            samesite="strict",
        )

    def is_theirs(self, request: Request, visitor: Visitor, form: dict[str, str]) -> bool:
        """Whether a form was made by our page for this visitor, and sent from it."""
        elsewhere = request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none")
        given = form.get("csrf", "").encode("utf-8", "replace")
        return not elsewhere and hmac.compare_digest(given, csrf(visitor.token).encode())


async def form_of(request: Request) -> dict[str, str] | None:
    """The fields of a form, each once; ``None`` for what is no form or too large.

    Raises HTTPException for one with a NUL, which no database takes.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/x-www-form-urlencoded":
        return None
    body = bytearray()
    try:
        async with asyncio.timeout(BODY_SECONDS):
            async for part in request.stream():
                body += part
                if len(body) > FORM_BYTES:
                    return None
    except (TimeoutError, ClientDisconnect):
        return None
    try:
        known = parse_qs(body.decode("utf-8"), keep_blank_values=True, max_num_fields=200)
    except ValueError:
        return None
    found = {name: values[-1] for name, values in known.items()}
    if any("\0" in word for pair in found.items() for word in pair):
        raise HTTPException(400, "A form holds no NUL: nothing was done.")
    return found
