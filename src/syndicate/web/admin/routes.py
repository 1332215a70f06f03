"""The pages' addresses, and what every answer of theirs has."""

from __future__ import annotations

import asyncio
import json
import math
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from urllib.parse import quote, unquote

import orjson
import structlog
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from syndicate.errors import NotFound, StorageError, SyndicateError
from syndicate.model import PubStatus
from syndicate.reports.evidence import evidence
from syndicate.web.admin import articles, attempts, audit, decide, front, lanes, others, reading, story
from syndicate.web.admin.decide import Act, Done
from syndicate.web.admin.frame import Look, Shown, framed, read_file, told
from syndicate.web.admin.gate import Gate, Visitor, form_of
from syndicate.web.admin.parts import HOME, NOTHING, Forms, hidden_field, join, link, text_field
from syndicate.web.admin.room import Newsroom, Room

log = structlog.get_logger(__name__)

POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self' data:; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "cache-control": "no-store",
    "content-security-policy": POLICY,
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "same-origin",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
}
_KEPT = {**HEADERS, "cache-control": "private, max-age=31536000, immutable"}
_ELSEWHERE = "/admin/{rest:path}"
_NOTE = "syndicate-note"
_STATUS = {NotFound: 404, StorageError: 503}

Page = Callable[[Room], Shown]
Answer = Callable[[Request], Awaitable[Response]]


