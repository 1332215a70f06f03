"""What the doctor finds: each fault made, found, and said with its fix."""

from __future__ import annotations

import asyncio
import json
import os
import ssl
import subprocess
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from ports import free_port
from syndicate.cli.main import run
from syndicate.config import Adapters, Settings, load
from syndicate.daemon.app import App
from syndicate.doctor import Check, examine, network
from syndicate.doctor.database import Stored
from syndicate.doctor.machine import machine, room
from syndicate.doctor.software import libraries
from syndicate.passwords import DEMO, hashed
from syndicate.sources.registry import SOURCES
from syndicate.transports.registry import ENDPOINTS

pytestmark = pytest.mark.anyio
SECRET = "whsec_dGVzdHMgb25seTogdGhpcyBpcyBubyBzZWNyZXQgYXQgYWxsIQ=="
CONFIG = """
[publisher]
name = "The Times"
url = "https://times.example.org/"
timezone = "Asia/Kabul"
base_url = "http://127.0.0.1:{port}/"
[web]
port = {web}
[ops]
port = 0
[storage]
url = "sqlite:///{folder}/var/news.db"
[output]
path = "{folder}/feeds"
[feeds.latest]
title = "Latest"
"""


class Other:
    """A server that answers every GET with what it is told to."""

    def __init__(self) -> None:
        self.status, self.headers, self.body = 200, {}, b"hello"  # type: ignore[var-annotated]
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response_only(outer.status)
                for name, value in outer.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(outer.body)))
                self.end_headers()
                self.wfile.write(outer.body)

            def log_message(self, *_: Any) -> None:
                pass

        self._server = HTTPServer(("127.0.0.1", 0), Handler)
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def other() -> Iterator[Other]:
    made = Other()
    yield made
    made.close()


def configured(folder: Path, more: str = "", port: int = 9, web: int = 0) -> tuple[Settings, Path]:
    file = folder / "syndicate.toml"
    file.write_text(CONFIG.format(folder=folder, port=port, web=web) + more)
    file.chmod(0o600)
    return load(file, Adapters(SOURCES, ENDPOINTS)), file


async def looked(settings: Settings, file: Path) -> dict[str, Check]:
    found = await examine(settings, file, datetime.now(UTC))
    worst = sorted(found, key=lambda c: ("ok", "warn", "fail").index(c.state))
    return {check.name: check for check in worst}


async def test_before_the_first_run_nothing_fails(tmp_path: Path) -> None:
    found = await looked(*configured(tmp_path))
    assert [c for c in found.values() if c.state == "fail"] == []
    assert {"python", "sqlite", "libraries", "database", "output folder", "time zone", "base_url"} <= set(
        found
    )
    assert found["database"].state == "warn"
    assert all(check.fix for check in found.values() if check.state != "ok")


async def test_a_running_daemon_is_found_at_its_port_and_at_its_address(tmp_path: Path) -> None:
    port = free_port()
    settings, file = configured(tmp_path, port=port, web=port)
    async with App(settings) as app:
        task = asyncio.create_task(app.run())
        while app._ready:
            await asyncio.sleep(0.02)
        found = await looked(settings, file)
        app.stop()
        await task
    assert (found["web port"].state, found["base_url"].state) == ("ok", "ok")
    assert "what is stored here" in found["base_url"].message
    assert "a daemon runs" in found["database"].message


async def test_an_address_that_leads_elsewhere_is_found(tmp_path: Path, other: Other) -> None:
    settings, file = configured(tmp_path, 'formats = ["rss"]\n', port=other.port)
    async with App(settings) as app:
        await app.once()
    assert "another document" in (await looked(settings, file))["base_url"].message
    other.body = (tmp_path / "feeds/latest/rss.xml").read_bytes()
    assert (await looked(settings, file))["base_url"].state == "ok"  # a web server serves the file
    other.status = 404
    assert (await looked(settings, file))["base_url"].state == "fail"


async def test_a_port_that_is_taken_and_a_folder_nobody_may_write(tmp_path: Path, other: Other) -> None:
    settings, file = configured(tmp_path, web=other.port)
    found = await looked(settings, file)
    assert found["web port"].state == "fail"
    assert "it is taken" in found["web port"].message
    (tmp_path / "feeds").mkdir()
    (tmp_path / "feeds").chmod(0o777)
    assert (await looked(settings, file))["output folder"].state == "warn"


