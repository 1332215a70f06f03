"""The client against receivers that do what receivers do."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import socket
import ssl
import subprocess
import time
from datetime import timedelta

import httpx
import pytest

from apps import until
from loops import flying_clock, standing_clock
from syndicate import __version__
from syndicate.config.settings import Network
from syndicate.net import http1
from syndicate.net import resolve as resolving
from syndicate.net.answer import Blocked, Unreachable
from syndicate.net.client import Client, _target
from syndicate.net.guard import Guard
from syndicate.net.limits import Slots
from syndicate.net.overdue import Overdue
from syndicate.net.wire import Wire

pytestmark = pytest.mark.anyio
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-Two: a\r\nX-Two: b\r\n\r\nok"


@pytest.fixture(autouse=True, params=["httptools", "h11"])
def reader(request, monkeypatch):
    """All of it with either reader."""
    if request.param == "h11":
        monkeypatch.setattr(http1, "httptools", None)
    elif http1.httptools is None:
        pytest.skip("httptools is not installed")


def network(**changes: object) -> Network:
    patient = {"timeout": timedelta(seconds=60), "connect_timeout": timedelta(seconds=60)}
    return Network.model_validate({**patient, **changes})


def client(**changes: object) -> Client:
    return Client(network(**changes), publisher_url="https://news.example.org/")


async def test_a_post_carries_its_body_and_names_the_publisher(receive):
    async with receive(OK) as receiver, client() as http:
        answer = await http.post(receiver.url + "in?a=1", content=b"story", headers={"X-Mark": "1"})
        head, body = receiver.requests[0]
        assert (answer.status, answer.body, answer.truncated) == (200, b"ok", False)
        assert answer.headers["x-two"] == "a, b"
        assert answer.seconds > 0
        assert body == b"story"
        assert head.startswith("POST /in?a=1 HTTP/1.1\r\n")
        assert f"user-agent: syndicate/{__version__} (+https://news.example.org/)\r\n" in head.lower()
        assert f"host: 127.0.0.1:{receiver.port}\r\n" in head.lower()
        assert head.lower().count("content-length:") == 1


async def test_connections_are_reused_one_after_the_other(receive):
    async with receive(OK) as receiver, client() as http:
        for _ in range(5):
            await http.get(receiver.url)
        assert (receiver.connections, len(receiver.requests)) == (1, 5)


async def test_a_connection_the_receiver_closed_while_idle_is_replaced(receive):
    async def once(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(OK)

    async with receive(once) as receiver, client() as http:
        for _ in range(3):
            assert (await http.get(receiver.url)).status == 200
        assert receiver.connections == 3


async def test_a_reused_connection_that_dies_unanswered_is_tried_afresh_once(receive):
    async def second_request_dies(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(OK)
        await reader.readuntil(b"\r\n\r\n")

    async with receive(second_request_dies) as receiver, client() as http:
        await http.get(receiver.url)
        assert (await http.get(receiver.url)).status == 200
        assert receiver.connections == 2


async def test_a_fresh_connection_that_dies_unanswered_is_unreachable(receive):
    async def mute(reader, writer):
        await reader.readuntil(b"\r\n\r\n")

    async with receive(mute) as receiver, client() as http:
        with pytest.raises(Unreachable, match="closed without an answer"):
            await http.get(receiver.url)
        assert receiver.connections == 1


async def test_no_redirect_is_followed(receive):
    moved = b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n"
    async with receive(moved) as receiver, client() as http:
        answer = await http.get(receiver.url)
        assert (answer.status, answer.headers["location"]) == (302, "http://127.0.0.1:1/")
        assert len(receiver.requests) == 1


@pytest.mark.parametrize("framing", ["length", "chunked", "close"])
async def test_a_body_is_read_up_to_64_kb_and_no_further(receive, framing):
    size = 65_536 * 3

    async def flood(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        head = {"length": b"Content-Length: %d" % size, "chunked": b"Transfer-Encoding: chunked"}
        writer.write(b"HTTP/1.1 500 No\r\n" + head.get(framing, b"X: y") + b"\r\n\r\n")
        writer.write(b"%x\r\n" % size if framing == "chunked" else b"")
        with contextlib.suppress(ConnectionError):
            writer.write(b"x" * size)
            await writer.drain()

    async with receive(flood) as receiver, client() as http:
        answer = await http.get(receiver.url)
        assert (answer.status, len(answer.body), answer.truncated) == (500, 65_536, True)
        assert receiver.connections == 1
        assert (await http.get(receiver.url)).status == 500
        assert receiver.connections == 2, "what was not read is left behind with its connection"


async def test_chunks_are_put_together(receive):
    chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"
    async with receive(chunked) as receiver, client() as http:
        assert (await http.get(receiver.url)).body == b"abcde"
        assert (await http.get(receiver.url)).body == b"abcde"
        assert receiver.connections == 1


async def test_a_trickling_body_does_not_outlast_the_whole_request(receive):
    async def trickle(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        with contextlib.suppress(ConnectionError):
            for _ in range(1000):
                writer.write(b"x")
                await writer.drain()
                await asyncio.sleep(0.02)

    async with receive(trickle) as receiver, client() as http:
        with pytest.raises(Unreachable, match=r"no answer within 0\.2 s") as caught:
            await http.get(receiver.url, timeout=0.2)
        assert 0.15 < caught.value.seconds < 10, "all of it takes twenty"


async def test_informational_answers_are_passed_over(receive):
    early = b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" * 2 + OK
    async with receive(early) as receiver, client() as http:
        assert (await http.get(receiver.url)).status == 200


@pytest.mark.parametrize(
    "answer",
    [
        b"SSH-2.0-OpenSSH_9.6\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!",
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"y" * 200_000 + b"\r\n\r\n",
    ],
    ids=["no-http", "two-lengths", "upgrade", "endless-header"],
)
async def test_a_malformed_answer_is_unreachable(receive, answer):
    async with receive(answer) as receiver, client() as http:
        with pytest.raises(Unreachable, match=r"127\.0\.0\.1: "):
            await http.get(receiver.url)


async def test_what_comes_unasked_is_never_taken_for_the_next_answer(receive):
    go_on = asyncio.Event()

    async def talkative(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(OK)
        await writer.drain()
        await go_on.wait()
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nforged")
        await writer.drain()
        await reader.read()

    async with receive(talkative) as receiver, client() as http:
        await http.get(receiver.url)
        ((idle,),) = http._transport._idle.values()
        go_on.set()
        await until(lambda: not idle.usable)  # it came
        assert (await http.get(receiver.url)).body != b"forged"
        assert receiver.connections == 2


async def test_a_closed_port_is_unreachable(receive):
    async with receive(OK) as receiver:
        url = receiver.url
    async with client() as http:
        with pytest.raises(Unreachable, match="the connection was refused"):
            await http.get(url)


@pytest.mark.parametrize(
    "url",
    [
        "ftp://a.example/",
        "file:///etc/passwd",
        "http://",
        "http:///x",
        "http://a.example:99999/",
        "x",
        "http://[::1/",
    ],
)
async def test_only_http_and_https_are_asked(url):
    async with client() as http:
        with pytest.raises(Unreachable):
            await http.get(url)


async def test_a_name_that_does_not_exist_is_unreachable():
    async def nobody(host: str, port: int) -> list[str]:
        raise OSError

    async with Client(network(), transport=Wire(resolve=nobody)) as http:
        with pytest.raises(Unreachable, match=r"nobody\.example: "):
            await http.get("http://nobody.example/?token=hush")


async def test_the_next_address_of_a_name_is_tried(receive):
    async def two(host: str, port: int) -> list[str]:
        return ["127.0.0.2", "127.0.0.1"]

    async with receive(OK) as receiver, Client(network(), transport=Wire(resolve=two)) as http:
        assert (await http.get(f"http://two.example:{receiver.port}/")).status == 200
        assert f"two.example:{receiver.port}" in receiver.requests[0][0]


async def test_a_password_in_the_address_is_sent_as_basic_and_not_in_the_target(receive):
    async with receive(OK) as receiver, client() as http:
        await http.get(f"http://ann:s%40fe@127.0.0.1:{receiver.port}/x")
        head = receiver.requests[0][0]
        assert "authorization: basic yw5uonnazmu=" in head.lower()
        assert "ann" not in head.replace("YW5uOnNAZmU=", "")


async def test_the_guard_stops_a_request_before_it_is_sent(receive):
    async with receive(OK) as receiver, client() as http:
        with pytest.raises(Blocked):
            await http.get(receiver.url, guard=Guard())
        assert receiver.connections == 0
        allowed = Guard.of(["127.0.0.0/8"])
        assert (await http.get(receiver.url, guard=allowed)).status == 200


async def test_rebinding_the_connection_goes_to_the_address_that_was_checked(receive):
    """A name that answers with a good address first and a private one next (DNS rebinding)."""
    answers = [["127.0.0.1"], ["127.0.0.2"], ["127.0.0.2"]]

    async def changing(host: str, port: int) -> list[str]:
        return answers.pop(0)

    guard = Guard.of(["127.0.0.1/32"], resolve=changing)
    async with receive(OK) as receiver, Client(network(), transport=Wire(resolve=changing)) as http:
        url = f"http://rebind.example:{receiver.port}/"
        assert (await http.get(url, guard=guard)).status == 200
        assert len(answers) == 2, "the name was looked up once: what was checked is what was connected to"
        with pytest.raises(Blocked):
            await http.get(url, guard=guard)


async def test_an_idle_connection_to_an_address_not_checked_now_is_not_reused(receive):
    now = ["127.0.0.1"]

    async def moving(host: str, port: int) -> list[str]:
        return list(now)

    guard = Guard.of(["127.0.0.0/8"], resolve=moving)
    async with receive(OK, host="0.0.0.0") as receiver, client() as http:
        url = f"http://moving.example:{receiver.port}/"
        await http.get(url, guard=guard)
        now[0] = "127.0.0.3"
        await http.get(url, guard=guard)
        await http.get(url, guard=guard)
        assert receiver.connections == 2


async def test_a_slow_host_does_not_hold_up_another(receive):
    """Ten times the cap's worth of requests to a host that never answers, and one to another host."""

    async def never(reader, writer):
        await reader.read()

    settings = {"in_flight": 5, "in_flight_per_host": 4, "timeout": timedelta(seconds=600)}
    async with receive(never) as slow, receive(OK) as quick, client(**settings) as http:
        waiting = [asyncio.create_task(http.get(slow.url)) for _ in range(50)]
        while slow.connections < 4:
            await asyncio.sleep(0.01)
        answer = await http.get(quick.url)
        assert answer.status == 200
        assert slow.connections == 4, "the cap per host"
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
        assert http._slots.hosts() == 0


