"""``check``: the configuration, all it points at, and what would come of the stored stories."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from syndicate.cli.context import Context
    from syndicate.surroundings import Found


@click.command()
@click.pass_obj
def check(context: Context) -> int:
    """The configuration and everything it points at; then every feed and partner with its stories.

    Names each story that would be left out, the rule and the fix.
    Exit status 1: something will not work; 2: the configuration cannot be used.
    """
    from syndicate.config.load import find_file
    from syndicate.surroundings import surroundings

    settings = context.settings
    running, stories = _stories(context)
    around = surroundings(settings, find_file(context.config_path), running=running)
    found = [*around, *stories]
    errors = sum(f.severity == "error" for _, f in found)
    if context.json:
        context.emit({"errors": errors, "running": running, "findings": [_plain(one) for one in found]})
        return 1 if errors else 0
    for where, f in found:
        context.console.print(f"{f.severity} {where} (rule {f.rule}): {f.message}", markup=False)
        if f.fix:
            context.console.print(f"  fix: {f.fix}", markup=False)
    context.console.print(f"{errors} errors, {len(found) - errors} other findings")
    return 1 if errors else 0


def _plain(found: Found) -> dict[str, object]:
    where, f = found
    return {"where": where, "severity": f.severity, "rule": f.rule, "message": f.message, "fix": f.fix}


def _stories(context: Context) -> tuple[bool, list[Found]]:
    """Whether a daemon runs, and the preflight; a database that is not there yet is no error."""
    from syndicate.cli.common import storage_of
    from syndicate.editorial import Directory
    from syndicate.errors import StorageError
    from syndicate.preflight import preflight
    from syndicate.storage.engine import file_at
    from syndicate.storage.lock import is_running
    from syndicate.surroundings import error, warning

    settings = context.settings
    file = file_at(settings.storage.url.reveal())
    if file is not None and not file.exists():
        words = "there is no database yet, so no story was looked at"
        return False, [warning("storage.url", "database", words, "run `syndicate build`, then check again")]
    try:
        with storage_of(context) as storage:
            running = is_running(storage)
            with storage.read() as tx:
                directory = Directory.build(settings.agencies)
                return running, list(preflight(tx, settings, directory, datetime.now(UTC)))
    except StorageError as problem:
        return False, [error("storage.url", "database", problem.message, problem.fix)]
