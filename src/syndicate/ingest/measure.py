"""Asking what a picture or recording elsewhere is: its length and media type, once.

Only where a story does not say, where ``[media] measure`` is on, and before
the story is stored. Addresses come from stories, so that the guard stands
before every request, redirects included. Whatever goes wrong leaves the
matter unknown, and the story goes on.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TypeVar
from urllib.parse import urljoin

import structlog

from syndicate.config import MediaCare
from syndicate.model import Draft, Media, Picture, Reading, Story
from syndicate.net.answer import Answer, Unreachable
from syndicate.net.client import Client
from syndicate.net.guard import Guard
from syndicate.storage import MediaFact, Transaction

log = structlog.get_logger(__name__)

AGAIN_AFTER = timedelta(days=1)
"""An address that could not be told is asked again after so long, when its story comes again."""
REDIRECTS = 3
_MOVED = frozenset({301, 302, 303, 307, 308})
_TYPE = re.compile(r"(?:image|audio|video)/[a-z0-9][a-z0-9.+-]{0,80}|application/(?:ogg|pdf|x-mpegurl)")
_TOTAL = re.compile(r"bytes \d+-\d+/(\d{1,15})")

M = TypeVar("M", Picture, Media)


def unstated(draft: Draft, reading: Reading) -> set[str]:
    """The addresses of media whose length or type a draft does not state."""
    lead = draft.given.image or reading.image
    items: tuple[Picture | Media, ...] = (*((lead,) if lead else ()), *draft.given.media)
    return {item.url for item in items if item.length is None or item.type is None}


def to_ask(tx: Transaction, urls: Collection[str], now: datetime) -> list[str]:
    """Those of them that nobody asked yet, or that could not be told a good while ago."""
    known = tx.media.known(urls)
    return sorted(url for url in urls if url not in known or _may_be_asked_again(known[url], now))


def _may_be_asked_again(fact: MediaFact, now: datetime) -> bool:
    return fact.length is None and fact.type is None and fact.at <= now - AGAIN_AFTER


def completed(tx: Transaction, story: Story) -> Story:
    """The story with what was found out; what it states itself is left alone."""
    items: tuple[Picture | Media, ...] = (*((story.image,) if story.image else ()), *story.media)
    lacking = [item.url for item in items if item.length is None or item.type is None]
    known = tx.media.known(lacking) if lacking else {}
    if not known:
        return story
    image = _completed(story.image, known) if story.image else None
    return replace(story, image=image, media=tuple(_completed(m, known) for m in story.media))


def _completed(item: M, known: Mapping[str, MediaFact]) -> M:
    fact = known.get(item.url)
    if fact is None:
        return item
    return replace(item, length=item.length or fact.length, type=item.type or fact.type)


async def measured(
    client: Client, guard: Guard, care: MediaCare, urls: Collection[str], now: datetime
) -> dict[str, MediaFact]:
    """What the addresses hold. Those that were not reached in time are left out, and asked another time."""
    gate, found = asyncio.Semaphore(care.at_once), dict[str, MediaFact]()

    async def one(url: str) -> None:
        async with gate:
            found[url] = await _ask(client, guard, care.timeout.total_seconds(), url, now)

    tasks = [asyncio.create_task(one(url)) for url in urls]
    _, late = await asyncio.wait(tasks, timeout=care.within.total_seconds()) if tasks else (set(), set())
    for task in late:
        task.cancel()
    results = await asyncio.gather(*tasks, return_exceptions=True)
    for failure in (r for r in results if isinstance(r, Exception)):
        log.error("measuring_failed", error=repr(failure))
    if late:
        log.info("media_not_measured", left=len(late))
    return found


async def _ask(client: Client, guard: Guard, seconds: float, url: str, now: datetime) -> MediaFact:
    """Ask by HEAD, then for one byte: many servers answer HEAD with less, or not at all, and a part
    of the medium tells the length of the whole (RFC 9110, section 14.4)."""
    kind, length = None, None
    try:
        async with asyncio.timeout(seconds):
            for method, headers in (("HEAD", {}), ("GET", {"range": "bytes=0-0"})):
                answer = await _follow(client, guard, seconds, method, url, headers)
                told, total = _told(answer)
                kind, length = kind or told, length or total
                if kind and length:
                    break
    except (Unreachable, TimeoutError) as error:
        log.info("media_unknown", reason=str(error) or "no answer in time")
    return MediaFact(type=kind, length=length, at=now)


async def _follow(
    client: Client, guard: Guard, seconds: float, method: str, url: str, headers: Mapping[str, str]
) -> Answer | None:
    """The answer at the end of at most three redirects, each through the guard."""
    for _ in range(REDIRECTS + 1):
        answer = await client.request(method, url, headers=headers, guard=guard, timeout=seconds, limit=1)
        target = answer.headers.get("location")
        if answer.status not in _MOVED or not target:
            return answer
        url = urljoin(url, target)
    return None


def _told(answer: Answer | None) -> tuple[str | None, int | None]:
    """Type and length, as far as an answer is about a medium at all: an error's page is none."""
    if answer is None or answer.status not in (200, 206):
        return None, None
    stated = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
    if stated.startswith("text/") or "json" in stated:
        return None, None
    kind = stated if _TYPE.fullmatch(stated) else None
    if answer.headers.get("content-encoding", "identity") != "identity":
        return kind, None  # the length is that of a compressed form
    if answer.status == 206:
        whole = _TOTAL.fullmatch(answer.headers.get("content-range", "").strip())
        return kind, int(whole[1]) or None if whole else None
    length = answer.headers.get("content-length", "")
    return kind, int(length) or None if length.isascii() and length.isdigit() and len(length) < 16 else None