async def test_the_cap_over_all_is_kept(receive):
    running, most = 0, 0
    full = asyncio.Event()

    async def counted(reader, writer):
        nonlocal running, most
        await reader.readuntil(b"\r\n\r\n")
        running += 1
        most = max(most, running)
        if most == 3:
            full.set()
        await full.wait()
        await asyncio.sleep(0.01)
        running -= 1
        writer.write(OK)

    async with contextlib.AsyncExitStack() as stack:
        hosts = [await stack.enter_async_context(receive(counted)) for _ in range(6)]
        http = await stack.enter_async_context(client(in_flight=3, in_flight_per_host=2))
        http._slots = Slots(3, 2, at_once=3600, patience=3600)  # none is slow, however slow the machine is
        answers = await asyncio.gather(*(http.get(h.url) for h in hosts for _ in range(3)))
        assert [a.status for a in answers] == [200] * 18
        assert most == 3


async def test_waiting_for_a_slot_does_not_count_as_the_receivers_time(receive):
    go_on = asyncio.Event()

    async def slowly(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        await go_on.wait()
        writer.write(OK)

    async with receive(slowly) as receiver, client(in_flight_per_host=1) as http:
        with standing_clock() as on:
            first = asyncio.create_task(http.get(receiver.url, timeout=3600))
            await until_now(lambda: receiver.connections == 1)
            others = [asyncio.create_task(http.get(receiver.url, timeout=60)) for _ in range(5)]
            await turns()  # all five wait now
            on(600)
            await turns()
            assert not any(task.done() for task in others)
            go_on.set()
            assert [a.status for a in await asyncio.gather(first, *others)] == [200] * 6


async def turns(count: int = 20) -> None:
    """What is due is done."""
    for _ in range(count):
        await asyncio.sleep(0)


async def until_now(true) -> None:
    """As ``until``, where the clock stands."""
    while not true():
        await asyncio.sleep(0)


async def test_a_cancelled_request_leaves_no_half_answer_behind(receive):
    asked, gone = asyncio.Event(), asyncio.Event()

    async def second_quick(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        asked.set()
        await gone.wait()
        with contextlib.suppress(ConnectionError):
            writer.write(OK)

    async with receive(second_quick) as receiver, client() as http:
        with standing_clock() as on:
            asking = asyncio.create_task(http.get(receiver.url, timeout=60))
            await asked.wait()
            on(61)
            with pytest.raises(Unreachable):
                await asking
        gone.set()
        assert (await http.get(receiver.url)).body == b"ok"
        assert receiver.connections == 2


async def test_idle_connections_are_bounded(receive):
    async with contextlib.AsyncExitStack() as stack:
        hosts = [await stack.enter_async_context(receive(OK)) for _ in range(12)]
        wire = Wire(idle=4)
        async with Client(network(), transport=wire) as http:
            for host in hosts:
                await http.get(host.url)
            assert 1 <= wire.idle() <= 4
        assert wire.idle() == 0


@pytest.mark.parametrize("value", ["a\r\nX-Evil: 1", "ü", "a\0b"])
async def test_a_header_that_could_split_the_request_is_not_sent(receive, value):
    async with receive(OK) as receiver, client() as http:
        with pytest.raises(Unreachable, match="headers are malformed") as caught:
            await http.get(receiver.url, headers={"authorization": "hush" + value})
        assert "hush" not in str(caught.value)
        assert receiver.requests == []


@pytest.fixture
def certificate(tmp_path):
    if shutil.which("openssl") is None:
        pytest.skip("openssl makes the certificate and is not installed")
    command = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:prime256v1",
        "-nodes",
        "-days",
        "2",
    ]
    subject = ["-subj", "/CN=tls.example", "-addext", "subjectAltName=DNS:tls.example"]
    files = ["-keyout", str(tmp_path / "key.pem"), "-out", str(tmp_path / "cert.pem")]
    subprocess.run([*command, *subject, *files], check=True, capture_output=True)
    return tmp_path


def _server_tls(certificate, seen: list[str]) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate / "cert.pem", certificate / "key.pem")
    context.sni_callback = lambda _sock, name, _context: seen.append(name)
    return context


