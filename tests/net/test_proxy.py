"""Everything that leaves goes through the egress proxy, and what the guard checked it is asked for by address."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import shutil
import ssl
import subprocess
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import pytest
from pydantic import ValidationError

from syndicate.config.settings import Network
from syndicate.model import Verdict
from syndicate.net.answer import Blocked, Unreachable
from syndicate.net.client import Client
from syndicate.net.guard import Guard
from syndicate.net.proxy import Proxy
from syndicate.net.wire import Wire
from syndicate.transports.details import Redactor
from syndicate.transports.sending import Letterbox

pytestmark = pytest.mark.anyio
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
PASSWORD = "s3cr3t/word"
LOOPBACK = ["127.0.0.0/8"]


class Squid:
    """A small proxy: notes the heads it was sent, and passes on, to ``port`` of loopback whatever the name."""

    def __init__(self, refusal: bytes = b"") -> None:
        self.port, self.heads, self.refusal, self.to = 0, [], refusal, 0

    @property
    def url(self) -> str:
        return f"http://desk:s3cr3t%2Fword@127.0.0.1:{self.port}"

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            head = await reader.readuntil(b"\r\n\r\n")
            self.heads.append(head.decode())
            if self.refusal:
                writer.write(b"HTTP/1.1 %s\r\nContent-Length: 0\r\n\r\n" % self.refusal)
                await writer.drain()
            else:
                await self.forward(head, reader, writer)
        writer.close()

    async def forward(self, head: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        other, further = await asyncio.open_connection("127.0.0.1", self.to)
        if head.startswith(b"CONNECT"):
            writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        else:
            method, target, rest = head.split(b" ", 2)
            further.write(b"%s %s %s" % (method, urlsplit(target).path, rest))
        await asyncio.gather(pump(reader, further), pump(other, writer))

    def asked(self) -> str:
        return self.heads[-1].split(" HTTP/1.1")[0]


async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(65_536):
            writer.write(data)
            await writer.drain()
    writer.close()


@contextlib.asynccontextmanager
async def listening(squid: Squid) -> AsyncIterator[Squid]:
    server = await asyncio.start_server(squid.handle, "127.0.0.1", 0)
    squid.port = server.sockets[0].getsockname()[1]
    try:
        yield squid
    finally:
        server.close()


def client(squid: Squid, **given: object) -> Client:
    network = Network.model_validate({"timeout": "60s", "connect_timeout": "60s", "proxy": squid.url})
    return Client(network, **given)  # type: ignore[arg-type]


async def here(host: str, port: int) -> list[str]:
    return ["127.0.0.1"]


async def test_plain_http_is_asked_in_full_and_the_proxy_looks_the_name_up(receive):
    async with receive(OK) as receiver, listening(Squid()) as squid, client(squid) as http:
        squid.to = receiver.port
        answer = await http.post("http://partner.example/in?key=1", content=b"story")
        assert (answer.status, answer.body) == (200, b"ok")
        assert squid.asked() == "POST http://partner.example/in?key=1"
        pair = base64.b64encode(f"desk:{PASSWORD}".encode()).decode()
        assert f"proxy-authorization: basic {pair.lower()}" in squid.heads[0].lower()
        assert receiver.requests[0][1] == b"story"


async def test_what_the_guard_checked_is_asked_for_by_that_address_with_the_names_host(receive):
    async with receive(OK) as receiver, listening(Squid()) as squid, client(squid) as http:
        squid.to = receiver.port
        answer = await http.get("http://stranger.example/", guard=Guard.of(LOOPBACK, resolve=here))
        assert (answer.status, answer.address) == (200, "127.0.0.1")
        assert squid.asked() == "CONNECT 127.0.0.1:80"
        head = receiver.requests[0][0].lower()
        assert "host: stranger.example" in head
        assert "proxy-authorization" not in head, "the receiver learns nothing of the proxy"
        await http.get("http://stranger.example/")
        assert receiver.requests[1][0].startswith("GET / "), "down the tunnel goes what the receiver reads"


async def test_the_guard_refuses_before_the_proxy_is_asked():
    async with listening(Squid()) as squid, client(squid) as http:
        with pytest.raises(Blocked, match="not public"):
            await http.get("http://stranger.example/", guard=Guard.of([], resolve=here))
        assert squid.heads == []


@pytest.fixture
def certificate(tmp_path):
    if shutil.which("openssl") is None:
        pytest.skip("openssl makes the certificate and is not installed")
    made = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=tls.example"
    files = ["-keyout", str(tmp_path / "key.pem"), "-out", str(tmp_path / "cert.pem")]
    subprocess.run(
        [*made.split(), "-addext", "subjectAltName=DNS:tls.example", *files], check=True, capture_output=True
    )
    return tmp_path


async def test_https_goes_through_a_tunnel_and_the_receivers_name_is_verified(receive, certificate):
    seen: list[str] = []
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(certificate / "cert.pem", certificate / "key.pem")
    server.sni_callback = lambda _sock, name, _context: seen.append(name)
    trusted = ssl.create_default_context(cafile=certificate / "cert.pem")
    async with receive(OK, tls=server) as receiver, listening(Squid()) as squid:
        squid.to = receiver.port
        wire = Wire(context=trusted, proxy=Proxy.of(squid.url))
        async with client(squid, transport=wire) as http:
            for _ in range(2):
                answer = await http.get("https://tls.example/", guard=Guard.of(LOOPBACK, resolve=here))
                assert (answer.status, answer.body) == (200, b"ok")
            assert (squid.asked(), seen, len(squid.heads)) == ("CONNECT 127.0.0.1:443", ["tls.example"], 1)
            with pytest.raises(Unreachable, match="certificate is not accepted"):
                await http.get("https://other.example/")
            assert squid.asked() == "CONNECT other.example:443"


@pytest.mark.parametrize(
    ("refusal", "url", "said"),
    [
        (b"407 Proxy Authentication Required", "https://partner.example/", "name and password"),
        (b"407 Proxy Authentication Required", "http://partner.example/", "name and password"),
        (b"403 Forbidden", "https://partner.example/", "does not allow"),
        (b"502 Bad Gateway", "https://partner.example/", "the proxy answers 502"),
    ],
)
async def test_what_the_proxy_refuses_is_tried_again_and_says_why(refusal, url, said):
    async with listening(Squid(refusal)) as squid, client(squid) as http:
        outcome = await Letterbox(http, url, Redactor(set()), None).post(b"story", {}, datetime.now(UTC))
        assert outcome.verdict is Verdict.RETRY
        assert said in outcome.detail
        assert PASSWORD not in outcome.detail
        assert "desk" not in outcome.detail


async def test_a_proxy_that_is_away_is_said():
    async with listening(Squid()) as squid:
        pass
    async with client(squid) as http:
        for url in ("http://partner.example/", "https://partner.example/"):
            with pytest.raises(Unreachable, match=r"the proxy \(network.proxy\) cannot be reached"):
                await http.get(url)


@pytest.mark.parametrize(
    "answer", [b"HTTP/1.1 200 OK\r\n\r\nHTTP/1.1 200 OK\r\n\r\n", b"SSH-2.0\r\n\r\n", b""]
)
async def test_what_is_no_answer_to_connect_makes_no_tunnel(answer):
    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        writer.close()

    async with listening(squid := Squid()):
        pass
    server = await asyncio.start_server(handle, "127.0.0.1", squid.port)
    async with client(squid) as http:
        with pytest.raises(Unreachable, match="the proxy"):
            await http.get("http://stranger.example/", guard=Guard.of(LOOPBACK, resolve=here))
    server.close()


def test_the_password_is_in_no_repr_and_no_error():
    network = Network.model_validate({"proxy": f"http://desk:{PASSWORD.replace('/', '%2F')}@proxy:3128"})
    for text in (repr(network), network.model_dump_json(), repr(Proxy.of("http://a:hush@proxy:3128"))):
        assert "s3cr3t" not in text
        assert "hush" not in text
    for wrong in (
        "https://desk:hush@proxy:3128",
        "socks5://proxy",
        "http://desk:hush@proxy:99999",
        "http://p/x",
    ):
        with pytest.raises(ValidationError, match="a proxy is given as") as error:
            Network.model_validate({"proxy": wrong})
        assert "hush" not in str(error.value.errors(include_input=False)[0]["msg"])


def test_timeouts_reach_the_proxy_too():
    async def go() -> None:
        async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            while await reader.read(4096):  # until the other side has enough of it
                pass
            writer.close()

        server = await asyncio.start_server(silent, "127.0.0.1", 0)
        address = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        async with Client(Network(proxy=address, connect_timeout=timedelta(seconds=0.2))) as http:  # type: ignore[arg-type]
            with pytest.raises(Unreachable, match="no connection in time"):
                await http.get("https://partner.example/")
        server.close()

    asyncio.run(go())
