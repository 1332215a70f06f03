"""Every source that asks a server, and everything that a server can do to it.

Each time the same: stories were taken; then the server does its worst, which is
told in words that an editor understands, by ``sources try`` and by ``status``;
nothing is lost or withdrawn; and with the next good answer it goes on.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest
from blog import Site
from house import House
from page_forms import FORMS
from scripted import Said, Scripted, http_client, redirect, scripted

from certificates import Authority
from syndicate.ingest.trial import Trial, attempt
from syndicate.reports.overview import overview
from syndicate.sources.feed import FeedOptions, FeedSource
from syndicate.sources.page import PageOptions, PageSource
from syndicate.sources.wordpress import WordPressOptions, WordPressSource

pytestmark = pytest.mark.anyio
QUICK = timedelta(seconds=0.1)
ERROR_PAGE = "<!doctype html><html><head><title>Wartung</title></head><body><h1>Back soon</h1></body></html>"


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    made = House(tmp_path)
    yield made
    made.close()


# -- the sources ------------------------------------------------------------------------------


@dataclass
class Desk:
    """A source of one kind, the server it asks, and who takes what it brings."""

    house: House
    server: Scripted
    ca_file: Path | None = None
    certificates: ssl.SSLContext | None = None
    stories: int = 0
    told: dict[str, Any] = field(default_factory=dict)

    def show(self, count: int) -> None:
        """The server has so many stories."""
        raise NotImplementedError

    def source(self, client: Any, **options: Any) -> Any:
        """As it is after a start."""
        raise NotImplementedError

    @asynccontextmanager
    async def asking(self, **options: Any) -> Any:
        """With a client that has no connection yet, and may go to no address that the operator did not name."""
        network = {"allow": [], "ca_file": self.ca_file}
        async with http_client(**network) as client:
            yield self.source(client, **options)

    async def look(self, **options: Any) -> Any:
        async with self.asking(**options) as source:
            return await self.house.ingest.poll(source)

    async def try_it(self, **options: Any) -> Trial:
        """`sources try`."""
        async with self.asking(**options) as source:
            return await attempt(self.house.storage, self.house.ingest, source, self.house.now)


class FeedDesk(Desk):
    def show(self, count: int) -> None:
        items = [
            {
                "id": f"urn:x:{n}",
                "url": f"https://wire.example/{n}",
                "title": f"Story {n}",
                "content_html": f"<p>The council of town {n} sold {n * 13} chairs.</p>",
                "date_published": "2026-03-02T04:00:00Z",
            }
            for n in range(count)
        ]
        body = {"version": "https://jsonfeed.org/version/1.1", "title": "Wire", "items": items}
        self.server.say("/feed", Said(body=orjson.dumps(body)))

    def source(self, client: Any, **options: Any) -> Any:
        made = FeedOptions(type="feed", url=self.server.url("/feed"), **options)
        return FeedSource("wire", made, client=client, clock=lambda: self.house.now, chance=lambda: 0.5)


class WordPressDesk(Desk):
    def show(self, count: int) -> None:
        assert isinstance(self.server, Site)
        for number in range(1, count + 1):
            if number not in self.server.posts:
                self.server.add(number, at=f"2026-03-01T0{number}:00:00")

    def source(self, client: Any, **options: Any) -> Any:
        made = WordPressOptions(type="wordpress", url=self.server.url("/"), **options)
        return WordPressSource(
            "wire", made, timezone="UTC", default_language="en", client=client, clock=lambda: self.house.now
        )


class PageDesk(Desk):
    def show(self, count: int) -> None:
        form = FORMS["wordpress, en"]
        for n in range(count):
            text = form.markup.replace(form.headline, f"{form.headline} {n}")
            self.server.say(f"/story/{n}", Said(body=text))
        names = "".join(
            f'<article><h2><a href="/story/{n}">A headline of some length</a></h2></article>'
            for n in range(count)
        )
        self.server.say("/news", Said(body=f"<html><body><main>{names}</main></body></html>"))

    def source(self, client: Any, **options: Any) -> Any:
        async def at_once(seconds: float) -> None:
            pass

        made = PageOptions(type="page", url=self.server.url("/news"), pause="0s", **options)
        return PageSource(
            "wire", made, client=client, clock=lambda: self.house.now, chance=lambda: 0.5, sleep=at_once
        )


KINDS: dict[str, type[Desk]] = {"feed": FeedDesk, "wordpress": WordPressDesk, "page": PageDesk}


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@asynccontextmanager
async def desk(kind: str, house: House, tls: Authority | None = None) -> Any:
    context = tls.server() if tls else None
    async with scripted(Site() if kind == "wordpress" else None, tls=context) as server:
        made = KINDS[kind](house, server, tls.file if tls else None, context)
        made.show(2)
        await made.look()
        assert house.actions() == ["published"] * 2
        yield made


async def goes_through_it(made: Desk, words: str, fix: str, **options: Any) -> None:
    """The server is at its worst now: what is said, what stays, and how it goes on when ``better``."""
    house = made.house
    for failures in (1, 2):
        house.now += timedelta(hours=3)
        await made.look(**options)
        with house.storage.read() as tx:
            state = tx.sources.state("wire")
            assert tx.sources.conduct("wire") is None, "nobody has to do anything afterwards"
        assert state.failures == failures
        assert words in str(state.last_error)
    trial = await made.try_it(**options)
    assert words in str(trial.error)
    assert fix in str(trial.fix)
    assert "Traceback" not in f"{trial.error} {trial.fix}"
    assert trial.missing == 0
    assert house.actions() == ["published"] * 2, "nothing is withdrawn, and nothing comes twice"
    house.publish()
    assert len(house.titles()) == 2


async def goes_on(made: Desk) -> None:
    made.server.broken = None
    made.show(3)
    made.house.now += timedelta(hours=30)
    await made.look()
    assert made.house.actions() == ["published"] * 3
    with made.house.storage.read() as tx:
        assert tx.sources.state("wire").failures == 0


# -- what servers do ----------------------------------------------------------------------------


def elsewhere(made: Desk) -> Said:
    return redirect(f"http://127.0.0.1:{made.server.port + 1}/secret")


HUGE = Said(headers={"Content-Type": "application/octet-stream"}, much=100_000_000)
HTML = Said(200, {"Content-Type": "text/html"}, ERROR_PAGE)
WORST: dict[str, tuple[Said | Callable[[Desk], Said], str, str, dict[str, Any]]] = {
    "a redirect into our own network": (elsewhere, "not public", "[network] allow", {}),
    "a redirect to the machine that keeps a cloud's secrets": (
        redirect("http://169.254.169.254/latest/"), "not public", "[network] allow", {},
    ),
    "redirects in a circle": (redirect("/again"), "redirected more than 5 times", "set url", {}),
    "nothing at all": (Said(pause=60), "within", "nothing is lost", {"timeout": QUICK}),
    "a byte now and then": (Said(body="x" * 5000, trickle=0.1), "within", "nothing is lost", {"timeout": QUICK}),
    "the connection reset": (Said(reset=True), "127.0.0.1", "nothing is lost", {}),
    "the connection reset in the midst": (
        Said(body="[" * 50_000, cut=20_000, reset=True), "127.0.0.1", "nothing is lost", {},
    ),
    "less than it promised": (Said(body="[" * 50_000, cut=20_000), "127.0.0.1", "nothing is lost", {}),
    "bytes that are no HTTP": (Said(raw=b"\x16\x03\x01\x00\xfe\x00garbage\r\n\r\n" * 9), "HTTP", "nothing is lost", {}),
    "a large body": (HUGE, "it is larger than", "large", {"max_bytes": 1_000_000}),
    "a bomb": (
        Said(body=bytes(30_000_000), packed="gzip"), "it is larger than", "large",
        {"max_bytes": 1_000_000},
    ),
    "an error": (Said(500, body="oops"), "the server is in trouble (status 500)", "nothing is lost", {}),
}  # fmt: skip


@pytest.mark.parametrize("what", WORST)
async def test_the_server_answers_with(house: House, kind: str, what: str) -> None:
    said, words, fix, options = WORST[what]
    async with desk(kind, house) as made:
        made.server.broken = said(made) if callable(said) else said
        sent = made.server.sent
        await goes_through_it(made, words, fix, **options)
        assert made.server.sent - sent < 60_000_000, "reading ended when it was too much"
        await goes_on(made)


@pytest.mark.parametrize(
    "body",
    [
        HTML,
        Said(200, {"Content-Type": "image/png"}, b"\x89PNG\r\n\x1a\n" + bytes(500)),
        Said(200, {"Content-Type": "text/plain"}, "no such thing"),
        Said(200, {"Content-Type": "application/octet-stream"}, bytes(range(256)) * 8),
        Said(200, {}, b""),
    ],
    ids=["an error page", "a picture", "plain words", "bytes", "nothing"],
)
async def test_something_else_stands_there(house: House, kind: str, body: Said) -> None:
    async with desk(kind, house) as made:
        made.server.broken = body
        if kind == "page":  # whatever it is, it is a page, and one that names no story
            await nothing_is_listed(made)
            return
        trial = await made.try_it()
        assert trial.error, trial
        assert trial.fix
        await goes_through_it(made, "127.0.0.1", "")
        await goes_on(made)


async def nothing_is_listed(made: Desk) -> None:
    made.house.now += timedelta(hours=3)
    await made.look()
    (problem,) = [p for p in made.house.problems() if p.reason.startswith("the list names no story")]
    assert not problem.warning
    assert "open it in a browser" in str(problem.fix)
    trial = await made.try_it()
    assert any(trouble.reason.startswith("the list names no story") for trouble in trial.troubles)
    assert made.house.actions() == ["published"] * 2
    await goes_on(made)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [({"itself": True}, "self-signed certificate"), ({"name": "127.0.0.2"}, "IP address mismatch")],
    ids=["its own", "another name's"],
)
async def test_the_certificate_is(
    house: House, kind: str, tmp_path: Path, wrong: dict[str, Any], words: str
) -> None:
    authority = Authority(tmp_path)
    async with desk(kind, house, authority) as made:
        assert made.certificates
        asked = len(made.server.requests)
        made.certificates.load_cert_chain(authority.certificate(**wrong))
        await goes_through_it(made, words, "host in the address is right")
        assert len(made.server.requests) == asked, "nothing was said to a stranger"
        made.certificates.load_cert_chain(authority.certificate())
        await goes_on(made)


async def test_status_says_the_same(house: House) -> None:
    async with desk("feed", house) as made:
        made.server.broken = Said(500)
        house.now += timedelta(hours=3)
        await made.look()
    wire = FeedOptions(type="feed", url="https://wire.example/feed")
    settings = house.settings.model_copy(update={"sources": {"wire": wire}})
    view = overview(house.storage, settings, house.now)
    (shown,) = view.sources
    assert str(shown.last_error).startswith(
        "127.0.0.1: the server is in trouble (status 500); nothing is lost"
    )
    assert "sources that cannot be read: wire" in view.needs
