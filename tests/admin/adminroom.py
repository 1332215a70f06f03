"""A newsroom with operators' pages, asked without a socket."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
from lxml import html

from apps import configured, partner
from syndicate.daemon.app import App
from syndicate.installed import load_settings
from syndicate.passwords import _derive
from syndicate.storage import AuditEntry
from syndicate.web.admin import Admin
from syndicate.web.ops import create_ops

PASSWORD = "a lamp in the valley"
SALT = b"a salt of a test"
HASH = "scrypt$16384$1$1$" + "$".join(
    b64encode(b).decode() for b in (SALT, _derive(PASSWORD, SALT, 2**14, 1, 1))
)
"""A hash that costs little to look at; those that are made cost a tenth of a second."""
LOGINS = f"""
[ops.users.amina]
password = "{HASH}"
[ops.users.guest]
password = "{HASH}"
read_only = true
"""
MORE = '[network]\nallow = ["127.0.0.0/8"]\n[hub]\nenabled = true\n' + partner("http://127.0.0.1:9/in")
STORIES = {
    "bridge": "---\ntitle: The bridge opens\nid: bridge\nlanguage: en\n---\nThe old bridge was opened on Sunday.\n",
    "well": "---\ntitle: د کلي نوې څاه\nid: well\nlanguage: ps\n---\nپه کلي کې نوې څاه وکیندل شوه.\n",
    "doubt": (
        "---\ntitle: Two wells were dug\nid: doubt\nlanguage: en\n---\n"
        "KABUL (Reuters) - Two wells were dug on Monday, an official said.\n\nMore will follow. (AFP)\n"
    ),
}


@dataclass
class Adminroom:
    """The application and somebody before it. ``cookies`` are what their browser keeps."""

    app: App
    client: httpx.AsyncClient
    woken: list[int] = field(default_factory=list)

    async def get(self, path: str = "", **headers: str) -> httpx.Response:
        return await self.client.get(f"/admin/{path}", headers=headers)

    async def post(self, path: str, *, page: str | None = None, **fields: str) -> httpx.Response:
        """Fill in a form of a page (the one at the same address) and send it."""
        shown = await self.get(page if page is not None else path)
        token = csrf_of(shown)
        return await self.client.post(f"/admin/{path}", data={"csrf": token, **fields})

    async def log_in(self, name: str = "amina", password: str = PASSWORD) -> httpx.Response:
        return await self.post("login", name=name, password=password)

    def id(self, name: str) -> str:
        with self.app.storage.read() as tx:
            (found,) = [a.id for a in tx.articles.listing() if name in a.story.headline]
        return found

    def audit(self) -> list[AuditEntry]:
        with self.app.storage.read() as tx:
            return tx.audit.entries()


def csrf_of(answer: httpx.Response) -> str:
    """The token in a page's forms."""
    found = re.search(r'name=csrf value="([0-9a-f]{64})"', answer.text)
    assert found, answer.text[:2000]
    return found[1]


def text_of(answer: httpx.Response) -> str:
    """What a page says, on one line."""
    return " ".join(" ".join(html.fromstring(answer.text).find("body").itertext()).split())


@asynccontextmanager
async def opened(
    folder: Path,
    ops: str = LOGINS,
    *,
    base: str = "http://ops.example",
    peer: str = "192.0.2.7",
    stories: bool = True,
) -> AsyncIterator[Adminroom]:
    file = configured(folder, MORE, publisher='timezone = "Asia/Kabul"', ops=ops)
    for name, words in STORIES.items() if stories else ():
        (folder / "stories" / f"{name}.md").write_text(words, encoding="utf-8")
    async with App(load_settings(file), settings_file=file) as app:
        await app.poll_all()
        await app.publish_all()
        woken: list[int] = []
        admin = Admin(app, app._clock, lambda: woken.append(1))
        transport = httpx.ASGITransport(create_ops(admin.routes(), ready=list), client=(peer, 50_000))
        async with httpx.AsyncClient(transport=transport, base_url=base) as client:
            yield Adminroom(app, client, woken)
