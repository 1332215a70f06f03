"""``sources``: where stories come from, what one would bring, pausing and going on."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from syndicate.cli.context import Context
    from syndicate.ingest.backfill import Filled
    from syndicate.ingest.trial import Trial, Verdict
    from syndicate.reports.overview import SourceStanding
    from syndicate.sources.base import Source
    from syndicate.storage import Storage

SHOWN = 50
"""Unchanged stories that are named one by one; of the others all are."""


@click.group()
def sources() -> None:
    """Where stories come from: list, try, pause, resume."""


@sources.command("list")
@click.pass_obj
def list_sources(context: Context) -> int:
    """Every source: its kind, when it was read and is asked next, its stories, what is wrong.

    Exit status 1: one cannot be read, or is on hold.
    """
    from syndicate.cli.common import ago, storage_of, table
    from syndicate.reports.overview import source_standings

    with storage_of(context) as storage:
        found = source_standings(storage, context.settings)
    if context.json:
        context.emit(found)
    else:
        rows = [
            (s.name, s.kind, _state(s), ago(s.last_ok), _next(s), s.interval, s.stories, _trouble(s))
            for s in found
        ]
        columns = ("source", "kind", "state", "read", "asked next", "every", "stories", "trouble")
        table(context, columns, rows, empty="no sources")
    return 1 if any(s.failing or s.state == "held" for s in found) else 0


def _state(s: SourceStanding) -> str:
    return {"held": "on hold"}.get(s.state or "", s.state or "asked")


def _next(s: SourceStanding) -> str:
    from syndicate.cli.common import ago

    if s.state and s.state.rests:
        return "when resumed"
    if s.next_poll is None:
        return "by its sender" if s.kind == "inbox" else "at the start"
    return ago(s.next_poll) if s.next_poll > datetime.now(UTC) else "now"


def _trouble(s: SourceStanding) -> str:
    told = [s.reason, s.last_error if s.failing else None, f"{s.problems} problems" if s.problems else None]
    return "; ".join(filter(None, told)) or "-"


@sources.command("try")
@click.argument("name", metavar="SOURCE")
@click.pass_obj
def try_source(context: Context, name: str) -> int:
    """Ask a source once, as if for the first time, and say what would come of it. Stores nothing.

    Exit status 1: it cannot be read, or something would be left out.
    """
    from syndicate.cli.common import storage_of

    _known(context, name)
    with storage_of(context) as storage:
        import asyncio

        trial = asyncio.run(_attempt(context, storage, name))
    if context.json:
        context.emit(trial)
    else:
        for line in _trial_lines(name, trial):
            context.console.print(line, markup=False)
    bad = trial.error or trial.hold or any(v.what == "left out" for v in trial.verdicts)
    return 1 if bad or any(not t.warning for t in trial.troubles) else 0


async def _attempt(context: Context, storage: Storage, name: str) -> Trial:
    from syndicate.cli.decide import desk_of
    from syndicate.ingest.trial import attempt
    from syndicate.timekeeping import utc_now

    async with _opened(context, name) as source:
        with desk_of(context, storage) as ingest:
            return await attempt(storage, ingest, source, utc_now())


@asynccontextmanager
async def _opened(context: Context, name: str) -> AsyncIterator[Source]:
    """A configured source with an HTTP client of its own; what goes wrong is logged, each story is not."""
    from syndicate.net.client import Client
    from syndicate.sources.registry import open_source
    from syndicate.telemetry import logs

    settings = context.settings
    logs.configure(settings.log.model_copy(update={"level": "error"}))
    client = Client(settings.network, publisher_url=settings.publisher.url)
    zone, language = settings.publisher.timezone, settings.publisher.language
    options = settings.sources[name]
    try:
        yield open_source(name, options, timezone=zone, default_language=language, client=client)
    finally:
        await client.close()


def _trial_lines(name: str, trial: Trial) -> Iterator[str]:
    if trial.error:
        yield f"{name} cannot be read: {trial.error}"
        yield f"  what to do: {trial.fix}" if trial.fix else "  nothing is lost: it is asked again by itself"
    counts = Counter(v.what for v in trial.verdicts)
    told = ", ".join(f"{count} {what}" for what, count in counts.most_common()) or "no stories"
    yield f"{name}: {told}" + (" (there is more)" if trial.more else "")
    if trial.hold:
        yield f"  it would be put on hold: {trial.hold}"
    shown = 0
    for verdict in trial.verdicts:
        shown += verdict.what == "unchanged"
        if verdict.what != "unchanged" or shown <= SHOWN:
            yield from _verdict_lines(verdict)
    for trouble in trial.troubles:
        yield f"  {'note' if trouble.warning else 'left out'}: {trouble.key}: {trouble.reason}"
        if trouble.fix:
            yield f"    what to do: {trouble.fix}"


def _verdict_lines(verdict: Verdict) -> Iterator[str]:
    fields = f" ({', '.join(verdict.fields)})" if verdict.fields else ""
    yield f"  {verdict.what}{fields}: {verdict.headline or verdict.origin}"
    if verdict.why:
        yield f"    {verdict.why}"
    if verdict.fix and verdict.what in ("left out", "on hold"):
        yield f"    what to do: {verdict.fix}"


@sources.command()
@click.argument("name", metavar="SOURCE")
@click.option("--reason", default="", help="Why, for whoever looks later.")
@click.pass_obj
def pause(context: Context, name: str, reason: str) -> int:
    """Ask a source no more until it is resumed, also after a restart. Its stories stay."""
    from syndicate import operators
    from syndicate.cli.common import storage_of
    from syndicate.errors import UsageError
    from syndicate.timekeeping import utc_now

    _known(context, name)
    if context.settings.sources[name].type == "inbox":
        raise UsageError(
            f"{name} is an inbox: it is not asked", fix="`syndicate tokens revoke` keeps its sender out"
        )
    with storage_of(context) as storage, storage.write() as tx:
        operators.rest(tx, name, " ".join(reason.split()), by=operators.at_the_keyboard(), now=utc_now())
    _say(context, name, "paused", "is not asked any more")
    return 0


@sources.command()
@click.argument("name", metavar="SOURCE")
@click.option("--as-same", "same", is_flag=True, help="Known stories under new ids are the known ones.")
@click.option("--as-new", "new", is_flag=True, help="Stories under new ids are new: publish them.")
@click.pass_obj
def resume(context: Context, name: str, same: bool, new: bool) -> int:
    """Ask a source again. One that is on hold needs --as-same or --as-new."""
    from syndicate import operators
    from syndicate.cli.common import storage_of
    from syndicate.errors import UsageError
    from syndicate.storage import Conduct
    from syndicate.timekeeping import utc_now

    _known(context, name)
    if same and new:
        raise UsageError("--as-same and --as-new exclude each other")
    way = Conduct.SAME if same else Conduct.NEW if new else None
    with storage_of(context) as storage, storage.write() as tx:
        before = tx.sources.conduct(name)
        if before is None and way is None:
            raise UsageError(f"{name} is neither paused nor on hold", fix="`syndicate sources list` shows it")
        if before is not None and before.state is Conduct.HELD and way is None:
            raise UsageError(
                f"{name} is on hold: {before.reason}",
                fix="--as-same: they are the stories that are here; --as-new: publish them as new ones",
            )
        operators.go_on(tx, name, way, by=operators.at_the_keyboard(), now=utc_now())
    _say(context, name, str(way or "asked"), "is asked again at its next time")
    return 0


def _say(context: Context, name: str, state: str, words: str) -> None:
    if context.json:
        context.emit({"source": name, "state": state})
    else:
        context.console.print(f"{name} {words}", markup=False)


def _known(context: Context, name: str) -> None:
    from syndicate.errors import UsageError

    if name not in context.settings.sources:
        known = ", ".join(context.settings.sources) or "none"
        raise UsageError(f"there is no source {name!r}", fix=f"the configured sources: {known}")


@sources.command()
@click.argument("name", metavar="SOURCE")
@click.option("--since", required=True, metavar="WHEN", help="A time like '90d', or a date like 2025-01-31.")
@click.option(
    "--push", is_flag=True, help="Offer the stories to partners, and tell hubs, as if they were news."
)
@click.pass_obj
def backfill(context: Context, name: str, since: str, push: bool) -> int:
    """Fill in what a source published before and is not here yet. Called again, it goes on where it stopped.

    Exit status 1: it cannot be read to the end, or stories could not be taken.
    """
    import asyncio

    from syndicate.cli.common import say_who_acts, storage_of
    from syndicate.cli.words import moment
    from syndicate.errors import SourceError

    _known(context, name)
    start = moment(since, context.settings.publisher.timezone)
    with storage_of(context) as storage:
        try:
            filled = asyncio.run(_fill(context, storage, name, start, push=push))
        except SourceError as error:
            raise SourceError(error.message, fix=error.fix or _AGAIN) from None
        _tell_filled(context, name, filled)
        if filled.polled.actions and not context.json:
            say_who_acts(context, storage)
    return 1 if filled.polled.problems else 0


_AGAIN = "what was stored stays: the same command goes on from there"


async def _fill(context: Context, storage: Storage, name: str, since: datetime, *, push: bool) -> Filled:
    from syndicate.cli.decide import desk_of
    from syndicate.cli.progress import counting
    from syndicate.ingest import backfill as filling
    from syndicate.timekeeping import utc_now

    async with _opened(context, name) as source:
        with desk_of(context, storage) as ingest, counting(context, f"filling in {name}") as count:
            return await filling.backfill(
                storage, ingest, source, since=since, push=push, now=utc_now(), progress=count
            )


def _tell_filled(context: Context, name: str, filled: Filled) -> None:
    done = filled.polled
    if context.json:
        left = {
            k: getattr(filled, k) for k in ("known", "undated", "younger", "older", "finished", "went_on")
        }
        told = {
            "seen": done.seen,
            "actions": {str(k): n for k, n in done.actions.items()},
            "copies": done.copies,
            "on_hold": done.held,
        }
        context.emit({"source": name, **told, "problems": done.problems, **left})
        return
    new = done.actions.get("published", 0)
    words = f"{name}: {new} filled in, {done.seen} seen, {filled.known} known already"
    for count, what in (
        (done.copies, "copies of other sources' stories"),
        (done.held, "on hold"),
        (filled.younger, "younger than a day, left to its ordinary looks"),
        (filled.older, "older than was asked for"),
        (filled.undated, "without a date, left alone"),
        (done.problems, "could not be taken (`syndicate articles list --problems`)"),
    ):
        words += f", {count} {what}" if count else ""
    context.console.print(words, markup=False)
