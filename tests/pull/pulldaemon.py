"""The real application with partners that pull, over loopback."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from apps import Served, configured, opened, running
from ports import free_port
from syndicate.ingest import desk
from syndicate.keyring import make_token
from syndicate.model import Article
from syndicate.storage import Scope

PARTNERS = """
[partners.gazette]
feeds = ["latest"]
[partners.herald]
feeds = ["sport"]
content = "excerpt"
excerpt_words = 5
pictures = false
[partners.late]
feeds = ["latest"]
delay = "1h"
"""
LONG = (
    "It is a story of many words that goes on and on. The second sentence is here. And a third one ends it."
)


@dataclass
class Outlet(Served):
    """An application with partners that pull; its client shows no token of itself."""

    tokens: dict[str, str] = field(default_factory=dict)

    def token(self, owner: str, label: str = "cms", scope: Scope = Scope.PARTNER) -> str:
        with self.app.storage.write() as tx:
            secret, _ = make_token(tx, scope, owner, label, self.clock())
        self.app.parts.keyring.refresh()
        return secret.reveal()

    def path(self, partner: str, rest: str) -> str:
        return self.app.site.url(f"/partner/v1/{partner}/{rest}")

    async def get(self, partner: str, rest: str, *, token: str | None = None, **more: Any) -> httpx.Response:
        if token is None and partner not in self.tokens:
            self.tokens[partner] = self.token(partner)
        shown = token or self.tokens[partner]
        headers = {"authorization": f"Bearer {shown}", **more.pop("headers", {})}
        return await self.client.get(self.path(partner, rest), headers=headers, **more)

    async def journal(self, partner: str, **query: Any) -> dict[str, Any]:
        answer = await self.get(partner, "journal", params=query)
        assert answer.status_code == 200, answer.text
        return answer.json()  # type: ignore[no-any-return]

    async def ack(self, partner: str, body: Any, **more: Any) -> httpx.Response:
        token = self.tokens.get(partner) or self.token(partner)
        self.tokens[partner] = token
        headers = {"authorization": f"Bearer {token}"}
        return await self.client.post(self.path(partner, "acks"), json=body, headers=headers, **more)

    def write(self, name: str, *, words: str = LONG, **given: str) -> None:
        front = {"title": f"About {name}", "id": name, **given}
        head = "".join(f"{key}: {value}\n" for key, value in front.items())
        (self.folder / "stories" / f"{name}.md").write_text(f"---\n{head}---\n{words}\n", encoding="utf-8")

    async def publish(self, name: str, **given: str) -> None:
        self.write(name, **given)
        await self.app.poll_all()
        await self.noticed()

    async def noticed(self) -> None:
        """Publishing wakes whoever waits a moment later."""
        if self.app.pull._noticing is not None:
            await self.app.pull._noticing

    def article(self, name: str) -> Article:
        with self.app.storage.read() as tx:
            found = tx.articles.by_identity((("id:desk", name),))
            article = tx.articles.get(found or "")
        assert article
        return article

    async def withdraw(self, name: str) -> Article:
        article = self.article(name)
        with self.app.storage.write() as tx:
            desk.withdraw(tx, self.app.ingest.taking("desk"), article, "wrong", now=self.clock())
        self.app.pull.wake()
        await self.noticed()
        return self.article(name)

    def asked(self) -> list[str]:
        """Every statement from now on."""
        from sqlalchemy import event

        seen: list[str] = []

        def note(_c: object, _k: object, words: str, *_: object) -> None:
            seen.append(words)

        event.listen(self.app.storage.database.engine, "before_cursor_execute", note)
        return seen


SPORT = """
[hub]
enabled = true
[feeds.sport]
title = "Sport"
match = { section = ["Sport"] }
formats = ["rss"]
"""


def _configured(folder: Path, more: str = "", partners: str = PARTNERS) -> Path:
    """A configuration with two feeds, and partners that pull."""
    return configured(folder, SPORT + partners + more, desk='interval = "1h"', port=free_port())


@asynccontextmanager
async def outlet(folder: Path, more: str = "", partners: str = PARTNERS) -> AsyncIterator[Outlet]:
    """An application that serves; a test takes its steps."""
    async with opened(_configured(folder, more, partners), Outlet) as made:
        await made.app.serve()
        yield made


@asynccontextmanager
async def daemon(folder: Path, more: str = "") -> AsyncIterator[Outlet]:
    """The daemon as ``run`` runs it."""
    async with opened(_configured(folder, more), Outlet) as made, running(made.app):
        yield made
