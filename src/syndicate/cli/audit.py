"""``audit``: who did what, by command or on the pages."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from syndicate.cli.context import Context
    from syndicate.storage import AuditEntry


@click.command()
@click.option("--who", metavar="NAME", help="What this person did.")
@click.option("--article", metavar="ARTICLE", help="What was done to this story.")
@click.option("--target", metavar="NAME", help="What was done to this lane, source or host.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=50, show_default=True)
@click.pass_obj
def audit(context: Context, who: str | None, article: str | None, target: str | None, limit: int) -> None:
    """Who did what, newest first: every decision by command or on the operators' pages."""
    from syndicate.cli.common import storage_of, table
    from syndicate.errors import UsageError

    if article is not None and target is not None:
        raise UsageError("--article and --target name two things; give one of them")
    with storage_of(context) as storage, storage.read() as tx:
        of = tx.articles.named(article).id if article is not None else target
        found = tx.audit.entries(who=who, target=of, limit=limit)
    if context.json:
        context.emit(found)
        return
    rows = [(e.at, e.who, e.via, e.action, e.target, _detail(e)) for e in found]
    table(context, ("at", "who", "by", "did", "to", "with"), rows, empty="nothing was decided by anybody yet")


def _detail(entry: AuditEntry) -> str:
    known = ((k, v) for k, v in entry.detail.items() if v is not None)
    return "; ".join(f"{k}: {', '.join(map(str, v)) if isinstance(v, list) else v}" for k, v in known)
