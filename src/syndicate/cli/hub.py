"""``hub``: subscribers at our own hub."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from syndicate.cli.context import Context
    from syndicate.storage import SubscriptionView

_COLUMNS = ("number", "topic", "callback", "signed", "lease ends", "behind", "failing since", "error")
SHOWN = 50
"""So many are listed by a dry run; all are counted."""


@click.group()
def hub() -> None:
    """Subscribers at our own hub: list, drop."""


@hub.command("list")
@click.option("--host", help="Callbacks at this host.")
@click.option("--failing", metavar="TIME", help="Those that have failed for at least so long (7d).")
@click.option("--limit", type=click.IntRange(1), default=1000, show_default=True, help="So many at most.")
@click.pass_obj
def list_subscriptions(context: Context, host: str | None, failing: str | None, limit: int) -> None:
    """Who is subscribed to what, until when, and who fails."""
    from syndicate.cli.common import storage_of

    before = _since(context, failing)
    with storage_of(context) as storage, storage.read() as tx:
        found = tx.subscriptions.views(host=host, failing_before=before, limit=limit)
        total = tx.subscriptions.count()
    if context.json:
        context.emit({"subscriptions": found, "total": total})
        return
    _show(context, found)
    if len(found) == limit < total:
        context.warn(f"{limit} of {total} are shown; --limit shows more")


@hub.command()
@click.argument("name", required=False)
@click.option("--host", help="All callbacks at this host.")
@click.option("--failing", metavar="TIME", help="All that have failed for at least so long (7d).")
@click.option("--dry-run", is_flag=True, help="Say whom it would be, and end nothing.")
@click.pass_obj
def drop(context: Context, name: str | None, host: str | None, failing: str | None, dry_run: bool) -> None:
    """End subscriptions: one by its NAME (number or callback), or many. The callbacks are told."""
    from syndicate import operators
    from syndicate.cli.common import say_who_acts, storage_of
    from syndicate.errors import NotFound, UsageError

    if sum(given is not None for given in (name, host, failing)) != 1:
        raise UsageError(
            "say one of these: a subscription's NAME, --host, or --failing",
            fix="`syndicate hub list` lists them, and takes --host and --failing together",
        )
    before = _since(context, failing)
    with storage_of(context) as storage:
        with storage.read() if dry_run else storage.write() as tx:
            found = tx.subscriptions.views(name=name, host=host, failing_before=before)
            if not dry_run:
                operators.drop(tx, found, by=operators.at_the_keyboard(), now=datetime.now(UTC))
        if not found and failing is None:
            raise NotFound("there is no such subscription", fix="`syndicate hub list` lists them")
        if dry_run:
            _would_go(context, found)
            return
        if context.json:
            context.emit({"dropped": [{"id": v.id, "callback": v.callback, "topic": v.topic} for v in found]})
        else:
            context.console.print(f"{_so_many(found)} dropped", markup=False)
        if found:
            say_who_acts(context, storage)


def _would_go(context: Context, found: list[SubscriptionView]) -> None:
    if context.json:
        named = [{"id": v.id, "callback": v.callback, "topic": v.topic} for v in found]
        context.emit({"would_drop": named, "total": len(found)})
        return
    _show(context, found[:SHOWN])
    context.console.print(f"{_so_many(found)} would be dropped", markup=False)


def _so_many(found: list[SubscriptionView]) -> str:
    return "1 subscription" if len(found) == 1 else f"{len(found)} subscriptions"


def _since(context: Context, failing: str | None) -> datetime | None:
    from syndicate.cli.words import moment

    return None if failing is None else moment(failing, context.settings.publisher.timezone)


def _show(context: Context, found: list[SubscriptionView]) -> None:
    from syndicate.cli.common import table

    rows = [_row(v) for v in found]
    table(context, _COLUMNS, rows, empty="nobody is subscribed")


def _row(v: SubscriptionView) -> tuple[Any, ...]:
    from syndicate.cli.common import ago

    flags = ["yes" if flag else "no" for flag in (v.signed, v.behind)]
    return (
        v.id,
        v.topic,
        v.callback,
        flags[0],
        ago(v.lease_end),
        flags[1],
        ago(v.failing_since),
        v.last_error,
    )
