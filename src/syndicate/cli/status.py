"""``status``: one screen of how everything stands."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from syndicate.cli.context import Context
    from syndicate.reports.lane_views import LaneView
    from syndicate.reports.overview import ClockView, Overview

SHOWN = 10
"""How many problems and refused stories fit on the screen."""


@click.command()
@click.option("--watch", is_flag=True, help="Stay, and draw it anew every few seconds; Ctrl-C leaves.")
@click.option("--every", default=2.0, show_default=True, type=click.FloatRange(0.2, 3600), help="Seconds.")
@click.pass_obj
def status(context: Context, watch: bool, every: float) -> int:
    """One screen: sources, feeds, lanes, oldest pending, what went wrong.

    Exit status 1: something waits for an operator (a source that cannot be
    read, a problem, a story on hold or refused, a lane that was stopped).
    """
    from syndicate.cli.common import storage_of
    from syndicate.reports.overview import overview

    if watch:
        return _stay(context, every)
    with storage_of(context) as storage:
        view = overview(storage, context.settings, datetime.now(UTC))
    if context.json:
        context.emit(view)
    else:
        for line in _lines(view):
            context.console.print(line)
    for need in view.needs:
        context.warn(f"needs you: {need}")
    return 1 if view.needs else 0


def _stay(context: Context, every: float) -> int:
    from syndicate.cli.common import storage_of
    from syndicate.errors import UsageError
    from syndicate.reports.overview import overview

    if context.json or not context.console.is_terminal:
        raise UsageError(
            "--watch needs a terminal to draw on", fix="leave it out: `status`, or `status --json`"
        )
    from syndicate.cli.watching import watch

    with storage_of(context) as storage:

        def lines() -> Iterator[str]:
            now = datetime.now(UTC)
            view = overview(storage, context.settings, now)
            yield f"[bold]{context.settings.publisher.name.replace('[', '')}[/]  {now:%Y-%m-%d %H:%M:%S} UTC"
            yield from (f"[red]needs you:[/] {need.replace('[', '')}" for need in view.needs)
            yield from _lines(view)

        watch(context.console, lines, every)
    return 0


def _lines(view: Overview) -> Iterator[str]:
    yield "[green]a daemon is running[/]" if view.running else "[yellow]no daemon is running[/]"
    yield from clock_lines(view.clock)
    counts = ", ".join(f"{n} {name.replace('_', ' ')}" for name, n in view.articles.items())
    yield f"[bold]articles[/] {counts}"
    yield from _sources(view)
    yield from _feeds(view)
    yield from _lanes(view)
    yield from _shut(view)
    yield from _subscribers(view)
    yield from _canaries(view)
    tries = ", ".join(f"{n} {verdict}" for verdict, n in sorted(view.attempts.items())) or "none"
    yield f"[bold]attempts in 24 h[/] {tries}"
    yield from _problems(view)
    yield from _refused(view)
    yield from _unconfirmed(view)


def clock_lines(clock: ClockView) -> Iterator[str]:
    """What there is to say of the clock; nothing while it is believed."""
    if clock.believed or clock.jumped is None or clock.confirmed_at is None:
        return
    from syndicate.cli.common import ago, span

    way = "ahead" if clock.jumped > 0 else "back"
    yield f"[red]the clock jumped {way} by {span(abs(clock.jumped))}[/]; embargoes wait"
    yield f"  believed again {ago(clock.confirmed_at)}, sooner if a time service confirms it"


def _sources(view: Overview) -> Iterator[str]:
    from rich.markup import escape

    from syndicate.cli.common import ago

    yield "[bold]sources[/]" + ("" if view.sources else " none")
    for s in view.sources:
        words = (
            f"  {escape(s.name)}: read {ago(s.last_ok)}" if s.last_ok else f"  {escape(s.name)}: never read"
        )
        if s.state:
            words += f" [yellow]{_TREATED[s.state]}{': ' + escape(s.reason) if s.reason else ''}[/]"
        if s.failures:
            words += f" [red]failed {s.failures} times: {escape(s.last_error or '')}[/]"
        yield words


_TREATED = {
    "paused": "paused",
    "held": "on hold",
    "same": "known stories come under new ids",
    "new": "stories under new ids are new",
}


def _feeds(view: Overview) -> Iterator[str]:
    from rich.markup import escape

    from syndicate.cli.common import ago

    yield "[bold]feeds[/]" + ("" if view.feeds else " none")
    for f in view.feeds:
        behind = " [yellow]not built yet[/]" if f.behind else ""
        yield f"  {escape(f.slug)}: {f.entries} stories, newest change {ago(f.updated)}{behind}"


def _lanes(view: Overview) -> Iterator[str]:
    yield "[bold]lanes[/]" + ("" if view.lanes else " none")
    for lane in view.lanes:
        yield "  " + _lane(lane)
    left = sum(view.lane_counts.values()) - len(view.lanes)
    if left > 0:
        yield f"  … and {left} more (`syndicate lanes list`)"


def _lane(v: LaneView) -> str:
    from rich.markup import escape

    from syndicate.cli.common import ago

    colour = {"active": "green", "paused": "yellow"}.get(v.state, "red")
    words = f"{escape(v.name)}: [{colour}]{v.state}[/], {v.pending} pending"
    if v.oldest:
        words += f" (the oldest from {ago(v.oldest)})"
    if v.exceptions:
        words += f", {v.exceptions} set aside"
    if v.failing_since:
        words += f" [red]failing since {ago(v.failing_since)}: {escape(v.last_error or '')}[/]"
    return words


def _shut(view: Overview) -> Iterator[str]:
    from rich.markup import escape

    from syndicate.cli.common import ago

    if not view.shut_hosts:
        return
    yield f"[bold]hosts that do not answer[/] {len(view.shut_hosts)}"
    for h in view.shut_hosts[:SHOWN]:
        down = f"[red]down since {ago(h.since)}[/], asked again {ago(h.until)}"
        yield f"  {escape(h.host)}: {down}: {escape(h.detail)}"
    if len(view.shut_hosts) > SHOWN:
        yield f"  … {len(view.shut_hosts) - SHOWN} more"


def _subscribers(view: Overview) -> Iterator[str]:
    found = view.subscribers
    if not found.subscriptions and not found.unconfirmed:
        return
    words = f"[bold]subscribers of our hub[/] {found.subscriptions}"
    if found.failing:
        words += f", [yellow]{found.failing} failing[/] ({found.failing_for_a_week} for a week)"
    words += f", {found.ending} leases end within a day, {found.unconfirmed} not confirmed yet"
    yield words


def _canaries(view: Overview) -> Iterator[str]:
    from rich.markup import escape

    from syndicate.cli.common import ago, span

    if view.canaries:
        yield "[bold]our subscriptions at other hubs[/]"
    for c in view.canaries:
        words = f"until {ago(c.lease_end)}" if c.lease_end else "[yellow]not confirmed yet[/]"
        words += f", last push {ago(c.pushed)}" if c.pushed else ", no push yet"
        if c.seconds is not None:
            words += f", {span(c.seconds)} after the ping"
        if c.waiting:
            words += f", [yellow]waiting since a ping {ago(c.waiting)}[/]"
        yield f"  {escape(c.hub)}: {words}"


def _problems(view: Overview) -> Iterator[str]:
    from rich.markup import escape

    if not view.problems:
        return
    yield f"[bold]problems[/] {len(view.problems)}"
    for p in view.problems[:SHOWN]:
        colour = "yellow" if p.warning else "red"
        yield f"  [{colour}]{escape(p.scope)}[/] {escape(p.ref)}: {escape(p.reason)}"
        if p.fix:
            yield f"    fix: {escape(p.fix)}"
    if len(view.problems) > SHOWN:
        yield f"  … {len(view.problems) - SHOWN} more: `syndicate articles list --problems`"


def _refused(view: Overview) -> Iterator[str]:
    from rich.markup import escape

    if not view.refused:
        return
    yield f"[bold]refused stories[/] {len(view.refused)}"
    for r in view.refused[:SHOWN]:
        yield f"  {escape(r.lane)} {r.article_id[:8]}: {escape(r.detail)}"
    yield "  `syndicate deliveries redrive` sends them again"


def _unconfirmed(view: Overview) -> Iterator[str]:
    from rich.markup import escape

    from syndicate.cli.common import ago

    if not view.unconfirmed:
        return
    yield f"[bold]takedowns not confirmed[/] {len(view.unconfirmed)}"
    for one in view.unconfirmed[:SHOWN]:
        yield f"  [red]{escape(one.name)}[/] {one.article_id[:8]}: withdrawn {ago(one.since)}"
    if len(view.unconfirmed) > SHOWN:
        yield f"  … {len(view.unconfirmed) - SHOWN} more: `syndicate notify list`"
