"""What a medium elsewhere is, asked once before its story is stored."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Mapping
from contextlib import asynccontextmanager
from typing import Any

import pytest
from house import House, draft

from syndicate.model import Draft, Media, Picture
from syndicate.net.client import Client
from syndicate.sources.base import Batch, Cursor

pytestmark = pytest.mark.anyio
ON = """
[network]
allow = ["127.0.0.0/8"]

[media]
measure = true
timeout = "30s"
within = "60s"
"""
Reply = Callable[[str, Mapping[str, str]], bytes | None]


class Elsewhere:
    """A server of media: ``replies`` by path; what was asked is remembered."""

    def __init__(self) -> None:
        self.replies: dict[str, Reply] = {}
        self.asked: list[tuple[str, str]] = []
        self.base = ""

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
            method, path, _ = head[0].split(" ")
            headers = {k.lower(): v for k, _, v in (line.partition(": ") for line in head[1:] if line)}
            self.asked.append((method, path))
            answer = self.replies[path](method, headers)
            if answer is None:
                await reader.read()  # hangs until the other side has enough of it
            else:
                writer.write(answer)
                await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # the other side left
        finally:
            writer.close()


def reply(status: int = 200, body: bytes = b"", **headers: str) -> bytes:
    named = {k.replace("_", "-"): v for k, v in headers.items()}
    lines = [f"HTTP/1.1 {status} X", "connection: close", *(f"{k}: {v}" for k, v in named.items())]
    return "\r\n".join([*lines, "", ""]).encode() + body


@asynccontextmanager
async def served() -> AsyncIterator[Elsewhere]:
    there = Elsewhere()
    server = await asyncio.start_server(there.handle, "127.0.0.1", 0)
    there.base = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield there
    finally:
        server.close()
        await server.wait_closed()


class Once:
    """A source that hands in one batch."""

    name = "desk"

    def __init__(self, drafts: Collection[Draft]) -> None:
        self._drafts = tuple(drafts)

    async def fetch(self, cursor: Cursor, hints: Collection[str] = ()) -> AsyncIterator[Batch]:
        yield Batch(drafts=self._drafts)


async def poll(house: House, *drafts: Draft) -> Any:
    house.later(seconds=1)
    async with Client(house.settings.network) as client:
        house.ingest._client = client
        return await house.ingest.poll(Once(drafts))  # type: ignore[arg-type]


def medium(house: House, source_id: str = "a") -> Media:
    (found,) = house.article(source_id).story.media
    return found


def with_media(url: str, source_id: str = "a", **known: Any) -> Draft:
    return draft(source_id, media=(Media(url=url, **known),))


async def test_by_head_with_nothing_else_asked(house: House) -> None:
    house.configure(ON)
    async with served() as there:
        there.replies["/talk"] = lambda *_: reply(content_type="audio/mpeg; x=1", content_length="4321")
        await poll(house, with_media(there.base + "/talk"))
        assert (medium(house).type, medium(house).length) == ("audio/mpeg", 4321)
        assert there.asked == [("HEAD", "/talk")]
        house.publish()
        (attachment,) = house.feed()["items"][0]["attachments"]
        assert (attachment["mime_type"], attachment["size_in_bytes"]) == ("audio/mpeg", 4321)


async def test_by_one_byte_where_head_says_too_little(house: House) -> None:
    house.configure(ON)

    def answer(method: str, headers: Mapping[str, str]) -> bytes:
        if method == "HEAD":
            return reply(405, content_length="0")
        assert headers["range"] == "bytes=0-0"
        return reply(206, b"x", content_type="video/mp4", content_length="1", content_range="bytes 0-0/98765")

    async with served() as there:
        there.replies["/film"] = answer
        await poll(house, with_media(there.base + "/film"))
    assert (medium(house).type, medium(house).length) == ("video/mp4", 98765)


async def test_redirects_are_followed_a_few_times(house: House) -> None:
    house.configure(ON)
    async with served() as there:
        there.replies["/old"] = lambda *_: reply(302, location="/new", content_length="0")
        there.replies["/new"] = lambda *_: reply(content_type="audio/mpeg", content_length="7")
        there.replies["/round"] = lambda *_: reply(301, location="/round", content_length="0")
        await poll(house, with_media(there.base + "/old"), with_media(there.base + "/round", "b"))
        assert medium(house).length == 7
        assert medium(house, "b").length is None
        assert there.asked.count(("HEAD", "/round")) == 4


async def test_nothing_is_asked_twice_and_what_a_story_states_is_left_alone(house: House) -> None:
    house.configure(ON)
    async with served() as there:
        there.replies["/talk"] = lambda *_: reply(content_type="audio/mpeg", content_length="4321")
        url = there.base + "/talk"
        await poll(house, with_media(url), with_media(url, "b", type="audio/x-own"))
        assert len(there.asked) == 1
        assert (medium(house, "b").type, medium(house, "b").length) == ("audio/x-own", 4321)
        again = await poll(house, with_media(url))
        assert (again.unchanged, again.actions) == (1, {})
        await poll(house, draft("a", media=(Media(url=url),), section="World"))
        assert (len(there.asked), medium(house).length) == (1, 4321)
        await poll(house, with_media(there.base + "/known", "c", type="audio/mpeg", length=5))
        assert len(there.asked) == 1
    house.edit("a", headline="Edited")
    assert medium(house).length == 4321, "an edit reads the draft again, not the address"


async def test_failure_leaves_it_unknown_and_the_story_goes_on(house: House) -> None:
    house.configure(ON.replace('"30s"', '"500ms"'))
    async with served() as there:
        there.replies |= {
            "/none": lambda *_: reply(404, content_type="text/html", content_length="12"),
            "/page": lambda *_: reply(content_type="text/html", content_length="999"),
            "/hangs": lambda *_: None,
            "/garbage": lambda *_: b"\x00\x01 what?\r\n\r\n",
            "/zipped": lambda *_: reply(
                content_type="audio/mpeg", content_length="9", content_encoding="gzip"
            ),
        }
        paths = list(there.replies)
        drafts = [with_media(there.base + path, path) for path in paths]
        done = await poll(house, *drafts, with_media("http://127.0.0.1:1/nobody", "/nobody"))
        house.configure(ON)
        assert done.actions == {"published": 6}
        assert {p: medium(house, p).length for p in paths} == dict.fromkeys(paths)
        assert medium(house, "/zipped").type == "audio/mpeg"
        asked = len(there.asked)
        house.later(hours=1)
        await poll(house, draft("/none", media=(Media(url=there.base + "/none"),), section="World"))
        assert len(there.asked) == asked, "not asked again at once"
        house.later(days=1)
        there.replies["/none"] = lambda *_: reply(content_type="audio/mpeg", content_length="6")
        await poll(house, draft("/none", media=(Media(url=there.base + "/none"),), section="Science"))
        assert medium(house, "/none").length == 6


async def test_the_guard_stands_before_every_address(house: House) -> None:
    house.configure(ON.replace("127.0.0.0/8", "10.0.0.0/8"))
    async with served() as there:
        await poll(house, with_media(there.base + "/talk"))
        assert there.asked == []
    assert medium(house).length is None


async def test_all_addresses_of_a_batch_have_one_bound(house: House) -> None:
    house.configure(ON.replace('"60s"', '"200ms"') + "at_once = 2\n")
    async with served() as there:
        there.replies |= {f"/{n}": lambda *_: None for n in range(6)}
        await poll(house, *(with_media(f"{there.base}/{n}", str(n)) for n in range(6)))
        assert len(there.asked) <= 2
    with house.storage.read() as tx:
        assert tx.media.known([f"{there.base}/0"]) == {}, "who was not reached in time is asked another time"


async def test_off_by_default(house: House) -> None:
    async with served() as there:
        await poll(house, with_media(there.base + "/talk"))
        assert there.asked == []


async def test_pictures_in_the_text_are_asked_about_as_well(house: House) -> None:
    house.configure(ON)
    async with served() as there:
        there.replies["/p.jpg"] = lambda *_: reply(content_type="image/jpeg", content_length="11")
        await poll(house, draft("a", image=Picture(url=there.base + "/p.jpg")))
        image = house.article("a").story.image
        assert image is not None
        assert (image.type, image.length) == ("image/jpeg", 11)
