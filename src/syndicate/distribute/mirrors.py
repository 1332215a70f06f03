"""Keeping other places in step with the public files: what is owed is written down before it is sent.

A place is a receiver with a lane of its own (``mirror:NAME``): it fails, waits
and is stopped like one. What was published is compared with what the place has
for sure; a full look at the start and each hour finds what a crash left out.

Kills reach a place that is paused or stopped, too: after a withdrawal all that
lies there and is out of date is replaced or removed, and nothing new is sent.
The lane's position is the newest withdrawal that was carried out there.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import structlog

from syndicate.config import Mirror, Settings
from syndicate.distribute.mirror_files import (
    VARIANTS,
    Looked,
    body_of,
    digest,
    host_files,
    in_order,
    is_inside,
    key_of,
    keys_under,
    local_file,
    stamp_of,
)
from syndicate.errors import ConfigError, StorageError
from syndicate.lanes import Lane, LaneKind, LaneState, Limits, after_attempt, will_be_disabled
from syndicate.model import Outcome, Verdict
from syndicate.site import Site
from syndicate.storage import UNKNOWN, MirrorFile, Storage
from syndicate.telemetry import metrics
from syndicate.transports.mirrors.base import MirrorError, Place, label_of
from syndicate.transports.mirrors.registry import open_place

log = structlog.get_logger(__name__)

SCAN = timedelta(hours=1)
IDLE_SECONDS = 1.0
NOTED = 20
"""After so many files it is written down what the place has."""
Open = Callable[[Mirror, Settings], Place]


def lane_of(name: str) -> str:
    """The lane of a place."""
    return f"mirror:{name}"


def _open(options: Mirror, settings: Settings) -> Place:
    proxy = settings.network.proxy
    return open_place(options, proxy=proxy.reveal() if proxy else None)


@dataclass(frozen=True, slots=True)
class _Round:
    """What one round sends, and the withdrawal that is carried out when all of it went well."""

    owed: list[MirrorFile]
    taken_back: int


@dataclass
class _Mirror:
    """One place, its options, and what is only for static hosts."""

    options: Mirror
    place: Place
    made: Mapping[str, bytes]
    scanned: datetime | None = None
    tried: int = 0
    """The newest withdrawal that was tried there; one is tried at once, even while the lane backs off."""
    task: asyncio.Task[None] | None = None


class Mirrors:
    """Serves every place of ``[[publish]]``, each for itself, until told to stop."""

    def __init__(
        self,
        storage: Storage,
        settings: Settings,
        site: Site,
        limits: Limits,
        clock: Callable[[], datetime],
        *,
        policy: str = "",
        done: Callable[[], None] = lambda: None,
        open_place: Open = _open,
    ) -> None:
        """``done``: called when a place has all that is published. Raises ConfigError."""
        self._storage = storage
        self._clock = clock
        self._policy = policy
        self._done = done
        self._open = open_place
        self._wake = asyncio.Event()
        self._stopping = False
        self._luck = random.Random()  # noqa: S311 - jitter, no secret
        self._mirrors: dict[str, _Mirror] = {}
        self._left: list[Place] = []
        self._taken_back = 0  # the newest withdrawal that our own files have carried out
        self._whole = True
        self.configure(settings, site, limits)

    def configure(self, settings: Settings, site: Site, limits: Limits) -> None:
        """Go on under another configuration. Raises ConfigError for a place that cannot be."""
        self._settings, self._site, self._limits = settings, site, limits
        hubs = [hub.url for hub in settings.external_hubs.values()]
        fresh: dict[str, _Mirror] = {}
        for options in settings.publish:
            if is_inside(options, site.output):
                raise ConfigError(
                    f"publish {options.name!r} lies in [output] path, or around it", fix="name another"
                )
            before = self._mirrors.get(options.name)
            made = host_files(settings, site, hubs, self._policy) if options.headers_file else {}
            place = before.place if before and before.options == options else self._open(options, settings)
            fresh[options.name] = _Mirror(options, place, made)
        kept = {id(m.place) for m in fresh.values()}
        self._left += [m.place for m in self._mirrors.values() if id(m.place) not in kept]
        self._mirrors = fresh
        self.wake()

    def align(self) -> None:
        """Make the lanes of new places: nothing that was withdrawn before lies there."""
        with self._storage.write() as tx:
            done = tx.mirrors.taken_back(self._settings.feeds) if self._mirrors else 0
            for name in self._mirrors:
                tx.lanes.ensure(lane_of(name), LaneKind.MIRROR, name, "", position=done)

    def wake(self) -> None:
        """Something may be owed, or a lane was resumed."""
        self._wake.set()

    # -- what is owed --------------------------------------------------------------------

    def note(self, paths: Collection[str], gone: Collection[str] = (), *, whole: bool = True) -> None:
        """Write down what was published: paths like ``/feeds/latest/rss.xml``; ``gone``: feeds that ended.

        ``whole``: our own files are all written; the disk refused none.
        """
        if not self._mirrors:
            return
        keys = {key_of(path) + variant for path in paths for variant in VARIANTS}
        if whole and not self._whole:  # which files followed when there was room, nobody said
            self._look_again()
        self._whole = whole
        try:
            for name, mirror in self._mirrors.items() if keys or gone else ():
                with self._storage.read() as tx:
                    ended = {k for slug in gone for k in tx.mirrors.under(name, f"feeds/{slug}/")}
                    known = tx.mirrors.known(name, keys | ended)
                self._write(name, self._compared(mirror, keys | ended, known, sure=True))
            if whole:
                with self._storage.read() as tx:
                    self._taken_back = tx.mirrors.taken_back(self._settings.feeds)
        except StorageError:
            self._look_again()
            raise
        self.wake()

    def _look_again(self) -> None:
        for mirror in self._mirrors.values():
            mirror.scanned = None

    def scan(self, name: str) -> None:
        """Compare every public file with what a place has. Costs a look at each file's time."""
        mirror = self._mirrors[name]
        with self._storage.read() as tx:
            known = tx.mirrors.known(name)
        keys = {*keys_under(self._site.output), *mirror.made, *known}
        self._write(name, self._compared(mirror, keys, known, sure=False))
        mirror.scanned = self._clock()

    def _compared(
        self, mirror: _Mirror, keys: Collection[str], known: Mapping[str, MirrorFile], *, sure: bool
    ) -> Looked:
        found, now = Looked(), self._clock()
        for key in keys:
            before = known.get(key) or MirrorFile(key=key)
            stamp = stamp_of(local_file(self._site.output, key)) if key not in mirror.made else None
            if not sure and stamp is not None and stamp == before.stamp:
                continue
            body = body_of(mirror.options, self._site.output, key, mirror.made)
            wanted = digest(body) if body is not None else None
            if wanted == before.digest:
                if key in known and wanted is None:
                    found.forget.append(key)
                elif key in known and (before.owed or before.stamp != stamp):
                    found.save.append(replace(before, owed=None, stamp=stamp))
            elif before.owed is None:
                found.save.append(replace(before, owed=now))
        return found

    def _write(self, name: str, looked: Looked) -> None:
        if looked.save or looked.forget:
            with self._storage.write() as tx:
                tx.mirrors.save(name, looked.save)
                tx.mirrors.forget(name, looked.forget)

    # -- sending it ----------------------------------------------------------------------

    async def run(self) -> None:
        """Until ``stop``: whoever is owed something and is not backing off is served."""
        while not self._stopping:
            self._wake.clear()
            for name, mirror in self._mirrors.items():
                if mirror.task is None or mirror.task.done():
                    mirror.task = asyncio.create_task(self._serve(name, mirror), name=f"mirror {name}")
            with suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), self._pause())
            await asyncio.sleep(0.05)  # what one run of the publisher made goes together
        await self._ended()

    def _pause(self) -> float:
        return IDLE_SECONDS if self._mirrors else 60.0

    async def drain(self) -> None:
        """Send everything that is owed now, and return; what fails is left for its time."""
        await asyncio.gather(*(self._serve(name, mirror) for name, mirror in self._mirrors.items()))

    async def stop(self) -> None:
        """Start nothing new; the file that is under way ends. Calling it again does nothing."""
        self._stopping = True
        self.wake()
        await self._ended()
        for place in [*self._left, *(m.place for m in self._mirrors.values())]:
            with suppress(MirrorError, OSError):
                await place.close()
        self._left.clear()

    async def _ended(self) -> None:
        running = [m.task for m in self._mirrors.values() if m.task is not None and not m.task.done()]
        if running:
            await asyncio.wait(running)

    async def _serve(self, name: str, mirror: _Mirror) -> None:
        try:
            if mirror.scanned is None or self._clock() - mirror.scanned >= SCAN:
                await asyncio.to_thread(self.scan, name)
            lane, round_ = await asyncio.to_thread(self._look, name, mirror)
            if lane is not None and round_ is not None:
                await self._send(lane, name, mirror, round_)
        except StorageError as error:  # nothing is lost: what is owed is found again
            log.warning("mirror_waits_for_database", mirror=name, reason=error.message, fix=error.fix)

    def _look(self, name: str, mirror: _Mirror) -> tuple[Lane | None, _Round | None]:
        newest = self._taken_back
        with self._storage.read() as tx:
            lane = tx.lanes.named(lane_of(name))
            if lane is None or not _may(lane, newest, mirror.tried, self._clock()):
                return None, None
            active = lane.state is LaneState.ACTIVE
            owed = tx.mirrors.owed(name) if active else []
        if not active:  # what lies there must be known for sure, and a crash may have left something out
            self.scan(name)
            with self._storage.read() as tx:
                owed = [file for file in tx.mirrors.owed(name) if file.digest is not None]
        if newest > lane.position:
            mirror.tried = newest
        return lane, _Round(owed, newest) if owed or newest > lane.position else None

    async def _send(self, lane: Lane, name: str, mirror: _Mirror, round_: _Round) -> None:
        begun, sent, failed, owed = time.monotonic(), 0, None, round_.owed
        bodies = {f.key: body_of(mirror.options, self._site.output, f.key, mirror.made) is None for f in owed}
        gone = frozenset(key for key, away in bodies.items() if away)
        done: list[MirrorFile] = []
        for n, file in enumerate(files := in_order(owed, gone)):
            if self._stopping:
                break
            if n % NOTED == 0:
                await asyncio.to_thread(self._begun, name, files[n : n + NOTED], gone)
            try:
                done.append(await self._one(mirror, file))
            except MirrorError as error:
                failed = error
                break
            sent += 1
            if len(done) >= NOTED:
                await asyncio.to_thread(self._sent, name, done)
                done = []
        await asyncio.to_thread(self._sent, name, done)
        seconds = time.monotonic() - begun
        if failed is None and self._stopping:
            return
        await asyncio.to_thread(self._settle, lane, name, sent, failed, seconds, round_.taken_back)
        if failed is None and sent:
            self._done()

    async def _one(self, mirror: _Mirror, file: MirrorFile) -> MirrorFile:
        """Send one file, read it back, compare. The bytes are those of this moment."""
        stamp = stamp_of(local_file(self._site.output, file.key)) if file.key not in mirror.made else None
        body = await asyncio.to_thread(body_of, mirror.options, self._site.output, file.key, mirror.made)
        if body is None:
            await mirror.place.delete(file.key)
            return replace(file, digest=None, owed=None)
        label = label_of(file.key, self._settings.web.max_age)
        if body[:2] == b"\x1f\x8b" and label.coding is None:
            label = replace(label, coding="gzip")
        await mirror.place.put(file.key, body, label)
        if await mirror.place.get(file.key) != body:
            raise MirrorError(
                f"{file.key} reads back with other bytes", fix="does something else write there?"
            )
        return MirrorFile(key=file.key, digest=digest(body), stamp=stamp, owed=None)

    def _begun(self, name: str, files: list[MirrorFile], gone: frozenset[str]) -> None:
        """A file may lie there from its first byte on, answered or not: a kill must find it."""
        put = [replace(f, digest=UNKNOWN) for f in files if f.key not in gone]
        if put:
            with self._storage.write() as tx:
                tx.mirrors.save(name, put)

    def _sent(self, name: str, done: list[MirrorFile]) -> None:
        if not done:
            return
        with self._storage.write() as tx:
            tx.mirrors.save(name, [f for f in done if f.digest is not None])
            tx.mirrors.forget(name, [f.key for f in done if f.digest is None])

    def _settle(
        self,
        lane: Lane,
        name: str,
        sent: int,
        failed: MirrorError | None,
        seconds: float,
        taken_back: int,
    ) -> None:
        now = self._clock()
        outcome = Outcome(verdict=Verdict.DELIVERED, detail=f"{sent} files", seconds=seconds)
        if failed is not None:
            outcome = Outcome(verdict=Verdict.RETRY, detail=failed.message[:1000], seconds=seconds)
        with self._storage.write() as tx:
            fresh = tx.lanes.get(lane.id, lock=True) or lane
            if failed is None:
                fresh = replace(fresh, position=max(fresh.position, taken_back))
            after = fresh
            if sent or failed:  # that a withdrawal had nothing to do there says nothing of the place
                after = after_attempt(fresh, outcome, None, self._limits, now, self._luck.random())
                tx.lanes.attempt(lane.id, None, 0, f"{lane.name}#{now.isoformat()}", now, outcome)
            tx.lanes.save(after)
        if not (sent or failed):
            return
        metrics.pushed("mirror", name, str(outcome.verdict), seconds)
        if failed is None:
            log.info("mirror_in_step", mirror=name, files=sent, seconds=round(seconds, 3))
            return
        log.warning("mirror_failed", mirror=name, files=sent, reason=failed.message, fix=failed.fix)
        if after.state is LaneState.DISABLED:
            log.error("lane_stopped", lane=lane.name, resume=f"syndicate lanes resume {lane.name}")
        elif (end := will_be_disabled(after, self._limits)) is not None:
            log.warning("lane_will_be_disabled", lane=lane.name, at=end.isoformat(), failures=after.failures)


def _may(lane: Lane, taken_back: int, tried: int, now: datetime) -> bool:
    """Whether a place is served now. One that was paused or stopped only for a withdrawal."""
    kill = taken_back > lane.position
    if lane.state is not LaneState.ACTIVE and not (kill and lane.state is not LaneState.RETIRED):
        return False
    return lane.due is None or lane.due <= now or (kill and tried < taken_back)
