"""A ticker in memory: every job may run twice or late and does no harm; the truth is in the tables."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.interval import IntervalTrigger

from syndicate.errors import SyndicateError

Job = Callable[[], Awaitable[None]]
log = structlog.get_logger(__name__)


class Ticker:
    """Named jobs at intervals. A job that is still running is not started again."""

    def __init__(self) -> None:
        logging.getLogger("apscheduler").setLevel(logging.ERROR)  # a missed tick is no news
        self._scheduler = AsyncIOScheduler(
            timezone="UTC", job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None}
        )

    def start(self) -> None:
        """Begin to tick, on the running event loop."""
        self._scheduler.start()

    def stop(self) -> None:
        """Tick no more; a job in flight goes on."""
        self._scheduler.shutdown(wait=False)

    def set(self, jobs: Mapping[str, tuple[Job, timedelta]]) -> None:
        """Exactly these jobs, each at its interval, the first time one interval from now."""
        known = {job.id for job in self._scheduler.get_jobs()}
        for name in known - set(jobs):
            self._scheduler.remove_job(name)
        for name, (job, interval) in jobs.items():
            seconds = max(1, round(interval.total_seconds()))
            jitter = min(seconds // 10, 60) or None  # many sources are not asked in the same second
            trigger = IntervalTrigger(seconds=seconds, jitter=jitter, timezone="UTC")
            self._scheduler.add_job(_tried(name, job), trigger, id=name, replace_existing=True)


def _tried(name: str, job: Job) -> Job:
    """The job, which a database that is locked or full for a while makes late and nothing worse."""

    async def run() -> None:
        try:
            await job()
        except SyndicateError as error:
            log.warning("job_failed", job=name, reason=error.message, fix=error.fix)

    return run