async def test_secrets_that_others_can_read(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text(SECRET)
    more = '[partners.x]\nfeeds = ["latest"]\n[partners.x.endpoints.main]\ntype = "webhook"\nurl = "http://no.invalid/"\n'
    settings, file = configured(tmp_path, more + f'secrets = [{{ file = "{secret}" }}]\n')
    secret.chmod(0o644)
    found = await looked(settings, file)
    assert found["secrets"].state == "fail"
    assert found["secrets"].fix == f"chmod 600 {secret}"
    assert found["partner x/main"].state == "fail"
    assert "does not resolve" in found["partner x/main"].message
    secret.chmod(0o600)
    assert (await looked(settings, file))["secrets"].state == "ok"
    assert SECRET not in str(found)


async def test_the_examples_password_behind_a_public_address(tmp_path: Path) -> None:
    users = f'[ops.users.desk]\npassword = "{hashed(DEMO)}"\n'
    for base, said in (("http://127.0.0.1:9/", []), ("https://times.example.org/", ["warn"])):
        text = CONFIG.format(folder=tmp_path, port=9, web=0).replace("http://127.0.0.1:9/", base)
        file = tmp_path / "syndicate.toml"
        file.write_text(text + users)
        found = list(machine(load(file, Adapters(SOURCES, ENDPOINTS)), file, running=True))
        assert [check.state for check in found if check.name == "logins"] == said


async def test_a_hub_that_is_away_and_one_that_is_there(tmp_path: Path, other: Other) -> None:
    more = f'[external_hubs.a]\nurl = "http://127.0.0.1:9/"\n[external_hubs.b]\nurl = "http://127.0.0.1:{other.port}/"\n'
    found = await looked(*configured(tmp_path, more))
    assert (found["hub a"].state, found["hub b"].state) == ("fail", "ok")


async def test_places_of_publish_are_asked(tmp_path: Path) -> None:
    (tmp_path / "blocked").write_text("")
    table = '[[publish]]\nname = "{0}"\ntype = "folder"\npath = "{1}/{0}"\n'
    more = table.format("there", tmp_path) + table.format("blocked", tmp_path)
    found = await looked(*configured(tmp_path, more))
    assert (found["publish there"].state, found["publish blocked"].state) == ("ok", "fail")


@pytest.mark.parametrize(("off", "state"), [(0, "ok"), (20, "warn"), (-3600, "fail")])
def test_the_clock_is_held_against_what_others_say(off: int, state: str) -> None:
    from syndicate.net.answer import Answer

    dates: network.Dates = []
    there = datetime.now(UTC) - timedelta(seconds=off)
    answer = Answer(status=200, headers={"date": format_datetime(there, usegmt=True)}, body=b"", seconds=0.1)
    network._note_date(dates, "hub.example", answer)
    network._note_date(dates, "mute.example", Answer(status=200, headers={}, body=b"", seconds=0.1))
    (check,) = network._clock(dates)
    assert check.state == state
    assert ("ahead of" in check.message) is (off >= 0) or state == "ok"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One for localhost that ends in ten days."""
    file = tmp_path_factory.mktemp("tls") / "both.pem"
    words = "openssl req -x509 -newkey rsa:2048 -nodes -days 10 -subj /CN=localhost -addext subjectAltName=DNS:localhost"
    try:
        subprocess.run(
            [*words.split(), "-keyout", str(file), "-out", f"{file}.crt"], check=True, capture_output=True
        )
    except FileNotFoundError:
        pytest.skip("there is no openssl to make a certificate with")
    file.write_bytes(file.read_bytes() + Path(f"{file}.crt").read_bytes())
    return file


async def test_a_certificate_that_ends_soon(tmp_path: Path, certificate: Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    server = await asyncio.start_server(lambda _r, w: w.close(), "127.0.0.1", 0, ssl=context)
    url = f"https://localhost:{server.sockets[0].getsockname()[1]}/"
    more = f'[partners.x]\nfeeds = ["latest"]\n[partners.x.endpoints.main]\ntype = "webhook"\nurl = "{url}"\nsecrets = ["{SECRET}"]\n'
    settings, file = configured(tmp_path, more)
    assert "not accepted" in (await looked(settings, file))["partner x/main"].message
    settings, file = configured(tmp_path, f'{more}[network]\nca_file = "{certificate}"\n')
    found = (await looked(settings, file))["partner x/main"]
    assert found.state == "warn"
    assert "in 9 days" in found.message
    later = await network.network(settings, Stored(), datetime.now(UTC) - timedelta(days=30))
    assert next(c for c in later if c.name == "partner x/main").state == "ok"
    server.close()


def test_a_full_disk(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    real = os.statvfs(tmp_path)

    def disk(free: float, inodes: float) -> Any:
        parts = list(real)
        parts[0], parts[1], parts[2], parts[4] = 4096, 4096, 10**8, int(10**8 * free)
        parts[5], parts[7] = 10**6, int(10**6 * inodes)
        return os.statvfs_result(parts)

    for free, inodes, state in (
        (0.5, 0.5, "ok"),
        (0.03, 0.5, "warn"),
        (0.0001, 0.5, "fail"),
        (0.5, 0.001, "fail"),
    ):
        monkeypatch.setattr(os, "statvfs", lambda _p, f=free, i=inodes: disk(f, i))
        assert room("disk", tmp_path).state == state


def test_libraries_that_are_old_or_missing() -> None:
    found = libraries(
        ["httpx<1,>=99.0", "no-such-thing-at-all>=1", 'psycopg[binary]>=99; extra == "postgresql"']
    )
    assert found.state == "fail"
    assert "httpx" in found.message
    assert "no-such-thing-at-all is not installed" in found.message
    assert "psycopg" not in found.message
    assert libraries(["httpx<1,>=0.28", "click>=8.1"]).state == "ok"


def test_a_newer_schema_and_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from sqlalchemy import text

    from syndicate.storage import Storage

    _, file = configured(tmp_path)
    assert run(["--config", str(file), "build"]) == 0
    storage = Storage(f"sqlite:///{tmp_path}/var/news.db")
    with storage.database.write() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    storage.close()
    capsys.readouterr()
    assert run(["--config", str(file), "doctor"]) == 1
    told = capsys.readouterr().out
    assert "9999 is newer than this program" in told
    assert "fix: use the newer syndicate" in told
    assert run(["--config", str(file), "doctor", "--json"]) == 1
    report = json.loads(capsys.readouterr().out)
    assert report["failed"] == 1
    assert [c["name"] for c in report["checks"] if c["state"] == "fail"] == ["schema"]
