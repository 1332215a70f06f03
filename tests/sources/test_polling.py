"""A source is polite: when it asks, what it remembers, over restarts too."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Collection
from datetime import timedelta
from typing import Any

import pytest
from scripted import Clock, Reader, Said, http_client, redirect, scripted

from syndicate.errors import SourceError
from syndicate.model import Draft, InputKind
from syndicate.sources.base import Batch, Cursor
from syndicate.sources.fetching import FetchOptions
from syndicate.sources.polling import MOVED, Poller

pytestmark = pytest.mark.anyio


class Plain:
    """The smallest source that asks a server: the document is the story."""

    def __init__(self, options: FetchOptions, client: Any, clock: Clock) -> None:
        self.name = "plain"
        self.poller = Poller(self.name, options, client, clock=clock, chance=lambda: 1.0)
        self.waiting, self.hurry = self.poller.waiting, self.poller.hurry

    async def fetch(self, cursor: Cursor, hints: Collection[str] = ()) -> AsyncIterator[Batch]:
        if not self.poller.begin(cursor):
            return
        try:
            answer = await self.poller.ask()
            if answer.body == b"nonsense":
                raise SourceError("nonsense")  # noqa: TRY301
            if not answer.unchanged:
                draft = Draft(source=self.name, source_id="1", kind=InputKind.BODY, text=answer.text())
                yield Batch(drafts=(draft,))
        except SourceError as error:
            yield self.poller.failed(error)
            raise
        last = self.poller.done(answer.headers, changed=not answer.unchanged)
        if last:
            yield last


@contextlib.asynccontextmanager
async def polling(*answers: Said, **options: Any):
    async with scripted() as server, http_client() as client:
        server.say("/", *answers)
        clock = Clock()
        made = FetchOptions(type="x", url=server.url("/"), **{"interval": "5m", **options})

        def started(before: Reader | None = None) -> Reader:
            """The source after a restart: what was stored is all that it has."""
            known = Cursor(token=before.token, items=before.items) if before else None
            return Reader(Plain(made, client, clock), known)

        yield server, clock, started


async def test_a_poll_that_brings_nothing_yields_nothing() -> None:
    async with polling(Said(body="story", conditional=True)) as (server, _, started):
        reader = started()
        assert len(await reader.poll()) == 1
        for _ in range(3):
            assert await reader.poll() == []
            assert reader.batches == [], "nothing to write"
        assert server.last("/").headers["if-none-match"]
        after = started(reader)
        await after.poll()
        assert after.batches == [], "a restart knows what was read"


async def test_max_age_is_heeded_and_kept_over_a_restart() -> None:
    said = Said(body="story", headers={"Cache-Control": "max-age=1800"})
    async with polling(said) as (server, clock, started):
        reader = started()
        await reader.poll()
        clock.on(minutes=29)
        await reader.poll()
        await started(reader).poll()
        assert server.asked("/") == 1
        clock.on(minutes=2)
        await reader.poll()
        assert server.asked("/") == 2


async def test_what_a_304_says_of_when_stays_in_memory() -> None:
    said = Said(body="story", headers={"Cache-Control": "max-age=600"}, conditional=True)
    async with polling(said) as (server, clock, started):
        reader = started()
        await reader.poll()
        clock.on(minutes=11)
        await reader.poll()
        assert reader.batches == []
        clock.on(minutes=5)
        assert reader.source.waiting() == 300  # type: ignore[attr-defined]
        await reader.poll()
        assert server.asked("/") == 2


async def test_an_operator_is_not_put_off() -> None:
    said = Said(body="story", headers={"Cache-Control": "max-age=1800"})
    async with polling(said) as (server, _, started):
        reader = started()
        await reader.poll()
        await reader.poll(forced=True)
        await reader.poll()
        assert server.asked("/") == 2, "once, and then it waits again"


async def test_longest_wait_bounds_the_server_s_words() -> None:
    said = Said(body="story", headers={"Cache-Control": "max-age=86400"})
    async with polling(said, longest_wait="10m") as (server, clock, started):
        reader = started()
        await reader.poll()
        clock.on(minutes=10)
        await reader.poll()
        assert server.asked("/") == 2


async def test_failures_grow_the_pause_and_a_restart_keeps_it() -> None:
    async with polling(Said(500)) as (server, clock, started):
        reader = started()
        for minutes in (5, 10, 20, 40, 60, 60):
            await reader.poll()
            assert reader.error is not None
            reader = started(reader)
            clock.on(minutes=minutes, seconds=-1)
            await reader.poll()
            assert reader.error is None, "not asked"
            clock.on(seconds=1)
        assert server.asked("/") == 6
        server.say("/", Said(body="story", conditional=True))
        assert len(await reader.poll()) == 1
        await reader.poll()
        assert server.asked("/") == 8, "all is forgiven"


async def test_retry_after_is_honoured() -> None:
    said = Said(429, {"Retry-After": "7200"})
    async with polling(said) as (server, clock, started):
        reader = started()
        await reader.poll()
        clock.on(hours=2)
        await started(reader).poll()
        assert server.asked("/") == 1
        clock.on(minutes=1)
        await reader.poll()
        assert server.asked("/") == 2


async def test_what_could_not_be_read_is_asked_for_whole_again() -> None:
    async with polling(Said(body="story"), Said(body="nonsense", conditional=True)) as (
        server,
        clock,
        started,
    ):
        reader = started()
        await reader.poll()
        await reader.poll()
        assert str(reader.error) == "nonsense"
        clock.on(minutes=6)
        server.say("/", Said(body="better"))
        assert [draft.text for draft in await reader.poll()] == ["better"]
        assert "if-none-match" not in server.last("/").headers


async def test_what_was_not_stored_is_asked_for_again() -> None:
    async with polling(Said(body="story", conditional=True)) as (_, _, started):
        source = started().source
        async for _ in source.fetch(Cursor()):
            break  # the database was locked
        drafts = [draft async for batch in source.fetch(Cursor()) for draft in batch.drafts]
        assert len(drafts) == 1
        async for _ in source.fetch(Cursor()):
            pass  # all of it came, and nothing was stored
        drafts = [draft async for batch in source.fetch(Cursor()) for draft in batch.drafts]
        assert len(drafts) == 1


async def test_a_move_for_good_is_remembered_told_and_given_up_when_it_fails() -> None:
    async with polling(redirect("/new", 301)) as (server, clock, started):
        server.say("/new", Said(body="story", conditional=True))
        reader = started()
        await reader.poll()
        told = [t for t in reader.troubles if t.key == MOVED]
        assert [(t.warning, server.url("/new") in t.reason) for t in told] == [(True, True)]
        reader = started(reader)
        await reader.poll()
        assert (server.asked("/"), server.asked("/new"), reader.troubles) == (1, 2, [])
        server.say("/new", Said(404))
        server.say("/", Said(body="back again"))
        for _ in range(3):
            await reader.poll()
            clock.on(hours=1)
        assert [draft.text for draft in await reader.poll()] == ["back again"]
        assert MOVED in {key for batch in reader.batches for key in batch.settled}


async def test_a_clock_that_was_years_ahead_does_not_silence_a_source() -> None:
    said = Said(body="story", headers={"Cache-Control": "max-age=600"})
    async with polling(said) as (server, clock, started):
        clock.on(days=4000)
        reader = started()
        await reader.poll()
        clock.on(days=-4000)
        await started(reader).poll()
        assert server.asked("/") == 2


async def test_another_address_in_the_settings_begins_anew() -> None:
    async with polling(Said(body="story", conditional=True)) as (server, clock, started):
        reader = started()
        await reader.poll()
        server.say("/other", Said(body="other"))
        other = FetchOptions(type="x", url=server.url("/other"), interval=timedelta(minutes=5))
        moved = Reader(Plain(other, reader.source.poller.fetcher._client, clock), Cursor(token=reader.token))  # type: ignore[attr-defined]
        assert [draft.text for draft in await moved.poll()] == ["other"]
        assert "if-none-match" not in server.last("/other").headers
