"""``lanes``: every receiver's progress, and what operators do to it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from syndicate.cli.context import Context
    from syndicate.lanes import Lane
    from syndicate.reports.lane_views import LaneView
    from syndicate.storage import Transaction


_COLUMNS = (
    "lane",
    "kind",
    "state",
    "pending",
    "oldest",
    "exceptions",
    "failures",
    "due",
    "last ok",
    "host",
    "error",
)
PAGE = 200
_STATES = ("active", "paused", "disabled", "gone", "trouble")
_NO_LANES = "no receiver is configured: see [partners] and [external_hubs] in docs/settings.md"


@click.group()
def lanes() -> None:
    """Every receiver's progress: list, pause, resume, retry, replay."""


@lanes.command("list")
@click.argument("words", required=False, default="")
@click.option(
    "--state", type=click.Choice(_STATES), help="Those that stand so; trouble: fail, or are not active."
)
@click.option("--limit", type=click.IntRange(1), help=f"So many at most; {PAGE} in a table, all in --json.")
@click.option("--after", default="", help="Those whose names come after this one.")
@click.pass_obj
def list_lanes(context: Context, words: str, state: str | None, limit: int | None, after: str) -> None:
    """Where lanes stand: state, what is pending, what last went wrong. WORDS stand in the name.

    With --limit or --after, --json gives {"lanes": […], "more": N, "next": NAME}.
    """
    from syndicate.cli.common import storage_of
    from syndicate.lanes import LaneState
    from syndicate.reports.lane_views import lane_page
    from syndicate.storage import LaneFilter

    wanted = LaneFilter(
        words=words,
        state=LaneState(state) if state and state != "trouble" else None,
        trouble=state == "trouble",
        after=after,
        limit=limit or (None if context.json else PAGE),
    )
    with storage_of(context) as storage, storage.read() as tx:
        views, more = lane_page(tx, context.settings, wanted)
    if not context.json:
        _show(context, views, empty="no such lane" if words or state or after else _NO_LANES)
    elif limit or after:
        context.emit({"lanes": views, "more": more, "next": views[-1].name if more else None})
    else:
        context.emit(views)
    if more:
        context.warn(
            f"{more} more: narrow by a part of the name or --state, or go on: --after {views[-1].name}"
        )


def _show(context: Context, views: Sequence[LaneView], *, empty: str) -> None:
    from syndicate.cli.common import ago, table

    rows = []
    for v in views:
        doing = (v.name, v.kind, v.state, v.pending, ago(v.oldest), v.exceptions, v.failures)
        host = f"down, asked {ago(v.shut_until)}" if v.shut_until else None
        rows.append((*doing, ago(v.due), ago(v.last_ok), host, v.last_error))
    table(context, _COLUMNS, rows, empty=empty)


def _each(context: Context, name: str | None, every: bool, act: Callable[[Transaction, Lane], Any]) -> int:
    """Do something to the chosen lanes in one transaction and say what came of each."""
    from syndicate.cli.common import say_who_acts, storage_of
    from syndicate.distribute.operate import chosen

    with storage_of(context) as storage:
        with storage.write() as tx:
            done = [(lane.name, act(tx, lane)) for lane in chosen(tx, name, every)]
        if context.json:
            context.emit([{"lane": lane, "result": words} for lane, words in done])
        else:
            for lane, words in done:
                context.console.print(f"{lane}: {words}", markup=False)
        if done:
            say_who_acts(context, storage)
    return 0


@lanes.command()
@click.argument("name", required=False)
@click.option("--all", "every", is_flag=True, help="Every lane.")
@click.pass_obj
def pause(context: Context, name: str | None, every: bool) -> int:
    """Send no more news to a receiver. Withdrawals go out all the same."""
    from syndicate import operators

    by, now = operators.at_the_keyboard(), datetime.now(UTC)

    def act(tx: Transaction, lane: Lane) -> str:
        return "paused" if operators.pause(tx, lane, by=by, now=now) else f"left as it was, {lane.state}"

    return _each(context, name, every, act)


@lanes.command()
@click.argument("name", required=False)
@click.option("--all", "every", is_flag=True, help="Every lane.")
@click.pass_obj
def resume(context: Context, name: str | None, every: bool) -> int:
    """Go on at once where a lane was paused, or stopped by failures or a 410."""
    from syndicate import operators
    from syndicate.reports.lane_views import lane_hosts

    by, now, hosts = operators.at_the_keyboard(), datetime.now(UTC), lane_hosts(context.settings)

    def act(tx: Transaction, lane: Lane) -> str:
        done = operators.resume(tx, lane, by=by, now=now, host=hosts.get(lane.name))
        return "active" if done else "the configuration no longer names it"

    return _each(context, name, every, act)


@lanes.command()
@click.argument("name", required=False)
@click.option("--all", "every", is_flag=True, help="Every lane.")
@click.pass_obj
def retry(context: Context, name: str | None, every: bool) -> int:
    """Make everything that waits after a failure due now; a host that is down is asked at once."""
    from syndicate import operators
    from syndicate.reports.lane_views import lane_hosts

    by, now, hosts = operators.at_the_keyboard(), datetime.now(UTC), lane_hosts(context.settings)

    def act(tx: Transaction, lane: Lane) -> str:
        count = operators.retry(tx, lane, by=by, now=now, host=hosts.get(lane.name))
        if lane.state != "active":
            return f"due now, but it is {lane.state}: `syndicate lanes resume {lane.name}`"
        return f"due now; {count} that failed before" if count else "due now"

    return _each(context, name, every, act)


@lanes.command()
@click.argument("name", required=False)
@click.option("--all", "every", is_flag=True, help="Every lane.")
@click.option("--since", help="From this long ago (30d), or from a date on.")
@click.option("--from", "cursor", type=int, help="From after this journal number on.")
@click.option("--dry-run", is_flag=True, help="Say what would be sent, and send nothing.")
@click.pass_obj
def replay(
    context: Context, name: str | None, every: bool, since: str | None, cursor: int | None, dry_run: bool
) -> int:
    """Send again, as new. Receivers that have a story get it once more."""
    from syndicate import operators
    from syndicate.cli.common import say_who_acts, storage_of
    from syndicate.cli.words import moment
    from syndicate.distribute import operate

    by = operators.at_the_keyboard()
    settings = context.settings
    start = moment(since, settings.publisher.timezone) if since else None
    with storage_of(context) as storage:
        with storage.read() if dry_run else storage.write() as tx:
            found = operate.chosen(tx, name, every)
            plans = [operate.plan_replay(tx, settings, lane, since=start, cursor=cursor) for lane in found]
            if not dry_run:
                for lane, planned in zip(found, plans, strict=True):
                    operators.replay(tx, lane, planned, by=by, now=datetime.now(UTC))
        _tell(context, plans, dry_run)
        if plans and not dry_run:
            say_who_acts(context, storage)
    return 0


def _tell(context: Context, plans: list[Any], dry_run: bool) -> None:
    if context.json:
        context.emit({"dry_run": dry_run, "lanes": plans})
        return
    verb = "would be sent" if dry_run else "will be sent"
    for planned in plans:
        words = f"{planned.stories} stories {verb}"
        if planned.withdrawals:
            words += f", and {planned.withdrawals} withdrawals"
        if planned.kind == "documents":
            words = "its topic would be announced again" if dry_run else "its topic will be announced again"
        context.console.print(f"{planned.lane}: {words}", markup=False)