class Admin:
    """The pages. ``wake`` is called after every decision: whoever carries it out begins at once."""

    def __init__(self, newsroom: Newsroom, clock: Callable[[], datetime], wake: Callable[[], None]) -> None:
        self._newsroom = newsroom
        self._clock = clock
        self._wake = wake
        self._gate = Gate(newsroom.storage, lambda: newsroom.settings, clock)
        self._look = Look(newsroom.settings)

    def routes(self) -> list[BaseRoute]:
        """Their addresses."""
        page, act = self._page, self._act
        routes = [
            Route("/admin", self._go_in, methods=["GET"]),
            Route("/admin/style.css", self._style, methods=["GET"]),
            Route("/admin/script.js", self._script, methods=["GET"]),
            Route("/admin/login", self._log_in, methods=["GET", "POST"]),
            Route("/admin/logout", self._log_out, methods=["POST"]),
            Route("/admin/", page(front.front), methods=["GET"]),
            Route("/admin/articles", page(articles.articles), methods=["GET"]),
            Route("/admin/articles/{id}", page(story.story), methods=["GET"]),
            Route("/admin/articles/{id}/reading", page(reading.reading), methods=["GET"]),
            Route("/admin/articles/{id}/revisions", page(reading.revisions), methods=["GET"]),
            Route("/admin/articles/{id}/withdraw", page(story.withdraw_page), methods=["GET"]),
            Route(
                "/admin/articles/{id}/withdraw", act(decide.withdraw, story.withdraw_page), methods=["POST"]
            ),
            Route("/admin/articles/{id}/correct", page(story.correct_page), methods=["GET"]),
            Route("/admin/articles/{id}/correct", act(decide.correct, story.correct_page), methods=["POST"]),
            Route("/admin/articles/{id}/edit", page(story.edit_page), methods=["GET"]),
            Route("/admin/articles/{id}/edit", act(decide.edit, story.edit_page), methods=["POST"]),
            Route("/admin/articles/{id}/release", act(decide.release, story.story), methods=["POST"]),
            Route("/admin/articles/{id}/undo", act(decide.undo, story.edit_page), methods=["POST"]),
            Route("/admin/feeds", page(others.feeds), methods=["GET"]),
            Route("/admin/sources", page(others.sources), methods=["GET"]),
            Route("/admin/sources", act(decide.sources, others.sources), methods=["POST"]),
            Route("/admin/lanes", page(lanes.lanes), methods=["GET"]),
            Route("/admin/lanes", act(decide.lanes, lanes.lanes), methods=["POST"]),
            Route("/admin/lane", page(lanes.lane), methods=["GET"]),
            Route("/admin/replay", page(lanes.replay), methods=["GET"]),
            Route("/admin/replay", act(decide.replay, lanes.lanes), methods=["POST"]),
            Route("/admin/attempts", page(attempts.attempts), methods=["GET"]),
            Route("/admin/attempts/{id}", page(attempts.attempt), methods=["GET"]),
            Route("/admin/partners", page(others.partners), methods=["GET"]),
            Route("/admin/partners/{id}", page(others.partner), methods=["GET"]),
            Route("/admin/hub", page(others.hub), methods=["GET"]),
            Route("/admin/hub", act(decide.drop, others.hub), methods=["POST"]),
            Route("/admin/audit", page(audit.audit), methods=["GET"]),
            Route("/admin/articles/{id}/evidence", self._evidence, methods=["GET"]),
            Route(_ELSEWHERE, page(_missing), methods=["GET"]),
        ]
        return [Route(r.path, _guarded(r.endpoint), methods=[*(r.methods or ())]) for r in routes]

    # -- pages and acts --------------------------------------------------------------------

    def _page(self, show: Page) -> Answer:
        async def answer(request: Request) -> Response:
            if not self._gate.open:
                return _off()
            visitor = await self._gate.visitor(request)
            if not visitor.name:
                return self._to_login(request)
            note = _noted(request)
            return await self._show(request, visitor, show, note=note)

        return answer

    def _act(self, act: Act, again: Page) -> Answer:
        """An act, then the page it leads to; where it cannot be done, the page it came from, saying why."""

        async def answer(request: Request) -> Response:
            if not self._gate.open:
                return _off()
            visitor = await self._gate.visitor(request)
            if not visitor.name:
                return self._to_login(request)
            form = await form_of(request)
            if form is None or not self._gate.is_theirs(request, visitor, form):
                words = "This form is not, or no longer, yours: nothing was done."
                return self._refuse(request, visitor, 403, words, "open the page anew and try again")
            if visitor.read_only:
                return self._refuse(request, visitor, 403, "You may look, not decide: nothing was done.")
            try:
                done = await asyncio.to_thread(self._do, request, visitor, form, act)
            except SyndicateError as error:
                note = told(error.message, bad=True, fix=error.fix)
                return await self._show(request, visitor, again, form=form, note=note, status=_status(error))
            self._wake()
            log.info("decided", who=visitor.name, path=request.url.path)
            return self._on(request, done)

        return answer

    def _on(self, request: Request, done: Done) -> Response:
        """To the next page, which says once what was done: a reload does nothing twice."""
        response = RedirectResponse(done.where, 303, headers=HEADERS)
        said = quote(json.dumps(done.words), safe="")[:3000]
        secure = self._gate.is_secure(request)
        response.set_cookie(
            _NOTE, said, max_age=60, path=HOME, secure=secure, httponly=True, samesite="strict"
        )
        return response

    def _do(self, request: Request, visitor: Visitor, form: Mapping[str, str], act: Act) -> Done:
        with self._newsroom.storage.write() as tx:
            return act(self._room(tx, request, visitor, form))

    async def _show(
        self,
        request: Request,
        visitor: Visitor,
        show: Page,
        *,
        form: Mapping[str, str] | None = None,
        note: Markup = NOTHING,
        status: int | None = None,
    ) -> Response:
        try:
            shown = await asyncio.to_thread(self._look_at, request, visitor, form or {}, show)
        except SyndicateError as error:
            return self._refuse(request, visitor, _status(error), error.message, error.fix)
        response = self._answer(request, shown, visitor, note, status or shown.status)
        if request.cookies.get(_NOTE):
            response.delete_cookie(_NOTE, path=HOME)
        return response

    def _look_at(self, request: Request, visitor: Visitor, form: Mapping[str, str], show: Page) -> Shown:
        with self._newsroom.storage.read() as tx:
            return show(self._room(tx, request, visitor, form))

    def _room(self, tx: object, request: Request, visitor: Visitor, form: Mapping[str, str]) -> Room:
        query = dict(request.query_params)
        own = str(request.path_params.get("id", ""))
        return Room(tx, self._newsroom, visitor, self._clock(), query, form, own)  # type: ignore[arg-type]

    def _answer(
        self,
        request: Request,
        shown: Shown,
        visitor: Visitor | None,
        note: Markup = NOTHING,
        status: int = 200,
    ) -> Response:
        known = visitor if visitor is not None and visitor.name else None
        body = framed(shown, self._worn(), known, note)
        response = Response(body, status, headers=HEADERS, media_type="text/html")
        if visitor is not None:
            self._gate.remember(request, response, visitor)
        return response

    def _refuse(
        self, request: Request, visitor: Visitor, status: int, words: str, fix: str | None = None
    ) -> Response:
        back = Markup("<p>{}</p>").format(link(HOME, "To the front page"))
        shown = Shown(title="Not done" if status == 403 else "Not there", main=back, place="-")
        return self._answer(request, shown, visitor, told(words, bad=True, fix=fix), status)

    def _worn(self) -> Look:
        """The look by the settings in force."""
        if self._look.settings is not self._newsroom.settings:
            self._look = Look(self._newsroom.settings)
        return self._look

    # -- in and out ---------------------------------------------------------------------------

    async def _go_in(self, request: Request) -> Response:  # noqa: ARG002
        return RedirectResponse(HOME, 308, headers=HEADERS)

    def _to_login(self, request: Request) -> Response:
        where = request.url.path if request.method == "GET" else HOME
        query = f"?{request.url.query}" if request.method == "GET" and request.url.query else ""
        wanted = quote(where + query, safe="")
        headers = {**HEADERS, "location": f"{HOME}login?next={wanted}"}
        return Response(status_code=303, headers=headers)

    async def _log_in(self, request: Request) -> Response:
        if not self._gate.open:
            return _off()
        visitor = await self._gate.visitor(request)
        wanted = _inside(request.query_params.get("next", ""))
        if visitor.name:
            return RedirectResponse(wanted, 303, headers=HEADERS)
        if request.method == "GET":
            return self._ask(request, visitor, wanted)
        form = await form_of(request)
        if form is None or not self._gate.is_theirs(request, visitor, form):
            words = told("This form is not, or no longer, yours.", bad=True, fix="try again")
            return self._ask(request, visitor, wanted, words, 403)
        wanted = _inside(form.get("next", ""))
        come = await self._gate.log_in(request, form.get("name", "").strip(), form.get("password", ""))
        if isinstance(come, Visitor):
            inside = RedirectResponse(wanted, 303, headers=HEADERS)
            self._gate.remember(request, inside, come)
            return inside
        if come is None:
            return self._ask(request, visitor, wanted, told("Name or password is wrong.", bad=True), 403)
        seconds = str(math.ceil(come))
        words = told("Too many tries.", bad=True, fix=f"try again in {seconds} s")
        response = self._ask(request, visitor, wanted, words, 429)
        response.headers["retry-after"] = seconds
        return response

    def _ask(
        self, request: Request, visitor: Visitor, wanted: str, note: Markup = NOTHING, status: int = 200
    ) -> Response:
        users = self._newsroom.settings.ops.users.values()
        if not any(user.password for user in users):
            words = Markup(
                "<p>The reverse proxy did not say who you are, and there are no passwords here.</p>"
            )
            return self._answer(request, Shown(title="Log in", main=words), None, note, 403)
        fields = join(
            [
                hidden_field("next", wanted),
                text_field("name", "Name", autocomplete="username", required=""),
                text_field(
                    "password", "Password", type="password", autocomplete="current-password", required=""
                ),
                Markup("<button>Log in</button>"),
            ]
        )
        main = Forms(visitor.forms.token).form(f"{HOME}login", fields, name="login")
        return self._answer(request, Shown(title="Log in", main=main), visitor, note, status)

    async def _log_out(self, request: Request) -> Response:
        if not self._gate.open:
            return _off()
        visitor = await self._gate.visitor(request)
        form = await form_of(request)
        if form is None or not self._gate.is_theirs(request, visitor, form):
            return self._refuse(
                request, visitor, 403, "This form is not, or no longer, yours: nothing was done."
            )
        await self._gate.log_out(visitor)
        response = RedirectResponse(f"{HOME}login", 303, headers=HEADERS)
        self._gate.forget(request, response)
        return response

    async def _evidence(self, request: Request) -> Response:
        """Who was told of a withdrawal when, and who confirmed, as a file to keep."""
        if not self._gate.open:
            return _off()
        visitor = await self._gate.visitor(request)
        if not visitor.name:
            return self._to_login(request)
        try:
            name, body = await asyncio.to_thread(self._gathered, request, visitor)
        except SyndicateError as error:
            return self._refuse(request, visitor, _status(error), error.message, error.fix)
        headers = {**HEADERS, "content-disposition": f'attachment; filename="{name}"'}
        return Response(body, headers=headers, media_type="application/json")

    def _gathered(self, request: Request, visitor: Visitor) -> tuple[str, bytes]:
        with self._newsroom.storage.read() as tx:
            room = self._room(tx, request, visitor, {})
            article = tx.articles.named(room.id)
            if article.status is PubStatus.USABLE:
                raise NotFound("there is no withdrawal of this story", fix="its page says who has it")
            found = evidence(tx, room.settings, article, room.now)
        name = f"withdrawal-{article.id[:8]}-{room.now:%Y%m%dT%H%M%SZ}.json"
        return name, orjson.dumps(found, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)

    # -- files ----------------------------------------------------------------------------------

    async def _style(self, request: Request) -> Response:  # noqa: ARG002
        if not self._gate.open:
            return _off()
        return Response(self._worn().sheet, headers=_KEPT, media_type="text/css")

    async def _script(self, request: Request) -> Response:  # noqa: ARG002
        if not self._gate.open:
            return _off()
        return Response(read_file("admin.js"), headers=_KEPT, media_type="text/javascript")


