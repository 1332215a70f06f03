"""In front of the whole server: the same answers, and nothing held open by those who misbehave."""

from __future__ import annotations

import asyncio
import re
import time
from contextlib import suppress

import pytest

from apps import until
from loops import LOOPS
from syndicate.web import front
from syndicate.web.app import create_app
from syndicate.web.front import Door
from syndicate.web.server import Server

pytestmark = pytest.mark.anyio
RSS = b"/feeds/latest/rss.xml"
PLAIN = b"GET /feeds/latest/rss.xml HTTP/1.1\r\nHost: a\r\n\r\n"
GZIP = b"GET /feeds/latest/rss.xml HTTP/1.1\r\nHost: a\r\nAccept-Encoding: gzip\r\n\r\n"
SAME = b'GET /feeds/latest/rss.xml HTTP/1.1\r\nHost: a\r\nIf-None-Match: "i1"\r\n\r\n'
HEALTH = b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n"


@pytest.fixture(params=LOOPS)
def anyio_backend(request):
    return request.param


@pytest.fixture
async def behind(shelf):
    """The whole server alone."""
    server = Server(create_app(shelf, ready=list), "127.0.0.1", 0, grace=1)
    await server.start()
    yield server
    await server.stop()


@pytest.fixture
async def fronted(shelf):
    server = Server(create_app(shelf, ready=list), "127.0.0.1", 0, grace=1, door=Door(shelf, limit=20))
    await server.start()
    yield server
    await server.stop()


async def say(
    server: Server, *pieces: bytes, pause: float = 0.0, end: bool = True, answers: int = 1, head: bool = False
) -> bytes:
    """Everything that is answered until the other side closes; with ``end`` so many answers, and what follows at once.

    ``head``: answers have no bodies, whatever length they tell.
    """
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    for piece in pieces:
        writer.write(piece)
        await writer.drain()
        if pause:
            await asyncio.sleep(pause)
    found = b""
    with suppress(ConnectionResetError):
        async with asyncio.timeout(60):
            while not (end and whole(found, head) >= answers) and (part := await reader.read(65_536)):
                found += part
        for _ in range(20):  # what follows at once is there when the loop has gone round
            await asyncio.sleep(0)
        found += bytes(reader._buffer)
    writer.close()
    return found


def whole(raw: bytes, head_only: bool) -> int:
    """How many answers there are to their ends."""
    count = 0
    while b"\r\n\r\n" in raw:
        head, _, raw = raw.partition(b"\r\n\r\n")
        length = re.search(rb"(?i)\r\ncontent-length: (\d+)", head)
        size = int(length[1]) if length and not head_only else 0
        if len(raw) < size:
            break
        raw = raw[size:]
        count += 1
    return count


def parsed(raw: bytes, head_only: bool = False) -> list[tuple[bytes, dict[bytes, bytes], bytes]]:
    """Answers in a stream of bytes: status, headers without the date, body."""
    found = []
    while raw:
        head, _, raw = raw.partition(b"\r\n\r\n")
        status, *lines = head.split(b"\r\n")
        pairs = [line.partition(b": ") for line in lines]
        named: dict[bytes, bytes] = {}
        for name, _, value in pairs:
            named[name.lower()] = named.get(name.lower(), b"") + value + b";"
        named.pop(b"date", None)
        length = 0 if head_only else int(named.get(b"content-length", b"0;")[:-1])
        found.append((status[9:12], named, raw[:length]))
        raw = raw[length:]
    return found


def asked(line: bytes = b"GET " + RSS + b" HTTP/1.1", *headers: bytes, body: bytes = b"") -> bytes:
    return b"\r\n".join([line, *(headers or (b"Host: a",)), b"", body])


