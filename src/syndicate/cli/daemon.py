"""``run`` and ``build``: the daemon, one round of it, or the documents alone."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from syndicate.cli.context import Context
    from syndicate.daemon.app import App, Round
    from syndicate.ingest.poll import Polled


@click.command()
@click.option("--once", is_flag=True, help="One full round: poll, build, deliver what is due; then leave.")
@click.pass_obj
def run(context: Context, once: bool) -> int:
    """The daemon: sources, feeds, pushes, web.

    SIGTERM and SIGINT finish what is in flight and leave; SIGHUP reloads the
    configuration. Exit status 3: another daemon works on this database.
    """
    return _start(_once(context) if once else _stay(context))


@click.command()
@click.option("--source", help="Poll this source only.")
@click.pass_obj
def build(context: Context, source: str | None) -> int:
    """Poll, store and write the documents; push nothing."""
    from syndicate.errors import UsageError

    if source is not None and source not in context.settings.sources:
        known = ", ".join(context.settings.sources) or "none"
        raise UsageError(f"there is no source {source!r}", fix=f"the configured sources: {known}")
    return _start(_build(context, source))


def _start(work: Coroutine[Any, Any, int]) -> int:
    from syndicate.net.files import allow_many

    allow_many()
    import asyncio

    from syndicate.telemetry import tracing

    try:
        import uvloop
    except ImportError:
        run = asyncio.run
    else:
        run = uvloop.run
    try:
        return run(work)
    finally:
        tracing.close()


def _app(context: Context) -> App:
    from syndicate.daemon.app import App
    from syndicate.telemetry import logs, tracing

    logs.configure(context.settings.log)
    tracing.configure()
    return App(context.settings, settings_file=context.config_path)


async def _stay(context: Context) -> int:
    from syndicate.daemon import memory

    async with _app(context) as app:
        memory.settle()
        await app.run()
    return 0


async def _once(context: Context) -> int:
    from syndicate.errors import SyndicateError

    async with _app(context) as app:
        try:
            await app.serve()  # a hub that is told of a change fetches it at once
        except SyndicateError as error:
            context.warn(f"not serving during this round: {error.message}")
        done = await app.once()
    _report(context, done)
    return _status(context, done.polled)


async def _build(context: Context, source: str | None) -> int:
    import time

    from syndicate.cli.progress import counting
    from syndicate.daemon.app import Round

    begun = time.monotonic()
    async with _app(context) as app:
        with counting(context, "reading stories") as progress:
            polled = await app.poll_all(source, progress)
        built = await app.publish_all()
    _report(context, Round(polled, built, time.monotonic() - begun))
    return _status(context, polled)


def _report(context: Context, done: Round) -> None:
    polled, built = done.polled, done.built
    if context.json:
        context.emit(
            {
                "seen": polled.seen,
                "unchanged": polled.unchanged,
                "actions": polled.actions,
                "on_hold": polled.held,
                "problems": polled.problems,
                "documents": len(built.documents),
                "seconds": round(done.seconds, 3),
            }
        )
        return
    told = ", ".join(f"{count} {action}" for action, count in polled.actions.items()) or "nothing new"
    context.console.print(
        f"stories: {told}; documents replaced: {len(built.documents)}; {done.seconds:.1f} s"
    )


def _status(context: Context, polled: Polled) -> int:
    if polled.error:
        context.warn(f"syndicate: {polled.error}")
    if polled.resting:
        context.warn(f"syndicate: a source rests: {polled.resting}; `syndicate sources list` shows it")
    if polled.problems:
        context.warn(f"syndicate: {polled.problems} could not be taken; `syndicate status` says why")
    if polled.held:
        context.warn(f"syndicate: {polled.held} on hold; `syndicate articles list --on-hold` says why")
    return 1 if polled.error or polled.problems else 0
