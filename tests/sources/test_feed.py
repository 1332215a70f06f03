"""A feed as a source: what is new, what is gone, a bad night, history, deltas, pushes."""

from __future__ import annotations

import contextlib
from typing import Any

import orjson
import pytest
from scripted import Clock, Reader, Request, Said, http_client, page_of, scripted

from syndicate.sources.base import Cursor
from syndicate.sources.feed import FeedOptions, FeedSource, Push

pytestmark = pytest.mark.anyio


def item(n: int | str, title: str | None = None, updated: str | None = None, **more: Any) -> dict[str, Any]:
    changed = {"date_modified": updated} if updated else {}
    return {
        "id": str(n),
        "url": f"https://a.example/{n}",
        "title": title or f"Story {n}",
        "content_html": f"<p>Text of story {n}.</p>",
        **changed,
        **more,
    }


def feed(*items: dict[str, Any], **head: Any) -> bytes:
    return orjson.dumps({"version": "https://jsonfeed.org/version/1.1", "title": "T", "items": items, **head})


def atom(*entries: int, gone: str = "", feed: str = "") -> str:
    made = "".join(
        f"<entry><id>urn:x:{n}</id><title>Story {n}</title><updated>2026-11-23T10:00:00Z</updated>"
        f"<content>Text {n}</content></entry>"
        for n in entries
    )
    space = 'xmlns:at="http://purl.org/atompub/tombstones/1.0"'
    return f'<feed xmlns="http://www.w3.org/2005/Atom" {space}><title>T</title>{feed}{gone}{made}</feed>'


@contextlib.asynccontextmanager
async def reading(*answers: Said, **options: Any):
    """A server with ``/feed``, and something that polls it."""
    async with scripted() as server, http_client() as client:
        server.say("/feed", *answers)
        clock = Clock()
        made = FeedOptions(type="feed", url=server.url("/feed"), **options)

        def started(before: Reader | None = None) -> Reader:
            source = FeedSource("wire", made, client=client, clock=clock, chance=lambda: 1.0)
            return Reader(source, Cursor(token=before.token, items=before.items) if before else None)

        yield server, clock, started


def ids(drafts: list[Any]) -> list[str]:
    return [draft.source_id for draft in drafts]


async def test_only_what_is_new_or_changed_becomes_a_draft() -> None:
    first = feed(item(1), item(2))
    second = feed(item(3), item(1, "Story 1, mended"), item(2))
    async with reading(Said(body=first), Said(body=second)) as (_, _, started):
        reader = started()
        assert ids(await reader.poll()) == ["1", "2"]
        assert ids(await started(reader).poll()) == ["3", "1"]


async def test_a_document_that_changed_without_a_changed_entry_writes_nothing() -> None:
    async with reading(Said(body=feed(item(1))), Said(body=feed(item(1), description="new"))) as (
        _,
        _,
        started,
    ):
        reader = started()
        await reader.poll()
        assert await reader.poll() == []
        assert reader.batches == []


async def test_what_leaves_the_window_is_not_missing() -> None:
    async with reading(Said(body=feed(item(1), item(2))), Said(body=feed(item(2)))) as (_, _, started):
        reader = started()
        await reader.poll()
        await reader.poll()
        assert (reader.missing, reader.troubles) == (set(), [])
        assert "1" in reader.items, "it may come back, and is known then"


async def test_a_night_with_a_flapping_feed_loses_and_withdraws_nothing() -> None:
    good = feed(item(1), item(2))
    night = [
        Said(500),
        Said(body=good, cut=60),
        Said(reset=True),
        Said(body="<!DOCTYPE html><html>Wartung</html>", headers={"Content-Type": "text/html"}),
        Said(body=""),
        Said(body=feed()),
        Said(503, {"Retry-After": "60"}),
        Said(body='{"error": "database"}'),
        Said(404),
        Said(body=good, packed="gzip", headers={"Content-Length": "20"}),
    ]
    morning = Said(body=feed(item(3), item(1), item(2)))
    async with reading(Said(body=good), *night, morning) as (server, clock, started):
        reader = started()
        taken = ids(await reader.poll())
        told = []
        while server.asked("/feed") < len(night) + 2:
            clock.on(hours=1.1)
            taken += ids(await reader.poll())
            assert reader.missing == set()
            told += [str(reader.error)] if reader.error else [t.reason for t in reader.troubles]
            reader = started(reader)
        assert taken == ["1", "2", "3"], "each once"
    words = " | ".join(told)
    for said in (
        "in trouble",
        "ended too soon",
        "a web page came",
        "empty",
        "empty all at once",
        "no JSON Feed",
        "nothing at this",
    ):
        assert said in words