async def test_tls_the_name_is_verified_though_the_checked_address_is_connected_to(receive, certificate):
    async def here(host: str, port: int) -> list[str]:
        return ["127.0.0.1"]

    seen: list[str] = []
    guard = Guard.of(["127.0.0.0/8"], resolve=here)
    wire = Wire(context=ssl.create_default_context(cafile=certificate / "cert.pem"), resolve=here)
    async with (
        receive(OK, tls=_server_tls(certificate, seen)) as receiver,
        Client(network(), transport=wire) as http,
    ):
        answer = await http.get(f"https://tls.example:{receiver.port}/", guard=guard)
        assert (answer.status, seen) == (200, ["tls.example"])
        assert f"host: tls.example:{receiver.port}" in receiver.requests[0][0].lower()
        with pytest.raises(Unreachable, match="certificate is not accepted"):
            await http.get(f"https://other.example:{receiver.port}/", guard=guard)


async def test_tls_a_certificate_nobody_vouches_for_is_refused(receive, certificate):
    async with (
        receive(OK, tls=_server_tls(certificate, [])) as receiver,
        client() as http,
    ):
        with pytest.raises(Unreachable, match="certificate is not accepted"):
            await http.get(f"https://127.0.0.1:{receiver.port}/")
        assert receiver.requests == []