REQUESTS = {
    "plain": PLAIN,
    "gzip": GZIP,
    "unchanged": SAME,
    "weak": asked(b"GET " + RSS + b" HTTP/1.1", b"Host: a", b'If-None-Match: W/"x", W/"i1"'),
    "since": asked(
        b"GET " + RSS + b" HTTP/1.1", b"Host: a", b"If-Modified-Since: Wed, 04 Mar 2026 12:00:00 GMT"
    ),
    "nothing acceptable": asked(b"GET " + RSS + b" HTTP/1.1", b"Host: a", b"Accept-Encoding: identity;q=0"),
    "capitals": asked(b"GET " + RSS + b" HTTP/1.1", b"HOST:a", b"ACCEPT-ENCODING:br"),
    "twice": asked(b"GET " + RSS + b" HTTP/1.1", b"Host: a", b'If-None-Match: "x"', b'If-None-Match: "i1"'),
    "query": asked(b"GET " + RSS + b"?a=1 HTTP/1.1"),
    "escaped": asked(b"GET /feeds/latest/%72ss.xml HTTP/1.1"),
    "unknown": asked(b"GET /feeds/latest/other.xml HTTP/1.1"),
    "post": asked(b"POST " + RSS + b" HTTP/1.1", b"Host: a", b"Content-Length: 3", body=b"abc"),
    "get with a body": asked(b"GET " + RSS + b" HTTP/1.1", b"Host: a", b"Content-Length: 3", body=b"abc"),
    "chunked": asked(
        b"GET " + RSS + b" HTTP/1.1", b"Host: a", b"Transfer-Encoding: chunked", body=b"1\r\na\r\n0\r\n\r\n"
    ),
    "options": asked(b"OPTIONS " + RSS + b" HTTP/1.1"),
    "http 1.0": asked(b"GET " + RSS + b" HTTP/1.0"),
    "close": asked(b"GET " + RSS + b" HTTP/1.1", b"Host: a", b"Connection: close"),
    "expect": asked(b"GET " + RSS + b" HTTP/1.1", b"Host: a", b"Expect: 100-continue"),
    "upgrade": asked(b"GET " + RSS + b" HTTP/1.1", b"Host: a", b"Connection: Upgrade", b"Upgrade: h2c"),
    "no host": asked(b"GET " + RSS + b" HTTP/1.1", b"Accept: */*"),
    "two hosts": asked(b"GET " + RSS + b" HTTP/1.1", b"Host: a", b"Host: b"),
    "folded": asked(b"GET " + RSS + b" HTTP/1.1", b"Host: a", b"X: 1", b" folded"),
    "bare line end": b"GET " + RSS + b" HTTP/1.1\r\nHost: a\nX: 1\r\n\r\n",
    "space before the colon": asked(b"GET " + RSS + b" HTTP/1.1", b"Host : a"),
    "no protocol": b"GET " + RSS + b"\r\n\r\n",
    "garbage": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" * 8 + b"\r\n\r\n",
    "nul": asked(b"GET " + RSS + b" HTTP/1.1", b"Host: a", b"X: \x00"),
    "delta": asked(b"GET " + RSS + b" HTTP/1.1", b"Host: a", b"A-IM: feed", b'If-None-Match: "i1"'),
    "large head": asked(b"GET " + RSS + b" HTTP/1.1", b"Host: a", b"X: " + b"x" * 5000),
    "absolute": asked(b"GET http://a" + RSS + b" HTTP/1.1"),
    "star": asked(b"OPTIONS * HTTP/1.1"),
}


@pytest.mark.parametrize("name", REQUESTS)
async def test_the_same_is_answered_with_and_without_the_front(behind, fronted, name) -> None:
    alone, through = await say(behind, REQUESTS[name]), await say(fronted, REQUESTS[name])
    assert parsed(through) == parsed(alone)
    assert through.partition(b"\r\n")[0] == alone.partition(b"\r\n")[0]


async def test_head_has_the_headers_and_no_body(behind, fronted) -> None:
    head = PLAIN.replace(b"GET", b"HEAD", 1)
    alone, through = await say(behind, head, head=True), await say(fronted, head, head=True)
    assert through.endswith(b"\r\n\r\n")
    assert parsed(through, head_only=True) == parsed(alone, head_only=True)


async def test_every_answer_has_its_date(fronted) -> None:
    for request in (PLAIN, SAME, HEALTH):
        dates = re.findall(rb"(?i)\r\ndate: ([^\r]+) GMT\r\n", await say(fronted, request))
        assert len(dates) == 1


async def test_pipelined_requests_are_answered_in_order(fronted) -> None:
    answers = parsed(await say(fronted, PLAIN + SAME + GZIP + HEALTH + SAME + PLAIN, answers=6))
    assert [a[0] for a in answers] == [b"200", b"304", b"200", b"200", b"304", b"200"]
    assert answers[2][1][b"content-encoding"] == b"gzip;"
    assert answers[3][1][b"content-type"] == b"application/json;"
    assert answers[5][2] == answers[0][2]


async def test_a_request_in_pieces(fronted) -> None:
    pieces = [bytes([byte]) for byte in SAME + HEALTH]
    answers = parsed(await say(fronted, *pieces, pause=0.001, answers=2))
    assert [a[0] for a in answers] == [b"304", b"200"]
    halves = [(PLAIN + PLAIN)[:70], (PLAIN + PLAIN)[70:]]
    assert [a[0] for a in parsed(await say(fronted, *halves, pause=0.05, answers=2))] == [b"200", b"200"]


async def test_a_connection_that_went_to_the_whole_server_stays_good(fronted) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", fronted.port)
    for request, status in ((SAME, b"304"), (HEALTH, b"200"), (SAME, b"304"), (HEALTH, b"200")):
        writer.write(request)
        head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 60)
        assert head[9:12] == status
        length = re.search(rb"content-length: (\d+)", head)
        await reader.readexactly(int(length[1]) if length else 0)
    writer.close()


