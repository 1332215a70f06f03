"""``notify``: what people are told of, and whether they can be."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from syndicate.cli.context import Context


@click.group()
def notify() -> None:
    """Who is told when something needs a person."""


@notify.command("list")
@click.pass_obj
def list_alarms(context: Context) -> int:
    """What needs a person now, whether they were told or not. Exit status 1: there is something."""
    from syndicate.cli.common import storage_of, table
    from syndicate.notify.alarms import alarms

    with storage_of(context) as storage, storage.read() as tx:
        found = alarms(tx, context.settings, datetime.now(UTC))
        known = tx.notices.all()
    told = {(a.kind, a.ref): n.told for a in found if (n := known.get((a.kind, a.ref)))}
    if context.json:
        context.emit(
            [
                {
                    "kind": a.kind,
                    "ref": a.ref,
                    "words": a.words,
                    "fix": a.fix,
                    "since": a.since,
                    "told": told.get((a.kind, a.ref)),
                }
                for a in found
            ]
        )
    else:
        rows = [(a.kind, a.since, told.get((a.kind, a.ref)), a.words, a.fix) for a in found]
        table(context, ("what", "since", "told", "words", "fix"), rows, empty="nothing needs a person")
    return 1 if found else 0


@notify.command("test")
@click.pass_obj
def test_ways(context: Context) -> int:
    """Send a trial message by every way that is configured. Exit status 1: one of them fails."""
    import asyncio

    from syndicate.errors import UsageError

    if not context.settings.notify.ways:
        raise UsageError("nobody can be told", fix="set [notify] mail, webhook or command")
    failures = asyncio.run(_try(context))
    if context.json:
        context.emit({"failures": failures})
    else:
        for reason in failures:
            context.console.print(f"failed: {reason}", markup=False)
        if not failures:
            context.console.print("every way took the trial message")
    return 1 if failures else 0


async def _try(context: Context) -> list[str]:
    from syndicate.cli.common import storage_of
    from syndicate.net.client import Client
    from syndicate.notify.alarms import Alarm
    from syndicate.notify.message import Message
    from syndicate.notify.teller import Teller

    settings, now = context.settings, datetime.now(UTC)
    trial = Alarm(kind="test", ref="test", words="This is a trial: nothing is wrong.", fix="nothing to do")
    message = Message(publisher=settings.publisher.name, at=now, new=(trial,))
    with storage_of(context) as storage:
        async with Client(settings.network, publisher_url=settings.publisher.url) as client:
            told = await Teller(storage, settings, client, lambda: now).tell(message)
            return list(told.failures)