async def test_slow_requests_give_their_slots_back_and_are_bounded_themselves() -> None:
    with flying_clock():
        await _slow_ones_give_back()


async def _slow_ones_give_back() -> None:
    slots = Slots(2, 1, slow=2, at_once=0.05, patience=0.1)
    started: list[str] = []

    async def ask(host: str, seconds: float) -> None:
        async with slots.hold(host):
            started.append(host)
            await asyncio.sleep(seconds)

    slow = [asyncio.create_task(ask(f"slow{n}", 1.2)) for n in range(8)]
    await asyncio.sleep(0.2)
    assert len(started) == 4, "two that gave their slots back, and two that found no room among the slow"
    await asyncio.gather(*slow)
    assert all(slots.is_late(f"slow{n}") for n in range(8))
    started.clear()
    again = [asyncio.create_task(ask(f"slow{n}", 0.6)) for n in range(8)]
    await asyncio.sleep(0)
    await asyncio.gather(ask("quick", 0.0), ask("other", 0.0))
    assert started[:4] == ["slow0", "slow1", "quick", "other"], "known to be slow, they wait for one another"
    await asyncio.gather(*again)
    await ask("slow0", 0.0)
    assert not slots.is_late("slow0"), "until it is quick again"
    assert slots.hosts() == 0


