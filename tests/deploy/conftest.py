"""A running outlet, and nginx or Caddy in front of it with the configuration that is printed for it."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from house import draft
from outlet_on_air import OnAir
from starlette.requests import Request
from starlette.responses import StreamingResponse
from starlette.routing import Route

from ports import free_port
from syndicate.distribute.hub_desk import HubDesk
from syndicate.distribute.hub_terms import HubTerms
from syndicate.publish.servers import SERVERS, outlet
from syndicate.web.app import create_app
from syndicate.web.front import Door
from syndicate.web.hub import hub_route
from syndicate.web.prepared import POLICY
from syndicate.web.server import Server

EXTRA = """
[web]
port = {port}

[hub]
enabled = true

[rights]
license = "https://creativecommons.org/licenses/by-nc/4.0/"
tdm_reservation = true
tdm_policy = "https://times.example.org/tdm.json"
prohibits = ["ai-train"]

[feeds.renamed]
title = "Renamed"
formerly = ["old"]
"""
NGINX = """
{user}daemon off; worker_processes 1; pid {folder}/pid; error_log {folder}/error.log;
events {{ }}
http {{
    access_log off;
    client_body_temp_path {folder}/t1; proxy_temp_path {folder}/t2; fastcgi_temp_path {folder}/t3;
    uwsgi_temp_path {folder}/t4; scgi_temp_path {folder}/t5;
    include {folder}/site.conf;
}}
"""


class Outlet:
    """The daemon's web side and files, behind a web server."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port, self.public = free_port(), free_port()
        self.on_air = OnAir(folder, EXTRA.format(port=self.port))
        publisher = self.on_air.settings.publisher.model_copy(
            update={"base_url": f"http://127.0.0.1:{self.public}/"}
        )
        self.on_air.settings = self.on_air.settings.model_copy(update={"publisher": publisher})
        self.on_air.publisher = type(self.on_air.publisher)(
            self.on_air.storage, self.on_air.settings, self.on_air.directory
        )
        self.on_air.restart()
        self.go_on = asyncio.Event()

    def take(self, *names: str) -> None:
        self.on_air.take(*[draft(name) for name in names])
        self.on_air.air(everything=True)
        self.on_air.shelving.fill()

    async def start(self) -> None:
        site = self.on_air.publisher.site
        self.desk = HubDesk(
            self.on_air.storage, HubTerms.of(self.on_air.settings, site), lambda: self.on_air.now
        )
        routes = [
            hub_route(self.desk, enabled=lambda: True, wake=lambda: None),
            Route("/partner/v1/outlet/journal", self._poll),
        ]
        shelf = self.on_air.shelf
        app = create_app(shelf, ready=list, routes=routes)
        self.server = Server(app, "127.0.0.1", self.port, grace=1, door=Door(shelf))
        await self.server.start()

    async def _poll(self, request: Request) -> StreamingResponse:
        async def parts() -> AsyncIterator[bytes]:
            yield b"first\n"
            await self.go_on.wait()
            yield b"second\n"

        return StreamingResponse(parts(), media_type="application/x-ndjson")

    def configuration(self, name: str) -> str:
        renderer = self.on_air.publisher.renderer
        return SERVERS[name](outlet(self.on_air.settings, renderer.site, renderer.links, POLICY))


def launch(name: str, found: Outlet) -> subprocess.Popen[bytes]:
    words = found.configuration(name)
    folder = found.folder / "web"
    folder.mkdir()
    if name == "nginx":
        user = "user root; " if os.geteuid() == 0 else ""  # temporary folders are their owner's alone
        (folder / "site.conf").write_text(words.replace("listen 80;", f"listen 127.0.0.1:{found.public};"))
        (folder / "nginx.conf").write_text(NGINX.format(folder=folder, user=user))
        command = ["nginx", "-p", str(folder), "-c", str(folder / "nginx.conf")]
    else:
        ours = words.replace("http://127.0.0.1 {", f"http://127.0.0.1:{found.public} {{")
        assert ours != words
        (folder / "Caddyfile").write_text("{\n admin off\n auto_https off\n}\n" + ours)
        command = ["caddy", "run", "--config", str(folder / "Caddyfile"), "--adapter", "caddyfile"]
    log = (folder / "log").open("wb")
    home = {
        "HOME": str(folder),
        "XDG_DATA_HOME": str(folder),
        "XDG_CONFIG_HOME": str(folder),
        "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
    }
    return subprocess.Popen(command, stdout=log, stderr=log, env=home)


@pytest.fixture(params=["nginx", "caddy"])
def server_name(request: pytest.FixtureRequest) -> str:
    if not shutil.which(request.param):
        pytest.skip(f"{request.param} is not installed")
    return str(request.param)


@pytest.fixture
async def behind(server_name: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Outlet]:
    found = Outlet(tmp_path_factory.mktemp("outlet"))
    found.take("a", "b")
    await found.start()
    process = launch(server_name, found)
    try:
        for _ in range(1200):
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", found.public)
            except OSError:
                assert process.poll() is None, (found.folder / "web" / "log").read_text()
                await asyncio.sleep(0.05)
            else:
                writer.close()
                break
        yield found
    finally:
        process.terminate()
        process.wait(60)
        await found.server.stop()
        found.on_air.close()


@pytest.fixture
async def web(behind: Outlet) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(
        base_url=f"http://127.0.0.1:{behind.public}", verify=False, timeout=60
    ) as client:
        del client.headers["accept-encoding"]
        yield client
