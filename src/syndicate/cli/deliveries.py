"""``deliveries``: attempts, refused stories, and sending again what was refused."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from syndicate.cli.context import Context
    from syndicate.storage import Attempt, Storage, Transaction

_NOTHING = (
    "nothing of that stands refused: `syndicate deliveries refused` lists what does; "
    "what failed otherwise is tried again by itself (`syndicate lanes retry` makes it due now)"
)


@click.group()
def deliveries() -> None:
    """Attempts to deliver, refused stories, redrive."""


@deliveries.command("list")
@click.option("--lane", help="This lane only.")
@click.option("--article", help="This story only.")
@click.option("--failed", is_flag=True, help="Only what was not delivered.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=50, show_default=True)
@click.pass_obj
def list_attempts(context: Context, lane: str | None, article: str | None, failed: bool, limit: int) -> None:
    """The newest attempts, newest first."""
    from syndicate.cli.common import storage_of, table

    with storage_of(context) as storage, storage.read() as tx:
        lane_name, article_id = _chosen(tx, lane, article)
        found = tx.lanes.attempts(lane=lane_name, article_id=article_id, failed=failed, limit=limit)
    if context.json:
        context.emit(found)
        return
    columns = ("id", "at", "lane", "article", "revision", "verdict", "status", "seconds", "detail")
    rows = [_row(attempt) for attempt in found]
    table(context, columns, rows, empty="no attempts" + (" that failed" if failed else " yet"))


def _row(a: Attempt) -> tuple[object, ...]:
    short = a.article_id[:8] if a.article_id else None
    return (a.id, a.at, a.lane, short, a.revision, a.verdict, a.status, f"{a.seconds:.2f}", a.detail)


def _chosen(tx: Transaction, lane: str | None, article: str | None) -> tuple[str | None, str | None]:
    from syndicate.distribute.operate import named

    return (
        named(tx, lane).name if lane else None,
        tx.articles.named(article).id if article else None,
    )


@deliveries.command()
@click.argument("number", metavar="ID", type=int)
@click.pass_obj
def show(context: Context, number: int) -> None:
    """One attempt."""
    from syndicate.cli.common import storage_of

    with storage_of(context) as storage, storage.read() as tx:
        attempt = _attempt(tx, number)
        article = tx.articles.get(attempt.article_id) if attempt.article_id else None
    if context.json:
        context.emit(attempt)
        return
    headline = f" {article.story.headline}" if article else ""
    for name, value in (
        ("attempt", attempt.id),
        ("lane", attempt.lane),
        ("article", f"{attempt.article_id or '-'}{headline}"),
        ("revision" if attempt.article_id else "version", attempt.revision),
        ("sent under", attempt.push_id),
        ("at", f"{attempt.at:%Y-%m-%d %H:%M:%S} UTC, took {attempt.seconds:.2f} s"),
        ("verdict", attempt.verdict),
        ("status", attempt.status if attempt.status is not None else "no answer"),
        ("detail", attempt.detail or "-"),
    ):
        context.console.print(f"{name:<11} {value}", markup=False)


def _attempt(tx: Transaction, number: int) -> Attempt:
    from syndicate.errors import NotFound

    found = tx.lanes.attempts(attempt_id=number, limit=1)
    if not found:
        raise NotFound(f"there is no attempt {number}", fix="`syndicate deliveries list` shows them")
    return found[0]


@deliveries.command()
@click.option("--limit", type=click.IntRange(1, 10_000), default=200, show_default=True)
@click.pass_obj
def refused(context: Context, limit: int) -> None:
    """The stories that receivers did not accept; they wait for `redrive` or for a new version."""
    from syndicate.cli.common import ago, storage_of, table
    from syndicate.reports.overview import refused_stories

    with storage_of(context) as storage, storage.read() as tx:
        found = refused_stories(tx, limit)
    if context.json:
        context.emit(found)
        return
    rows = [(r.lane, r.article_id[:8], ago(r.since), r.tries, r.detail) for r in found]
    table(context, ("lane", "article", "since", "tries", "answer"), rows, empty="nothing was refused")


@deliveries.command()
@click.argument("numbers", metavar="[ID]...", type=int, nargs=-1)
@click.option("--lane", help="What this lane's receiver refused.")
@click.option("--article", help="This story, wherever it was refused.")
@click.option("--since", help="What was refused from this long ago on (3d), or from a date on.")
@click.option("--until", help="What was refused before then (1d, or a date).")
@click.option("--all", "every", is_flag=True, help="Everything that was refused.")
@click.pass_obj
def redrive(
    context: Context,
    numbers: tuple[int, ...],
    lane: str | None,
    article: str | None,
    since: str | None,
    until: str | None,
    every: bool,
) -> int:
    """Send again what was refused: by attempt, by lane, by story, by time, or all of it.

    Exit status 1: nothing of what was named stands refused.
    """
    from syndicate.cli.common import say_who_acts, storage_of
    from syndicate.cli.words import moment
    from syndicate.errors import UsageError

    narrowed = bool(numbers or lane or article or since or until)
    if narrowed == every:
        raise UsageError("name attempts, --lane, --article, --since or --until, or give --all")
    if numbers and (lane or article or since or until):
        raise UsageError("an attempt has its lane, story and time: leave out the options")
    zone = context.settings.publisher.timezone
    start, end = moment(since, zone) if since else None, moment(until, zone) if until else None
    with storage_of(context) as storage:
        count = _redrive(storage, numbers, lane, article, start, end)
        if context.json:
            context.emit({"due_now": count})
        else:
            context.console.print(f"{count} due now" if count else _NOTHING, markup=False)
        if count:
            say_who_acts(context, storage)
    return 0 if count or every else 1


def _redrive(
    storage: Storage,
    numbers: tuple[int, ...],
    lane: str | None,
    article: str | None,
    since: datetime | None,
    until: datetime | None,
) -> int:
    from syndicate import operators
    from syndicate.distribute.operate import named

    by, now = operators.at_the_keyboard(), datetime.now(UTC)
    with storage.write() as tx:
        if numbers:
            pairs = {(a.lane, a.article_id) for a in (_attempt(tx, n) for n in numbers)}
            return sum(
                operators.redrive(tx, named(tx, name), by=by, now=now, article_id=article_id)
                for name, article_id in pairs
                if article_id
            )
        lane_name, article_id = _chosen(tx, lane, article)
        found = [named(tx, lane_name)] if lane_name else tx.lanes.all(limit=None)
        span = {"since": since, "until": until}
        return sum(operators.redrive(tx, one, by=by, now=now, article_id=article_id, **span) for one in found)