def _missing(room: Room) -> Shown:  # noqa: ARG001
    raise NotFound("there is no such page", fix="the names above lead to all there are")


def _guarded(answer: Answer) -> Answer:
    """A database that is locked or full for a while is no fault of whoever asks."""

    async def guarded(request: Request) -> Response:
        try:
            return await answer(request)
        except StorageError as error:
            log.warning("page_failed", path=request.url.path, reason=error.message, fix=error.fix)
            headers = {**HEADERS, "retry-after": "5"}
            return Response(f"Not now: {error.message}\n", 503, headers=headers, media_type="text/plain")

    return guarded


def _off() -> Response:
    """Without a login there are no pages, and nobody is told how there could be."""
    return Response("There is nothing here.\n", 404, headers=HEADERS, media_type="text/plain")


def _status(error: SyndicateError) -> int:
    return next((code for kind, code in _STATUS.items() if isinstance(error, kind)), 422)


def _inside(where: str) -> str:
    """A page of ours to go on to after the login; anything else is none of our business."""
    plain = where.isascii() and where.isprintable() and "\\" not in where
    return where if plain and where.startswith(HOME) and not where.startswith(f"{HOME}log") else HOME


def _noted(request: Request) -> Markup:
    try:
        words = json.loads(unquote(request.cookies.get(_NOTE, "")))
    except ValueError:
        return NOTHING
    return told(words) if isinstance(words, str) else NOTHING