async def test_a_request_that_is_a_little_slow_gives_its_slot_back_and_its_host_is_not_called_slow() -> None:
    slots = Slots(1, 1, at_once=0.02, patience=5.0)
    order: list[str] = []

    async def ask(host: str, seconds: float) -> None:
        async with slots.hold(host):
            await asyncio.sleep(seconds)
            order.append(host)

    with flying_clock():
        await asyncio.gather(ask("far", 1.0), ask("near", 0.0))
    assert order == ["near", "far"]
    assert not slots.is_late("far")


async def test_a_host_that_takes_no_connection_costs_the_others_a_moment(receive) -> None:
    """It hangs while connecting: nothing listens to what arrives there, and nothing refuses it."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as deaf:
        port = deaf.getsockname()[1]
        holders = [socket.socket() for _ in range(4)]
        for holder in holders:  # the queue is full: what comes now is not taken
            holder.setblocking(False)
            holder.connect_ex(("127.0.0.1", port))
        async with (
            receive(OK) as receiver,
            client(in_flight=1, in_flight_per_host=1) as http,
        ):
            stuck = asyncio.create_task(http.get(f"http://127.0.0.1:{port}/"))
            await asyncio.sleep(0)
            assert (await http.get(receiver.url)).status == 200
            assert not stuck.done(), "it still waits for a connection"
            stuck.cancel()
            await asyncio.gather(stuck, return_exceptions=True)
        for holder in holders:
            holder.close()


async def test_who_takes_no_connection_is_given_up_after_the_time_for_connecting() -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=0) as deaf:
        port = deaf.getsockname()[1]
        holders = [socket.socket() for _ in range(4)]
        for holder in holders:
            holder.setblocking(False)
            holder.connect_ex(("127.0.0.1", port))
        async with client(connect_timeout=timedelta(seconds=0.2), timeout=timedelta(seconds=1000)) as http:
            with pytest.raises(Unreachable, match="no connection in time"):
                await asyncio.wait_for(http.get(f"http://127.0.0.1:{port}/"), 60)
        for holder in holders:
            holder.close()


async def test_who_takes_the_connection_and_says_nothing_is_given_up_after_the_time_for_the_whole(
    receive,
) -> None:
    async def never(reader, writer):
        await reader.read()

    async with (
        receive(never) as receiver,
        client(connect_timeout=timedelta(seconds=1000), timeout=timedelta(seconds=0.2)) as http,
    ):
        with pytest.raises(Unreachable, match=r"no answer within 0\.2 s"):
            await asyncio.wait_for(http.get(receiver.url), 60)


async def test_a_thousand_that_hang_are_let_go_by_one_timer() -> None:
    gone: list[int] = []
    watch = Overdue(0.05, gone.append)
    for number in range(1000):
        watch.begin(number)
    for number in range(0, 1000, 2):
        watch.end(number)
    await until(lambda: len(gone) == 500)
    assert gone == list(range(1, 1000, 2))
    watch.begin(7)
    await until(lambda: len(gone) == 501)
    assert gone[-1] == 7


async def test_a_name_is_asked_for_once_by_all_who_want_it_and_again_later(monkeypatch) -> None:
    asked: list[str] = []

    def look_up(host: str) -> list[str]:
        asked.append(host)
        time.sleep(0.05)
        if host == "no.example":
            raise socket.gaierror(socket.EAI_NONAME, "none")
        return ["192.0.2.1"]

    monkeypatch.setattr(resolving, "_look_up", look_up)
    monkeypatch.setattr(resolving, "_names", resolving._Names())
    found = await asyncio.gather(*(resolving.resolve("a.example", 80) for _ in range(50)))
    assert found == [["192.0.2.1"]] * 50
    assert asked == ["a.example"]
    first = asyncio.create_task(resolving.resolve("b.example", 80))
    await asyncio.sleep(0)
    second = asyncio.create_task(resolving.resolve("b.example", 80))
    await asyncio.sleep(0.01)
    first.cancel()
    assert await second == ["192.0.2.1"], "who gives up does not stop the others"
    for _ in range(2):
        with pytest.raises(OSError, match="none"):
            await resolving.resolve("no.example", 80)
    assert asked == ["a.example", "b.example", "no.example"]
    monkeypatch.setattr(resolving, "FRESH_SECONDS", -1.0)
    monkeypatch.setattr(resolving, "_names", resolving._Names())
    for _ in range(2):
        await resolving.resolve("a.example", 80)
    assert asked[3:] == ["a.example", "a.example"]


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:8000/a/b?x=1&y=..",
        "https://a.example",
        "https://a.example:443/",
        "http://a.example:80/x/",
        "http://a.example:8443?z=1",
        "http://a.example/x?",
        "http://A.example/%7Ex/../y",
        "http://[2001:db8::1]:81/x",
        "http://bücher.example/ä?ö",
        "http://ann:s%40fe@a.example/x#part",
        "http://256.1.1.1/",
    ],
)
def test_an_address_is_read_as_httpx_reads_it(url) -> None:
    try:
        wanted = httpx.URL(url)
    except httpx.InvalidURL:
        with pytest.raises(Unreachable):
            _target(url)
        return
    found = _target(url)
    assert (found.scheme, found.host) == (wanted.scheme, wanted.raw_host.decode())
    assert (found.netloc, found.path) == (wanted.netloc, wanted.raw_path)
    assert found.port == (wanted.port or (443 if wanted.scheme == "https" else 80))


async def test_any_transport_of_httpxs_interface_serves(receive) -> None:
    class Other(httpx.AsyncBaseTransport):
        def __init__(self) -> None:
            self.wire = Wire()

        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            return await self.wire.handle_async_request(request)

    async with receive(OK) as receiver, Client(network(), transport=Other()) as http:
        answer = await http.post(receiver.url + "in?a=1", content=b"story", headers={"X-Mark": "1"})
        assert (answer.status, answer.body, answer.headers["x-two"]) == (200, b"ok", "a, b")
        head, body = receiver.requests[0]
        assert head.startswith("POST /in?a=1 HTTP/1.1\r\n")
        assert (body, head.lower().count("x-mark: 1")) == (b"story", 1)
        with pytest.raises(Blocked):
            await http.get(receiver.url, guard=Guard())


async def test_a_request_that_is_cancelled_while_it_waits_loses_no_slot() -> None:
    slots = Slots(1, 4)
    async with slots.hold("a"):
        waiting = asyncio.create_task(_hold(slots, "b"))
        await asyncio.sleep(0)
        waiting.cancel()
    await asyncio.wait_for(_hold(slots, "c"), 60)
    assert slots.hosts() == 0


async def _hold(slots: Slots, host: str) -> None:
    async with slots.hold(host):
        pass