async def test_a_head_without_end_is_refused(fronted) -> None:
    endless = b"GET " + RSS + b" HTTP/1.1\r\n" + b"X: y\r\n" * 12_000
    assert (await say(fronted, endless, end=False)).startswith(b"HTTP/1.1 431 ")


async def test_a_head_that_trickles_in_is_given_up(fronted, monkeypatch) -> None:
    monkeypatch.setattr(front, "HEAD_SECONDS", 0.5)
    monkeypatch.setattr(front, "_SWEEP_SECONDS", 0.1)
    begun = time.monotonic()
    reader, writer = await asyncio.open_connection("127.0.0.1", fronted.port)
    closed = asyncio.create_task(reader.read())
    with pytest.raises((ConnectionError, AssertionError)):
        for byte in PLAIN * 10:
            writer.write(bytes([byte]))
            await writer.drain()
            await asyncio.sleep(0.1)
            assert not closed.done()
    with suppress(ConnectionError):
        assert await closed == b""
    assert time.monotonic() - begun > 0.4, "not before its time"


async def test_an_idle_connection_is_closed(fronted, monkeypatch) -> None:
    monkeypatch.setattr(front, "_SWEEP_SECONDS", 0.1)
    reader, writer = await asyncio.open_connection("127.0.0.1", fronted.port)
    writer.write(SAME)
    await reader.readuntil(b"\r\n\r\n")
    monkeypatch.setattr(front, "IDLE_SECONDS", 0.3)
    writer.write(SAME)  # from now on it may be idle for so long
    found = await asyncio.wait_for(reader.read(), 60)
    assert not found or found.startswith(b"HTTP/1.1 304 ")
    writer.close()


async def test_who_does_not_read_is_held_up_and_then_gets_everything(shelf, shelved, fronted) -> None:
    shelf.put(RSS.decode(), shelved(bodies={"identity": b"x" * 100_000}, etags={"identity": '"big"'}))
    reader, writer = await asyncio.open_connection("127.0.0.1", fronted.port, limit=2**16)
    writer.transport.pause_reading()
    writer.write(PLAIN * 300)
    await until(lambda: any(line._held_up for line in fronted._door._open))
    (held,) = fronted._door._open
    assert held._transport.get_write_buffer_size() < 2_000_000, "300 answers are 30 MB"
    writer.transport.resume_reading()
    got = 0
    async with asyncio.timeout(60):
        while got < 300 * 100_000:
            got += len(await reader.read(2**20))
    assert not held._held_up
    writer.close()


async def test_who_never_reads_is_cut_off(shelf, shelved, fronted, monkeypatch) -> None:
    monkeypatch.setattr(front, "STALLED_SECONDS", 0.3)
    monkeypatch.setattr(front, "_SWEEP_SECONDS", 0.1)
    shelf.put(RSS.decode(), shelved(bodies={"identity": b"x" * 1_000_000}, etags={"identity": '"big"'}))
    _, writer = await asyncio.open_connection("127.0.0.1", fronted.port, limit=2**16)
    writer.transport.pause_reading()
    writer.write(PLAIN * 30)
    await until(lambda: fronted._door._open)
    await until(lambda: not fronted._door._open)
    writer.close()


async def test_more_connections_than_there_is_room_for(fronted) -> None:
    waiting = [await asyncio.open_connection("127.0.0.1", fronted.port) for _ in range(20)]
    await until(lambda: len(fronted._door._open) == 20)
    refused = await say(fronted, end=False)
    assert refused.startswith(b"HTTP/1.1 503 ")
    assert b"retry-after" in refused
    waiting[0][1].close()
    await until(lambda: len(fronted._door._open) == 19)
    assert parsed(await say(fronted, SAME))[0][0] == b"304"
    for _, writer in waiting:
        writer.close()


async def test_stopping_ends_connections_that_wait(shelf) -> None:
    server = Server(create_app(shelf, ready=list), "127.0.0.1", 0, grace=30, door=Door(shelf))
    await server.start()
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    writer.write(SAME)
    await reader.readuntil(b"\r\n\r\n")
    begun = time.monotonic()
    await server.stop()
    assert time.monotonic() - begun < 15, "it did not wait as long as an answer may take"
    assert await asyncio.wait_for(reader.read(), 60) == b""
    writer.close()


async def test_h4_unconditional_polls_go_to_who_counts_them(shelf) -> None:
    door = Door(shelf, unconditional=False)
    assert door.answer(PLAIN) is None
    assert door.answer(SAME) is not None


async def test_a_document_that_was_replaced_is_seen_at_once(shelf, shelved, fronted) -> None:
    assert parsed(await say(fronted, SAME))[0][0] == b"304"
    shelf.put(RSS.decode(), shelved(bodies={"identity": b"new"}, etags={"identity": '"n"'}))
    assert parsed(await say(fronted, SAME))[0][2] == b"new"
    shelf.gone(RSS.decode())
    assert parsed(await say(fronted, SAME))[0][0] == b"410"
