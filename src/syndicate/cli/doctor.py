"""``doctor``: what an operator would look at first, in one go."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from syndicate.cli.context import Context

COLOURS = {"ok": "green", "warn": "yellow", "fail": "red"}


@click.command()
@click.pass_obj
def doctor(context: Context) -> int:
    """Clock, disks, permissions, ports, addresses, hubs, certificates, database, software.

    Each line says how it stands (ok, warn, fail) and, where it does not, the
    fix. Partners are sent nothing. Exit status 1: something fails.
    """
    import asyncio
    from datetime import UTC, datetime

    from syndicate.config.load import find_file
    from syndicate.doctor import examine

    file = find_file(context.config_path)
    checks = asyncio.run(examine(context.settings, file, datetime.now(UTC)))
    failed = sum(check.state == "fail" for check in checks)
    if context.json:
        context.emit({"failed": failed, "checks": checks})
        return 1 if failed else 0
    from rich.markup import escape

    for check in checks:
        colour = COLOURS[check.state]
        name = check.name.ljust(16)
        context.console.print(f"[{colour}]{check.state:<4}[/] {escape(name)} {escape(check.message)}")
        if check.fix:
            context.console.print(f"     {'':16} fix: {escape(check.fix)}")
    return 1 if failed else 0
