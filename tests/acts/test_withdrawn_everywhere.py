"""A withdrawal clears everything that is published: every byte is looked at, wherever it stands."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import brotli
import httpx
import pytest
import zstandard
from house import START, House, draft
from sqlalchemy import select

from syndicate.daemon.shelving import Shelving
from syndicate.model import CreditRole, Draft, Picture
from syndicate.publish.build import Publisher
from syndicate.storage import schema
from syndicate.web.app import create_app

pytestmark = pytest.mark.anyio
FEEDS = """
[feeds.short]
title = "Excerpts"
limit = 2
content = "excerpt"
[feeds.long]
title = "Long"
limit = 50
"""
WORDS = (
    "Quibbledash",  # headline
    "zanthorpian",  # text
    "mirrowick",  # excerpt
    "Ottoline Vexworth",  # byline
    "pictured-vexworth.jpg",  # picture
    "quibbledash-affair",  # the story's own address
    "Brumblefax",  # the picture's caption
    "tag-of-snorvel",
)
DECODERS = {
    ".gz": gzip.decompress,
    ".br": brotli.decompress,
    ".zst": lambda body: zstandard.ZstdDecompressor().decompress(body),
}
CODINGS = {"gzip": ".gz", "br": ".br", "zstd": ".zst", "identity": ""}


def libel(**changes: object) -> Draft:
    text = "<p>A zanthorpian text about the matter.</p><p>It goes on for a while.</p>"
    known = {
        "headline": "Quibbledash did it",
        "url": "https://times.example.org/quibbledash-affair",
        "excerpt": "A mirrowick excerpt of the matter.",
        "byline": ("Ottoline Vexworth",),
        "tags": ("tag-of-snorvel",),
        "section": "Sport",
        "credit_role": CreditRole.SOURCE,
        "published": START - timedelta(hours=20),
        "image": Picture(
            url="https://times.example.org/pictured-vexworth.jpg", caption="Brumblefax", type="image/jpeg"
        ),
        **changes,
    }
    return draft("libel", text, **known)


class Published:
    """A house with archives, whose documents are served."""

    def __init__(self, house: House) -> None:
        self.house = house
        house.configure(FEEDS)
        house.take(draft("old", published=START - timedelta(hours=30)))
        self.run()
        house.take(libel())
        self.run()
        house.take(libel(subtitle="A second version"))
        self.run()
        for number in range(6):
            house.take(draft(f"s{number}", published=START - timedelta(hours=10 - number), section="Sport"))
            self.run()
        self.start()

    def run(self, *, everything: bool = False) -> None:
        built = self.house.publish(everything=everything)
        if hasattr(self, "shelving"):
            self.shelving.take(built)

    def start(self) -> None:
        """As a process that begins."""
        house = self.house
        house.publisher = Publisher(house.storage, house.settings, house.directory)
        self.shelving = Shelving(house.storage, lambda: house.now)
        self.shelving.configure(house.settings, house.publisher.site, house.publisher)
        self.shelving.fill()

    # -- every byte ------------------------------------------------------------------------

    def files(self) -> Iterator[tuple[str, bytes]]:
        root = self.house.folder / "feeds"
        for file in (f for f in root.rglob("*") if f.is_file()):
            yield str(file.relative_to(root)), decoded(file)

    def stored(self) -> Iterator[tuple[str, bytes]]:
        with self.house.storage.read() as tx:
            for row in tx.connection.execute(select(schema.document_bodies)):
                plain = DECODERS.get(CODINGS[row.coding], bytes)(bytes(row.body))
                yield f"document {row.feed}/{row.format} {row.coding}", plain
            for row in tx.connection.execute(select(schema.fragments)):
                yield f"fragment {row.format} {row.revision}", bytes(row.body)

    async def served(self) -> list[tuple[str, bytes]]:
        app = create_app(self.shelving.shelf, ready=list)
        found: list[tuple[str, bytes]] = []
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://t") as web:
            for path in sorted(self.paths()):
                for coding in CODINGS:
                    answer = await web.get(path, headers={"accept-encoding": coding})
                    assert answer.status_code == 200, path
                    heads = "\n".join(f"{k}: {v}" for k, v in answer.headers.items()).encode()
                    found.append((f"{coding} {path}", answer.content + heads))
                for tag in self.tags.get(path, ()):
                    headers = {"a-im": "feed", "if-none-match": tag, "accept-encoding": "identity"}
                    answer = await web.get(path, headers=headers)
                    found.append((f"delta {answer.status_code} {path}", answer.content))
        return found

    def paths(self) -> set[str]:
        """Every address there is: documents in memory, archives, stories' pages."""
        found = set(self.shelving.shelf.paths())
        with self.house.storage.read() as tx:
            for row in tx.connection.execute(select(schema.archives)):
                names = ("", "rss.xml", "atom.xml", "feed.json")
                found |= {f"/feeds/{row.feed}/archive/{row.page}/{name}" for name in names}
            ids = tx.connection.execute(select(schema.articles.c.id)).scalars()
            return found | {f"/feeds/stories/{i}/" for i in ids}

    def remember(self) -> None:
        """The validators readers hold now."""
        self.tags = {}
        with self.house.storage.read() as tx:
            for head in tx.documents.heads():
                self.tags[urlsplit(head.topic).path] = list(head.etags.values())

    tags: dict[str, list[str]] = {}

    async def everything(self) -> list[tuple[str, bytes]]:
        return [*self.files(), *self.stored(), *await self.served()]

    async def where(self) -> set[str]:
        """Where any word of the story stands."""
        return {
            place
            for place, body in await self.everything()
            for word in WORDS
            if word.lower().encode() in body.lower()
        }


