"""An outlet whose documents are served from a shelf, and a reader that applies deltas."""

from __future__ import annotations

import json
from pathlib import Path

import httpx
from house import House
from lxml import etree

from syndicate.daemon.shelving import Shelving
from syndicate.web.shelf import Shelf

ATOM = "{http://www.w3.org/2005/Atom}"
PATHS = {name: f"/feeds/latest/{file}" for name, file in
         {"rss": "rss.xml", "atom": "atom.xml", "json": "feed.json"}.items()}  # fmt: skip


class OnAir(House):
    """The newsroom, and the shelf its documents are put on."""

    def __init__(self, folder: Path, extra: str = "", url: str = "") -> None:
        super().__init__(folder, extra, url or f"sqlite:///{folder}/syndicate.db")
        self.restart()

    def restart(self) -> None:
        """As after the end of the process: everything in memory is gone."""
        self.shelving = Shelving(self.storage, lambda: self.now)
        self.shelving.configure(self.settings, self.publisher.site, self.publisher)
        self.shelving.fill()

    @property
    def shelf(self) -> Shelf:
        return self.shelving.shelf

    def air(self, *, everything: bool = False) -> None:
        """Publish, and let readers see it."""
        for document in self.publish(everything=everything).documents:
            self.shelving.put(document)

    def members(self) -> set[str]:
        """The public ids of what is in the feed, whether its window still shows it or not."""
        with self.storage.read() as tx:
            known = tx.feeds.window("latest", 10_000)
            articles = [tx.articles.get(place.article_id) for place in known]
        terms = self.publisher.renderer.terms(self.settings.feeds["latest"])
        return {self.publisher.site.entry(a, terms).id for a in articles if a}


def entries(name: str, document: bytes) -> dict[str, bytes]:
    """A document's entries by id, each in a form that compares."""
    if name == "json":
        items = json.loads(document)["items"]
        return {item["id"]: json.dumps(item, sort_keys=True).encode() for item in items}
    root = etree.fromstring(document)
    found = root.iter("item") if name == "rss" else root.iter(f"{ATOM}entry")
    tag = "guid" if name == "rss" else f"{ATOM}id"
    return {str(e.findtext(tag)): etree.tostring(e, method="c14n") for e in found}


class Reader:
    """Polls one document with ``A-IM: feed``; a 226 is added to what it holds, a 200 replaces it."""

    def __init__(self, web: httpx.AsyncClient, name: str, coding: str = "gzip") -> None:
        self.web, self.name, self.coding = web, name, coding
        self.etag: str | None = None
        self.held: dict[str, bytes] = {}
        self.statuses: list[int] = []
        self.sizes: list[int] = []

    async def poll(self) -> httpx.Response:
        headers = {"a-im": "feed", "accept-encoding": self.coding}
        if self.etag:
            headers["if-none-match"] = self.etag
        answer = await self.web.get(PATHS[self.name], headers=headers)
        self.statuses.append(answer.status_code)
        if answer.status_code == 304:
            return answer
        assert answer.status_code in (200, 226), answer.status_code
        got = entries(self.name, answer.content)
        self.held = got if answer.status_code == 200 else {**self.held, **got}
        self.sizes.append(len(got))
        self.etag = answer.headers["etag"]
        return answer

    async def everything(self) -> dict[str, bytes]:
        """What somebody sees who fetches it all."""
        answer = await self.web.get(PATHS[self.name])
        return entries(self.name, answer.content)
