"""``clock``: whether the clock is believed, and an operator's word that it is right."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from syndicate.cli.context import Context
    from syndicate.reports.overview import ClockView


@click.group()
def clock() -> None:
    """Whether the machine's clock is believed: embargoes hang on it."""


@clock.command()
@click.pass_obj
def show(context: Context) -> int:
    """Whether the clock is believed. Exit status 1: it jumped, and embargoes wait."""
    from syndicate.cli.common import storage_of
    from syndicate.reports.overview import clock_view
    from syndicate.timebook import open_keeper

    with storage_of(context) as storage:
        view = clock_view(open_keeper(storage, context.settings))
    _tell(context, view)
    return 0 if view.believed else 1


@clock.command()
@click.pass_obj
def confirm(context: Context) -> int:
    """Say that the clock is right as it is now; what waited for it goes out."""
    from syndicate.cli.common import say_who_acts, storage_of
    from syndicate.operators import at_the_keyboard, confirm_clock
    from syndicate.reports.overview import clock_view
    from syndicate.timebook import open_keeper

    with storage_of(context) as storage:
        keeper = open_keeper(storage, context.settings)
        jumped = keeper.jump() is not None
        with storage.write() as tx:
            confirm_clock(tx, keeper, by=at_the_keyboard())
        _tell(context, clock_view(keeper))
        if jumped:
            say_who_acts(context, storage)
    return 0


def _tell(context: Context, view: ClockView) -> None:
    from syndicate.cli.status import clock_lines

    if context.json:
        context.emit(view)
    elif view.believed:
        context.console.print(f"the clock is believed: {view.free:%Y-%m-%d %H:%M:%S} UTC")
    for line in () if context.json else clock_lines(view):
        context.console.print(line)