async def test_a_document_that_was_cut_off_is_asked_for_whole_again() -> None:
    body = page_of("wordpress.xml")
    cut = Said(body=body[: body.index(b"Traders draw lots")], headers={"ETag": '"1"'})
    async with reading(cut, Said(body=body)) as (server, _, started):
        reader = started()
        assert ids(await reader.poll()) == ["https://courier.example/?p=4711"]
        assert "cut off" in reader.troubles[0].reason
        assert ids(await reader.poll()) == ["https://courier.example/?p=4700"]
        assert "if-none-match" not in server.requests[-1].headers
        assert "feed" in {key for batch in reader.batches for key in batch.settled}


async def test_troubles_are_said_once() -> None:
    first, second = feed(item(1, date_published="gestern")), feed(item(2), item(1, date_published="gestern"))
    async with reading(Said(body=first), Said(body=second)) as (_, _, started):
        reader = started()
        await reader.poll()
        assert [(t.key, t.warning) for t in reader.troubles] == [("https://a.example/1", True)]
        await reader.poll()
        assert reader.troubles == []


async def test_of_two_entries_with_one_id_the_newer_counts() -> None:
    old, new = item(1, "Old", "2026-11-22T10:00:00Z"), item(1, "New", "2026-11-23T10:00:00Z")
    async with reading(Said(body=feed(old, new))) as (_, _, started):
        reader = started()
        assert [draft.given.headline for draft in await reader.poll()] == ["New"]
        assert "several entries have the id '1'" in reader.troubles[0].reason


async def test_a_deleted_entry_withdraws_once_and_what_nobody_took_withdraws_nothing() -> None:
    gone = '<at:deleted-entry ref="urn:x:1" when="2026-11-23T11:00:00Z"/><at:deleted-entry ref="urn:x:99" when="2026-11-23T11:00:00Z"/>'
    answers = [Said(body=atom(1, 2)), Said(body=atom(2, gone=gone)), Said(body=atom(3, 2, gone=gone))]
    async with reading(*answers) as (_, _, started):
        reader = started()
        await reader.poll()
        await reader.poll()
        assert reader.missing == {"urn:x:1"}
        reader = started(reader)
        await reader.poll()
        assert reader.missing == set(), "what an operator released since stays released"


async def test_an_entry_that_is_newer_than_its_deletion_stands() -> None:
    before = '<at:deleted-entry ref="urn:x:1" when="2026-11-23T09:00:00Z"/>'
    async with reading(Said(body=atom(1)), Said(body=atom(1, 2, gone=before))) as (_, _, started):
        reader = started()
        await reader.poll()
        await reader.poll()
        assert reader.missing == set()


async def test_only_what_is_new_is_asked_for_where_the_server_can() -> None:
    def delta(request: Request) -> bytes:
        return feed(item(2))

    first = Said(body=feed(item(1)), headers={"ETag": '"1"'})
    part = Said(226, {"IM": "feed", "ETag": '"2"'}, delta)
    async with reading(first, part, Said(304)) as (server, _, started):
        reader = started()
        await reader.poll()
        assert "a-im" not in server.requests[0].headers
        assert ids(await reader.poll()) == ["2"]
        assert server.requests[1].headers["a-im"] == "feed"
        await reader.poll()
        assert server.requests[2].headers["if-none-match"] == '"2"'


async def test_an_empty_delta_is_no_empty_feed() -> None:
    first = Said(body=feed(item(1)), headers={"ETag": '"1"'})
    async with reading(first, Said(226, {"IM": "feed", "ETag": '"2"'}, feed())) as (_, _, started):
        reader = started()
        await reader.poll()
        await reader.poll()
        assert reader.troubles == []