def decoded(file: Path) -> bytes:
    return DECODERS.get(file.suffix, bytes)(file.read_bytes())


@pytest.fixture
def published(house: House) -> Published:
    return Published(house)


async def test_before_it_is_withdrawn_the_story_stands_everywhere(published: Published) -> None:
    """Else the search below would prove nothing."""
    places = await published.where()
    for wanted in (
        "sitemap-news.xml.br",
        "long/rss.xml.zst",
        "long/index.html",
        "latest/archive/1/atom.xml.gz",
        "short/archive/1/feed.json",
        "identity /feeds/long/feed.json",
        "zstd /feeds/latest/archive/1/",
        "document long/atom br",
        "document /sitemap identity",
        "fragment rss 2",
    ):
        assert wanted in places, wanted
    assert any(place.startswith("gzip /feeds/stories/") for place in places)
    assert len(await published.everything()) > 300


async def test_a_withdrawal_leaves_no_byte_of_it_anywhere(published: Published) -> None:
    published.remember()
    published.house.withdraw("libel", "wrong")
    published.run()
    assert await published.where() == set()
    deltas = [place for place, _ in await published.everything() if place.startswith("delta")]
    assert deltas
    assert not [place for place in deltas if "226" in place and "/feeds/long/" in place]


async def test_nor_after_the_notice_has_lapsed_and_a_restart(published: Published) -> None:
    published.remember()
    published.house.withdraw("libel", "wrong")
    published.run()
    published.house.later(days=8)
    published.house.tick()
    published.run()
    assert await published.where() == set()
    published.start()
    published.house.publisher.repair(published.house.now)
    published.run(everything=True)
    assert await published.where() == set()


async def test_it_does_not_come_back_when_the_source_shows_it_again(published: Published) -> None:
    house = published.house
    house.withdraw("libel", "wrong")
    published.run()
    house.take(libel(subtitle="A third version"))
    again = libel()
    house.take(Draft(source="desk", source_id="libel-2", kind=again.kind, text=again.text, given=again.given))
    published.run(everything=True)
    assert await published.where() == set()
    house.later(days=8)
    house.tick()
    house.take(libel(headline="Quibbledash did it, again"))
    published.run(everything=True)
    assert await published.where() == set()


async def test_nor_after_a_crash_between_database_and_files(
    published: Published, monkeypatch: pytest.MonkeyPatch
) -> None:
    from syndicate.publish import files

    class PulledError(Exception):
        pass

    def pulled(*_: object, **__: object) -> None:
        raise PulledError

    published.house.withdraw("libel", "wrong")
    with monkeypatch.context() as broken:
        broken.setattr(files, "_replace", pulled)
        with pytest.raises(PulledError):
            published.run()
    published.start()
    published.house.publisher.repair(published.house.now)
    published.run(everything=True)
    assert await published.where() == set()