async def test_a_226_of_some_other_kind_is_asked_for_whole() -> None:
    first = Said(body=feed(item(1)), headers={"ETag": '"1"'})
    async with reading(first, Said(226, {"IM": "vcdiff"}, "x"), Said(body=feed(item(2)))) as (_, _, started):
        reader = started()
        await reader.poll()
        assert ids(await reader.poll()) == ["2"]


@pytest.mark.parametrize(
    ("history", "expected"), [(0, ["1"]), (2, ["1", "2", "3"]), (9, ["1", "2", "3", "4"])]
)
async def test_older_pages_are_walked_the_first_time_as_far_as_wanted(
    history: int, expected: list[str]
) -> None:
    async with reading(Said(body=feed(item(1), next_url="/p2")), history=history) as (server, _, started):
        server.say("/p2", Said(body=feed(item(2), item(1, "an older version"), next_url="/p3")))
        server.say("/p3", Said(body=feed(item(3), next_url="/p4")))
        server.say("/p4", Said(body=feed(item(4), next_url="/p2")))
        reader = started()
        assert ids(await reader.poll()) == expected
        asked = len(server.requests)
        await started(reader).poll()
        assert len(server.requests) == asked + 1, "once"


async def test_archives_of_rfc_5005_and_a_page_that_fails_for_a_while() -> None:
    link = '<link rel="prev-archive" href="/old"/>'
    async with reading(Said(body=atom(2, feed=link)), history=5) as (server, _, started):
        server.say("/old", Said(500), Said(body=atom(1)))
        reader = started()
        assert ids(await reader.poll()) == ["urn:x:2"]
        assert "older page" in reader.troubles[0].reason
        assert ids(await started(reader).poll()) == ["urn:x:1"], "it goes on where it stopped"


async def test_very_many_remembered_entries_are_forgotten_when_they_left() -> None:
    many = [item(n) for n in range(1100)]
    async with reading(Said(body=feed(*many)), Said(body=feed(*many[1000:], item("new")))) as (_, _, started):
        reader = started()
        assert len(await reader.poll()) == 1100
        assert max(len(batch.drafts) for batch in reader.batches) <= 200
        assert ids(await reader.poll()) == ["new"]
        assert len(reader.items) == 101


async def test_what_is_pushed_is_read_without_asking() -> None:
    held = Said(body=feed(item(1)), headers={"Cache-Control": "max-age=1800"})
    async with reading(held) as (server, _, started):
        reader = started()
        await reader.poll()
        reader.source.push(Push(feed(item(2), item(1))))  # type: ignore[attr-defined]
        assert ids(await reader.poll()) == ["2"]
        assert server.asked("/feed") == 1
        reader.source.push(Push(b"<html>no</html>"))  # type: ignore[attr-defined]
        await reader.poll()
        assert server.asked("/feed") == 2, "what cannot be read is asked for"
        assert "pushed cannot be read" in reader.troubles[0].reason


async def test_of_what_was_pushed_and_waits_no_more_is_kept_than_a_feed_may_have() -> None:
    large = 400_000
    async with reading(Said(body=feed(item(1))), max_bytes=1_000_000) as (_, _, started):
        reader = started()
        await reader.poll()
        for n in range(2, 7):
            reader.source.push(Push(feed(item(n)) + b" " * large))  # type: ignore[attr-defined]
        waiting = reader.source._pushes  # type: ignore[attr-defined]
        assert sum(len(push.body) for push in waiting) <= 1_000_000
        reader.source.push(Push(b"x" * 1_000_001))  # type: ignore[attr-defined]
        assert all(len(push.body) < 1_000_001 for push in waiting)
        assert ids(await reader.poll()) == ["5", "6"], "the newest stay"


async def test_what_was_pushed_stays_until_it_is_stored() -> None:
    async with reading(Said(body=feed(item(1)))) as (_, _, started):
        source = started().source
        source.push(Push(feed(item(2))))  # type: ignore[attr-defined]
        async for _ in source.fetch(Cursor()):
            break  # the database was locked
        reader = Reader(source)
        assert "2" in ids(await reader.poll())
